"""What conflicts are settled by: values that the table may hold, one word for each, rows found by their key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow
import pytest

import rhizo


def branched(db: rhizo.Database) -> rhizo.Session:
    db.create_branch("side")
    return db.on("side")


def contradicting(db: rhizo.Database, rows: dict[str, list[Any]], ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    if "t" not in db.tables():
        types = {name: "DOUBLE" if isinstance(values[0], float) else "BIGINT" for name, values in rows.items()}
        db.create_table("t", types, key="k")
    db.append("t", rows)
    side = branched(db)
    side.update("t", theirs)
    db.update("t", ours)


@pytest.mark.parametrize(
    "how", [{"k": [1], "n": [None]}, "SELECT our_k AS k, NULL::BIGINT AS n FROM conflicts"], ids=["rows", "query"]
)
def test_null_does_not_settle_a_column_that_is_never_null(db: rhizo.Database, how: Any) -> None:
    db.create_table("t", {"k": "BIGINT", "n": "BIGINT NOT NULL"}, key="k")
    contradicting(db, {"k": [1], "n": [1]}, {"n": 2}, {"n": 3})
    with db.merging("side") as m:
        with pytest.raises(rhizo.RhizoError, match=r"\bn\b"):
            m.resolve("t", how)
        assert m.state().conflicts == 1
        assert m.resolve("t", {"k": [1], "n": [4]}) == 1
        m.commit()
    assert db.read("t").fetchall() == [(1, 4)]


def test_one_null_among_values_settles_nothing_at_all(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "n": "BIGINT NOT NULL", "m": "BIGINT"}, key="k")
    contradicting(db, {"k": [1, 2], "n": [1, 1], "m": [1, 1]}, {"n": 2, "m": 2}, {"n": 3, "m": 3})
    with db.merging("side") as m:
        with pytest.raises(rhizo.RhizoError):
            m.resolve("t", {"k": [1, 2], "n": [4, None], "m": [4, 4]})
        assert m.state().conflicts == 4
        assert m.resolve("t", {"k": [1, 2], "n": [4, 4], "m": [None, None]}) == 4
        m.commit()
    assert db.read("t").fetchall() == [(1, 4, None), (2, 4, None)]


@pytest.mark.parametrize("side, row", [("ours", (1, 3, 3)), ("theirs", (1, 2, 2))])
def test_a_row_in_conflict_in_two_columns_may_be_told_twice_alike(db: rhizo.Database, side: str, row: Any) -> None:
    contradicting(db, {"k": [1], "a": [1], "b": [1]}, {"a": 3, "b": 3}, {"a": 2, "b": 2})
    with db.merging("side") as m:
        m.resolve("t", f"SELECT _row_id, '{side}' AS _side FROM conflicts")
        assert m.state().conflicts == 0
        m.commit()
    assert db.read("t").fetchall() == [row]


def test_values_told_twice_alike_settle_once(db: rhizo.Database) -> None:
    contradicting(db, {"k": [1], "a": [1], "b": [1]}, {"a": 3, "b": 3}, {"a": 2, "b": 2})
    with db.merging("side") as m:
        assert m.resolve("t", "SELECT our_k AS k, our_a + their_a AS a, 0 AS b FROM conflicts") == 2
        m.commit()
    assert db.read("t").fetchall() == [(1, 5, 0)]


@pytest.mark.parametrize(
    "how", [{"k": [1, 1], "a": [8, 9]}, {"k": [1, 1], "_side": ["ours", "theirs"]},
            "SELECT _row_id, CASE _column WHEN 'a' THEN 'ours' ELSE 'theirs' END AS _side FROM conflicts"], ids=str
)
def test_rows_of_one_conflict_that_say_different_things_settle_nothing(db: rhizo.Database, how: Any) -> None:
    contradicting(db, {"k": [1], "a": [1], "b": [1]}, {"a": 3, "b": 3}, {"a": 2, "b": 2})
    with db.merging("side") as m:
        with pytest.raises(rhizo.InvalidArgumentError):
            m.resolve("t", how)
        assert m.state().conflicts == 2


def test_a_value_for_a_row_that_is_the_unit_is_told_so(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "a": "BIGINT", "b": "BIGINT"}, key="k")
    db.set_merge_rules("t", row_is_unit=True)
    contradicting(db, {"k": [1], "a": [1], "b": [1]}, {"b": 3}, {"a": 2})
    with db.merging("side") as m:
        with pytest.raises(rhizo.InvalidArgumentError, match="unit") as caught:
            m.resolve("t", {"k": [1], "a": [9]})
        assert "deleted" not in str(caught.value)
        m.resolve("t", {"k": [1], "_side": ["theirs"]})
        m.commit()
    assert db.read("t").fetchall() == [(1, 2, 1)]


@pytest.mark.parametrize("stored, told", [(0.0, -0.0), (-0.0, 0.0), (0.0, 0.0), (-0.0, -0.0)])
def test_a_key_is_found_whatever_the_sign_of_its_zero(db: rhizo.Database, stored: float, told: float) -> None:
    contradicting(db, {"k": [stored], "v": [1]}, {"v": 3}, {"v": 2})
    with db.merging("side") as m:
        assert m.resolve("t", {"k": [told], "v": [7]}) == 1
        m.commit()
    assert [str(row) for row in db.read("t").fetchall()] == [f"({stored}, 7)"]


def test_a_key_of_several_columns_is_found_whatever_the_sign_of_its_zero(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "VARCHAR", "f": "DOUBLE", "v": "BIGINT"}, key=["k", "f"])
    contradicting(db, {"k": ["a", "b"], "f": [-0.0, 0.0], "v": [1, 1]}, {"v": 3}, {"v": 2})
    with db.merging("side") as m:
        assert m.resolve("t", {"k": ["b", "a"], "f": [-0.0, 0.0], "v": [8, 7]}) == 2
        m.commit()
    assert db.read("t", columns=["k", "v"]).fetchall() == [("a", 7), ("b", 8)]


def test_a_list_that_settles_a_set_is_sorted_and_has_nothing_twice(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "v": "BIGINT[]"}, key="k", merge_rules={"v": "union"})
    db.append("t", {"k": [1], "v": [[1]]})
    side = branched(db)
    side.update("t", {"v": "[1, 2]"})
    db.update("t", {"v": None}, reset=True)
    with db.merging("side") as m:
        assert m.resolve("t", {"k": [1], "v": [[9, 3, 3, 1]]}) == 1
        m.commit()
    assert db.read("t").fetchall() == [(1, [1, 3, 9])]


@pytest.mark.parametrize("call", [lambda m: m.state(), lambda m: m.conflicts("t"), lambda m: m.commit()])
def test_a_merge_is_not_asked_by_the_rows_that_settle_it(db: rhizo.Database, call: Any) -> None:
    db.write("t", {"id": [1], "a": [0]}, key="id")
    db.create_branch("x")
    db.on("x").update("t", {"a": "5"})
    db.update("t", {"a": "6"})
    with db.merging("x") as m:

        def rows() -> Iterator[pyarrow.RecordBatch]:
            yield pyarrow.record_batch({"id": pyarrow.array([1]), "_side": pyarrow.array(["ours"])})
            call(m)

        schema = pyarrow.schema([("id", pyarrow.int64()), ("_side", pyarrow.string())])
        with pytest.raises(rhizo.RhizoError, match="busy reading"):
            m.resolve("t", pyarrow.RecordBatchReader.from_batches(schema, rows()))
        assert m.state().conflicts == 1


@pytest.mark.parametrize("side, expected", [("ours", [(9, 9)]), ("theirs", [(1, 5)])])
def test_a_dropped_table_is_settled_by_its_name_though_another_has_it_now(
    db: rhizo.Database, side: Any, expected: list[tuple[int, int]]
) -> None:
    db.write("t", {"id": [1], "a": [0]}, key="id")
    db.create_branch("x")
    db.on("x").update("t", {"a": "5"}, "id = 1")
    db.drop_table("t")
    db.write("t", {"id": [9], "a": [9]})
    assert db.try_merge("x").conflicts == 1 and db.try_merge("x", tables={"t": side}).conflicts == 0
    with db.merging("x") as m:
        m.resolve("t", side)
        assert m.state().conflicts == 0
        m.commit()
    assert db.tables() == ["t"] and db.read("t").fetchall() == expected


def test_a_row_settled_by_one_that_breaks_a_constraint_stays_in_conflict(db: rhizo.Database) -> None:
    db.write("t", {"u": [1], "a": [2]}, key="u")
    db.create_branch("side")
    db.on("side").alter("t", not_null="a")
    db.append("t", {"u": [2, 3], "a": [None, 3]})
    with db.merging("side") as m:
        m.resolve("t", {"u": [2], "_side": ["ours"]})
        assert m.state().conflicts == 1 and m.conflicts("t").to_dict()["_reason"] == ["constraint"]
        with pytest.raises(rhizo.MergeConflict):
            m.commit()
        m.resolve("t", {"u": [2], "_side": ["theirs"]})
        m.commit()
    assert db.read("t").fetchall() == [(1, 2), (3, 3)]


def renamed_on_both(db: rhizo.Database) -> None:
    db.write("t", {"k": [1, 2], "a": [1, 2], "b": [1, 2]}, key="k")
    side = branched(db)
    db.update("t", {"a": "5"}, "k = 1")
    side.update("t", {"a": "6"}, "k = 1")
    side.alter("t", rename={"b": "theirs"})
    db.alter("t", rename={"b": "ours"})


def test_a_table_that_contradicts_as_a_whole_says_so_among_its_conflicts(db: rhizo.Database) -> None:
    renamed_on_both(db)
    with db.merging("side") as m:
        for found in (db.conflicts("main", "side", "t"), m.conflicts("t")):
            (row,) = found.to_arrow().to_pylist()
            assert row.pop("_reason") == "schema" and 'renamed to "ours" here' in row.pop("_problem")
            assert set(row.values()) == {None}
        assert m.state().conflicts == 1
        with pytest.raises(rhizo.InvalidArgumentError, match="before its table is"):
            m.resolve("t", {"k": [1], "a": [15]})


def test_rows_behind_a_table_that_contradicts_are_settled_by_themselves(db: rhizo.Database) -> None:
    renamed_on_both(db)
    with db.merging("side") as m:
        m.resolve("t", "theirs", rows=False)
        assert m.conflicts("t").to_dict()["_column"] == ["a"]
        with pytest.raises(rhizo.MergeConflict):
            m.commit()
    with db.merging("side") as m:
        m.resolve("t", "theirs", rows=False)
        assert m.resolve("t", {"k": [1], "a": [15]}) == 1
        with pytest.raises(rhizo.InvalidArgumentError, match="as a whole is left"):
            m.resolve("t", "ours", rows=False)
        m.commit()
    assert db.read("t").to_dict() == {"k": [1, 2], "a": [15, 2], "theirs": [1, 2]}


def test_rows_of_a_table_that_was_renamed_on_both_sides_are_settled_by_themselves(db: rhizo.Database) -> None:
    db.write("t", {"k": [1, 2], "a": [1, 2]}, key="k")
    side = branched(db)
    db.update("t", {"a": "5"}, "k = 1")
    side.update("t", {"a": "6"}, "k = 1")
    db.rename_table("t", "ours")
    side.rename_table("t", "theirs")
    with db.merging("side") as m:
        assert m.conflicts("ours").to_dict()["_reason"] == ["schema"]
        m.resolve("ours", "ours", rows=False)
        assert m.conflicts("ours").to_dict()["their_a"] == [6]
        m.resolve("ours", "theirs")
        m.commit()
    assert db.tables() == ["ours"] and db.read("ours").fetchall() == [(1, 6), (2, 2)]


def test_a_side_settles_a_table_with_its_rows_unless_asked_otherwise(db: rhizo.Database) -> None:
    renamed_on_both(db)
    with db.merging("side") as m:
        m.resolve("t", "ours")
        m.commit()
        with pytest.raises(rhizo.ClosedError):
            m.resolve("t", "ours", rows=False)
    assert db.read("t").to_dict() == {"k": [1, 2], "a": [5, 2], "ours": [1, 2]}
    side = db.on("side")
    side.update("t", {"a": "8"}, "k = 2")
    db.update("t", {"a": "9"}, "k = 2")
    with db.merging("side") as m:
        for how in ({"k": [2], "a": [1]}, "FROM conflicts"):
            with pytest.raises(rhizo.InvalidArgumentError, match="rows=False"):
                m.resolve("t", how, rows=False)


@pytest.mark.parametrize("kept", ["theirs", "ours"])
@pytest.mark.parametrize("types", [("BIGINT", "BIGINT"), ("VARCHAR", "INTEGER"), ("INTEGER", "VARCHAR")])
def test_rows_behind_a_column_that_was_kept_are_settled_in_their_own_columns(
    db: rhizo.Database, types: tuple[str, str], kept: str
) -> None:
    db.create_table("t", {"k": "INTEGER", "b": types[0], "c": types[1], "d": types[0]}, key="k")
    b_d, c = (str if types[0] == "VARCHAR" else int), (str if types[1] == "VARCHAR" else int)
    db.append("t", [{"k": k, "b": b_d(20), "c": c(30), "d": b_d(40)} for k in (1, 2)])
    side = branched(db)
    drops, keeps = (db, side) if kept == "theirs" else (side, db)
    drops.alter("t", drop="b")
    keeps.update("t", {"b": f"CAST(21 AS {types[0]})"})
    for session, last in ((db, 5), (side, 6)):
        changes = {"c": f"CAST({30 + last} AS {types[1]})", "d": f"CAST({40 + last} AS {types[0]})"}
        session.update("t", changes, "k = 1")
    with db.merging("side") as m:
        m.resolve("t", kept, rows=False)
        found = {row["_column"]: row for row in m.conflicts("t").to_arrow().to_pylist()}
        assert set(found) == {"c", "d"}
        assert (found["c"]["our_c"], found["c"]["their_c"]) == (c(35), c(36))
        assert m.resolve("t", {"k": [1], "d": [b_d(1000)]}) == 1
        assert m.conflicts("t").to_dict()["_column"] == ["c"]
        assert m.resolve("t", {"k": [1], "_side": ["theirs"]}) == 1
        m.commit()
    expected = {1: (21, 36, 1000), 2: (21, 30, 40)}
    assert {row[0]: tuple(map(int, row[1:])) for row in db.read("t", columns=["k", "b", "c", "d"]).fetchall()} == expected


def test_rows_behind_a_type_that_stayed_wide_are_settled_in_it(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "INTEGER", "n": "INTEGER", "c": "INTEGER"}, key="k")
    db.append("t", {"k": [1], "n": [1], "c": [1]})
    wide = db.alter("t", widen={"n": "BIGINT"}).commit
    side = branched(db)
    db.revert(wide)
    db.update("t", {"c": "2"})
    side.update("t", {"n": str(2**40), "c": "3"})
    with db.merging("side") as m:
        m.resolve("t", "ours", rows=False)
        assert m.conflicts("t").to_dict()["their_n"] == [2**40]
        m.resolve("t", {"k": [1], "c": [4]})
        m.commit()
    assert db.read("t").fetchall() == [(1, 2**40, 4)]


def test_two_tables_that_were_made_under_one_name_say_so(db: rhizo.Database) -> None:
    side = branched(db)
    db.write("z", {"a": [1]})
    side.write("z", {"a": [2]})
    assert db.conflicts("main", "side", "z").to_dict()["_reason"] == ["schema"]
    with db.merging("side") as m:
        assert m.conflicts("z").to_dict()["_reason"] == ["schema"]
        m.resolve("z", "theirs", rows=False)
        m.commit()
    assert db.read("z").fetchall() == [(2,)]
