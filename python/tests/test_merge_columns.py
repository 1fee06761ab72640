"""Columns that are wide here and narrow there, or here and no more there: every value is found again, or it contradicts."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow
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


KEPT_HERE: dict[str, Step] = {
    "updated": lambda s: s.update("t", {"a": 7}, "k = 2"),
    "widened": lambda s: s.alter("t", widen={"a": "HUGEINT"}),
    "renamed": lambda s: s.alter("t", rename={"a": "z"}),
    "ruled": lambda s: s.set_merge_rules("t", {"a": "add"}),
}


@pytest.mark.parametrize("kept", KEPT_HERE)
@pytest.mark.parametrize("count", [2, 20_000])
@pytest.mark.parametrize("name", DROPPED_THERE)
def test_a_column_that_is_kept_for_its_change_is_as_the_side_that_kept_it_has_it(
    db: rhizo.Database, name: str, count: int, kept: str
) -> None:
    rows = [{"k": k, "a": 5, "b": 0} for k in range(1, count + 1)]
    one, two = branches(db, rows, {"k": "BIGINT", "a": "BIGINT", "b": "BIGINT"})
    KEPT_HERE[kept](one)
    column = "z" if kept == "renamed" else "a"
    if count > 2:
        two.write("t", list(reversed(two.read("t").to_arrow().to_pylist())))
    two.update("t", {"a": 6}, "k <= 2")
    two.alter("t", drop="a")
    DROPPED_THERE[name](two)
    b = dict(rows_of(two, "k", "b"))
    a = dict(rows_of(one, "k", column))
    head = one.commit().id
    one.merge("two", strategy="ours")
    two.merge(head, strategy="theirs")
    for session in (one, two):
        assert dict(rows_of(session, "k", "b")) == b
        assert dict(rows_of(session, "k", column)) == {k: a.get(k) for k in b}


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


MOVED: dict[str, Step] = {
    "written in another order": lambda s: s.write("t", [{"k": 2, "a": 77, "b": 0}, {"k": 1, "a": 5, "b": 0}]),
    "deleted and appended": lambda s: (s.delete("t", "k = 1"), s.append("t", {"k": [1], "a": [99], "b": [0]})),
}


@pytest.mark.parametrize("name", MOVED)
def test_a_key_that_moved_with_another_value_contradicts_the_drop_of_its_column(db: rhizo.Database, name: str) -> None:
    rows = [{"k": 1, "a": 5, "b": 0}, {"k": 2, "a": 5, "b": 0}]
    one, two = branches(db, rows, {"k": "BIGINT", "a": "BIGINT", "b": "BIGINT"})
    one.alter("t", drop="a")
    MOVED[name](two)
    for session, source in ((one, "two"), (two, "one")):
        with pytest.raises(rhizo.MergeConflict, match="dropped"):
            session.merge(source)
    with db.transaction() as tx:
        tx.alter("t", drop="a")
        MOVED[name](db)
        with pytest.raises(rhizo.ConflictError):
            tx.commit()
    a = rows_of(two, "k", "a")
    one.merge("two", strategy="theirs")
    assert rows_of(one, "k", "a") == a


@pytest.mark.parametrize("change", [{"rename": {"s.x": "z"}}, {"widen": {"s.x": "BIGINT"}}])
def test_an_inner_field_changed_here_and_dropped_there_is_whole_or_gone(db: rhizo.Database, change: Any) -> None:
    rows = [{"k": k, "s": {"x": k, "w": k}} for k in (1, 2)]
    one, two = branches(db, rows, {"k": "BIGINT", "s": "STRUCT(x INTEGER, w INTEGER)"})
    one.alter("t", **change)
    two.alter("t", drop="s.x")
    two.write("t", list(reversed(two.read("t").to_arrow().to_pylist())))
    with pytest.raises(rhizo.MergeConflict):
        one.merge("two")
    before = rows_of(one, "k", "s")
    one.merge("two", strategy="ours")
    assert rows_of(one, "k", "s") == before


COARSE_AND_FINE = [("TIMESTAMP_S", "TIMESTAMP"), ("TIMESTAMP", "TIMESTAMP_NS"), ("DATE", "TIMESTAMP")]


@pytest.mark.parametrize("coarse, fine", COARSE_AND_FINE)
def test_rows_of_a_coarser_time_merge_with_a_column_made_finer(db: rhizo.Database, coarse: str, fine: str) -> None:
    one, two = branches(db, [], {"k": "BIGINT", "c": coarse})
    if coarse == "DATE":
        one.alter("t", widen={"c": fine})
    else:
        evolve(one, fine)
    two.append("t", {"k": [3], "c": [datetime.datetime(2024, 5, 6)]})
    count = len(rows_of(one, "k"))
    one.merge("two")
    assert one.info("t").columns[1].type == fine
    assert len(rows_of(one, "k", "c")) == count + 1


def evolve(session: rhizo.Session, fine: str) -> None:
    unit = {"TIMESTAMP": "us", "TIMESTAMP_NS": "ns"}[fine]
    moment = pyarrow.array([datetime.datetime(2024, 1, 1)], pyarrow.timestamp(unit))
    session.append("t", pyarrow.table({"k": pyarrow.array([1]), "c": moment}), schema="evolve")


def test_a_day_that_no_finer_time_has_contradicts_it(db: rhizo.Database) -> None:
    one, two = branches(db, [{"k": 1, "c": datetime.date(2024, 1, 1)}], {"k": "BIGINT", "c": "DATE"})
    one.alter("t", widen={"c": "TIMESTAMP"})
    two.append("t", pyarrow.table({"k": [2], "c": pyarrow.array([120_000_000], pyarrow.int32()).cast("date32")}))
    with pytest.raises(rhizo.MergeConflict):
        one.merge("two")


@pytest.mark.parametrize("change", [{"add": {"c": "BIGINT"}}, {"add_check": "b >= 0"}, {"rename": {"a": "z"}}])
def test_tables_that_came_back_on_both_sides_merge_alike_both_ways(db: rhizo.Database, change: Any) -> None:
    db.create_table("t", {"k": "BIGINT", "a": "BIGINT", "b": "BIGINT"}, key="k")
    db.append("t", {"k": [1], "a": [5], "b": [0]})
    db.drop_table("t")
    dropped = db.commit().id
    db.create_branch("one")
    db.create_branch("two")
    with db.on("one") as one, db.on("two") as two:
        for session in (one, two):
            session.revert(dropped)
        one.alter("t", **change)
        two.append("t", {"k": [9], "a": [1], "b": [1]})
        outcome = []
        for session, source in ((one, two.commit().id), (two, one.commit().id)):
            try:
                outcome.append(session.merge(source).commit)
            except rhizo.MergeConflict as error:
                outcome.append(error.conflicts)
        assert outcome[0] == outcome[1]


def test_conflicts_are_settled_by_the_name_that_the_key_has_in_the_merge(db: rhizo.Database) -> None:
    one, two = branches(db, [{"k": 1, "a": 0}], {"k": "BIGINT", "a": "BIGINT"})
    one.update("t", {"a": 1}, "k = 1")
    two.update("t", {"a": 2}, "k = 1")
    two.alter("t", rename={"k": "kk"})
    with one.merging("two") as merging:
        merging.resolve("t", {"kk": [1], "a": [12]})
        merging.commit()
    assert one.read("t").to_dict() == {"kk": [1], "a": [12]}


def test_reverting_the_drop_of_a_column_keeps_what_was_updated_since(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "a": "BIGINT", "b": "BIGINT"}, key="k")
    count = 20_000  # few rows are stored anew with an update
    db.append("t", {"k": range(count), "a": range(count), "b": [0] * count})
    dropped = db.alter("t", drop="a").commit
    db.update("t", {"b": 9}, "k = 1")
    db.revert(dropped)
    assert rows_of(db, "k", "a", "b")[:3] == [(0, 0, 0), (1, 1, 9), (2, 2, 0)]
