"""Small commits: their time, their syncs, their bytes, and reading what they left."""

from __future__ import annotations

from typing import Any

from measures.timing import Figures, hundred_rows, one_row, started, syncs, timed


def rows_for(system: Any, count: int) -> list[Any]:
    if system.name == "sqlite":
        return [(number, f"row {number}", number * 0.5) for number in range(count)]
    return [one_row(number) for number in range(count)]


def small_commits(system: Any, commits: int) -> Figures:
    """One-row appends to one table."""
    with system:
        system.create("t", one_row(0))
        rows = rows_for(system, commits + 10)
        for row in rows[:10]:
            system.append("t", row)
        before = syncs()
        times = [timed(lambda row=row: system.append("t", row)) for row in rows[10:]]
        return {"commit ms": times, "syncs": [(syncs() - before) / commits]}


def bytes_per_commit(system: Any, commits: int) -> Figures:
    """Growth of a closed database by one-row appends."""
    with system:
        system.create("t", one_row(0))
        for row in rows_for(system, 10):
            system.append("t", row)
    before = system.stored_bytes()
    with system:
        for row in rows_for(system, commits):
            system.append("t", row)
    return {"bytes": [(system.stored_bytes() - before) / commits]}


def many_tables(system: Any, tables: int, commits: int) -> Figures:
    """One-row appends to one table of many."""
    with system:
        rows = rows_for(system, commits + 10)
        for row in rows[:10]:
            system.append("t0", row)
        return {"commit ms": [timed(lambda row=row: system.append("t0", row)) for row in rows[10:]]}


def read_appended(system: Any, appends: int) -> Figures:
    """All rows of a table made of one-row commits."""
    with system:
        system.create("t", one_row(0))
        for number in range(1, appends):
            system.append("t", one_row(number))
    with started(system):
        first = timed(lambda: system.read("t"))
        assert system.read("t").num_rows == appends
        return {"first ms": [first], "again ms": [timed(lambda: system.read("t")) for _ in range(15)]}


def time_travel(system: Any, versions: int, reads: int) -> Figures:
    """Versions spread over the history, each read once; then the newest, as often."""
    step = max(versions // reads, 1)
    numbers = list(range(step, versions, step))[:reads]
    with started(system):
        for number in (1, versions // 2, versions):
            assert system.read_version("t", number).to_pydict() == hundred_rows(number).to_pydict()
        old = [timed(lambda number=number: system.read_version("t", number)) for number in numbers]
        latest = [timed(lambda: system.read("t")) for _ in numbers]
    return {"old ms": old, "latest ms": latest}


def branches(system: Any, tables: int, count: int) -> Figures:
    """Branches made from a database that is already there."""
    with system:
        for number in range(5):
            system.branch(f"warm-{number}-{tables}")
    before = system.stored_bytes()
    with system:
        times = [timed(lambda name=f"b-{number}": system.branch(name)) for number in range(count)]
    return {"create ms": times, "bytes": [(system.stored_bytes() - before) / count]}
