"""Columns are renamed, dropped, added, widened, moved; defaults and checks hold; older versions stay as they were."""

from __future__ import annotations

import datetime
import os
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import rhizo

SEED = int(os.environ.get("RHIZO_TEST_SEED", random.randrange(2**32)))

Row = tuple[Any, ...]
NOON = datetime.datetime(2026, 1, 1, 12)


def rows_of(db: Any, **place: Any) -> list[Row]:
    rows: list[Row] = db.read("t", **place).fetchall()
    return rows


def names_of(db: Any, **place: Any) -> list[str]:
    return [column.name for column in db.info("t", **place).columns]


@pytest.fixture
def users(db: rhizo.Database) -> rhizo.Database:
    db.write("t", {"id": [1, 2, 3], "name": ["Ada", "Bob", None], "score": [70, None, 85]}, key="id")
    return db


# --- rename, drop, add, order


def test_all_parts_are_done_in_their_order_in_one_version(users: rhizo.Database) -> None:
    result = users.alter(
        "t",
        rename={"score": "points"},
        drop="name",
        add={"name": "VARCHAR", "level": "INTEGER"},
        widen={"points": "HUGEINT"},
        default={"level": 1, "name": "'new'"},
        not_null=["level"],
        add_check="level > 0",
        order=["level", "id"],
        message="another shape",
    )
    assert (result.version, users.commit().message) == (2, "another shape")
    assert names_of(users) == ["level", "id", "points", "name"]
    assert rows_of(users) == [(1, 1, 70, "new"), (1, 2, None, "new"), (1, 3, 85, "new")]
    assert rows_of(users, version=1) == [(1, "Ada", 70), (2, "Bob", None), (3, None, 85)]
    assert (users.info("t").key, users.info("t").columns[0].nullable) == (("id",), False)


def test_names_can_be_exchanged_over_a_third(users: rhizo.Database) -> None:
    with pytest.raises(rhizo.SchemaError, match="is there already"):
        users.alter("t", rename={"name": "score", "score": "name"})
    users.alter("t", rename={"name": "tmp", "score": "name", "tmp": "score"})
    assert users.read("t").to_dict() == {"id": [1, 2, 3], "score": ["Ada", "Bob", None], "name": [70, None, 85]}
    users.alter("t", rename={"id": "ID", "score": "Score"})
    assert names_of(users) == ["ID", "Score", "name"]
    assert users.info("t").key == ("ID",)


def test_a_key_column_may_be_renamed_moved_and_widened_but_not_dropped_or_nullable(users: rhizo.Database) -> None:
    users.alter("t", rename={"id": "number"}, widen={"number": "HUGEINT"}, order="score")
    users.upsert("t", {"number": [2**80, 2], "score": [1, 2]})
    assert [row[:2] for row in rows_of(users)] == [(70, 1), (2, 2), (85, 3), (1, 2**80)]
    refused: list[dict[str, Any]] = [{"drop": "number"}, {"nullable": "number"}]
    for wrong in refused:
        with pytest.raises(rhizo.SchemaError, match="part of the key"):
            users.alter("t", **wrong)


def test_old_values_do_not_come_back_in_a_column_of_the_same_name(users: rhizo.Database) -> None:
    users.update("t", {"score": 99}, "id = 2")
    users.alter("t", drop="score")
    users.alter("t", add={"score": "BIGINT"})
    assert [row[2] for row in rows_of(users)] == [None, None, None]
    assert users.sql("SELECT count(score), max(score) FROM t").fetchone() == (0, None)
    users.update("t", {"score": 5}, "id = 3")
    users.alter("t", drop="score", add={"score": "VARCHAR"}, default={"score": "'none'"})
    assert users.scan("t", where="score = 'none'").fetchall() == rows_of(users)
    assert [row[2] for row in rows_of(users, version=2)] == [70, 99, 85]


def test_altering_nothing_is_no_commit(users: rhizo.Database) -> None:
    commit = users.commit().id
    same: list[dict[str, Any]] = [{}, {"rename": {"name": "name"}}, {"order": ["id"]}, {"default": {"name": None}}]
    for nothing in [*same, {"nullable": "name"}]:
        assert not users.alter("t", **nothing).changed
    assert users.commit().id == commit


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"rename": {"nix": "x"}}, rhizo.SchemaError),
        ({"rename": {"name": "ID"}}, rhizo.SchemaError),
        ({"rename": {"name": ""}}, rhizo.InvalidNameError),
        ({"drop": "nix"}, rhizo.SchemaError),
        ({"drop": ["name", "name"]}, rhizo.SchemaError),
        ({"add": {"Name": "INTEGER"}}, rhizo.SchemaError),
        ({"add": {"x": "NO TYPE"}}, rhizo.SchemaError),
        ({"add": {"x": "INTEGER NOT NULL"}}, rhizo.ConstraintError),
        ({"add": {"x": "INTEGER NOT NULL"}, "default": {"x": "NULL::INTEGER"}}, rhizo.ConstraintError),
        ({"widen": {"score": "INTEGER"}}, rhizo.SchemaError),
        ({"widen": {"score": "VARCHAR"}}, rhizo.SchemaError),
        ({"default": {"score": "'x'"}}, rhizo.SchemaError),
        ({"default": {"score": 1.5}}, rhizo.SchemaError),
        ({"default": {"score": "id"}}, rhizo.SchemaError),
        ({"default": {"score": "random()"}}, rhizo.SqlError),
        ({"default": {"score": "1; DROP TABLE t"}}, rhizo.SqlError),
        ({"not_null": "name"}, rhizo.ConstraintError),
        ({"not_null": "nix"}, rhizo.SchemaError),
        ({"add_check": "score > 80"}, rhizo.ConstraintError),
        ({"add_check": "score"}, rhizo.SqlError),
        ({"add_check": "nix > 1"}, rhizo.SqlError),
        ({"add_check": "random() > 2"}, rhizo.SqlError),
        ({"add_check": "score IN (SELECT 70)"}, rhizo.SqlError),
        ({"add_check": "(score > 0"}, rhizo.SqlError),
        ({"drop_check": "score > 0"}, rhizo.SchemaError),
        ({"order": ["id", "id"]}, rhizo.SchemaError),
        ({"order": "nix"}, rhizo.SchemaError),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_of_it_is_done(
    users: rhizo.Database, arguments: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        users.alter("t", **{"rename": {}, **arguments})
    with users.transaction() as tx:
        tx.alter("t", rename={"score": "points"})
        with pytest.raises((rhizo.SchemaError, rhizo.ConstraintError, rhizo.SqlError)):
            tx.alter("t", add={"fine": "INTEGER"}, drop="nix")
        tx.update("t", {"points": 0}, "id = 1")
    assert (users.info("t").version, names_of(users)) == (2, ["id", "name", "points"])
    assert rows_of(users)[0] == (1, "Ada", 0)


def test_a_column_that_a_check_uses_neither_goes_nor_changes_its_name(users: rhizo.Database) -> None:
    users.alter("t", add_check="score > 0")
    refused: list[dict[str, Any]] = [{"drop": "score"}, {"rename": {"score": "points"}}]
    for change in refused:
        with pytest.raises(rhizo.SchemaError):
            users.alter("t", **change)
    users.alter("t", drop="score", drop_check="score > 0")
    assert names_of(users) == ["id", "name"]


# --- defaults


def test_older_rows_hold_the_first_default_and_later_ones_that_of_their_time(users: rhizo.Database) -> None:
    users.alter("t", add={"level": "INTEGER NOT NULL"}, default={"level": 1})
    users.alter("t", default={"level": 2})
    users.append("t", {"id": [4]})
    users.alter("t", default={"level": 3})
    users.upsert("t", {"id": [1, 5], "score": [0, 0]})
    users.insert("t", {"id": [6]})
    users.alter("t", default={"level": None})
    for statement in (users.append, users.insert, users.upsert):
        with pytest.raises(rhizo.ConstraintError, match="NOT NULL"):
            statement("t", {"id": [7]})
    assert [(row[0], row[3]) for row in rows_of(users)] == [(1, 1), (2, 1), (3, 1), (4, 2), (5, 3), (6, 3)]
    users.alter("t", default={"level": 4})
    users.write("t", {"id": [1, 8]})
    assert rows_of(users) == [(1, None, None, 4), (8, None, None, 4)]


@pytest.mark.parametrize(
    ("kind", "default", "value"),
    [
        ("BOOLEAN", True, True),
        ("INTEGER", "1 + 1", 2),
        ("HUGEINT", 10**30, 10**30),
        ("DECIMAL(5,2)", 1.25, Decimal("1.25")),
        ("VARCHAR", "'it''s'", "it's"),
        ("VARCHAR", "''", ""),
        ("DATE", "'2026-01-31'", datetime.date(2026, 1, 31)),
        ("INTEGER[]", "[1, NULL]", [1, None]),
        ("STRUCT(a INTEGER, b VARCHAR)", "{'b': 'x', 'a': 1}", {"a": 1, "b": "x"}),
        ("DOUBLE", 0.5, 0.5),
        ("DOUBLE", 0.24542585805195638, 0.24542585805195638),
        ("DOUBLE", float("inf"), float("inf")),
    ],
)
def test_a_default_may_be_of_any_type(users: rhizo.Database, kind: str, default: Any, value: Any) -> None:
    users.alter("t", add={"c": kind}, default={"c": default})
    users.insert("t", {"id": [9]})
    assert [row[3] for row in rows_of(users)] == [value] * 4
    assert users.verify().findings == ()


def test_a_default_that_is_no_expression_is_an_error(users: rhizo.Database) -> None:
    users.alter("t", default={"name": "'x'"})
    with pytest.raises((rhizo.SqlError, rhizo.SchemaError)):
        users.alter("t", default={"name": ""})


def test_a_default_is_cast_only_where_an_update_would_be(users: rhizo.Database) -> None:
    with pytest.raises(rhizo.SchemaError):
        users.update("t", {"name": 5})
    with pytest.raises(rhizo.SchemaError):
        users.alter("t", default={"name": 5})


def test_default_and_stored_values_widen_alike(users: rhizo.Database) -> None:
    added = {"n": "TINYINT", "day": "DATE", "price": "DECIMAL(4,2)"}
    users.alter("t", add=added, default={"n": 7, "day": "'2026-01-31'", "price": 1.5})
    users.update("t", {"n": 8}, "id = 2")
    users.alter("t", widen={"n": "HUGEINT", "day": "TIMESTAMP", "price": "DECIMAL(30,10)"})
    users.insert("t", {"id": [4]})
    day = datetime.datetime(2026, 1, 31)
    assert [row[3:] for row in rows_of(users)] == [(n, day, Decimal("1.5")) for n in (7, 8, 7, 7)]
    users.update("t", {"n": 2**100}, "n = 8")
    assert users.scan("t", where="n > 7", columns=["id", "n"]).fetchall() == [(2, 2**100)]
    found = users.scan("t", where="day = TIMESTAMP '2026-01-31' AND price = 1.5 AND n = 7", columns=["id"]).fetchall()
    assert found == [(1,), (3,), (4,)]


# --- widening


@pytest.mark.parametrize(
    ("narrow", "wide", "old", "new", "wider"),
    [
        ("TINYINT", "BIGINT", -128, -128, 2**40),
        ("UINTEGER", "HUGEINT", 2**32 - 1, 2**32 - 1, 2**90),
        ("FLOAT", "DOUBLE", 0.5, 0.5, 0.1),
        ("INTEGER", "DOUBLE", 7, 7.0, 0.5),
        ("DECIMAL(4,2)", "DECIMAL(10,3)", Decimal("1.25"), Decimal("1.250"), Decimal("9999.125")),
        ("DATE", "TIMESTAMP", datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31), NOON),
    ],
)
def test_a_wider_type_keeps_old_values_and_takes_new_ones(
    db: rhizo.Database, narrow: str, wide: str, old: Any, new: Any, wider: Any
) -> None:
    db.create_table("t", {"id": "INTEGER", "v": narrow}, key="id")
    db.insert("t", {"id": [1, 2, 3], "v": [old, old, None]})
    assert db.alter("t", widen={"v": wide}).new_bytes == 0
    assert rows_of(db) == [(1, new), (2, new), (3, None)]
    db.update("t", {"v": "?"}, "id = 2", [wider])
    db.upsert("t", {"id": [4], "v": [wider]})
    assert rows_of(db) == [(1, new), (2, wider), (3, None), (4, wider)]
    assert db.scan("t", where="v = ?", params=[wider], columns=["id"]).fetchall() == [(2,), (4,)]
    assert db.sql("SELECT min(v), max(v), count(v) FROM t").fetchone() == (min(new, wider), max(new, wider), 3)
    assert rows_of(db, version=2) == [(1, old), (2, old), (3, None)]
    with pytest.raises(rhizo.SchemaError, match="no wider type"):
        db.alter("t", widen={"v": narrow})


# --- NOT NULL and checks


def test_not_null_holds_until_it_is_taken_back(users: rhizo.Database) -> None:
    users.update("t", {"name": "'x'"}, "name IS NULL")
    users.alter("t", not_null="name")
    for wrong in (
        lambda: users.update("t", {"name": None}, "id = 1"),
        lambda: users.insert("t", {"id": [9]}),
        lambda: users.upsert("t", {"id": [1], "name": [None]}),
        lambda: users.write("t", {"id": [1]}),
    ):
        with pytest.raises(rhizo.ConstraintError, match='"name"'):
            wrong()
    users.upsert("t", {"id": [1], "score": [5]})
    users.alter("t", nullable="name")
    users.update("t", {"name": None}, "id = 1")
    assert rows_of(users)[0] == (1, None, 5)


WRITES: dict[str, Callable[[Any], Any]] = {
    "insert": lambda db: db.insert("t", {"id": [8, 9], "score": [1, -1]}),
    "append": lambda db: db.append("t", {"id": [9], "score": [-1]}),
    "append that evolves": lambda db: db.append("t", {"id": [9], "score": [-1], "x": [1]}, schema="evolve"),
    "upsert of a new row": lambda db: db.upsert("t", {"id": [1, 9], "score": [1, -1]}),
    "upsert of an old row": lambda db: db.upsert("t", {"id": [1], "score": [-1]}),
    "update": lambda db: db.update("t", {"score": "-score"}),
    "update of a key": lambda db: db.update("t", {"id": 200}, "id = 1"),
    "write": lambda db: db.write("t", {"id": [1, 2], "score": [70, -1]}),
    "write that evolves": lambda db: db.write("t", {"id": [1], "score": [-1], "x": [1]}, schema="evolve"),
    "write that replaces": lambda db: db.write("t", {"id": [1], "score": [-1]}, schema="replace"),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_check_holds_for_every_way_to_write(users: rhizo.Database, name: str) -> None:
    users.alter("t", add_check=["score > 0", "id < 100"])
    before = rows_of(users)
    with pytest.raises(rhizo.ConstraintError, match="the check"):
        WRITES[name](users)
    with users.transaction() as tx:
        with pytest.raises(rhizo.ConstraintError):
            WRITES[name](tx)
        assert rows_of(tx) == before
    assert users.info("t").version == 2
    users.alter("t", drop_check=["score > 0", "id < 100"])
    WRITES[name](users)


def test_imported_rows_are_checked_too(users: rhizo.Database, tmp_path: Path) -> None:
    users.alter("t", add_check="score > 0")
    for text in ("id,score\n9,-1\n", "id,score\n1,1\n"):
        (tmp_path / "rows.csv").write_text(text)
        with pytest.raises(rhizo.ConstraintError):
            users.import_files("t", tmp_path / "rows.csv", append=True)
    assert users.info("t").version == 2


def test_null_breaks_no_check(users: rhizo.Database) -> None:
    users.alter("t", add_check="score > 0")
    users.update("t", {"score": None})
    assert not users.alter("t", add_check="score > 0").changed


# --- nested columns


def nested(rows: list[Row]) -> pa.Table:
    struct = pa.struct([("x", pa.int32()), ("y", pa.int32())])
    kinds = [("id", pa.int64()), ("s", struct), ("l", pa.list_(struct)), ("m", pa.map_(pa.string(), struct))]
    return pa.table({name: pa.array([row[at] for row in rows], kind) for at, (name, kind) in enumerate(kinds)})


def test_members_of_nested_columns_are_renamed_dropped_added_and_widened(db: rhizo.Database) -> None:
    one = {"x": 1, "y": 2}
    rows: list[Row] = [(1, one, [one, None], [("k", one)]), (2, None, [], []), (3, {"x": None}, None, None)]
    db.write("t", nested(rows), key="id")
    before = rows_of(db)
    for prefix in ("s", "l.element", "m.value"):
        db.alter(
            "t",
            rename={f"{prefix}.x": "z"},
            drop=f"{prefix}.y",
            add={f"{prefix}.y": "INTEGER"},
            widen={f"{prefix}.z": "BIGINT"},
        )
    new = {"z": 1, "y": None}
    expected: list[Row] = [(1, new, [new, None], {"k": new}), (2, None, [], {}), (3, dict.fromkeys("zy"), None, None)]
    assert rows_of(db) == expected
    db.update("t", {"s": "{'z': s.z + 10000000000, 'y': 5}"}, "s.z = 1")
    db.update("t", {"l": "[{'z': 3}]"}, "id = 2")
    expected[0] = (1, {"z": 10**10 + 1, "y": 5}, *expected[0][2:])
    expected[1] = (2, None, [{"z": 3, "y": None}], {})
    assert rows_of(db) == expected
    assert db.scan("t", where="s.y = 5 AND s.z > 10000000000", columns=["id"]).fetchall() == [(1,)]
    assert rows_of(db, version=1) == before
    assert {row[2] for row in db.diff(1, table="t").rows().fetchall()} == {1, 2}
    assert db.verify().findings == ()


@pytest.mark.parametrize(
    "arguments",
    [
        {"drop": "l.element"},
        {"drop": "m.key"},
        {"rename": {"l.element": "x"}},
        {"rename": {"s.x": "y"}},
        {"add": {"s.x": "INTEGER"}},
        {"add": {"s.z": "INTEGER NOT NULL"}},
        {"add": {"l.z": "INTEGER"}},
        {"add": {"id.z": "INTEGER"}},
        {"drop": ["s.x", "s.y"]},
        {"default": {"s.x": 1}},
        {"not_null": "s.x"},
        {"order": "s.x"},
        {"widen": {"s.x": "SMALLINT"}},
        {"drop": "s."},
        {"drop": ".x"},
        {"drop": "s.x.y"},
    ],
)
def test_what_nested_columns_cannot_become_is_refused(db: rhizo.Database, arguments: dict[str, Any]) -> None:
    db.write("t", nested([(1, {"x": 1}, None, None)]))
    with pytest.raises(rhizo.SchemaError):
        db.alter("t", **arguments)
    assert db.info("t").version == 1


def test_names_with_dots_are_columns_before_they_are_paths(db: rhizo.Database) -> None:
    db.write("t", {"a": [{"b": 1, "c": 2}], "a.b": [3]})
    db.alter("t", rename={"a.b": "d"})
    assert names_of(db) == ["a", "d"]
    db.alter("t", rename={"a.b": "e"})
    assert rows_of(db) == [({"e": 1, "c": 2}, 3)]


# --- with others, at size


ALTERATIONS: dict[str, dict[str, Any]] = {
    "rename": {"rename": {"score": "points"}},
    "drop": {"drop": "score"},
    "add": {"add": {"x": "INTEGER"}, "default": {"x": 1}},
    "widen": {"widen": {"score": "HUGEINT"}},
    "not_null": {"not_null": "score"},
    "check": {"add_check": "score < 50"},
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_altering_and_what_others_did_to_the_table_come_together_unless_rows_forbid_it(
    db: rhizo.Database, name: str
) -> None:
    db.write("t", {"id": [1], "score": [7]}, key="id")

    def both(first: Callable[[Any], Any], second: Callable[[Any], Any]) -> bool:
        try:
            with db.transaction() as tx, db.on("main") as other:
                second(tx)
                first(other)
        except rhizo.ConflictError:
            return False
        return True

    def alter(session: Any) -> None:
        session.alter("t", **ALTERATIONS[name])

    assert both(lambda s: s.append("t", {"id": [2], "score": [70]}), alter) == (name != "check")
    shape = db.info("t").columns
    if name == "check":
        assert [column.name for column in shape] == ["id", "score"]
        return
    db.write("u", {"id": [1], "score": [7]}, key="id")
    assert [row[:2] for row in db.read("t").fetchall()][0][0] == 1
    db.drop_table("t")
    db.rename_table("u", "t")
    came = both(alter, lambda s: s.append("t", {"id": [3], "score": [None]}))
    assert came == (name != "not_null")
    assert len(rows_of(db)) == 1 + came


def test_a_branch_may_have_another_shape(users: rhizo.Database) -> None:
    users.create_branch("try")
    with users.on("try") as attempt:
        attempt.alter("t", drop="score", add={"level": "INTEGER"}, default={"level": 1})
        attempt.update("t", {"level": 2}, "id = 1")
    assert names_of(users) == ["id", "name", "score"]
    users.merge("try")
    assert rows_of(users) == [(1, "Ada", 2), (2, "Bob", 1), (3, None, 1)]
    with users.at("main~1") as before, pytest.raises(rhizo.ReadOnlyError):
        before.alter("t", drop="name")


def test_a_thousand_columns_are_altered_at_once(db: rhizo.Database) -> None:
    db.write("t", {f"c{i}": [i] for i in range(1000)}, key="c0")
    added = {f"e{i}": "INTEGER" for i in range(500)}
    db.alter(
        "t",
        rename={f"c{i}": f"d{i}" for i in range(1000)},
        drop=[f"d{i}" for i in range(500, 1000)],
        add=added,
        default={f"e{i}": i for i in range(500)},
        order=list(added),
    )
    assert rows_of(db) == [(*range(500), *range(500))]
    assert db.info("t").key == ("d0",)


def test_a_large_table_with_patches_is_altered_without_writing_rows(db: rhizo.Database) -> None:
    count = 150_000
    struct = pa.array([{"a": n, "b": n} for n in range(count)], pa.struct([("a", pa.int32()), ("b", pa.int32())]))
    zeros = pa.array([0] * count, pa.int16())
    db.write("t", pa.table({"id": pa.array(range(count)), "s": struct, "v": zeros}), key="id")
    db.update("t", {"v": "id % 7", "s": "{'a': s.a + 1, 'b': 0}"}, "id % 100 = 3")
    db.delete("t", "id >= 50000 AND id < 100000")
    result = db.alter(
        "t",
        rename={"v": "w"},
        drop="s.b",
        add={"s.c": "VARCHAR", "n": "DOUBLE"},
        widen={"w": "BIGINT", "s.a": "BIGINT"},
        default={"n": 1.5},
    )
    assert result.new_bytes == 0
    db.update("t", {"w": "w + 10000000000", "n": "n + id"}, "id % 1000 = 3")
    expected = []
    for n in range(count):
        if 50_000 <= n < 100_000:
            continue
        patched, again = n % 100 == 3, n % 1000 == 3
        wide = (n % 7 if patched else 0) + (10**10 if again else 0)
        expected.append((n, {"a": n + patched, "c": None}, wide, 1.5 + n if again else 1.5))
    assert rows_of(db) == expected
    for condition, test in {
        "w > 5000000000": lambda row: row[2] > 5 * 10**9,
        "n <> 1.5": lambda row: row[3] != 1.5,
        "s.a = 4 OR s.c IS NOT NULL": lambda row: row[1]["a"] == 4,
    }.items():
        assert db.scan("t", where=condition).fetchall() == [row for row in expected if test(row)]
    with pytest.raises(rhizo.ConstraintError):
        db.alter("t", add_check="w < 10000000000")
    assert db.read("t", version=1).to_arrow().slice(3, 1).to_pylist() == [{"id": 3, "s": {"a": 3, "b": 3}, "v": 0}]
    assert db.verify().findings == ()


KINDS: dict[str, tuple[pa.DataType, Any]] = {
    "INTEGER": (pa.int32(), 5),
    "BIGINT": (pa.int64(), 6),
    "VARCHAR": (pa.string(), "d"),
}


class Shape:
    """Columns as (name, kind, what new rows get), and rows."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        kinds = {"id": "BIGINT", "a": "INTEGER", "b": "VARCHAR"}
        self.columns: list[tuple[str, str, Any]] = [(name, kind, None) for name, kind in kinds.items()]
        self.rows: list[Row] = []

    def names(self) -> list[str]:
        return [name for name, _, _ in self.columns]

    def others(self) -> list[int]:
        return [at for at, (name, _, _) in enumerate(self.columns) if name != "id"]

    def value(self, name: str, kind: str, key: int) -> Any:
        if name == "id":
            return key
        return self.rng.choice([None, f"v{key}"] if kind == "VARCHAR" else [None, self.rng.randrange(100)])


def alter_randomly(db: Any, shape: Shape, fresh: str) -> None:
    rng, columns, rows = shape.rng, list(shape.columns), shape.rows
    others = shape.others()
    what = rng.choice(["rename", "drop", "add", "widen", "order", "drop and add"])
    if what == "rename":
        at = rng.choice(others)
        db.alter("t", rename={columns[at][0]: fresh})
        columns[at] = (fresh, *columns[at][1:])
    elif what == "widen":
        narrow = [at for at in others if columns[at][1] == "INTEGER"]
        db.alter("t", widen={columns[at][0]: "BIGINT" for at in narrow} or None)
        columns = [(name, "BIGINT" if at in narrow else kind, new) for at, (name, kind, new) in enumerate(columns)]
    elif what == "order":
        order = rng.sample(range(len(columns)), len(columns))
        db.alter("t", order=[columns[at][0] for at in order])
        columns, rows = [columns[at] for at in order], [tuple(row[at] for at in order) for row in rows]
    else:
        drop, name = [], fresh
        if what != "add" and len(others) > 1:
            at = rng.choice(others)
            drop, name = [columns[at][0]], columns[at][0]
            del columns[at]
            rows = [row[:at] + row[at + 1 :] for row in rows]
        add, default = {}, {}
        if what != "drop":
            kind = rng.choice(list(KINDS))
            new = rng.choice([None, KINDS[kind][1]])
            if drop or name == fresh:
                add = {name: kind}
                default = {} if new is None else {name: repr(new)}
                columns.append((name, kind, new))
                rows = [(*row, new) for row in rows]
        db.alter("t", drop=drop, add=add or None, default=default)
    shape.columns, shape.rows = columns, rows


def change_randomly(db: Any, shape: Shape, key: int) -> None:
    rng, columns, rows = shape.rng, shape.columns, shape.rows
    what = rng.choice(["insert", "upsert", "update", "delete"])
    place = shape.names().index("id")
    if what == "update":
        at = rng.choice(shape.others())
        db.update("t", {columns[at][0]: None}, "id % 3 = ?", [key % 3])
        shape.rows = [(*row[:at], None, *row[at + 1 :]) if row[place] % 3 == key % 3 else row for row in rows]
    elif what == "delete":
        db.delete("t", "id % 5 = ?", [key % 5])
        shape.rows = [row for row in rows if row[place] % 5 != key % 5]
    else:
        given = [at for at in range(len(columns)) if columns[at][0] == "id" or rng.random() < 0.7]
        keys = [key, key + 1] if what == "insert" or not rows else [key, rng.choice(rows)[place]]
        values = [[shape.value(name, kind, k) for name, kind, _ in columns] for k in keys]
        data = {columns[at][0]: pa.array([row[at] for row in values], KINDS[columns[at][1]][0]) for at in given}
        getattr(db, what)("t", pa.table(data))
        shape.rows = list(rows)
        for new in values:
            old = next((i for i, row in enumerate(rows) if row[place] == new[place]), None)
            missing = [column[2] for column in columns] if old is None else rows[old]
            row = tuple(new[at] if at in given else missing[at] for at in range(len(columns)))
            if old is None:
                shape.rows.append(row)
            else:
                shape.rows[old] = row


@pytest.mark.parametrize("run", range(4))
def test_random_alterations_between_changes_of_rows_leave_every_version_right(path: Path, run: int) -> None:
    print(f"RHIZO_TEST_SEED={SEED}")
    with rhizo.open(path, author="tester", durability="none") as db:
        shape = Shape(random.Random(SEED + run))
        db.create_table("t", {name: kind for name, kind, _ in shape.columns}, key="id")
        versions = {1: (shape.names(), shape.rows)}
        for step in range(50):
            if shape.rng.random() < 0.4:
                alter_randomly(db, shape, f"c{step}")
            else:
                change_randomly(db, shape, 2 * step)
            assert rows_of(db) == shape.rows
            versions[db.info("t").version] = (shape.names(), shape.rows)
            for name, _, _ in shape.columns:
                at = shape.names().index(name)
                (count,) = db.sql(f"SELECT count(*) FROM t WHERE {name} IS NULL").fetchone() or (None,)
                assert count == sum(row[at] is None for row in shape.rows)
        for version, (names, rows) in versions.items():
            assert names_of(db, version=version) == names
            assert rows_of(db, version=version) == rows
        assert db.verify().findings == ()


@pytest.mark.parametrize(
    "change, row",
    [
        ({"widen": {"s.a": "BIGINT"}}, {"a": 1, "b": 3}),
        ({"add": {"s.c": "DATE"}}, {"a": 1, "b": 3, "c": None}),
        ({"drop": "s.b"}, {"a": 1}),
        ({"rename": {"s.a": "z"}}, {"z": 1, "b": 3}),
        ({"drop": "s.b", "widen": {"s.a": "BIGINT"}}, {"a": 1}),
    ],
    ids=str,
)
def test_a_column_keeps_its_default_when_something_inside_of_it_changes(
    db: rhizo.Database, change: dict[str, Any], row: dict[str, Any]
) -> None:
    db.write("t", {"k": [1, 2]}, key="k")
    db.alter("t", add={"s": "STRUCT(a INTEGER, b INTEGER)"}, default={"s": "{'a': 1, 'b': 3}"})
    db.alter("t", **change)
    db.append("t", {"k": [3]})
    assert db.read("t").fetchall() == [(1, row), (2, row), (3, row)]
    assert "s" in db.info("t").defaults and db.verify().ok


@pytest.mark.parametrize("refused", [{"add_check": "a < 3"}, {"not_null": "a"}])
def test_a_refused_change_is_not_seen_in_its_transaction(db: rhizo.Database, refused: dict[str, Any]) -> None:
    db.write("t", {"id": [1, 2], "a": [1, 2], "b": [10, 20]}, key="id")
    with db.transaction() as tx:
        tx.append("t", {"id": [3], "a": [None if "not_null" in refused else 3], "b": [30]})
        with pytest.raises(rhizo.ConstraintError):
            tx.alter("t", drop=["b"], rename={"id": "key"}, **refused)
        assert tx.read("t").column_names == ["id", "a", "b"] and tx.info("t").checks == ()
        assert tx.sql("SELECT b FROM t").fetchall() == [(10,), (20,), (30,)]
        tx.write("copy", tx.read("t"))
    assert db.read("t").fetchall() == db.read("copy").fetchall()


def test_a_check_inside_of_a_column_stays_with_its_member_whatever_the_case_of_names(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "s": "STRUCT(a INTEGER, c INTEGER)"})
    db.append("t", [{"k": 1, "s": {"a": 5, "c": 1}}])
    db.alter("t", add_check="s['a'] < 10")
    with pytest.raises(rhizo.SchemaError, match="check"):
        db.alter("t", rename={"s.a": "z", "s.c": "A"})
    assert db.read("t").fetchall() == [(1, {"a": 5, "c": 1})]
