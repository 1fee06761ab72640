"""A stopwatch, and the small rows of the measures."""

from __future__ import annotations

import contextlib
import ctypes
import time
from typing import Any, Callable, Iterator

Figures = dict[str, list[float]]


def timed(action: Callable[[], Any]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1e3


def syncs() -> float:
    """fsync and fdatasync calls of this process so far; not a number unless sync_count.c is loaded before everything."""
    try:
        return int(ctypes.CDLL(None).rhizo_bench_syncs())
    except AttributeError:
        return float("nan")


@contextlib.contextmanager
def started(system: Any) -> Iterator[None]:
    """Open, libraries loaded, the engine running if there is one: nothing of the tables read."""
    import pyarrow.parquet  # noqa: F401

    with system:
        with contextlib.suppress(NotImplementedError):
            system.sql("SELECT 1")
        yield


def one_row(number: int) -> Any:
    import pyarrow as pa

    return pa.table({"id": [number], "name": [f"row {number}"], "value": [number * 0.5]})


def hundred_rows(number: int) -> Any:
    """A hundred rows of which the first says which write it was."""
    import pyarrow as pa

    names = [f"row {row}" for row in range(100)]
    return pa.table({"id": range(100), "name": names, "value": [float(number)] + [0.5] * 99})
