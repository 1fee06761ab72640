"""Merges whose conflicts are settled one after the other."""

from __future__ import annotations

import pyarrow as pa
import pytest
import rhizo

STOCK = {"item": ["nut", "bolt", "nail"], "n": [5, 7, 9], "place": ["A", "B", "C"]}


@pytest.fixture
def db(tmp_path):
    with rhizo.open(str(tmp_path / "db")) as opened:
        opened.write("stock", STOCK, key="item")
        opened.create_branch("side")
        with opened.on("side") as side:
            side.update("stock", {"n": "n + 10", "place": "lower(place)"}, "item <> 'nail'")
            side.delete("stock", "item = 'nail'")
        opened.update("stock", {"n": "n + 1"})
        yield opened


def rows(session):
    return sorted(session.read("stock").fetchall())


def test_conflicts_are_settled_by_rows_a_query_and_a_side(db):
    with db.merging("side") as m:
        assert m.state().conflicts == 3
        assert m.resolve("stock", {"item": ["nut"], "n": [100]}) == 1
        assert m.conflicts("stock").to_dict()["our_item"] == ["bolt", "nail"]
        query = "SELECT our_item AS item, greatest(our_n, their_n) AS n FROM conflicts WHERE _reason = 'cell'"
        assert m.resolve("stock", query) == 1
        with pytest.raises(rhizo.MergeConflict) as caught:
            m.commit()
        assert caught.value.conflicts == "1"
        assert m.resolve("stock", "theirs") is None
        assert m.state().conflicts == 0
        merged = m.commit("by hand")
    assert merged.changed and db.commit().id == merged.commit and db.commit().message == "by hand"
    assert len(db.commit().parents) == 2
    assert rows(db) == [("bolt", 17, "b"), ("nut", 100, "a")]
    assert not db.merge("side").changed
    assert db.verify().ok


def test_single_rows_take_a_side_also_where_one_side_deleted_them(db):
    ids = db.conflicts("main", "side", "stock").to_dict()
    by_item = dict(zip(ids["our_item"], ids["_row_id"]))
    with db.merging("side") as m:
        m.resolve("stock", {"_row_id": [by_item["nail"], by_item["nut"]], "_side": ["ours", "theirs"]})
        with pytest.raises(rhizo.InvalidArgumentError, match="conflict which is not settled"):
            m.resolve("stock", {"item": ["nut"], "n": [1]})
        m.resolve("stock", "SELECT _row_id, 'ours' AS _side FROM conflicts")
        m.commit()
    assert rows(db) == [("bolt", 8, "b"), ("nail", 10, "C"), ("nut", 15, "a")]


def test_leaving_without_a_commit_changes_nothing(db):
    head, before = db.commit().id, rows(db)
    with db.merging("side") as m:
        m.resolve("stock", "theirs")
    assert db.commit().id == head and rows(db) == before
    with pytest.raises(rhizo.ClosedError):
        m.commit()
    with pytest.raises(rhizo.MergeConflict):
        db.merge("side")


def test_a_branch_that_moved_meanwhile_begins_again(db):
    with db.merging("side") as m:
        m.resolve("stock", "theirs")
        db.update("stock", {"place": "'Z'"}, "item = 'nut'")
        with pytest.raises(rhizo.ConflictError, match="has moved"):
            m.commit()


@pytest.mark.parametrize(
    ("how", "error", "says"),
    [
        ({"n": [1]}, rhizo.InvalidArgumentError, "_row_id"),
        ({"item": ["cog"], "n": [1]}, rhizo.InvalidArgumentError, "row 1"),
        ({"item": ["nut"], "place": ["x"]}, rhizo.InvalidArgumentError, "says nothing"),
        ({"item": ["nut"], "n": ["many"]}, rhizo.SchemaError, "n"),
        ({"item": ["nut"], "_side": ["mine"]}, rhizo.InvalidArgumentError, "ours"),
        ({"item": ["nail"], "n": [1]}, rhizo.InvalidArgumentError, "_side"),
        ({"item": ["nut"], "n": [1], "_side": ["theirs"]}, rhizo.InvalidArgumentError, "both"),
        ("OURS", rhizo.InvalidArgumentError, "ours"),
        (" ", rhizo.InvalidArgumentError, "ours"),
        ({"item": ["nut"], "m": [1]}, rhizo.SchemaError, "m"),
        ("SELECT nonsense FROM conflicts", rhizo.SqlError, "nonsense"),
    ],
)
def test_rows_that_settle_nothing_are_refused(db, how, error, says):
    with db.merging("side") as m:
        with pytest.raises(error, match=says):
            m.resolve("stock", how)
        assert m.state().conflicts == 3


def test_a_row_id_beside_the_key_of_another_row_is_refused(db):
    with db.merging("side") as m:
        found = m.conflicts("stock").to_dict()
        ids = dict(zip(found["our_item"], found["_row_id"]))
        with pytest.raises(rhizo.InvalidArgumentError, match="key of another"):
            m.resolve("stock", {"_row_id": [ids["bolt"]], "item": ["nut"], "n": [1]})
        assert m.resolve("stock", {"_row_id": [ids["bolt"]], "item": ["bolt"], "n": [1]}) == 1


def test_a_conflict_in_the_key_itself_takes_a_value(db):
    db.write("t", {"k": [1, 2, 3]})
    db.create_branch("keys")
    with db.on("keys") as keys:
        keys.update("t", {"k": "k + 20"})
    db.update("t", {"k": "k + 10"})
    db.set_key("t", "k")
    with db.merging("keys") as m:
        assert m.resolve("t", "SELECT _row_id, our_k + 100 AS k FROM conflicts") == 3
        m.commit()
    assert db.read("t").to_dict() == {"k": [111, 112, 113]}


@pytest.mark.parametrize("into", ["release", "main~1", "a commit"])
def test_only_branches_are_merged_into(db, into):
    db.tag("release")
    into = db.commit().id if into == "a commit" else into
    with pytest.raises(rhizo.BranchNotFoundError, match="stays where it is; name a branch"):
        db.merging("side", into=into)
    with pytest.raises(rhizo.BranchNotFoundError, match="stays where it is; name a branch"):
        db.merge("side", into=into, strategy="ours")


def test_tables_that_are_not_there_or_have_nothing_to_settle(db):
    db.write("other", {"a": [1]})
    with db.merging("side") as m:
        with pytest.raises(rhizo.TableNotFoundError):
            m.resolve("stok", "ours")
        with pytest.raises(rhizo.InvalidArgumentError, match="nothing"):
            m.resolve("other", "ours")
        assert m.conflicts("other").fetchall() == []


def test_what_contradicts_in_a_table_as_a_whole_is_settled_by_a_side(db):
    with db.on("side") as side:
        side.drop_table("stock")
    with db.merging("side") as m:
        assert m.state().tables[0].problems
        m.resolve("stock", "ours")
        m.commit()
    assert len(rows(db)) == 3


def test_settled_values_obey_constraints(db):
    db.alter("stock", add_check="n < 1000")
    with db.merging("side") as m:
        m.resolve("stock", {"item": ["nut", "bolt"], "n": [1, 2000]})
        m.resolve("stock", {"item": ["nail"], "_side": ["theirs"]})
        with pytest.raises(rhizo.MergeConflict, match="n < 1000"):
            m.commit()
        m.resolve("stock", "ours")
        m.commit()
    assert db.sql("SELECT max(n) FROM stock").fetchone()[0] < 1000


def test_a_row_that_is_the_unit_is_taken_whole(db):
    db.set_merge_rules("stock", row_is_unit=True)
    with db.merging("side") as m:
        m.resolve("stock", {"item": ["nut"], "_side": ["theirs"]})
        m.resolve("stock", "ours")
        m.commit()
    assert rows(db) == [("bolt", 8, "B"), ("nail", 10, "C"), ("nut", 15, "a")]


def test_more_conflicts_than_fit_into_memory(tmp_path):
    count = 300_000
    (tmp_path / "spill").mkdir()
    with rhizo.open(tmp_path / "db", durability="none") as db:
        db.write("t", {"i": list(range(count)), "v": ["a"] * count}, key="i")
        db.create_branch("side")
        with db.on("side") as side:
            side.update("t", {"v": "repeat('side ', 20) || i"})
        db.update("t", {"v": "repeat('main ', 20) || i"})
    with rhizo.open(tmp_path / "db", memory_limit="64MiB", temp_directory=tmp_path / "spill") as db:
        query = "SELECT count(*), sum(length(our_v)), sum(length(their_v)) FROM rhizo_conflicts('main', 'side', 't')"
        lengths = sum(100 + len(str(i)) for i in range(count))
        assert db.sql(query).fetchone() == (count, lengths, lengths)
        seen = sum(batch.num_rows for batch in pa.RecordBatchReader.from_stream(db.conflicts("main", "side", "t")))
        assert seen == count
        with db.merging("side") as m:
            assert m.resolve("t", "SELECT our_i AS i, 'theirs' AS _side FROM conflicts WHERE our_i % 2 = 0") == count // 2
            m.resolve("t", "ours")
            m.commit()
        assert db.sql("SELECT count(*) FILTER (WHERE v LIKE 'side%'), count(*) FROM t").fetchone() == (count // 2, count)


def test_many_conflicts_without_a_key(tmp_path):
    count = 50_000
    with rhizo.open(str(tmp_path / "many")) as db:
        db.write("t", {"i": list(range(count)), "v": [0] * count})
        db.create_branch("side")
        with db.on("side") as side:
            side.update("t", {"v": "i"})
        db.update("t", {"v": "-i"}, "i > 0")
        with db.merging("side") as m:
            settled = m.resolve("t", "SELECT _row_id, our_v + their_v + 1 AS v FROM conflicts")
            assert settled == count - 1
            m.commit()
        assert db.sql("SELECT count(*) FILTER (WHERE v = 1), count(*) FROM t").fetchone() == (count - 1, count)
