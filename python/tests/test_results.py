"""Results: lazy, one pass or kept, shown, converted."""

from __future__ import annotations

import datetime as dt
import gc
import threading
import uuid
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import rhizo

BERLIN = "Europe/Berlin"


def test_fetching_passes_over_each_row_once(db: rhizo.Database) -> None:
    result = db.sql("SELECT * FROM range(5) ORDER BY 1")
    assert result.fetchone() == (0,)
    assert result.fetchmany(2) == [(1,), (2,)]
    assert result.fetchall() == [(3,), (4,)]
    assert result.fetchone() is None and result.fetchall() == []


def test_rows_given_out_are_not_given_again(db: rhizo.Database) -> None:
    result = db.sql("SELECT * FROM range(5)")
    result.fetchone()
    for everything in (result.to_arrow, result.to_pandas, result.to_polars, result.to_dict, result.__len__):
        with pytest.raises(rhizo.InvalidArgumentError, match="again"):
            everything()


def test_what_gives_everything_can_be_called_again(db: rhizo.Database) -> None:
    result = db.sql("SELECT * FROM range(300000)")
    assert len(result) == result.row_count == 300_000
    assert result.to_arrow().num_rows == 300_000
    assert len(result.to_pandas()) == 300_000
    assert result.to_polars().height == 300_000
    assert len(result.fetchall()) == 300_000
    assert len(result.to_dict()["range"]) == 300_000
    assert pa.table(result).num_rows == 300_000 and pa.table(result).num_rows == 300_000


def test_iterating_gives_tuples(db: rhizo.Database) -> None:
    assert sum(n for (n,) in db.sql("SELECT * FROM range(200000)")) == sum(range(200_000))


def test_other_libraries_take_a_result_as_it_is(db: rhizo.Database) -> None:
    assert pa.table(db.sql("SELECT 1 AS a")).to_pydict() == {"a": [1]}
    assert pl.DataFrame(db.sql("SELECT 1 AS a")).to_dict(as_series=False) == {"a": [1]}
    reader = pa.RecordBatchReader.from_stream(db.sql("SELECT * FROM range(300000)"))
    assert sum(batch.num_rows for batch in reader) == 300_000


def test_looking_at_a_result_does_not_use_it_up(db: rhizo.Database) -> None:
    result = db.sql("SELECT * FROM range(300000)")
    assert "first 20 rows" in repr(result)
    assert "<table>" in result._repr_html_()
    assert pa.table(result).num_rows == 300_000
    assert "given out" in repr(result)


def test_a_result_can_be_written(db: rhizo.Database) -> None:
    db.write("a", {"n": list(range(10))})
    db.write("b", db.sql("SELECT n * 2 AS n FROM a"))
    db.write("a", db.sql("SELECT n FROM a WHERE n > 4"))
    assert db.read("b").to_dict()["n"][-1] == 18
    assert db.read("a").to_dict() == {"n": [5, 6, 7, 8, 9]}


def test_a_result_outlives_its_session_and_database(path: Path) -> None:
    with rhizo.open(path) as db:
        db.write("t", {"n": list(range(300_000))})
        result, reader = db.read("t"), pa.RecordBatchReader.from_stream(db.read("t"))
    del db
    gc.collect()
    assert len(result) == 300_000
    assert reader.read_all().num_rows == 300_000


def test_a_result_is_of_the_commit_it_was_asked_at(db: rhizo.Database) -> None:
    db.write("t", {"n": [1]})
    before, commit = db.read("t"), db.commit().id
    db.write("t", {"n": [2, 3]})
    assert before.fetchall() == [(1,)]
    assert (before.commit, before.version) == (commit, 1)


def test_an_error_while_running_arrives_where_rows_are_asked(db: rhizo.Database) -> None:
    with pytest.raises(rhizo.RhizoError, match="abc"):
        db.sql("SELECT CAST(CASE WHEN i = 250000 THEN 'abc' ELSE '1' END AS INTEGER) FROM range(300000) t(i)").fetchall()


def test_a_table_is_shown_with_names_types_and_count(db: rhizo.Database) -> None:
    text = repr(db.sql("SELECT 1 AS n, NULL AS nothing, 'a\nb' AS text, 'x' AS \"<b>\""))
    assert "│ n       │" in text and "NULL" in text and "a b" in text and text.endswith("1 row")
    assert "&lt;b&gt;" in db.sql("SELECT 1 AS \"<b>\"")._repr_html_()
    assert "columns" in repr(db.sql("SELECT " + ", ".join(f"{n} AS column_{n}" for n in range(60))))


def test_an_empty_result(db: rhizo.Database) -> None:
    result = db.sql("SELECT 1 AS a, 'x' AS b LIMIT 0")
    assert result.to_arrow().schema.names == ["a", "b"]
    assert result.to_pandas().shape == (0, 2) and result.to_polars().shape == (0, 2)
    assert result.to_dict() == {"a": [], "b": []} and result.fetchall() == [] and len(result) == 0
    assert "0 rows" in repr(result)


VALUES = [
    ("true", True),
    ("127::TINYINT", 127),
    ("18446744073709551615::UBIGINT", 2**64 - 1),
    ("-99999999999999999999999999999999999999::HUGEINT", 1 - 10**38),
    ("99999999999999999999999999999999999999::UHUGEINT", 10**38 - 1),
    ("1.5::FLOAT", 1.5),
    ("1.50::DECIMAL(10,2)", Decimal("1.50")),
    ("-0.05::DECIMAL(4,2)", Decimal("-0.05")),
    ("12345678901234567890.123456789::DECIMAL(38,9)", Decimal("12345678901234567890.123456789")),
    ("'größer'", "größer"),
    ("''", ""),
    ("'\\x00\\xFF'::BLOB", b"\x00\xff"),
    ("'10110'::BIT", "10110"),
    ("DATE '1969-12-31'", dt.date(1969, 12, 31)),
    ("DATE '0001-01-01'", dt.date(1, 1, 1)),
    ("DATE '9999-12-31'", dt.date(9999, 12, 31)),
    ("TIME '23:59:59.123456'", dt.time(23, 59, 59, 123456)),
    ("TIMESTAMP '1969-12-31 23:59:59.5'", dt.datetime(1969, 12, 31, 23, 59, 59, 500000)),
    ("TIMESTAMP_S '2026-01-31 12:00:00'", dt.datetime(2026, 1, 31, 12)),
    ("TIMESTAMP_MS '2026-01-31 12:00:00.001'", dt.datetime(2026, 1, 31, 12, 0, 0, 1000)),
    ("TIMESTAMP_NS '2026-01-31 12:00:00.000001'", dt.datetime(2026, 1, 31, 12, 0, 0, 1)),
    ("TIMESTAMPTZ '2026-01-31 12:00:00+02'", dt.datetime(2026, 1, 31, 10, tzinfo=dt.timezone.utc)),
    ("TIMETZ '12:30:00+05:30'", dt.time(12, 30, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))),
    ("INTERVAL '3 days 4 hours'", dt.timedelta(days=3, hours=4)),
    ("INTERVAL '2 months'", rhizo.Interval(2, 0, 0)),
    ("UUID '12345678-1234-5678-1234-567812345678'", uuid.UUID("12345678-1234-5678-1234-567812345678")),
    ("'b'::ENUM('a', 'b')", "b"),
    ("[1, NULL, 3]", [1, None, 3]),
    ("[[1], []]::INTEGER[][]", [[1], []]),
    ("[1, 2]::INTEGER[2]", [1, 2]),
    ("{'a': 1, 'b': [{'c': 'x'}]}", {"a": 1, "b": [{"c": "x"}]}),
    ("MAP {'k': 1, 'l': NULL}", {"k": 1, "l": None}),
    ("union_value(s := 'x')::UNION(n INTEGER, s VARCHAR)", "x"),
    ("NULL", None),
    ("NULL::INTEGER[]", None),
    ("sum(x) FROM (VALUES (1), (2)) t(x)", 3),
]


@pytest.mark.parametrize(("sql", "value"), VALUES, ids=[sql for sql, _ in VALUES])
def test_every_sql_type_has_a_python_value(db: rhizo.Database, sql: str, value: object) -> None:
    ((got,),) = db.sql(f"SELECT {sql}").fetchall()
    assert got == value and type(got) is type(value)
    ((got,),) = db.sql(f"SELECT {sql}").to_dict().values()
    assert got == value


@pytest.mark.parametrize(
    "sql", ["DATE '10000-01-01'", "TIMESTAMP '-infinity'", "TIMESTAMP_NS '2026-01-31 00:00:00.000000001'"]
)
def test_a_value_python_cannot_hold_is_an_error_but_can_be_shown(db: rhizo.Database, sql: str) -> None:
    with pytest.raises(rhizo.InvalidArgumentError, match="when"):
        db.sql(f"SELECT {sql} AS when_").fetchall()
    assert "1 row" in repr(db.sql(f"SELECT {sql} AS when_"))


def test_a_sum_is_a_number_in_every_library(db: rhizo.Database) -> None:
    def total() -> rhizo.Result:
        return db.sql("SELECT sum(range) AS total FROM range(10)")

    assert total().to_arrow().to_pydict() == {"total": [Decimal(45)]}
    assert total().to_pandas()["total"].tolist() == [45]
    assert total().to_polars()["total"].to_list() == [45]


def test_integers_with_nulls_stay_integers_in_pandas(db: rhizo.Database) -> None:
    frame = db.sql("SELECT * FROM (VALUES (9007199254740993, true), (NULL, NULL)) t(n, b)").to_pandas()
    assert str(frame["n"].dtype) == "Int64" and frame["n"][0] == 9007199254740993
    assert str(frame["b"].dtype) == "boolean"


def test_time_zones_follow_the_session(db: rhizo.Database) -> None:
    table = pa.table({"t": pa.array([0], pa.timestamp("us", BERLIN))})
    db.write("t", table)
    (moment,) = db.read("t").fetchone() or ()
    assert moment.isoformat() == "1970-01-01T01:00:00+01:00"


def test_threads_share_a_result_and_each_row_is_given_once(db: rhizo.Database) -> None:
    result = db.sql("SELECT * FROM range(200000)")
    given: list[list[tuple[int]]] = [[] for _ in range(4)]

    def fetch(mine: list[tuple[int]]) -> None:
        while rows := result.fetchmany(777):
            mine.extend(rows)

    threads = [threading.Thread(target=fetch, args=(mine,)) for mine in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(n for mine in given for (n,) in mine) == list(range(200000))


def test_a_nul_byte_does_not_end_a_statement(db: rhizo.Database) -> None:
    with pytest.raises(rhizo.RhizoError, match="NUL byte"):
        db.sql("SELECT 1\0 WHERE false")
