"""DataFrames come back as they went in: the table of docs/python.md, row by row."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import rhizo

DAYS = pd.date_range("2026-03-28", periods=3, freq="D")

COLUMNS = {
    "int8": np.array([-128, 0, 127], dtype="int8"),
    "int16": np.array([1, 2, 3], dtype="int16"),
    "int32": np.array([1, 2, 3], dtype="int32"),
    "int64": np.array([-(2**63), 0, 2**63 - 1]),
    "uint8": np.array([0, 1, 255], dtype="uint8"),
    "uint16": np.array([0, 1, 65535], dtype="uint16"),
    "uint32": np.array([0, 1, 2**32 - 1], dtype="uint32"),
    "uint64": np.array([0, 1, 2**64 - 1], dtype="uint64"),
    "float16": np.array([1.5, np.nan, -2], dtype="float16"),
    "float32": np.array([1.5, np.nan, np.inf], dtype="float32"),
    "float64": np.array([1.5, np.nan, -0.0]),
    "bool": np.array([True, False, True]),
    "str": ["a", None, ""],
    "string python": pd.array(["a", None, "ü"], dtype=pd.StringDtype("python")),
    "string pyarrow": pd.array(["a", None, "ü"], dtype=pd.StringDtype("pyarrow")),
    "Int64": pd.array([1, None, 3], dtype="Int64"),
    "UInt8": pd.array([1, None, 3], dtype="UInt8"),
    "boolean": pd.array([True, None, False], dtype="boolean"),
    "Float64": pd.array([1.5, None, 2], dtype="Float64"),
    "datetime64[s]": DAYS.as_unit("s"),
    "datetime64[ms]": DAYS.as_unit("ms"),
    "datetime64[us]": DAYS.as_unit("us"),
    "datetime64[ns]": DAYS.as_unit("ns") + pd.Timedelta(1, "ns"),
    "datetime64 with NaT": pd.to_datetime(["2026-01-01", None, "1677-09-22"]),
    "datetime64[us, UTC]": DAYS.tz_localize("UTC"),
    "datetime64[ns, zone]": DAYS.as_unit("ns").tz_localize("Europe/Berlin"),
    "datetime64[s, offset]": DAYS.as_unit("s").tz_localize("+05:30"),
    "timedelta64[us]": pd.to_timedelta([1, None, -5], unit="us").as_unit("us"),
    "timedelta64[ns]": pd.to_timedelta([1, None, 10**6], unit="s").as_unit("ns"),
    "category": pd.Categorical(["b", None, "a"], categories=["b", "a", "unused"]),
    "category ordered": pd.Categorical(["b", "b", "a"], categories=["b", "a"], ordered=True),
    "category of ints": pd.Categorical([3, 1, 3]),
    "period": pd.period_range("2026-01", periods=3, freq="M"),
    "interval": pd.interval_range(0, 3),
    "sparse": pd.arrays.SparseArray([0, 0, 7]),
    "arrow int": pd.array([1, None, 3], dtype="int32[pyarrow]"),
    "arrow string": pd.array(["a", None, "c"], dtype="string[pyarrow]"),
    "object of str": pd.Series(["a", None, "b"], dtype=object),
    "object of int": pd.Series([1, None, 2**62], dtype=object),
    "object of large int": pd.Series([2**100, None, -1], dtype=object),
    "object of bool": pd.Series([True, None, False], dtype=object),
    "object of float": pd.Series([1.5, None, 2.5], dtype=object),
    "object of bytes": pd.Series([b"\x00", None, b""], dtype=object),
    "object of Decimal": pd.Series([Decimal("1.20"), None, Decimal("-300.01")], dtype=object),
    "object of date": pd.Series([dt.date(2026, 1, 1), None, dt.date(1, 1, 1)], dtype=object),
    "object of time": pd.Series([dt.time(1, 2, 3, 4), None, dt.time(0)], dtype=object),
    "object of datetime": pd.Series([dt.datetime(2026, 1, 1, 1), None, dt.datetime(1, 1, 1)], dtype=object),
    "object of UUID": pd.Series([uuid.UUID(int=1), None, uuid.UUID(int=2**127)], dtype=object),
    "object of list": pd.Series([[1, None], None, []], dtype=object),
    "object of dict": pd.Series([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}], dtype=object),
    "nothing at all": pd.Series([None, None, None], dtype=object),
}


def round_trip(db: rhizo.Database, frame: pd.DataFrame) -> pd.DataFrame:
    db.write("t", frame)
    back: pd.DataFrame = db.read_pandas("t")
    pd.testing.assert_frame_equal(back, frame, check_freq=False)
    return back


@pytest.mark.parametrize("name", COLUMNS)
def test_every_dtype_comes_back(db: rhizo.Database, name: str) -> None:
    round_trip(db, pd.DataFrame({"c": COLUMNS[name]}))


def test_all_dtypes_in_one_table_and_no_rows(db: rhizo.Database) -> None:
    frame = pd.DataFrame({f"{place} {name}": COLUMNS[name] for place, name in enumerate(COLUMNS)})
    round_trip(db, frame)
    db.write("empty", frame.iloc[:0])
    assert db.read_pandas("empty").shape == (0, frame.shape[1])


def test_writing_what_was_read_is_no_commit(db: rhizo.Database) -> None:
    frame = pd.DataFrame({f"{place} {name}": COLUMNS[name] for place, name in enumerate(COLUMNS)})
    db.write("t", frame)
    assert not db.write("t", db.read_pandas("t")).changed


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(3),
        pd.RangeIndex(3, name="row"),
        pd.RangeIndex(5, 11, 2),
        pd.Index([5, 3, 5], name="id"),
        pd.Index(["a", "b", "c"]),
        pd.DatetimeIndex(["2026-01-01", "2026-01-02", "2026-01-03"], name="day"),
        pd.DatetimeIndex(["2026-01-01", "2026-01-02", "2026-01-03"], tz="Europe/Berlin"),
        pd.CategoricalIndex(["x", "y", "x"]),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["letter", "number"]),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["v", None]),
        pd.Index([1, 2, 3], name=5),
    ],
    ids=repr,
)
def test_every_index_comes_back(db: rhizo.Database, index: pd.Index) -> None:
    round_trip(db, pd.DataFrame({"v": [1.5, 2.5, 3.5]}, index=index))


def test_an_index_is_a_column_in_sql_and_a_plain_range_is_not(db: rhizo.Database) -> None:
    db.write("t", pd.DataFrame({"v": [1]}, index=pd.Index(["a"], name="key")))
    assert db.sql("SELECT key, v FROM t").fetchall() == [("a", 1)]
    db.write("u", pd.DataFrame({"v": [1]}))
    assert db.read("u").column_names == ["v"]


@pytest.mark.parametrize(
    "labels",
    [
        [1, 2],
        [1.5, "a"],
        [("a", 1), ("a", 2)],
        pd.MultiIndex.from_tuples([("a", "x"), ("b", "y")], names=["p", "q"]),
        pd.Index(["a", "b"], name="what"),
        [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")],
        [dt.date(2026, 1, 1), None],
        [True, False],
        pd.CategoricalIndex(["b", "a"], categories=["b", "a", "unused"]),
        pd.CategoricalIndex([2, 1], categories=[2, 1], ordered=True, name="what"),
    ],
    ids=repr,
)
def test_names_that_are_no_strings_come_back(db: rhizo.Database, labels: object) -> None:
    round_trip(db, pd.DataFrame([[1, 2]], columns=labels))  # type: ignore[call-overload]


def test_labels_are_no_categories_once_the_table_has_a_new_column(db: rhizo.Database) -> None:
    db.write("t", pd.DataFrame([[1, 2]], columns=pd.CategoricalIndex(["b", "a"])))
    db.append("t", {"c": [3]}, schema="evolve")
    assert list(db.read_pandas("t").columns) == ["b", "a", "c"]
    assert list(db.read_pandas("t", columns=["a"]).columns) == ["a"]


def test_many_categories_keep_their_values_and_ordered_ones_are_refused(db: rhizo.Database) -> None:
    names = [f"category {number}" for number in reversed(range(6000))]
    values = [names[0], names[-1], None]
    db.write("t", pd.DataFrame({"c": pd.Categorical(values, categories=names)}))
    back = db.read_pandas("t")["c"]
    assert (str(back.dtype), back.astype(object).where(back.notna(), None).tolist()) == ("category", values)
    with pytest.raises(rhizo.SchemaError, match="'c'.*6,000 ordered categories"):
        db.write("u", pd.DataFrame({"c": pd.Categorical(values, categories=names, ordered=True)}))
    few = pd.DataFrame({"c": pd.Categorical(values, categories=[names[0], names[-1]], ordered=True)})
    round_trip(db, few)


def test_names_that_are_equal_as_text_are_refused(db: rhizo.Database) -> None:
    for labels in (["a", "a"], [1, "1"]):
        with pytest.raises(rhizo.SchemaError, match="duplicate"):
            db.write("t", pd.DataFrame([[1, 2]], columns=labels))


@pytest.mark.parametrize(
    ("values", "kinds"),
    [([1, "a"], "int, str"), ([1, 2.5], "float, int"), ([b"x", "x"], "bytes, str"), ([[1], 2], "int, list")],
)
def test_a_mixed_object_column_is_refused_with_its_types(db: rhizo.Database, values: list[object], kinds: str) -> None:
    with pytest.raises(rhizo.SchemaError, match="'m'") as caught:
        db.write("t", pd.DataFrame({"m": pd.Series(values, dtype=object)}))
    assert (caught.value.column, caught.value.types) == ("m", kinds)


def test_what_cannot_be_stored_exactly_is_refused(db: rhizo.Database) -> None:
    for wrong in (
        pd.Series([1 + 2j]),
        pd.Series(pd.to_timedelta([1], unit="ns")),
        pd.Series(pd.to_datetime([1], unit="ns", utc=True)),
        pd.Series([10**38], dtype=object),
        pd.Series([object()], dtype=object),
    ):
        with pytest.raises(rhizo.SchemaError, match="'c'"):
            db.write("t", pd.DataFrame({"c": wrong}))
    assert db.tables() == []


def test_an_int_column_that_a_gap_made_float_is_put_back(db: rhizo.Database) -> None:
    db.write("t", pd.DataFrame({"n": [1, 2]}))
    db.append("t", pd.DataFrame({"n": [3, None]}))
    assert db.read("t").fetchall() == [(1,), (2,), (3,), (None,)]
    frame = db.read_pandas("t")
    assert str(frame["n"].dtype) == "Int64"
    assert db.write("t", frame).rows_inserted == 0
    with pytest.raises(rhizo.SchemaError):
        db.append("t", pd.DataFrame({"n": [1.5]}))


def test_nan_is_missing_in_numpy_columns_and_a_number_in_nullable_ones(db: rhizo.Database) -> None:
    nullable = pd.arrays.ArrowExtensionArray(pa.array([float("nan"), 1.0, None]))
    db.write("t", pd.DataFrame({"numpy": [np.nan, 1.0, np.nan], "nullable": nullable}))
    assert db.sql("SELECT count(numpy), count(nullable), count(*) FILTER (isnan(nullable)) FROM t").fetchone() == (1, 2, 1)


def test_the_index_survives_an_append(db: rhizo.Database) -> None:
    def frame(*keys: str) -> pd.DataFrame:
        return pd.DataFrame({"v": range(len(keys))}, index=pd.Index(keys, name="key"))

    db.write("t", frame("a", "b"))
    db.append("t", frame("c"))
    assert list(db.read_pandas("t").index) == ["a", "b", "c"]


def test_chosen_columns_keep_their_dtypes(db: rhizo.Database) -> None:
    db.write("t", pd.DataFrame({"a": pd.array([1], dtype="Int8"), "b": pd.Categorical(["x"])}))
    frame = db.read_pandas("t", columns=["b"])
    assert list(frame.columns) == ["b"] and str(frame["b"].dtype) == "category"


def test_a_plain_range_stays_plain_after_filtering(db: rhizo.Database) -> None:
    db.write("t", pd.DataFrame({"n": range(10)}))
    assert list(db.scan("t", where="n > 6").to_pandas().index) == [0, 1, 2]


def test_pyarrow_reads_the_same_metadata(db: rhizo.Database) -> None:
    frame = pd.DataFrame({"v": [1, 2]}, index=pd.Index(["a", "b"], name="key"))
    db.write("t", frame)
    pd.testing.assert_frame_equal(db.read("t").to_arrow().to_pandas(), frame)


def test_a_frame_that_pyarrow_converted_comes_back_too(db: rhizo.Database) -> None:
    import pyarrow as pa

    frame = pd.DataFrame({"v": pd.array([1, 2], dtype="int16")}, index=pd.Index(["a", "b"], name="key"))
    db.write("t", pa.Table.from_pandas(frame))
    pd.testing.assert_frame_equal(db.read_pandas("t"), frame)


def test_a_series_is_no_table(db: rhizo.Database) -> None:
    with pytest.raises(rhizo.InvalidArgumentError, match="to_frame"):
        db.write("t", pd.Series([1]))


def test_a_frame_without_columns_is_no_table(db: rhizo.Database) -> None:
    with pytest.raises(rhizo.SchemaError):
        db.write("t", pd.DataFrame())


def test_row_numbers_left_by_filtering_are_no_column_of_a_table_without_an_index(db):
    frame = pd.DataFrame({"n": [1, 2, 3, 4]})
    db.write("t", frame)
    db.write("t", frame[frame["n"] > 2])
    assert db.read("t").to_dict() == {"n": [3, 4]}
    db.append("t", frame[frame["n"] == 2])
    assert db.read("t").to_dict() == {"n": [3, 4, 2]}
    assert list(db.read_pandas("t").index) == [0, 1, 2]


def test_an_index_that_a_new_table_was_written_with_is_kept(db):
    frame = pd.DataFrame({"n": [1, 2]}, index=[10, 20])
    db.write("t", frame)
    pd.testing.assert_frame_equal(db.read_pandas("t"), frame)
    db.write("t", frame[frame["n"] > 1])
    assert list(db.read_pandas("t").index) == [20]
