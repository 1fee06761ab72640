"""Polars DataFrames come back as they went in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import rhizo

DAY = dt.datetime(2026, 1, 31, 12, 30, 0, 5)

COLUMNS = {
    "Int8": pl.Series([-128, None, 127], dtype=pl.Int8),
    "Int16": pl.Series([1, None, 3], dtype=pl.Int16),
    "Int32": pl.Series([1, None, 3], dtype=pl.Int32),
    "Int64": pl.Series([-(2**63), None, 2**63 - 1], dtype=pl.Int64),
    "UInt8": pl.Series([0, None, 255], dtype=pl.UInt8),
    "UInt16": pl.Series([0, None, 3], dtype=pl.UInt16),
    "UInt32": pl.Series([0, None, 3], dtype=pl.UInt32),
    "UInt64": pl.Series([0, None, 2**64 - 1], dtype=pl.UInt64),
    "Float32": pl.Series([1.5, None, float("inf")], dtype=pl.Float32),
    "Float64": pl.Series([1.5, None, float("nan")], dtype=pl.Float64),
    "Boolean": pl.Series([True, None, False]),
    "String": pl.Series(["a", None, "a string longer than twelve bytes"]),
    "Binary": pl.Series([b"\x00", None, b""]),
    "Decimal": pl.Series([Decimal("1.20"), None, Decimal("-3.00")], dtype=pl.Decimal(10, 2)),
    "Date": pl.Series([dt.date(2026, 1, 1), None, dt.date(1, 1, 1)]),
    "Time": pl.Series([dt.time(1, 2, 3), None, dt.time(0)]),
    "Datetime ms": pl.Series([dt.datetime(2026, 1, 1), None, None], dtype=pl.Datetime("ms")),
    "Datetime us": pl.Series([DAY, None, DAY], dtype=pl.Datetime("us")),
    "Datetime ns": pl.Series([DAY, None, DAY], dtype=pl.Datetime("ns")),
    "Datetime zone": pl.Series([DAY, None, DAY]).dt.replace_time_zone("Europe/Berlin"),
    "Duration us": pl.Series([dt.timedelta(days=1), None, dt.timedelta(microseconds=-5)], dtype=pl.Duration("us")),
    "Categorical": pl.Series(["x", None, "y"], dtype=pl.Categorical),
    "List": pl.Series([[1, None], None, []], dtype=pl.List(pl.Int64)),
    "Array": pl.Series([[1, 2], None, [3, 4]], dtype=pl.Array(pl.Int32, 2)),
    "Struct": pl.Series([{"a": 1, "b": ["x"]}, None, {"a": None, "b": []}]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_every_dtype_comes_back(db: rhizo.Database, name: str) -> None:
    frame = pl.DataFrame({"c": COLUMNS[name]})
    db.write("t", frame)
    assert_frame_equal(db.read("t").to_polars(), frame)


def test_an_enum_comes_back_as_categorical_and_null_as_string(db: rhizo.Database) -> None:
    enum = pl.Series("e", ["x", None, "y"], dtype=pl.Enum(["y", "x", "z"]))
    db.write("t", pl.DataFrame({"e": enum, "n": pl.Series([None, None, None], dtype=pl.Null)}))
    back = db.read("t").to_polars()
    assert (back["e"].dtype, back["n"].dtype) == (pl.Categorical, pl.String)
    assert back["e"].cast(enum.dtype).equals(enum)


def test_writing_what_was_read_is_no_commit(db: rhizo.Database) -> None:
    frame = pl.DataFrame(COLUMNS)
    db.write("t", frame)
    assert not db.write("t", db.read("t").to_polars()).changed


def test_a_lazy_frame_is_collected(db: rhizo.Database) -> None:
    db.write("t", pl.LazyFrame({"n": [1, 2]}).filter(pl.col("n") > 1))
    assert db.read("t").to_dict() == {"n": [2]}


def test_a_frame_in_many_chunks_and_a_slice(db: rhizo.Database) -> None:
    frame = pl.concat([pl.DataFrame({"n": [i], "s": [str(i)]}) for i in range(100)], rechunk=False)
    db.write("t", frame.slice(10, 50))
    assert_frame_equal(db.read("t").to_polars(), frame.slice(10, 50))


def test_types_without_an_arrow_form_polars_reads(db: rhizo.Database) -> None:
    frame = db.sql("SELECT sum(range) AS s, INTERVAL '1 day' AS i, 5 AS n, '10'::BIT AS b FROM range(4)").to_polars()
    assert frame.columns == ["s", "i", "n", "b"]
    assert frame.row(0) == (6, dt.timedelta(days=1), 5, "10")


def test_whole_numbers_of_128_bits_are_written_back(db: rhizo.Database) -> None:
    db.write("n", {"n": [1, 2]})
    sums = db.sql("SELECT 'x' AS name, sum(n) AS s, 5 AS n FROM n").to_polars()
    assert sums.schema["s"] == pl.Int128
    db.write("t", sums)
    assert [column.type for column in db.info("t").columns] == ["VARCHAR", "HUGEINT", "INTEGER"]
    assert_frame_equal(db.read("t").to_polars(), sums)
    wide = pl.DataFrame({"a": pl.Series([2**100, None], dtype=pl.Int128)})
    db.write("alone", wide)
    assert_frame_equal(db.read("alone").to_polars(), wide)
    db.write("dict", {"a": wide["a"], "b": [1, 2]})
    assert db.read("dict").fetchall() == [(2**100, 1), (None, 2)]


def test_whole_numbers_of_128_bits_that_cannot_be_stored_are_refused(db: rhizo.Database) -> None:
    large = pl.Series([10**38], dtype=pl.Int128)
    nested = pl.Series([[1]], dtype=pl.List(pl.Int128))
    struct = pl.Series([{"x": 1}], dtype=pl.Struct({"x": pl.Int128}))
    for series, match in ((large, "38 digits"), (nested, "Int128"), (struct, "Int128")):
        with pytest.raises(rhizo.SchemaError, match=f"'c'.*{match}"):
            db.write("t", pl.DataFrame({"c": series}))


def test_no_rows(db: rhizo.Database) -> None:
    frame = pl.DataFrame(COLUMNS).clear()
    db.write("t", frame)
    assert_frame_equal(db.read("t").to_polars(), frame)
