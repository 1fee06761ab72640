"""Many random histories; of one that fails, a small one that fails too is looked for, and told instead."""

from __future__ import annotations

import contextlib
import io
import os
import random
import time
from collections.abc import Callable

import pytest

SCALE = float(os.environ.get("RHIZO_TEST_SCALE", "1"))
SMALL = (1, 2, 3, 5, 8, 13)
TRIES, SECONDS = 200, 60.0
Failure = (Exception, pytest.fail.Exception)


class Sizes(random.Random):
    """Draws also how long a history is and how many rows it begins with: at most so many, where a small one is wanted."""

    most: int | None = None

    def between(self, least: int, greatest: int) -> int:
        return self.randint(least, greatest if self.most is None else max(least, min(greatest, self.most)))

    def size(self, *sizes: int) -> int:
        allowed = [size for size in sizes if self.most is None or size <= self.most]
        return self.choice(allowed or [min(sizes)])


Run = Callable[[str, Sizes], None]  # a name that no other history has, and what it is drawn from


def times(count: int) -> range:
    return range(max(1, round(count * SCALE)))


def sized(seed: int, most: int | None = None) -> Sizes:
    sizes = Sizes(seed)
    sizes.most = most
    return sizes


def each_history(rng: random.Random, count: int, run: Run) -> None:
    """So many histories, times RHIZO_TEST_SCALE."""
    for number in times(count):
        try:
            run(f"h{number}", sized(rng.randrange(1 << 32)))
        except Failure as failure:
            raise smallest(run) or failure from None


def smallest(run: Run) -> BaseException | None:
    """The failure of the smallest history that was found to fail; what it prints is printed."""
    end = time.monotonic() + SECONDS
    for most in SMALL:
        for seed in range(TRIES):
            if time.monotonic() > end:
                return None
            told = io.StringIO()
            try:
                with contextlib.redirect_stdout(told):
                    run(f"small-{most}-{seed}", sized(seed, most))
            except Failure as failure:
                print(f"\na smaller one that fails (at most {most}, seed {seed}):\n{told.getvalue()}")
                return failure
    return None
