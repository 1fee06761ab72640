"""A DataFrame is read, changed and written back: what changed is stored, what differs is known, row by row."""

from __future__ import annotations

import itertools
import os
import random
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import rhizo

SEED = int(os.environ.get("RHIZO_TEST_SEED", random.randrange(2**32)))


def frame(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    numbers = rng.integers(0, 2**53, rows)
    return pd.DataFrame(
        {
            "id": numbers,
            "name": [f"name {n % 5000}" for n in numbers],
            "price": numbers / 7,
            "amount": (numbers % 100).astype("int32"),
            "note": [f"note {n}" for n in numbers],
        }
    )


def write(db: rhizo.Database, rows: pd.DataFrame) -> rhizo.WriteResult:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    result = db.write("t", table)
    assert db.read("t").to_arrow().cast(table.schema).equals(table)
    return result


def counts(result: rhizo.WriteResult) -> tuple[int, int, int]:
    return result.rows_inserted, result.rows_updated, result.rows_deleted


def test_what_changed_is_stored_and_nothing_else(db: rhizo.Database) -> None:
    rng = np.random.default_rng(SEED)
    rows = frame(rng, 300_000)
    first = write(db, rows)
    assert not write(db, rows).changed

    rows.loc[rng.choice(len(rows), 3000, replace=False), "price"] += 1
    result = write(db, rows)
    assert counts(result) == (0, 3000, 0)
    assert result.new_bytes < 50_000 < first.new_bytes / 100

    result = write(db, pd.concat([rows.iloc[:1], rows], ignore_index=True))
    assert counts(result) == (1, 0, 0)
    assert result.new_bytes < 500
    rows = db.read_pandas("t")

    rows = rows.drop(rng.choice(len(rows), 3000, replace=False)).reset_index(drop=True)
    result = write(db, rows)
    assert counts(result) == (0, 0, 3000)
    assert result.new_bytes == 0

    rows.loc[:99_999, "amount"] += 1
    result = write(db, rows)
    assert counts(result) == (0, 100_000, 0)
    assert result.new_bytes < first.new_bytes / 20


@pytest.mark.parametrize("inserted", [1, 5000, 200_000])
def test_rows_put_anywhere_leave_the_rest_as_it_was(db: rhizo.Database, inserted: int) -> None:
    rng = np.random.default_rng(SEED)
    rows = frame(rng, 300_000)
    write(db, rows)
    for at in (0, 100_000, 150_000, len(rows)):
        before = db.read_pandas("t")
        more = pd.concat([before.iloc[:at], frame(rng, inserted), before.iloc[at:]], ignore_index=True)
        assert counts(write(db, more)) == (inserted, 0, 0)
        assert counts(write(db, before)) == (0, 0, inserted)


def test_great_parts_may_go_and_the_rest_is_found_again(db: rhizo.Database) -> None:
    rng = np.random.default_rng(SEED)
    rows = frame(rng, 500_000)
    for begin, end in [(0, 300_000), (50_000, 450_000), (100_000, 500_000), (0, 500_000), (0, 499_990), (0, 499_999)]:
        write(db, rows)
        result = write(db, pd.concat([rows.iloc[:begin], rows.iloc[end:]], ignore_index=True))
        assert result.rows_deleted == end - begin
        assert result.rows_updated == 0


def test_a_shuffle_and_a_sort_are_stored_anew(db: rhizo.Database) -> None:
    rng = np.random.default_rng(SEED)
    rows = frame(rng, 150_000)
    write(db, rows)
    write(db, rows.sample(frac=1, random_state=1).reset_index(drop=True))
    write(db, rows.sort_values("id").reset_index(drop=True))
    write(db, rows.iloc[::-1].reset_index(drop=True))
    assert db.verify().findings == ()


def test_long_chains_of_edits_keep_every_version(db: rhizo.Database) -> None:
    rng = np.random.default_rng(SEED)
    rows = frame(rng, 130_000)
    versions = []
    for step in range(12):
        if step % 4 == 0:
            rows = rows.drop(rng.choice(len(rows), 500, replace=False)).reset_index(drop=True)
        elif step % 4 == 1:
            at = int(rng.integers(0, len(rows)))
            rows = pd.concat([rows.iloc[:at], frame(rng, 40), rows.iloc[at:]], ignore_index=True)
        column = ["name", "price", "note"][step % 3]
        chosen = rng.choice(len(rows), 2000, replace=False)
        rows.loc[chosen, column] = "x" if column != "price" else 0.5
        write(db, rows)
        versions.append(rows.copy())
    for version, expected in enumerate(versions, 1):
        pd.testing.assert_frame_equal(db.read_pandas("t", version=version), expected, check_dtype=False)
    assert db.verify().findings == ()


def changes(diff: rhizo.Diff) -> list[tuple[Any, ...]]:
    return diff.rows().fetchall()


def test_diff_names_the_rows_and_fields_that_changed(db: rhizo.Database) -> None:
    db.write("users", {"id": [1, 2, 3], "score": [70, 90, 85]})
    db.tag("before")
    db.write("users", {"id": [1, 3, 4], "score": [75, 85, 60]})
    expected = [
        ("update_preimage", ["score"], 1, 70),
        ("update_postimage", ["score"], 1, 75),
        ("delete", None, 2, 90),
        ("insert", None, 4, 60),
    ]
    for from_, to in [(1, 2), (1, None), ("before", "main"), ("main~1", None), ("before", db.commit())]:
        assert changes(db.diff(from_, to, table="users")) == expected
    assert changes(db.diff("before")) == expected
    back = changes(db.diff(2, 1, table="users"))
    assert [kind for kind, *_ in back] == ["update_preimage", "update_postimage", "insert", "delete"]
    assert db.sql("SELECT * FROM rhizo_diff('users', 1, 2)").fetchall() == expected


def test_diff_takes_columns_a_condition_and_a_limit(db: rhizo.Database) -> None:
    db.write("t", {"id": list(range(100)), "v": [0] * 100})
    db.write("t", {"id": list(range(100)), "v": [i % 2 for i in range(100)]})
    diff = db.diff(1, table="t", columns=["id", "v"], where="_change_type = ? AND id > ?", params=["update_postimage", 90])
    assert diff.rows().fetchall() == [(91, 1), (93, 1), (95, 1), (97, 1), (99, 1)]
    assert len(db.diff(1, table="t", limit=3).rows().fetchall()) == 3
    assert db.diff(1, table="t").rows().to_arrow().column_names == ["_change_type", "_changed_fields", "id", "v"]


def test_diff_lists_tables_that_came_went_changed_names_or_columns(db: rhizo.Database) -> None:
    db.write("a", {"x": [1]})
    db.write("b", {"x": [1], "y": [2]})
    db.write("c", {"x": [1]})
    db.write("same", {"x": [1]})
    db.create_branch("old")
    db.drop_table("a")
    db.rename_table("b", "bb")
    db.write("c", {"x": [1], "z": ["new"]}, schema="evolve")
    db.write("d", {"x": [1, 2]})
    diff = db.diff("old")
    assert [(t.table, t.operation, t.rows_inserted, t.rows_updated, t.rows_deleted) for t in diff] == [
        ("a", "drop", 0, 0, 1),
        ("bb", "rename", 0, 0, 0),
        ("c", "change", 0, 1, 0),
        ("d", "create", 2, 0, 0),
    ]
    assert diff.tables[1].old_name == "b"
    assert diff.tables[2].schema_changes == ('column "z" added, VARCHAR',)
    assert "b -> bb: rename" in str(diff)
    assert not db.diff("old", "old")
    assert changes(db.diff("old", table="a")) == [("delete", None, 1)]
    assert changes(db.diff("old", table="bb")) == []


def test_diff_inside_a_transaction_sees_its_own_writes(db: rhizo.Database) -> None:
    db.write("t", {"x": [1]})
    with db.transaction() as tx:
        tx.write("t", {"x": [1, 2]})
        assert changes(tx.diff("main", table="t")) == [("insert", None, 2)]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"from_": "nope"}, rhizo.BranchNotFoundError),
        ({"from_": None}, rhizo.InvalidArgumentError),
        ({"from_": "main", "table": "zz"}, rhizo.TableNotFoundError),
        ({"from_": 99, "table": "t"}, rhizo.VersionNotFoundError),
        ({"from_": 1, "table": "t", "where": "1; DROP TABLE t"}, rhizo.SqlError),
        ({"from_": 1, "table": "t", "where": "nix = 1"}, rhizo.SqlError),
        ({"from_": 1, "table": "t", "columns": ["nix"]}, rhizo.SchemaError),
        ({"from_": 1, "table": "t", "limit": -1}, rhizo.InvalidArgumentError),
    ],
)
def test_a_diff_that_cannot_be_says_why(
    db: rhizo.Database, arguments: dict[str, Any], error: type[Exception]
) -> None:
    db.write("t", {"x": [1]})
    with pytest.raises(error):
        db.diff(**arguments).rows().fetchall()


def test_a_table_made_again_under_a_name_is_another_table(db: rhizo.Database) -> None:
    db.write("t", {"x": [1]})
    db.tag("first")
    db.drop_table("t")
    db.write("t", {"x": [1]})
    with pytest.raises(rhizo.InvalidArgumentError, match="dropped and created again"):
        db.diff("first", table="t").rows()


def test_diff_of_random_edits_is_what_pandas_finds(db: rhizo.Database) -> None:
    rng = np.random.default_rng(SEED)
    rows = frame(rng, 20_000)
    write(db, rows)
    versions = [rows.copy()]
    for _ in range(4):
        rows = rows.drop(rng.choice(len(rows), 30, replace=False)).reset_index(drop=True)
        rows.loc[rng.choice(len(rows), 40, replace=False), "amount"] += 1
        rows.loc[rng.choice(len(rows), 25, replace=False), "note"] = "changed"
        rows = pd.concat([rows, frame(rng, 10)], ignore_index=True)
        write(db, rows)
        versions.append(rows.copy())
    for old, new in itertools.permutations(range(len(versions)), 2):
        before, after = versions[old].set_index("id"), versions[new].set_index("id")
        both = before.index.intersection(after.index)
        changed = both[(before.loc[both] != after.loc[both]).any(axis=1)]
        found = db.diff(old + 1, new + 1, table="t").rows().to_pandas()
        ids = {kind: set(part["id"]) for kind, part in found.groupby("_change_type")}
        assert ids.get("insert", set()) == set(after.index.difference(before.index))
        assert ids.get("delete", set()) == set(before.index.difference(after.index))
        assert ids.get("update_preimage", set()) == ids.get("update_postimage", set()) == set(changed)
