"""Commits picked, reverted and rebased across columns that were dropped or became wider: what came before stays."""

from __future__ import annotations

from typing import Any

import pytest
import rhizo


def branch_that_adds_a_column(db: rhizo.Database) -> rhizo.Session:
    db.write("t", {"id": [1, 2, 3], "x": [0, 0, 0]}, key="id")
    db.create_branch("f")
    f = db.on("f")
    f.alter("t", add={"c": "INTEGER"})
    return f


def column(session: rhizo.Session, name: str) -> dict[int, Any]:
    return dict(session.sql(f'SELECT id, "{name}" FROM t').fetchall())


@pytest.mark.parametrize("key", ["id", None], ids=["key", "no key"])
@pytest.mark.parametrize("rows", [3, 1000])
@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.update("t", {"a": "1"}, "id = 1"),
        lambda s: s.update("t", {"a": "1"}),
        lambda s: s.delete("t", "id % 2 = 0"),
        lambda s: s.append("t", {"id": [5000], "a": [1], "x": [1]}),
    ],
    ids=["a cell", "a column", "half of the rows", "a new row"],
)
def test_a_pick_from_where_a_column_was_dropped_leaves_it_as_it_is(
    db: rhizo.Database, change: Any, rows: int, key: str | None
) -> None:
    db.write("t", {"id": list(range(rows)), "a": [0] * rows, "x": [0] * rows, "old": [7] * rows}, key=key)
    db.create_branch("release")
    release = db.on("release")
    release.append("t", {"id": [9999], "a": [5], "x": [0], "old": [8]})
    db.alter("t", drop="old")
    db.update("t", {"x": "3"}, "id = 1")  # which is not picked
    fix = change(db).commit
    before = release.read("t").fetchall()
    expected = {row[0]: row for row in before}
    release.cherry_pick(fix)
    picked = {row[0]: row for row in release.read("t").fetchall()}
    if db.sql("SELECT count(*) FROM t").fetchone() == (rows,):
        touched = {1} if db.sql("SELECT count(*) FROM t WHERE a = 1").fetchone() == (1,) else set(range(rows))
        for row in touched:
            expected[row] = (row, 1, 0, 7)
    elif 5000 in picked:
        expected[5000] = (5000, 1, 1, None)
    else:
        expected = {row: values for row, values in expected.items() if row % 2 == 1}
    assert picked == expected
    assert db.verify().ok


@pytest.mark.parametrize("rows", [3, 1000])
def test_a_rebase_keeps_commits_that_contradict_nothing(db: rhizo.Database, rows: int) -> None:
    db.write("t", {"id": list(range(rows)), "a": [0] * rows, "old": [7] * rows}, key="id")
    db.create_branch("f")
    f = db.on("f")
    f.alter("t", drop="old")
    f.update("t", {"a": "1"}, f"id < {rows // 2}", message="fix")
    db.update("t", {"old": "8"}, "id = 2")
    with pytest.raises(rhizo.MergeConflict, match="was dropped there"):
        f.rebase("main")
    moved = f.rebase("main", strategy="ours")
    assert f.log(limit=1)[0].message == "fix"
    assert column(f, "a") == {row: int(row < rows // 2) for row in range(rows)}
    assert column(f, "old") == {row: 8 if row == 2 else 7 for row in range(rows)}
    (told,) = moved.tables
    assert told.table == "t" and told.settled == 1 and "was dropped there" in told.problems[0]


@pytest.mark.parametrize("rows", [3, 1000])
def test_a_drop_that_is_reverted_brings_back_what_was_dropped(db: rhizo.Database, rows: int) -> None:
    db.write("t", {"id": list(range(rows)), "a": [0] * rows, "old": [7] * rows}, key="id")
    dropped = db.alter("t", drop="old").commit
    db.append("t", {"id": [9999], "a": [5]})
    db.update("t", {"a": "a + 1"})
    db.delete("t", "id = 0")
    db.revert(dropped)
    assert column(db, "old") == {row: 7 for row in range(1, rows)} | {9999: None}
    assert column(db, "a") == {row: 1 for row in range(1, rows)} | {9999: 6}


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_a_strategy_keeps_a_column_wide_where_rows_were_stored_so(db: rhizo.Database, strategy: Any) -> None:
    db.create_table("t", {"id": "INTEGER", "n": "INTEGER", "a": "INTEGER"}, key="id")
    db.append("t", {"id": [1, 2, 3], "n": [1, 1, 1], "a": [0, 0, 0]})
    db.alter("t", default={"n": 3})
    db.create_branch("release")
    release = db.on("release")
    release.append("t", {"id": [1000], "n": [1], "a": [1]})
    db.alter("t", widen={"n": "BIGINT"})
    db.update("t", {"n": str(2**40)}, "id = 1")
    fix = db.update("t", {"a": "5"}, "id = 1").commit
    moved = release.cherry_pick(fix, strategy=strategy)
    assert release.read("t").to_dict() == {"id": [1, 2, 3, 1000], "n": [1, 1, 1, 1], "a": [5, 0, 0, 1]}
    assert release.info("t").defaults == {"n": "3"}
    assert moved.tables[0].settled == 1 and "another type" in moved.tables[0].problems[0]
    assert db.verify().ok


def test_a_type_that_is_reverted_with_a_strategy_loses_no_row(db: rhizo.Database) -> None:
    db.create_table("t", {"id": "INTEGER", "n": "INTEGER"}, key="id")
    db.append("t", {"id": [1], "n": [1]})
    wide = db.alter("t", widen={"n": "BIGINT"}).commit
    db.append("t", {"id": [2], "n": [2]})
    with pytest.raises(rhizo.MergeConflict, match="another type"):
        db.revert(wide)
    db.revert(wide, strategy="theirs")
    assert db.read("t").to_dict() == {"id": [1, 2], "n": [1, 2]}


@pytest.mark.parametrize("key", ["id", None], ids=["key", "no key"])
@pytest.mark.parametrize("rows", [3, 3000])
@pytest.mark.parametrize("before", ["nothing", "stored anew", "set there"])
def test_a_row_is_deleted_whatever_the_base_holds_of_a_column_that_it_had_dropped(
    db: rhizo.Database, before: str, rows: int, key: str | None
) -> None:
    db.write("t", {"id": list(range(rows)), "x": [0] * rows, "old": [7] * rows}, key=key)
    db.create_branch("release")
    release = db.on("release")
    db.alter("t", drop="old")
    if before == "stored anew":
        db.update("t", {"x": "3"}, "id % 2 = 0")
    if before == "set there":
        release.update("t", {"old": "8"}, "id = 1")
    fix = db.delete("t", "id = 1").commit
    release.cherry_pick(fix)
    assert column(release, "old") == {row: 7 for row in range(rows) if row != 1}


@pytest.mark.parametrize("rows", [3, 3000])
def test_a_row_that_is_a_unit_is_changed_whatever_the_base_holds_of_a_column(db: rhizo.Database, rows: int) -> None:
    db.write("t", {"id": list(range(rows)), "x": [0] * rows, "y": [0] * rows, "old": [7] * rows}, key="id")
    db.set_merge_rules("t", {}, row_is_unit=True)
    db.create_branch("release")
    release = db.on("release")
    db.alter("t", drop="old")
    db.update("t", {"y": "3"}, "id % 2 = 0")
    fix = db.update("t", {"x": "5"}, "id = 1").commit
    release.cherry_pick(fix)
    assert column(release, "x") == {row: 5 if row == 1 else 0 for row in range(rows)}
    assert set(column(release, "old").values()) == {7}


def test_a_row_that_was_deleted_stays_so_where_a_column_is_picked_that_both_have_again(db: rhizo.Database) -> None:
    db.write("t", {"id": [1, 2, 3], "old": [7, 7, 7]}, key="id")
    db.create_branch("release")
    release = db.on("release")
    dropped = db.alter("t", drop="old").commit
    release.alter("t", drop="old")
    db.delete("t", "id = 3")
    back = db.revert(dropped).commit
    again = release.cherry_pick(back, strategy="theirs").commit
    db.cherry_pick(again, strategy="theirs")
    assert column(db, "old") == {1: 7, 2: 7}


@pytest.mark.parametrize("key", ["id", None], ids=["key", "no key"])
@pytest.mark.parametrize("rows", [3, 3000])
def test_a_pick_from_where_a_column_was_added_merges_with_it_later(
    db: rhizo.Database, rows: int, key: str | None
) -> None:
    db.write("t", {"id": list(range(rows)), "x": [0] * rows}, key=key)
    db.create_branch("f")
    f = db.on("f")
    f.alter("t", add={"c": "BIGINT"})
    f.update("t", {"c": "4"}, "id = 1")
    db.cherry_pick(f.append("t", {"id": [9000], "x": [1], "c": [5]}).commit)
    assert db.read("t").column_names == ["id", "x"] and len(db.read("t")) == rows + 1
    db.append("t", {"id": [9001], "x": [1]})
    db.merge("f")
    assert {row: value for row, value in column(db, "c").items() if value is not None} == {1: 4, 9000: 5}
    assert len(db.read("t")) == rows + 2


@pytest.mark.parametrize("key", ["id", None], ids=["key", "no key"])
@pytest.mark.parametrize("rows", [3, 3000])
def test_values_of_a_column_that_came_back_contradict_those_that_stayed_whatever_the_base_holds(
    db: rhizo.Database, rows: int, key: str | None
) -> None:
    db.write("t", {"id": list(range(rows)), "x": [0] * rows, "old": [7] * rows}, key=key)
    db.create_branch("release")
    release = db.on("release")
    release.update("t", {"old": "8"}, "id = 1")
    dropped = db.alter("t", drop="old").commit
    db.create_branch("back")
    back = db.on("back")
    back.revert(dropped)
    back.update("t", {"x": "5"}, "id = 2")
    merged = db.merge("back", no_ff=True).commit
    with pytest.raises(rhizo.MergeConflict, match="1 conflict"):
        release.cherry_pick(merged, parent=1)
    release.cherry_pick(merged, parent=1, strategy="ours")
    assert column(release, "old") == {row: 8 if row == 1 else 7 for row in range(rows)}
    assert column(release, "x") == {row: 5 if row == 2 else 0 for row in range(rows)}


@pytest.mark.parametrize("strategy", ["fail", "ours", "theirs"])
def test_reverting_a_pick_that_knew_a_column_its_branch_did_not_have_leaves_the_column_alone(
    db: rhizo.Database, strategy: Any
) -> None:
    with branch_that_adds_a_column(db) as f:
        f.update("t", {"c": "id * 10"})
        row = f.append("t", {"id": [4], "x": [0], "c": [40]}).commit
    pick = db.cherry_pick(row).commit
    assert db.read("t").column_names == ["id", "x"]
    db.merge("f")
    db.update("t", {"c": "33"}, "id = 3")
    assert db.revert(pick, strategy=strategy).tables == ()
    assert db.read("t").fetchall() == [(1, 0, 10), (2, 0, 20), (3, 0, 33)]


def test_a_column_whose_adding_is_reverted_in_vain_keeps_all_its_values(db: rhizo.Database) -> None:
    db.write("t", {"id": [1, 2, 3], "x": [0, 0, 0]}, key="id")
    with db.transaction() as tx:
        tx.alter("t", add={"c": "INTEGER"})
        tx.update("t", {"c": "id * 10"})
    added = db.commit().id
    db.update("t", {"c": "11"}, "id = 1")
    with pytest.raises(rhizo.MergeConflict):
        db.revert(added)
    db.revert(added, strategy="ours")
    assert column(db, "c") == {1: 11, 2: 20, 3: 30}
    db.revert(added, strategy="theirs")
    assert db.read("t").column_names == ["id", "x"]


@pytest.mark.parametrize("strategy", ["fail", "theirs"])
def test_reverting_a_merge_that_brought_only_traces_of_a_column_leaves_the_column_alone(
    db: rhizo.Database, strategy: Any
) -> None:
    with branch_that_adds_a_column(db) as f:
        drop = f.alter("t", drop="c").commit
        f.update("t", {"x": "1"}, "id = 1")
    db.update("t", {"x": "2"}, "id = 2")
    merged = db.merge("f", message="a commit whose first parent is main").commit
    db.revert(drop)
    db.update("t", {"c": "id"})
    db.revert(merged, parent=1, strategy=strategy)
    assert db.read("t").to_dict() == {"id": [1, 2, 3], "x": [0, 2, 0], "c": [1, 2, 3]}
