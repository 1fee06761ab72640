"""Several writers of one table, for a fixed time: they append rows, or add to numbers that are there.

Nobody retries by hand: a commit that raises has failed. What systems retry by themselves, they may.
"""

from __future__ import annotations

import collections
import json
import subprocess
import sys
import threading
import time
from typing import Any, Callable

from measures.timing import Figures, one_row


ROWS = 10_000


class Tally:
    """What one writer did; why its commits failed."""

    def __init__(self) -> None:
        self.done = 0
        self.tried = 0
        self.reasons: collections.Counter[str] = collections.Counter()

    def attempt(self, commit: Callable[[], Any]) -> None:
        self.tried += 1
        try:
            commit()
            self.done += 1
        except Exception as error:  # a rival may raise anything
            self.reasons[f"{type(error).__name__}: {error}"[:120]] += 1

    def run(self, commit: Callable[[], Any], seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.attempt(commit)


def commit_of(system: Any, writer: int, adds_to: str | None) -> Callable[[], Any]:
    """What a writer does again and again: append a row, or add one to a row that is its own, or everybody's."""
    if adds_to is None:
        row = one_row(1)
        return lambda: system.append("t", row)
    condition = f"id = {writer if adds_to == 'own row' else 0}"
    return lambda: system.update("t", "n = n + 1", condition)


def make(system: Any, adds_to: str | None) -> None:
    import pyarrow as pa

    if adds_to is None:
        system.create("t", one_row(0))
    else:
        rows = pa.table({"id": range(ROWS), "n": pa.array([0] * ROWS, pa.int64())})
        system.create_counted("t", rows, "id", "n" if adds_to == "one row, rule add" else None)


def counted(system: Any, adds_to: str | None) -> int:
    """The commits that the table knows of."""
    rows = system.read("t")
    return rows.num_rows - 1 if adds_to is None else sum(rows.column("n").to_pylist())


def figures(found: int, tallies: list[dict[str, Any]], elapsed: float) -> Figures:
    """Every commit that reported success must be there, once."""
    done = [tally["done"] for tally in tallies]
    tried = sum(tally["tried"] for tally in tallies)
    assert found == sum(done), f"{sum(done)} commits reported success, but {found} are there"
    for reason in {reason for tally in tallies for reason in tally["reasons"]}:
        print(reason, file=sys.stderr)
    result = {"commits / s": [sum(done) / elapsed], "succeeded %": [100 * sum(done) / tried]}
    if len(done) > 1:
        result["of the slowest, % of the mean"] = [100 * min(done) * len(done) / max(1, sum(done))]
    return result


def threads(system: Any, workers: int, seconds: float, adds_to: str | None = None) -> Figures:
    """Each thread has a session, connection or handle of its own."""
    tallies = [Tally() for _ in range(workers)]
    barrier = threading.Barrier(workers + 1)

    def work(writer: int, tally: Tally) -> None:
        try:
            own = system.another()
        except Exception:
            barrier.abort()
            raise
        barrier.wait()
        tally.run(commit_of(own, writer, adds_to), seconds)
        own.close()

    with system:
        make(system, adds_to)
        pool = [threading.Thread(target=work, args=each) for each in enumerate(tallies)]
        for thread in pool:
            thread.start()
        barrier.wait()
        started = time.perf_counter()
        for thread in pool:
            thread.join()
        elapsed = time.perf_counter() - started
        found = counted(system, adds_to)
    return figures(found, [vars(tally) for tally in tallies], elapsed)


def processes(system: Any, workers: int, seconds: float, adds_to: str | None = None) -> Figures:
    """The same with processes, which start together once all have opened the table."""
    with system:
        make(system, adds_to)
    order = [sys.executable, sys.argv[0], system.name, "one_process", str(system.folder)]
    arguments = [{"seconds": seconds, "number": number, "adds_to": adds_to} for number in range(workers)]
    pool = [writer([*order, json.dumps(each)]) for each in arguments]
    opened = [opens(process) for process in pool]
    started = time.perf_counter()
    for process, able in zip(pool, opened):
        go(process, able)
    answers = [process.communicate() for process in pool]
    elapsed = time.perf_counter() - started
    if not any(opened):
        raise RuntimeError(answers[0][1].strip().splitlines()[-1])
    with system:
        found = counted(system, adds_to)
    tallies = [json.loads(out.splitlines()[-1]) for out, _ in answers if out.strip()]
    return figures(found, tallies, elapsed) | {"processes": [float(sum(opened))]}


def writer(order: list[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(order, text=True, stdin=pipe, stdout=pipe, stderr=pipe)


def opens(process: subprocess.Popen[str]) -> bool:
    assert process.stdout
    return process.stdout.readline().strip() == "open"


def go(process: subprocess.Popen[str], able: bool) -> None:
    if able and process.stdin:
        process.stdin.write("go\n")
        process.stdin.flush()


def one_process(system: Any, seconds: float, number: int, adds_to: str | None) -> dict[str, Any]:
    """Says "open", waits for a line, then commits."""
    tally = Tally()
    with system:
        print("open", flush=True)
        sys.stdin.readline()
        tally.run(commit_of(system, number, adds_to), seconds)
    return vars(tally)
