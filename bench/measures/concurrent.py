"""Several writers that append one row after another to one table, for a fixed time.

Nobody retries by hand: an append that raises has failed. What systems retry by themselves, they may.
"""

from __future__ import annotations

import collections
import json
import subprocess
import sys
import threading
import time
from typing import Any

from measures.timing import Figures, one_row


class Tally:
    """What one writer did; why its appends failed."""

    def __init__(self) -> None:
        self.done = 0
        self.tried = 0
        self.reasons: collections.Counter[str] = collections.Counter()

    def attempt(self, system: Any, row: Any) -> None:
        self.tried += 1
        try:
            system.append("t", row)
            self.done += 1
        except Exception as error:  # a rival may raise anything
            self.reasons[f"{type(error).__name__}: {error}"[:120]] += 1

    def run(self, system: Any, seconds: float) -> None:
        row = one_row(1)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.attempt(system, row)


def figures(found: int, tallies: list[dict[str, Any]], elapsed: float) -> Figures:
    """Every append that reported success must be there, beside the table's first row."""
    done = sum(tally["done"] for tally in tallies)
    tried = sum(tally["tried"] for tally in tallies)
    assert found == done + 1, f"{done} appends reported success, but {found - 1} rows are there"
    for reason in {reason for tally in tallies for reason in tally["reasons"]}:
        print(reason, file=sys.stderr)
    return {"commits / s": [done / elapsed], "succeeded %": [100 * done / tried]}


def threads(system: Any, workers: int, seconds: float) -> Figures:
    """Each thread has a session, connection or handle of its own."""
    tallies = [Tally() for _ in range(workers)]
    barrier = threading.Barrier(workers + 1)

    def work(tally: Tally) -> None:
        try:
            own = system.another()
        except Exception:
            barrier.abort()
            raise
        barrier.wait()
        tally.run(own, seconds)
        own.close()

    with system:
        system.create("t", one_row(0))
        pool = [threading.Thread(target=work, args=(tally,)) for tally in tallies]
        for thread in pool:
            thread.start()
        barrier.wait()
        started = time.perf_counter()
        for thread in pool:
            thread.join()
        elapsed = time.perf_counter() - started
        found = system.read("t").num_rows
    return figures(found, [vars(tally) for tally in tallies], elapsed)


def processes(system: Any, workers: int, seconds: float) -> Figures:
    """The same with processes, which start together once all have opened the table."""
    with system:
        system.create("t", one_row(0))
    order = [sys.executable, sys.argv[0], system.name, "one_process", str(system.folder), json.dumps({"seconds": seconds})]
    pool = [writer(order) for _ in range(workers)]
    opened = [opens(process) for process in pool]
    started = time.perf_counter()
    for process, able in zip(pool, opened):
        go(process, able)
    answers = [process.communicate() for process in pool]
    elapsed = time.perf_counter() - started
    if not any(opened):
        raise RuntimeError(answers[0][1].strip().splitlines()[-1])
    with system:
        found = system.read("t").num_rows
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


def one_process(system: Any, seconds: float) -> dict[str, Any]:
    """Says "open", waits for a line, then appends."""
    tally = Tally()
    with system:
        print("open", flush=True)
        sys.stdin.readline()
        tally.run(system, seconds)
    return vars(tally)
