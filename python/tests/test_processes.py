"""Threads, processes, fork, signals, two databases, a notebook cell run twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import rhizo


def run_threads(count: int, work: Callable[[int], None]) -> None:
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_threads_append_to_one_table_and_all_succeed(db: rhizo.Database) -> None:
    db.create_table("t", {"thread": "BIGINT", "n": "BIGINT"})

    def work(number: int) -> None:
        session = db.on("main")
        for n in range(10):
            session.append("t", {"thread": [number], "n": [n]})

    run_threads(4, work)
    assert db.sql("SELECT count(*), count(DISTINCT thread) FROM t").fetchone() == (40, 4)
    in_order = db.sql("SELECT thread, list(n) FROM t GROUP BY thread").fetchall()
    assert all(numbers == list(range(10)) for _, numbers in in_order)


def test_threads_may_share_one_session(db: rhizo.Database) -> None:
    db.write("t", {"n": list(range(1000))})
    run_threads(4, lambda number: [db.sql("SELECT sum(n) FROM t").fetchone() for _ in range(20)] and None)


def test_other_threads_run_while_a_query_does(db: rhizo.Database) -> None:
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    db.sql("SELECT sum(sqrt(i)) FROM range(200000000) t(i)").fetchall()
    done.set()
    ticker.join()
    assert ticks > 10


def test_two_databases_in_one_process(tmp_path: Path) -> None:
    with rhizo.open(tmp_path / "a") as a, rhizo.open(tmp_path / "b") as b:
        a.write("t", {"n": [1]})
        b.write("t", a.read("t"))
        b.append("t", {"n": [2]})
        assert (len(a.read("t")), len(b.read("t"))) == (1, 2)


def test_opening_one_path_twice_sees_the_same(path: Path) -> None:
    with rhizo.open(path) as first, rhizo.open(path) as second:
        first.write("t", {"n": [1]})
        assert second.read("t").fetchall() == [(1,)]
        first.close()
        second.append("t", {"n": [2]})
    with rhizo.open(path) as again:
        assert len(again.read("t")) == 2


def test_a_notebook_cell_run_twice(path: Path) -> None:
    cell = "db = rhizo.open(path); db.write('t', {'n': [1, 2]}); shown = repr(db.sql('SELECT * FROM t'))"
    names: dict[str, object] = {"rhizo": rhizo, "path": path}
    for _ in range(2):
        exec(cell, names)
    assert "2 rows" in str(names["shown"])
    assert len(rhizo.open(path).versions("t")) == 1


def test_a_handle_of_the_parent_is_closed_in_a_forked_child(db: rhizo.Database, tmp_path: Path) -> None:
    db.write("t", {"n": [1]})
    db.sql("SELECT * FROM t").fetchall()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            db.read("t")
        except rhizo.ClosedError:
            with rhizo.open(tmp_path / "of the child") as own:
                own.write("t", {"n": [1]})
                status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert db.read("t").fetchall() == [(1,)]
    db.append("t", {"n": [2]})


def append_in_process(path: str, number: int) -> None:
    with rhizo.open(path) as db:
        for n in range(5):
            db.append("t", {"process": [number], "n": [n]})


def test_processes_append_to_one_table_and_all_succeed(path: Path) -> None:
    with rhizo.open(path) as db:
        db.create_table("t", {"process": "BIGINT", "n": "BIGINT"})
        context = multiprocessing.get_context("spawn")
        workers = [context.Process(target=append_in_process, args=(str(path), number)) for number in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert [worker.exitcode for worker in workers] == [0, 0, 0]
        assert db.sql("SELECT count(*), count(DISTINCT process) FROM t").fetchone() == (15, 3)


INTERRUPTED = {
    "a query that is pulled": "db.sql('SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 5').fetchall()",
    "a query handed to pyarrow": "handed_over(SLOW)",
    "a long result handed to pyarrow": "handed_over('SELECT * FROM range(2000000000)')",
    "a write of a long result": "db.write('t', db.sql('SELECT * FROM range(3000000000)'))",
    "a write of an endless stream": "db.write('t', pa.RecordBatchReader.from_batches(schema, endless()))",
    "a write from a sleeping source": "db.write('t', pa.RecordBatchReader.from_batches(schema, sleeping()))",
}


@pytest.mark.parametrize("what", INTERRUPTED)
def test_ctrl_c_stops_within_a_second(tmp_path: Path, what: str) -> None:
    script = textwrap.dedent(
        f"""
        import sys, time, pyarrow as pa, rhizo
        schema = pa.schema([("n", pa.int64())])
        block = pa.record_batch([pa.array(range(1000))], schema=schema)
        def endless():
            while True:
                yield block
        def sleeping():
            yield block
            time.sleep(60)
            yield block
        SLOW = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 5"
        def handed_over(sql):
            try:
                return pa.table(db.sql(sql))
            except OSError:  # pyarrow's own words for it; Ctrl-C itself comes with the next line
                time.sleep(0)
        db = rhizo.open({str(tmp_path / "db")!r})
        print("ready", flush=True)
        try:
            {INTERRUPTED[what]}
        except KeyboardInterrupt:
            print("stopped", flush=True)
        assert db.tables() == []
        db.write("after", {{"n": [1]}})
        print("works", flush=True)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopped\n"
        took = time.monotonic() - asked
        assert process.stdout.readline() == "works\n"
        assert process.wait(timeout=30) == 0
        assert took < 5, f"took {took:.1f} s"  # a second on an idle machine
    finally:
        process.kill()


def test_a_process_that_dies_leaves_nothing_to_repair(path: Path) -> None:
    with rhizo.open(path) as db:
        db.write("t", {"n": [1]})
    script = f"import os, rhizo; db = rhizo.open({str(path)!r}); tx = db.transaction(); tx.write('t', {{'n': [2]}}); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 9
    with rhizo.open(path) as db:
        assert db.read("t").fetchall() == [(1,)]
        assert db.verify()
