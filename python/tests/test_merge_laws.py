"""Random histories against a naive merge: rows by identity, cells by value, written from docs/merge.md alone.

Each test prints its seed; RHIZO_TEST_SEED repeats it, RHIZO_TEST_SCALE makes more histories.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import rhizo
from histories import Sizes, each_history, times

Row = tuple[Any, ...]
Rows = dict[int, Row]  # by identity, in the order of the table
Rule = Callable[[str | None], str]  # the strategy of a column, or (None) of whole rows

# The first column of a table is its key, or a number that tells rows apart, or (plain) there is none.
COLUMNS = {"keyed": ("k", "a", "b", "c"), "tagged": ("u", "a", "b", "c"), "plain": ("a", "b", "c")}
KINDS = tuple(COLUMNS)
TYPES = {"k": "BIGINT", "u": "BIGINT", "a": "BIGINT", "b": "VARCHAR", "c": "BIGINT"}
VALUES = {"a": (0, 1, 2, None), "b": ("x", "y", None), "c": (0, 1, None)}


# --- the naive model


class Undefined:
    """A cell of a virtual base that its sides disagreed about: equal to nothing, not even to itself."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


UNDEFINED = Undefined()


@dataclass
class Merge:
    """What comes of three states, and what contradicts: reason, column, and the row on the three sides."""

    rows: Rows = field(default_factory=dict)
    conflicts: list[tuple[Any, ...]] = field(default_factory=list)


def merge(columns: tuple[str, ...], base: Rows, ours: Rows, theirs: Rows, rule: Rule = lambda _: "fail") -> Merge:
    out = Merge()
    for row in {**base, **ours, **theirs}:
        merge_row(out, columns, row, (base.get(row), ours.get(row), theirs.get(row)), rule)
    return out


def merge_row(out: Merge, columns: tuple[str, ...], row: int, sides: tuple[Row | None, ...], rule: Rule) -> None:
    base, ours, theirs = sides
    if ours is None or theirs is None:
        kept = ours if theirs is None else theirs
        if kept is None or (base is not None and kept == base):
            return
        if base is not None:
            kept = {"ours": ours, "theirs": theirs}.get(rule(None), (UNDEFINED,) * len(columns))
            if rule(None) in ("fail", "virtual"):
                out.conflicts.append(("delete/update", None, *sides))
        if kept is not None:
            out.rows[row] = kept
        return
    cells = []
    for at, column in enumerate(columns):
        was, our, their = None if base is None else base[at], ours[at], theirs[at]
        if our == their:
            cells.append(our)
        elif base is not None and our == was:
            cells.append(their)
        elif base is not None and their == was:
            cells.append(our)
        else:
            cells.append({"ours": our, "theirs": their}.get(rule(column), UNDEFINED))
            if rule(column) in ("fail", "virtual"):
                out.conflicts.append(("cell", column, *sides))
    out.rows[row] = tuple(cells)


# --- statements


@dataclass(frozen=True)
class Statement:
    """One call on a session, and what it makes of the rows."""

    text: str
    run: Callable[[Any], object]  # on a session or a transaction
    result: Callable[[Rows], Rows]

    def __repr__(self) -> str:
        return self.text


def cell(rng: random.Random, column: str) -> Any:
    return rng.choice(VALUES[column])


def sql(value: Any) -> str:
    return "NULL" if value is None else repr(value)


@dataclass(frozen=True)
class Condition:
    text: str
    holds: Callable[[dict[str, Any]], bool]


def condition(rng: random.Random, kind: str, rows: Rows, *, immutable: bool = False) -> Condition:
    """Of few rows, of some, of none; over equal values as well as over single rows."""
    first = COLUMNS[kind][0]
    if kind != "plain" and (immutable or rng.random() < 0.6):
        chosen = rng.sample(list(rows), min(len(rows), rng.choice([1, 1, 2, 5]))) or [-1]
        numbers = [rows[row][0] for row in chosen] if rows else [-1]
        return Condition(f"{first} IN ({', '.join(map(str, numbers))})", lambda row: row[first] in numbers)
    column, other = rng.sample(["a", "b", "c"], 2)
    value, another = cell(rng, column), cell(rng, other)
    return Condition(
        f"{column} IS NOT DISTINCT FROM {sql(value)} AND {other} IS NOT DISTINCT FROM {sql(another)}",
        lambda row: row[column] == value and row[other] == another,
    )


def expression(rng: random.Random, column: str, *, own: bool = False) -> tuple[str, Callable[[dict[str, Any]], Any]]:
    if rng.random() < 0.6 or column == "b":
        value = cell(rng, column)
        return sql(value), lambda row: value
    source = column if own else rng.choice(["a", "c"])
    return f"({source} + 1) % 3", lambda row: None if row[source] is None else (row[source] + 1) % 3


def changed(kind: str, rows: Rows, where: Condition, sets: dict[str, Callable[[dict[str, Any]], Any]]) -> Rows:
    names, out = COLUMNS[kind], {}
    for row, values in rows.items():
        old = dict(zip(names, values))
        new = {name: sets[name](old) for name in sets} if where.holds(old) else {}
        out[row] = tuple({**old, **new}.values())
    return out


def an_update(rng: random.Random, kind: str, rows: Rows, *, immutable: bool = False) -> Statement:
    where = condition(rng, kind, rows, immutable=immutable)
    sets = {name: expression(rng, name, own=immutable) for name in rng.sample(["a", "b", "c"], rng.choice([1, 1, 2]))}
    texts = {name: text for name, (text, _) in sets.items()}
    return Statement(
        f"update {texts} where {where.text}",
        lambda session: session.update("t", texts, where.text),
        lambda rows: changed(kind, rows, where, {name: value for name, (_, value) in sets.items()}),
    )


def a_delete(rng: random.Random, kind: str, rows: Rows, *, immutable: bool = False) -> Statement:
    where = condition(rng, kind, rows, immutable=immutable)
    names = COLUMNS[kind]
    return Statement(
        f"delete {where.text}",
        lambda session: session.delete("t", where.text),
        lambda rows: {row: values for row, values in rows.items() if not where.holds(dict(zip(names, values)))},
    )


class Numbers:
    """Identities of rows: of a keyed table its keys, few and often the same; else never the same twice."""

    def __init__(self, rng: random.Random, kind: str, keys: int = 50) -> None:
        self.rng, self.kind, self.keys, self.last = rng, kind, keys, 0

    def take(self, rows: Rows, count: int) -> list[int]:
        if self.kind == "keyed":
            free = [key for key in range(self.keys) if key not in rows]
            return self.rng.sample(free, min(count, len(free)))
        self.last += count
        return list(range(self.last - count + 1, self.last + 1))

    def rows(self, rows: Rows, count: int) -> Rows:
        return {number: self.row(number) for number in self.take(rows, count)}

    def row(self, number: int) -> Row:
        values = tuple(cell(self.rng, name) for name in "abc")
        return values if self.kind == "plain" else (number, *values)


def data(kind: str, rows: Iterable[Row]) -> dict[str, list[Any]]:
    every = list(rows)
    return {name: [row[at] for row in every] for at, name in enumerate(COLUMNS[kind])}


def an_append(kind: str, rows: Rows, numbers: Numbers, count: int) -> Statement:
    added = numbers.rows(rows, count)
    return Statement(
        f"append {list(added.values())}",
        lambda session: session.append("t", data(kind, added.values())),
        lambda rows: {**rows, **added},
    )


def an_upsert(rng: random.Random, rows: Rows, numbers: Numbers) -> Statement:
    """Of a table with a key; some columns are not given."""
    keys = set(rng.sample(list(rows), min(len(rows), 2))) | set(numbers.take(rows, rng.choice([0, 1, 2])))
    given = [name for name in "abc" if rng.random() < 0.7]
    values = {key: {name: cell(rng, name) for name in given} for key in keys}

    def result(rows: Rows) -> Rows:
        out = dict(rows)
        for key in keys:
            old = dict(zip("kabc", rows.get(key, (key, None, None, None))))
            out[key] = tuple({**old, **values[key]}.values())
        return out

    table = {"k": list(keys)} | {name: [values[key][name] for key in keys] for name in given}
    return Statement(f"upsert {table}", lambda session: session.upsert("t", table), result)


def a_write_back(rng: random.Random, rows: Rows, numbers: Numbers) -> Statement:
    """Of a table with a key: most rows stay, some change, go, come and move."""
    out = {key: row for key, row in rows.items() if rng.random() < 0.9}
    if 2 * len(out) <= len(rows):  # that would be a replacement
        out = dict(rows)
    for key in rng.sample(list(out), min(len(out), 2)):
        out[key] = (key, *(rng.choice([old, cell(rng, name)]) for old, name in zip(out[key][1:], "abc")))
    out |= numbers.rows(rows, rng.choice([0, 1, 2]))
    order = list(out.items())
    if rng.random() < 0.5:
        rng.shuffle(order)
    out = dict(order)
    return Statement(
        f"write {list(out.values())}", lambda session: session.write("t", data("keyed", out.values())), lambda _: out
    )


def an_insert_between(rng: random.Random, rows: Rows, numbers: Numbers) -> Statement:
    """A write-back of a table without key that only puts rows between others."""
    order = list(rows.items())
    for item in numbers.rows(rows, rng.choice([1, 2, 3])).items():
        order.insert(rng.randint(0, len(order)), item)
    out = dict(order)
    return Statement(
        f"write {list(out.values())}", lambda session: session.write("t", data("tagged", out.values())), lambda _: out
    )


def a_change_of_keys(rng: random.Random, rows: Rows) -> Statement:
    """Two keys change places, or one becomes a free one: the same as a delete and an insert."""
    one, two = (rng.sample(list(rows), 2) + [0, 0])[:2] if len(rows) > 1 else (0, 1)
    if rng.random() < 0.5:
        two = rng.randrange(50)
    text = f"CASE WHEN k = {one} THEN {two} ELSE {one} END"

    def result(rows: Rows) -> Rows:
        new = {one: two, two: one}
        moved = {new[key]: (new[key], *row[1:]) for key, row in rows.items() if key in new}
        return {key: row for key, row in rows.items() if key not in new} | moved

    where = f"k IN ({one}, {two})"
    return Statement(f"set k {text} where {where}", lambda s: s.update("t", {"k": text}, where), result)


def a_statement(rng: random.Random, kind: str, rows: Rows, numbers: Numbers) -> Statement:
    choice = rng.random()
    if choice < 0.45:
        return an_update(rng, kind, rows)
    if choice < 0.6:
        return a_delete(rng, kind, rows)
    if choice < 0.75 or kind == "plain" or not rows:
        return an_append(kind, rows, numbers, rng.choice([1, 2, 5]))
    if kind == "tagged":
        return an_insert_between(rng, rows, numbers)
    if choice < 0.88:
        return an_upsert(rng, rows, numbers)
    return a_write_back(rng, rows, numbers) if choice < 0.95 else a_change_of_keys(rng, rows)


# --- histories


@dataclass(frozen=True)
class Node:
    """A commit: its rows, its parents; of an automatic merge the user commits it stands for."""

    rows: Rows
    parents: tuple[str, ...]
    automatic: bool = False


class History:
    """Branches of one table, and next to each commit what the naive model says about it."""

    def __init__(self, db: rhizo.Database, name: str, rng: Sizes, kind: str, rows: int) -> None:
        self.db, self.name, self.rng, self.kind = db, name, rng, kind
        self.columns = COLUMNS[kind]
        self.numbers = Numbers(rng, kind, max(50, 2 * rows))
        self.nodes: dict[str, Node] = {}
        self.log: list[str] = []
        db.create_branch(f"{name}-0", "root")
        self.sessions = [db.on(f"{name}-0")]
        session = self.sessions[0]
        types = {column: TYPES[column] for column in self.columns}
        session.create_table("t", types, key="k" if kind == "keyed" else None)
        first = self.numbers.rows({}, rows)
        if first:
            session.append("t", data(kind, first.values()))
        self.nodes[session.commit().id] = Node(first, ())

    def __enter__(self) -> History:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            print(self.name, self.kind, *self.log, sep="\n")
        for session in self.sessions:
            session.close()

    def branch(self) -> None:
        name = f"{self.name}-{len(self.sessions)}"
        self.db.create_branch(name, self.head(0))
        self.sessions.append(self.db.on(name))

    def head(self, side: int) -> str:
        return self.sessions[side].commit().id

    def rows(self, side: int) -> Rows:
        return self.nodes[self.head(side)].rows

    def do(self, side: int, statement: Statement) -> None:
        head, session = self.head(side), self.sessions[side]
        self.log.append(f"{side}: {statement}")
        statement.run(session)
        rows = statement.result(self.nodes[head].rows)
        if self.head(side) != head:
            self.nodes[self.head(side)] = Node(rows, (head,))
        self.check(side, rows)

    def do_any(self, side: int) -> None:
        self.do(side, a_statement(self.rng, self.kind, self.rows(side), self.numbers))

    def read(self, at: str) -> list[Row]:
        return self.db.read("t", at=at).fetchall()

    def check(self, side: int, rows: Rows) -> None:
        found = self.sessions[side].read("t").fetchall()
        assert ordered(found) == ordered(rows.values())
        assert self.kind != "tagged" or found == list(rows.values())

    # What the law says of commits

    def users(self, commits: Iterable[str]) -> set[str]:
        """The user commits that these stand for."""
        out: set[str] = set()
        for commit in commits:
            out |= set(self.nodes[commit].parents) if self.nodes[commit].automatic else {commit}
        return out

    def ancestors(self, commits: Iterable[str]) -> set[str]:
        out: set[str] = set()
        open_ = self.users(commits)
        while open_:
            commit = open_.pop()
            if commit not in out:
                out.add(commit)
                open_ |= self.users(self.nodes[commit].parents)
        return out

    def maximal(self, commits: set[str]) -> list[str]:
        below = self.ancestors(parent for commit in commits for parent in self.nodes[commit].parents)
        return sorted(commits - below)

    def fold(self, commits: list[str], rule: Rule) -> Merge:
        out = Merge(self.nodes[commits[0]].rows)
        for done in range(1, len(commits)):
            ours, theirs = commits[:done], commits[done]
            step = merge(self.columns, self.base(ours, [theirs]), out.rows, self.nodes[theirs].rows, rule)
            out = step
            if step.conflicts and rule(None) == "fail":
                break
        return out

    def base(self, ours: list[str], theirs: list[str]) -> Rows:
        common = self.maximal(self.ancestors(ours) & self.ancestors(theirs))
        return self.fold(common, lambda _: "virtual").rows

    def expected(self, ours: str, theirs: str, rule: Rule) -> Merge:
        base = self.base([ours], [theirs])
        return merge(self.columns, base, self.nodes[ours].rows, self.nodes[theirs].rows, rule)

    def is_fold(self, ours: str, theirs: str, rows: Rows) -> bool:
        """Do the user commits that two heads stand for add up to these rows?"""
        folded = self.fold(self.maximal(self.users([ours, theirs])), lambda _: "fail")
        return not folded.conflicts and folded.rows == rows

    def is_ancestor(self, one: str, other: str) -> bool:
        """Is everything that users did up to one commit in the other?"""
        return self.users([one]) <= self.ancestors([other])

    def is_known(self, one: str, other: str) -> bool:
        """Has the other commit everything of this one, though no way over parents leads to it?"""
        return self.is_ancestor(one, other) and not self.is_below(one, other)

    def is_below(self, one: str, other: str) -> bool:
        """Does a way over parents lead from the other commit to this one?"""
        seen: set[str] = set()
        open_ = [other]
        while open_:
            commit = open_.pop()
            if commit not in seen:
                seen.add(commit)
                open_ += self.nodes[commit].parents
        return one in seen


def ordered(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=repr)


def in_order(rows: Iterable[int], kept: Iterable[int]) -> list[int]:
    kept = set(kept)
    return [row for row in rows if row in kept]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[rhizo.Database]:
    with rhizo.open(tmp_path / "db", durability="none") as opened:
        opened.tag("root")
        yield opened


def reordered(history: History, rows: Rows, found: list[Row]) -> Rows:
    """The model's rows in the order of the table, where rows can be told apart."""
    if history.kind == "plain":
        return rows
    assert {row[0] for row in found} == set(rows)
    return {row[0]: rows[row[0]] for row in found}


def check_merge(history: History, ours: int, theirs: int, strategy: dict[str, Any] | None = None) -> bool:
    """Merges one branch into another and compares with the model. Were they merged?"""
    session, source = history.sessions[ours], history.sessions[theirs].current_branch()
    our, their = history.head(ours), history.head(theirs)
    if history.is_known(our, their) or history.is_known(their, our):
        strategy = None
    history.log.append(f"merge {theirs} into {ours} {strategy or ''}")
    options = strategy or {}
    if history.is_ancestor(their, our):
        assert not session.merge(source, **options).changed
        assert history.head(ours) == our
        return True
    if history.is_ancestor(our, their) and not options.keys() & {"message", "no_ff"}:
        assert session.merge(source, **options).commit == history.head(ours) == their
        return True
    want = history.expected(our, their, rule_of(options))
    asked = {name: value for name, value in options.items() if name not in ("message", "no_ff")}
    if session.try_merge(source, **asked).conflicts != len(want.conflicts):
        found = session.conflicts(our, their, "t").to_dict()
        raise AssertionError(f"conflicts: {found}, expected: {want.conflicts}")
    if want.conflicts:
        with pytest.raises(rhizo.MergeConflict) as caught:
            session.merge(source, **options)
        assert caught.value.conflicts == str(len(want.conflicts))
        assert history.head(ours) == our
        if strategy is None:
            check_conflicts(history, our, their)
        return False
    before = history.nodes[our].rows, history.nodes[their].rows
    result = session.merge(source, **options)
    assert result.changed and not result.fast_forward and result.commit == history.head(ours)
    found = session.read("t").fetchall()
    assert ordered(found) == ordered(want.rows.values())
    rows = reordered(history, want.rows, found)
    if history.kind == "tagged":
        for side in before:
            assert in_order(rows, side) == in_order(side, rows)
    automatic = strategy is None and history.is_fold(our, their, want.rows)
    parents = (our, their)
    if strategy is None:
        parents = tuple(history.maximal(history.users([our, their])) if automatic else sorted(parents))
    if history.head(ours) in history.nodes:
        assert history.nodes[history.head(ours)].rows == rows
    history.nodes[history.head(ours)] = Node(rows, parents, automatic)
    assert tuple(session.commit().parents) == parents
    check_diff(history, our, history.head(ours))
    return True


def rule_of(strategy: dict[str, Any]) -> Rule:
    whole = strategy.get("tables", {}).get("t", strategy.get("strategy", "fail"))
    return lambda column: str(strategy.get("columns", {}).get(("t", column), whole))


def check_conflicts(history: History, ours: str, theirs: str) -> None:
    want = history.expected(ours, theirs, lambda _: "fail")
    found = history.db.conflicts(ours, theirs, "t")
    names, rows = found.column_names, found.fetchall()
    assert names[4:] == [f"{side}_{name}" for name in history.columns for side in ("base", "our", "their")]
    width = len(history.columns)
    none = (None,) * width
    listed = [(row[0], row[1], *(tuple(row[4 + side :: 3]) for side in range(3))) for row in rows]
    # What a base does not know is shown as NULL.
    wanted = [
        (*conflict[:2], *(tuple(None if cell is UNDEFINED else cell for cell in side or none) for side in conflict[2:]))
        for conflict in want.conflicts
    ]
    assert ordered(listed) == ordered(wanted)


def check_diff(history: History, before: str, after: str) -> None:
    old, new = history.nodes[before].rows, history.nodes[after].rows
    found = history.db.diff(before, after, table="t")
    want = []
    for row in {**old, **new}:
        if row not in new:
            want.append(("delete", None, *old[row]))
        elif row not in old:
            want.append(("insert", None, *new[row]))
        elif old[row] != new[row]:
            names = [name for name, one, two in zip(history.columns, old[row], new[row]) if one != two]
            want.append(("update_preimage", names, *old[row]))
            want.append(("update_postimage", names, *new[row]))
    if old == new and not len(found):
        return
    assert ordered(found.rows().fetchall()) == ordered(want)


def check_both_ways(history: History) -> None:
    """Two branches merge each other: the same commit, and once only."""
    db, heads = history.db, [history.head(0), history.head(1)]
    db.create_branch(f"{history.name}-copy", heads[0])
    if not check_merge(history, 0, 1):
        with pytest.raises(rhizo.MergeConflict):
            history.sessions[1].merge(f"{history.name}-copy")
        assert history.head(1) == heads[1]
        return
    history.sessions[1].merge(f"{history.name}-copy")
    assert history.head(1) == history.head(0)
    for at in (*heads, f"{history.name}-1"):
        assert not history.sessions[0].merge(at).changed


def check_time_travel(history: History) -> None:
    for commit, node in history.nodes.items():
        assert ordered(history.read(commit)) == ordered(node.rows.values())
    for session in history.sessions:
        for version in session.versions("t"):
            if version.commit in history.nodes:
                rows = history.nodes[version.commit].rows
                assert version.rows == len(rows)
                assert ordered(session.read("t", version=version.version).fetchall()) == ordered(rows.values())


def check_fingerprint(history: History) -> None:
    """However the rows came to be: that of a table in which they were written at once."""
    with history.db.scratch() as scratch:
        types = {column: TYPES[column] for column in history.columns}
        scratch.create_table("copy", types, key="k" if history.kind == "keyed" else None)
        rows = history.rows(0).values()
        if rows:
            scratch.append("copy", data(history.kind, rows))
        assert scratch.fingerprint("copy") == history.sessions[0].fingerprint("t")


@pytest.mark.parametrize("kind", KINDS)
def test_two_branches_merge_as_the_naive_model_does(db: rhizo.Database, rng: random.Random, kind: str) -> None:
    def one(name: str, rng: Sizes) -> None:
        with History(db, name, rng, kind, rng.size(0, 1, 3, 10, 40)) as history:
            for _ in range(rng.between(0, 3)):
                history.do_any(0)
            history.branch()
            for _ in range(rng.between(1, 5)):
                history.do_any(rng.randrange(2))
            check_both_ways(history)
            check_time_travel(history)
            check_fingerprint(history)

    each_history(rng, 40, one)
    assert db.verify().ok


def a_strategy(rng: random.Random) -> dict[str, Any]:
    """Of a user's merge: a message alone, or who is right about what."""
    side = ["ours", "theirs"]
    kind = rng.randrange(6)
    if kind == 0:
        return {"message": "by hand"}
    if kind == 1:
        return {"no_ff": True}
    if kind == 2:
        return {"strategy": rng.choice(side)}
    if kind == 3:
        return {"tables": {"t": rng.choice(side)}, "strategy": rng.choice(side)}
    columns = {("t", name): rng.choice(side) for name in "abc" if rng.random() < 0.7}
    return {"columns": columns, "strategy": rng.choice([*side, "fail"]), "message": "by column"}


@pytest.mark.parametrize("kind", KINDS)
def test_strategies_settle_what_the_naive_model_settles(db: rhizo.Database, rng: random.Random, kind: str) -> None:
    def one(name: str, rng: Sizes) -> None:
        with History(db, name, rng, kind, rng.size(1, 3, 10)) as history:
            history.branch()
            for _ in range(rng.between(2, 6)):
                history.do_any(rng.randrange(2))
            check_merge(history, 0, 1, a_strategy(rng))
            check_merge(history, 1, 0)
            check_time_travel(history)

    each_history(rng, 30, one)
    assert db.verify().ok


def check_convergence(history: History) -> None:
    """All branches merge all: the same rows everywhere, and once nobody says anything new the same commit."""
    last = len(history.sessions)
    for side in range(1, last):
        if not check_merge(history, 0, side):
            assert check_merge(history, 0, side, {"strategy": "ours"})
    for side in range(1, last):
        assert check_merge(history, side, 0)
        assert history.head(side) == history.head(0)


def check_network(history: History, by_hand: bool) -> None:
    """Two to eight branches change rows and merge each other in any order; in the end all merge all."""
    rng = history.rng
    for _ in range(rng.size(1, 2, 3, 7)):
        history.branch()
    branches = range(len(history.sessions))
    for _ in range(rng.between(3, 25)):
        if rng.random() < 0.5:
            history.do_any(rng.choice(branches))
        else:
            ours, theirs = rng.sample(branches, 2)
            check_merge(history, ours, theirs, a_strategy(rng) if by_hand and rng.random() < 0.4 else None)
    check_convergence(history)
    check_time_travel(history)


@pytest.mark.parametrize("kind", KINDS)
def test_automatic_merges_in_any_order_count_every_change_once(
    db: rhizo.Database, rng: random.Random, kind: str
) -> None:
    def one(name: str, rng: Sizes) -> None:
        with History(db, name, rng, kind, rng.size(1, 3, 10, 30)) as history:
            check_network(history, by_hand=False)

    each_history(rng, 20, one)
    assert db.verify().ok


@pytest.mark.parametrize("kind", KINDS)
def test_merges_by_users_among_automatic_ones_count_every_change_once(
    db: rhizo.Database, rng: random.Random, kind: str
) -> None:
    def one(name: str, rng: Sizes) -> None:
        with History(db, name, rng, kind, rng.size(1, 3, 10, 30)) as history:
            check_network(history, by_hand=True)

    each_history(rng, 20, one)
    assert db.verify().ok


def two_branches(db: rhizo.Database, key: str | None = None) -> tuple[rhizo.Session, rhizo.Session]:
    db.write("t", {"u": [1, 2], "a": [0, 0], "b": ["x", "x"]}, key=key)
    db.create_branch("one")
    db.create_branch("two")
    return db.on("one"), db.on("two")


@pytest.mark.parametrize("key", ["u", None])
@pytest.mark.parametrize("also", [False, True])
def test_a_criss_cross_settled_differently_is_a_conflict_again(db: rhizo.Database, key: str | None, also: bool) -> None:
    one, two = two_branches(db, key)
    one.update("t", {"a": 1}, "u = 1")
    two.update("t", {"a": 2}, "u = 1")
    head = one.commit().id
    one.merge("two", strategy="ours")
    two.merge(head, strategy="ours")
    if also:
        one.append("t", {"u": [3], "a": [0], "b": ["x"]})
    with pytest.raises(rhizo.MergeConflict):
        one.merge("two")


@pytest.mark.parametrize("key", ["u", None])
@pytest.mark.parametrize("count", [2, 20_000])  # so small that it is written anew, and as patches
def test_a_row_that_is_the_unit_and_was_settled_differently_is_a_conflict_again(
    db: rhizo.Database, key: str | None, count: int
) -> None:
    db.write("t", {"u": range(count), "a": [0] * count, "b": ["x"] * count}, key=key)
    db.set_merge_rules("t", row_is_unit=True)
    db.create_branch("one")
    db.create_branch("two")
    with db.on("one") as one, db.on("two") as two:
        one.update("t", {"a": 2, "b": "'y'"}, "u = 1")
        two.update("t", {"a": 2}, "u = 1")
        head, other = one.commit().id, two.commit().id
        one.merge(other, strategy="ours")
        two.merge(head, strategy="ours")
        for session, source in ((one, "two"), (two, "one")):
            assert session.try_merge(source).conflicts == 1
            found = db.conflicts(session.current_branch(), source, "t").to_dict()
            assert (found["_reason"], found["our_u"], found["base_u"]) == (["row"], [1], [None])
        one.merge("two", strategy="theirs", message="whole")
        assert one.scan("t", where="u = 1").fetchall() == [(1, 2, "x")]


@pytest.mark.parametrize("key", ["u", None])
def test_a_row_that_one_ancestor_deleted_and_the_other_changed_is_a_conflict_again(
    db: rhizo.Database, key: str | None
) -> None:
    one, two = two_branches(db, key)
    one.delete("t", "u = 1")
    two.update("t", {"a": 2}, "u = 1")
    head = one.commit().id
    one.merge("two", strategy="ours")
    two.merge(head, strategy="ours")
    assert len(one.read("t")) == 1 and len(two.read("t")) == 2
    for session, source in ((one, "two"), (two, "one")):
        with pytest.raises(rhizo.MergeConflict):
            session.merge(source)


@pytest.mark.parametrize("key", ["u", None])
@pytest.mark.parametrize("turn", range(8))  # the order of three ancestors is that of their ids
def test_what_two_of_three_ancestors_disagree_about_is_a_conflict_again(
    db: rhizo.Database, key: str | None, turn: int
) -> None:
    count = 130_000  # more than one segment
    db.write("t", {"u": range(count), "a": [0] * count, "b": ["x"] * count}, key=key)
    db.create_branch("one")
    db.create_branch("two")
    with db.on("one") as one, db.on("two") as two, db.on("main") as three:
        one.update("t", {"a": 1}, "u = 1")
        two.update("t", {"a": 2}, "u = 1")
        three.update("t", {"b": "'y'"}, f"u = {2 if turn % 2 else count - 1}")
        head, other = one.commit().id, two.commit().id
        one.merge(other, strategy="ours")
        one.merge("main", message="by hand")
        two.merge("main", message="by hand")
        two.merge(head, strategy="ours")
        with pytest.raises(rhizo.MergeConflict):
            one.merge("two")


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("turn", range(12))  # as above; which row stands for the key depends on ids as well
def test_a_key_that_three_ancestors_have_under_two_row_ids_is_a_conflict_again(
    db: rhizo.Database, turn: int, gone: bool
) -> None:
    db.write("t", {"u": [1, 2, 3], "a": [0, 0, 0]}, key="u")
    db.create_branch("two")
    if gone:
        db.delete("t", "u = 3")
    number = 3 if gone else 9
    db.append("t", {"u": [number], "a": [1]})
    db.create_branch("one")
    with db.on("one") as one, db.on("two") as two, db.on("main") as three:
        if gone:
            two.delete("t", "u = 3")
        two.append("t", {"u": [number], "a": [2]})
        three.update("t", {"a": 8}, "u = 1")
        one.update("t", {"a": 8}, "u = 2")
        head, other, third = (session.commit().id for session in (one, two, three))
        one.merge(third)
        one.merge(other, strategy="ours", message="as one has it")
        two.merge(head, strategy="ours", message="as two has it")
        two.merge(third, strategy="ours", message="as two has it")
        for session, source in ((one, "two"), (two, "one")):
            with pytest.raises(rhizo.MergeConflict):
                session.merge(source)
        table = db.conflicts("one", "two", "t")
        assert [row["our_u"] for row in table.to_arrow().to_pylist()] == [number], table.column_names


def test_values_dropped_with_a_column_that_the_other_side_has_too_do_not_come_back(db: rhizo.Database) -> None:
    one, two = two_branches(db)
    for session in (one, two):
        session.alter("t", add={"d": "VARCHAR"}, default={"d": "'m'"})
    one.update("t", {"d": "'o'"}, "u = 1")
    two.append("t", {"u": [3, 4], "a": [0, 0], "b": ["x", "x"], "d": ["n", "m"]})
    two.update("t", {"d": "'n'"}, "u < 3")
    two.alter("t", drop="d")
    one_head, two_head = one.commit().id, two.commit().id
    one.merge(two_head)
    two.merge(one_head)
    for session in (one, two):
        assert {row[0]: row[3] for row in session.read("t").fetchall()} == {1: "o", 2: "m", 3: "m", 4: "m"}


def test_an_inner_field_that_one_side_dropped_again_contradicts_where_rows_may_hold_it(db: rhizo.Database) -> None:
    db.create_table("t", {"u": "BIGINT", "s": "STRUCT(p INTEGER)"})
    db.append("t", [{"u": 1, "s": {"p": 1}}])
    db.create_branch("other")
    with db.on("other") as other:
        for session in (db, other):
            session.alter("t", add={"s.q": "INTEGER"})
        other.append("t", [{"u": 2, "s": {"p": 2, "q": 7}}])
        other.alter("t", drop="s.q")
        with pytest.raises(rhizo.MergeConflict, match="an inner field again"):
            db.merge("other")


def test_a_criss_cross_settled_in_the_same_way_is_settled(db: rhizo.Database) -> None:
    one, two = two_branches(db)
    one.update("t", {"a": 1}, "u = 1")
    two.update("t", {"a": 2}, "u = 1")
    head = one.commit().id
    one.merge("two", strategy="ours")
    two.merge(head, strategy="theirs")
    one.merge("two")
    assert one.read("t").fetchall() == [(1, 1, "x"), (2, 0, "x")]


@pytest.mark.parametrize("rows", [2, 20_000])  # stored anew with each change, and as patches
@pytest.mark.parametrize("key", ["u", None])
def test_the_same_commits_merge_to_the_same_commit_by_whatever_way(
    db: rhizo.Database, key: str | None, rows: int
) -> None:
    db.write("t", {"u": range(rows), "a": [0] * rows, "b": ["x"] * rows}, key=key)
    for name in ("one", "two"):
        db.create_branch(name)
    with db.on("one") as one, db.on("two") as two:
        for session in (one, two):
            session.update("t", {"a": 1}, "u = 1")
        db.create_branch("direct", "one")
        db.create_branch("later", "two")
        with db.on("later") as later, db.on("direct") as direct:
            later.update("t", {"b": "'y'"}, "u = 1")
            direct.merge("later")
            one.merge("two")
            one.merge("later")
            assert one.commit().parents == direct.commit().parents
            assert one.scan("t", where="u = 1").fetchall() == [(1, 1, "y")]
            assert one.commit().id == direct.commit().id


def test_what_the_merge_of_a_user_has_already_is_no_news(db: rhizo.Database) -> None:
    one, two = two_branches(db)
    one.update("t", {"a": 1}, "u = 1")
    two.update("t", {"a": 1}, "u = 2")
    db.create_branch("automatic", "one")
    with db.on("automatic") as automatic:
        automatic.merge("two")
        by_hand = one.merge("two", message="by hand").commit
        assert not one.merge("automatic").changed
        assert automatic.merge("one").commit == automatic.commit().id == one.commit().id == by_hand


@pytest.mark.parametrize("change", [{"rename": {"a": "n"}}, {"drop": "a"}])
def test_a_check_here_and_its_column_changed_there_contradict(db: rhizo.Database, change: dict[str, Any]) -> None:
    one, two = two_branches(db)
    one.alter("t", add_check="a < 5")
    two.alter("t", **change)
    with pytest.raises(rhizo.MergeConflict):
        one.merge("two")
    one.merge("two", strategy="ours")
    assert one.info("t").checks == ("a < 5",)


@pytest.mark.parametrize("key", ["u", None])
def test_a_table_replaced_by_the_same_rows_on_both_sides_is_no_conflict(db: rhizo.Database, key: str | None) -> None:
    one, two = two_branches(db, key)
    for session in (one, two):
        session.write("t", {"u": [8, 9], "a": [1, 2], "b": ["m", "n"]})
    one.merge("two")
    assert one.read("t").fetchall() == [(8, 1, "m"), (9, 2, "n")]


def test_who_is_right_about_a_column_dropped_here_and_changed_there_is_right(db: rhizo.Database) -> None:
    one, two = two_branches(db)
    one.update("t", {"a": 7}, "u = 1")
    two.alter("t", drop="a")
    one.merge("two", strategy="ours")
    assert one.read("t").fetchall() == [(1, 7, "x"), (2, 0, "x")]


@pytest.mark.parametrize("key", ["u", None])
@pytest.mark.parametrize("gone", ["u = 1", "u = 2", "true", "false"])
def test_rows_appended_stand_in_the_order_of_commits_whatever_went(
    db: rhizo.Database, key: str | None, gone: str
) -> None:
    one, _ = two_branches(db, key)
    with one.transaction() as tx:
        tx.delete("t", gone)
        tx.append("t", {"u": [8], "a": [0], "b": ["x"]})
        one.append("t", {"u": [7], "a": [0], "b": ["x"]})
    assert [row[0] for row in one.read("t").fetchall()[-2:]] == [7, 8]


def test_single_statements_that_meet_run_again(db: rhizo.Database) -> None:
    db.write("t", {"n": [0]})

    def work() -> None:
        with db.on("main") as session:
            for _ in range(30):
                session.update("t", {"n": "n + 1"})

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(work) for _ in range(3)]:
            done.result()
    assert db.read("t").fetchall() == [(90,)]


def replaced(history: History, side: int) -> bool:
    """Changes a branch, half of the time by a write that keeps few rows. Did it keep less than half?"""
    rng, rows = history.rng, history.rows(side)
    if rng.random() < 0.5:
        history.do(side, an_update(rng, "keyed", rows))
        return False
    kept = dict(rng.sample(list(rows.items()), min(len(rows), rng.randint(0, 3))))
    out = {**kept, **{key: history.numbers.row(key) for key in rng.sample(range(8), rng.randint(0, 2))}}
    before = history.head(side)
    history.do(side, a_write("keyed", out))
    return history.head(side) != before and (not rows or 2 * len(rows.keys() & out.keys()) < len(rows))


@pytest.mark.parametrize("commits", [0, 1, 3])
def test_a_replacement_below_a_merge_of_something_else_contradicts_still(db: rhizo.Database, commits: int) -> None:
    db.write("t", {"u": [1, 2, 3, 4], "a": [0] * 4, "b": ["x"] * 4}, key="u")
    db.create_branch("one")
    with db.on("one") as one:
        one.write("t", {"u": [1, 5, 6, 7], "a": [9, 0, 0, 0], "b": ["x"] * 4})  # keeps one row of four
        for number in range(commits):
            db.write("other", {"n": [number]})
        one.merge("main", message="by hand", no_ff=True)
        db.update("t", {"b": "'y'"}, "u = 1")
        with pytest.raises(rhizo.MergeConflict, match="replaced"):
            one.merge("main")


@pytest.mark.parametrize("settle", [True, False])
def test_a_replacement_that_was_settled_does_not_contradict_again(db: rhizo.Database, settle: bool) -> None:
    db.write("t", {"u": [1, 2, 3, 4], "a": [0] * 4, "b": ["x"] * 4}, key="u")
    db.create_branch("one")
    with db.on("one") as one:
        one.write("t", {"u": [1, 5, 6, 7], "a": [9, 0, 0, 0], "b": ["x"] * 4})  # keeps one row of four
        db.update("t", {"a": 1}, "u = 2")
        if settle:
            one.merge("main", strategy="ours")
        db.update("t", {"b": "'y'"}, "u = 1")
        if settle:
            one.merge("main")
            assert one.read("t").fetchall()[0] == (1, 9, "y") and len(one.read("t")) == 4
        else:
            with pytest.raises(rhizo.MergeConflict, match="replaced"):
                one.merge("main")


def test_a_table_replaced_on_one_side_meets_every_change_of_the_other(db: rhizo.Database, rng: random.Random) -> None:
    def one(name: str, rng: Sizes) -> None:
        with History(db, name, rng, "keyed", rng.size(0, 1, 4, 6)) as history:
            base = history.rows(0)
            history.branch()
            replaces = [any([replaced(history, side) for _ in range(rng.choice([0, 1, 1, 2]))]) for side in range(2)]
            ours, theirs = history.rows(0), history.rows(1)
            if any(replaces) and ours != base and theirs != base and ours != theirs:
                assert history.sessions[0].try_merge(history.head(1)).conflicts == 1
                with pytest.raises(rhizo.MergeConflict, match="replaced"):
                    history.sessions[0].merge(history.head(1))
                if rng.random() < 0.5:
                    history.sessions[0].merge(history.head(1), strategy="ours")
                    history.check(0, ours)
                else:
                    history.sessions[0].merge(history.head(1), tables={"t": "theirs"})
                    history.check(0, theirs)
            elif ours == theirs:
                history.sessions[0].merge(history.head(1))
                history.check(0, ours)
            else:
                check_both_ways(history)

    each_history(rng, 40, one)


# --- transactions


@dataclass
class Begun:
    """A transaction that has run its statements: the rows it saw, those it left."""

    tx: rhizo.Transaction
    snapshot: Rows
    rows: Rows
    replaces: bool
    log: list[Statement]


def begin(history: History, replaces: bool) -> Begun:
    rng, rows = history.rng, history.rows(0)
    begun = Begun(history.sessions[0].transaction(), rows, rows, replaces, [])
    for _ in range(1 if replaces else rng.randint(1, 3)):
        statement = a_statement_of_a_transaction(history, begun)
        begun.log.append(statement)
        statement.run(begun.tx)
        begun.rows = statement.result(begun.rows)
        found = begun.tx.read("t").fetchall()
        assert ordered(found) == ordered(begun.rows.values())
        assert history.kind != "tagged" or found == list(begun.rows.values())
    return begun


def a_statement_of_a_transaction(history: History, begun: Begun) -> Statement:
    rng, kind, rows = history.rng, history.kind, begun.rows
    if begun.replaces:
        added = history.numbers.rows(rows, rng.choice([0, 2])) if kind == "keyed" else {}
        return a_write(kind, {**dict(list(rows.items())[:2]), **added})
    choice = rng.random()
    if choice < 0.5:
        return an_update(rng, kind, rows)
    if choice < 0.65:
        return a_delete(rng, kind, rows)
    if choice < 0.9 or kind != "keyed":
        return an_append(kind, rows, history.numbers, rng.choice([1, 2]))
    return an_upsert(rng, rows, history.numbers)


def a_write(kind: str, rows: Rows) -> Statement:
    text = f"write {list(rows.values())}"
    return Statement(text, lambda session: session.write("t", data(kind, rows.values())), lambda _: rows)


def claims_meet(begun: Begun, head: Rows) -> bool:
    """Did others change a cell, a row or a key that this transaction changed?"""
    if begun.replaces:  # it has read the whole table, also where others wrote the same
        return head != begun.snapshot
    for row in {**begun.snapshot, **begun.rows, **head}:
        was, own, now = begun.snapshot.get(row), begun.rows.get(row), head.get(row)
        if own == was or now == was:
            continue
        if was is None or own is None or now is None:
            return True
        if any(one != old and two != old for one, old, two in zip(own, was, now)):
            return True
    return False


def check_commit(history: History, begun: Begun) -> None:
    head, before = history.rows(0), history.head(0)
    history.log.append(f"commit {begun.log}")
    if claims_meet(begun, head):
        with pytest.raises(rhizo.ConflictError) as caught:
            begun.tx.commit()
        assert caught.value.retryable
        assert history.head(0) == before
        return
    rows = merge(history.columns, begun.snapshot, head, begun.rows).rows
    if begun.replaces:
        rows = begun.rows
    committed = begun.tx.commit()
    assert committed.changed == (history.head(0) != before)
    found = history.sessions[0].read("t").fetchall()
    assert ordered(found) == ordered(rows.values())
    if history.kind != "plain":  # what this transaction added stands behind everything else
        came = [row for row in begun.rows if row not in begun.snapshot]
        assert [row[0] for row in found if row[0] in came] == came
        if not begun.replaces and came and list(begun.rows)[-len(came) :] == came:
            assert [row[0] for row in found[-len(came) :]] == came
    if history.head(0) != before:
        assert list(history.sessions[0].commit().parents) == [before]
        history.nodes[history.head(0)] = Node(reordered(history, rows, found), (before,))
        check_diff(history, before, history.head(0))


@pytest.mark.parametrize("kind", KINDS)
def test_transactions_from_one_snapshot_commit_unless_they_meet(
    db: rhizo.Database, rng: random.Random, kind: str
) -> None:
    def one(name: str, rng: Sizes) -> None:
        with History(db, name, rng, kind, rng.size(0, 2, 5, 20)) as history:
            open_: list[Begun] = []
            for _ in range(rng.between(3, 12)):
                if rng.random() < 0.5:
                    open_.append(begin(history, kind != "plain" and rng.random() < 0.1))
                elif rng.random() < 0.3:
                    history.do(0, an_update(rng, kind, history.rows(0)))
                elif open_:
                    check_commit(history, open_.pop(rng.randrange(len(open_))))
            while open_:
                check_commit(history, open_.pop(rng.randrange(len(open_))))
            check_time_travel(history)

    each_history(rng, 30, one)
    assert db.verify().ok


# --- columns


@dataclass(frozen=True)
class Column:
    """What is known of a field; whatever it is called, it is the same one by its id."""

    name: str
    type: str
    default: Any = None
    not_null: bool = False


@dataclass(frozen=True)
class Shape:
    """A table whose columns change: columns by field id, rows by number (the column u) and field id."""

    columns: dict[str, Column]
    rows: dict[int, dict[str, Any]]

    def with_column(self, name: str, column: Column) -> Shape:
        return replace(self, columns={**self.columns, name: column})

    def without_column(self, name: str) -> Shape:
        rest = {other: column for other, column in self.columns.items() if other != name}
        rows = {row: {other: values[other] for other in rest} for row, values in self.rows.items()}
        return Shape(rest, rows)


CONFLICT = "conflict"
CONTENTS = {"BIGINT": (0, 1, 2, None), "HUGEINT": (0, 1, 2, None), "VARCHAR": ("x", "y", None)}


def merged_attribute(base: Any, ours: Any, theirs: Any) -> Any:
    if ours == theirs or theirs == base:
        return ours
    return theirs if ours == base else CONFLICT


def merged_column(base: Column | None, ours: Column, theirs: Column) -> Column | None:
    if base is None:
        return ours if ours == theirs else None
    names = ("name", "type", "default", "not_null")
    sides = [[getattr(side, name) for name in names] for side in (base, ours, theirs)]
    attributes = [merged_attribute(*values) for values in zip(*sides)]
    return Column(*attributes) if CONFLICT not in attributes else None


def merged_columns(base: Shape, ours: Shape, theirs: Shape) -> dict[str, Column] | None:
    """None: they contradict."""
    out: dict[str, Column] = {}
    for name in {**base.columns, **ours.columns, **theirs.columns}:
        was, our, their = (side.columns.get(name) for side in (base, ours, theirs))
        if our and their:
            column = merged_column(was, our, their)
            if column is None:
                return None
            out[name] = column
        elif was is None:
            added = our or their
            assert added
            out[name] = added  # also where the other side added it, too, and dropped it again
        elif our or their:
            kept = ours if our else theirs
            if kept.columns[name] != was or any(
                row in base.rows and base.rows[row][name] != values[name] for row, values in kept.rows.items()
            ):
                return None
    return out if len({column.name for column in out.values()}) == len(out) else None


def merged_shape(base: Shape, ours: Shape, theirs: Shape) -> Shape | None:
    """None: they contradict."""
    columns = merged_columns(base, ours, theirs)
    if columns is None:
        return None
    added = {name: column.default for name, column in columns.items()}
    sides = [  # a row that does not know a column has what it was added with
        {row: tuple({**added, **values}[name] for name in columns) for row, values in side.rows.items()}
        for side in (base, ours, theirs)
    ]
    out = merge(tuple(columns), sides[0], sides[1], sides[2])
    rows = {row: dict(zip(columns, values)) for row, values in out.rows.items()}
    if out.conflicts or any(
        column.not_null and values[name] is None for name, column in columns.items() for values in rows.values()
    ):
        return None
    return Shape(columns, rows)


def any_change(rng: random.Random, session: rhizo.Session, shape: Shape, numbers: Numbers, was: set[str]) -> Shape:
    """Of rows or of columns; ``was`` has the names that were ever in use here."""
    field_, column = rng.choice(list(shape.columns.items()))
    choice = rng.randrange(7)
    if choice == 0:
        return add_column(rng, session, shape, was)
    if choice == 1:
        return append_shape(rng, session, shape, numbers)
    if choice == 2:
        return delete_shape(rng, session, shape)
    if choice == 3:
        return alter_column(rng, session, shape, field_, was)
    return update_shape(rng, session, shape, field_, column)


def update_shape(rng: random.Random, session: rhizo.Session, shape: Shape, field_: str, column: Column) -> Shape:
    chosen = rng.sample(list(shape.rows), min(len(shape.rows), rng.choice([1, 1, 3])))
    value = rng.choice([value for value in CONTENTS[column.type] if value is not None or not column.not_null])
    if not chosen:
        return shape
    session.update("t", {column.name: sql(value)}, f"u IN ({', '.join(map(str, chosen))})")
    rows = {row: {**values, field_: value} if row in chosen else values for row, values in shape.rows.items()}
    return replace(shape, rows=rows)


def append_shape(rng: random.Random, session: rhizo.Session, shape: Shape, numbers: Numbers) -> Shape:
    (number,) = numbers.take({}, 1)
    values = {
        name: rng.choice([value for value in CONTENTS[column.type] if value is not None or not column.not_null])
        for name, column in shape.columns.items()
    }
    session.append("t", {"u": [number]} | {shape.columns[name].name: [value] for name, value in values.items()})
    return replace(shape, rows={**shape.rows, number: values})


def delete_shape(rng: random.Random, session: rhizo.Session, shape: Shape) -> Shape:
    if not shape.rows:
        return shape
    gone = rng.choice(list(shape.rows))
    session.delete("t", f"u = {gone}")
    return replace(shape, rows={row: values for row, values in shape.rows.items() if row != gone})


def add_column(rng: random.Random, session: rhizo.Session, shape: Shape, was: set[str]) -> Shape:
    name, type_ = rng.choice(["d", "e"]), rng.choice(["BIGINT", "VARCHAR"])
    if name in was:
        return shape
    was.add(name)
    default = rng.choice([None, CONTENTS[type_][0]])
    session.alter("t", add={name: type_}, default={} if default is None else {name: sql(default)})
    rows = {row: {**values, f"{name} {type_}": default} for row, values in shape.rows.items()}
    return replace(shape, rows=rows).with_column(f"{name} {type_}", Column(name, type_, default))


def alter_column(rng: random.Random, session: rhizo.Session, shape: Shape, field_: str, was: set[str]) -> Shape:
    column = shape.columns[field_]
    choice = rng.randrange(5)
    if choice == 0 and len(shape.columns) > 1:
        session.alter("t", drop=column.name)
        return shape.without_column(field_)
    if field_ not in "abc":
        return shape
    if choice == 1:
        name = rng.choice(["p", "q", "d"])
        if name not in was:
            was.add(name)
            session.alter("t", rename={column.name: name})
            return shape.with_column(field_, Column(name, column.type, column.default, column.not_null))
    if choice == 2 and column.type == "BIGINT":
        session.alter("t", widen={column.name: "HUGEINT"})
        return shape.with_column(field_, Column(column.name, "HUGEINT", column.default, column.not_null))
    if choice == 3:
        default = rng.choice(CONTENTS[column.type])
        session.alter("t", default={column.name: sql(default)})
        return shape.with_column(field_, Column(column.name, column.type, default, column.not_null))
    if choice == 4 and all(values[field_] is not None for values in shape.rows.values()):
        session.alter("t", not_null=column.name)
        return shape.with_column(field_, Column(column.name, column.type, column.default, True))
    return shape


def check_shape(session: rhizo.Session, shape: Shape) -> None:
    names = ["u", *(column.name for column in shape.columns.values())]
    found = session.read("t")
    assert sorted(found.column_names) == sorted(names)
    want = [(row, *values.values()) for row, values in shape.rows.items()]
    assert ordered(session.scan("t", columns=names).fetchall()) == ordered(want)
    columns = {column.name: column for column in session.info("t").columns}
    for column in shape.columns.values():
        assert columns[column.name].type == column.type
        assert columns[column.name].nullable != column.not_null


@pytest.mark.parametrize("key", ["u", None])
def test_columns_that_change_merge_as_the_naive_model_does(
    db: rhizo.Database, rng: random.Random, key: str | None
) -> None:
    def one_history(history: str, rng: Sizes) -> None:
        numbers = Numbers(rng, "tagged")
        db.create_branch(f"{history}-0", "root")
        with db.on(f"{history}-0") as one:
            columns = {name: Column(name, TYPES[name]) for name in "abc"}
            first = {row: {name: cell(rng, name) for name in "abc"} for row in numbers.take({}, rng.size(1, 4, 12))}
            base = Shape(columns, first)
            rows = [{"u": row, **values} for row, values in base.rows.items()]
            one.create_table("t", {"u": "BIGINT"} | {name: TYPES[name] for name in "abc"}, key=key)
            one.append("t", {name: [row[name] for row in rows] for name in "uabc"})
            db.create_branch(f"{history}-1", f"{history}-0")
            with db.on(f"{history}-1") as two:
                check_columns(db, rng, (one, two), base, numbers)

    each_history(rng, 50, one_history)
    assert db.verify().ok


def check_columns(
    db: rhizo.Database, rng: Sizes, sessions: tuple[rhizo.Session, ...], base: Shape, numbers: Numbers
) -> None:
    shapes, was = [base, base], [{"a", "b", "c"}, {"a", "b", "c"}]
    for _ in range(rng.between(2, 6)):
        side = rng.randrange(2)
        shapes[side] = any_change(rng, sessions[side], shapes[side], numbers, was[side])
        check_shape(sessions[side], shapes[side])
    heads = [session.commit().id for session in sessions]
    want = merged_shape(base, *shapes)
    if want is None:
        for session, other in zip(sessions, reversed(heads)):
            with pytest.raises(rhizo.MergeConflict):
                session.merge(other)
        assert [session.commit().id for session in sessions] == heads
        return
    for session, other in zip(sessions, reversed(heads)):
        session.merge(other)
        check_shape(session, want)
    assert sessions[0].commit().id == sessions[1].commit().id
    for session, head, shape in zip(sessions, heads, shapes):
        with db.at(head) as before:
            check_shape(before, shape)


@pytest.mark.parametrize("kind, rows", [("keyed", 5_000), ("tagged", 5_000), ("plain", 5_000), ("any", 130_000)])
def test_large_tables_merge_as_the_naive_model_does(
    db: rhizo.Database, rng: random.Random, kind: str, rows: int
) -> None:
    def one(name: str, rng: Sizes) -> None:
        count = rows if rng.most is None else 100 * rng.most
        with History(db, name, rng, rng.choice(KINDS) if kind == "any" else kind, count) as history:
            history.branch()
            for side in (0, 1, *(rng.randrange(2) for _ in range(2 if rows > 5_000 else 5))):
                history.do_any(side)
            check_both_ways(history)
            if rows == 5_000:
                history.do_any(1)
                check_merge(history, 0, 1, {"strategy": rng.choice(["ours", "theirs"])})
                check_time_travel(history)

    each_history(rng, 1, one)
    assert db.verify().ok


# --- processes

WORKER = """
import sys, rhizo
path, number, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with rhizo.open(path) as db:
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(count):
        db.update("t", {f"c{number}": f"c{number} + 1"}, "id = ?", [n % 3])  # a column of its own
        db.retry(lambda tx: tx.update("t", {"all": '"all" + 1'}, "id = 9"), attempts=1000, timeout=600)  # one of all processes
        db.append("log", {"process": [number], "n": [n]})
        print(n, flush=True)
"""


def worker(path: Path, number: int, count: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WORKER, str(path), str(number), str(count)]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> int:
    """How often a process said that all three statements of a round were done."""
    assert process.stdout is not None
    return len(process.stdout.read().splitlines())


def test_no_update_is_lost_when_one_of_several_processes_is_killed(tmp_path: Path, rng: random.Random) -> None:
    count = len(times(30))
    with rhizo.open(tmp_path / "db") as db:
        db.write("t", [{"id": row, "all": 0, "c0": 0, "c1": 0, "c2": 0} for row in (0, 1, 2, 9)], key="id")
        db.create_table("log", {"process": "BIGINT", "n": "BIGINT"})
        workers = [worker(tmp_path / "db", number, count) for number in range(3)]
        try:
            done = kill_one(workers, rng.randrange(1, count))
        finally:
            for process in workers:
                process.kill()
        assert done[:2] == [count, count]
        check_sums(db, done)
        assert db.verify().ok


def kill_one(workers: list[subprocess.Popen[str]], after: int) -> list[int]:
    """Starts them all, kills the last one after so many rounds, waits for the others; how many rounds each did."""
    for process in workers:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in workers:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    victim = workers[-1]
    assert victim.stdout is not None
    for _ in range(after):
        victim.stdout.readline()
    victim.kill()
    done = [said(process) for process in workers]
    for process in workers[:-1]:
        assert process.wait() == 0
    victim.wait()
    return [*done[:-1], done[-1] + after]


def check_sums(db: rhizo.Database, done: list[int]) -> None:
    """What was said to be done is there; of the process that was killed at most one round more, begun and not told."""
    sums = db.sql('SELECT sum(c0), sum(c1), sum(c2), sum("all") FROM t').fetchall()[0]
    logged = [db.scan("log", columns=["n"], where=f"process = {number}").fetchall() for number in range(3)]
    assert list(sums[:2]) == done[:2] and [len(rows) for rows in logged[:2]] == done[:2]
    assert 0 <= sums[2] - done[2] <= 1 and 0 <= len(logged[2]) - done[2] <= 1
    assert 0 <= sums[3] - sum(done) <= 1
    assert all(rows == [(n,) for n in range(len(rows))] for rows in logged)


# --- many rows in few segments


@pytest.mark.parametrize("theirs", [1, 2])
def test_cells_far_apart_that_both_changed_are_compared(db: rhizo.Database, theirs: int) -> None:
    db.write("t", {"u": list(range(5_000)), "a": [0] * 5_000})
    db.create_branch("two")
    with db.on("two") as two:
        db.update("t", {"a": 1}, "u % 50 = 0")
        two.update("t", {"a": theirs}, "u % 50 = 0 OR u = 1")
    assert db.try_merge("two").conflicts == (0 if theirs == 1 else 100)


def test_transactions_change_columns_of_rows_far_apart(db: rhizo.Database) -> None:
    db.write("t", {"u": list(range(5_000)), "a": [0] * 5_000, "b": [0] * 5_000})
    with db.transaction() as tx:
        tx.update("t", {"a": 1}, "u % 50 = 0")
        db.update("t", {"b": 2}, "u % 50 = 0")
    assert db.read("t").fetchall() == [(u, 0, 0) if u % 50 else (u, 1, 2) for u in range(5_000)]
