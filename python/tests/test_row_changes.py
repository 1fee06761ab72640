"""Rows are inserted, changed and deleted one by one; keys name them; every version stays as it was."""

from __future__ import annotations

import datetime
import os
import random
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import rhizo

SEED = int(os.environ.get("RHIZO_TEST_SEED", random.randrange(2**32)))

Row = tuple[Any, ...]


def rows_of(db: Any, **place: Any) -> list[Row]:
    rows: list[Row] = db.read("t", **place).fetchall()
    return rows


def changes(diff: rhizo.Diff) -> list[Row]:
    return diff.rows().fetchall()


def counts(result: rhizo.WriteResult) -> tuple[int, int, int, int]:
    return result.rows_inserted, result.rows_updated, result.rows_unchanged, result.rows_deleted


@pytest.fixture
def users(db: rhizo.Database) -> rhizo.Database:
    db.write("t", {"id": [1, 2, 3], "name": ["Ada", "Bob", None], "score": [70, 90, 85]}, key="id")
    return db


# --- insert and append


def test_insert_and_append_put_rows_behind_the_last(users: rhizo.Database) -> None:
    assert counts(users.insert("t", {"id": [5], "name": ["Eve"], "score": [1]})) == (1, 0, 0, 0)
    assert counts(users.append("t", {"score": [2, 3], "id": [0, 4]})) == (2, 0, 0, 0)
    assert rows_of(users)[3:] == [(5, "Eve", 1), (0, None, 2), (4, None, 3)]
    assert not users.insert("t", {"id": [], "name": []}).changed


@pytest.mark.parametrize("method", ["insert", "append"])
@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([7, 2], "row 2 has a key that the table has already: id 2"),
        ([7, 8, 7], "rows 1 and 3 have the same key: id 7"),
        ([7, None], 'column "id" is NOT NULL, row 2 has no value for it'),
    ],
)
def test_keys_that_are_there_come_twice_or_are_missing_are_refused(
    users: rhizo.Database, method: str, ids: list[int | None], message: str
) -> None:
    before = rows_of(users)
    with pytest.raises(rhizo.ConstraintError, match=message):
        getattr(users, method)("t", pa.table({"id": pa.array(ids, pa.int64())}))
    assert rows_of(users) == before
    assert users.info("t").version == 1


def test_a_stream_that_fails_half_way_inserts_nothing(users: rhizo.Database) -> None:
    schema = pa.schema([("id", pa.int64())])

    def batches() -> Any:
        yield pa.record_batch([pa.array([50])], schema=schema)
        raise ValueError("boom")

    for method in (users.insert, users.append, users.upsert):
        with pytest.raises(rhizo.InvalidArgumentError, match="boom"):
            method("t", pa.RecordBatchReader.from_batches(schema, batches()))
    assert users.info("t").version == 1


# --- upsert


def test_upsert_changes_the_columns_given_in_place_and_adds_new_rows_in_their_order(users: rhizo.Database) -> None:
    result = users.upsert("t", {"score": [9, 5, 85, 6], "id": [8, 1, 3, 7]})
    assert counts(result) == (2, 1, 1, 0)
    assert rows_of(users) == [(1, "Ada", 5), (2, "Bob", 90), (3, None, 85), (8, None, 9), (7, None, 6)]
    assert users.upsert("t", {"id": [2], "name": [None]}).rows_updated == 1
    assert rows_of(users)[1] == (2, None, 90)


def test_an_upsert_that_changes_nothing_is_no_commit(users: rhizo.Database) -> None:
    commit = users.commit().id
    result = users.upsert("t", users.read("t"))
    assert (result.changed, counts(result)) == (False, (0, 0, 3, 0))
    assert users.commit().id == commit


def test_upsert_needs_a_key_and_rows_that_have_it_once(db: rhizo.Database) -> None:
    db.write("t", {"id": [1], "v": [1]})
    with pytest.raises(rhizo.InvalidArgumentError, match="no key"):
        db.upsert("t", {"id": [1], "v": [2]})
    db.set_key("t", "id")
    for data in ({"id": [5, 5], "v": [1, 2]}, {"v": [1]}, {"id": [1, None], "v": [1, 2]}):
        with pytest.raises(rhizo.ConstraintError):
            db.upsert("t", data)
    with pytest.raises(rhizo.SchemaError):
        db.upsert("t", {"id": [1], "nix": [1]})
    assert rows_of(db) == [(1, 1)]


# --- update


def test_update_keeps_places_and_counts_what_it_found_and_changed(users: rhizo.Database) -> None:
    result = users.update("t", {"score": "greatest(score, 85)"}, "name IS NULL OR score < 80")
    assert counts(result) == (0, 1, 1, 0)
    assert rows_of(users) == [(1, "Ada", 85), (2, "Bob", 90), (3, None, 85)]
    assert counts(users.update("t", {"name": None})) == (0, 2, 1, 0)


def test_expressions_see_the_row_as_it_was(db: rhizo.Database) -> None:
    db.write("t", {"a": [1, 2], "b": [10, 20]})
    db.update("t", {"a": "b", "b": "a"})
    assert rows_of(db) == [(10, 1), (20, 2)]


def test_a_row_whose_key_changes_goes_to_the_end(users: rhizo.Database) -> None:
    assert counts(users.update("t", {"id": "id + 10"}, "id < 3")) == (0, 2, 0, 0)
    assert rows_of(users) == [(3, None, 85), (11, "Ada", 70), (12, "Bob", 90)]
    found = {(row[0], row[2]) for row in changes(users.diff(1, table="t"))}
    assert found == {("delete", 1), ("delete", 2), ("insert", 11), ("insert", 12)}


def test_keys_may_be_shifted_and_swapped_but_not_doubled(users: rhizo.Database) -> None:
    users.update("t", {"id": "id + 1"})
    assert [row[0] for row in rows_of(users)] == [2, 3, 4]
    users.update("t", {"id": "CASE id WHEN 2 THEN 4 ELSE 2 END"}, "id IN (2, 4)")
    assert rows_of(users) == [(3, "Bob", 90), (4, "Ada", 70), (2, None, 85)]
    for expression in ("3", "NULL", "id // 2", "NULLIF(id, 4)"):
        with pytest.raises(rhizo.ConstraintError):
            users.update("t", {"id": expression})
    assert users.info("t").version == 3


def test_parameters_of_set_come_before_those_of_where(users: rhizo.Database) -> None:
    users.update("t", {"score": "score + ?", "name": "?"}, "id = ?", [5, "Al", 1])
    users.update("t", {"name": "$name"}, "name = $old", {"name": "Bo", "old": "Bob"})
    assert rows_of(users) == [(1, "Al", 75), (2, "Bo", 90), (3, None, 85)]
    for parameters in ([], [1], [1, 2, 3], {"x": 1}, None):
        with pytest.raises(rhizo.SqlError):
            users.update("t", {"score": "?"}, "id = ?", parameters)


def test_subqueries_may_look_at_this_table_others_and_older_versions(users: rhizo.Database) -> None:
    users.write("bonus", {"who": [1, 3], "points": [7, 8]})
    users.update("t", {"score": "score + coalesce((SELECT points FROM bonus WHERE who = t.id), 0)"})
    assert [row[2] for row in rows_of(users)] == [77, 90, 93]
    users.update("t", {"score": "(SELECT max(score) FROM t)"}, "id IN (SELECT who FROM bonus)")
    assert [row[2] for row in rows_of(users)] == [93, 90, 93]
    users.delete("t", "score <> (SELECT score FROM t VERSION 1 old WHERE old.id = t.id) AND id <> 3")
    assert [row[0] for row in rows_of(users)] == [2, 3]


def test_values_are_stored_exactly_or_refused(db: rhizo.Database) -> None:
    db.create_table("t", {"i": "INTEGER", "d": "DECIMAL(6,2)", "s": "VARCHAR", "day": "DATE", "tags": "INTEGER[]"})
    db.append("t", {"i": [1]})
    db.update("t", {"i": 2.0, "d": 1.25, "s": "'it''s'", "day": "'2026-01-31'", "tags": "[1, NULL]"})
    expected = [(2, Decimal("1.25"), "it's", datetime.date(2026, 1, 31), [1, None])]
    assert rows_of(db) == expected
    for wrong in ({"i": 2.5}, {"i": 2**40}, {"d": "1.255"}, {"s": 5}, {"day": "TIMESTAMP '2026-01-31 12:00'"}):
        with pytest.raises(rhizo.SchemaError):
            db.update("t", wrong)
    assert rows_of(db) == expected


def test_a_python_float_is_stored_as_it_is(db: rhizo.Database) -> None:
    db.write("t", {"x": [1.0]})
    for value in (0.1, 1e300, 0.24542585805195638, 0.9794115817517957, 5e-324):
        db.update("t", {"x": value})
        assert rows_of(db) == [(value,)]


def test_nan_and_infinity_stand_for_themselves(db: rhizo.Database) -> None:
    db.write("t", {"x": [1.0], "nan": [7.0], "inf": [8.0]})
    db.update("t", {"x": float("inf")})
    assert rows_of(db)[0][0] == float("inf")
    db.update("t", {"x": float("nan")})
    assert str(rows_of(db)[0][0]) == "nan"


def test_a_numpy_float_is_a_float(db: rhizo.Database) -> None:
    numpy = pytest.importorskip("numpy")
    db.write("t", {"x": [1.0]})
    db.update("t", {"x": numpy.float64(1.5)})
    assert rows_of(db) == [(1.5,)]


def test_an_expression_gives_one_value_for_each_row(db: rhizo.Database) -> None:
    db.write("t", {"x": [1, 2]})
    for expression in ("unnest([5, 6])", "unnest(CASE WHEN x = 1 THEN [5] ELSE [] END)"):
        with pytest.raises(rhizo.SqlError):
            db.update("t", {"x": expression})
    assert rows_of(db) == [(1,), (2,)]


@pytest.mark.parametrize(
    "expression", ["", "(1", "1)", "1, 2", "1; DROP TABLE t", "'x", '"', "/*", "nix", "sum(score)", "random()", "*"]
)
def test_an_expression_that_is_none_is_a_sql_error(users: rhizo.Database, expression: str) -> None:
    with pytest.raises(rhizo.SqlError):
        users.update("t", {"score": expression})
    with pytest.raises(rhizo.SqlError):
        users.delete("t", expression or "(")
    assert users.info("t").version == 1


@pytest.mark.parametrize("condition", ["id", "'true'", "id + 1", "uuid() IS NULL", "id = 1 LIMIT 1", "count(*) > 1"])
def test_a_condition_that_is_none_is_a_sql_error(users: rhizo.Database, condition: str) -> None:
    with pytest.raises(rhizo.SqlError):
        users.delete("t", condition)
    with pytest.raises(rhizo.SqlError):
        users.update("t", {"score": 1}, condition)
    assert len(rows_of(users)) == 3


def test_comments_in_expressions_end_with_them(users: rhizo.Database) -> None:
    users.update("t", {"score": "1 -- one", "name": "'x' -- and"}, "id = 1 -- the first")
    assert rows_of(users)[0] == (1, "x", 1)
    assert rows_of(users)[1] == (2, "Bob", 90)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda db: db.update("t", {}, "id = 1"), rhizo.InvalidArgumentError),
        (lambda db: db.update("t", {"nix": 1}), rhizo.SchemaError),
        (lambda db: db.update("t", {"score": 1, "SCORE": 2}), rhizo.SchemaError),
        (lambda db: db.update("t", {"score": [1]}), rhizo.InvalidArgumentError),
        (lambda db: db.delete("t", ""), rhizo.InvalidArgumentError),
        (lambda db: db.delete("t", None), rhizo.SqlError),
        (lambda db: db.truncate("nix"), rhizo.TableNotFoundError),
        (lambda db: db.update("nix", {"a": 1}), rhizo.TableNotFoundError),
        (lambda db: db.upsert("nix", {"a": [1]}), rhizo.TableNotFoundError),
        (lambda db: db.set_key("t", "nix"), rhizo.SchemaError),
        (lambda db: db.set_key("t", ["id", "ID"]), rhizo.SchemaError),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    users: rhizo.Database, call: Callable[[rhizo.Database], Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        call(users)
    assert users.info("t").version == 1


# --- delete and truncate


def test_delete_removes_what_it_finds_and_null_is_not_found(users: rhizo.Database) -> None:
    assert counts(users.delete("t", "name <> 'Ada'"))[3] == 1
    assert rows_of(users) == [(1, "Ada", 70), (3, None, 85)]
    assert users.delete("t", "true").rows_deleted == 2
    assert rows_of(users) == []
    assert len(rows_of(users, version=1)) == 3


def test_truncate_keeps_columns_and_key(users: rhizo.Database) -> None:
    assert users.truncate("t").rows_deleted == 3
    assert not users.truncate("t").changed
    assert users.info("t").key == ("id",)
    users.insert("t", {"id": [3, 1]})
    assert rows_of(users) == [(3, None, None), (1, None, None)]


def test_what_finds_no_row_is_no_commit(users: rhizo.Database) -> None:
    commit = users.commit().id
    for result in (
        users.update("t", {"score": 1}, "id = 99"),
        users.update("t", {"score": "score"}),
        users.delete("t", "id = 99"),
        users.set_key("t", "id"),
    ):
        assert not result.changed
    assert users.commit().id == commit


# --- keys


KEYS: dict[str, list[Any]] = {
    "VARCHAR": ["a", "", "ü" * 500],
    "DATE": [datetime.date(2026, 1, 31), datetime.date(1, 1, 1), datetime.date(1970, 1, 1)],
    "TIMESTAMP": [datetime.datetime(2026, 1, 31, 1, 2, 3), datetime.datetime(1, 1, 1), datetime.datetime(1970, 1, 1)],
    "DECIMAL(38,2)": [Decimal("1.00"), Decimal("-123456789012345678901234567890.10"), Decimal("2.50")],
    "UUID": [uuid.UUID(int=1), uuid.UUID(int=2**127), uuid.UUID(int=2)],
    "HUGEINT": [1, 2**100, -(2**100)],
    "DOUBLE": [0.5, -1e300, 0.0],
    "BLOB": [b"", b"\0", b"\0\0"],
    "TIME": [datetime.time(1), datetime.time(2), datetime.time(3)],
    "UBIGINT": [0, 2**64 - 1, 1],
}


@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_every_kind_find_their_rows(db: rhizo.Database, kind: str) -> None:
    first, second, third = KEYS[kind]
    db.create_table("t", {"k": kind, "v": "INTEGER"}, key="k")
    db.insert("t", {"k": [first, second], "v": [1, 2]})
    with pytest.raises(rhizo.ConstraintError, match="row 1 has a key that the table has already"):
        db.insert("t", {"k": [second], "v": [3]})
    assert counts(db.upsert("t", {"k": [third, second], "v": [3, 4]})) == (1, 1, 0, 0)
    assert db.update("t", {"v": 5}, "k = ?", [first]).rows_updated == 1
    assert rows_of(db) == [(first, 5), (second, 4), (third, 3)]
    assert counts(db.write("t", {"k": [first, third], "v": [6, 3]}))[3] == 1
    assert {(row[0], row[2]) for row in changes(db.diff(2, table="t"))} == {
        ("update_preimage", first),
        ("update_postimage", first),
        ("delete", second),
        ("insert", third),
    }


def test_keys_may_have_several_columns(db: rhizo.Database) -> None:
    db.write("t", {"a": ["x", "x", "y"], "b": [True, False, True], "v": [1, 2, 3]}, key=["b", "a"])
    assert db.info("t").key == ("b", "a")
    db.upsert("t", {"b": [False, False], "a": ["y", "x"], "v": [4, 20]})
    assert rows_of(db) == [("x", True, 1), ("x", False, 20), ("y", True, 3), ("y", False, 4)]
    for wrong in ({"a": ["x"], "b": [True], "v": [1]}, {"a": ["x"], "v": [1]}):
        with pytest.raises(rhizo.ConstraintError):
            db.insert("t", wrong)
    with pytest.raises(rhizo.ConstraintError):
        db.set_key("t", "a")


@pytest.mark.parametrize("kind", ["INTERVAL", "INTEGER[]", "STRUCT(a INTEGER)"])
def test_what_has_no_order_is_no_key(db: rhizo.Database, kind: str) -> None:
    with pytest.raises(rhizo.SchemaError, match="cannot be part of a key"):
        db.create_table("t", {"k": kind}, key="k")
    assert db.tables() == []


def test_zero_is_one_key_and_nan_is_none(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "DOUBLE", "v": "INTEGER"}, key="k")
    db.insert("t", {"k": [0.0], "v": [1]})
    with pytest.raises(rhizo.ConstraintError):
        db.insert("t", {"k": [-0.0], "v": [2]})
    assert db.upsert("t", {"k": [-0.0], "v": [2]}).rows_updated == 1
    nan = pa.table({"k": pa.array([float("nan")], pa.float64()), "v": [1]})
    for wrong in (lambda: db.insert("t", nan), lambda: db.upsert("t", nan), lambda: db.update("t", {"k": "'nan'"})):
        with pytest.raises(rhizo.ConstraintError, match="NaN"):
            wrong()
    assert rows_of(db) == [(0.0, 2)]


def test_zero_of_the_other_sign_is_an_update_in_a_write_as_in_a_diff(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "DOUBLE", "v": "INTEGER"}, key="k")
    db.insert("t", {"k": [0.0, 1.0], "v": [1, 2]})
    result = db.write("t", {"k": [-0.0, 1.0], "v": [1, 2]})
    summary = db.diff(2, table="t").tables[0]
    assert (summary.rows_inserted, summary.rows_updated, summary.rows_deleted) == (0, 1, 0)
    assert (result.rows_inserted, result.rows_updated, result.rows_deleted) == (0, 1, 0)


def test_zero_of_the_other_sign_is_no_other_key_so_its_row_stays(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "DOUBLE"}, key="k")
    db.insert("t", {"k": [0.0, 1.0]})
    db.update("t", {"k": "-k"}, "k = 0")
    assert rows_of(db) == [(0.0,), (1.0,)]


def test_set_key_looks_at_all_rows_and_can_be_undone(db: rhizo.Database) -> None:
    db.write("t", {"a": [1, 1], "b": [1, 2], "c": [None, 3]})
    with pytest.raises(rhizo.ConstraintError, match="rows 1 and 2 have the same key: a 1"):
        db.set_key("t", "a")
    with pytest.raises(rhizo.ConstraintError):
        db.set_key("t", "c")
    db.set_key("t", ["a", "b"])
    with pytest.raises(rhizo.ConstraintError):
        db.append("t", {"a": [1], "b": [2]})
    db.set_key("t", None)
    db.append("t", {"a": [1], "b": [2]})
    assert (db.info("t").key, db.info("t", version=2).key) == ((), ("a", "b"))


def test_a_write_names_the_key_only_of_a_table_it_makes(db: rhizo.Database) -> None:
    with pytest.raises(rhizo.ConstraintError):
        db.write("t", {"a": [1, 1], "b": [1, 2]}, key="a")
    assert db.tables() == []
    db.write("t", {"a": [1, 1], "b": [1, 2]}, key="b")
    assert not db.write("t", {"a": [1, 1], "b": [1, 2]}, key="b").changed
    with pytest.raises(rhizo.InvalidArgumentError, match="another key"):
        db.write("t", {"a": [1, 1], "b": [1, 2]}, key="a")


@pytest.mark.parametrize("name", ["rowid", "a.b", 'a"b', "ü", "select", "?", "$1", " x", "t", "key"])
def test_a_column_may_be_called_anything(db: rhizo.Database, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    db.write("t", {name: [1, 2, 3], "z": [1, 2, 3]}, key=name)
    db.update("t", {name: f"{quoted} + 10", "z": quoted}, f"{quoted} > 1")
    db.delete("t", f"{quoted} = 12")
    db.upsert("t", {name: [13, 20], "z": [0, 9]})
    assert rows_of(db) == [(1, 1), (13, 0), (20, 9)]


def test_a_thousand_columns_are_updated_at_once(db: rhizo.Database) -> None:
    db.write("t", {f"c{i}": [i, i + 1] for i in range(1000)}, key="c0")
    db.update("t", {f"c{i}": f"c{i} * 2" for i in range(1, 1000)}, "c0 = 1")
    assert rows_of(db)[1] == (1, *(2 * (i + 1) for i in range(1, 1000)))


def test_long_strings_are_keys_and_values(db: rhizo.Database) -> None:
    long = "ä" * 500_000
    db.write("t", {"k": [long, long + "x"], "v": ["", long]}, key="k")
    with pytest.raises(rhizo.ConstraintError):
        db.insert("t", {"k": [long]})
    db.upsert("t", {"k": [long], "v": [long]})
    db.update("t", {"v": "v || ?"}, "k = ?", ["!", long])
    assert rows_of(db) == [(long, long + "!"), (long + "x", long)]


# --- write-back and diff by key


def test_a_write_pairs_rows_by_key(users: rhizo.Database) -> None:
    result = users.write("t", {"id": [1, 4, 3], "name": ["x", "y", "z"], "score": [0, 1, 2]})
    assert (result.rows_inserted, result.rows_updated, result.rows_deleted) == (1, 2, 1)
    assert rows_of(users) == [(1, "x", 0), (4, "y", 1), (3, "z", 2)]
    before = rows_of(users)
    for ids in ([1, 1, 3], [1, None, 3]):
        with pytest.raises(rhizo.ConstraintError):
            users.write("t", {"id": ids, "name": ["a", "b", "c"], "score": [1, 2, 3]})
    assert rows_of(users) == before


def test_a_write_counts_the_rows_that_stay_as_they_are(users: rhizo.Database) -> None:
    result = users.write("t", {"id": [1, 2, 3], "name": ["Ada", "Bob", None], "score": [70, 90, 86]})
    assert counts(result) == (0, 1, 2, 0)


def test_a_diff_finds_by_key_what_moved(users: rhizo.Database) -> None:
    users.write("t", {"id": [3, 2, 1], "name": [None, "Bob", "Ada"], "score": [85, 90, 71]})
    expected = [("update_preimage", ["score"], 1, "Ada", 70), ("update_postimage", ["score"], 1, "Ada", 71)]
    assert changes(users.diff(1, table="t")) == expected
    users.update("t", {"id": 9}, "id = 2")
    assert {(row[0], row[2]) for row in changes(users.diff(2, table="t"))} == {("delete", 2), ("insert", 9)}
    users.delete("t", "id = 9")
    users.insert("t", {"id": [2], "name": ["Bob"], "score": [90]})
    assert changes(users.diff(1, table="t")) == expected


def test_a_diff_shows_no_values_of_a_column_that_was_dropped_then(users: rhizo.Database) -> None:
    users.update("t", {"score": 71}, "id = 1")
    users.alter("t", drop="score")
    preimages = [row for row in changes(users.diff(3, 1, table="t")) if row[0] == "update_preimage"]
    assert all(row[-1] is None for row in preimages)


# --- transactions and conflicts


def test_a_statement_that_fails_leaves_the_transaction_as_it_was(users: rhizo.Database) -> None:
    with users.transaction() as tx:
        tx.update("t", {"score": 1}, "id = 1")
        before = rows_of(tx)
        for wrong in (
            lambda: tx.update("t", {"id": 1}),
            lambda: tx.update("t", {"score": "CASE id WHEN 3 THEN 0.5 ELSE 7 END"}),
            lambda: tx.insert("t", {"id": [9, 1]}),
            lambda: tx.upsert("t", {"id": [9, 9]}),
            lambda: tx.write("t", {"id": [9, 9]}),
            lambda: tx.delete("t", "("),
            lambda: tx.set_key("t", "name"),
        ):
            with pytest.raises((rhizo.ConstraintError, rhizo.SchemaError, rhizo.SqlError)):
                wrong()
            assert rows_of(tx) == before
        tx.upsert("t", {"id": [9, 2], "score": [2, 2]})
        tx.delete("t", "id = 3")
    assert rows_of(users) == [(1, "Ada", 1), (2, "Bob", 2), (9, None, 2)]
    assert users.info("t").version == 2


def test_a_transaction_that_undoes_itself_is_no_commit(users: rhizo.Database) -> None:
    commit = users.commit().id
    with users.transaction() as tx:
        tx.insert("t", {"id": [9]})
        tx.delete("t", "id = 9")
        tx.update("t", {"score": 0}, "id = 1")
        tx.update("t", {"score": 70}, "id = 1")
    assert rows_of(users) == [(1, "Ada", 70), (2, "Bob", 90), (3, None, 85)]
    assert users.diff(commit, table="t").tables == () or not users.diff(commit, table="t").tables[0].rows_updated


def test_appends_of_different_keys_both_succeed_and_of_one_key_conflict(users: rhizo.Database) -> None:
    with users.transaction() as tx, users.on("main") as other:
        tx.append("t", {"id": [10]})
        other.insert("t", {"id": [11]})
    assert [row[0] for row in rows_of(users)] == [1, 2, 3, 11, 10]
    with pytest.raises(rhizo.ConflictError) as raised, users.transaction() as tx, users.on("main") as other:
        tx.insert("t", {"id": [12, 13]})
        other.append("t", {"id": [13]})
    assert raised.value.retryable
    assert [row[0] for row in rows_of(users)] == [1, 2, 3, 11, 10, 13]


STATEMENTS: dict[str, Callable[[Any], Any]] = {
    "update": lambda db: db.update("t", {"score": 1}, "id = 1"),
    "delete": lambda db: db.delete("t", "id = 2"),
    "upsert": lambda db: db.upsert("t", {"id": [3], "score": [5]}),
    "truncate": lambda db: db.truncate("t"),
    "set_key": lambda db: db.set_key("t", None),
    "write": lambda db: db.write("t", {"id": [77]}),
}


def outcome(session: rhizo.Session, *statements: Callable[[Any], Any]) -> tuple[list[Row], tuple[str, ...]] | None:
    """Rows and key after some statements; None if one of them fails."""
    try:
        for statement in statements:
            statement(session)
    except rhizo.RhizoError:
        return None
    return sorted(rows_of(session), key=str), tuple(session.info("t").key)


@pytest.mark.parametrize("mine", STATEMENTS)
def test_concurrent_changes_of_one_table_are_as_one_after_the_other_or_conflict(
    users: rhizo.Database, mine: str
) -> None:
    others = {**STATEMENTS, "append": lambda db: db.append("t", {"id": [50]})}
    apart = {"update", "delete", "upsert", "append"}
    for name, theirs in others.items():
        users.write("t", {"id": [1, 2, 3], "name": ["Ada", "Bob", None], "score": [70, 90, 85]})
        users.set_key("t", "id")
        orders = [(STATEMENTS[mine], theirs), (theirs, STATEMENTS[mine])]
        serial = []
        for order in orders:
            with users.scratch() as session:
                serial.append(outcome(session, *order))
        try:
            with users.transaction() as tx, users.on("main") as other:
                STATEMENTS[mine](tx)
                theirs(other)
        except rhizo.ConflictError as error:
            assert error.retryable
            assert not (mine != name and {mine, name} <= apart), name
        else:
            assert outcome(users) in serial, name


def test_snapshots_are_read_only(users: rhizo.Database) -> None:
    with users.at("main") as before:
        for statement in STATEMENTS.values():
            with pytest.raises(rhizo.ReadOnlyError):
                statement(before)


# --- many rows, many changes


def test_large_tables_keep_every_version_through_patches_and_deletes(db: rhizo.Database) -> None:
    count = 260_000
    model: list[Row] = [(n, n % 100, f"s{n % 7}") for n in range(count)]
    columns = [pa.array(column) for column in zip(*model, strict=True)]
    db.write("t", pa.table(columns, names=["id", "v", "s"]), key="id")
    versions = [model]

    def expect(rows: list[Row]) -> None:
        versions.append(rows)
        assert rows_of(db) == rows

    for step in range(6):  # the same cells again and again
        db.update("t", {"v": f"v + {step + 1}", "s": "NULL"}, "id % 1000 = 7")
        versions.append([(i, v + step + 1, None) if i % 1000 == 7 else (i, v, s) for i, v, s in versions[-1]])
    assert rows_of(db) == versions[-1]
    assert db.delete("t", "id >= 100000 AND id < 240000 AND id <> 200000").rows_deleted == 139_999
    expect([row for row in versions[-1] if not 100_000 <= row[0] < 240_000 or row[0] == 200_000])
    result = db.upsert("t", {"id": [99_999, 150_000, 200_000, 0], "v": [-1, -2, -3, -4]})
    assert counts(result) == (1, 3, 0, 0)
    new = {99_999: -1, 200_000: -3, 0: -4}
    expect([*((i, new.get(i, v), s) for i, v, s in versions[-1]), (150_000, -2, None)])
    with pytest.raises(rhizo.ConstraintError):
        db.insert("t", {"id": [110_000, 99_998]})
    for condition, test in {
        "v < 0": lambda row: row[1] < 0,
        "s IS NULL": lambda row: row[2] is None,
        "s > 's5'": lambda row: row[2] is not None and row[2] > "s5",
        "id = 200000": lambda row: row[0] == 200_000,
    }.items():
        assert db.scan("t", where=condition).fetchall() == [row for row in versions[-1] if test(row)]
    assert db.sql("SELECT min(v), count(*), count(s) FROM t").fetchone() == (
        -4,
        len(versions[-1]),
        sum(row[2] is not None for row in versions[-1]),
    )
    for version in (1, 3, 5, 7, 8):
        assert rows_of(db, version=version) == versions[version - 1]
    summary = db.diff(7, table="t").tables[0]
    assert (summary.rows_inserted, summary.rows_updated, summary.rows_deleted) == (0, 4, 139_998)
    assert db.verify().findings == ()


class Model:
    """What a list of rows says: id (the key), a, s."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.rows: list[Row] = []

    def new_row(self, key: int) -> Row:
        rng = self.rng
        return key, rng.choice([None, rng.randrange(5), rng.randrange(10**6)]), rng.choice([None, "", "x", "long" * 9])

    def some(self) -> list[Row]:
        keys = self.rng.sample(range(60), self.rng.randrange(6))
        return [self.new_row(key) for key in keys]

    def condition(self) -> tuple[str, list[Any], Callable[[Row], bool]]:
        bound = self.rng.choice([row[1] for row in self.rows if row[1] is not None] or [3])
        return self.rng.choice(
            [
                ("a < ?", [bound], lambda row: row[1] is not None and row[1] < bound),
                ("a = ? OR a IS NULL", [bound], lambda row: row[1] is None or row[1] == bound),
                ("NOT s = 'x'", [], lambda row: row[2] is not None and row[2] != "x"),
                ("id % 4 = 1", [], lambda row: row[0] % 4 == 1),
                ("id IN (SELECT a FROM t)", [], lambda row: row[0] in {other[1] for other in self.rows}),
            ]
        )


def table_of(rows: list[Row]) -> pa.Table:
    kinds = [("id", pa.int64()), ("a", pa.int64()), ("s", pa.string())]
    return pa.table({name: pa.array([row[at] for row in rows], kind) for at, (name, kind) in enumerate(kinds)})


def random_step(db: Any, model: Model) -> tuple[rhizo.WriteResult | None, tuple[int, int, int], list[Row]]:
    """What the statement says (None: it was refused), the changes it should count, and the rows there should be."""
    rng, rows = model.rng, model.rows
    there = {row[0]: row for row in rows}
    data = model.some()
    operation = rng.choice(["insert", "upsert", "update", "move", "delete", "write"])
    sql, parameters, test = model.condition()
    found = [row for row in rows if test(row)]
    if operation == "insert":
        if any(row[0] in there for row in data):
            with pytest.raises(rhizo.ConstraintError):
                db.insert("t", table_of(data))
            return None, (0, 0, 0), rows
        return db.insert("t", table_of(data)), (len(data), 0, 0), rows + data
    if operation == "upsert":
        new = {row[0]: row for row in data}
        added = [row for row in data if row[0] not in there]
        updated = sum(row[0] in there and there[row[0]] != row for row in data)
        after = [new.get(row[0], row) for row in rows] + added
        return db.upsert("t", table_of(data)), (len(added), updated, 0), after
    if operation == "update":
        after = [(row[0], row[0], "u") if test(row) else row for row in rows]
        updated = sum(old != new for old, new in zip(rows, after, strict=True))
        return db.update("t", {"a": "id", "s": "'u'"}, sql, parameters), (0, updated, 0), after
    if operation == "move":
        after = [row for row in rows if not test(row)] + [(row[0] + 3, *row[1:]) for row in found]
        if len({row[0] for row in after}) < len(after):
            with pytest.raises(rhizo.ConstraintError):
                db.update("t", {"id": "id + 3"}, sql, parameters)
            return None, (0, 0, 0), rows
        return db.update("t", {"id": "id + 3"}, sql, parameters), (0, len(found), 0), after
    if operation == "delete":
        return db.delete("t", sql, parameters), (0, 0, len(found)), [row for row in rows if not test(row)]
    kept = [row for row in rows if rng.random() < 0.9]
    after = [model.new_row(row[0]) if rng.random() < 0.2 else row for row in kept]
    updated = sum(old != new for old, new in zip(kept, after, strict=True))
    added = [row for row in data if row[0] not in there]
    at = rng.randrange(len(after) + 1)
    after = after[:at] + added + after[at:]
    return db.write("t", table_of(after)), (len(added), updated, len(rows) - len(kept)), after


def diff_by_key(old: list[Row], new: list[Row]) -> set[Row]:
    before, after = {row[0]: row for row in old}, {row[0]: row for row in new}
    expected: set[Row] = {("insert", *row) for key, row in after.items() if key not in before}
    expected |= {("delete", *row) for key, row in before.items() if key not in after}
    for key in before.keys() & after.keys():
        if before[key] != after[key]:
            expected |= {("update_preimage", *before[key]), ("update_postimage", *after[key])}
    return expected


@pytest.mark.parametrize("run", range(4))
def test_random_operations_leave_what_a_list_of_rows_would_at_every_version(path: Path, run: int) -> None:
    print(f"RHIZO_TEST_SEED={SEED}")
    rng = random.Random(SEED + run)
    with rhizo.open(path, author="tester", durability="none") as db:
        model = Model(rng)
        db.create_table("t", {"id": "BIGINT", "a": "BIGINT", "s": "VARCHAR"}, key="id")
        versions = {1: model.rows}
        for _ in range(40):
            session: Any = db.transaction().__enter__() if rng.random() < 0.2 else db
            for _ in range(1 if session is db else rng.randrange(1, 4)):
                result, expected, model.rows = random_step(session, model)
                if result is not None:
                    assert (result.rows_inserted, result.rows_updated, result.rows_deleted) == expected
                assert rows_of(session) == model.rows
            if session is not db:
                session.__exit__(None, None, None)
            versions[db.info("t").version] = model.rows
            sql, parameters, test = model.condition()
            found = sorted(db.scan("t", where=sql, params=parameters).fetchall(), key=repr)
            assert found == sorted((row for row in model.rows if test(row)), key=repr)
        for version, rows in versions.items():
            assert rows_of(db, version=version) == rows
        for _ in range(15):
            old, new = rng.choice(list(versions)), rng.choice(list(versions))
            rows = changes(db.diff(old, new, table="t"))
            assert {(row[0], *row[2:]) for row in rows} == diff_by_key(versions[old], versions[new])
        assert db.verify().findings == ()


def test_a_million_columns_and_endless_conditions_are_refused_at_once(db: rhizo.Database) -> None:
    db.write("t", {"x": [1, 2]})
    with pytest.raises(rhizo.SchemaError):
        db.update("t", {f"c{i}": "1" for i in range(10**6)})
    with pytest.raises(rhizo.SqlError, match="comparisons"):
        db.delete("t", " OR ".join(f"x = {i}" for i in range(30_000)))
    assert db.delete("t", f"x IN ({', '.join(str(i) for i in range(2, 10**5))})").rows_deleted == 1


def test_long_lists_of_values_lose_neither_rows_nor_their_order(db: rhizo.Database) -> None:
    count = 200_000
    db.write("t", pa.table({"id": range(count), "n": [0] * count}))
    chosen = list(range(count - 1, 0, -997))
    listed = ", ".join(map(str, chosen))
    assert [row[0] for row in db.scan("t", where=f"id IN ({listed})").fetchall()] == sorted(chosen)
    assert [row[0] for row in db.scan("t", where=f"id IN ({listed})", limit=3).fetchall()] == sorted(chosen)[:3]
    assert db.update("t", {"n": f"CASE WHEN id IN ({listed}) THEN 1 ELSE 2 END"}, f"id IN ({listed})").rows_updated == len(
        chosen
    )
    assert db.delete("t", f"id IN ({listed})").rows_deleted == len(chosen)
    assert db.sql("SELECT sum(n), count(*) FROM t").fetchone() == (0, count - len(chosen))


@pytest.mark.parametrize("rows", [20, 150_000])
def test_values_set_back_leave_no_patch_behind(db: rhizo.Database, rows: int) -> None:
    db.write("t", pa.table({"id": range(rows), "n": [7] * rows, "s": ["x"] * rows}), key="id")

    def patches() -> int:
        return db.sql("SELECT sum(patches) FROM rhizo_segments('t')").fetchone()[0]

    before = db.fingerprint("t")
    db.update("t", {"n": 8, "s": "'y'"}, "id IN (1, 2, 3)")
    assert patches() == 2
    db.update("t", {"n": 7}, "id IN (2, 3)")
    assert db.read("t").to_arrow()["n"].to_pylist()[:5] == [7, 8, 7, 7, 7]
    db.upsert("t", {"id": [1, 2], "n": [7, 9], "s": ["x", "x"]})
    assert patches() == 2
    frame = db.read("t").to_arrow()
    back = frame.set_column(1, "n", pa.array([7] * rows)).set_column(2, "s", pa.array(["x"] * rows))
    assert db.write("t", back).rows_updated == 2
    assert patches() == 0 and db.fingerprint("t") == before and db.verify().ok
