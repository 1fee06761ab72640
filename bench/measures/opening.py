"""What it costs to open a database, and to keep it open: one sample per process."""

from __future__ import annotations

import gc
import os
import pathlib
from typing import Any

from measures.timing import Figures, timed


def metadata_of(system: Any, table: str) -> None:
    system.open()
    system.metadata(table)


def first_answer(system: Any, table: str) -> Any:
    """By SQL where there is SQL, else by reading the table."""
    try:
        return system.sql(f"SELECT count(*) AS n, sum(value) AS total FROM {table}")
    except NotImplementedError:
        return system.read(table)


def opening(system: Any, table: str, **_: Any) -> Figures:
    import pyarrow  # noqa: F401  (so that its import is not part of the first query)

    opened = timed(lambda: metadata_of(system, table))
    first = timed(lambda: first_answer(system, table))
    again = timed(lambda: first_answer(system, table))
    system.close()
    return {"open ms": [opened], "first query ms": [first], "second query ms": [again]}


def resident_megabytes() -> float:
    gc.collect()
    pages = int(pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def memory(system: Any, table: str, **_: Any) -> Figures:
    """Above what the process takes that has only imported the package (the engine's library is loaded by that)."""
    maps = pathlib.Path("/proc/self/maps").read_text(encoding="utf-8")
    assert "duckdb" in maps, "the engine's library is not loaded yet"
    before = resident_megabytes()
    metadata_of(system, table)
    idle = resident_megabytes()
    system.rows("SELECT 1")
    queried = resident_megabytes()
    system.close()
    return {"imported MB": [before], "open adds MB": [idle - before], "with engine adds MB": [queried - before]}
