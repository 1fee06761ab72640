"""What transactions of several processes see of each other: recorded histories, and a checker that was shown anomalies.

Each test prints its seed; RHIZO_TEST_SEED repeats its choices (not the moments), RHIZO_TEST_SCALE makes more of them.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import pickle
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Literal

import pytest
from history_checker import Anomaly, Level, Operation, Read, TakeBack, Transaction, Write, check

import rhizo

SCALE = float(os.environ.get("RHIZO_TEST_SCALE", "1"))
SPAWN = multiprocessing.get_context("spawn")
PATIENCE = 120 * max(1, SCALE)  # seconds until who waits for others gives up


def times(count: int) -> int:
    return max(1, round(count * SCALE))


# --- the checker is shown anomalies


def T(name: str, begin: int, end: int, *operations: Operation, outcome: Any = "committed") -> Transaction:
    """A transaction; its commit is called as itself if it wrote something."""
    is_writer = any(isinstance(operation, Write) for operation in operations)
    return Transaction(name, 0, begin, end, operations, outcome, name if is_writer else "")


R, W = Read, Write
PLANTED: dict[str, tuple[str, list[Transaction], str]] = {  # name: anomaly, history, log
    "aborted read": (
        "dirty read",
        [T("A", 0, 9, W("x", "a"), outcome="aborted"), T("B", 0, 9, R("x", "a"))],
        "",
    ),
    "intermediate read": (
        "dirty read",
        [T("A", 0, 9, W("x", "a"), W("x", "b")), T("B", 0, 9, R("x", "a"))],
        "A",
    ),
    "read of what was taken back": (
        "dirty read",
        [T("A", 0, 9, W("x", "a"), TakeBack("x"), W("y", "b")), T("B", 0, 9, R("x", "a"))],
        "A",
    ),
    "read of an unknown one that did not land": (
        "dirty read",
        [T("A", 0, 9, W("x", "a"), outcome="unknown"), T("B", 0, 9, R("x", "a"))],
        "",
    ),
    "a value from nowhere": ("garbage read", [T("A", 0, 9, R("x", "?"))], ""),
    "own write not read": ("own write not read", [T("A", 0, 9, W("x", "a"), R("x", None))], "A"),
    "non-repeatable read": (
        "non-repeatable read",
        [T("A", 2, 3, W("x", "a")), T("B", 0, 9, R("x", None), R("x", "a"))],
        "A",
    ),
    "lost update": (
        "lost update",
        [T("A", 0, 9, R("x", None), W("x", "a")), T("B", 0, 9, R("x", None), W("x", "b"))],
        "AB",
    ),
    "lost update of one that did not read": (
        "lost update",
        [T("A", 0, 9, W("x", "a")), T("B", 0, 9, R("x", None), W("x", "b"))],
        "AB",
    ),
    "lost update over several versions": (
        "lost update",
        [T("A", 0, 9, W("x", "a")), T("B", 0, 9, W("x", "b")), T("C", 0, 9, R("x", None), W("x", "c"))],
        "ABC",
    ),
    "lost commit": ("lost commit", [T("A", 0, 9, W("x", "a"))], ""),
    "commit of an aborted one": ("commit of an aborted one", [T("A", 0, 9, W("x", "a"), outcome="aborted")], "A"),
    "read skew": (
        "read skew",
        [T("A", 0, 9, W("x", "a"), W("y", "a")), T("B", 0, 9, R("x", "a"), R("y", None))],
        "A",
    ),
    "read skew over two commits": (
        "read skew",
        [
            T("A", 0, 9, W("x", "a")),
            T("B", 0, 9, R("x", "a"), W("y", "b")),
            T("C", 0, 9, R("x", None), R("y", "b")),
        ],
        "AB",
    ),
    "read skew of one that was rolled back": (
        "read skew",
        [T("A", 0, 9, W("x", "a"), W("y", "a")), T("B", 0, 9, R("x", "a"), R("y", None), outcome="aborted")],
        "A",
    ),
    "long fork": (
        "long fork",
        [
            T("A", 0, 9, W("x", "a")),
            T("B", 0, 9, W("y", "b")),
            T("C", 0, 9, R("x", "a"), R("y", None)),
            T("D", 0, 9, R("x", None), R("y", "b")),
        ],
        "AB",
    ),
    "long fork of a reader and the log": (
        "long fork",
        [T("A", 0, 9, W("x", "a")), T("B", 0, 9, W("y", "b")), T("C", 0, 9, R("x", None), R("y", "b"))],
        "AB",
    ),
    "circular information flow": (
        "circular information flow",
        [T("A", 0, 9, R("y", "b"), W("x", "a")), T("B", 0, 9, R("x", "a"), W("y", "b"))],
        "AB",
    ),
    "read of a later commit": (
        "circular information flow",
        [T("A", 0, 9, R("y", "b"), W("x", "a")), T("B", 0, 9, W("y", "b"))],
        "AB",
    ),
    "stale read": ("stale read", [T("A", 0, 1, W("x", "a")), T("B", 2, 3, R("x", None))], "A"),
    "stale read behind a reader": (
        "stale read",
        [T("A", 0, 9, W("x", "a")), T("B", 0, 1, R("x", "a")), T("C", 2, 3, R("x", None))],
        "A",
    ),
    "read before it was written": ("time travel", [T("A", 0, 1, R("x", "b")), T("B", 2, 3, W("x", "b"))], "B"),
    "commits in an order against time": ("time travel", [T("A", 0, 1, W("x", "a")), T("B", 2, 3, W("y", "b"))], "BA"),
}
WRITE_SKEWS: dict[str, tuple[list[Transaction], str]] = {
    "write skew": (
        [
            T("A", 0, 9, R("x", None), R("y", None), W("x", "a")),
            T("B", 0, 9, R("x", None), R("y", None), W("y", "b")),
        ],
        "AB",
    ),
    "write skew of three": (
        [
            T("A", 0, 9, R("y", None), W("x", "a")),
            T("B", 0, 9, R("z", None), W("y", "b")),
            T("C", 0, 9, R("x", None), W("z", "c")),
        ],
        "ABC",
    ),
    "what only a reader sees (Fekete, O'Neil, O'Neil 2004)": (
        [
            T("A", 0, 9, R("x", None), R("y", None), W("x", "a")),
            T("B", 0, 3, R("y", None), W("y", "b")),
            T("C", 4, 5, R("x", None), R("y", "b")),
        ],
        "BA",
    ),
}
CLEAN: dict[str, tuple[list[Transaction], str]] = {
    "nothing": ([], ""),
    "one after the other": (
        [T("A", 0, 1, R("x", None), W("x", "a")), T("B", 2, 3, R("x", "a"), W("x", "b")), T("C", 4, 5, R("x", "b"))],
        "AB",
    ),
    "own writes are read": ([T("A", 0, 9, R("x", None), W("x", "a"), R("x", "a"), W("x", "b"), R("x", "b"))], "A"),
    "what is taken back is no write": (
        [
            T("A", 0, 9, R("x", None), W("x", "a"), R("x", "a"), TakeBack("x"), R("x", None)),
            T("B", 0, 9, R("x", None), W("x", "b")),
        ],
        "B",
    ),
    "an old state, while a newer one is not answered yet": (
        [T("A", 0, 5, W("x", "a")), T("B", 1, 2, R("x", None)), T("C", 3, 4, R("x", "a"))],
        "A",
    ),
    "an unknown one that landed": ([T("A", 0, 9, W("x", "a"), outcome="unknown"), T("B", 0, 9, R("x", "a"))], "A"),
    "a conflict that was told": (
        [
            T("A", 0, 9, R("x", None), W("x", "a")),
            T("B", 0, 9, R("x", None), W("x", "b"), outcome="aborted"),
        ],
        "A",
    ),
}


def assert_none(anomalies: list[Anomaly], history: list[Transaction]) -> None:
    """Nothing was found; else shows what the transactions in question did."""
    concerned = {name for anomaly in anomalies for name in anomaly.transactions}
    for transaction in sorted(history, key=lambda each: each.begin):
        if transaction.name in concerned:
            print(transaction)
    assert [str(anomaly) for anomaly in anomalies] == []


def names(anomalies: list[Anomaly]) -> set[str]:
    return {anomaly.name for anomaly in anomalies}


@pytest.mark.parametrize("level", ["snapshot", "serializable"])
@pytest.mark.parametrize("planted", PLANTED)
def test_the_checker_names_the_anomaly_that_was_planted(planted: str, level: Any) -> None:
    name, history, log = PLANTED[planted]
    for told_in_order in itertools.permutations(history):
        assert names(check(told_in_order, log, level)) == {name}


@pytest.mark.parametrize("planted", WRITE_SKEWS)
def test_the_checker_names_write_skew_at_level_serializable_only(planted: str) -> None:
    history, log = WRITE_SKEWS[planted]
    assert check(history, log) == []
    assert names(check(history, log, "serializable")) == {"write skew"}


@pytest.mark.parametrize("level", ["snapshot", "serializable"])
@pytest.mark.parametrize("clean", CLEAN)
def test_the_checker_finds_nothing_in_a_clean_history(clean: str, level: Any) -> None:
    history, log = CLEAN[clean]
    assert check(history, log, level) == []


def test_without_real_time_an_old_state_is_a_state() -> None:
    _, history, log = PLANTED["stale read"]
    assert check(history, log, "serializable", realtime=False) == []


def test_several_anomalies_that_share_no_transaction_are_all_named() -> None:
    history, log = [], ""
    for number, planted in enumerate(["lost update", "read skew", "long fork", "stale read", "aborted read"]):
        _, part, order = PLANTED[planted]
        for transaction in part:
            name = f"{number}{transaction.name}"
            operations = tuple(replace(each, key=f"{number}{each.key}") for each in transaction.operations)
            begin, end = transaction.begin + 10 * number, transaction.end + 10 * number
            commit = transaction.commit and f"{number}{transaction.commit}"
            history.append(Transaction(name, 0, begin, end, operations, transaction.outcome, commit))
        log += "".join(f" {number}{commit}" for commit in order)
    found = names(check(history, log.split()))
    assert found == {"lost update", "read skew", "long fork", "stale read", "dirty read"}


# --- a store in memory, sound or broken, under a random schedule

FAULTS = {  # and what is found then, among other things
    "commits without looking for conflicts": "lost update",
    "reads the newest commit": "non-repeatable read",
    "reads what is not committed": "dirty read",
    "begins at an old commit": "stale read",
    "reads one key at an old commit": "read skew",
    "forgets own writes": "own write not read",
    "drops a commit": "lost commit",
    "tears a commit in two": "read skew",
}


@dataclass
class Store:
    """Snapshot isolation over a list of states, or what a fault makes of it."""

    rng: random.Random
    fault: str = ""
    states: list[dict[str, str]] = field(default_factory=lambda: [{}])
    log: list[str] = field(default_factory=list)
    torn_off: dict[str, str] = field(default_factory=dict)  # of the last commit, to come with the next
    clock: int = 0

    def now(self) -> int:
        self.clock += 1
        return self.clock

    def is_broken(self, fault: str, chance: float = 1) -> bool:
        return fault == self.fault and self.rng.random() < chance


class Running:
    """A transaction at a store, which does one operation at a time."""

    def __init__(self, store: Store, name: str, others: list[Running]) -> None:
        self.store, self.name, self.others = store, name, others
        self.begin, self.own, self.operations = store.now(), dict[str, str](), list[Operation]()
        self.snapshot = len(store.states) - 1
        if store.is_broken("begins at an old commit", 0.3):
            self.snapshot = max(0, self.snapshot - 2)

    def read(self, key: str) -> None:
        store = self.store
        state = store.states[-1 if store.is_broken("reads the newest commit") else self.snapshot]
        value = state.get(key)
        if store.is_broken("reads one key at an old commit", 0.3):
            value = store.states[max(0, self.snapshot - 2)].get(key)
        if store.is_broken("reads what is not committed"):
            value = next((other.own[key] for other in self.others if key in other.own), value)
        if not store.is_broken("forgets own writes"):
            value = self.own.get(key, value)
        self.operations.append(Read(key, value))

    def write(self, key: str) -> None:
        self.own[key] = f"{self.name}/{len(self.operations)}"
        self.operations.append(Write(key, self.own[key]))

    def finish(self, is_rollback: bool) -> Transaction:
        store, base = self.store, self.store.states[self.snapshot]
        if store.torn_off:
            store.states.append(store.states[-1] | store.torn_off)
            store.torn_off = {}
        head = store.states[-1]
        conflicts = any(base.get(key) != head.get(key) for key in self.own)
        if store.is_broken("commits without looking for conflicts"):
            conflicts = False
        outcome: Any = "aborted" if is_rollback or conflicts else "committed"
        commit = self.name if outcome == "committed" and self.own else ""
        if commit and not store.is_broken("drops a commit", 0.1):
            seen_at_once = dict(self.own)
            if len(self.own) > 1 and store.is_broken("tears a commit in two"):
                store.torn_off = dict([seen_at_once.popitem()])
            store.states.append(head | seen_at_once)
            store.log.append(commit)
        return Transaction(self.name, 0, self.begin, store.now(), tuple(self.operations), outcome, commit)


History = tuple[list[Transaction], list[str]]


def simulated(rng: random.Random, fault: str = "", *, at_once: int = 4, count: int = 60) -> History:
    store, running, done = Store(rng, fault), list[Running](), list[Transaction]()
    for number in range(count):
        while len(running) < at_once and rng.random() < 0.7 or not running:
            running.append(Running(store, f"{number}.{store.clock}", running))
        for _ in range(rng.randrange(1, 12)):
            (rng.choice(running).read if rng.random() < 0.6 else rng.choice(running).write)(rng.choice("uvwxyz"))
        done.append(running.pop(rng.randrange(len(running))).finish(is_rollback=rng.random() < 0.1))
    return done + [one.finish(True) for one in running], store.log


def test_random_serial_histories_pass(rng: random.Random) -> None:
    for _ in range(times(50)):
        assert check(*simulated(rng, at_once=1), "serializable") == []


def test_random_histories_of_snapshot_isolation_pass_and_show_write_skew(rng: random.Random) -> None:
    skewed = 0
    for _ in range(times(50)):
        history, log = simulated(rng)
        assert check(history, log) == []
        found = names(check(history, log, "serializable"))
        assert found <= {"write skew"}
        skewed += found != set()
    assert skewed > times(50) / 2


@pytest.mark.parametrize("fault", FAULTS)
def test_random_histories_of_a_broken_store_do_not_pass(rng: random.Random, fault: str) -> None:
    found = [names(check(*simulated(rng, fault))) for _ in range(times(20))]
    assert found.count(set()) < len(found) / 2
    assert FAULTS[fault] in set().union(*found)


# --- processes


def spawned(target: Callable[..., None], arguments: list[tuple[Any, ...]]) -> list[BaseProcess]:
    processes: list[BaseProcess] = [SPAWN.Process(target=target, args=each, daemon=True) for each in arguments]
    for process in processes:
        process.start()
    return processes


def run_all(target: Callable[..., None], arguments: list[tuple[Any, ...]]) -> None:
    """Runs a function in processes, to the end of all of them."""
    processes = spawned(target, arguments)
    for process in processes:
        process.join(PATIENCE)
    for process in processes:
        process.kill()  # which has ended, if all is well
        process.join()
    assert [process.exitcode for process in processes] == [0] * len(processes)


def told(path: Path, value: object) -> None:
    path.write_bytes(pickle.dumps(value))


def heard(path: Path) -> Any:
    return pickle.loads(path.read_bytes())


# --- random transactions of several processes
#
# t(id, v, w) has a key, rows come and go; a cell is a key of the history. u(id, v) has no key, its rows only change.
# q(id, v) has a key, rows are only put behind the last one, by whoever is first to have the next number.
#
# A row of t that is not there has no version to be told by. So whoever deletes one leaves a token behind the others in
# graves(id, v), and whoever finds none reads the last token of its id: that is the version of both cells of the row.
# Whoever inserts one changes its row of births(id, v), too: without that, one that came and went meanwhile would not be
# noticed (which has a test of its own below).

IDS, FIRST_IDS, U_IDS = range(8), range(6), range(4)
CELLS = ("v", "w")
WORLD = """SELECT 't' AS "table", id, v, w FROM t UNION ALL SELECT 'u', id, v, NULL FROM u
           UNION ALL SELECT 'q', id, v, NULL FROM q UNION ALL SELECT 'births', id, v, NULL FROM births"""
Rows = list[tuple[Any, ...]]


def in_list(ids: Any) -> str:
    return f"id IN ({', '.join(map(str, ids))})"


def columns(**values: Any) -> dict[str, list[Any]]:
    """One row, as data to write."""
    return {column: [value] for column, value in values.items()}


class Recorder:
    """One transaction of a process: what it does at the database, and the record of it."""

    def __init__(self, process: int, number: int, rng: random.Random, level: Level = "snapshot") -> None:
        self.process, self.name, self.rng, self.level = process, f"{process}.{number}", rng, level
        self.begin, self.operations, self.tokens = time.monotonic_ns(), list[Operation](), 0
        self.is_there: dict[int, bool] = {}  # rows of t that were read or written
        self.removed: set[int] = set()  # were there, and were deleted here
        self.born: set[int] = set()  # were not there, and were inserted here

    def token(self) -> str:
        self.tokens += 1
        return f"{self.name}/{self.tokens}"

    def ended(self, outcome: Any, commit: str = "") -> Transaction:
        end = time.monotonic_ns()
        return Transaction(self.name, self.process, self.begin, end, tuple(self.operations), outcome, commit)

    # --- reading

    def saw(self, table: str, row: int, column: str, value: str | None) -> None:
        self.operations.append(Read((table, row, column), value))

    def wrote(self, table: str, row: int, **cells: str) -> None:
        self.operations += [Write((table, row, column), token) for column, token in cells.items()]

    def saw_rows(self, at: Any, ids: Any, rows: Rows) -> None:
        found = {row[0]: row[1:] for row in rows}
        assert len(found) == len(rows) and found.keys() <= set(IDS), f"{self.name} saw {rows}"
        absent = [row for row in ids if row not in found]
        graves = dict(at.scan("graves", where=in_list(absent)).fetchall()) if absent else {}  # the last of each row
        for row in ids:
            self.is_there[row] = row in found
            if row in found:
                values = found[row]
            else:
                values = (graves.get(row),) * 2
                self.saw("graves", row, "v", values[0])
            for column, value in zip(CELLS, values):
                self.saw("t", row, column, value)

    def saw_all_of(self, table: str, rows: Rows, ids: Any) -> None:
        assert sorted(row[0] for row in rows) == list(ids), f"{self.name} saw {rows} in {table}"
        for row, value in rows:
            self.saw(table, row, "v", value)

    def saw_q(self, rows: Rows) -> int:
        """Takes down the rows that others may be at; gives the number that nobody has had."""
        assert [row[0] for row in sorted(rows)] == list(range(len(rows))), f"{self.name} saw {rows} in q"
        for row, value in rows:
            if row == 0 or row > len(rows) - 8:
                self.saw("q", row, "v", value)
        self.saw("q", len(rows), "v", None)
        return len(rows)

    def look(self, at: Any, ids: Any) -> None:
        how = self.rng.randrange(4)
        if how == 0:
            self.saw_rows(at, ids, at.scan("t", where=in_list(ids)).fetchall())
        elif how == 1:
            self.saw_rows(at, ids, at.sql(f"SELECT id, v, w FROM t WHERE {in_list(ids)}").fetchall())
        elif how == 2:
            self.saw_rows(at, IDS, at.read("t").fetchall())
        else:
            self.saw_rows(at, IDS, self.look_at_all(at))

    def look_at_all(self, at: Any) -> Rows:
        """Four tables in one statement; gives the rows of t."""
        rows = at.sql(WORLD).fetchall()
        for table, ids in ("u", U_IDS), ("births", IDS):
            self.saw_all_of(table, [row[1:3] for row in rows if row[0] == table], ids)
        self.saw_q([row[1:3] for row in rows if row[0] == "q"])
        return [row[1:] for row in rows if row[0] == "t"]

    def look_at_u(self, at: Any) -> Rows:
        rows: Rows = at.read("u").fetchall() if self.rng.random() < 0.5 else at.sql("SELECT * FROM u").fetchall()
        self.saw_all_of("u", rows, U_IDS)
        return rows

    # --- writing

    def update(self, at: Any, row: int) -> None:
        """Without having looked whether the row is there."""
        cells = {column: self.token() for column in self.rng.choice([("v",), ("w",), ("v",), ("w",), CELLS])}
        done = at.update("t", {column: "?" for column in cells}, "id = ?", [*cells.values(), row])
        if done.rows_updated:
            self.is_there[row] = True
            self.wrote("t", row, **cells)
        else:
            self.saw_rows(at, [row], [])

    def update_several(self, at: Any) -> None:
        self.look(at, IDS)
        rows = [row for row in self.rng.sample(IDS, 3) if self.is_there[row]]
        if rows:
            column, token = self.rng.choice(CELLS), self.token()
            assert at.update("t", {column: "?"}, in_list(rows), [token]).rows_updated == len(rows)
            for row in rows:
                self.wrote("t", row, **{column: token})

    def upsert(self, at: Any, row: int) -> None:
        cells = {column: self.token() for column in CELLS}
        if self.is_there.get(row) and self.rng.random() < 0.6:
            cells.pop(self.rng.choice(CELLS))
        done = at.upsert("t", columns(id=row, **cells))
        assert done.rows_inserted + done.rows_updated == 1
        self.wrote("t", row, **cells)
        self.came(at, row, is_new=done.rows_inserted == 1)

    def insert(self, at: Any, row: int) -> None:
        cells = {column: self.token() for column in CELLS}
        self.rng.choice([at.insert, at.append])("t", columns(id=row, **cells))
        self.wrote("t", row, **cells)
        self.came(at, row, is_new=True)

    def came(self, at: Any, row: int, is_new: bool) -> None:
        self.is_there[row] = True
        if is_new:
            if row not in self.removed:
                self.born.add(row)
            self.update_cell(at, "births", row)

    def delete(self, at: Any, row: int) -> None:
        assert at.delete("t", in_list([row])).rows_deleted == 1
        self.is_there[row] = False
        if row in self.born:
            self.born.remove(row)
            self.operations += [TakeBack(("t", row, column)) for column in CELLS]
            return
        self.removed.add(row)
        token = self.token()
        at.append("graves", columns(id=row, v=token))
        self.wrote("t", row, **{column: token for column in CELLS})
        self.wrote("graves", row, v=token)

    def update_cell(self, at: Any, table: str, row: int) -> None:
        token = self.token()
        assert at.update(table, {"v": "?"}, "id = ?", [token, row]).rows_updated == 1
        self.wrote(table, row, v=token)

    def write_u(self, at: Any, row: int) -> None:
        """The whole table, as a data frame would be written."""
        rows, token = self.look_at_u(at), self.token()
        at.write("u", [{"id": each, "v": token if each == row else value} for each, value in rows])
        self.wrote("u", row, v=token)

    def enqueue(self, at: Any) -> None:
        row, token = self.saw_q(at.read("q").fetchall()), self.token()
        self.rng.choice([at.insert, at.append, at.upsert])("q", columns(id=row, v=token))
        self.wrote("q", row, v=token)

    def do_something(self, at: Any) -> None:
        row, kind = self.rng.choice(IDS), self.rng.random()
        if kind < 0.35:
            self.look(at, self.rng.sample(IDS, self.rng.randrange(1, 4)))
        elif kind < 0.40:
            self.look_at_u(at)
        elif kind < 0.45:
            self.update_several(at)
        elif kind < 0.52:
            self.update_cell(at, "u", self.rng.choice(U_IDS))
        elif kind < 0.54:
            self.write_u(at, self.rng.choice(U_IDS))
        elif kind < 0.58:
            self.enqueue(at)
        elif kind < 0.70:
            self.update(at, row)
        elif kind < 0.80:
            self.upsert(at, row)
        else:
            if row not in self.is_there:
                self.look(at, [row])
            (self.delete if self.is_there[row] else self.insert)(at, row)


Told = tuple[Transaction, str, str]  # a transaction, its id if it has one, and why it was aborted


def random_transaction(db: rhizo.Session, recorder: Recorder) -> Told:
    tx = db.transaction(isolation=recorder.level)
    try:
        for _ in range(recorder.rng.randrange(1, 6)):
            recorder.do_something(tx)
        if recorder.rng.random() < 0.08:
            tx.rollback()
            return recorder.ended("aborted"), tx.txn_id, "rolled back"
        result = tx.commit()
        return recorder.ended("committed", result.commit), tx.txn_id, ""
    except (rhizo.ConflictError, rhizo.BusyError) as error:
        assert not tx.is_open, "only a commit meets others"
        return recorder.ended("aborted"), tx.txn_id, error.code
    except rhizo.CommitUnknownError as error:
        return recorder.ended("unknown"), tx.txn_id, error.code


def reader(db: rhizo.Session, recorder: Recorder) -> Told:
    """In a transaction, on a snapshot, or in one statement outside of any."""
    kind = recorder.rng.random()
    if kind < 0.2:
        for row, *values in recorder.look_at_all(db):
            for column, value in zip(CELLS, values):
                recorder.saw("t", row, column, value)
        return recorder.ended("committed"), "", ""
    with db.transaction() if kind < 0.7 else db.at("main") as at:
        for _ in range(recorder.rng.randrange(2, 5)):
            recorder.look(at, recorder.rng.sample(IDS, 3))
            recorder.look_at_u(at)
    return recorder.ended("committed"), "", ""


def single_update(db: rhizo.Session, recorder: Recorder) -> Told:
    """Outside of a transaction: it runs again by itself when it meets a conflict."""
    row, cells = recorder.rng.choice(IDS), {column: recorder.token() for column in CELLS}
    done = db.update("t", {"v": "?", "w": "?"}, "id = ?", [*cells.values(), row])
    if done.changed:
        recorder.wrote("t", row, **cells)
    return recorder.ended("committed", done.commit if done.changed else ""), "", ""


def single_upsert(db: rhizo.Session, recorder: Recorder) -> Told:
    """Outside of a transaction, on a row that many want. Its data may be a stream: it does not run again by itself."""
    row, token = recorder.rng.choice([0, 0, len(db.read("q"))]), recorder.token()
    recorder.wrote("q", row, v=token)
    try:
        return recorder.ended("committed", db.upsert("q", columns(id=row, v=token)).commit), "", ""
    except (rhizo.ConflictError, rhizo.BusyError) as error:
        return recorder.ended("aborted"), "", error.code


def write_back(db: rhizo.Session, recorder: Recorder) -> Told:
    """Read, worked on, written back with the base it was made of."""
    table = recorder.rng.choice(["t", "u", "q"])
    read = db.read(table)
    rows = [dict(zip(read.column_names, row)) for row in read.fetchall()]
    changed = recorder.rng.sample(rows[:1] + rows[-5:], min(len(rows), 2))
    for each in rows if table != "q" else changed:
        for column in each.keys() - {"id"}:
            recorder.saw(table, each["id"], column, each[column])
    for each in changed:
        each["v"] = recorder.token()
        recorder.wrote(table, each["id"], v=each["v"])
    if not rows:
        return recorder.ended("committed"), "", ""
    try:
        return recorder.ended("committed", db.write(table, rows, base=read).commit), "", ""
    except (rhizo.ConflictError, rhizo.BusyError) as error:
        return recorder.ended("aborted"), "", error.code


KINDS: dict[Callable[[rhizo.Session, Recorder], Told], int] = {
    random_transaction: 60,
    reader: 20,
    single_update: 6,
    single_upsert: 4,
    write_back: 10,  # of what was read on a snapshot, so not at level serializable
}


def run_random_transactions(
    path: str, process: int, seed: int, count: int, level: Level, start: Barrier, out: Path
) -> None:
    rng, done = random.Random(seed), list[Told]()
    kinds = {kind: weight for kind, weight in KINDS.items() if level == "snapshot" or kind != write_back}
    with rhizo.open(path, threads=1) as db:
        start.wait(PATIENCE)
        for number in range(count):
            (kind,) = rng.choices(list(kinds), list(kinds.values()))
            done.append(kind(db, Recorder(process, number, rng, level)))
    told(out, done)


def set_up(db: rhizo.Session) -> Transaction:
    recorder = Recorder(0, 0, random.Random(0))
    db.create_table("t", {"id": "BIGINT", "v": "VARCHAR", "w": "VARCHAR"}, key="id")
    db.create_table("graves", {"id": "BIGINT", "v": "VARCHAR"})
    with db.transaction() as tx:
        for table, ids, key in ("u", U_IDS, None), ("births", IDS, "id"), ("q", range(1), "id"):
            tx.write(table, {"id": list(ids), "v": ["first"] * len(ids)}, key=key)
            for row in ids:
                recorder.wrote(table, row, v="first")
        for row in FIRST_IDS:
            recorder.insert(tx, row)
    assert tx.result is not None
    return recorder.ended("committed", tx.result.commit)


def order_of_commits(db: rhizo.Session) -> list[rhizo.Commit]:
    log = db.log()[::-1]
    assert [commit.parents for commit in log[1:]] == [(commit.id,) for commit in log[:-1]]
    return log


TABLES = {"t": CELLS, "u": ("v",), "q": ("v",), "births": ("v",), "graves": ("v",)}


def assert_replay(db: rhizo.Session, history: list[Transaction], commits: list[rhizo.Commit]) -> None:
    """Each state on main is what the committed transactions make, one after the other in the order of the log."""
    by_commit = {transaction.commit: transaction for transaction in history if transaction.commit}
    state: dict[Any, Any] = {}
    for commit in commits:
        before = dict(state)
        for operation in by_commit[commit.id].operations:
            if isinstance(operation, Write):
                state[operation.key] = operation.value
            elif isinstance(operation, TakeBack):
                state[operation.key] = before.get(operation.key)
        deleted = {(row, token) for (table, row, _), token in state.items() if table == "graves"}
        present = {
            (table, row, column): token
            for (table, row, column), token in state.items()
            if token is not None and (table != "t" or (row, token) not in deleted)
        }
        looked_at = set(TABLES) if commit is commits[-1] else {change.table for change in commit.tables}
        found: dict[Any, Any] = {}
        for table in looked_at:
            for row, *values in db.read(table, at=commit).fetchall():
                found |= {(table, row, column): value for column, value in zip(TABLES[table], values)}
        assert found == {key: value for key, value in present.items() if key[0] in looked_at}, commit


def with_an_old_read(history: list[Transaction], rng: random.Random) -> list[Transaction]:
    """The same history, but one transaction saw of one cell what was overwritten before it began."""
    written = {(each.key, each.value): one.end for one in history for each in one.operations if isinstance(each, Write)}
    candidates = [
        (at, number, operation.key)
        for at, one in enumerate(history)
        for number, operation in enumerate(one.operations)
        if isinstance(operation, Read) and written.get((operation.key, operation.value), one.begin) < one.begin
    ]
    at, number, key = rng.choice(candidates)
    operations = list(history[at].operations)
    operations[number] = Read(key, None)
    return [*history[:at], replace(history[at], operations=tuple(operations)), *history[at + 1 :]]


@pytest.mark.parametrize("level", ["snapshot", "serializable"])
def test_random_transactions_of_four_processes_show_no_anomaly(
    path: Path, tmp_path: Path, rng: random.Random, level: Level
) -> None:
    count, outs = times(200), [tmp_path / f"history {process}" for process in range(1, 5)]
    with rhizo.open(path) as db:
        first, start = set_up(db), SPAWN.Barrier(len(outs))
        run_all(
            run_random_transactions,
            [(str(path), at + 1, rng.randrange(1 << 32), count, level, start, out) for at, out in enumerate(outs)],
        )
        commits = order_of_commits(db)
        log, landed = [commit.id for commit in commits], {commit.txn_id: commit.id for commit in commits}
        done: list[Told] = [each for out in outs for each in heard(out)]
        history = [first] + [replace(one, commit=one.commit or landed.get(txn_id, "")) for one, txn_id, _ in done]
        why = Counter(why or "committed" for _, _, why in done)
        took = (max(one.end for one in history) - min(one.begin for one in history[1:])) / 1e9
        print(f"{len(done)} transactions, {dict(why)}, {len(log)} commits, {len(log) / took:.0f} a second")
        assert_none(check(history, log, level), history)
        assert check(with_an_old_read(history, rng), log) != [], "the checker sees nothing here"
        strangers = set(log[log.index(first.commit) :]) - {one.commit for one in history}
        assert strangers == set(), "commits of no transaction that was told of it"
        assert_replay(db, history, commits[log.index(first.commit) :])
        assert why["conflict"] > 0 and db.verify().ok


# --- counters


@dataclass
class Meeting:
    """Makes each odd run of a loop begin its transaction while all other processes have begun theirs."""

    barrier: Barrier

    def wait(self, number: int) -> None:
        if number % 2:
            self.barrier.wait(PATIENCE)


def subtract_one_at_a_time(path: str, count: int, barrier: Barrier, out: Path) -> None:
    runs = 0
    with rhizo.open(path, threads=1) as db:
        barrier.wait(PATIENCE)
        for number in range(count):
            is_first = True

            def subtract(tx: rhizo.Transaction) -> None:
                nonlocal runs, is_first
                runs += 1
                if is_first:
                    Meeting(barrier).wait(number)
                is_first = False
                assert tx.update("stock", {"n": "n - 1"}, "item = 'nut'").rows_updated == 1

            db.retry(subtract, attempts=1000, timeout=PATIENCE)
    told(out, runs - count)


def test_two_processes_subtract_one_at_a_time_and_none_is_lost(path: Path, tmp_path: Path) -> None:
    count, outs = times(200), [tmp_path / "first", tmp_path / "second"]
    with rhizo.open(path) as db:
        db.write("stock", {"item": ["nut", "bolt"], "n": [2 * count, 7]}, key="item")
        barrier, began = SPAWN.Barrier(2), time.monotonic()
        run_all(subtract_one_at_a_time, [(str(path), count, barrier, out) for out in outs])
        conflicts = sum(heard(out) for out in outs)
        print(f"{2 * count} updates, {conflicts} conflicts, {2 * count / (time.monotonic() - began):.0f} a second")
        assert db.read("stock").fetchall() == [("nut", 0), ("bolt", 7)]
        assert [commit.message for commit in db.history("stock")] == [""] * (2 * count + 1)
        assert conflicts >= count // 2, "both of two that had begun changed the cell"


def add_by_rule(path: str, numbers: list[int], barrier: Barrier) -> None:
    with rhizo.open(path, threads=1) as db:
        barrier.wait(PATIENCE)
        for number, add in enumerate(numbers):
            with db.transaction() as tx:
                Meeting(barrier).wait(number)
                assert tx.update("stock", {"n": "n + ?"}, "item = 'nut'", [add]).rows_updated == 1


def test_eight_processes_change_a_column_with_rule_add_and_none_conflicts(path: Path, rng: random.Random) -> None:
    numbers = [[rng.choice([-3, -1, 1, 2, 1000]) for _ in range(times(50))] for _ in range(8)]
    with rhizo.open(path) as db:
        db.write("stock", {"item": ["nut", "bolt"], "n": [0, 7]}, key="item")
        db.set_merge_rules("stock", {"n": "add"})
        barrier, began = SPAWN.Barrier(len(numbers)), time.monotonic()
        run_all(add_by_rule, [(str(path), each, barrier) for each in numbers])
        count = sum(map(len, numbers))
        print(f"{count} updates, no conflict, {count / (time.monotonic() - began):.0f} a second")
        assert db.read("stock").fetchall() == [("nut", sum(map(sum, numbers))), ("bolt", 7)]
        assert len(db.history("stock")) == count + 2 and db.verify().ok


# --- writers that are killed


def count_up(path: str, process: int, count: int | None, start: Barrier, answers: Connection) -> None:
    """Counts up, in turn with and without a rule; says so before each commit and after it. No count: until killed."""
    with rhizo.open(path, threads=1) as db:
        start.wait(PATIENCE)
        number = 0
        while number != count:
            token, column = f"{process}.{number}", ("n", "m")[number % 2]

            def add(tx: rhizo.Transaction) -> None:
                tx.update("counters", {column: f"{column} + 1"})
                tx.append("done", {"token": [token]})
                answers.send(("try", token, tx.txn_id))

            db.retry(add, attempts=1000 if column == "n" else 1, timeout=PATIENCE)
            answers.send(("done", token, ""))
            number += 1


@dataclass
class Listener:
    """Takes down what a writer says, to its last word; kills it at a moment of the commit that it announced."""

    answers: Connection
    process: BaseProcess
    kill_at: int | None  # the number of the announcement
    moment: float  # seconds after it
    heard: list[tuple[str, str, str]] = field(default_factory=list)

    def listen(self) -> None:
        tries = 0
        with contextlib.suppress(EOFError):
            while True:
                self.heard.append(self.answers.recv())
                tries += self.heard[-1][0] == "try"
                if tries == self.kill_at and self.heard[-1][0] == "try":
                    time.sleep(self.moment)
                    self.process.kill()


@contextlib.contextmanager
def writers(path: Path, kills: list[tuple[int | None, float]], count: int) -> Iterator[list[Listener]]:
    start, listeners = SPAWN.Barrier(len(kills)), list[Listener]()
    try:
        for number, (kill_at, moment) in enumerate(kills):
            hears, says = SPAWN.Pipe(duplex=False)
            arguments = (str(path), number, count if kill_at is None else None, start, says)
            process = SPAWN.Process(target=count_up, args=arguments, daemon=True)
            process.start()
            says.close()  # so that its end is heard
            listeners.append(Listener(hears, process, kill_at, moment))
        yield listeners
    finally:
        for listener in listeners:
            listener.process.kill()
            listener.process.join()


def test_what_a_killed_writer_was_told_is_there_once(path: Path, rng: random.Random) -> None:
    victims = [(rng.randrange(1, 60), rng.uniform(0, 0.004)) for _ in range(min(16, times(6)))]
    kills: list[tuple[int | None, float]] = [*victims, (None, 0.0), (None, 0.0)]
    with rhizo.open(path) as db:
        db.write("counters", {"id": [1], "n": [0], "m": [0]}, key="id")
        db.set_merge_rules("counters", {"m": "add"})
        db.create_table("done", {"token": "VARCHAR"})
        with writers(path, kills, times(60)) as listeners:
            threads = [threading.Thread(target=listener.listen) for listener in listeners]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
            for listener in listeners:
                listener.process.join(PATIENCE)
        exits = [listener.process.exitcode for listener in listeners]
        assert exits == [-signal.SIGKILL] * len(victims) + [0, 0]

        there = [token for (token,) in db.read("done").fetchall()]
        heard = [each for listener in listeners for each in listener.heard]
        answered = {token for what, token, _ in heard if what == "done"}
        unanswered = set(there) - answered
        print(f"{len(there)} increments, {len(answered)} answered, {len(unanswered)} landed without an answer")
        assert len(set(there)) == len(there), "twice"
        assert answered <= set(there), "lost"
        assert unanswered <= {listener.heard[-1][1] for listener in listeners[: len(victims)]}
        by_column = Counter("nm"[int(token.split(".")[1]) % 2] for token in there)
        assert db.read("counters").fetchall() == [(1, by_column["n"], by_column["m"])]

        landed = {commit.txn_id: commit.id for commit in order_of_commits(db)}
        attempts = [(token, txn_id) for what, token, txn_id in heard if what == "try"]
        assert Counter(token for token, txn_id in attempts if txn_id in landed) == Counter(there)
        for _, txn_id in attempts:
            expected = ("committed", landed[txn_id]) if txn_id in landed else ("not_landed", "")
            resolution = db.resolve(txn_id)
            assert (resolution.outcome, resolution.commit) == expected
        assert db.verify().ok
        assert db.update("counters", {"n": "n + 1"}).rows_updated == 1


# --- what snapshot isolation allows


def test_write_skew_can_happen_under_snapshot_isolation(db: rhizo.Database) -> None:
    """Two doctors, one of whom has to stay on call: each sees the other there, and leaves. Documented: both commit."""
    start = db.write("on_call", {"id": [1, 2], "v": ["first", "first"]}, key="id")
    cells = [("on_call", row) for row in (1, 2)]
    history = [Transaction("start", 0, 0, 1, tuple(Write(cell, "first") for cell in cells), commit=start.commit)]
    leaving = [(db.transaction(), list[Operation]()) for _ in range(2)]
    for (tx, operations), leaves in zip(leaving, (1, 2)):
        operations += [Read(("on_call", row), v) for row, v in tx.read("on_call").fetchall()]
        tx.update("on_call", {"v": "?"}, "id = ?", [f"left {leaves}", leaves])
        operations.append(Write(("on_call", leaves), f"left {leaves}"))
    for (tx, operations), name in zip(leaving, ("A", "B")):
        history.append(Transaction(name, 0, 2, 9, tuple(operations), commit=tx.commit().commit))
    assert db.read("on_call").fetchall() == [(1, "left 1"), (2, "left 2")]
    log = [commit.id for commit in order_of_commits(db)]
    assert check(history, log, "snapshot") == []
    assert names(check(history, log, "serializable")) == {"write skew"}


CAME_AND_WENT: dict[str, list[Callable[[Any, str], object]]] = {  # ours, and what two others did one after the other
    "a row is inserted, which came and went": [
        lambda at, token: at.insert("guard", {"id": [2], "v": [token]}),
        lambda at, token: at.insert("guard", {"id": [2], "v": [token]}),
        lambda at, token: at.delete("guard", "id = 2"),
    ],
    "a cell is changed, which was changed and changed back": [
        lambda at, token: at.update("guard", {"v": "?"}, "id = 1", [token]),
        lambda at, token: at.update("guard", {"v": "?"}, "id = 1", [token]),
        lambda at, token: at.update("guard", {"v": "'first'"}, "id = 1"),
    ],
}


@pytest.mark.parametrize("isolation", ["snapshot", "serializable"])
@pytest.mark.parametrize("what", CAME_AND_WENT)
def test_what_others_changed_and_changed_back_meanwhile_is_a_conflict_only_under_serializable(
    db: rhizo.Database, what: str, isolation: Literal["snapshot", "serializable"]
) -> None:
    """Conflicts are differences of states (docs/transactions.md): who has a guard need not have seen what those did
    who had it before. Here n, and a copy of it."""
    ours, takes, gives_back = CAME_AND_WENT[what]
    db.write("guard", {"id": [1], "v": ["first"]}, key="id")
    db.write("t", {"n": [10]})
    db.write("copies", {"n": [0]})
    tx = db.transaction(isolation=isolation)
    ours(tx, "ours")
    tx.update("copies", {"n": tx.read("t").fetchall()[0][0]})
    takes(db, "theirs")
    with db.transaction() as other:
        other.update("t", {"n": "n + 1"})
        gives_back(other, "")
    with pytest.raises(rhizo.ConflictError) if isolation == "serializable" else contextlib.nullcontext():
        tx.commit()


@pytest.mark.parametrize("row_is_unit", [False, True])
def test_write_skew_inside_a_row_can_happen_unless_the_row_is_the_unit(db: rhizo.Database, row_is_unit: bool) -> None:
    db.write("t", {"id": [1], "a": [1], "b": [2]}, key="id")
    db.set_merge_rules("t", row_is_unit=row_is_unit)
    first, second = db.transaction(), db.transaction()
    first.update("t", {"a": "b"})
    second.update("t", {"b": "a"})
    first.commit()
    with pytest.raises(rhizo.ConflictError) if row_is_unit else contextlib.nullcontext():
        second.commit()
    assert db.read("t").fetchall() == [(1, 2, 2 if row_is_unit else 1)]
