"""A new, empty database per test."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import rhizo


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db"


@pytest.fixture
def db(path: Path) -> Iterator[rhizo.Database]:
    with rhizo.open(path, author="tester") as opened:
        yield opened


@pytest.fixture
def rng() -> random.Random:
    """RHIZO_TEST_SEED repeats a run; each prints its own."""
    seed = os.environ.get("RHIZO_TEST_SEED") or str(random.SystemRandom().randrange(1 << 32))
    print(f"RHIZO_TEST_SEED={seed}")
    return random.Random(seed)
