"""Branches that both moved come together: other tables, rows and cells; what contradicts is told and can be settled."""

from __future__ import annotations

import pytest
import rhizo

USERS = {"id": [1, 2, 3, 4], "name": ["ann", "bob", "cid", "dot"], "score": [10, 20, 30, 40]}


@pytest.fixture
def db(tmp_path):
    with rhizo.open(str(tmp_path / "db")) as opened:
        opened.write("users", USERS)
        opened.create_branch("side")
        yield opened


@pytest.fixture
def side(db):
    with db.on("side") as session:
        yield session


def rows(session, table="users"):
    return session.read(table).fetchall()


def test_other_cells_and_rows_of_one_table_come_together(db, side):
    db.update("users", {"name": "upper(name)"}, where="id = 2")
    db.append("users", {"id": [5], "name": ["eve"], "score": [50]})
    side.update("users", {"score": "score + 1"}, where="id <= 2")
    side.delete("users", "id = 3")
    merged = db.merge("side")
    assert merged.changed and not merged.fast_forward
    assert rows(db) == [(1, "ann", 11), (2, "BOB", 21), (4, "dot", 40), (5, "eve", 50)]
    assert db.verify().ok
    assert db.merge("side").changed is False


def test_tables_that_one_side_changed_are_taken_as_they_are(db, side):
    db.write("ours", {"a": [1]})
    side.write("theirs", {"b": [2]})
    side.rename_table("users", "people")
    db.merge("side")
    assert sorted(db.tables()) == ["ours", "people", "theirs"]
    assert rows(db, "people")[0] == (1, "ann", 10)


def test_both_directions_make_the_same_commit(db, side):
    db.update("users", {"score": "0"}, where="id = 1")
    side.update("users", {"score": "0"}, where="id = 4")
    head = db.commit().id
    ours = db.merge("side").commit
    db.create_branch("again", head)
    assert side.merge("again").commit == ours
    commit = db.commit()
    assert len(commit.parents) == 2 and commit.message == ""


def test_a_merge_with_a_message_is_a_commit_of_its_own(db, side):
    db.append("users", {"id": [5], "name": ["eve"], "score": [50]})
    side.append("users", {"id": [6], "name": ["fay"], "score": [60]})
    ours, theirs = db.commit().id, side.commit().id
    db.merge("side", message="both")
    commit = db.commit()
    assert commit.message == "both"
    assert list(commit.parents) == [ours, theirs]


def test_a_cell_that_both_changed_is_a_conflict_and_nothing_moves(db, side):
    db.update("users", {"name": "'Ann'"}, where="id = 1")
    side.update("users", {"name": "'Anne'"}, where="id = 1")
    head = db.commit().id
    with pytest.raises(rhizo.MergeConflict) as caught:
        db.merge("side")
    assert caught.value.tables == "users" and caught.value.conflicts == "1"
    assert not caught.value.retryable
    assert db.commit().id == head
    found = db.conflicts("main", "side", "users").to_dict()
    assert found["_reason"] == ["cell"] and found["_column"] == ["name"]
    assert [found[side + "name"] for side in ("base_", "our_", "their_")] == [["ann"], ["Ann"], ["Anne"]]
    assert found["base_id"] == found["our_id"] == found["their_id"] == [1]


def test_conflicts_are_shown_in_the_columns_of_the_merged_table(db, side):
    side.alter("users", drop=["id"], rename={"score": "points"})
    db.update("users", {"score": "11"}, where="name = 'ann'")
    side.update("users", {"points": "12"}, where="name = 'ann'")
    found = db.conflicts("main", "side", "users").to_dict()
    assert [name for name in found if name.startswith("our_")] == ["our_name", "our_points"]
    assert found["_column"] == ["points"] and found["base_points"] == [10]
    assert found["our_points"] == [11] and found["their_points"] == [12] and found["our_name"] == ["ann"]


def test_a_row_deleted_here_and_changed_there_is_a_conflict(db, side):
    db.delete("users", "id = 2")
    side.update("users", {"score": "21"}, where="id = 2")
    tried = db.try_merge("side")
    assert tried.conflicts == 1 and not tried.changed
    found = db.conflicts("main", "side", "users").to_dict()
    assert found["_reason"] == ["delete/update"] and found["_column"] == [None]
    assert found["our_id"] == [None] and found["their_score"] == [21]


@pytest.mark.parametrize("strategy, name", [("ours", "Ann"), ("theirs", "Anne")])
def test_a_strategy_settles_what_contradicts_and_only_that(db, side, strategy, name):
    db.update("users", {"name": "'Ann'", "score": "11"}, where="id = 1")
    side.update("users", {"name": "'Anne'"}, where="id = 1")
    side.update("users", {"score": "22"}, where="id = 2")
    merged = db.merge("side", strategy=strategy)
    assert merged.tables[0].settled == 1
    assert rows(db)[:2] == [(1, name, 11), (2, "bob", 22)]


def test_tables_and_columns_may_have_strategies_of_their_own(db, side):
    db.update("users", {"name": "'Ann'", "score": "11"}, where="id = 1")
    side.update("users", {"name": "'Anne'", "score": "12"}, where="id = 1")
    with pytest.raises(rhizo.MergeConflict):
        db.merge("side", columns={("users", "name"): "ours"})
    db.merge("side", tables={"users": "theirs"}, columns={("users", "name"): "ours"})
    assert rows(db)[0] == (1, "Ann", 12)


def test_a_merge_that_is_tried_tells_what_the_branch_would_get(db, side):
    side.update("users", {"score": "score + 1"}, where="id <= 2")
    side.append("users", {"id": [9], "name": ["ida"], "score": [90]})
    side.write("more", {"n": [1, 2]})
    ahead = db.try_merge("side")
    assert ahead.fast_forward
    assert [str(change) for change in ahead.changes] == [
        "more: create, +2 ~0 -0 rows", "users: change, +1 ~2 -0 rows"
    ]
    db.update("users", {"name": "'Ann'"}, where="id = 1")
    db.update("users", {"score": "0"}, where="id = 2")
    db.write("other", {"n": [1]})
    head = db.commit().id
    tried = db.try_merge("side")
    assert tried.conflicts == 1 and [change.table for change in tried.changes] == ["more"]
    tried = db.try_merge("side", strategy="ours")
    assert [str(change) for change in tried.changes] == [
        "more: create, +2 ~0 -0 rows", "users: change, +1 ~1 -0 rows"
    ]
    assert db.commit().id == head
    done = db.merge("side", strategy="ours")
    assert done.changes == () and db.diff(head, done.commit).tables == tried.changes
    assert db.try_merge("side").changes == ()


def test_a_strategy_for_what_is_not_there_is_refused(db, side):
    db.update("users", {"score": "11"}, where="id = 1")
    side.update("users", {"score": "12"}, where="id = 2")
    side.write("theirs", {"n": [1]})
    before = db.log()[0].id
    for call in (db.merge, db.try_merge):
        with pytest.raises(rhizo.TableNotFoundError, match='"user".*"users"'):
            call("side", tables={"user": "ours"})
        with pytest.raises(rhizo.SchemaError, match='"users".*"nmae".*"name"'):
            call("side", columns={("users", "nmae"): "ours"})
    assert db.log()[0].id == before
    assert db.merge("side", tables={"theirs": "ours"}, columns={("theirs", "n"): "ours"}).changed


def test_rows_of_a_table_with_a_key_are_the_same_by_their_key(db, side):
    db.set_key("users", ["id"])
    db.create_branch("left")
    db.create_branch("right")
    with db.on("left") as left, db.on("right") as right:
        left.upsert("users", {"id": [2, 7], "name": ["Bob", "gil"], "score": [20, 70]})
        right.delete("users", "id = 4")
        right.upsert("users", {"id": [2, 8], "name": ["bob", "hal"], "score": [21, 80]})
        left.merge("right")
        assert sorted(rows(left)) == [
            (1, "ann", 10), (2, "Bob", 21), (3, "cid", 30), (7, "gil", 70), (8, "hal", 80),
        ]
        left.upsert("users", {"id": [9], "name": ["x"], "score": [1]})
        right.upsert("users", {"id": [9], "name": ["y"], "score": [1]})
        assert left.try_merge("right").conflicts == 1
        found = left.conflicts("left", "right", "users").to_dict()
        assert found["_column"] == ["name"] and found["our_name"] == ["x"] and found["their_name"] == ["y"]


def test_schemas_come_together_by_column(db, side):
    db.alter("users", rename={"name": "called"})
    side.alter("users", add={"age": "INTEGER"})
    side.update("users", {"age": "id * 10"})
    db.merge("side")
    assert db.read("users").column_names == ["id", "called", "score", "age"]
    assert rows(db)[0] == (1, "ann", 10, 10)


def test_schemas_that_contradict_are_a_conflict_of_the_table(db, side):
    db.alter("users", rename={"name": "called"})
    side.alter("users", rename={"name": "nick"})
    with pytest.raises(rhizo.MergeConflict, match="renamed"):
        db.merge("side")
    assert db.try_merge("side").tables[0].problems


def test_a_column_dropped_here_whose_values_changed_there_is_a_conflict(db, side):
    db.alter("users", drop=["score"])
    side.update("users", {"score": "0"}, where="id = 1")
    with pytest.raises(rhizo.MergeConflict, match="dropped"):
        db.merge("side")


def test_a_column_dropped_here_goes_though_rows_came_there(db, side):
    db.alter("users", drop=["score"])
    side.append("users", {"id": [5], "name": ["eve"], "score": [50]})
    db.merge("side")
    assert rows(db)[-1] == (5, "eve")


def test_checks_hold_for_rows_that_a_merge_combined(db, side):
    db.alter("users", add_check="score < id * 100")
    side.checkout("side")
    db.create_branch("left")
    db.create_branch("right")
    with db.on("left") as left, db.on("right") as right:
        left.update("users", {"score": "350"}, where="id = 4")
        right.update("users", {"id": "1"}, where="id = 2")
        left.merge("right")
        left.update("users", {"score": "99"}, where="name = 'ann'")
        right.alter("users", add_check="score < 50")
        with pytest.raises(rhizo.MergeConflict, match="check"):
            left.merge("right")


def test_a_table_replaced_here_and_changed_there_is_a_conflict(db, side):
    db.write("users", {"id": [100, 101], "name": ["x", "y"], "score": [1, 2]})
    side.update("users", {"score": "0"}, where="id = 1")
    with pytest.raises(rhizo.MergeConflict, match="replaced"):
        db.merge("side")
    db.merge("side", strategy="ours")
    assert [row[0] for row in rows(db)] == [100, 101]
    side.update("users", {"score": "1"}, where="id = 1")
    with pytest.raises(rhizo.MergeConflict):
        db.merge("side")


def test_a_table_dropped_here_and_changed_there_is_a_conflict(db, side):
    db.drop_table("users")
    side.update("users", {"score": "0"}, where="id = 1")
    with pytest.raises(rhizo.MergeConflict, match="dropped"):
        db.merge("side")
    db.merge("side", strategy="theirs")
    assert rows(db)[0] == (1, "ann", 0)


@pytest.mark.parametrize("key", ["id", None])
def test_a_table_dropped_here_goes_though_it_was_stored_anew_there(db, side, key):
    db.write("t", {"id": [1, 2, 3], "x": [0, 0, 0]}, key=key)
    side.merge("main")
    side.update("t", {"x": "1"})
    side.update("t", {"x": "0"})
    if key:
        side.write("t", {"id": [3, 2, 1], "x": [0, 0, 0]})
    db.drop_table("t")
    db.merge("side", no_ff=True)
    assert db.tables() == ["users"]


def test_equal_tables_made_on_both_sides_are_one_and_others_clash(db, side):
    for session in (db, side):
        session.write("same", {"a": [1, 2]})
    db.merge("side")
    assert rows(db, "same") == [(1,), (2,)]
    db.write("clash", {"a": [1]})
    side.write("Clash", {"a": [1]})
    with pytest.raises(rhizo.MergeConflict, match="lash"):
        db.merge("side")


def test_criss_cross_histories_count_changes_once(db, side):
    db.update("users", {"score": "score + 1"}, where="id = 1")
    side.update("users", {"score": "score + 1"}, where="id = 2")
    ours, theirs = db.commit().id, side.commit().id
    db.create_branch("a", ours)
    db.create_branch("b", theirs)
    with db.on("a") as a, db.on("b") as b:
        a.merge(theirs, message="one")
        b.merge(ours, message="two")
        a.update("users", {"name": "'A'"}, where="id = 1")
        b.update("users", {"name": "'B'"}, where="id = 2")
        a.merge("b")
        assert rows(a)[:2] == [(1, "A", 11), (2, "B", 21)]


def test_merging_needs_a_branch_and_a_history_in_common(db, tmp_path):
    with pytest.raises(rhizo.BranchNotFoundError):
        db.merge("nowhere")
    assert db.merge("main").changed is False
    with pytest.raises(rhizo.InvalidArgumentError):
        db.merge("side", strategy="mine")


def test_a_tag_is_nothing_to_merge_into(db, side):
    db.tag("v1")
    with pytest.raises(rhizo.BranchNotFoundError, match='"v1" is a tag'):
        db.merge("side", into="v1")
