"""Statements whose answer is an Arrow table, and reading whole tables."""

from __future__ import annotations

import json
import pathlib
import random
from typing import Any

from measures.timing import Figures, started, syncs, timed

STATEMENTS = {
    "aggregate_big": "SELECT l_returnflag, l_linestatus, sum(l_quantity) AS quantity, "
    "avg(l_extendedprice) AS price, count(*) AS n FROM big GROUP BY ALL",
    "aggregate_small": "SELECT l_returnflag, l_linestatus, sum(l_quantity) AS quantity, "
    "avg(l_extendedprice) AS price, count(*) AS n FROM small GROUP BY ALL",
    "filter_small": "SELECT * FROM small WHERE l_quantity > 45 AND l_shipmode = 'AIR'",
    "all_small": "SELECT * FROM small",
    "one": "SELECT 1 AS one",
}


def statement(system: Any, name: str, repeats: int, answers: str = "", **_: Any) -> Figures:
    """The same statement again and again."""
    with started(system):
        keep(system.sql(STATEMENTS[name]), answers, name)
        system.sql(STATEMENTS[name])
        return {"warm ms": [timed(lambda: system.sql(STATEMENTS[name])) for _ in range(repeats)]}


def lookup(system: Any, rows: int, repeats: int, **_: Any) -> Figures:
    """Rows by number, each statement with another parameter."""
    chosen = random.Random(7).sample(range(rows), repeats + 3)
    ask = "SELECT * FROM big WHERE id = ?"
    with started(system):
        for number in chosen[:3]:
            assert system.sql(ask, [number])["id"].to_pylist() == [number]
        return {"lookup ms": [timed(lambda n=n: system.sql(ask, [n])) for n in chosen[3:]]}


def full_read(system: Any, rows: int, repeats: int, **_: Any) -> Figures:
    """The whole table: the first read of the process, then the same again."""
    with started(system):
        first = timed(lambda: system.read("big"))
        assert system.read("big").num_rows == rows
        return {"first ms": [first], "again ms": [timed(lambda: system.read("big")) for _ in range(repeats)]}


def bulk(system: Any, data: str) -> Figures:
    """A whole table written durably, its size when closed, and reading it back."""
    import pyarrow.parquet as pq

    rows = pq.read_table(pathlib.Path(data) / "lineitem.parquet")
    with system:
        before = syncs()
        written = timed(lambda: system.create("lineitem", rows))
        synced = syncs() - before
    size = system.stored_bytes() / 1e6
    with system:
        assert system.read("lineitem").num_rows == rows.num_rows
        reads = [timed(lambda: system.read("lineitem")) for _ in range(3)]
    return {"write ms": [written], "size MB": [size], "read ms": reads, "syncs": [synced]}


def tpch(system: Any, data: str, numbers: list[int], repeats: int, answers: str = "") -> Figures:
    """Queries by number. Without repeats it is the first touch that counts: the engine has started,
    nothing of the tables has been read by this process."""
    texts = json.loads((pathlib.Path(data) / "queries.json").read_text(encoding="utf-8"))
    figures: Figures = {}
    with started(system):
        for number in numbers:
            kept: list[Any] = []
            first = timed(lambda: kept.append(system.sql(texts[number - 1])))
            keep(kept[0], answers, f"Q{number}")
            again = [timed(lambda: system.sql(texts[number - 1])) for _ in range(repeats)]
            figures[f"Q{number}"] = again or [first]
    return figures


def keep(answer: Any, folder: str, name: str) -> None:
    """Rows of an answer for comparing, numbers as they are, everything else as text: of the first turn only."""
    if folder and not (pathlib.Path(folder) / f"{name}.json").exists():
        rows = [[plain(value) for value in row.values()] for row in answer.to_pylist()]
        (pathlib.Path(folder) / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")


def plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, float)) else str(value)
