"""Shows how far long work is, on a terminal or in a notebook, once it has taken a moment."""

from __future__ import annotations

import builtins
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int], object]
_PATIENCE_SECONDS = 1.0


def _is_watched() -> bool:
    return hasattr(builtins, "get_ipython") or (sys.stderr is not None and sys.stderr.isatty())


class _Line:
    """One line on stderr, rewritten as rows arrive."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._begun = time.monotonic()
        self._shown = 0

    def __call__(self, rows: int) -> None:
        elapsed = time.monotonic() - self._begun
        if elapsed < _PATIENCE_SECONDS:
            return
        text = f"{self._what}: {rows:,} rows, {rows / elapsed:,.0f} rows/s"
        sys.stderr.write("\r" + text.ljust(self._shown))
        sys.stderr.flush()
        self._shown = len(text)

    def wipe(self) -> None:
        if self._shown:
            sys.stderr.write("\r" + " " * self._shown + "\r")
            sys.stderr.flush()


@contextmanager
def shown(what: str, progress: Progress | None) -> Iterator[Progress | None]:
    """The caller's progress function, or a line on the terminal, or nothing."""
    if progress is not None or not _is_watched():
        yield progress
        return
    line = _Line(what)
    try:
        yield line
    finally:
        line.wipe()
