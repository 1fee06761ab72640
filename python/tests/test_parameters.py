"""Parameters of statements."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import rhizo

VALUES = [
    None,
    True,
    0,
    -(2**63),
    2**100,
    10**38 - 1,
    1.5,
    float("inf"),
    "text with ' and \0"[:16],
    b"\x00\xff",
    Decimal("1.50"),
    Decimal("-1E+3"),
    dt.date(2026, 1, 31),
    dt.datetime(2026, 1, 31, 12, 30, 0, 5),
    dt.datetime(2026, 1, 31, 12, 30, tzinfo=dt.timezone.utc),
    dt.time(12, 30, 0, 5),
    dt.timedelta(days=-1, microseconds=5),
    uuid.UUID(int=5),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_parameter_comes_back_as_it_went_in(db: rhizo.Database, value: object) -> None:
    assert db.sql("SELECT ?", [value]).fetchone() == (value,)
    assert db.sql("SELECT $it", {"it": value}).fetchone() == (value,)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int32(5), 5),
        (np.float64(1.5), 1.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.datetime64("2026-01-31T12:00"), dt.datetime(2026, 1, 31, 12)),
        (np.timedelta64(5, "s"), dt.timedelta(seconds=5)),
        (pd.Timestamp("2026-01-31 12:00"), dt.datetime(2026, 1, 31, 12)),
        (pd.Timedelta(seconds=5), dt.timedelta(seconds=5)),
        (pd.NA, None),
        (pd.NaT, None),
        (bytearray(b"x"), b"x"),
    ],
    ids=repr,
)
def test_numpy_and_pandas_scalars(db: rhizo.Database, value: object, expected: object) -> None:
    assert db.sql("SELECT ?", [value]).fetchone() == (expected,)


def test_numbered_parameters(db: rhizo.Database) -> None:
    assert db.sql("SELECT $2, $1, $2", ["a", "b"]).fetchone() == ("b", "a", "b")


def test_a_parameter_is_never_sql(db: rhizo.Database) -> None:
    db.write("t", {"name": ["Ada"]})
    assert db.sql("SELECT * FROM t WHERE name = ?", ["' OR 1=1 --"]).fetchall() == []


@pytest.mark.parametrize("params", [5, "text", {1, 2}, [object()], [2**200], [1 + 2j]])
def test_what_is_no_parameter_is_refused(db: rhizo.Database, params: object) -> None:
    with pytest.raises(rhizo.InvalidArgumentError):
        db.sql("SELECT ?", params)  # type: ignore[arg-type]


def test_too_few_parameters(db: rhizo.Database) -> None:
    with pytest.raises(rhizo.InvalidArgumentError):
        db.sql("SELECT ?, ?", [1]).fetchall()
