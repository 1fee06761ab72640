"""What a commit did is known wherever it was done again: replacements stay replacements, nothing is counted twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import rhizo

Sides = tuple[rhizo.Session, rhizo.Session]
TURNS = range(8)  # which head comes first is that of their ids


def branches(db: rhizo.Database, *names: str) -> list[rhizo.Session]:
    for name in names:
        db.create_branch(name)
    return [db.on(name) for name in names]


def rows(session: rhizo.Session) -> list[tuple[Any, ...]]:
    return session.read("t").fetchall()


def contradict(one: rhizo.Session, two: rhizo.Session, match: str | None = None, **how: Any) -> None:
    for session, other in ((one, two), (two, one)):
        head = session.commit().id
        with pytest.raises(rhizo.MergeConflict, match=match):
            session.merge(other.commit().id, **how)
        assert session.commit().id == head


def replace(session: rhizo.Session) -> str:
    return session.write("t", {"k": [11, 12], "v": [7, 7]}).commit


def two_tables(db: rhizo.Database) -> None:
    db.write("t", {"k": [1, 2], "v": [1, 2]})
    db.write("other", {"x": [1]})


def rebased(db: rhizo.Database) -> Sides:
    two_tables(db)
    one, two = branches(db, "one", "two")
    replace(two)
    db.append("other", {"x": [2]})
    two.rebase("main")
    return one, two


def picked(db: rhizo.Database) -> Sides:
    two_tables(db)
    one, two, origin = branches(db, "one", "two", "origin")
    two.append("other", {"x": [2]})
    two.cherry_pick(replace(origin))
    return one, two


def picked_from_a_pick(db: rhizo.Database) -> Sides:
    two_tables(db)
    one, two, origin = branches(db, "one", "two", "origin")
    replace(origin)
    db.append("other", {"x": [2]})
    db.cherry_pick("origin")
    two.append("other", {"x": [3]})
    two.cherry_pick("main")
    return one, two


def reverted(db: rhizo.Database) -> Sides:
    two_tables(db)
    replaced = replace(db)
    one, two = branches(db, "one", "two")
    two.revert(replaced)
    return one, two


CHANGES: dict[str, Callable[[rhizo.Session], Any]] = {
    "appended": lambda s: s.append("t", {"k": [3], "v": [3]}),
    "replaced": lambda s: s.write("t", {"k": [21, 22], "v": [8, 8]}),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("again", [rebased, picked, picked_from_a_pick, reverted])
def test_a_replacement_that_was_done_again_contradicts_changes_of_the_table(
    db: rhizo.Database, again: Callable[[rhizo.Database], Sides], name: str
) -> None:
    one, two = again(db)
    CHANGES[name](one)
    contradict(one, two)


def test_two_replacements_that_were_rebased_contradict_each_other(db: rhizo.Database) -> None:
    two_tables(db)
    one, two = branches(db, "one", "two")
    replace(one)
    CHANGES["replaced"](two)
    db.append("other", {"x": [2]})
    for session in (one, two):
        session.rebase("main")
    contradict(one, two)


def test_a_picked_replacement_contradicts_changes_where_it_is_picked_again_or_reverted(db: rhizo.Database) -> None:
    two_tables(db)
    origin, third = branches(db, "origin", "third")
    replace(origin)
    db.append("other", {"x": [2]})
    pick = db.cherry_pick("origin").commit
    CHANGES["appended"](third)
    with pytest.raises(rhizo.MergeConflict):
        third.cherry_pick(pick)
    CHANGES["appended"](db)
    with pytest.raises(rhizo.MergeConflict):
        db.revert(pick)


def test_a_merge_that_brought_a_replacement_contradicts_changes_where_it_is_picked_or_reverted(
    db: rhizo.Database,
) -> None:
    two_tables(db)
    side, third = branches(db, "side", "third")
    replace(side)
    db.append("other", {"x": [2]})
    merge = db.merge("side", message="both").commit
    CHANGES["appended"](third)
    with pytest.raises(rhizo.MergeConflict):
        third.cherry_pick(merge, parent=1)
    CHANGES["appended"](db)
    with pytest.raises(rhizo.MergeConflict):
        db.revert(merge, parent=1)


@pytest.mark.parametrize("how", [{}, {"message": "both"}, {"no_ff": True}], ids=str)
def test_a_merge_settles_the_replacements_below_it_and_none_beside_it(db: rhizo.Database, how: dict[str, Any]) -> None:
    db.write("t", {"k": [1, 2], "v": [1, 2]}, key="k")
    one, settled, replacing, two = branches(db, "one", "settled", "replacing", "two")
    updated = one.update("t", {"v": 5}, "k = 1").commit
    settled.write("t", {"k": [31, 32], "v": [3, 3]})
    one.merge("settled", strategy="ours", message="as one has it")
    one.revert(updated)
    replacing.write("t", {"k": [41, 42], "v": [4, 4]})
    two.append("t", {"k": [51], "v": [5]})
    contradict(two, replacing)
    one.merge("replacing", message="nothing contradicts")
    contradict(one, two, **how)


def test_a_merge_settles_a_replacement_below_it(db: rhizo.Database) -> None:
    db.write("t", {"k": [1, 2], "v": [1, 2]}, key="k")
    one, two = branches(db, "one", "two")
    two.write("t", {"k": [31, 32], "v": [3, 3]})
    one.append("t", {"k": [3], "v": [3]})
    one.merge("two", strategy="ours", message="as one has it")
    assert two.merge("one").changed
    assert rows(one) == rows(two)


def test_a_pick_counts_no_more_than_once_whenever_the_rule_was_set(db: rhizo.Database) -> None:
    db.write("t", {"k": [1], "n": [5]}, key="k")
    (side,) = branches(db, "side")
    added = side.update("t", {"n": "n + 1"}).commit
    db.append("t", {"k": [2], "n": [0]})
    db.cherry_pick(added)
    db.set_merge_rules("t", {"n": "add"})
    contradict(db, side, match=r"\bn\b")
    assert rows(db) == [(1, 6), (2, 0)]


def test_a_pick_of_a_merge_contradicts_what_the_merge_brought(db: rhizo.Database) -> None:
    db.write("t", {"k": [1], "n": [0]}, key="k")
    db.set_merge_rules("t", {"n": "add"})
    side, third = branches(db, "side", "third")
    db.update("t", {"n": "n + 1"})
    side.append("t", {"k": [2], "n": [0]})
    merge = db.merge("side", message="both").commit
    third.append("t", {"k": [3], "n": [0]})
    third.cherry_pick(merge, parent=2)
    assert rows(third) == [(1, 1), (3, 0)]
    contradict(db, third)


@pytest.mark.parametrize("source", ["side", "main"])
@pytest.mark.parametrize("parent", [1, 2])
def test_what_a_picked_merge_counted_is_never_counted_twice(db: rhizo.Database, parent: int, source: str) -> None:
    db.write("t", {"k": [1], "n": [0]}, key="k")
    db.set_merge_rules("t", {"n": "add"})
    side, third = branches(db, "side", "third")
    db.update("t", {"n": "n + 100"})
    side.update("t", {"n": "n + 1"})
    merge = db.merge("side", message="both").commit
    third.append("t", {"k": [3], "n": [0]})
    third.cherry_pick(merge, parent=parent)
    picked = {1: 1, 2: 100}[parent]
    assert dict(rows(third)) == {1: picked, 3: 0}
    once = 1 if (source, parent) == ("side", 1) else 101
    for session, other in ((third, source), (db.on(source), third.commit().id)):
        before = rows(session)
        try:
            session.merge(other)
        except rhizo.MergeConflict:
            assert rows(session) == before
        else:
            assert dict(rows(session))[1] == once


@pytest.mark.parametrize("turn", TURNS)
def test_a_table_whose_creation_was_picked_takes_what_both_sides_appended(db: rhizo.Database, turn: int) -> None:
    db.write("other", {"x": [1]})
    (side,) = branches(db, "side")
    made = side.write("t", {"k": [1], "v": [0]}, key="k").commit
    db.append("other", {"x": [2]})
    db.cherry_pick(made)
    side.append("t", {"k": [2], "v": [2]})
    db.append("t", {"k": [3], "v": [3]})
    head = db.commit().id
    db.merge("side")
    side.merge(head)
    assert sorted(rows(db)) == sorted(rows(side)) == [(1, 0), (2, 2), (3, 3)]


@pytest.mark.parametrize("turn", range(24))
def test_conflicts_tell_whose_value_is_whose_where_a_head_is_an_automatic_merge(db: rhizo.Database, turn: int) -> None:
    db.write("t", {"k": [1, 2], "v": [0, 0]}, key="k")
    side, more = branches(db, "side", "more")
    db.update("t", {"v": 1}, "k = 1")
    more.update("t", {"v": 111}, "k = 2")
    db.merge("more")
    side.update("t", {"v": 999}, "k = 2")
    for ours, theirs, our, their in (("main", "side", 111, 999), ("side", "main", 999, 111)):
        found = db.conflicts(ours, theirs, "t").to_dict()
        assert (found["base_v"], found["our_v"], found["their_v"]) == ([0], [our], [their])
    with db.merging("side") as m:
        found = m.conflicts("t").to_dict()
        assert (found["our_v"], found["their_v"]) == ([111], [999])
    db.merge("side", strategy="ours")
    assert rows(db) == [(1, 1), (2, 111)]


def both_changed_alike(db: rhizo.Database, picked: bool, change: Callable[[rhizo.Session], str]) -> rhizo.Session:
    """A branch that was merged after both did the same: main has no commit of its own since."""
    db.write("t", {"k": [1, 2], "v": [0, 0]}, key="k")
    (dev,) = branches(db, "dev")
    made = change(dev)
    if picked:
        db.cherry_pick(made)
    else:
        change(db)
    db.append("t", {"k": [8], "v": [8]})
    db.merge("dev")
    return dev


def update_row(session: rhizo.Session) -> str:
    return session.update("t", {"v": 5}, "k = 2").commit


def insert_row(session: rhizo.Session) -> str:
    return session.append("t", {"k": [7], "v": [5]}).commit


def delete_row(session: rhizo.Session) -> str:
    return session.delete("t", "k = 2").commit


@pytest.mark.parametrize("picked", [False, True])
@pytest.mark.parametrize(
    "change, then, want",
    [
        (update_row, lambda dev: dev.update("t", {"v": 0}, "k = 2"), [(1, 0), (2, 0)]),
        (update_row, lambda dev: dev.update("t", {"v": 6}, "k = 2"), [(1, 0), (2, 6)]),
        (insert_row, lambda dev: dev.delete("t", "k = 7"), [(1, 0), (2, 0)]),
        (insert_row, lambda dev: dev.update("t", {"v": 6}, "k = 7"), [(1, 0), (2, 0), (7, 6)]),
        (delete_row, lambda dev: dev.append("t", {"k": [2], "v": [9]}), [(1, 0), (2, 9)]),
    ],
)
def test_what_one_side_changes_again_after_a_merge_is_news(
    db: rhizo.Database, picked: bool, change: Callable[[rhizo.Session], str], then: Any, want: list[Any]
) -> None:
    dev = both_changed_alike(db, picked, change)
    then(dev)
    head = db.commit().id
    assert db.try_merge("dev").conflicts == 0
    assert len(db.conflicts("main", "dev", "t")) == 0
    merged = db.merge("dev").commit
    assert sorted(rows(db)) == [*want, (8, 8)]
    assert list(db.commit().parents) == sorted([head, dev.commit().id])
    db.create_branch("before", head)  # the same heads make the same commit, whichever is merged into the other
    assert dev.merge("before").commit == merged
    assert db.commit(merged).author == ""


def test_heads_that_contradict_contradict_also_where_the_commits_they_stand_for_do_not(db: rhizo.Database) -> None:
    db.write("t", {"k": [1, 2], "v": [0, 0]}, key="k")
    (dev,) = branches(db, "dev")
    done = [dev.create_table("stats", {"day": "BIGINT"}).commit, update_row(dev)]
    for commit in done:
        db.cherry_pick(commit)
    db.append("stats", {"day": [1]})
    db.merge("dev")
    for commit in done:
        dev.revert(commit)
    for options in ({}, {"message": "by hand"}):
        assert db.try_merge("dev").conflicts == 1
        with pytest.raises(rhizo.MergeConflict, match="stats"):
            db.merge("dev", **options)
    with db.merging("dev") as m:
        assert m.state().conflicts == 1
    db.merge("dev", tables={"stats": "theirs"})
    assert rows(db) == [(1, 0), (2, 0)]


@pytest.mark.parametrize("again", range(4))  # whose rows a merge takes is that of ids
@pytest.mark.parametrize("message", ["by hand", None])
@pytest.mark.parametrize("key", ["k", None])
@pytest.mark.parametrize(
    "then, want",
    [
        (lambda dev: dev.write("t", {"k": [21, 22], "v": [2, 2]}), [(21, 2), (22, 2)]),
        (lambda dev: dev.update("t", {"v": 7}, "k = 11"), [(11, 7), (12, 1)]),
        (lambda dev: dev.append("t", {"k": [13], "v": [1]}), [(11, 1), (12, 1), (13, 1)]),
        (lambda dev: dev.delete("t", "k = 11"), [(12, 1)]),
    ],
)
def test_a_table_that_both_replaced_alike_and_merged_is_one_that_goes_on(
    db: rhizo.Database, then: Any, want: list[Any], key: str | None, message: str | None, again: int
) -> None:
    db.write("t", {"k": [1, 2], "v": [0, 0]}, key=key)
    db.write("other", {"x": [1]})
    (dev,) = branches(db, "dev")
    for session in (dev, db):
        session.write("t", {"k": [11, 12], "v": [1, 1]})
    db.merge("dev", message=message)
    then(dev)
    db.merge("dev", message=message)
    assert sorted(rows(db)) == want
    then_main = db.update("t", {"v": 9}, f"k = {want[0][0]}").commit
    dev.merge(then_main, message=message)
    assert (want[0][0], 9) in rows(dev)


def test_a_rebase_leaves_out_the_pick_of_a_merge_of_heads_whose_changes_are_there(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "v": "BIGINT", "n": "BIGINT"}, key="k", merge_rules={"n": "add"})
    db.append("t", {"k": [1, 2], "v": [0, 0], "n": [0, 0]})
    (dev,) = branches(db, "dev")
    db.cherry_pick(update_row(dev))
    db.append("t", {"k": [8], "v": [8], "n": [0]})
    db.merge("dev")
    (third,) = branches(dev, "third")
    dev.update("t", {"v": 0}, "k = 2")
    dev.update("t", {"n": "n + 1"}, "k = 1")
    db.merge("dev")
    merge = db.commit()
    ours = next(number for number, parent in enumerate(merge.parents, 1) if parent != dev.commit().id)
    third.cherry_pick(merge.id, parent=ours)
    third.rebase("dev")
    assert third.commit().id == dev.commit().id


def test_a_merge_that_is_not_what_its_commits_add_up_to_stands_for_itself(db: rhizo.Database) -> None:
    dev = both_changed_alike(db, True, insert_row)
    dev.delete("t", "k = 7")
    (more,) = branches(db, "more")
    more.append("t", {"k": [9], "v": [9]})
    merged = db.merge("dev").commit
    db.merge("more")
    assert sorted(rows(db)) == [(1, 0), (2, 0), (8, 8), (9, 9)]
    assert list(db.commit().parents) == sorted([merged, more.commit().id])


def test_a_table_that_a_strategy_takes_whole_is_told(db: rhizo.Database) -> None:
    db.write("t", {"k": [1, 2], "v": [1, 2]})
    one, two = branches(db, "one", "two")
    one.write("t", {"k": [11], "v": [7]})
    two.write("t", {"k": [21], "v": [8]})
    for merged in (one.try_merge("two", strategy="ours"), one.merge("two", strategy="ours")):
        (table,) = merged.tables
        assert (table.table, table.settled) == ("t", 1)
        assert "the whole table is as here: one side replaced" in table.problems[0]
