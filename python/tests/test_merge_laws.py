"""Random histories against a naive merge: rows by identity, cells by value, written from docs/merge.md alone.

Each test prints its seed; RHIZO_TEST_SEED repeats it, RHIZO_TEST_SCALE makes more histories.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import rhizo

Row = tuple[Any, ...]
Rows = dict[int, Row]  # by identity, in the order of the table
Rule = Callable[[str | None], str]  # the strategy of a column, or (None) of whole rows

SCALE = float(os.environ.get("RHIZO_TEST_SCALE", "1"))
# The first column of a table is its key, or a number that tells rows apart, or (plain) there is none.
COLUMNS = {"keyed": ("k", "a", "b", "c"), "tagged": ("u", "a", "b", "c"), "plain": ("a", "b", "c")}
KINDS = tuple(COLUMNS)
TYPES = {"k": "BIGINT", "u": "BIGINT", "a": "BIGINT", "b": "VARCHAR", "c": "BIGINT"}
VALUES = {"a": (0, 1, 2, None), "b": ("x", "y", None), "c": (0, 1, None)}


@pytest.fixture
def rng() -> random.Random:
    seed = os.environ.get("RHIZO_TEST_SEED") or str(random.SystemRandom().randrange(1 << 32))
    print(f"RHIZO_TEST_SEED={seed}")
    return random.Random(seed)


def times(count: int) -> range:
    return range(max(1, round(count * SCALE)))


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
    run: Callable[[rhizo.Session], object]
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
    out = {key: row for key, row in rows.items() if rng.random() < 0.9 or 2 * len(rows) < 8}
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

    def __init__(self, db: rhizo.Database, name: str, rng: random.Random, kind: str, rows: int) -> None:
        self.db, self.name, self.rng, self.kind = db, name, rng, kind
        self.columns = COLUMNS[kind]
        self.numbers = Numbers(rng, kind, max(50, 2 * rows))
        self.nodes: dict[str, Node] = {}
        self.log: list[str] = []
        db.create_branch(f"{name}-0", db.commit(f"{'root'}").id)
        self.sessions = [db.on(f"{name}-0")]
        session = self.sessions[0]
        types = {column: TYPES[column] for column in self.columns}
        session.create_table("t", types, key="k" if kind == "keyed" else None)
        first = self.numbers.rows({}, rows)
        if first:
            session.append("t", data(kind, first.values()))
        self.nodes[session.commit().id] = Node(first, ())

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
        if self.kind == "plain":
            assert ordered(found) == ordered(rows.values())
        elif self.kind == "keyed":
            assert ordered(found) == ordered(rows.values())
        else:
            assert found == list(rows.values())

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
            out = Merge(step.rows, out.conflicts + step.conflicts)
        return out

    def base(self, ours: list[str], theirs: list[str]) -> Rows:
        common = self.maximal(self.ancestors(ours) & self.ancestors(theirs))
        return self.fold(common, lambda _: "virtual").rows

    def expected(self, ours: str, theirs: str, rule: Rule | None = None) -> Merge:
        """Of an automatic merge, or (with a rule) of a user's."""
        if rule is None:
            return self.fold(self.maximal(self.users([ours, theirs])), lambda _: "fail")
        base = self.base([ours], [theirs])
        return merge(self.columns, base, self.nodes[ours].rows, self.nodes[theirs].rows, rule)

    def is_ancestor(self, one: str, other: str) -> bool:
        return self.users([one]) <= self.ancestors([other])


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
    history.log.append(f"merge {theirs} into {ours} {strategy or ''}")
    if history.is_ancestor(their, our):
        assert not session.merge(source, **(strategy or {})).changed
        assert history.head(ours) == our
        return True
    if history.is_ancestor(our, their) and not strategy:
        assert session.merge(source).fast_forward and history.head(ours) == their
        return True
    want = history.expected(our, their, None if strategy is None else rule_of(strategy))
    tried = session.try_merge(source, **{k: v for k, v in (strategy or {}).items() if k != "message"})
    assert tried.conflicts == len(want.conflicts), (tried, want.conflicts)
    if want.conflicts:
        with pytest.raises(rhizo.MergeConflict) as caught:
            session.merge(source, **(strategy or {}))
        assert caught.value.conflicts == str(len(want.conflicts))
        assert history.head(ours) == our
        if strategy is None and len(history.maximal(history.users([our, their]))) == 2:
            check_conflicts(history, our, their, want)
        return False
    before = history.nodes[our].rows, history.nodes[their].rows
    result = session.merge(source, **(strategy or {}))
    assert result.changed and not result.fast_forward and result.commit == history.head(ours)
    found = session.read("t").fetchall()
    assert ordered(found) == ordered(want.rows.values())
    rows = reordered(history, want.rows, found)
    if history.kind == "tagged":
        for side in before:
            assert in_order(rows, side) == in_order(side, rows)
    parents = tuple(history.maximal(history.users([our, their]))) if strategy is None else (our, their)
    if history.head(ours) in history.nodes:
        assert history.nodes[history.head(ours)].rows == rows
    history.nodes[history.head(ours)] = Node(rows, parents, strategy is None)
    assert tuple(session.commit().parents) == parents
    check_diff(history, our, history.head(ours))
    return True


def rule_of(strategy: dict[str, Any]) -> Rule:
    whole = strategy.get("tables", {}).get("t", strategy.get("strategy", "fail"))
    return lambda column: str(strategy.get("columns", {}).get(("t", column), whole))


def check_conflicts(history: History, ours: str, theirs: str, want: Merge) -> None:
    found = history.db.conflicts(ours, theirs, "t")
    names, rows = found.column_names, found.fetchall()
    assert names[3:] == [f"{side}_{name}" for name in history.columns for side in ("base", "our", "their")]
    width = len(history.columns)
    none = (None,) * width
    listed = [(row[0], row[1], *(tuple(row[3 + side :: 3]) for side in range(3))) for row in rows]
    wanted = [(*conflict[:2], *(side or none for side in conflict[2:])) for conflict in want.conflicts]
    assert ordered(listed) == ordered(wanted), history.log


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


@pytest.mark.parametrize("kind", KINDS)
def test_two_branches_merge_as_the_naive_model_does(db: rhizo.Database, rng: random.Random, kind: str) -> None:
    for number in times(60):
        history = History(db, f"h{number}", rng, kind, rng.choice([0, 1, 3, 10, 40]))
        for _ in range(rng.randint(0, 3)):
            history.do_any(0)
        history.branch()
        for _ in range(rng.randint(1, 5)):
            history.do_any(rng.randrange(2))
        check_both_ways(history)
        check_time_travel(history)
    assert db.verify().ok
