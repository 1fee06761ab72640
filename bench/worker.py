"""One measure of one system in a process of its own: prints a JSON object of figures.

usage: worker.py SYSTEM MEASURE FOLDER JSON-ARGUMENTS
"""

from __future__ import annotations

import importlib
import json
import pathlib
import statistics
import sys
import time
from typing import Any, Callable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    value = action()
    return time.perf_counter() - started, value


def spread(seconds: list[float]) -> dict[str, float]:
    """Milliseconds: the median, least and greatest of some runs."""
    return {"ms": statistics.median(seconds) * 1e3, "min_ms": min(seconds) * 1e3, "max_ms": max(seconds) * 1e3}


def one_row(number: int) -> Any:
    import pyarrow as pa

    return pa.table({"id": [number], "name": [f"row {number}"], "value": [number * 0.5]})


def rows_of(count: int) -> Any:
    import pyarrow as pa

    return pa.table({"id": range(count), "name": [f"row {n % 1000}" for n in range(count)], "value": [n * 0.5 for n in range(count)]})


def small_commits(system: Any, commits: int) -> dict[str, float]:
    """One-row appends, each durable; bytes stored by each."""
    if system.name == "sqlite":
        return small_inserts(system, commits)
    system.create("t", one_row(0))
    for number in range(1, 11):
        system.append("t", one_row(number))
    before = system.stored_bytes()
    rows = [one_row(number) for number in range(commits)]
    seconds = [timed(lambda row=row: system.append("t", row))[0] for row in rows]
    return spread(seconds) | {"bytes": (system.stored_bytes() - before) / commits}


def small_inserts(system: Any, commits: int) -> dict[str, float]:
    """SQLite's own: what a durable insert costs at least, from the same language."""
    system.con.execute("CREATE TABLE t (id INTEGER, name TEXT, value REAL)")
    rows = [(number, f"row {number}", number * 0.5) for number in range(commits + 10)]
    insert = "INSERT INTO t VALUES (?, ?, ?)"
    for row in rows[:10]:
        system.con.execute(insert, row)
    return spread([timed(lambda row=row: system.con.execute(insert, row))[0] for row in rows[10:]])


def read_appended(system: Any, appends: int) -> dict[str, float]:
    """All rows of a table made of `appends` one-row commits, as an Arrow table."""
    system.create("t", one_row(0))
    for number in range(1, appends):
        system.append("t", one_row(number))
    assert system.read("t").num_rows == appends
    return spread([timed(lambda: system.read("t"))[0] for _ in range(7)])


def bulk(system: Any, parquet: str) -> dict[str, float]:
    """A whole table written durably, its size, and reading it back as an Arrow table (warm)."""
    import pyarrow.parquet as pq

    rows = pq.read_table(parquet)
    seconds, _ = timed(lambda: system.create("lineitem", rows))
    size = system.stored_bytes()
    assert system.read("lineitem").num_rows == rows.num_rows
    reads = [timed(lambda: system.read("lineitem"))[0] for _ in range(3)]
    return {"ms": seconds * 1e3, "bytes": size, "read_ms": min(reads) * 1e3}


def time_travel(system: Any, versions: int) -> dict[str, float]:
    """An old version of a table of many versions, against the newest."""
    system.create("t", one_row(0))
    for number in range(1, versions):
        system.append("t", one_row(number))
    middle = versions // 2
    assert system.read_version("t", middle).num_rows >= 1
    return spread([timed(lambda: system.read_version("t", middle))[0] for _ in range(9)])


def many_tables(system: Any, tables: int, commits: int) -> dict[str, float]:
    """One-row commits in a database of many tables."""
    with system.db.transaction() as tx:
        for number in range(tables):
            tx.write(f"t{number}", one_row(number))
    return spread([timed(lambda n=n: system.append("t0", one_row(n)))[0] for n in range(commits)])


def branches(system: Any, tables: int, count: int) -> dict[str, float]:
    with system.db.transaction() as tx:
        for number in range(tables):
            tx.write(f"t{number}", one_row(number))
    before = system.stored_bytes()
    seconds = [timed(lambda n=n: system.db.create_branch(f"b-{n}"))[0] for n in range(count)]
    return spread(seconds) | {"bytes": (system.stored_bytes() - before) / count}


def threads(system: Any, workers: int, commits: int) -> dict[str, float]:
    """Commits each second of several threads that append to one table."""
    import threading

    system.create("t", one_row(0))

    def work(worker: int) -> None:
        session = system.db.on("main")
        for number in range(commits):
            session.append("t", one_row(worker * commits + number))

    pool = [threading.Thread(target=work, args=(worker,)) for worker in range(workers)]
    seconds, _ = timed(lambda: ([thread.start() for thread in pool], [thread.join() for thread in pool]))
    assert system.read("t").num_rows == workers * commits + 1
    return {"per_second": workers * commits / seconds}


def main() -> None:
    name, measure, folder, arguments = sys.argv[1:5]
    module = importlib.import_module(f"systems.{name}")
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    system = module.System(pathlib.Path(folder))
    system.name = name
    system.open()
    figures = globals()[measure](system, **json.loads(arguments))
    system.close()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
