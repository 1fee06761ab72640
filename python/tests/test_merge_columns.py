"""Columns that are wide here and narrow there, or here and no more there: every value is found again, or it contradicts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import rhizo

Step = Callable[[rhizo.Session], Any]


def branches(db: rhizo.Database, rows: list[dict[str, Any]], columns: dict[str, str]) -> tuple[rhizo.Session, ...]:
    db.create_table("t", columns, key="k")
    if rows:
        db.append("t", rows)
    db.create_branch("one")
    db.create_branch("two")
    return db.on("one"), db.on("two")


def rows_of(session: rhizo.Session, *columns: str) -> list[tuple[Any, ...]]:
    return session.scan("t", columns=list(columns)).fetchall()


INTEGERS = {"k": "BIGINT", "c": "INTEGER"}


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_of_two_wider_types_a_strategy_takes_the_one_that_holds_both(db: rhizo.Database, strategy: Any) -> None:
    one, two = branches(db, [{"k": 1, "c": 1}], INTEGERS)
    one.alter("t", widen={"c": "BIGINT"})
    two.alter("t", widen={"c": "HUGEINT"})
    two.append("t", {"k": [3], "c": [10**30]})
    one.merge("two", strategy=strategy)
    assert one.info("t").columns[1].type == "HUGEINT"
    assert rows_of(one, "k", "c") == [(1, 1), (3, 10**30)]


@pytest.mark.parametrize(
    "added, ours, theirs, value",
    [
        ("INTEGER", "BIGINT", "HUGEINT", 10**30),
        ("DECIMAL(4,2)", "DECIMAL(10,2)", "DECIMAL(8,6)", Decimal("1.234567")),
        ("DECIMAL(4,2)", "DECIMAL(6,4)", "DECIMAL(10,2)", Decimal("12345678.00")),
    ],
)
def test_a_column_added_on_both_sides_and_widened_holds_what_either_stored(
    db: rhizo.Database, added: str, ours: str, theirs: str, value: Any
) -> None:
    one, two = branches(db, [{"k": 1}], {"k": "BIGINT"})
    for session, wider in ((one, ours), (two, theirs)):
        session.alter("t", add={"d": added})
        session.alter("t", widen={"d": wider})
    two.append("t", {"k": [3], "d": [value]})
    with pytest.raises(rhizo.MergeConflict):
        one.merge("two")
    one.merge("two", strategy="ours")
    one_type_holds_both = added == "INTEGER"  # else the table is as ours has it
    assert dict(rows_of(one, "k", "d")) == ({1: None, 3: value} if one_type_holds_both else {1: None})


@pytest.mark.parametrize("strategy", ["ours", "theirs", "fail"])
def test_a_column_widened_filled_and_dropped_again_contradicts_one_that_is_narrow(
    db: rhizo.Database, strategy: Any
) -> None:
    one, two = branches(db, [{"k": 1}], {"k": "BIGINT"})
    for session in (one, two):
        session.alter("t", add={"d": "INTEGER"})
    two.alter("t", widen={"d": "BIGINT"})
    two.append("t", {"k": [3], "d": [10**12]})
    two.alter("t", drop="d")
    if strategy == "fail":
        with pytest.raises(rhizo.MergeConflict):
            one.merge("two")
        return
    one.merge("two", strategy=strategy)
    assert one.read("t").to_arrow().to_pylist() == (
        [{"k": 1, "d": None}] if strategy == "ours" else [{"k": 1}, {"k": 3}]
    )


def test_a_column_changed_here_and_widened_filled_and_dropped_there_is_readable(db: rhizo.Database) -> None:
    one, two = branches(db, [{"k": 1, "c": 1}, {"k": 2, "c": 2}], INTEGERS)
    one.update("t", {"c": 7}, "k = 2")
    two.alter("t", widen={"c": "BIGINT"})
    two.append("t", {"k": [3], "c": [10**12]})
    two.alter("t", add={"b": "INTEGER"}, drop="c")
    one.merge("two", strategy="ours")
    assert dict(rows_of(one, "k", "c")).items() >= {1: 1, 2: 7}.items()
    assert one.read("t").fetchall()


DROPPED_THERE: dict[str, Step] = {
    "another column updated": lambda s: s.update("t", {"b": 1}, "k = 1"),
    "turned round": lambda s: s.write("t", list(reversed(s.read("t").to_arrow().to_pylist()))),
    "a row more": lambda s: s.append("t", {"k": [-1], "b": [0]}),
    "rows that went and came": lambda s: (s.delete("t", "k = 1"), s.append("t", {"k": [1], "b": [3]})),
    "every row updated": lambda s: s.update("t", {"b": 2}),
}


@pytest.mark.parametrize("count", [2, 20_000])
@pytest.mark.parametrize("name", DROPPED_THERE)
def test_a_column_that_is_kept_for_its_change_is_as_the_side_that_kept_it_has_it(
    db: rhizo.Database, name: str, count: int
) -> None:
    rows = [{"k": k, "a": 5, "b": 0} for k in range(1, count + 1)]
    one, two = branches(db, rows, {"k": "BIGINT", "a": "BIGINT", "b": "BIGINT"})
    one.update("t", {"a": 7}, "k = 2")
    two.update("t", {"a": 6}, "k = 1")
    two.alter("t", drop="a")
    DROPPED_THERE[name](two)
    b = dict(rows_of(two, "k", "b"))
    a = dict(rows_of(one, "k", "a"))
    head = one.commit().id
    one.merge("two", strategy="ours")
    two.merge(head, strategy="theirs")
    for session in (one, two):
        assert dict(rows_of(session, "k", "b")) == b
        assert dict(rows_of(session, "k", "a")) == {k: a.get(k) for k in b}


def test_rows_that_came_while_a_dropped_column_was_there_do_not_bring_its_values(db: rhizo.Database) -> None:
    one, two = branches(db, [{"k": 1, "a": 0}, {"k": 2, "a": 0}], {"k": "BIGINT", "a": "BIGINT"})
    one.update("t", {"a": 7}, "k = 2")
    two.append("t", {"k": [3], "a": [5]})
    two.alter("t", add={"b": "BIGINT"}, drop="a")
    one.merge("two", strategy="ours")
    assert rows_of(one, "k", "a") == [(1, 0), (2, 7), (3, None)]


def test_a_new_column_without_null_is_asked_of_the_other_sides_rows(db: rhizo.Database) -> None:
    one, two = branches(db, [], {"k": "BIGINT", "b": "BIGINT"})
    one.alter("t", add={"d": "BIGINT NOT NULL"})
    one.append("t", {"k": [1], "b": [0], "d": [4]})
    two.append("t", {"k": [2], "b": [0]})
    for session, source in ((one, "two"), (two, "one")):
        with pytest.raises(rhizo.MergeConflict, match="NOT NULL"):
            session.merge(source)


def test_a_column_without_null_does_not_come_back_over_rows_that_lack_it(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "a": "BIGINT NOT NULL"}, key="k")
    db.append("t", {"k": [1], "a": [1]})
    dropped = db.alter("t", add={"b": "BIGINT"}, drop="a").commit
    db.append("t", {"k": [3], "b": [0]})
    with pytest.raises(rhizo.MergeConflict):
        db.revert(dropped)


@pytest.mark.parametrize("more", [None, "s.q"])
@pytest.mark.parametrize("side", [0, 1])
def test_an_inner_field_dropped_here_and_changed_there_contradicts_whatever_was_added(
    db: rhizo.Database, more: str | None, side: int
) -> None:
    rows = [{"k": k, "s": {"x": k, "w": k}} for k in (1, 2)]
    sessions = branches(db, rows, {"k": "BIGINT", "s": "STRUCT(x INTEGER, w INTEGER)"})
    one, two = sessions
    one.alter("t", drop="s.x")
    if more:
        sessions[side].alter("t", add={more: "INTEGER"})
    two.update("t", {"s": "{'x': 22, 'w': 2" + (", 'q': NULL}" if more and side == 1 else "}")}, "k = 2")
    for session, source in ((one, "two"), (two, "one")):
        with pytest.raises(rhizo.MergeConflict, match="inside column"):
            session.merge(source)


def test_an_inner_field_dropped_here_goes_from_rows_appended_there(db: rhizo.Database) -> None:
    rows = [{"k": 1, "s": {"x": 1, "w": 1}}]
    one, two = branches(db, rows, {"k": "BIGINT", "s": "STRUCT(x INTEGER, w INTEGER)"})
    one.alter("t", drop="s.x")
    two.append("t", [{"k": 2, "s": {"x": 2, "w": 2}}])
    one.merge("two")
    assert rows_of(one, "k", "s") == [(1, {"w": 1}), (2, {"w": 2})]
