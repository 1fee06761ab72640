"""Random histories of merge rules, writes on a base, replays and settled merges against naive models of rows.

Written from docs/merge.md alone. Each test prints its seed; RHIZO_TEST_SEED repeats it, RHIZO_TEST_SCALE makes more
histories.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

import rhizo
from histories import each_history

KINDS = ("keyed", "tagged")  # a table with the key k, and one without key in which k tells the rows apart


@pytest.fixture
def db(tmp_path: Path) -> Iterator[rhizo.Database]:
    with rhizo.open(tmp_path / "db", durability="none") as opened:
        opened.tag("root")
        yield opened


# --- tables


RULES = {
    "n": "add", "m": "multiply", "hi": "max", "lo": "min", "yes": "max", "f": "min",
    "s": "union", "i": "intersect", "v": "latest(hi)", "c": "conflict",
}  # fmt: skip
TYPES = {
    "k": "BIGINT", "n": "BIGINT", "m": "BIGINT", "hi": "BIGINT", "lo": "DECIMAL(9,2)", "yes": "BOOLEAN", "f": "DOUBLE",
    "s": "BIGINT[]", "i": "VARCHAR[]", "v": "VARCHAR", "c": "BIGINT",
    "k1": "BIGINT", "k2": "BIGINT", "k3": "BIGINT", "a": "BIGINT", "b": "BIGINT",
}  # fmt: skip
SMALL = (0, 1, 2, 3)
LISTS = ((), (1,), (2,), (1, 2), (3, 1), (2, 3, 3, 1), None)
VALUES = {
    "n": (*SMALL, None), "m": (1, 2, 2, 3, 4, 6, 6, 0, None), "hi": (*SMALL, None), "lo": (*SMALL, None),
    "yes": (True, False, None), "f": (0.0, -0.0, 1.5, math.nan, -math.inf, None), "s": LISTS,
    "i": tuple(None if items is None else tuple("xyz'"[item] for item in items) for items in LISTS),
    "v": ("p", "q", None), "c": (0, 1, None), "a": (0, 1, None), "b": (0, 1, None),
}  # fmt: skip


class Row(NamedTuple):
    """A row: the id it was born with (of a merge that may have taken either of two: both) and its cells."""

    id: Any
    cells: dict


Rows = dict  # k -> Row, in the order of the table


@dataclass(frozen=True)
class Table:
    kind: str
    columns: tuple  # without those that tell rows apart
    rules: dict = field(default_factory=dict)
    row_is_unit: bool = False
    delete_wins: bool = False

    @property
    def tags(self) -> tuple:
        """Without a key rows are paired by their cells: other tags are more than half of them."""
        return ("k", "k1", "k2", "k3") if self.kind == "tagged" and not self.rules else ("k",)

    @property
    def names(self) -> tuple:
        return (*self.tags, *self.columns)

    def rule(self, column: str) -> str:
        return self.rules.get(column, "conflict")

    def create(self, session: Any) -> None:
        session.create_table("t", {name: TYPES[name] for name in self.names}, key="k" if self.kind == "keyed" else None)
        if self.rules or self.row_is_unit or self.delete_wins:
            session.set_merge_rules("t", self.rules, row_is_unit=self.row_is_unit, delete_wins=self.delete_wins)

    def data(self, rows: Rows) -> dict:
        types = {"BIGINT": pa.int64(), "DECIMAL(9,2)": pa.decimal128(9, 2), "BOOLEAN": pa.bool_(),
                 "DOUBLE": pa.float64(), "VARCHAR": pa.string(), "BIGINT[]": pa.list_(pa.int64()),
                 "VARCHAR[]": pa.list_(pa.string())}  # fmt: skip
        columns = {name: [key if name in self.tags else row.cells[name] for key, row in rows.items()]
                   for name in self.names}  # fmt: skip
        return pa.table({name: pa.array(values, types[TYPES[name]]) for name, values in columns.items()})


def any_table(rng: random.Random, kind: str, *, rules: bool) -> Table:
    if not rules:
        return Table(kind, ("a", "b"), {}, rng.random() < 0.1, rng.random() < 0.1)
    columns = rng.sample(list(RULES), 4)
    if "v" in columns and "hi" not in columns:
        columns.append("hi")
    rules = {name: RULES[name] for name in columns if RULES[name] != "conflict"}
    return Table(kind, tuple(columns), rules, rng.random() < 0.1, rng.random() < 0.3)


def shown(value: Any) -> Any:
    """A value so that equal means the same bytes, and everything has an order."""
    if isinstance(value, float):
        return ("nan", 0) if math.isnan(value) else (repr(value), 0)
    return tuple(value) if isinstance(value, list) else value


def stored(table: Table, column: str, value: Any) -> Any:
    is_set = table.rule(column) in ("union", "intersect")
    return tuple(sorted(set(value))) if is_set and value is not None else value


def seen(table: Table, rows: Rows) -> list:
    """The rows as a read gives them."""
    tags = len(table.tags)
    return [((key,) * tags, *(shown(row.cells[name]) for name in table.columns)) for key, row in rows.items()]


def found(table: Table, session: Any, **at: Any) -> list:
    result = session.read("t", **at)
    assert result.column_names == list(table.names)
    tags = len(table.tags)
    return [(row[:tags], *map(shown, row[tags:])) for row in result.fetchall()]


def ordered(rows: list) -> list:
    return sorted(rows, key=repr)


# --- the naive model: cells by rule


CONFLICT = object()


def greatness(value: Any) -> Any:
    """The one total order: -0.0 < 0.0, NaN greatest."""
    if isinstance(value, float):
        return (1, 0.0, 0.0) if math.isnan(value) else (0, value, math.copysign(1, value))
    return value


def by_rule(rule: str, was: Any, our: Any, their: Any, absent: bool) -> Any:
    """What two changes of one cell come to that are not NULL."""
    absent = absent or was is None
    if rule in ("max", "min"):
        return (max if rule == "max" else min)(our, their, key=greatness)
    if rule == "add":
        return our + their - (0 if absent else was)
    if rule == "multiply":
        if 0 in (our, their) or (was == 0 and not absent):
            return CONFLICT
        out = Fraction(our * their, 1 if absent else was)
        return out.numerator if out.denominator == 1 else CONFLICT
    if rule == "union":
        base = set() if absent else set(was)
        out = (set(our) & set(their)) | (set(our) - base) | (set(their) - base)
        return tuple(sorted(out))
    if rule == "intersect":
        return tuple(sorted(set(our) & set(their)))
    return CONFLICT


def merged_cell(
    table: Table, name: str, base: Row | None, ours: Row, theirs: Row, commits: bool, is_picked: bool
) -> Any:
    rule, absent = table.rule(name), base is None
    was, our, their = (None if row is None else row.cells[name] for row in (base, ours, theirs))
    if is_picked and rule in ("add", "multiply") and (absent or base.id not in (ours.id, theirs.id)):
        return our if shown(our) == shown(their) else CONFLICT  # one insert, maybe in the place of base's row
    if absent and is_one(ours, theirs):
        if rule == "latest(hi)" or (table.kind == "keyed" and rule in ("add", "multiply", "intersect")):
            raise Unknown  # see test_a_picked_row_with_a_counter_is_counted_once, and the one with latest
        return one_row_twice(rule, our, their)
    by_us, by_them = (absent or shown(now) != shown(was) for now in (our, their))
    if rule.startswith("latest"):
        by = rule[7:-1]
        times_ = [row.cells[by] for row in (ours, theirs)]
        by_us = by_us or shown(times_[0]) != shown(base.cells[by])
        by_them = by_them or shown(times_[1]) != shown(base.cells[by])
        if by_us and by_them:
            key = lambda side: [(value is not None, value) for value in side]  # noqa: E731
            return max(zip(times_, (our, their)), key=key)[1]
    if not (by_us and by_them):
        return our if by_us else their
    if shown(our) == shown(their) and rule not in ("add", "multiply") and not (commits and rule == "conflict"):
        return our
    if our is None and their is None and rule != "conflict":
        return None
    if our is None or their is None:
        return CONFLICT
    return by_rule(rule, was, our, their, absent)


def is_one(ours: Row, theirs: Row) -> bool:
    """Are these two rows without a base one row by its id?"""
    one, other = (row.id if isinstance(row.id, frozenset) else frozenset([row.id]) for row in (ours, theirs))
    if one & other and len(one | other) > 1:
        raise Unknown
    return one == other


class Unknown(Exception):
    """The documentation does not say (which of two ids is lower), or a test of its own says that this is broken."""


def one_row_twice(rule: str, our: Any, their: Any) -> Any:
    if shown(our) == shown(their):
        return our
    decided = rule in ("max", "min", "union") and our is not None and their is not None
    return by_rule(rule, None, our, their, True) if decided else CONFLICT


@dataclass
class Merged:
    rows: Rows
    conflicts: set  # of (k, column), of whole rows (k, None)


def merge(
    table: Table, base: Rows, ours: Rows, theirs: Rows, *,
    commits: bool = False, settled: dict | None = None, picked: frozenset = frozenset(),
) -> Merged:
    """``commits``: with the law of commits; ``settled``: by conflict a side, or of a cell a value as a list of one;
    ``picked``: keys of rows that one pick brought to both.
    """
    out, settled = Merged({}, set()), settled or {}
    for key in {**ours, **theirs, **base}:
        sides = base.get(key), ours.get(key), theirs.get(key)
        row = merged_row(table, key, *sides, commits, out.conflicts, settled, key in picked)
        if row is not None:
            out.rows[key] = row
    return out


def same(one: Row | None, other: Row | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(shown(one.cells[name]) == shown(other.cells[name]) for name in one.cells)


def merged_row(
    table: Table, key: int, base: Row | None, ours: Row | None, theirs: Row | None,
    commits: bool, conflicts: set, by: dict, is_picked: bool,
) -> Row | None:  # fmt: skip
    if same(base, ours):
        return place(base, ours, theirs, theirs)
    if same(base, theirs):
        return place(base, ours, theirs, ours)
    sides = {"ours": ours, "theirs": theirs}
    if ours is None or theirs is None:
        if ours is theirs and not commits or (table.delete_wins and ours is not theirs):
            return None
    elif base is None or not table.row_is_unit:
        cells = {}
        for name in table.columns:
            cell = merged_cell(table, name, base, ours, theirs, commits, is_picked)
            if cell is CONFLICT:
                cell = settle(by.get((key, name)), sides, name)
                conflicts |= {(key, name)} if cell is CONFLICT else set()
            cells[name] = cell
        if commits and base is None:
            conflicts.add((key, None))
        return place(base, ours, theirs, Row(None, cells))
    if same(ours, theirs) and not commits and ours is not None:
        raise Unknown  # see test_two_equal_changes_of_a_row_that_is_the_unit_contradict_whatever_else_changed
    if (key, None) in by:
        return sides[by[key, None]]
    conflicts.add((key, None))
    return ours


def settle(how: Any, sides: dict, name: str) -> Any:
    if how is None:
        return CONFLICT
    return how[0] if isinstance(how, list) else sides[how].cells[name]


def place(base: Row | None, ours: Row | None, theirs: Row | None, row: Row | None) -> Row | None:
    """A row under the id that it comes to have: three-way, of two new ones the lower."""
    if row is None:
        return None
    ids = [side.id for side in (ours, theirs) if side is not None and (base is None or side.id != base.id)]
    known = set().union(*(one if isinstance(one, frozenset) else {one} for one in ids))
    return Row(frozenset(known) if len(known) > 1 else known.pop() if known else base.id, row.cells)


def refuses(table: Table, before: Rows, after: Rows) -> bool:
    """Does a change of rows go against the direction of a rule?"""
    return any(
        against(table, name, before[key].cells, after[key].cells)
        for key in before.keys() & after.keys()
        for name in table.columns
    )


def against(table: Table, name: str, before: dict, after: dict) -> bool:
    rule, was, now = table.rule(name), before[name], after[name]
    if shown(was) == shown(now):
        return False
    if rule.startswith("latest"):
        time, later = before[rule[7:-1]], after[rule[7:-1]]
        return later is None or not (time is None or later > time)
    if was is None or rule not in ("max", "min", "union", "intersect"):
        return False
    if now is None:
        return True
    if rule in ("max", "min"):
        return (greatness(now) < greatness(was)) == (rule == "max")
    return not (set(was) <= set(now) if rule == "union" else set(now) <= set(was))


# --- statements


@dataclass
class Statement:
    text: str
    run: Callable  # on a session; takes reset
    result: Callable  # from rows to rows

    def __repr__(self) -> str:
        return self.text


class Maker:
    """Makes statements on one table; each row that it makes has an id of its own."""

    def __init__(self, rng: random.Random, table: Table, keys: int = 8) -> None:
        self.rng, self.table, self.keys, self.last = rng, table, keys, 0

    def row(self, **cells: Any) -> Row:
        self.last += 1
        every = {name: stored(self.table, name, self.rng.choice(VALUES[name])) for name in self.table.columns}
        return Row(self.last, every | cells)

    def rows(self, rows: Rows, count: int) -> Rows:
        if self.table.kind == "keyed":
            free = [key for key in range(self.keys) if key not in rows]
            chosen = self.rng.sample(free, min(count, len(free)))
        else:
            chosen = [self.last + 1 + number for number in range(count)]
        return {key: self.row() for key in chosen}

    def near(self, name: str, row: Row) -> Any:
        """A value for a cell, more often than not one that goes its rule's way."""
        rule, was, value = self.table.rule(name), row.cells[name], self.rng.choice(VALUES[name])
        if was is None or value is None or self.rng.random() < 0.25:
            return value
        if rule in ("max", "min"):
            return (max if rule == "max" else min)(was, value, key=greatness)
        if rule == "union":
            return (*value, *was)
        if rule == "intersect":
            return tuple(item for item in was if item in value)
        return was * self.rng.choice([2, 3]) if rule == "multiply" else value

    def changes(self, row: Row, most: int = 2) -> dict:
        out = {name: self.near(name, row) for name in self.rng.sample(self.table.columns, self.rng.randint(1, most))}
        if "v" in out and self.rng.random() < 0.8:
            out["hi"] = (row.cells["hi"] or 0) + self.rng.choice([0, 1, 1, 2])
        return out

    def changed(self, row: Row, changes: dict) -> Row:
        cells = {name: stored(self.table, name, value) for name, value in changes.items()}
        return Row(row.id, row.cells | cells)

    def update(self, rows: Rows) -> Statement:
        chosen = self.rng.sample(list(rows), min(len(rows), self.rng.choice([1, 1, 1, 2, 5]))) or [-1]
        changes = self.changes(rows[chosen[0]]) if rows else {self.table.columns[0]: None}
        where = f"k IN ({', '.join(map(str, chosen))})"
        texts = {name: sql(name, value) for name, value in changes.items()}
        if "n" in changes and self.rng.random() < 0.8:
            texts["n"] = f"n + {changes['n']}" if changes["n"] is not None else "n + 1"

        def result(rows: Rows) -> Rows:
            out = dict(rows)
            for key in chosen:
                if key in out:
                    new = dict(changes)
                    if texts.get("n", "").startswith("n +"):
                        old = out[key].cells["n"]
                        new["n"] = None if old is None else old + int(texts["n"][4:])
                    out[key] = self.changed(out[key], new)
            return out

        return Statement(f"update {texts} {where}", lambda on, **how: on.update("t", texts, where, **how), result)

    def delete(self, rows: Rows) -> Statement:
        gone = self.rng.sample(list(rows), min(len(rows), self.rng.choice([1, 1, 2])))
        where = f"k IN ({', '.join(map(str, gone or [-1]))})"
        result = lambda rows: {key: row for key, row in rows.items() if key not in gone}  # noqa: E731
        return Statement(f"delete {where}", lambda on, **_: on.delete("t", where), result)

    def append(self, rows: Rows) -> Statement:
        added = self.rows(rows, self.rng.choice([1, 1, 2]))
        data = self.table.data(added)
        return Statement(f"append {seen(self.table, added)}", lambda on, **_: on.append("t", data), lambda r: r | added)

    def upsert(self, rows: Rows) -> Statement:
        keys = {*self.rng.sample(list(rows), min(len(rows), 2)), *self.rows(rows, self.rng.choice([0, 1]))}
        out = dict(rows)
        for key in keys:
            out[key] = self.changed(rows[key], self.changes(rows[key])) if key in rows else self.row()
        data = self.table.data({key: out[key] for key in keys})
        text = f"upsert {seen(self.table, {key: out[key] for key in keys})}"
        return Statement(text, lambda on, **how: on.upsert("t", data, **how), lambda _: out)

    def edited(self, rows: Rows, *, between: bool) -> Rows:
        """The rows as somebody may write them back: most stay, some change, go, come (between others, too)."""
        out: Rows = {}
        for key, row in rows.items():
            if between and self.rng.random() < 0.1:
                out |= self.rows(rows | out, 1)
            choice = self.rng.random()
            if choice < 0.15 and between:
                continue
            # Without a key a row of which more than half changes is another one.
            changes = list(self.changes(row).items())[: len(self.table.names) // 2]
            out[key] = self.changed(row, dict(changes)) if choice < 0.5 else row
        if between and self.rng.random() < 0.4:
            out |= self.rows(rows | out, self.rng.choice([1, 2]))
        return out

    def write(self, rows: Rows) -> Statement:
        # Without tags a row that comes may be taken for one that goes.
        out = self.edited(rows, between=self.table.kind == "keyed" or not self.table.rules)
        if 2 * len(out.keys() & rows.keys()) <= len(rows):
            out = rows
        data = self.table.data(out)
        return Statement(f"write {seen(self.table, out)}", lambda on, **how: on.write("t", data, **how), lambda _: out)

    def any(self, rows: Rows, *, writes: bool = True) -> Statement:
        choice = self.rng.random()
        if choice < 0.15:
            return self.append(rows)
        if choice < 0.25:
            return self.delete(rows)
        if choice < 0.4 and writes and rows:
            return self.write(rows)
        return self.upsert(rows) if choice < 0.6 and self.table.kind == "keyed" else self.update(rows)


def sql(name: str, value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, tuple):
        items = ", ".join(sql("", item) for item in value)
        return f"[{items}]::{TYPES[name]}"
    if isinstance(value, float):
        return f"'{value}'::DOUBLE"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


class History:
    """Branches of one table, and next to each commit its rows as the model has them."""

    def __init__(self, db: Any, name: str, rng: random.Random, table: Table, rows: int) -> None:
        self.db, self.name, self.rng, self.table = db, name, rng, table
        self.make = Maker(rng, table)
        self.states: dict = {}
        self.parents: dict = {}
        self.log: list = [table]
        db.create_branch(f"{name}-0", "root")
        self.sessions = [db.on(f"{name}-0")]
        table.create(self.sessions[0])
        first = self.make.rows({}, rows)
        if first:
            self.sessions[0].append("t", table.data(first))
        self.log.append(f"rows {seen(table, first)}")
        self.states[self.head(0)] = first
        self.root = self.head(0)

    def __enter__(self) -> History:
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        if kind is not None:
            print(self.name, *self.log, sep="\n")
        for session in self.sessions:
            session.close()

    def branch(self) -> None:
        self.db.create_branch(f"{self.name}-{len(self.sessions)}", self.head(0))
        self.sessions.append(self.db.on(f"{self.name}-{len(self.sessions)}"))

    def head(self, side: int) -> str:
        return self.sessions[side].commit().id

    def rows(self, side: int) -> Rows:
        return self.states[self.head(side)]

    def moved(self, side: int, before: str, rows: Rows) -> None:
        """The branch has these rows now; a new commit if it is one."""
        self.check(self.sessions[side], rows)
        if self.head(side) != before:
            self.states[self.head(side)] = in_order_of(rows, found(self.table, self.sessions[side]))
            self.parents[self.head(side)] = before

    def check(self, session: Any, rows: Rows, **at: Any) -> None:
        assert ordered(found(self.table, session, **at)) == ordered(seen(self.table, rows))

    def do(self, side: int, statement: Statement) -> None:
        before, rows = self.head(side), self.rows(side)
        self.log.append(f"{side}: {statement}")
        result = done(self, self.sessions[side], statement, rows)
        self.moved(side, before, result)
        check_diff(self, before, self.head(side))

    def do_any(self, side: int) -> None:
        self.do(side, self.make.any(self.rows(side)))

    def unchanged(self, side: int, head: str) -> None:
        assert self.head(side) == head
        assert found(self.table, self.sessions[side]) == seen(self.table, self.states[head])

    def check_states(self) -> None:
        for commit, rows in self.states.items():
            assert found(self.table, self.db, at=commit) == seen(self.table, rows)


def done(history: History, on: Any, statement: Statement, rows: Rows) -> Rows:
    """Runs a statement; if it goes against a rule it is refused, and changes nothing, unless it resets."""
    result = statement.result(rows)
    if not refuses(history.table, rows, result):
        statement.run(on)
        return result
    before = found(history.table, on)
    with pytest.raises(rhizo.ConstraintError):
        statement.run(on)
    assert found(history.table, on) == before
    if history.rng.random() < 0.7:
        return rows
    history.log.append("reset")
    statement.run(on, reset=True)
    return result


def in_order_of(rows: Rows, read: list) -> Rows:
    return {row[0][0]: rows[row[0][0]] for row in read}


def check_diff(history: History, before: str, after: str) -> None:
    """Rows are the same rows by their identity: in a keyed table their keys, else their ids."""
    old, new, table = history.states[before], history.states[after], history.table
    want = []
    for key in {**old, **new}:
        was, now = old.get(key), new.get(key)
        if was is None or now is None:
            want.append(("insert" if was is None else "delete", None, key))
        elif not same(was, now):
            names = [name for name in table.columns if shown(was.cells[name]) != shown(now.cells[name])]
            want += [("update_preimage", names, key), ("update_postimage", names, key)]
    diff = history.db.diff(before, after, table="t")
    rows = diff.rows().fetchall() if len(diff) else []
    assert ordered([row[:3] for row in rows]) == ordered(want)


def check_order(table: Table, merged: Rows, *sides: Rows) -> None:
    """Of a table without key, in which nothing moves: what stands before what on one side does so in the end."""
    for rows in sides if table.kind == "tagged" else ():
        assert [key for key in merged if key in rows] == [key for key in rows if key in merged]


# --- rules


@pytest.mark.parametrize("kind", KINDS)
def test_two_branches_merge_by_the_rules_of_their_columns(db, rng, kind) -> None:
    def one(name, rng) -> None:
        with History(db, name, rng, any_table(rng, kind, rules=True), rng.size(1, 2, 4, 6)) as history:
            history.branch()
            for _ in range(rng.between(2, 7)):
                history.do_any(rng.randrange(2))
            try:
                check_merge(history)
            except Unknown:
                return
            history.check_states()

    each_history(rng, 40, one)
    assert db.verify().ok


def check_merge(history: History, picked: frozenset = frozenset()) -> bool:
    heads, sides = [history.head(0), history.head(1)], [history.rows(0), history.rows(1)]
    base, source = history.states[history.root], history.sessions[1].current_branch()
    history.log.append("merge")
    if history.root in heads:
        return False
    want = merge(history.table, base, *sides, picked=picked)
    assert history.sessions[0].try_merge(source).conflicts == len(want.conflicts), want.conflicts
    if want.conflicts:
        with pytest.raises(rhizo.MergeConflict):
            history.sessions[0].merge(source)
        history.unchanged(0, heads[0])
        return False
    history.sessions[0].merge(source)
    history.moved(0, heads[0], want.rows)
    check_diff(history, heads[0], history.head(0))
    check_diff(history, heads[1], history.head(0))
    check_order(history.table, history.rows(0), *sides)
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_concurrent_transactions_commit_by_the_rules_of_their_columns(db, rng, kind) -> None:
    def one(name, rng) -> None:
        with History(db, name, rng, any_table(rng, kind, rules=True), rng.size(1, 2, 4, 6)) as history:
            begun = []
            for _ in range(rng.between(3, 8)):
                if rng.random() < 0.4:
                    begun.append(begin(history))
                elif rng.random() < 0.4 and begun:
                    commit(history, *begun.pop(rng.randrange(len(begun))))
                else:
                    history.do_any(0)
            while begun:
                commit(history, *begun.pop(rng.randrange(len(begun))))
            history.check_states()

    each_history(rng, 30, one)
    assert db.verify().ok


def begin(history: History) -> tuple:
    tx, snapshot = history.sessions[0].transaction(), history.rows(0)
    rows = snapshot
    for _ in range(history.rng.randint(1, 3)):
        statement = history.make.any(rows, writes=False)
        history.log.append(f"tx {tx.txn_id[:4]}: {statement}")
        rows = done(history, tx, statement, rows)
        history.check(tx, rows)
    return tx, snapshot, rows


def commit(history: History, tx: Any, snapshot: Rows, own: Rows) -> None:
    before, head = history.head(0), history.rows(0)
    history.log.append(f"tx {tx.txn_id[:4]} commits")
    want = merge(history.table, snapshot, head, own, commits=True)
    if want.conflicts:
        with pytest.raises(rhizo.ConflictError) as caught:
            tx.commit()
        assert caught.value.retryable
        history.unchanged(0, before)
        return
    tx.commit()
    history.moved(0, before, want.rows)
    check_diff(history, before, history.head(0))
    check_order(history.table, history.rows(0), head, own)


# --- writes on a base


@pytest.mark.parametrize("rules", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_made_of_an_old_version_merges_with_what_others_did(db, rng, kind, rules) -> None:
    def one(name, rng) -> None:
        table = any_table(rng, kind, rules=rules)
        with History(db, name, rng, table, rng.size(0, 2, 4, 6)) as history:
            history.branch()
            for _ in range(rng.between(2, 10)):
                if rng.random() < 0.5:
                    history.do_any(0)
                elif rng.random() < 0.1:
                    history.do_any(1)  # its commits may be bases here
                elif rng.random() < 0.3:
                    write_in_a_transaction(history)
                else:
                    write_on_a_base(history, history.sessions[0], history.rows(0))
            history.check_states()

    each_history(rng, 30, one)
    assert db.verify().ok


def write_on_a_base(history: History, on: Any, head: Rows) -> Rows | None:
    """On a session or a transaction that has these rows; returns those it has then."""
    rng, table, before = history.rng, history.table, history.head(0)
    version = rng.choice(list(history.states))
    base = history.states[version]
    edited = history.make.edited(base, between=table.kind == "keyed" or not table.rules)
    if 2 * len(edited.keys() & base.keys()) < len(base) or not base:
        edited = base  # see test_what_was_made_of_few_rows_of_its_base_merges
    moves = table.kind == "keyed" and rng.random() < 0.2
    order = dict(rng.sample(list(edited.items()), len(edited))) if moves else edited
    want = merge(table, base, head, edited, commits=True)
    history.log.append(f"write {seen(table, order)} base {seen(table, base)}")
    given = rng.choice([version, version[:30], history.db.read("t", at=version)])
    write = lambda **how: on.write("t", table.data(order), base=given, **how)  # noqa: E731
    refused = refuses(table, base, edited)
    if refused:
        with pytest.raises((rhizo.ConstraintError, rhizo.ConflictError) if want.conflicts else rhizo.ConstraintError):
            write()
        assert ordered(found(table, on)) == ordered(seen(table, head))
    if want.conflicts:
        with pytest.raises(rhizo.ConflictError):
            write(reset=True)
        assert ordered(found(table, on)) == ordered(seen(table, head))
        return head
    assert write(reset=refused).base == version
    if on is history.sessions[0]:
        history.moved(0, before, want.rows)
        check_diff(history, before, history.head(0))
    history.check(on, want.rows)
    rows = in_order_of(want.rows, found(table, on))
    check_order(table, rows, head, edited)
    return rows


def write_in_a_transaction(history: History) -> None:
    tx, snapshot = history.sessions[0].transaction(), history.rows(0)
    own = write_on_a_base(history, tx, snapshot)
    if history.rng.random() < 0.5:
        history.do_any(0)
    commit(history, tx, snapshot, own)


# --- replays


@pytest.mark.parametrize("rules", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_commits_are_undone_and_done_again_as_merges_with_another_base(db, rng, kind, rules) -> None:
    def one(name, rng) -> None:
        table = any_table(rng, kind, rules=rules)
        with History(db, name, rng, table, rng.size(1, 3, 6)) as history:
            history.branch()
            try:
                for _ in range(rng.between(4, 14)):
                    choice = rng.random()
                    if choice < 0.55:
                        history.do_any(rng.randrange(2))
                    elif choice < 0.95:
                        replay(history, "revert" if choice < 0.75 else "cherry_pick")
                    else:
                        rebase(history)
            except Unknown:
                return
            history.check_states()

    each_history(rng, 30, one)
    assert db.verify().ok


def line(history: History, side: int) -> list:
    """The commits of a branch after the first one, oldest first."""
    out, commit_ = [], history.head(side)
    while commit_ in history.parents:
        out.append(commit_)
        commit_ = history.parents[commit_]
    return out[::-1]


def replay(history: History, verb: str) -> None:
    rng, head = history.rng, history.head(0)
    commits = line(history, 0 if verb == "revert" else 1)
    commits = [one for one in commits if verb == "revert" or one not in line(history, 0)]
    if not commits:
        return
    chosen = rng.choice(commits)
    after, before = history.states[chosen], history.states[history.parents[chosen]]
    base, theirs = (after, before) if verb == "revert" else (before, after)
    history.log.append(f"{verb} of {seen(history.table, before)} -> {seen(history.table, after)}")
    want = merge(history.table, base, history.states[head], theirs)
    if want.conflicts:
        with pytest.raises(rhizo.MergeConflict):
            getattr(history.sessions[0], verb)(chosen)
        history.unchanged(0, head)
        return
    moved = getattr(history.sessions[0], verb)(chosen)
    assert (moved.before, moved.commit) == (head, history.head(0))
    assert moved.changed == (history.head(0) != head)
    history.moved(0, head, want.rows)
    check_diff(history, head, history.head(0))
    check_order(history.table, history.rows(0), history.states[head])
    if verb == "cherry_pick" and moved.changed:
        assert history.sessions[0].commit().picked_from == (history.db.commit(chosen).picked_from or chosen)


def rebase(history: History) -> None:
    """The branch's own commits on top of the other branch: as many picks, in order, or nothing."""
    head, onto = history.head(0), history.head(1)
    theirs = line(history, 1)
    ours = line(history, 0)
    origin = {one: history.db.commit(one).picked_from or one for one in {*ours, *theirs}}
    there = Counter(origin[one] for one in theirs if one not in ours)
    mine = []
    for one in ours:
        if one in theirs:
            continue
        if there[origin[one]] > 0:  # what was picked there is there already, as often as it was
            there[origin[one]] -= 1
        else:
            mine.append(one)
    history.log.append(f"rebase {len(mine)}")
    states = [history.states[onto]]
    for one in mine:
        want = merge(history.table, history.states[history.parents[one]], states[-1], history.states[one])
        if want.conflicts:
            with pytest.raises(rhizo.MergeConflict) as caught:
                history.sessions[0].rebase(onto)
            assert caught.value.commit == one
            history.unchanged(0, head)
            return
        states.append(want.rows)
    history.sessions[0].rebase(onto)
    history.check(history.sessions[0], states[-1])
    log = [one.id for one in history.sessions[0].log()]
    made = log[: log.index(onto)][::-1]
    for one in [one for one in made if not history.db.diff(f"{one}~1", one)]:
        made.remove(one)  # see test_what_changes_nothing_makes_no_commit
    every = [ordered(seen(history.table, rows)) for rows in states]
    changed = [rows for rows, before, after in zip(states[1:], every, every[1:]) if before != after]
    assert len(made) == len(changed)
    for before, one, rows in zip([onto, *made], made, changed):
        history.states[one] = in_order_of(rows, found(history.table, history.db, at=one))
        history.parents[one] = before
        check_diff(history, before, one)
    history.states.setdefault(log[0], in_order_of(states[-1], found(history.table, history.sessions[0])))
    if log[0] not in history.parents and log[0] != history.root:
        history.parents[log[0]] = made[-1] if made else onto


@pytest.mark.parametrize("kind", KINDS)
def test_a_revert_of_a_revert_is_what_was(db, rng, kind) -> None:
    def one(name, rng) -> None:
        table = replace(any_table(rng, kind, rules=rng.random() < 0.5), row_is_unit=False)
        with History(db, name, rng, table, rng.size(1, 3, 6)) as history:
            history.do_any(0)
            if history.head(0) == history.root:
                return
            before, session = found(table, history.sessions[0]), history.sessions[0]
            session.revert(session.commit())
            assert found(table, session) == seen(table, history.states[history.root])
            session.revert(session.commit())
            assert found(table, session) == before

    each_history(rng, 25, one)
    assert db.verify().ok


@pytest.mark.parametrize("rules", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_picked_rows_are_the_same_rows_in_a_later_merge_and_nothing_is_counted_twice(db, rng, kind, rules) -> None:
    def one(name, rng) -> None:
        table = any_table(rng, kind, rules=rules)
        with History(db, name, rng, table, rng.size(1, 3, 6)) as history:
            history.branch()
            for _ in range(rng.between(2, 6)):
                history.do_any(rng.choice([0, 1, 1]))
            picked = rng.sample(line(history, 1), min(len(line(history, 1)), 2))
            counts, keys = False, set()
            try:
                for one in picked:
                    head, before = history.head(0), history.rows(0)
                    was, now = history.states[history.parents[one]], history.states[one]
                    want = merge(table, was, before, now)
                    if want.conflicts:
                        continue
                    history.sessions[0].cherry_pick(one)
                    history.moved(0, head, want.rows)
                    moved = history.head(0) != head
                    if moved and counting(history, one) != counting(history, history.head(0)):
                        raise Unknown  # which of the two has to have changed a column that counts
                    counts = counts or moved and counting(history, one)
                    if kind == "keyed":
                        keys |= (now.keys() - was.keys()) & (history.rows(0).keys() - before.keys())
                if counts and history.states[history.root] in (history.rows(0), history.rows(1)):
                    return  # what was changed was changed back: merging it counts nothing
                if counts:
                    head = history.head(0)
                    with pytest.raises(rhizo.MergeConflict, match="count"):
                        history.sessions[0].merge(history.head(1))
                    history.unchanged(0, head)
                elif history.head(1) not in line(history, 0):
                    check_merge(history, frozenset(keys))
            except Unknown:
                return

    each_history(rng, 30, one)
    assert db.verify().ok


def counting(history: History, one: str) -> bool:
    """Did a commit change a column that counts?"""
    before, after = history.states[history.parents[one]], history.states[one]
    names = [name for name in history.table.columns if history.table.rule(name) in ("add", "multiply")]
    return any(
        shown(before[key].cells[name]) != shown(after[key].cells[name])
        for key in before.keys() & after.keys()
        for name in names
    )


# --- settled merges


@pytest.mark.parametrize("rules", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_conflicts_are_settled_one_by_one(db, rng, kind, rules) -> None:
    def one(name, rng) -> None:
        table = any_table(rng, kind, rules=rules)
        with History(db, name, rng, table, rng.size(1, 3, 6)) as history:
            history.branch()
            for _ in range(rng.between(3, 9)):
                history.do_any(rng.randrange(2))
            sides = [history.rows(0), history.rows(1)]
            if history.root in (history.head(0), history.head(1)):
                return
            try:
                check_settling(history, sides)
            except Unknown:
                return
            history.check_states()

    each_history(rng, 30, one)
    assert db.verify().ok


def check_settling(history: History, sides: list) -> None:
    rng, table, heads = history.rng, history.table, [history.head(0), history.head(1)]
    base, settled = history.states[history.root], {}
    with history.sessions[0].merging(history.sessions[1].current_branch()) as m:
        while True:
            want = merge(table, base, *sides, settled=settled)
            listed = listed_conflicts(table, m)
            assert listed.keys() == want.conflicts
            assert m.state().conflicts == len(want.conflicts)
            if not want.conflicts:
                break
            if rng.random() < 0.3:
                with pytest.raises(rhizo.MergeConflict):
                    m.commit()
                history.unchanged(0, heads[0])
            if rng.random() < 0.05:
                m.abort()
                history.unchanged(0, heads[0])
                return
            settle_some(history, m, settled, listed)
        m.commit("by hand")
    history.moved(0, heads[0], want.rows)
    assert list(history.sessions[0].commit().parents) == heads
    assert history.sessions[0].commit().message == "by hand"
    assert not history.sessions[0].merge(heads[1]).changed
    check_diff(history, heads[0], history.head(0))
    check_order(history.table, history.rows(0), *sides)


def listed_conflicts(table: Table, m: Any) -> dict:
    """By row and column: the id of the row."""
    out = {}
    for row in m.conflicts("t").to_arrow().to_pylist():
        key = next(row[f"{side}_k"] for side in ("base", "our", "their") if row[f"{side}_k"] is not None)
        out[key, row["_column"]] = row["_row_id"]
    return out


def settle_some(history: History, m: Any, settled: dict, listed: dict) -> None:
    """All by a side, all of a column by SQL, or one row by a side or by values."""
    rng, table = history.rng, history.table
    key, name = rng.choice(sorted(listed, key=repr))
    mine = [one for one in listed if one[0] == key]
    side, choice = rng.choice(["ours", "theirs"]), rng.random()
    history.log.append(f"settle {key} {name} {side} {choice}")
    named = {"k": [key]} if table.kind == "keyed" else {"_row_id": [listed[key, name]]}
    if choice < 0.15:
        m.resolve("t", side)
        settled.update({one: side for one in listed})
    elif choice < 0.3 and name is not None:
        what = f"our_{name}" if side == "ours" else f"their_{name}"
        row = "coalesce(base_k, our_k, their_k) AS k" if table.kind == "keyed" else "_row_id"
        chosen = [one for one in listed if one[1] == name]
        query = f"SELECT {row}, {what} AS \"{name}\" FROM conflicts WHERE _column = '{name}'"
        assert m.resolve("t", query) == len(chosen)
        settled.update({one: side for one in chosen})
    elif choice < 0.6 or name is None:
        assert m.resolve("t", {**named, "_side": [side]}) == len(mine)
        settled.update({one: side for one in mine})
    else:
        names = {name, *(one[1] for one in mine if rng.random() < 0.5)} - {None}
        values = {one: stored(table, one, rng.choice(VALUES[one])) for one in names}
        given = table.data({key: Row(None, {one: values.get(one) for one in table.columns})})
        given = {one: given.column(one) for one in names} | named
        assert m.resolve("t", given) == len(names)
        settled.update({(key, one): [value] for one, value in values.items()})


# --- what the laws above found: each is a defect, or says what it should not


@pytest.mark.parametrize("key", ["k", None])
def test_a_picked_row_with_a_counter_is_counted_once(db, key) -> None:
    db.create_table("t", {"k": "BIGINT", "n": "BIGINT"}, key=key, merge_rules={"n": "add"})
    db.append("t", {"k": [1], "n": [0]})
    db.create_branch("other")
    with db.on("other") as other:
        picked = other.append("t", {"k": [2], "n": [5]}).commit
        other.append("t", {"k": [3], "n": [0]})
    db.cherry_pick(picked)
    db.merge("other")
    assert db.read("t").fetchall() == [(1, 0), (2, 5), (3, 0)]


@pytest.mark.parametrize("key", ["k", None])
@pytest.mark.parametrize("commits", [1, 3])
def test_a_pick_below_a_merge_of_something_else_is_not_counted_twice(db, key, commits) -> None:
    db.create_table("t", {"k": "BIGINT", "n": "BIGINT"}, key=key, merge_rules={"n": "add"})
    db.append("t", {"k": [1], "n": [0]})
    db.create_branch("other")
    db.create_branch("side")
    with db.on("other") as other, db.on("side") as side:
        picked = other.update("t", {"n": "n + 5"}).commit
        side.cherry_pick(picked)
        for number in range(commits):
            db.write("something", {"n": [number]})
        side.merge("main", message="by hand")
        for one, source in ((side, "other"), (other, "side")):
            with pytest.raises(rhizo.MergeConflict, match="count"):
                one.merge(source)


@pytest.mark.parametrize("key", ["k", None])
def test_a_row_that_came_back_on_both_branches_is_counted_once(db, key) -> None:
    db.create_table("t", {"k": "BIGINT", "n": "BIGINT"}, key=key, merge_rules={"n": "add"})
    db.append("t", {"k": [1, 2], "n": [5, 0]})
    wrong = db.delete("t", "k = 1").commit
    db.create_branch("other")
    with db.on("other") as other:
        other.revert(wrong)
    db.revert(wrong)
    db.merge("other")
    assert db.read("t").fetchall() == [(1, 5), (2, 0)]


def test_of_a_row_that_both_inserted_under_one_id_latest_decides_too(db) -> None:
    db.create_table("t", {"k": "BIGINT", "f": "BIGINT", "v": "BIGINT"}, merge_rules={"f": "max", "v": "latest(f)"})
    db.create_branch("other")
    with db.on("other") as other:
        picked = other.append("t", {"k": [1], "f": [0], "v": [0]}).commit
        other.update("t", {"f": 1, "v": 1})
    db.cherry_pick(picked)
    db.update("t", {"f": 2, "v": 2})
    db.merge("other")
    assert db.read("t").fetchall() == [(1, 2, 2)]


def test_a_commit_that_was_picked_is_not_counted_again_by_a_rebase(db) -> None:
    db.create_table("t", {"k": "BIGINT", "n": "BIGINT"}, key="k", merge_rules={"n": "add"})
    db.append("t", {"k": [1], "n": [0]})
    db.create_branch("mine")
    with db.on("mine") as mine:
        db.cherry_pick(mine.update("t", {"n": "n + 1"}).commit)
        try:
            mine.rebase("main")
        except rhizo.MergeConflict:
            pass  # a refusal, as a merge has it, counts right, too
        assert mine.read("t").fetchall() == [(1, 1)]


@pytest.mark.parametrize("key", ["k", None])
@pytest.mark.parametrize(
    "since, expected",
    [
        (lambda db: db.append("t", {"k": [3]}), {1: 10, 2: 20, 3: None}),
        (lambda db: db.update("t", {"b": 1}, "k = 1"), {1: 10, 2: 20}),
        (lambda db: db.delete("t", "k = 1"), {2: 20}),
    ],
)
def test_a_column_whose_drop_is_reverted_has_its_values_again(db, key, since, expected) -> None:
    db.write("t", {"k": [1, 2], "a": [10, 20], "b": [0, 0]}, key=key)
    db.alter("t", drop="a")
    wrong = db.commit()
    since(db)
    db.revert(wrong)
    assert dict(db.read("t", columns=["k", "a"]).fetchall()) == expected


@pytest.mark.parametrize("types, value", [(("BIGINT", "HUGEINT"), 10**30), (("DECIMAL(4,2)", "DECIMAL(8,4)"), 1.2345)])
def test_a_wider_type_is_not_reverted_under_values_that_need_it(db, types, value) -> None:
    db.create_table("t", {"k": "BIGINT", "a": types[0]})
    db.append("t", {"k": [1], "a": [1]})
    db.alter("t", widen={"a": types[1]})
    wide = db.commit()
    db.update("t", {"a": value})
    before = db.read("t").fetchall()
    with pytest.raises(rhizo.MergeConflict):
        db.revert(wide)
    assert db.read("t").fetchall() == before


@pytest.mark.parametrize("also", [False, True])
def test_two_equal_changes_of_a_row_that_is_the_unit_are_one_whatever_else_changed(db, also) -> None:
    db.write("t", {"k": [1, 2], "a": [0, 0]}, key="k")
    db.set_merge_rules("t", row_is_unit=True)
    db.create_branch("other")
    with db.on("other") as other:
        other.update("t", {"a": 1}, "k = 1")
        if also:
            other.update("t", {"a": 2}, "k = 2")
    db.update("t", {"a": 1}, "k = 1")
    assert db.try_merge("other").conflicts == 0


def test_what_changes_nothing_makes_no_commit(db) -> None:
    for number in range(20):
        db.write(f"t{number}", {"k": [1], "n": [0]})
        db.create_branch(f"b{number}")
        with db.on(f"b{number}") as other:
            picked = other.append(f"t{number}", {"k": [2], "n": [0]}).commit
        db.cherry_pick(picked)
        db.delete(f"t{number}", "k = 1")
        assert not db.cherry_pick(picked).changed


@pytest.mark.parametrize("rows", [0, 5])
def test_what_keeps_few_rows_of_its_base_replaces_the_table_and_contradicts_what_others_did(db, rows) -> None:
    db.create_table("t", {"k": "BIGINT", "a": "BIGINT"}, key="k")
    if rows:
        db.append("t", {"k": list(range(rows)), "a": [0] * rows})
    base = db.read("t")
    db.append("t", {"k": [100], "a": [1]})
    with pytest.raises(rhizo.ConflictError, match="replaced as a whole"):
        db.write("t", {"k": [0, 1], "a": [0, 0]}, base=base)


def test_an_empty_text_is_no_base(db) -> None:
    db.write("t", {"k": [1]})
    with pytest.raises(rhizo.RhizoError):
        db.write("t", {"k": [2]}, base="")


@pytest.mark.parametrize(
    "call", [lambda db: db.set_merge_rules("t", row_is_unit="yes"), lambda db: db.revert("main", parent=1 << 70)]
)
def test_arguments_of_wrong_types_are_told_of(db, call) -> None:
    db.write("t", {"k": [1]})
    with pytest.raises(rhizo.InvalidArgumentError):
        call(db)
