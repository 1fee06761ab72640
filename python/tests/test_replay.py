"""revert, cherry_pick, rebase, reset: the merge law with another base."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
import rhizo

USERS = {"id": [1, 2, 3], "name": ["ann", "bob", "cid"], "score": [10, 20, 30]}


@pytest.fixture(params=["id", None], ids=["keyed", "by row"])
def db(request, tmp_path):
    with rhizo.open(str(tmp_path / "db")) as opened:
        opened.write("users", USERS, key=request.param)
        opened.create_branch("side")
        yield opened


@pytest.fixture
def side(db):
    with db.on("side") as session:
        yield session


def rows(session, table="users"):
    return session.read(table).fetchall()


def row_ids(session):
    return session.sql("SELECT id, rowid FROM users").fetchall()


# --- revert


def test_a_reverted_update_is_undone_and_what_came_after_stays(db):
    wrong = db.update("users", {"score": "score * 2", "name": "upper(name)"}, "id < 3").commit
    db.update("users", {"score": "0"}, "id = 3")
    moved = db.revert(wrong)
    assert moved.changed and moved.before != moved.commit
    assert rows(db) == [(1, "ann", 10), (2, "bob", 20), (3, "cid", 0)]
    commit = db.commit()
    assert commit.id == moved.commit and commit.message.startswith(f"revert {wrong[:10]}"[:15])
    assert commit.tables[0].operation == "update" and commit.tables[0].rows_updated == 2
    assert db.verify().ok


def test_reverted_deletes_come_back_at_their_place_as_the_same_rows(db):
    db.tag("before")
    wrong = db.delete("users", "id = 2").commit
    db.append("users", {"id": [4], "name": ["dot"], "score": [40]})
    db.revert(wrong)
    assert [row[0] for row in rows(db)] == [1, 2, 3, 4]
    assert db.diff("before", table="users").summary() == "users: change, +1 ~0 -0 rows"


def test_reverted_creations_drops_and_renames(db):
    made = db.write("extra", {"a": [1]}).commit
    db.drop_table("users")
    dropped = db.commit().id
    db.rename_table("extra", "more")
    renamed = db.commit().id
    db.revert(dropped)
    assert rows(db)[0] == (1, "ann", 10)
    db.revert(renamed)
    db.revert(made, message="never mind")
    assert db.tables() == ["users"] and db.commit().message == "never mind"


def test_a_revert_that_contradicts_later_changes_moves_nothing(db):
    wrong = db.update("users", {"score": "0"}, "id = 1").commit
    db.update("users", {"score": "5"}, "id = 1")
    head = db.commit().id
    with pytest.raises(rhizo.MergeConflict) as caught:
        db.revert(wrong)
    assert caught.value.commit == wrong and caught.value.tables == "users"
    assert db.commit().id == head
    db.revert(wrong, strategy="theirs")
    assert rows(db)[0] == (1, "ann", 10)


def test_counters_are_reverted_by_what_they_counted(db):
    db.set_merge_rules("users", {"score": "add"})
    wrong = db.update("users", {"score": "score + 5"}, "id = 1").commit
    db.update("users", {"score": "score + 100"}, "id = 1")
    db.revert(wrong)
    assert rows(db)[0] == (1, "ann", 110)


def test_reverting_a_revert_does_it_again_and_what_is_undone_already_is_no_commit(db):
    done = db.update("users", {"score": "0"}, "id = 1").commit
    undone = db.revert(done).commit
    db.revert(undone)
    assert rows(db)[0] == (1, "ann", 0)
    db.update("users", {"score": "10"}, "id = 1")
    assert not db.revert(done, strategy="ours").changed


def test_merges_are_reverted_against_a_parent(db, side):
    side.update("users", {"name": "'Bea'"}, "id = 2")
    db.update("users", {"score": "0"}, "id = 1")
    db.merge("side", message="both")
    with pytest.raises(rhizo.InvalidArgumentError, match="is a merge"):
        db.revert("main")
    with pytest.raises(rhizo.InvalidArgumentError, match="no parent 3"):
        db.revert("main", parent=3)
    db.revert("main", parent=1)
    assert rows(db) == [(1, "ann", 0), (2, "bob", 20), (3, "cid", 30)]
    with pytest.raises(rhizo.InvalidArgumentError, match="first of all"):
        db.revert(db.log()[-1].id)


# --- cherry_pick


def test_a_pick_does_one_commit_and_not_its_neighbours(db, side):
    side.append("users", {"id": [4], "name": ["dot"], "score": [40]})
    fix = side.update("users", {"name": "'Bea'"}, "id = 2", message="fix").commit
    side.update("users", {"score": "0"})
    db.update("users", {"score": "11"}, "id = 1")
    db.cherry_pick(fix)
    assert rows(db) == [(1, "ann", 11), (2, "Bea", 20), (3, "cid", 30)]
    commit = db.commit()
    assert (commit.message, commit.picked_from) == ("fix", fix)
    db.create_branch("third", "main~1")
    with db.on("third") as third:
        third.cherry_pick("main")
        assert third.commit().picked_from == fix


def test_picked_rows_are_the_same_rows_so_a_later_merge_has_them_once(db, side):
    side.append("users", {"id": [4], "name": ["dot"], "score": [40]})
    picked = side.commit().id
    side.append("users", {"id": [5], "name": ["eve"], "score": [50]})
    db.cherry_pick(picked)
    db.merge("side")
    assert rows(db)[3:] == [(4, "dot", 40), (5, "eve", 50)]


def test_a_pick_of_what_is_there_already_is_refused(db):
    done = db.update("users", {"score": "0"}).commit
    with pytest.raises(rhizo.InvalidArgumentError, match="already"):
        db.cherry_pick(done)


def test_merging_a_pick_with_its_origin_counts_nothing_twice(db, side):
    db.set_merge_rules("users", {"score": "add"})
    side.merge("main")
    fix = side.update("users", {"score": "score + 1"}, "id = 1").commit
    db.update("users", {"score": "score + 10"}, "id = 1")
    db.cherry_pick(fix)
    assert rows(db)[0] == (1, "ann", 21)
    with pytest.raises(rhizo.MergeConflict, match="count it twice"):
        db.merge("side")
    db.merge("side", strategy="ours")
    assert rows(db)[0] == (1, "ann", 21)
    side.merge("main")
    db.update("users", {"score": "score + 1"}, "id = 1")
    side.update("users", {"score": "score + 1"}, "id = 1")
    db.merge("side")
    assert rows(db)[0] == (1, "ann", 23)


def test_two_picks_of_one_commit_are_not_counted_twice_either(db, side):
    db.set_merge_rules("users", {"score": "add"})
    side.merge("main")
    db.create_branch("third")
    fix = side.update("users", {"score": "score + 1"}, "id = 1").commit
    with db.on("third") as third:
        third.update("users", {"name": "'x'"}, "id = 2")
        third.cherry_pick(fix)
    db.update("users", {"name": "'y'"}, "id = 3")
    db.cherry_pick(fix)
    with pytest.raises(rhizo.MergeConflict, match="count it twice"):
        db.merge("third")
    with db.on("third") as third:
        third.update("users", {"name": "'z'"}, "id = 1")


@pytest.mark.parametrize("db", ["id"], indirect=True)
def test_a_counter_that_was_deleted_and_made_anew_is_counted_once_where_both_were_picked(db, side):
    db.set_merge_rules("users", {"score": "add"})
    side.merge("main")
    db.create_branch("old")
    gone = side.delete("users", "id = 1").commit
    back = side.append("users", {"id": [1], "name": ["ann"], "score": [100]}).commit
    db.cherry_pick(gone)
    db.cherry_pick(back)
    db.update("users", {"score": "score + 1"}, "id = 2")
    db.merge("side")
    assert dict((row[0], row[2]) for row in rows(db))[1] == 100
    with db.on("old") as old:
        old.write("other", {"a": [1]})
        side.rebase("old")
    assert dict((row[0], row[2]) for row in rows(side))[1] == 100
    db.update("users", {"score": "score + 1"}, "id = 1")
    side.update("users", {"score": "score + 2"}, "id = 1")
    with pytest.raises(rhizo.MergeConflict):  # what they counted on is not known
        db.merge("side")


@pytest.mark.parametrize("db", ["id"], indirect=True)
def test_a_pick_that_was_added_to_a_row_of_its_key_is_not_merged_with_its_origin(db, side):
    db.set_merge_rules("users", {"score": "add"})
    side.merge("main")
    new = side.upsert("users", {"id": [9], "name": ["eve"], "score": [5]}).commit
    db.upsert("users", {"id": [9], "name": ["eve"], "score": [2]})
    db.cherry_pick(new)
    assert dict((row[0], row[2]) for row in rows(db))[9] == 7
    with pytest.raises(rhizo.MergeConflict, match="count it twice"):
        db.merge("side")
    with pytest.raises(rhizo.MergeConflict, match="count it twice"):
        side.merge("main")
    assert dict((row[0], row[2]) for row in rows(db))[9] == 7


@pytest.mark.parametrize("db", ["id"], indirect=True)
def test_a_counter_that_was_picked_with_its_row_is_counted_once_also_where_the_table_was_sorted(db, side):
    db.set_merge_rules("users", {"score": "add"})
    side.merge("main")
    db.cherry_pick(side.upsert("users", {"id": [9], "name": ["eve"], "score": [5]}).commit)
    side.write("users", {"id": [9, 3, 2, 1], "name": ["eve", "cid", "bob", "ann"], "score": [5, 30, 20, 10]})
    db.merge("side")
    assert dict((row[0], row[2]) for row in rows(db)) == {1: 10, 2: 20, 3: 30, 9: 5}


@pytest.mark.parametrize("db", ["id"], indirect=True)
def test_a_sorted_table_that_was_picked_counts_on(db, side):
    db.set_merge_rules("users", {"score": "add"})
    side.merge("main")
    sort = side.write("users", {"id": [3, 2, 1], "name": ["cid", "bob", "ann"], "score": [30, 20, 10]}).commit
    assert db.cherry_pick(sort).changed
    assert [row[0] for row in rows(db)] == [3, 2, 1]
    db.update("users", {"score": "score + 5"}, "id = 1")
    side.update("users", {"score": "score + 3"}, "id = 1")
    db.merge("side")
    assert rows(db)[2] == (1, "ann", 18)


@pytest.mark.parametrize("db", ["id"], indirect=True)
@pytest.mark.parametrize(("mine", "others", "together"), [(1, 1, [12, 22, 32]), (5, 3, [18, 28, 38])])
def test_other_counters_count_on_where_a_row_was_picked(db, side, mine, others, together):
    db.set_merge_rules("users", {"score": "add"})
    side.merge("main")
    db.cherry_pick(side.append("users", {"id": [9], "name": ["eve"], "score": [5]}).commit)
    for session in (db, side):  # sorted, the other way round
        session.write("users", {name: values[::-1] for name, values in session.read("users").to_dict().items()})
    for session, more in ((db, mine), (side, others)):
        session.update("users", {"score": f"score + {more}"}, "id < 9")
        session.append("users", {"id": [77], "name": ["new"], "score": [more]})
    db.merge("side")
    scores = dict((row[0], row[2]) for row in rows(db))
    assert scores == {1: together[0], 2: together[1], 3: together[2], 9: 5, 77: mine + others}


@pytest.mark.parametrize("db", ["id"], indirect=True)
def test_counters_of_a_table_whose_making_was_picked_are_counted_once_where_it_was_sorted(db, side):
    with side.transaction() as tx:
        tx.write("stock", {"item": [1, 2, 3], "n": [10, 20, 30]}, key="item")
        tx.set_merge_rules("stock", {"n": "add"})
    db.cherry_pick(side.commit().id)
    side.write("stock", {"item": [3, 2, 1], "n": [30, 20, 10]})
    db.merge("side")
    assert sorted(db.read("stock").fetchall()) == [(1, 10), (2, 20), (3, 30)]


@pytest.mark.parametrize("db", ["id"], indirect=True)
def test_of_several_picks_of_one_commit_each_may_have_counted(db, side):
    db.set_merge_rules("users", {"score": "add"})
    side.merge("main")
    with side.transaction() as tx:
        tx.update("users", {"score": "score + 5"}, "id = 1")
        tx.update("users", {"name": "'z'"}, "id = 2")
    fix = side.commit().id
    db.cherry_pick(fix)
    db.set_merge_rules("users", {"score": "conflict"})
    db.update("users", {"name": "'bob'"}, "id = 2")
    db.cherry_pick(fix)  # the name alone
    db.set_merge_rules("users", {"score": "add"})
    for session, other in ((db, "side"), (side, "main")):
        with pytest.raises(rhizo.MergeConflict, match="count it twice"):
            session.merge(other)


@pytest.mark.parametrize("db", ["id"], indirect=True)
def test_a_picked_merge_is_merged_with_a_branch_that_has_only_its_insert(db, side):
    db.set_merge_rules("users", {"score": "add"})
    side.merge("main")
    db.create_branch("release")
    side.append("users", {"id": [9], "name": ["eve"], "score": [5]})
    db.create_branch("early", at="side")
    side.update("users", {"score": "score + 5"}, "id = 1")
    db.write("other", {"a": [1]})
    merged = db.merge("side", message="both").commit
    with db.on("release") as release:
        release.cherry_pick(merged, parent=1)
        release.merge("early")
        assert dict((row[0], row[2]) for row in rows(release)) == {1: 15, 2: 20, 3: 30, 9: 5}


@pytest.mark.parametrize("db", ["id"], indirect=True)
@pytest.mark.parametrize("was", ["DECIMAL(18,2)", "DOUBLE", "BIGINT", "no key", "another key"])
def test_picked_counters_are_known_by_the_key_that_there_is_now(db, side, was):
    db.create_table("t", {"id": "INTEGER", "other": "INTEGER", "n": "BIGINT"}, key=None if was == "no key" else "id")
    db.set_merge_rules("t", {"n": "add"})
    db.append("t", {"id": pa.array([1], pa.int32()), "other": pa.array([11], pa.int32()), "n": [0]})
    if was == "another key":
        db.set_key("t", "other")
    side.merge("main")
    db.create_branch("picked")
    new = side.append("t", {"id": pa.array([7], pa.int32()), "other": pa.array([17], pa.int32()), "n": [5]}).commit
    with db.on("picked") as picked:
        picked.cherry_pick(new)
    if was.endswith("key"):
        db.set_key("t", "id")
    else:
        db.alter("t", widen={"id": was})
    db.create_branch("a")
    db.create_branch("b")
    with db.on("a") as a, db.on("b") as b:
        a.merge("side", message="one")
        b.merge("picked", message="the other")
        b.write("t", b.read("t").to_arrow().take([1, 0]))
        b.merge("a")
        assert dict(b.sql("SELECT id::INTEGER, n FROM t").fetchall()) == {1: 0, 7: 5}


def test_what_was_added_after_a_picked_replacement_was_taken_back_contradicts_it(db, side):
    new = db.write("users", {"id": [11, 12, 13], "name": ["x", "y", "z"], "score": [1, 2, 3]}).commit
    side.cherry_pick(new)
    side.revert("side")
    late = side.append("users", {"id": [5], "name": ["e"], "score": [5]}).commit
    with pytest.raises(rhizo.MergeConflict, match="replaced"):
        db.cherry_pick(late)


def test_a_picked_replacement_contradicts_where_a_user_refused_it(db, side):
    db.create_branch("third")
    new = side.write("users", {"id": [11, 12, 13], "name": ["x", "y", "z"], "score": [1, 2, 3]}).commit
    db.append("users", {"id": [5], "name": ["e"], "score": [5]})
    db.merge("side", strategy="ours")
    before = rows(db)
    assert len(before) == 4
    with db.on("third") as third:
        third.cherry_pick(new)
    with pytest.raises(rhizo.MergeConflict, match="replaced"):
        db.merge("third")
    assert rows(db) == before


def test_a_picked_sort_is_logged_as_a_change(db, side):
    sort = side.write("users", {"id": [3, 2, 1], "name": ["cid", "bob", "ann"], "score": [30, 20, 10]}).commit
    db.cherry_pick(sort)
    assert [(one.table, one.operation) for one in db.commit().tables] == [("users", "update")]


def test_a_hotfix_that_replaced_a_table_is_rebased_and_picked_from(db, side):
    db.create_branch("dev")
    new = db.write("users", {"id": [11, 12, 13], "name": ["x", "y", "z"], "score": [1, 2, 3]}).commit
    side.cherry_pick(new)
    with db.on("dev") as dev:
        dev.cherry_pick(new)
        fix = side.update("users", {"score": "22"}, "id = 12").commit
        for session in (db, dev):
            session.update("users", {"score": "33"}, "id = 13")
        db.cherry_pick(fix)
        dev.cherry_pick(fix)
        side.rebase("main")
        for session in (db, dev, side):
            assert rows(session) == [(11, "x", 1), (12, "y", 22), (13, "z", 33)]


def test_picks_that_follow_a_picked_replacement_merge_with_what_came_since(db, side):
    first = side.write("users", {"id": [11, 12, 13], "name": ["x", "y", "z"], "score": [1, 2, 3]}).commit
    second = side.update("users", {"score": "22"}, "id = 12").commit
    db.cherry_pick(first)
    db.update("users", {"score": "33"}, "id = 13")
    db.cherry_pick(second)
    assert rows(db) == [(11, "x", 1), (12, "y", 22), (13, "z", 33)]


# --- rebase


def test_own_commits_come_on_top_of_the_other_branch(db, side):
    side.update("users", {"name": "'Bea'"}, "id = 2", message="one")
    side.append("users", {"id": [4], "name": ["dot"], "score": [40]}, message="two")
    db.append("users", {"id": [9], "name": ["zoe"], "score": [90]})
    db.update("users", {"score": "0"}, "id = 1")
    before = side.commit().id
    moved = side.rebase("main")
    assert (moved.before, moved.changed) == (before, True)
    assert rows(side) == [(1, "ann", 0), (2, "Bea", 20), (3, "cid", 30), (4, "dot", 40), (9, "zoe", 90)] or rows(
        side
    ) == [(1, "ann", 0), (2, "Bea", 20), (3, "cid", 30), (9, "zoe", 90), (4, "dot", 40)]
    log = side.log(limit=3)
    assert [commit.message for commit in log[:2]] == ["two", "one"] and log[2].id == db.commit().id
    assert all(len(commit.parents) == 1 for commit in log)
    assert side.read("users", at="side~1").fetchall()[1] == (2, "Bea", 20)
    assert db.merge("side").fast_forward
    assert not side.rebase("main").changed
    assert db.verify().ok


def test_a_branch_without_commits_of_its_own_is_forwarded(db, side):
    db.update("users", {"score": "0"})
    assert side.rebase("main").commit == db.commit().id


def test_a_rebase_that_contradicts_moves_nothing(db, side):
    side.append("users", {"id": [4], "name": ["dot"], "score": [40]})
    wrong = side.update("users", {"score": "1"}, "id = 1").commit
    db.update("users", {"score": "2"}, "id = 1")
    head = side.commit().id
    with pytest.raises(rhizo.MergeConflict) as caught:
        side.rebase("main")
    assert caught.value.commit == wrong
    assert side.commit().id == head
    side.rebase("main", strategy="ours")
    assert rows(side)[0] == (1, "ann", 2)


@pytest.mark.parametrize("db", ["id"], indirect=True)
def test_a_table_that_was_only_sorted_is_rebased_sorted_and_later_commits_find_its_rows(db, side):
    names = {"id": [3, 2, 1], "name": ["cid", "bob", "ann"], "score": [30, 20, 10]}
    side.write("users", names)
    side.set_key("users", None)
    side.delete("users", "id = 2")
    db.write("other", {"a": [1]})
    side.rebase("main")
    assert rows(side) == [(3, "cid", 30), (1, "ann", 10)]


def test_what_was_picked_undone_and_picked_again_is_there_after_a_rebase(db, side):
    side.write("other", {"a": [1]})
    fix = db.update("users", {"score": "5"}, "id = 1").commit
    side.cherry_pick(fix)
    side.revert("side")
    side.cherry_pick(fix)
    side.rebase("main")
    assert rows(side)[0] == (1, "ann", 5)


def test_a_rebase_ends_though_others_write_to_the_branch(db, side):
    for i in range(100):
        side.append("users", {"id": [100 + i], "name": ["x"], "score": [i]})
    db.write("other", {"a": [1]})
    done = threading.Event()

    def write_on():
        with db.on("side") as writer:
            for i in range(2000):
                if done.is_set():
                    return i
                writer.append("users", {"id": [1000 + i], "name": ["y"], "score": [i]})
        return 2000

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write_on)
        try:
            side.rebase("main")
        finally:
            done.set()
        count = written.result()
    assert count < 2000
    assert {row[0] for row in rows(side)} == {1, 2, 3, *range(100, 200), *range(1000, 1000 + count)}
    assert side.read("other").fetchall() == [(1,)]


def test_merges_are_not_done_again(db, side):
    side.update("users", {"name": "'Bea'"}, "id = 2")
    db.update("users", {"score": "0"}, "id = 1")
    side.merge("main", message="both")
    db.update("users", {"score": "1"}, "id = 1")
    with pytest.raises(rhizo.UnsupportedError, match="is a merge"):
        side.rebase("main")


# --- reset


def test_reset_moves_the_branch_and_the_reflog_remembers(db):
    old = db.commit().id
    new = db.update("users", {"score": "0"}).commit
    assert db.reset("main~1").before == new
    assert rows(db)[0] == (1, "ann", 10) and db.commit().id == old
    assert db.reflog()[0].operation == "reset"
    assert not db.reset(old).changed
    db.reset(new)
    assert rows(db)[0] == (1, "ann", 0)


def test_protected_branches_lose_no_commits(db):
    db.update("users", {"score": "0"})
    db.set_branch("main", protected=True)
    with pytest.raises(rhizo.InvalidArgumentError, match="protected"):
        db.reset("main~1")
    db.create_branch("other", "main~1")
    with db.on("other") as other:
        other.update("users", {"score": "7"}, "id = 2")
    with pytest.raises(rhizo.InvalidArgumentError, match="protected"):
        db.rebase("other", strategy="ours")
    assert rows(db)[0] == (1, "ann", 0)


def test_snapshots_move_nothing(db):
    with db.at("main") as snapshot:
        for verb in (snapshot.revert, snapshot.cherry_pick, snapshot.rebase, snapshot.reset):
            with pytest.raises(rhizo.ReadOnlyError):
                verb("main")
