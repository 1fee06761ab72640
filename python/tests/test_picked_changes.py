"""What two branches have of one change by picking: it is neither lost nor counted twice, nor taken for another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rhizo


@pytest.fixture
def db(tmp_path: Path) -> Iterator[rhizo.Database]:
    with rhizo.open(tmp_path / "db", durability="none") as opened:
        yield opened


def counters(db: rhizo.Database, rows: int, *, rule: str = "add") -> None:
    db.create_table("t", {"id": "BIGINT", "n": "BIGINT"}, key="id", merge_rules={"n": rule})
    db.append("t", {"id": list(range(1, rows + 1)), "n": [0] * rows})


def branches(db: rhizo.Database, *names: str) -> list[rhizo.Session]:
    for name in names:
        db.create_branch(name)
    return [db.on(name) for name in names]


def automatic_merge(db: rhizo.Database) -> dict[str, Any]:
    """Of side into main, for cherry_pick: what side brought. The parents of an automatic merge are sorted by id."""
    mine = db.write("other", {"a": [1]}).commit
    merge = db.merge("side").commit
    return {"commit": merge, "parent": db.commit(merge).parents.index(mine) + 1}


def rows(session: Any) -> list[tuple[Any, ...]]:
    return sorted(session.read("t").fetchall())


def sort_backwards(session: Any, but: int | None = None) -> None:
    """In the same write, the row whose id is `but` is left out."""
    columns = session.read("t").to_dict()
    kept = [row for row, key in enumerate(columns["id"]) if key != but]
    session.write("t", {name: [values[row] for row in kept[::-1]] for name, values in columns.items()})


def branches_with_a_picked_row(db: rhizo.Database, number: int) -> list[rhizo.Session]:
    """Two branches, of which one inserted the row 7 with this counter and the other picked that."""
    counters(db, 1)
    one, other = branches(db, "one", "other")
    other.cherry_pick(one.append("t", {"id": [7], "n": [number]}).commit)
    return [one, other]


def branches_with_a_row_taken_back(db: rhizo.Database) -> list[rhizo.Session]:
    """Two branches, of which one deleted the row 7 and took that back, and the other picked both."""
    counters(db, 1)
    db.append("t", {"id": [7], "n": [10]})
    one, other = branches(db, "one", "other")
    gone = one.delete("t", "id = 7").commit
    for done in (gone, one.revert(gone).commit):
        other.cherry_pick(done)
    return [one, other]


def make_anew(session: rhizo.Session, number: int) -> None:
    session.delete("t", "id = 7")
    session.append("t", {"id": [7], "n": [number]})


def check_that_they_contradict(one: Any, other: Any) -> None:
    for into, source in ((one, other), (other, one)):
        with pytest.raises(rhizo.MergeConflict):
            into.merge(source.current_branch())


# --- picked merges


@pytest.mark.parametrize("rule", ["conflict", "add"])
def test_picks_of_one_merge_against_different_parents_are_different_changes(db, rule) -> None:
    counters(db, 2, rule=rule)
    side, one, other = branches(db, "side", "one", "other")
    side.update("t", {"n": "n + 5"}, "id = 1")
    db.update("t", {"n": "n + 7"}, "id = 2")
    merge = db.merge("side", message="both").commit
    one.cherry_pick(merge, parent=1)
    other.cherry_pick(merge, parent=2)
    assert (rows(one), rows(other)) == ([(1, 5), (2, 0)], [(1, 0), (2, 7)])
    db.create_branch("rebased", "other")
    with db.on("rebased") as rebased:
        rebased.rebase("one")
        assert rows(rebased) == [(1, 5), (2, 7)]
    other.merge("one")
    assert rows(other) == [(1, 5), (2, 7)]


@pytest.mark.parametrize("by_merge", [False, True])
def test_a_rebase_leaves_out_the_pick_of_an_automatic_merge_whose_changes_are_there(db, by_merge) -> None:
    counters(db, 1)
    side, onto, branch = branches(db, "side", "onto", "branch")
    change = side.update("t", {"n": "n + 5"}, "id = 1").commit
    merge = automatic_merge(db)
    onto.merge("side") if by_merge else onto.cherry_pick(change)
    onto.update("t", {"n": "n + 1"}, "id = 1")
    branch.cherry_pick(**merge)
    branch.rebase("onto")
    assert rows(branch) == [(1, 6)]


def test_a_rebase_refuses_the_pick_of_a_merge_where_only_part_of_it_is_there(db) -> None:
    counters(db, 2)
    side, onto, branch = branches(db, "side", "onto", "branch")
    change = side.update("t", {"n": "n + 5"}, "id = 1").commit
    side.update("t", {"n": "n + 7"}, "id = 2")
    db.write("other", {"a": [1]})
    merge = db.merge("side", message="both").commit
    onto.cherry_pick(change)
    branch.cherry_pick(merge, parent=1)
    head = branch.commit().id
    with pytest.raises(rhizo.MergeConflict, match="count it twice"):
        branch.rebase("onto")
    assert branch.commit().id == head


def test_a_rebase_does_the_part_of_a_picked_merge_that_is_not_there_where_nothing_counts(db) -> None:
    counters(db, 2, rule="conflict")
    side, onto, branch = branches(db, "side", "onto", "branch")
    change = side.update("t", {"n": "5"}, "id = 1").commit
    side.update("t", {"n": "7"}, "id = 2")
    merge = automatic_merge(db)
    onto.cherry_pick(change)
    branch.cherry_pick(**merge)
    branch.rebase("onto")
    assert rows(branch) == [(1, 5), (2, 7)]


@pytest.mark.parametrize("is_merge", [False, True])
def test_what_was_picked_once_more_than_the_new_base_has_it_is_done_again(db, is_merge) -> None:
    counters(db, 1)
    side, onto, branch = branches(db, "side", "onto", "branch")
    change, parent = side.update("t", {"n": "n + 5"}, "id = 1").commit, None
    if is_merge:
        db.write("other", {"a": [1]})
        change, parent = db.merge("side", message="both").commit, 1
    onto.cherry_pick(change, parent=parent)
    branch.cherry_pick(change, parent=parent)
    branch.cherry_pick(change, parent=parent)
    branch.rebase("onto")
    assert rows(branch) == [(1, 10)]


def test_a_change_and_the_pick_of_a_merge_that_brought_it_again_are_two(db) -> None:
    counters(db, 1)
    side, onto, branch = branches(db, "side", "onto", "branch")
    change = side.update("t", {"n": "n + 5"}, "id = 1").commit
    merge = automatic_merge(db)
    onto.cherry_pick(**merge)
    branch.cherry_pick(change)
    branch.cherry_pick(**merge)
    assert rows(branch) == [(1, 10)]
    branch.rebase("onto")
    assert rows(branch) == [(1, 10)]


def test_a_replacement_that_came_with_a_picked_merge_is_the_one_that_was_picked_by_itself(db) -> None:
    counters(db, 4, rule="conflict")
    side, one, other = branches(db, "side", "one", "other")
    change = side.write("t", {"id": [11, 12, 13], "n": [9, 9, 9]}).commit
    db.write("other", {"a": [1]})
    merge = db.merge("side", message="both").commit
    one.cherry_pick(merge, parent=1)
    other.cherry_pick(change)
    one.cherry_pick(other.update("t", {"n": "1"}, "id = 12").commit)
    assert rows(one) == [(11, 9), (12, 1), (13, 9)]


def test_a_replacement_that_was_taken_back_before_the_branches_parted_is_one_where_it_is_picked_again(db) -> None:
    counters(db, 4, rule="conflict")
    (side,) = branches(db, "side")
    change = db.write("t", {"id": [11, 12, 13, 14], "n": [9] * 4}).commit
    again = side.cherry_pick(change).commit
    db.revert(change)
    one, other = branches(db, "one", "other")
    one.cherry_pick(again)
    appended = other.append("t", {"id": [50], "n": [5]}).commit
    for replay in (lambda: one.cherry_pick(appended), lambda: other.rebase("one")):
        with pytest.raises(rhizo.MergeConflict, match="replaced"):
            replay()


def test_replacements_that_two_branches_picked_in_another_order_are_not_the_same(db) -> None:
    counters(db, 4, rule="conflict")
    left, right, one, other = branches(db, "left", "right", "one", "other")
    first = left.write("t", {"id": [11, 12, 13, 14], "n": [1] * 4}).commit
    second = right.write("t", {"id": [21, 22, 23, 24], "n": [2] * 4}).commit
    for branch, order in ((one, (first, second)), (other, (second, first))):
        for change in order:
            branch.cherry_pick(change, strategy="theirs")
    appended = other.append("t", {"id": [50], "n": [5]}).commit
    with pytest.raises(rhizo.MergeConflict, match="replaced"):
        one.cherry_pick(appended)


# --- picked inserts


@pytest.mark.parametrize("again", range(5))  # ids are random
@pytest.mark.parametrize("rule, neutral, change, want", [("add", 0, "n + 3", 6), ("multiply", 1, "n * 3", 9)])
def test_a_row_that_was_there_already_where_its_insert_was_picked_counts_by_itself(
    db, rule, neutral, change, want, again
) -> None:
    counters(db, 1, rule=rule)
    one, other = branches(db, "one", "other")
    other.append("t", {"id": [7], "n": [3]})
    other.cherry_pick(one.append("t", {"id": [7, 8], "n": [neutral, neutral]}).commit)
    one.update("t", {"n": change}, "id = 7")
    other.merge("one")
    assert (7, want) in rows(other)


@pytest.mark.parametrize("values", [(4, 4), (4, 5)])
def test_rows_that_both_made_anew_since_they_picked_one_contradict(db, values) -> None:
    one, other = branches_with_a_picked_row(db, 1)
    for session, value in zip((one, other), values):
        make_anew(session, value)
    check_that_they_contradict(one, other)


def test_a_picked_row_that_one_side_took_back_and_the_other_made_anew_contradicts(db) -> None:
    one, other = branches_with_a_picked_row(db, 1)
    one.revert(one.delete("t", "id = 7").commit)
    make_anew(other, 4)
    check_that_they_contradict(one, other)


@pytest.mark.parametrize("again", range(6))  # ids are random
@pytest.mark.parametrize("message", ["by hand", None])
def test_a_picked_row_joined_with_one_of_its_key_does_not_count_on_that(db, message, again) -> None:
    counters(db, 1)
    (one,) = branches(db, "one")
    picked = one.append("t", {"id": [7], "n": [1]}).commit
    db.append("t", {"id": [7], "n": [10]})
    one.merge("main", message=message)
    assert rows(one) == [(1, 0), (7, 11)]
    db.delete("t", "id = 7")
    db.cherry_pick(picked)
    check_that_they_contradict(one, db)


@pytest.mark.parametrize("counts", [(3, 3), (3, 5)])
@pytest.mark.parametrize("by", [0, 1])
def test_what_both_count_on_a_row_that_was_taken_back_and_sorted_contradicts(db, counts, by) -> None:
    one, other = branches_with_a_row_taken_back(db)
    for session, count in zip((one, other), counts):
        session.update("t", {"n": f"n + {count}"}, "id = 7")
    sort_backwards((one, other)[by])
    check_that_they_contradict(one, other)


def test_a_row_that_was_taken_back_and_sorted_is_there_once(db) -> None:
    one, other = branches_with_a_row_taken_back(db)
    sort_backwards(one)
    other.merge("one")
    assert rows(other) == [(1, 0), (7, 10)]


def a_picked_count(db: rhizo.Database) -> rhizo.Session:
    """A count on row 7 that was picked to main; each side also has a row of its own, and side counted once more."""
    counters(db, 1)
    db.append("t", {"id": [7], "n": [10]})
    (side,) = branches(db, "side")
    db.cherry_pick(side.update("t", {"n": "n + 3"}, "id = 7").commit)
    side.update("t", {"n": "n + 5"}, "id = 7")
    side.append("t", {"id": [20], "n": [1]})
    db.append("t", {"id": [21], "n": [1]})
    with pytest.raises(rhizo.MergeConflict, match="twice"):
        db.merge("side")
    return side


@pytest.mark.parametrize("how, want", [("ours", 13), ("theirs", 18)])
@pytest.mark.parametrize("named", ["strategy", "columns", "tables"])
def test_a_strategy_settles_what_would_count_twice_by_value_and_merges_the_rest(db, named, how, want) -> None:
    a_picked_count(db)
    options = {"strategy": how, "columns": {("t", "n"): how}, "tables": {"t": how}}
    merged = db.merge("side", **{named: options[named]})
    assert sorted(rows(db)) == [(1, 0), (7, want), (20, 1), (21, 1)]
    assert "twice" in str(merged.tables)


def test_what_would_count_twice_is_settled_alone_in_a_merge_by_hand(db) -> None:
    a_picked_count(db)
    with db.merging("side") as m:
        m.resolve("t", "theirs", rows=False)
        m.commit("settled")
    assert sorted(rows(db)) == [(1, 0), (7, 18), (20, 1), (21, 1)]


def test_a_count_that_was_picked_and_nothing_else_is_there_once_whoever_is_favoured(db) -> None:
    counters(db, 1)
    (side,) = branches(db, "side")
    db.cherry_pick(side.update("t", {"n": "n + 3"}, "id = 1").commit)
    side.append("t", {"id": [20], "n": [1]})
    db.merge("side", columns={("t", "n"): "ours"})
    assert sorted(rows(db)) == [(1, 3), (20, 1)]


def test_a_row_that_was_picked_after_both_had_deleted_one_of_its_key_is_there_once(db) -> None:
    counters(db, 1)
    one, other = branches(db, "one", "other")
    for session in (one, other):
        session.append("t", {"id": [7], "n": [1]})
        session.delete("t", "id = 7")
    other.cherry_pick(one.append("t", {"id": [7], "n": [4]}).commit)
    sort_backwards(one)
    other.merge("one")
    assert rows(other) == [(1, 0), (7, 4)]


@pytest.mark.parametrize("but, want", [(None, [(1, 0), (7, 4), (8, 5)]), (1, [(7, 4), (8, 5)])])
def test_picked_rows_of_tables_that_both_sorted_are_there_once(db, but, want) -> None:
    counters(db, 1)
    one, other = branches(db, "one", "other")
    other.cherry_pick(one.append("t", {"id": [7, 8], "n": [4, 5]}).commit)
    for session in (one, other):
        sort_backwards(session, but)
    other.merge("one")
    assert rows(other) == want


@pytest.mark.parametrize("sort", [False, True])
def test_a_picked_row_that_one_side_made_anew_contradicts(db, sort) -> None:
    one, other = branches_with_a_picked_row(db, 1)
    make_anew(one, 4)
    if sort:
        sort_backwards(other)
    check_that_they_contradict(one, other)


def test_picked_rows_that_both_deleted_and_took_back_are_there_once(db) -> None:
    one, other = branches_with_a_picked_row(db, 4)
    for session in (one, other):
        session.revert(session.delete("t", "id = 7").commit)
    other.merge("one")
    assert rows(other) == [(1, 0), (7, 4)]


def test_a_key_that_got_a_column_since_its_rows_were_picked_has_them_once(db) -> None:
    db.create_table("t", {"id": "INTEGER", "n": "BIGINT"}, key="id", merge_rules={"n": "add"})
    db.append("t", {"id": [1], "n": [0]})
    one, other = branches(db, "one", "other")
    other.cherry_pick(one.append("t", {"id": [7], "n": [5]}).commit)
    db.alter("t", add={"part": "INTEGER"}, default={"part": "0"})
    db.set_key("t", ["id", "part"])
    here, there = branches(db, "here", "there")
    here.merge("one", message="one")
    there.merge("other", message="other")
    sort_backwards(there)
    there.merge("here")
    assert rows(there) == [(1, 0, 0), (7, 5, 0)]


# --- narrower types


def test_a_picked_revert_that_makes_a_column_narrower_counts_what_it_took_back(db) -> None:
    db.create_table("t", {"id": "INTEGER", "n": "INTEGER", "m": "INTEGER"}, key="id", merge_rules={"n": "add"})
    db.append("t", {"id": [1, 2], "n": [2, 2], "m": [0, 0]})
    with db.transaction() as tx:
        tx.alter("t", widen={"n": "DECIMAL(18,2)"})
        tx.update("t", {"n": "n - 0.4"}, "id = 2")
    wide = db.commit().id
    one, other = branches(db, "one", "other")
    back = one.revert(wide).commit
    assert [(table.operation, table.rows_updated) for table in one.commit().tables] == [("update", 1)]
    other.cherry_pick(back)
    one.update("t", {"m": "1"}, "id = 1")
    for session in (one, other):
        session.alter("t", widen={"n": "DECIMAL(18,2)"})
    with pytest.raises(rhizo.MergeConflict, match="count it twice"):
        other.merge("one")


@pytest.mark.parametrize("wide, value", [("BIGINT", "1000000000000"), ("DOUBLE", "1e300")])
@pytest.mark.parametrize("as_merge", [False, True])
@pytest.mark.parametrize("options", [{}, {"strategy": "ours"}, {"strategy": "theirs"}])
def test_a_column_made_wider_for_its_values_goes_back_with_them(db, wide, value, as_merge, options) -> None:
    db.create_table("t", {"id": "INTEGER", "n": "INTEGER"}, key="id")
    db.append("t", {"id": [1, 2, 3], "n": [0, 0, 0]})
    (side,) = branches(db, "side")
    with side.transaction() as tx:
        tx.alter("t", widen={"n": wide})
        tx.update("t", {"n": value}, "id = 2")
    if as_merge:
        db.write("other", {"a": [1]})
        commit, parent = db.merge("side", message="both").commit, {"parent": 1}
    else:
        db.merge("side")
        commit, parent = db.commit().id, {}
    db.revert(commit, **parent, **options)
    assert rows(db) == [(1, 0), (2, 0), (3, 0)]
    assert [column.type for column in db.info("t").columns] == ["INTEGER", "INTEGER"]


def test_a_key_made_wider_for_a_row_goes_back_with_it(db) -> None:
    db.create_table("t", {"id": "INTEGER", "n": "INTEGER"}, key="id")
    db.append("t", {"id": [1, 2], "n": [0, 0]})
    with db.transaction() as tx:
        tx.alter("t", widen={"id": "BIGINT"})
        tx.append("t", {"id": [10**12], "n": [1]})
    db.revert(db.commit().id)
    assert rows(db) == [(1, 0), (2, 0)]
    assert db.info("t").columns[0].type == "INTEGER"
