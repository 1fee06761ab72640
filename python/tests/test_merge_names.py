"""Tables and columns that meet under one name: no table is lost for it, any name that a side knows is understood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import rhizo

Change = Callable[[rhizo.Session], Any]
TURNS = range(8)  # which of two tables comes first is that of their ids


def branched(db: rhizo.Database) -> rhizo.Session:
    db.create_branch("side")
    return db.on("side")


def contents(session: rhizo.Session) -> dict[str, list[tuple[Any, ...]]]:
    return {name: session.read(name).fetchall() for name in session.tables()}


def contradict(db: rhizo.Database, side: rhizo.Session) -> None:
    for session, source in ((db, "side"), (side, "main")):
        head = session.commit().id
        with pytest.raises(rhizo.MergeConflict):
            session.merge(source)
        assert session.commit().id == head


def names_that_moved_on(db: rhizo.Database, made: dict[str, list[int]]) -> rhizo.Session:
    """Two tables of which the side calls a c and b a, where main makes a c of its own."""
    db.write("a", {"x": [1]})
    db.write("b", {"y": [2]})
    side = branched(db)
    side.rename_table("a", "c")
    side.rename_table("b", "a")
    db.write("c", made)
    return side


@pytest.mark.parametrize("turn", TURNS)
def test_a_table_renamed_here_and_one_made_there_of_equal_rows_are_two(db: rhizo.Database, turn: int) -> None:
    contradict(db, names_that_moved_on(db, {"x": [1]}))


@pytest.mark.parametrize("turn", TURNS)
def test_a_rename_falls_back_where_the_favoured_side_has_a_table_of_that_name(db: rhizo.Database, turn: int) -> None:
    side = names_that_moved_on(db, {"z": [3]})
    head = db.commit().id
    db.merge("side", strategy="ours")
    side.merge(head, strategy="theirs")
    assert contents(db) == contents(side) == {"a": [(1,)], "b": [(2,)], "c": [(3,)]}


def test_a_strategy_for_one_table_does_not_take_the_name_of_another(db: rhizo.Database) -> None:
    db.write("t", {"x": [1]})
    side = branched(db)
    db.rename_table("t", "x1")
    db.write("t", {"new": [7]})
    side.write("x1", {"theirs": [9]})
    head, before = db.commit().id, contents(db)
    with pytest.raises(rhizo.MergeConflict):
        db.merge("side", tables={"x1": "theirs"})
    assert db.commit().id == head and contents(db) == before


@pytest.mark.parametrize("turn", TURNS)
def test_reverting_renames_whose_old_name_is_taken_loses_no_table(db: rhizo.Database, turn: int) -> None:
    db.write("a", {"x": [1]})
    db.write("c", {"y": [1]})
    with db.transaction() as tx:
        tx.rename_table("a", "b")
        tx.rename_table("c", "a")
    renamed = db.commit().id
    db.write("c", {"z": [3]})
    before = contents(db)
    db.revert(renamed, strategy="ours")
    assert contents(db) == before == {"a": [(1,)], "b": [(1,)], "c": [(3,)]}


SETTINGS: dict[str, Change] = {
    "key": lambda s: s.set_key("t", "q"),
    "no key": lambda s: s.set_key("t", None),
    "check": lambda s: s.alter("t", add_check="p > 0"),
    "rule": lambda s: s.set_merge_rules("t", {"q": "add"}),
    "default": lambda s: s.alter("t", default={"q": 7}),
    "row_is_unit": lambda s: s.set_merge_rules("t", row_is_unit=True),
    "delete_wins": lambda s: s.set_merge_rules("t", delete_wins=True),
}


def made_on_both(db: rhizo.Database, here: Change, there: Change) -> rhizo.Session:
    db.write("other", {"x": [1]})
    side = branched(db)
    for session, change in ((db, here), (side, there)):
        session.create_table("t", {"p": "BIGINT NOT NULL", "q": "BIGINT NOT NULL"}, key="p")
        session.append("t", {"p": [1, 2], "q": [1, 2]})
        change(session)
    return side


def nothing(session: rhizo.Session) -> None:
    pass


@pytest.mark.parametrize("name", SETTINGS)
def test_tables_made_on_both_sides_of_equal_rows_are_two_if_one_has_another(db: rhizo.Database, name: str) -> None:
    contradict(db, made_on_both(db, SETTINGS[name], nothing))


@pytest.mark.parametrize("name", SETTINGS)
def test_tables_made_on_both_sides_all_alike_are_one(db: rhizo.Database, name: str) -> None:
    side = made_on_both(db, SETTINGS[name], SETTINGS[name])
    head, there = db.commit().id, side.info("t")
    db.merge("side")
    side.merge(head)
    assert db.commit().id == side.commit().id
    assert contents(db) == {"other": [(1,)], "t": [(1, 1), (2, 2)]}
    info = db.info("t")
    assert (info.key, info.checks, info.defaults) == (there.key, there.checks, there.defaults)
    assert (info.merge_rules, info.row_is_unit, info.delete_wins) == (
        there.merge_rules, there.row_is_unit, there.delete_wins
    )


def replaced_alike(db: rhizo.Database) -> rhizo.Session:
    db.write("t", {"k": [1, 2], "v": [1, 2]})
    side = branched(db)
    for session in (db, side):
        session.write("t", {"k": [8, 9], "v": [8, 9]})
    return side


@pytest.mark.parametrize("turn", TURNS)
def test_tables_replaced_by_equal_rows_have_what_one_side_then_set(db: rhizo.Database, turn: int) -> None:
    side = replaced_alike(db)
    side.alter("t", add_check="v > 0", default={"v": 3})
    side.set_merge_rules("t", {"v": "add"})
    head = db.commit().id
    db.merge("side")
    side.merge(head)
    for session in (db, side):
        info = session.info("t")
        assert (info.checks, info.defaults, info.merge_rules) == (("v > 0",), {"v": "3"}, {"v": "add"})
        assert session.read("t").fetchall() == [(8, 8), (9, 9)]


def test_tables_replaced_by_equal_rows_contradict_if_their_defaults_do(db: rhizo.Database) -> None:
    side = replaced_alike(db)
    for session, default in ((db, 3), (side, 4)):
        session.alter("t", default={"v": default})
    contradict(db, side)


def updated_on_both(db: rhizo.Database) -> rhizo.Session:
    db.write("t", {"k": [1], "v": [1]}, key="k")
    side = branched(db)
    side.update("t", {"v": 2})
    db.update("t", {"v": 3})
    return side


RENAMED: dict[str, Callable[[rhizo.Database, rhizo.Session], Any]] = {
    "nowhere": lambda db, side: None,
    "column there": lambda db, side: side.alter("t", rename={"v": "w"}),
    "table there": lambda db, side: side.rename_table("t", "u"),
    "table here": lambda db, side: db.rename_table("t", "u"),
}
BY_NAME: list[tuple[str, dict[str, Any]]] = [
    ("nowhere", {"tables": {"T": "theirs"}}),
    ("nowhere", {"columns": {("t", "V"): "theirs"}}),
    ("nowhere", {"columns": {("T", "v"): "theirs"}}),
    ("column there", {"columns": {("t", "w"): "theirs"}}),
    ("column there", {"columns": {("t", "W"): "theirs"}}),
    ("column there", {"columns": {("t", "v"): "theirs"}}),
    ("table there", {"tables": {"u": "theirs"}}),
    ("table there", {"tables": {"U": "theirs"}}),
    ("table there", {"columns": {("u", "v"): "theirs"}}),
    ("table there", {"tables": {"t": "theirs"}}),
    ("table here", {"tables": {"t": "theirs"}}),
    ("table here", {"tables": {"u": "theirs"}}),
    ("table here", {"columns": {("t", "v"): "theirs"}}),
]


@pytest.mark.parametrize("strategy", ["fail", "ours"])
@pytest.mark.parametrize("renamed, chosen", BY_NAME, ids=[f"{renamed} {chosen}" for renamed, chosen in BY_NAME])
def test_a_strategy_is_told_by_any_name_that_a_side_knows(
    db: rhizo.Database, renamed: str, chosen: dict[str, Any], strategy: Any
) -> None:
    side = updated_on_both(db)
    RENAMED[renamed](db, side)
    db.merge("side", strategy=strategy, **chosen)
    assert list(contents(db).values()) == [[(1, 2)]]


@pytest.mark.parametrize(
    "renamed, name",
    [("nowhere", "T"), ("table there", "t"), ("table there", "u"), ("table there", "U"), ("table here", "t"),
     ("table here", "T"), ("table here", "u")],
)
def test_conflicts_are_found_and_settled_by_any_name_that_a_side_knows(
    db: rhizo.Database, renamed: str, name: str
) -> None:
    RENAMED[renamed](db, updated_on_both(db))
    found = db.conflicts("main", "side", name).to_dict()
    assert (found["base_v"], found["our_v"], found["their_v"]) == ([1], [3], [2])
    with db.merging("side") as m:
        assert m.conflicts(name).to_dict() == found
        assert m.resolve(name, {"k": [1], "v": [9]}) == 1
        m.commit()
    assert list(contents(db).values()) == [[(1, 9)]]


@pytest.mark.parametrize("renamed, name", [("nowhere", "T"), ("table there", "u"), ("table here", "t")])
@pytest.mark.parametrize("by, value", [("ours", 3), ("theirs", 2)])
def test_a_table_takes_a_side_by_any_name_that_a_side_knows(
    db: rhizo.Database, renamed: str, name: str, by: str, value: int
) -> None:
    RENAMED[renamed](db, updated_on_both(db))
    with db.merging("side") as m:
        m.resolve(name, by)
        m.commit()
    assert list(contents(db).values()) == [[(1, value)]]


def test_what_a_strategy_did_to_tables_and_names_is_told(db: rhizo.Database) -> None:
    for name in ("t", "d", "r"):
        db.write(name, {"x": [0]})
    db.create_branch("side")
    side = db.on("side")
    side.write("n", {"x": [9]})
    side.update("d", {"x": "1"})
    side.rename_table("r", "there")
    db.rename_table("t", "N")
    db.drop_table("d")
    db.rename_table("r", "here")
    assert db.try_merge("side").conflicts == 3
    merged = db.merge("side", strategy="ours")
    told = {table.table: (table.settled, " ".join(table.problems)) for table in merged.tables}
    assert {name: count for name, (count, _) in told.items()} == {"d": 1, "here": 1, "n": 1}
    assert "dropped on one side" in told["d"][1] and "is as here" in told["d"][1]
    assert "renamed" in told["here"][1] and "called" in told["n"][1]
    assert db.tables() == ["N", "here"]
