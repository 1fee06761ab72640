"""Python objects are stored as they are or refused: no value is changed on the way in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rhizo

DAY = dt.date(2020, 1, 1)
NOON = dt.datetime(2020, 1, 1, 12)
UTC = dt.timezone.utc
NANO = pd.Timestamp("2020-01-01 00:00:00.000000001")

FORMS: dict[str, Callable[[list[Any]], Any]] = {
    "pandas": lambda values: pd.DataFrame({"c": pd.Series(values, dtype=object)}),
    "dict": lambda values: {"c": values},
    "rows": lambda values: [{"c": value} for value in values],
    "numpy": lambda values: {"c": _object_array(values)},
    "series": lambda values: {"c": pd.Series(values, dtype=object)},
    "lists": lambda values: {"c": [[value] for value in values]},
    "dicts": lambda values: {"c": [{"x": value} for value in values]},
    "deep": lambda values: {"c": [[{"x": [value]}] for value in values]},
    "lists in pandas": lambda values: pd.DataFrame({"c": [[value] for value in values]}),
    "dicts in pandas": lambda values: pd.DataFrame({"c": [{"x": value} for value in values]}),
}

CHANGED: dict[str, tuple[list[Any], str]] = {
    "date and datetime": ([DAY, NOON], "date, datetime"),
    "datetime and date": ([NOON, DAY], "date, datetime"),
    "naive and aware": ([NOON, NOON.replace(tzinfo=UTC)], "zone"),
    "two zones": ([NOON.replace(tzinfo=UTC), NOON.replace(tzinfo=dt.timezone(dt.timedelta(hours=5)))], "zones"),
    "time with a zone": ([dt.time(1, 2, tzinfo=UTC)], "zone"),
    "str and bytes": (["a", b"b"], "bytes, str"),
    "bytes and str": ([b"b", "a"], "bytes, str"),
    "nanoseconds with a zone": ([NANO.tz_localize("UTC")], "nanoseconds"),
    "nanoseconds of an interval": ([pd.Timedelta(1, "ns")], "nanoseconds"),
    "set": ([{1, 2}], "sets"),
    "frozenset": ([frozenset("a")], "sets"),
    "bool and int": ([True, 2], "bool, int"),
    "fraction and decimal": ([1.5, Decimal("1.1")], "Decimal, float"),
    "long double and float": ([np.longdouble(1) / 3, 1.0], "float, longdouble"),
    "list and dict": ([[1], {"x": 1}], "dict, list"),
    "surrogate": (["\ud800"], "surrogate"),
    "keys": ([{b"a": 1}], "key"),
    "too large": ([10**38], "whole numbers"),
}


def _object_array(values: list[Any]) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.mark.parametrize("name", CHANGED)
def test_what_would_be_changed_is_refused_with_column_and_types(db: rhizo.Database, name: str) -> None:
    values, named = CHANGED[name]
    for form in FORMS:
        with pytest.raises(rhizo.SchemaError, match=f"'c'.*{named}") as caught:
            db.write(f"t from {form}", FORMS[form](values))
        assert caught.value.column == "c"
    assert db.tables() == []


def test_an_append_refuses_it_too(db: rhizo.Database) -> None:
    db.write("t", {"c": [DAY]})
    for form in ("pandas", "dict", "rows"):
        with pytest.raises(rhizo.SchemaError, match="date, datetime"):
            db.append("t", FORMS[form]([DAY, NOON]))
    assert db.read("t").fetchall() == [(DAY,)]


@pytest.mark.parametrize("form", ["pandas", "dict", "rows", "numpy", "series"])
def test_nanoseconds_of_timestamps_among_objects_are_kept(db: rhizo.Database, form: str) -> None:
    db.write("t", FORMS[form]([NANO, None, pd.Timestamp("2020-01-02")]))
    assert db.info("t").columns[0].type == "TIMESTAMP_NS"
    assert list(db.read_pandas("t")["c"].astype("datetime64[ns]")) == [NANO, pd.NaT, pd.Timestamp("2020-01-02")]
    with pytest.raises(rhizo.SchemaError, match="'c'"):
        db.write("far", FORMS[form]([NANO, dt.datetime(1, 1, 1)]))


def test_a_frame_of_timestamp_objects_with_nanoseconds_comes_back(db: rhizo.Database) -> None:
    frame = pd.DataFrame({"c": pd.Series([NANO, None], dtype=object)})
    db.write("t", frame)
    pd.testing.assert_frame_equal(db.read_pandas("t"), frame)


@pytest.mark.parametrize("form", ["lists", "dicts", "lists in pandas"])
def test_nanoseconds_inside_lists_and_dicts_are_refused(db: rhizo.Database, form: str) -> None:
    with pytest.raises(rhizo.SchemaError, match="'c'.*nanoseconds"):
        db.write("t", FORMS[form]([NANO]))


@pytest.mark.parametrize("form", ["pandas", "dict", "rows", "numpy"])
def test_whole_numbers_of_128_bits_are_stored_from_every_form(db: rhizo.Database, form: str) -> None:
    db.write("t", FORMS[form]([2**63, None, -(2**100)]))
    assert db.info("t").columns[0].type == "HUGEINT"
    assert db.read("t").fetchall() == [(2**63,), (None,), (-(2**100),)]


def test_whole_numbers_stand_beside_fractions_and_decimals_where_that_is_exact(db: rhizo.Database) -> None:
    db.write("t", {"a": [1, 2.5], "b": [Decimal("1.5"), 2], "c": [[1], [2.5]]})
    assert db.read("t").fetchall() == [(1.0, Decimal("1.5"), [1.0]), (2.5, Decimal("2.0"), [2.5])]
    for wrong in ([0.5, 2**53 + 1], [[0.5], [2**53 + 1]]):
        with pytest.raises(rhizo.SchemaError, match="'a'"):
            db.write("u", {"a": wrong})


@pytest.mark.parametrize("form", ["pandas", "dict", "rows", "numpy", "series"])
def test_what_is_missing_in_pandas_is_null_in_every_form(db: rhizo.Database, form: str) -> None:
    db.write("t", FORMS[form]([NOON, pd.NaT, None, pd.NA]))
    assert db.read("t").fetchall() == [(NOON,), (None,), (None,), (None,)]


def test_nan_is_a_number_in_a_dict_and_missing_in_an_object_column(db: rhizo.Database) -> None:
    db.write("a", {"c": [1.5, float("nan")]})
    db.write("b", FORMS["pandas"]([1.5, float("nan")]))
    assert db.sql("SELECT count(c) FROM a").fetchone() == (2,)
    assert db.sql("SELECT count(c) FROM b").fetchone() == (1,)


def test_subclasses_and_numpy_scalars_are_what_they_stand_for(db: rhizo.Database) -> None:
    db.write("t", {"n": [np.int64(1), 2], "f": [np.float32(1.5), 2.5], "s": [np.str_("a"), "b"], "b": [np.True_, False]})
    assert db.read("t").fetchall() == [(1, 1.5, "a", True), (2, 2.5, "b", False)]


def test_arrays_inside_a_column_are_one_type(db: rhizo.Database) -> None:
    db.write("t", {"c": [np.array([1, 2]), [3], None]})
    assert db.read("t").fetchall() == [([1, 2],), ([3],), (None,)]
    for wrong in ([np.array([1]), ["a"]], [np.array([DAY, NOON], dtype=object)]):
        with pytest.raises(rhizo.SchemaError, match="'c'.*mixes"):
            db.write("u", {"c": wrong})


def test_names_that_are_equal_as_text_are_refused(db: rhizo.Database) -> None:
    for twice in ({1: [1], "1": [2]}, [{1: 1, "1": 2}]):
        with pytest.raises(rhizo.SchemaError, match="duplicate"):
            db.write("t", twice)


def test_objects_of_polars_are_refused(db: rhizo.Database) -> None:
    things = pl.Series("c", [object()], dtype=pl.Object)
    for data in (pl.DataFrame({"n": [1], "c": things}), {"c": things}):
        with pytest.raises(rhizo.SchemaError, match="'c'.*Object"):
            db.write("t", data)
    assert db.tables() == []


def test_series_of_polars_and_pandas_are_columns_of_a_dict(db: rhizo.Database) -> None:
    zoned = pd.Series([NOON]).dt.tz_localize("Europe/Berlin")
    db.write("t", {"a": pl.Series([1]), "b": pd.Series([2]), "c": zoned, "d": pd.Index(["x"]), "e": pd.array([3])})
    assert db.read("t", columns=["a", "b", "d", "e"]).fetchall() == [(1, 2, "x", 3)]
    assert db.info("t").columns[2].type == "TIMESTAMP WITH TIME ZONE"


def test_names_and_texts_with_half_a_surrogate_pair_are_refused(db: rhizo.Database) -> None:
    name = "a\ud800"
    db.write("t", {"n": [1]})
    call: Callable[[], Any]
    for call in (
        lambda: db.write(name, {"n": [1]}),
        lambda: db.append(name, {"n": [1]}),
        lambda: db.create_table(name, {"n": int}),
        lambda: db.create_table("u", {name: int}),
        lambda: db.write("u", {name: [1]}),
        lambda: db.write("u", pd.DataFrame([[1]], columns=pd.Index([name], dtype=object))),
        lambda: db.read(name),
        lambda: db.read("t", at=name),
        lambda: db.scan("t", columns=[name]),
        lambda: db.drop_table(name),
        lambda: db.rename_table("t", name),
        lambda: db.info(name),
        lambda: db.versions(name),
        lambda: db.create_branch(name),
        lambda: db.checkout(name),
        lambda: db.tag(name),
        lambda: db.on(name),
    ):
        with pytest.raises(rhizo.InvalidNameError):
            call()
    for call in (
        lambda: db.sql(f"SELECT '{name}'"),
        lambda: db.sql("SELECT ?", [name]),
        lambda: db.scan("t", where=f"n = '{name}'"),
        lambda: db.write("t", {"n": [2]}, message=name),
        lambda: db.transaction(name),
        lambda: rhizo.open(db.path + name),
        lambda: db.import_files("u", name + ".csv"),
    ):
        with pytest.raises(rhizo.InvalidArgumentError):
            call()
    assert db.tables() == ["t"]


def test_a_name_that_is_no_text_is_refused(db: rhizo.Database) -> None:
    for wrong in (5, None, b"t"):
        with pytest.raises(rhizo.InvalidNameError, match="str"):
            db.write(wrong, {"n": [1]})  # type: ignore[arg-type]


@pytest.mark.parametrize("point", ["\u200b", "\u200f", "\u202e", "\u2066", "\ufeff"])
def test_names_with_characters_that_nobody_sees_are_refused(db: rhizo.Database, point: str) -> None:
    for call in (
        lambda: db.write(f"a{point}b", {"n": [1]}),
        lambda: db.write("t", {f"a{point}b": [1]}),
        lambda: db.create_branch(f"a{point}b"),
    ):
        with pytest.raises(rhizo.InvalidNameError, match=f"U\\+{ord(point):04X}"):
            call()
    db.write("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", {"n": [1]})
