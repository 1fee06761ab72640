"""Whole tables written back with little changed: time, bytes, and what it costs to find and to read it."""

from __future__ import annotations

import pathlib
import random
from typing import Any

from measures.timing import Figures, started, timed


def first_rows(data: str, rows: int) -> Any:
    """The first rows of lineitem and a number `id`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(pathlib.Path(data) / "lineitem.parquet").slice(0, rows)
    return table.append_column("id", pa.array(range(table.num_rows))).combine_chunks()


def some(rows: int, share: float, seed: int) -> list[int]:
    """So many row numbers, scattered, rising."""
    return sorted(random.Random(seed).sample(range(rows), max(1, int(rows * share))))


def with_numbers_changed(table: Any, share: float, seed: int) -> Any:
    """One more in `l_linenumber` of some rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table.column_names.index("l_linenumber")
    more = bytearray(table.num_rows)
    for row in some(table.num_rows, share, seed):
        more[row] = 1
    field = table.field(column)
    added = pa.Array.from_buffers(pa.uint8(), len(more), [None, pa.py_buffer(bytes(more))]).cast(field.type)
    return table.set_column(column, field, pc.add(table.column(column), added))


def without(table: Any, share: float, seed: int) -> Any:
    import pyarrow as pa

    gone = set(some(table.num_rows, share, seed))
    return table.take(pa.array([row for row in range(table.num_rows) if row not in gone]))


def changed(table: Any, change: str) -> Any:
    import pyarrow as pa

    if change == "1 % of a field":
        return with_numbers_changed(table, 0.01, 1)
    if change == "a row in front":
        return pa.concat_tables([table.slice(5, 1), table]).combine_chunks()
    if change == "1 % of the rows gone":
        return without(table, 0.01, 1)
    order = list(range(table.num_rows))
    random.Random(1).shuffle(order)
    return table.take(pa.array(order))


def write_back(system: Any, data: str, rows: int, change: str) -> Figures:
    """The table is there and is written again with a change, durably."""
    table = first_rows(data, rows)
    new = changed(table, change)
    with system:
        system.create("t", table)
    before = system.stored_bytes()
    with started(system):
        written = timed(lambda: system.replace("t", new))
        assert system.read("t").num_rows == new.num_rows
    return {"write ms": [written], "stored MB": [(system.stored_bytes() - before) / 1e6]}


def many_versions(system: Any, data: str, rows: int, versions: int, share: float) -> Figures:
    """The table written again and again, each time with one field changed in some rows."""
    table = first_rows(data, rows)
    with system:
        system.create("t", table)
    before = system.stored_bytes()
    times = []
    with started(system):
        for version in range(versions):
            table = with_numbers_changed(table, share, version)
            times.append(timed(lambda rows=table: system.replace("t", rows)))
        assert system.read("t").num_rows == rows
    return {"write ms": times, "all MB": [(system.stored_bytes() - before) / 1e6]}


def diff(system: Any, data: str, rows: int, changes: int, repeats: int) -> Figures:
    """The rows that differ between two versions, to Arrow: first after opening, and again."""
    table = first_rows(data, rows)
    with system:
        system.create("t", table)
        system.replace("t", with_numbers_changed(table, changes / rows, 1))
    with started(system):
        first = timed(lambda: system.diff("t", 1, 2))
        assert system.diff("t", 1, 2).num_rows == 2 * changes
        return {"first ms": [first], "again ms": [timed(lambda: system.diff("t", 1, 2)) for _ in range(repeats)]}


def overlaid(system: Any, data: str, rows: int, patches: int, gone: float, repeats: int) -> Figures:
    """Reading a column that lies under patches, with rows gone."""
    table = first_rows(data, rows)
    with system:
        system.create("t", table)
        for patch in range(patches):
            table = with_numbers_changed(table, 0.01, patch)
            system.replace("t", table)
        if gone > 0:
            system.replace("t", without(table, gone, 99))
    query = "SELECT l_shipmode, sum(l_linenumber), avg(l_quantity) FROM t WHERE l_linenumber > 1 GROUP BY 1"
    with started(system):
        for _ in range(3):
            system.sql(query)
        return {"warm ms": [timed(lambda: system.sql(query)) for _ in range(repeats)]}
