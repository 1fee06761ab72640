"""Databases that several measures share: made once in a run, without syncs where a system lets us."""

from __future__ import annotations

import pathlib
from typing import Any

from measures.timing import Figures, hundred_rows, one_row


def with_commits(system: Any, commits: int) -> Figures:
    """Table t of so many one-row commits."""
    with system:
        system.create("t", one_row(0))
        row = one_row(1)
        for _ in range(commits - 1):
            system.append("t", row)
    return {}


def with_tables(system: Any, tables: int) -> Figures:
    with system:
        system.create_many([f"t{number}" for number in range(tables)], one_row(0))
    return {}


def with_versions(system: Any, versions: int) -> Figures:
    """Table t, written so many times, one of its hundred rows changed each time."""
    with system:
        system.create("t", hundred_rows(1))
        for number in range(2, versions + 1):
            system.replace("t", hundred_rows(number))
    return {}


def with_tpch(system: Any, data: str) -> Figures:
    import pyarrow.parquet as pq

    with system:
        for file in sorted(pathlib.Path(data).glob("*.parquet")):
            system.create(file.stem, pq.read_table(file))
    return {}


def with_rows(system: Any, data: str, rows: int) -> Figures:
    """Table `big`, the first rows of lineitem and a number `id`; table `small`, a tenth of it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(pathlib.Path(data) / "lineitem.parquet").slice(0, rows)
    table = table.append_column("id", pa.array(range(table.num_rows)))
    with system:
        system.create("big", table)
        system.create("small", table.slice(0, table.num_rows // 10))
    return {}
