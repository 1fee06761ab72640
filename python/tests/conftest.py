"""A new, empty database per test."""

from __future__ import annotations

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
