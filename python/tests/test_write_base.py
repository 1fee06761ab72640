"""write(base=): what was made of an earlier version is written, and what others did since stays."""

from __future__ import annotations

import pytest
import rhizo


@pytest.fixture
def db(tmp_path):
    with rhizo.open(str(tmp_path / "db")) as opened:
        opened.write("t", {"id": [1, 2, 3, 4], "a": [1, 1, 1, 1], "b": ["x", "x", "x", "x"]}, key="id")
        yield opened


@pytest.fixture(params=[False, True], ids=["keyed", "by row"])
def table(request, db):
    if request.param:
        db.set_key("t", None)
    return db.read("t")


def edited(result, **changes):
    columns = result.to_dict()
    for column, (row, value) in changes.items():
        columns[column][row] = value
    return columns


def test_other_cells_rows_and_appends_of_others_stay(db, table):
    db.update("t", {"b": "'theirs'"}, "id = 2")
    db.delete("t", "id = 3")
    db.append("t", {"id": [5], "a": [5], "b": ["new"]})
    written = db.write("t", edited(table, a=(1, 9)), base=table)
    assert (written.rows_updated, written.base) == (1, table.commit)
    assert db.read("t").fetchall() == [(1, 1, "x"), (2, 9, "theirs"), (4, 1, "x"), (5, 5, "new")]
    assert db.commit().tables[0].rows_updated == 1
    assert db.verify().ok


def test_own_new_rows_come_behind_those_of_others(db, table):
    db.append("t", {"id": [5], "a": [5], "b": ["new"]})
    mine = table.to_dict()
    for column, value in {"id": 6, "a": 6, "b": "mine"}.items():
        mine[column].append(value)
    db.write("t", mine, base=table)
    assert [row[0] for row in db.read("t").fetchall()] == [1, 2, 3, 4, 5, 6]


def test_the_same_cell_changed_by_others_is_a_conflict_that_names_it(db):
    base = db.read("t")
    db.update("t", {"a": "7"}, "id = 2")
    before = db.commit().id
    for value in (8, 7):  # also the same value: both may have counted on the old one
        with pytest.raises(rhizo.ConflictError, match='column "a" of the row with id = 2'):
            db.write("t", edited(base, a=(1, value)), base=base)
    assert db.commit().id == before
    db.set_merge_rules("t", {"a": "add"})
    db.write("t", edited(base, a=(1, 3)), base=base)
    assert db.read("t", columns=["a"]).fetchall()[1] == (9,)


def test_what_did_not_change_since_its_base_writes_nothing(db, table):
    db.update("t", {"a": "7"}, "id = 2")
    written = db.write("t", table.to_dict(), base=table)
    assert not written.changed
    assert db.read("t").fetchall()[1] == (2, 7, "x")


def test_a_base_may_be_a_version_a_branch_or_a_commit(db):
    first = db.commit().id
    db.tag("before")
    db.update("t", {"b": "'theirs'"})
    mine = {"id": [1, 2, 3, 4], "a": [0, 1, 1, 1], "b": ["x"] * 4}
    for base in (1, first, "before", "main~1"):
        with db.scratch() as tried:
            tried.write("t", mine, base=base)
            assert tried.read("t").fetchall()[0] == (1, 0, "theirs")


def test_a_renamed_table_is_found_at_its_base(db):
    base = db.read("t")
    db.rename_table("t", "u")
    db.write("u", edited(base, a=(0, 5)), base=base)
    assert db.read("u").fetchall()[0] == (1, 5, "x")


def test_columns_added_by_others_since_stay(db):
    base = db.read("t")
    db.alter("t", add={"c": "BIGINT"}, default={"c": 3})
    db.write("t", edited(base, a=(0, 5)), base=base)
    assert db.read("t").fetchall()[0] == (1, 5, "x", 3)


def test_a_whole_replacement_contradicts_what_others_did(db):
    base = db.read("t")
    db.update("t", {"b": "'theirs'"}, "id = 1")
    with pytest.raises(rhizo.ConflictError, match="replaced as a whole"):
        db.write("t", {"id": [8, 9], "a": [1, 1], "b": ["n", "n"]}, base=base)


def test_it_merges_with_what_comes_while_its_transaction_is_open(db):
    base = db.read("t")
    with db.on("main") as other, db.transaction() as tx:
        tx.write("t", edited(base, a=(0, 5)), base=base)
        assert tx.read("t").fetchall()[0] == (1, 5, "x")
        other.update("t", {"b": "'theirs'"}, "id = 1")
    assert db.read("t").fetchall()[0] == (1, 5, "theirs")


def test_bases_that_cannot_be_are_refused(db):
    with pytest.raises(rhizo.TableNotFoundError):
        db.write("nothing", {"id": [1]}, base=1)
    with pytest.raises(rhizo.VersionNotFoundError):
        db.write("t", {"id": [1], "a": [1], "b": ["x"]}, base=99)
    with db.transaction() as tx:
        tx.update("t", {"a": "a + 1"})
        inside = tx.read("t")
        with pytest.raises(rhizo.InvalidArgumentError, match="inside a transaction"):
            tx.write("t", {"id": [1], "a": [1], "b": ["x"]}, base=inside)
    db.write("late", {"id": [1]})
    with pytest.raises(rhizo.TableNotFoundError, match="was not there"):
        db.write("late", {"id": [2]}, base="main~1")


@pytest.mark.parametrize(
    "change",
    [
        {"add": {"c": "INTEGER"}},
        {"drop": "b"},
        {"rename": {"b": "c"}},
        {"order": ["b"]},
        {"default": {"a": 5}},
        {"add_check": "a < 200"},
    ],
)
def test_rows_that_replace_those_of_the_base_contradict_whatever_others_changed(db, table, change):
    db.alter("t", **change)
    before = db.read("t").fetchall()
    with pytest.raises(rhizo.ConflictError, match="replaced as a whole"):
        db.write("t", {"id": [100], "a": [100], "b": ["x"]}, base=table)
    assert db.read("t").fetchall() == before


@pytest.mark.parametrize("how", [{"where": "id < 3"}, {"columns": ["id", "a"]}, {"limit": 2}])
def test_a_part_of_a_table_is_no_base_unless_it_is_meant(db, how):
    part = db.scan("t", **how)
    with pytest.raises(rhizo.InvalidArgumentError, match="part of the table"):
        db.write("t", part.to_dict(), base=part)
    assert len(db.read("t")) == 4
    db.write("t", part.to_dict(), base=part.commit)
    assert len(db.read("t")) == len(part)


def test_a_query_is_no_base_unless_it_is_meant(db):
    for query in ("SELECT * FROM t WHERE id < 3", "SELECT id, a FROM t", "FROM t"):
        part = db.sql(query)
        with pytest.raises(rhizo.InvalidArgumentError, match="part of the table"):
            db.write("t", part.to_dict(), base=part)
    assert len(db.read("t")) == 4
    whole = db.sql("FROM t")
    assert db.write("t", edited(whole, a=(1, 9)), base=whole.commit).rows_updated == 1


def test_a_table_whose_columns_are_all_named_is_a_base(db):
    read = db.read("t", columns=["b", "a", "id"])
    db.alter("t", rename={"b": "c"})
    assert db.write("t", edited(read, a=(1, 9)), base=read).rows_updated == 1


def test_rows_that_replace_those_of_the_base_contradict_another_key(db):
    base = db.read("t")
    db.set_key("t", None)
    with pytest.raises(rhizo.ConflictError, match="replaced as a whole"):
        db.write("t", {"id": [100], "a": [100], "b": ["x"]}, base=base)
