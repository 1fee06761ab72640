"""Merge rules: what two changes of one cell make together, and which writes a rule refuses."""

from __future__ import annotations

import decimal

import pytest
import rhizo


@pytest.fixture
def db(tmp_path):
    with rhizo.open(str(tmp_path / "db")) as opened:
        yield opened


def both(db, table, ours, theirs, where=""):
    """One change on a branch, another on main, then a merge; what the table is then."""
    db.create_branch("side")
    with db.on("side") as side:
        side.update(table, theirs, where, reset=True)
    db.update(table, ours, where, reset=True)
    db.merge("side")
    db.delete_branch("side")
    return db.read(table).fetchall()


@pytest.mark.parametrize(
    ("type_", "rule", "base", "ours", "theirs", "merged"),
    [
        ("BIGINT", "add", "10", "12", "7", 9),
        ("DECIMAL(10,2)", "add", "1.00", "1.50", "0.25", decimal.Decimal("0.75")),
        ("BIGINT", "multiply", "10", "20", "30", 60),
        ("BIGINT", "max", "10", "12", "11", 12),
        ("DOUBLE", "min", "10", "1.5", "2.5", 1.5),
        ("BOOLEAN", "max", "NULL", "false", "true", True),
        ("BIGINT[]", "union", "[1,2]", "[1,2,3]", "[2,4]", [2, 3, 4]),
        ("VARCHAR[]", "intersect", "['a','b','c']", "['a','b']", "['b','c']", ["b"]),
    ],
)
def test_a_rule_decides_a_cell_that_both_changed(db, type_, rule, base, ours, theirs, merged):
    db.create_table("t", {"id": "BIGINT", "v": type_}, key="id", merge_rules={"v": rule})
    db.append("t", {"id": [1]})
    db.update("t", {"v": base})
    assert both(db, "t", {"v": ours}, {"v": theirs}) == [(1, merged)]
    assert db.info("t").merge_rules == {"v": rule}


def test_latest_takes_the_value_of_the_later_row(db):
    db.create_table("t", {"id": "BIGINT", "at": "BIGINT", "v": "VARCHAR"}, key="id")
    db.append("t", {"id": [1], "at": [1], "v": ["first"]})
    db.set_merge_rules("t", {"at": "max", "v": "latest(at)"})
    assert db.info("t").merge_rules == {"at": "max", "v": "latest(at)"}
    changed = both(db, "t", {"at": "5", "v": "'ours'"}, {"at": "7", "v": "'theirs'"})
    assert changed == [(1, 7, "theirs")]
    with pytest.raises(rhizo.ConstraintError, match="without raising the column it goes by"):
        db.update("t", {"v": "'sneaked'"})
    db.alter("t", rename={"at": "stamp"})
    assert db.info("t").merge_rules == {"stamp": "max", "v": "latest(stamp)"}
    with pytest.raises(rhizo.SchemaError, match='"v" has the merge rule latest'):
        db.alter("t", drop="stamp")


def test_a_value_that_goes_by_another_column_is_touched_with_it(db):
    db.create_table("t", {"id": "BIGINT", "at": "BIGINT", "v": "VARCHAR"}, key="id")
    count = 20_000  # large enough for a change to be stored as a patch
    db.append("t", {"id": range(count), "at": [1] * count, "v": ["first"] * count})
    db.set_merge_rules("t", {"at": "max", "v": "latest(at)"})
    db.create_branch("side")
    with db.on("side") as side:
        side.update("t", {"v": "'sneaked'"}, "id = 1", reset=True)
    db.update("t", {"at": "5"}, "id = 1")
    db.merge("side")
    assert db.scan("t", columns=["at", "v"], where="id = 1").fetchall() == [(5, "first")]


@pytest.mark.parametrize("key", ["id", None])
def test_equal_changes_of_a_counter_on_both_branches_both_count(db, key):
    db.create_table("t", {"id": "BIGINT", "n": "BIGINT"}, key=key, merge_rules={"n": "add"})
    db.append("t", {"id": [1, 2], "n": [0, 0]})
    db.create_branch("side")
    with db.on("side") as side:
        side.update("t", {"n": "n + 1"}, "id = 1")
    db.update("t", {"n": "n + 1"}, "id = 1")
    db.merge("side")
    assert db.read("t").fetchall() == [(1, 2), (2, 0)]


def test_rules_that_do_not_fit_are_refused_with_the_reason(db):
    db.write("t", {"id": [1], "x": [1.5], "name": ["a"]}, key="id")
    for rules, says in [
        ({"x": "add"}, "DECIMAL"),
        ({"name": "add"}, "integers and decimals"),
        ({"name": "union"}, "lists"),
        ({"id": "add"}, "part of the key"),
        ({"x": "latest(name)"}, "must have the merge rule max"),
        ({"nme": "max"}, "did you mean"),
    ]:
        with pytest.raises(rhizo.SchemaError, match=says):
            db.set_merge_rules("t", rules)
    with pytest.raises(rhizo.InvalidArgumentError, match="did you mean \"union\""):
        db.set_merge_rules("t", {"name": "unoin"})
    with pytest.raises(rhizo.SchemaError):
        db.set_merge_rules("t", {"name": "max", "x": "add"})
    assert db.info("t").merge_rules == {}
    assert len(db.versions("t")) == 1


def test_rules_are_versioned_and_setting_them_again_changes_nothing(db):
    db.write("t", {"n": [1]})
    assert db.set_merge_rules("t", {"n": "add"}, row_is_unit=True).changed
    assert not db.set_merge_rules("t", {"n": "add"}).changed
    assert db.info("t").row_is_unit and not db.info("t").delete_wins
    changes = db.diff(1, table="t").tables[0].schema_changes
    assert changes == ('column "n" has the merge rule add, was conflict', "two changes of one row contradict each other")
    db.set_merge_rules("t", {"n": "conflict"}, row_is_unit=False)
    assert db.info("t").merge_rules == {} and not db.info("t").row_is_unit


AGAINST = [
    ("BIGINT", "max", "10", "9", "11"),
    ("BIGINT", "min", "10", "11", "9"),
    ("BOOLEAN", "max", "true", "false", "true"),
    ("BIGINT[]", "union", "[1,2]", "[1]", "[1,2,3]"),
    ("BIGINT[]", "intersect", "[1,2]", "[1,2,3]", "[1]"),
    ("BIGINT", "max", "10", "NULL", "10"),
]


@pytest.mark.parametrize(("type_", "rule", "base", "against", "along"), AGAINST)
def test_writes_against_a_rule_are_refused_unless_reset(db, type_, rule, base, against, along):
    db.create_table("t", {"id": "BIGINT", "v": type_}, key="id", merge_rules={"v": rule})
    db.append("t", {"id": [1, 2]})
    db.update("t", {"v": base})
    before = db.read("t").fetchall()
    with pytest.raises(rhizo.ConstraintError, match=r"of the row with id = 2") as caught:
        db.update("t", {"v": against}, "id = 2")
    assert caught.value.column == "v"
    assert db.read("t").fetchall() == before
    assert db.update("t", {"v": along}, "id = 1").rows_updated == (0 if along == base else 1)
    assert db.update("t", {"v": against}, "id = 2", reset=True).rows_updated == 1


def test_whole_tables_and_upserts_obey_rules_too(db):
    db.create_table("t", {"id": "BIGINT", "n": "BIGINT"}, key="id", merge_rules={"n": "max"})
    db.append("t", {"id": list(range(5000)), "n": [5] * 5000})
    lowered = {"id": list(range(5000)), "n": [5] * 4999 + [4]}
    for write in (db.write, db.upsert):
        with pytest.raises(rhizo.ConstraintError, match="id = 4999"):
            write("t", lowered)
        assert db.sql("SELECT min(n) FROM t").fetchone() == (5,)
    # A row that comes back at another place is still the same row, by its key.
    with pytest.raises(rhizo.ConstraintError, match="id = 4999"):
        db.write("t", {"id": list(reversed(range(5000))), "n": [4] + [5] * 4999})
    db.upsert("t", lowered, reset=True)
    db.write("t", {"id": [4999], "n": [3]}, reset=True)
    assert db.read("t").fetchall() == [(4999, 3)]
    with db.transaction() as tx, pytest.raises(rhizo.ConstraintError):
        tx.update("t", {"n": "n - 1"})
    assert db.read("t").fetchall() == [(4999, 3)]


def test_lists_of_union_columns_are_stored_as_sets(db):
    db.create_table("t", {"id": "BIGINT", "tags": "VARCHAR[]"}, key="id", merge_rules={"tags": "union"})
    db.write("t", {"id": [1], "tags": [["b", "a", "b", None]]})
    db.append("t", {"id": [2, 3], "tags": [["z", "y"], None]})
    db.upsert("t", {"id": [4], "tags": [["q", "p"]]})
    db.update("t", {"tags": "['n', 'm']"}, "id = 3")
    assert db.read("t").fetchall() == [
        (1, ["a", "b", None]),
        (2, ["y", "z"]),
        (3, ["m", "n"]),
        (4, ["p", "q"]),
    ]
    assert not db.upsert("t", {"id": [4], "tags": [["q", "p", "q"]]}).changed


def test_a_row_as_the_unit_makes_any_two_changes_of_it_contradict(db):
    db.write("t", {"id": [1, 2], "a": [1, 1], "b": [1, 1]}, key="id")
    db.set_merge_rules("t", row_is_unit=True)
    db.create_branch("side")
    with db.on("side") as side:
        side.update("t", {"a": "2"}, "id = 1")
    db.update("t", {"b": "2"}, "id = 1")
    with pytest.raises(rhizo.MergeConflict):
        db.merge("side")
    found = db.conflicts("main", "side", "t").to_dict()
    assert found["_reason"] == ["row"]
    db.set_merge_rules("t", row_is_unit=False)
    db.merge("side")
    assert db.read("t").fetchall() == [(1, 2, 2), (2, 1, 1)]


def test_a_delete_wins_where_the_table_says_so(db):
    db.write("t", {"id": [1, 2], "a": [1, 1]}, key="id")
    db.set_merge_rules("t", delete_wins=True)
    db.create_branch("side")
    with db.on("side") as side:
        side.update("t", {"a": "2"})
    db.delete("t", "id = 1")
    db.merge("side")
    assert db.read("t").fetchall() == [(2, 2)]


def test_counters_of_transactions_that_meet_are_added(db):
    db.create_table("t", {"id": "BIGINT", "n": "BIGINT"}, key="id", merge_rules={"n": "add"})
    db.append("t", {"id": [1], "n": [10]})
    with db.on("main") as other, db.transaction() as tx:
        tx.update("t", {"n": "n - 1"})
        other.update("t", {"n": "n - 1"})
    assert db.read("t").fetchall() == [(1, 8)]
