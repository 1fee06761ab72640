"""Checks hold of every row, however their columns are called or wide by now, and say what breaks them."""

from __future__ import annotations

from typing import Any

import pandas
import pytest

import rhizo


def branched(db: rhizo.Database) -> rhizo.Session:
    db.create_branch("side")
    return db.on("side")


def contradict(db: rhizo.Database, side: rhizo.Session, match: str) -> None:
    for session, source in ((db, "side"), (side, "main")):
        head = session.commit().id
        with pytest.raises(rhizo.MergeConflict, match=match):
            session.merge(source)
        assert session.commit().id == head


def rows(session: rhizo.Session) -> dict[Any, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in session.read("t").fetchall()}


def checks_hold(session: rhizo.Session) -> bool:
    broken = " OR ".join(f"NOT ({check})" for check in session.info("t").checks) or "false"
    return session.sql(f"SELECT count(*) FROM t WHERE {broken}").fetchone() == (0,)


def settled(merged: rhizo.MergeResult) -> int:
    return sum(table.settled for table in merged.tables)


def favoured(db: rhizo.Database, strategy: str) -> tuple[rhizo.Session, rhizo.Session]:
    """The side that the strategy is for, and the other one."""
    side = branched(db)
    return (db, side) if strategy == "ours" else (side, db)


def test_a_check_added_there_is_not_asked_of_a_column_that_took_the_name_here(db: rhizo.Database) -> None:
    db.write("t", {"k": [1], "a": [1], "b": [100]}, key="k")
    side = branched(db)
    db.alter("t", rename={"a": "old_a"})
    db.alter("t", rename={"b": "a"})
    side.alter("t", add_check="a < 10")
    contradict(db, side, "a < 10")


def test_a_check_added_there_is_not_asked_of_a_new_column_of_the_name(db: rhizo.Database) -> None:
    db.write("t", {"k": [1, 2], "score": [5, 6]}, key="k")
    side = branched(db)
    db.alter("t", rename={"score": "points"})
    db.alter("t", add={"score": "BIGINT"}, default={"score": -1})
    side.alter("t", add_check="score >= 0")
    contradict(db, side, "score >= 0")


@pytest.mark.parametrize("adds_here", [True, False])
def test_a_check_holds_of_a_column_that_the_other_side_made_wider(db: rhizo.Database, adds_here: bool) -> None:
    db.create_table("t", {"k": "BIGINT", "x": "INTEGER"}, key="k")
    db.append("t", {"k": [1], "x": [7]})
    side = branched(db)
    checking, widening = (db, side) if adds_here else (side, db)
    widening.alter("t", widen={"x": "DECIMAL(12,2)"})
    checking.alter("t", add_check="x::VARCHAR = '7'")
    for session, source in ((db, side.commit().id), (side, db.commit().id)):
        try:
            session.merge(source)
        except rhizo.MergeConflict as error:
            assert "x::VARCHAR = '7'" in str(error)
        assert checks_hold(session)


def test_a_check_that_a_wider_column_still_obeys_merges(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "x": "INTEGER"}, key="k")
    db.append("t", {"k": [1], "x": [7]})
    side = branched(db)
    side.alter("t", widen={"x": "DECIMAL(12,2)"})
    db.alter("t", add_check="x > 5")
    db.merge("side")
    assert db.info("t").checks == ("x > 5",) and db.info("t").columns[1].type == "DECIMAL(12,2)"


def test_names_that_change_places_under_a_check_are_refused(db: rhizo.Database) -> None:
    db.write("t", {"k": [1, 2], "a": [5, 6], "b": [70, 80]}, key="k")
    db.alter("t", add_check="a < 7")
    head = db.commit().id
    with pytest.raises(rhizo.RhizoError, match="a < 7"):
        db.alter("t", rename={"a": "z", "b": "a"})
    assert db.commit().id == head and db.read("t").column_names == ["k", "a", "b"]


@pytest.mark.parametrize("wider", ["DECIMAL(12,2)", "DECIMAL(22,2)"])
def test_a_column_made_wider_under_a_check_is_checked_again(db: rhizo.Database, wider: str) -> None:
    db.create_table("t", {"k": "BIGINT", "x": "INTEGER"}, key="k")
    db.append("t", {"k": [1], "x": [7]})
    db.alter("t", add_check="x::VARCHAR = '7'")
    head = db.commit().id
    with pytest.raises(rhizo.ConstraintError, match="x::VARCHAR = '7'"):
        db.alter("t", widen={"x": wider})
    assert db.commit().id == head
    db.alter("t", widen={"x": "BIGINT"})
    assert db.info("t").columns[1].type == "BIGINT"


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_of_a_row_that_breaks_a_check_only_that_row_takes_the_strategy(db: rhizo.Database, strategy: Any) -> None:
    count = 1000
    db.write("t", {"k": list(range(count)), "a": [1] * count, "b": [1] * count}, key="k")
    db.alter("t", add_check="a + b < 10")
    first, second = favoured(db, strategy)
    second.update("t", {"a": 8}, "k = 1")
    second.update("t", {"a": 2}, "k >= 2")
    second.append("t", {"k": [5000], "a": [0], "b": [0]})
    first.update("t", {"b": 8}, "k = 1")
    first.append("t", {"k": [6000], "a": [0], "b": [9]})
    merged = db.merge("side", strategy=strategy)
    assert settled(merged) >= 1
    assert rows(db) == {
        0: (1, 1), 1: (1, 8), **{k: (2, 1) for k in range(2, count)}, 5000: (0, 0), 6000: (0, 9)
    }


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_of_a_row_without_a_key_that_breaks_a_check_only_that_row_takes_the_strategy(
    db: rhizo.Database, strategy: Any
) -> None:
    db.write("t", {"k": [1, 2], "x": [5, 6], "y": [1, 1]})
    db.alter("t", add_check="x > y")
    first, second = favoured(db, strategy)
    first.update("t", {"x": 2}, "k = 1")
    second.update("t", {"y": 4}, "k = 1")
    second.update("t", {"x": 66}, "k = 2")
    second.append("t", {"k": [9], "x": [9], "y": [0]})
    merged = db.merge("side", strategy=strategy)
    assert settled(merged) >= 1
    assert rows(db) == {1: (2, 1), 2: (66, 1), 9: (9, 0)}


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_of_a_row_that_is_null_where_it_may_not_only_that_row_takes_the_strategy(
    db: rhizo.Database, strategy: Any
) -> None:
    db.write("t", {"k": [1, 2, 3], "n": [1, 2, 3], "m": [0, 0, 0]}, key="k")
    first, second = favoured(db, strategy)
    first.alter("t", not_null="n")
    first.update("t", {"m": 7}, "k = 3")
    second.update("t", {"n": None, "m": 5}, "k = 1")
    second.update("t", {"n": 22, "m": 5}, "k = 2")
    second.append("t", {"k": [4, 5], "n": [4, None], "m": [5, 5]})
    merged = db.merge("side", strategy=strategy)
    assert settled(merged) >= 1
    assert not db.info("t").columns[1].nullable
    assert rows(db) == {1: (1, 0), 2: (22, 5), 3: (3, 7), 4: (4, 5)}


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_a_row_appended_by_the_other_side_is_not_there_if_it_breaks_the_favoured_sides_check(
    db: rhizo.Database, strategy: Any
) -> None:
    db.write("t", {"k": [1, 2], "v": [1, 2]}, key="k")
    first, second = favoured(db, strategy)
    first.alter("t", add_check="v < 10")
    second.append("t", {"k": [3, 4], "v": [30, 4]})
    second.update("t", {"v": 9}, "k = 2")
    merged = db.merge("side", strategy=strategy)
    assert settled(merged) >= 1
    assert any("3" in problem and "not there" in problem for table in merged.tables for problem in table.problems)
    assert db.info("t").checks == ("v < 10",)
    assert rows(db) == {1: (1,), 2: (9,), 4: (4,)}


def test_reverting_what_a_check_needs_by_now_loses_nothing_that_came_since(db: rhizo.Database) -> None:
    db.write("t", {"k": [1, 2], "v": [0, 0]}, key="k")
    updated = db.update("t", {"v": 5}, "k = 1").commit
    db.append("t", {"k": [3, 4], "v": [7, 7]})
    db.alter("t", add_check="v >= 5 OR k = 2")
    head, before = db.commit().id, rows(db)
    try:
        db.revert(updated, strategy="theirs")
    except rhizo.MergeConflict:
        assert db.commit().id == head
    assert db.info("t").checks == ("v >= 5 OR k = 2",) and checks_hold(db)
    assert rows(db).items() >= {k: before[k] for k in (2, 3, 4)}.items()


def test_a_broken_check_names_the_row_by_its_key(db: rhizo.Database) -> None:
    count = 20
    db.write("t", {"k": list(range(100, 100 + count)), "a": [1] * count, "b": [1] * count}, key="k")
    db.alter("t", add_check="a + b < 10")
    side = branched(db)
    side.update("t", {"a": 8}, "k = 115")
    db.update("t", {"b": 8}, "k = 115")
    db.update("t", {"b": 2}, "k = 103")
    contradict(db, side, r"(?s)115.*a \+ b < 10|a \+ b < 10.*115")


@pytest.mark.parametrize("name", ["inserted anew", "keys swapped", "written in another order"])
def test_a_key_that_moved_there_is_as_the_favoured_side_has_it(db: rhizo.Database, name: str) -> None:
    db.write("t", {"k": [1, 2], "v": [1, 1]}, key="k")
    side = branched(db)
    db.alter("t", add_check="v < 10")
    if name == "inserted anew":
        side.delete("t", "k = 1")
        side.append("t", {"k": [1], "v": [50]})
    elif name == "keys swapped":
        side.update("t", {"k": "3 - k", "v": "CASE WHEN k = 2 THEN 50 ELSE v END"})
    else:
        side.write("t", {"k": [2, 1], "v": [1, 50]})
    found = db.conflicts("main", "side", "t").to_dict()
    assert (found["_reason"], found["our_v"], found["their_v"]) == (["constraint"], [1], [50])
    db.merge("side", strategy="ours")
    assert rows(db) == {1: (1,), 2: (1,)}


def test_a_broken_row_is_settled_by_its_side_whatever_was_chosen_before(db: rhizo.Database) -> None:
    db.write("t", {"k": [1, 2], "v": [1, 1]}, key="k")
    side = branched(db)
    db.alter("t", add_check="v < 10")
    db.delete("t", "k = 1")
    side.update("t", {"v": 50}, "k = 1")
    with db.merging("side") as m:
        m.resolve("t", {"k": [1], "_side": ["theirs"]})
        assert m.conflicts("t").to_dict()["_reason"] == ["constraint"]
        m.resolve("t", {"k": [1], "_side": ["ours"]})
        m.commit()
    assert rows(db) == {2: (1,)}


@pytest.mark.parametrize("key", ["k", None])
def test_a_row_that_ancestors_contradicted_in_breaks_a_check_once(db: rhizo.Database, key: Any) -> None:
    db.write("t", {"k": [1, 2], "a": [0, 0], "b": [0, 0]}, key=key)
    db.alter("t", add_check="a + b < 10")
    db.set_merge_rules("t", {"a": "max", "b": "max"})
    db.create_branch("one")
    db.create_branch("two")
    one, two = db.on("one"), db.on("two")
    one.delete("t", "k = 1")
    two.update("t", {"a": 1}, "k = 1")
    deleted, updated = one.commit().id, two.commit().id
    one.merge(updated, strategy="theirs")
    two.merge(deleted, strategy="ours")
    one.update("t", {"a": 8}, "k = 1")
    two.update("t", {"b": 8}, "k = 1")
    assert one.try_merge("two").conflicts >= 1
    one.merge("two", strategy="ours")
    assert rows(one) == {1: (8, 0), 2: (0, 0)} and db.verify().ok


def test_a_check_that_fails_on_a_combined_row_is_settled_as_one_that_is_broken(db: rhizo.Database) -> None:
    db.write("t", {"k": [1], "a": [1], "b": [1]}, key="k")
    db.alter("t", add_check="a * b >= 0")
    side = branched(db)
    db.update("t", {"a": 2**62})
    side.update("t", {"b": 4})
    contradict(db, side, "check")
    db.merge("side", strategy="theirs")
    assert rows(db) == {1: (1, 4)}


def test_one_text_about_two_columns_is_two_checks(db: rhizo.Database) -> None:
    db.write("t", {"k": [1], "a": [5], "b": [7]}, key="k")
    side = branched(db)
    db.alter("t", rename={"a": "x"})
    db.alter("t", rename={"b": "a"})
    db.alter("t", add_check="a < 10")
    db.update("t", {"x": 50})
    side.alter("t", add_check="a < 10")
    contradict(db, side, "another column")


def test_names_inside_of_a_column_that_a_check_goes_by_do_not_move(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "s": "STRUCT(a INTEGER, c INTEGER)", "d": "INTEGER", "e": "INTEGER"}, key="k")
    db.append("t", [{"k": 1, "s": {"a": 5, "c": 1}, "d": 1, "e": 1}])
    side = branched(db)
    side.alter("t", add_check="s['a'] < 10")
    with pytest.raises(rhizo.SchemaError, match="check"):
        side.alter("t", rename={"s.a": "z", "s.c": "a"})
    db.alter("t", rename={"s.a": "z"})
    db.alter("t", rename={"s.c": "a"})
    contradict(db, side, "another column")
    side.alter("t", drop_check="s['a'] < 10", add_check="d + e < 10")
    with pytest.raises(rhizo.SchemaError, match="check"):
        side.alter("t", widen={"d": "BIGINT"}, rename={"e": "z", "k": "e"})


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
@pytest.mark.parametrize("change", [{"rename": {"a": "z"}}, {"drop": "a"}, {"rename": {"a": "z", "b": "a"}}])
def test_a_check_goes_where_the_favoured_side_has_its_column_no_more_and_all_rows_are_merged(
    db: rhizo.Database, strategy: Any, change: dict[str, Any]
) -> None:
    db.write("t", {"k": [1, 2, 3], "a": [5, 6, 7], "b": [50, 60, 70]}, key="k")
    first, second = favoured(db, strategy)
    first.alter("t", **change)
    first.append("t", first.sql("SELECT * REPLACE (4 AS k) FROM t WHERE k = 1"))
    first.delete("t", "k = 3")
    second.alter("t", add_check=["a < 10", "k > 0"])
    second.append("t", {"k": [5], "a": [8], "b": [80]})
    second.delete("t", "k = 2")
    contradict(db, db.on("side"), "a < 10")
    merged = db.merge("side", strategy=strategy)
    assert db.info("t").checks == ("k > 0",)
    assert sorted(rows(db)) == [1, 4, 5]
    assert db.read("t").column_names == first.read("t").column_names
    assert settled(merged) == 1 and ["is left out" in problem for problem in merged.tables[0].problems] == [True]
    assert db.verify().ok


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_a_check_of_both_sides_is_about_the_column_that_it_is_about_on_the_favoured_one(
    db: rhizo.Database, strategy: Any
) -> None:
    db.write("t", {"k": [1, 2], "a": [5, 6], "b": [50, 60]}, key="k")
    first, second = favoured(db, strategy)
    first.alter("t", rename={"a": "z", "b": "a"})
    first.update("t", {"a": 7}, "true")
    first.alter("t", add_check="a < 10")
    second.alter("t", add_check="a < 10")
    second.append("t", {"k": [3, 4], "a": [8, 9], "b": [9, 80]})
    db.merge("side", strategy=strategy)
    assert checks_hold(db) and db.info("t").checks == ("a < 10",)
    assert rows(db) == {1: (5, 7), 2: (6, 7), 3: (8, 9)}


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
@pytest.mark.parametrize("change", [{"rename": {"a": "z"}}, {"drop": "a"}, {"rename": {"a": "z", "b": "a"}}])
def test_a_favoured_check_whose_column_the_other_side_has_no_more_keeps_the_table_as_it_is_there(
    db: rhizo.Database, strategy: Any, change: dict[str, Any]
) -> None:
    db.write("t", {"k": [1, 2], "a": [5, 6], "b": [50, 60]}, key="k")
    first, second = favoured(db, strategy)
    first.alter("t", add_check="a < 10")
    second.alter("t", **change)
    second.delete("t", "k = 2")
    merged = db.merge("side", strategy=strategy)
    assert db.info("t").checks == ("a < 10",) and checks_hold(db)
    assert db.read("t").fetchall() == [(1, 5, 50), (2, 6, 60)]
    assert ["the whole table is as" in problem for problem in merged.tables[0].problems] == [True]


def test_a_check_stays_with_its_member_whatever_the_case_of_the_names_inside(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "s": "STRUCT(a INTEGER, c INTEGER)"}, key="k")
    db.append("t", [{"k": 1, "s": {"a": 5, "c": 1}}])
    side = branched(db)
    side.alter("t", add_check="s['a'] < 10")
    db.alter("t", rename={"s.a": "z"})
    db.alter("t", rename={"s.c": "A"})
    contradict(db, side, "another column")


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
@pytest.mark.parametrize("change", [{"add_check": "b < 50"}, {"not_null": "b"}, {"add": {"c": "INTEGER"}}])
def test_a_replaced_table_contradicts_whatever_was_changed_of_it(
    db: rhizo.Database, strategy: Any, change: dict[str, Any]
) -> None:
    db.write("t", {"k": [1, 2], "b": [1, 2]}, key="k")
    first, second = favoured(db, strategy)
    first.alter("t", **change)
    expected = first.read("t").fetchall()
    second.write("t", {"k": [8, 9], "b": [100, 200]})
    contradict(db, db.on("side"), "replaced")
    merged = db.merge("side", strategy=strategy)
    assert db.read("t").fetchall() == expected and "replaced" in merged.tables[0].problems[0]


@pytest.mark.parametrize("keys", [[], ["u", "a"]], ids=["dropped", "extended"])
@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_rows_that_both_sides_stored_anew_do_not_come_twice_where_the_key_went(
    db: rhizo.Database, strategy: Any, keys: list[str]
) -> None:
    db.write("t", {"u": [1, 2, 3, 4], "a": [0, 0, 0, 0]}, key="u")
    first, second = favoured(db, strategy)
    second.write("t", {"u": [4, 1, 2, 3], "a": [1, 0, 0, 0]})
    first.write("t", {"u": [4, 1, 2, 3], "a": [0, 0, 0, 0]})
    first.set_key("t", keys or None)
    contradict(db, db.on("side"), "key")
    expected = first.read("t").fetchall()
    merged = db.merge("side", strategy=strategy)
    assert db.read("t").fetchall() == expected
    assert "key was changed" in merged.tables[0].problems[0]


def test_rows_that_one_side_alone_stored_merge_where_the_key_went(db: rhizo.Database) -> None:
    db.write("t", {"u": [1, 2, 3], "a": [0, 0, 0]}, key="u")
    side = branched(db)
    side.write("t", {"u": [3, 1, 2, 4], "a": [0, 0, 0, 4]})
    db.set_key("t", None)
    db.append("t", {"u": [1], "a": [9]})
    db.merge("side")
    assert sorted(db.read("t").fetchall()) == [(1, 0), (1, 9), (2, 0), (3, 0), (4, 4)]


KEY_WENT = {
    "a row without a key": lambda s: (s.alter("t", nullable="u"), s.append("t", {"u": [None], "a": [5]})),
    "twins of another key": lambda s: s.append("t", {"u": [1], "a": [9]}),
    "the column dropped": lambda s: s.alter("t", drop="u"),
}


@pytest.mark.parametrize("name", KEY_WENT)
@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_rows_do_not_come_twice_whatever_else_was_done_without_the_key(
    db: rhizo.Database, strategy: Any, name: str
) -> None:
    db.write("t", {"u": [1, 2, 3, 4], "a": [0, 0, 0, 0]}, key="u")
    first, second = favoured(db, strategy)
    second.write("t", {"u": [4, 1, 2, 3], "a": [1, 0, 0, 0]})
    first.write("t", {"u": [4, 1, 2, 3], "a": [0, 0, 0, 0]})
    first.set_key("t", None)
    KEY_WENT[name](first)
    contradict(db, db.on("side"), "key was changed|dropped")
    expected = first.read("t").fetchall()
    db.merge("side", strategy=strategy)
    assert db.read("t").fetchall() == expected


@pytest.mark.parametrize("rows", [[0, 0, 0, 7], [0, 0, 0, 0]], ids=["changed", "moved"])
@pytest.mark.parametrize("deleter", ["here", "there"])
@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.alter("t", widen={"u": "BIGINT"}),
        lambda s: s.set_key("t", None),
        lambda s: s.set_key("t", ["u", "a"]),
        lambda s: (s.set_key("t", None), s.alter("t", drop="u")),
    ],
    ids=["widened", "dropped", "extended", "column dropped"],
)
@pytest.mark.parametrize("changed", ["by who deletes", "by who stores"])
def test_a_row_that_one_side_deleted_does_not_come_back_where_the_key_was_changed(
    db: rhizo.Database, changed: str, change: Any, deleter: str, rows: list[int]
) -> None:
    db.create_table("t", {"u": "INTEGER", "a": "INTEGER"}, key="u")
    db.append("t", {"u": [1, 2, 3, 4], "a": [0, 0, 0, 0]})
    side = branched(db)
    deletes, stores = (db, side) if deleter == "here" else (side, db)
    deletes.delete("t", "u = 4")
    stores.write("t", {"u": [4, 1, 2, 3], "a": rows[::-1]})
    change(deletes if changed == "by who deletes" else stores)
    contradict(db, side, "key was changed|dropped")


def test_rows_come_twice_no_more_if_one_side_has_twins_of_the_same_key(db: rhizo.Database) -> None:
    db.write("t", {"u": [1, 2, 3, 4], "a": [0, 0, 0, 0]}, key="u")
    side = branched(db)
    for session in (db, side):
        session.write("t", {"u": [4, 1, 2, 3], "a": [0, 0, 0, 0]})
    db.set_key("t", None)
    db.append("t", {"u": [4], "a": [9]})
    contradict(db, side, "key was changed")


def test_rows_do_not_come_twice_where_a_part_of_the_key_went(db: rhizo.Database) -> None:
    db.write("t", {"u": [1, 2, 3, 4], "v": [1, 1, 2, 2], "a": [0, 0, 0, 0]}, key=["u", "v"])
    side = branched(db)
    side.write("t", {"u": [4, 1, 2, 3], "v": [2, 1, 1, 2], "a": [0, 0, 0, 0]})
    db.set_key("t", None)
    db.alter("t", drop="v")
    db.write("t", {"u": [4, 1, 2, 3], "a": [0, 0, 0, 0]})
    contradict(db, side, "key was changed")


def test_rows_that_moved_on_one_side_and_lost_a_part_of_the_key_on_the_other_merge_both_ways(db: rhizo.Database) -> None:
    db.write("t", {"u": [0, 1, 2, 3], "v": [0, 1, 2, 0], "a": [0] * 4}, key=["u", "v"])
    side = branched(db)
    db.write("t", {"u": [3, 0, 1, 2], "v": [0, 0, 1, 2], "a": [9, 0, 0, 0]})
    side.set_key("t", None)
    side.alter("t", drop="v")
    side.update("t", {"a": "5"}, "u = 0")
    db.create_branch("before")
    db.merge("side")
    side.merge("before")
    for session in (db, side):
        assert sorted(session.read("t").fetchall()) == [(0, 5), (1, 0), (2, 0), (3, 9)]


def test_one_key_inserted_on_both_sides_contradicts_where_the_key_was_changed(db: rhizo.Database) -> None:
    db.write("t", {"u": [1], "a": [0]}, key="u")
    side = branched(db)
    for session in (db, side):
        session.append("t", {"u": [2], "a": [0]})
    db.set_key("t", None)
    contradict(db, side, "key was changed")


def test_what_both_sides_deleted_is_no_contradiction_where_the_key_was_changed(db: rhizo.Database) -> None:
    db.write("t", {"u": [1, 2, 3, 4], "a": [0, 0, 0, 0]}, key="u")
    side = branched(db)
    for session in (db, side):
        session.delete("t", "u = 4")
    db.set_key("t", None)
    db.append("t", {"u": [3, None], "a": [9, 9]}) if db.alter("t", nullable="u") else None
    side.append("t", {"u": [5], "a": [5]})
    side.update("t", {"a": "1"}, "u = 1")
    db.merge("side")
    assert sorted(db.read("t").fetchall(), key=str) == [(1, 1), (2, 0), (3, 0), (3, 9), (5, 5), (None, 9)]


@pytest.mark.parametrize("twice", range(4))
@pytest.mark.parametrize("how", ["replaced", "dropped and added", "swapped"])
def test_two_replacements_by_equal_rows_have_these_rows_whatever_ids_their_columns_have(
    db: rhizo.Database, how: str, twice: int
) -> None:
    db.write("t", {"a": [1, 2, 3], "c": [5 + twice, 6, 7]})
    side = branched(db)
    if how == "replaced":
        db.write("t", {"a": [1]}, schema="replace")
    elif how == "dropped and added":
        db.alter("t", drop="c")
        db.alter("t", add={"c": "BIGINT"})
    else:
        for rename in ({"a": "x"}, {"c": "a"}, {"x": "c"}):
            db.alter("t", rename=rename)
        db.alter("t", order=["a", "c"])
    for session in (db, side):
        session.write("t", {"a": [10, 20 + twice], "c": [50, 60]}, schema="replace")
    expected = db.read("t").fetchall()
    assert expected == side.read("t").fetchall() == [(10, 50), (20 + twice, 60)]
    try:
        db.merge("side")
    except rhizo.MergeConflict:
        pass
    assert db.read("t").fetchall() == expected


@pytest.mark.parametrize("twice", range(4))
@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_two_replacements_by_equal_rows_keep_them_under_a_strategy_and_tell_what_it_decided(
    db: rhizo.Database, strategy: Any, twice: int
) -> None:
    db.write("t", {"k": [1, twice]})
    side = branched(db)
    for session in (db, side):
        session.write("t", {"k": [7, 8 + twice]})
    db.alter("t", add={"c": "BIGINT"}, default={"c": 3})
    side.alter("t", add={"c": "BIGINT"}, default={"c": 4})
    side.update("t", {"c": "3"})
    merged = db.merge("side", strategy=strategy)
    assert db.read("t").fetchall() == [(7, 3), (8 + twice, 3)]
    assert merged.tables[0].settled == 1 and len(merged.tables[0].problems) == 1


def test_a_replacement_does_not_contradict_what_only_describes_the_other_side(db: rhizo.Database) -> None:
    db.write("t", {"a": [1, 2, 3]})
    side = branched(db)
    db.write("t", {"a": [7, 8, 9]})
    side.write("t", pandas.DataFrame({"a": [1, 2, 3]}))
    db.merge("side")
    assert db.read("t").fetchall() == [(7,), (8,), (9,)]
