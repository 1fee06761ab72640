"""Values of columns that became wider, of unions, of other dtypes: read, compared and merged as what they are."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas
import pyarrow
import pytest

import rhizo

WIDER = [
    ("DATE", "TIMESTAMP", "DATE '2020-01-01'", "TIMESTAMP '2021-06-01 12:00:00'"),
    ("TINYINT", "SMALLINT", "1", "300"),
    ("INTEGER", "BIGINT", "1", "3000000000"),
    ("INTEGER", "HUGEINT", "1", "10::HUGEINT * 9223372036854775807"),
    ("UTINYINT", "UINTEGER", "1", "70000"),
    ("FLOAT", "DOUBLE", "0.5", "1e300"),
    ("INTEGER", "DECIMAL(12,2)", "1", "1.25"),
    ("DECIMAL(4,2)", "DECIMAL(30,2)", "1.00", "1234567890123456789.25"),
]
ROWS = 5000  # more than are stored as single values


def made_wider_by_alter(db: rhizo.Database, wide: str, value: str) -> None:
    db.alter("t", widen={"c": wide})
    db.update("t", {"c": f"CAST({value} AS {wide})"}, "k = 7")


def made_wider_by_a_write(db: rhizo.Database, wide: str, value: str) -> None:
    query = f"SELECT k, CASE k WHEN 7 THEN CAST({value} AS {wide}) ELSE CAST(c AS {wide}) END AS c FROM t ORDER BY k"
    db.write("t", db.sql(query).to_arrow(), schema="evolve")


@pytest.mark.parametrize("make_wider", [made_wider_by_alter, made_wider_by_a_write])
@pytest.mark.parametrize("narrow, wide, first, value", WIDER, ids=[f"{row[0]} to {row[1]}" for row in WIDER])
def test_a_value_that_only_the_wider_type_holds_is_found_and_read(
    db: rhizo.Database, narrow: str, wide: str, first: str, value: str, make_wider: Callable[..., None]
) -> None:
    db.write("t", db.sql(f"SELECT i AS k, CAST({first} AS {narrow}) AS c FROM range({ROWS}) r(i)"), key="k")
    make_wider(db, wide, value)
    assert db.info("t").columns[1].type == wide
    told = db.sql(f"SELECT CAST({first} AS {wide}), CAST({value} AS {wide})").fetchone()
    assert told is not None
    assert db.sql("SELECT min(c), max(c), count(c) FROM t").fetchone() == (*told, ROWS)
    for where in (f"c = CAST({value} AS {wide})", f"c > CAST({first} AS {wide})", "k = 7"):
        assert db.scan("t", where=where).fetchall() == [(7, told[1])]
        assert db.sql(f"SELECT * FROM t WHERE {where}").fetchall() == [(7, told[1])]
    expected = [(k, told[k == 7]) for k in range(ROWS)]
    assert db.sql("SELECT * FROM t").fetchall() == db.read("t").fetchall() == expected


NARROWER = [
    ("INTEGER", "DECIMAL(12,2)", "1", "1.25"),
    ("DATE", "TIMESTAMP", "DATE '2020-01-01'", "TIMESTAMP '2020-01-01 12:00:00'"),
    ("FLOAT", "DOUBLE", "0.5", "0.5000000001"),
    ("INTEGER", "DECIMAL(30,2)", "1", "123456789012"),
    ("INTEGER", "BIGINT", "1", "3000000000"),
    ("FLOAT", "DOUBLE", "0.5", "1e300"),
    ("DECIMAL(4,2)", "DECIMAL(30,4)", "1.00", "12345678901234567.0001"),
]


@pytest.mark.parametrize("key", ["k", None], ids=["keyed", "by row"])
@pytest.mark.parametrize("narrow, wide, first, value", NARROWER)
def test_a_diff_to_when_a_column_was_narrower_shows_what_was_updated(
    db: rhizo.Database, narrow: str, wide: str, first: str, value: str, key: str | None
) -> None:
    db.create_table("t", {"k": "BIGINT", "a": "BIGINT", "b": "BIGINT", "c": narrow}, key=key)
    db.append("t", db.sql(f"SELECT i AS k, 0 AS a, 0 AS b, CAST({first} AS {narrow}) AS c FROM range(1, 4) r(i)"))
    db.tag("old")
    db.alter("t", widen={"c": wide})
    db.update("t", {"c": f"CAST({value} AS {wide})"}, "k = 2")
    told = db.sql(f"SELECT CAST({first} AS {wide}), CAST({value} AS {wide})").fetchone()
    assert told is not None
    images = ["update_preimage", "update_postimage"]
    for points, values in ((("old", "main"), told), (("main", "old"), told[::-1])):
        (change,) = db.diff(*points, table="t")
        assert (change.rows_updated, change.rows_inserted, change.rows_deleted) == (1, 0, 0)
        source = f"rhizo_diff('t', '{points[0]}', '{points[1]}')"
        found = db.sql(f"SELECT _change_type, _changed_fields, k, CAST(c AS {wide}) FROM {source}").fetchall()
        assert found == [(image, ["c"], 2, value) for image, value in zip(images, values)]
        assert [row[0] for row in db.diff(*points, table="t").rows().fetchall()] == images


def branches(db: rhizo.Database) -> tuple[rhizo.Session, rhizo.Session]:
    db.create_branch("one")
    db.create_branch("two")
    return db.on("one"), db.on("two")


def turned_round(session: rhizo.Session) -> None:
    session.write("t", list(reversed(session.read("t").to_arrow().to_pylist())))


def turned_round_and_updated(session: rhizo.Session) -> None:
    turned_round(session)
    session.update("t", {"d": 5}, "k = 0")


AFTERWARDS: dict[str, Callable[[rhizo.Session], Any]] = {
    "nothing": lambda s: None,
    "another column updated": lambda s: s.update("t", {"d": 5}, "k = 0"),
    "turned round": turned_round,
    "turned round and updated": turned_round_and_updated,
}


@pytest.mark.parametrize("strategy, default", [("ours", 1), ("theirs", 2)])
@pytest.mark.parametrize("name", AFTERWARDS)
@pytest.mark.parametrize("count", [3, ROWS])
def test_a_column_added_on_both_sides_has_the_favoured_default_where_nobody_wrote(
    db: rhizo.Database, count: int, name: str, strategy: Any, default: int
) -> None:
    db.write("t", db.sql(f"SELECT i AS k, 0 AS d FROM range({count}) r(i)"), key="k")
    one, two = branches(db)
    one.alter("t", add={"c": "INTEGER"}, default={"c": 1})
    two.alter("t", add={"c": "INTEGER"}, default={"c": 2})
    AFTERWARDS[name](two if strategy == "ours" else one)
    one.merge("two", strategy=strategy)
    assert one.sql("SELECT c, count(*) FROM t GROUP BY c").fetchall() == [(default, count)]
    assert one.info("t").defaults == {"c": str(default)}


GIVEN = [
    ("INTEGER", "BIGINT", ["4", "5"], 5),
    ("INTEGER", "DECIMAL(12,2)", ["4", "5"], Decimal("5.00")),
    ("DATE", "TIMESTAMP", ["DATE '2020-01-01'", "DATE '2024-02-29'"], datetime.datetime(2024, 2, 29)),
    ("STRUCT(a INTEGER, b VARCHAR)", "STRUCT(a BIGINT, b VARCHAR)", ["{a: 4, b: 'y'}", "{a: 5, b: 'x'}"], {"a": 5, "b": "x"}),
]


def become_one(one: rhizo.Session, two: rhizo.Session) -> None:
    """Whichever is merged into the other."""
    ours, theirs = one.commit().id, two.commit().id
    one.merge(theirs)
    two.merge(ours)
    assert one.commit().id == two.commit().id


@pytest.mark.parametrize("has_one", [False, True], ids=["none before", "another before"])
@pytest.mark.parametrize("narrow, wide, given, seen", GIVEN, ids=[f"{row[0]} to {row[1]}" for row in GIVEN])
def test_a_default_given_where_the_other_side_makes_the_column_wider_becomes_one_of_the_wider_type(
    db: rhizo.Database, narrow: str, wide: str, given: list[str], seen: Any, has_one: bool
) -> None:
    db.create_table("t", {"k": "BIGINT", "c": narrow}, key="k")
    db.append("t", {"k": [1]})
    if has_one:
        db.alter("t", default={"c": given[0]})
    one, two = branches(db)
    one.alter("t", default={"c": given[1]})
    two.alter("t", widen={"c": wide})
    become_one(one, two)
    one.append("t", {"k": [2]})
    assert one.info("t").columns[1].type == wide
    assert one.read("t").fetchall() == [(1, None), (2, seen)]


def test_old_rows_keep_a_default_that_one_side_made_wider_and_the_other_gave_anew(db: rhizo.Database) -> None:
    db.write("t", {"k": [1, 2, 3]}, key="k")
    db.alter("t", add={"c": "INTEGER"}, default={"c": 7})
    one, two = branches(db)
    one.alter("t", default={"c": 8})
    one.append("t", {"k": [4]})
    two.alter("t", widen={"c": "BIGINT"})
    two.update("t", {"c": 3_000_000_000}, "k = 2")
    become_one(one, two)
    one.append("t", {"k": [5]})
    assert one.read("t").fetchall() == [(1, 7), (2, 3_000_000_000), (3, 7), (4, 8), (5, 8)]


@pytest.mark.parametrize("strategy, default", [("ours", 5), ("theirs", 6)])
def test_of_two_defaults_in_two_types_the_favoured_is_taken_and_nothing_else_is_lost(
    db: rhizo.Database, strategy: Any, default: int
) -> None:
    db.create_table("t", {"k": "BIGINT", "c": "INTEGER"}, key="k")
    db.append("t", {"k": [1, 2], "c": [0, 0]})
    one, two = branches(db)
    one.alter("t", default={"c": 5})
    one.update("t", {"c": 11}, "k = 1")
    two.alter("t", widen={"c": "BIGINT"}, default={"c": 6})
    two.update("t", {"c": 22}, "k = 2")
    with pytest.raises(rhizo.MergeConflict, match="different defaults"):
        one.merge("two")
    one.merge("two", strategy=strategy)
    one.append("t", {"k": [3]})
    assert one.read("t").fetchall() == [(1, 11), (2, 22), (3, default)]
    assert one.info("t").columns[1].type == "BIGINT"


NEITHER = [
    ("UTINYINT", "UINTEGER", "INTEGER", "4000000000", "-1", "BIGINT"),
    ("TINYINT", "BIGINT", "DECIMAL(12,2)", "9000000000000000001", "0.25", "DECIMAL(21,2)"),
    ("TINYINT", "DECIMAL(20,0)", "DECIMAL(12,6)", "12345678901234567890", "0.000001", "DECIMAL(26,6)"),
    ("TINYINT", "BIGINT", "DOUBLE", "9", "0.5", "DOUBLE"),
]


@pytest.mark.parametrize("given", [False, True], ids=["no default", "a default"])
@pytest.mark.parametrize("narrow, first, second, one_value, two_value, seen", NEITHER)
def test_a_diff_between_types_of_which_neither_holds_the_other_shows_what_both_hold(
    db: rhizo.Database, narrow: str, first: str, second: str, one_value: str, two_value: str, seen: str, given: bool
) -> None:
    db.create_table("t", {"k": "BIGINT", "a": "BIGINT", "b": "BIGINT", "c": narrow}, key="k")
    db.append("t", {"k": [1, 2], "a": [0, 0], "b": [0, 0]})
    if given:
        db.alter("t", default={"c": 1})
    one, two = branches(db)
    for session, type, value in ((one, first, one_value), (two, second, two_value)):
        session.alter("t", widen={"c": type})
        session.update("t", {"c": f"CAST({value} AS {type})"}, "k = 2")
    told = db.sql(f"SELECT CAST({one_value} AS {seen}), CAST({two_value} AS {seen})").fetchone()
    assert told is not None
    for points, values in ((("one", "two"), told), (("two", "one"), told[::-1])):
        found = db.sql(f"SELECT k, CAST(c AS {seen}) FROM rhizo_diff('t', '{points[0]}', '{points[1]}')").fetchall()
        assert found == [(2, value) for value in values]
        assert [row[-1] for row in db.diff(*points, table="t").rows().fetchall()] == list(values)


UNION = "UNION(a INTEGER, b VARCHAR)"


def union_rows(db: rhizo.Database, *rows: tuple[int, str]) -> rhizo.Result:
    """Of text that is a number the member is a, else b."""
    values = ", ".join(f"({k}, '{text}')" for k, text in rows)
    member = f"CASE WHEN TRY_CAST(x AS INTEGER) IS NULL THEN union_value(b := x)::{UNION} "
    member += f"ELSE union_value(a := CAST(x AS INTEGER))::{UNION} END"
    return db.sql(f"SELECT k, {member} AS u, [{member}, NULL] AS l FROM (VALUES {values}) v(k, x) ORDER BY k")


def shown(session: rhizo.Session) -> list[tuple[Any, ...]]:
    query = "SELECT k, union_tag(u)::VARCHAR, u::VARCHAR, union_tag(l[1])::VARCHAR, l::VARCHAR FROM t ORDER BY k"
    return session.sql(query).fetchall()


ONE = (1, "a", "5", "a", "[5, NULL]")
TWO = (2, "b", "x", "b", "[x, NULL]")


def test_rows_with_unions_are_written_appended_and_upserted(db: rhizo.Database) -> None:
    db.write("t", union_rows(db, (1, "5")), key="k")
    assert db.info("t").columns[1].type == UNION and db.info("t").columns[2].type == f"{UNION}[]"
    db.append("t", union_rows(db, (2, "x")))
    assert shown(db) == [ONE, TWO]
    assert not db.write("t", db.read("t")).changed
    assert not db.upsert("t", union_rows(db, (2, "x"))).changed
    db.upsert("t", union_rows(db, (2, "6"), (3, "y")))
    assert shown(db) == [ONE, (2, "a", "6", "a", "[6, NULL]"), (3, "b", "y", "b", "[y, NULL]")]
    db.write("t", union_rows(db, (1, "z"), (3, "y")))
    assert [row[2] for row in shown(db)] == ["z", "y"]


def test_unions_are_updated(db: rhizo.Database) -> None:
    db.write("t", union_rows(db, (1, "5"), (2, "x")), key="k")
    assert not db.update("t", {"u": "u", "l": "l"}).changed
    db.update("t", {"u": None, "l": None}, "k = 1")
    assert shown(db) == [(1, None, None, None, None), TWO]
    db.update("t", {"u": f"union_value(a := 5)::{UNION}", "l": f"[union_value(a := 5)::{UNION}, NULL]"}, "k = 1")
    assert shown(db) == [ONE, TWO]


def test_unions_evolve_with_the_table_and_merge(db: rhizo.Database) -> None:
    db.write("t", union_rows(db, (1, "5"), (2, "x")), key="k")
    one, two = branches(db)
    one.append("t", union_rows(db, (3, "y")), schema="evolve")
    two.update("t", {"u": f"union_value(b := 'z')::{UNION}"}, "k = 1")
    one.merge("two")
    assert [row[:3] for row in shown(one)] == [(1, "b", "z"), (2, "b", "x"), (3, "b", "y")]


def test_a_table_of_unions_is_declared_and_filled(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "INTEGER", "u": UNION, "l": f"{UNION}[]"}, key="k")
    db.append("t", union_rows(db, (1, "5"), (2, "x")))
    assert shown(db) == [ONE, TWO]


Pair = tuple[Any, Any]


def floats_and_integers(one: rhizo.Result, two: rhizo.Result) -> Pair:
    with_gap, without = one.to_pandas(), two.to_pandas()
    with_gap.loc[0, "n"] = None
    without.loc[1, "m"] = 5
    return with_gap, without


def nullable_and_numpy(one: rhizo.Result, two: rhizo.Result) -> Pair:
    nullable, numpy = one.to_pandas().astype({"n": "Int64", "m": "Int64", "c": "string"}), two.to_pandas()
    nullable.loc[0, "n"] = None
    numpy.loc[1, "m"] = 5
    return nullable, numpy


def other_categories(one: rhizo.Result, two: rhizo.Result) -> Pair:
    first, second = one.to_pandas(), two.to_pandas()
    first["c"] = pandas.Categorical(first["c"], categories=["a", "b"])
    second["c"] = pandas.Categorical(second["c"], categories=["b", "a", "z"])
    first.loc[0, "n"] = None
    second.loc[1, "m"] = 5
    return first, second


def other_dictionaries(one: rhizo.Result, two: rhizo.Result) -> Pair:
    first, second = one.to_arrow(), two.to_arrow()
    ab = pyarrow.DictionaryArray.from_arrays([0, 1, 0], ["a", "b"])
    baz = pyarrow.DictionaryArray.from_arrays([1, 0, 1], ["b", "a", "z"])
    return (
        first.set_column(1, "n", pyarrow.array([None, 2, 3])).set_column(3, "c", ab),
        second.set_column(2, "m", pyarrow.array([0, 5, 0])).set_column(3, "c", baz),
    )


FRAMES = [floats_and_integers, nullable_and_numpy, other_categories, other_dictionaries]
TOGETHER = [(1, None, 0, "a"), (2, 2, 5, "b"), (3, 3, 0, "a")]


def numbers(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "n": "BIGINT", "m": "BIGINT", "c": "VARCHAR"}, key="k")
    db.append("t", {"k": [1, 2, 3], "n": [1, 2, 3], "m": [0, 0, 0], "c": ["a", "b", "a"]})


def reads_everywhere(session: rhizo.Session) -> None:
    assert session.read("t").fetchall() == TOGETHER
    frame = session.read("t").to_pandas()
    assert frame["m"].tolist() == [0, 5, 0] and frame["c"].astype(str).tolist() == ["a", "b", "a"]
    assert frame["n"].isna().tolist() == [True, False, False]
    assert session.read("t").to_arrow()["m"].to_pylist() == [0, 5, 0]


@pytest.mark.parametrize("make", FRAMES)
def test_frames_of_other_dtypes_that_were_made_of_one_state_are_both_written(
    db: rhizo.Database, make: Callable[[rhizo.Result, rhizo.Result], Pair]
) -> None:
    numbers(db)
    bases = db.read("t"), db.read("t")
    for frame, base in zip(make(*bases), bases):
        db.write("t", frame, base=base)
    reads_everywhere(db)


@pytest.mark.parametrize("make", FRAMES)
def test_frames_of_other_dtypes_on_two_branches_merge(
    db: rhizo.Database, make: Callable[[rhizo.Result, rhizo.Result], Pair]
) -> None:
    numbers(db)
    sides = one, two = branches(db)
    for session, frame in zip(sides, make(one.read("t"), two.read("t"))):
        session.write("t", frame)
    head = one.commit().id
    one.merge("two")
    two.merge(head)
    assert one.commit().id == two.commit().id
    reads_everywhere(one)


def times_of(db: rhizo.Database, unit: str, *times: str) -> rhizo.Result:
    values = ", ".join(f"({k}, CAST('{time}' AS {unit}))" for k, time in enumerate(times))
    return db.sql(f"SELECT k::BIGINT AS k, c FROM (VALUES {values}) v(k, c) ORDER BY k")


@pytest.mark.parametrize("put", ["append", "write", "upsert"])
@pytest.mark.parametrize("finer", ["TIMESTAMP_MS", "TIMESTAMP"])
def test_a_column_of_seconds_takes_finer_times_that_are_whole_seconds(
    db: rhizo.Database, finer: str, put: str
) -> None:
    db.create_table("t", {"k": "BIGINT", "c": "TIMESTAMP_S"}, key="k")
    times = ["1969-12-31 23:59:59", "1970-01-01 00:00:00", "2020-01-01 00:00:01", "9000-01-01 00:00:00"]
    for fraction in (".5", ".001"):
        with pytest.raises(rhizo.SchemaError, match='"c"'):
            getattr(db, put)("t", times_of(db, finer, *times, "2020-01-01 00:00:01" + fraction))
    assert db.info("t").rows == 0
    getattr(db, put)("t", times_of(db, finer, *times))
    assert db.info("t").columns[1].type == "TIMESTAMP_S"
    assert db.sql("SELECT c::VARCHAR FROM t ORDER BY k").fetchall() == [(time,) for time in times]


def test_a_column_of_seconds_takes_arrow_milliseconds_that_are_whole_seconds(db: rhizo.Database) -> None:
    db.create_table("t", {"k": "BIGINT", "c": "TIMESTAMP_S"}, key="k")

    def milliseconds(count: int) -> pyarrow.Table:
        return pyarrow.table({"k": [1], "c": pyarrow.array([count], pyarrow.timestamp("ms"))})

    with pytest.raises(rhizo.SchemaError):
        db.append("t", milliseconds(1500))
    db.append("t", milliseconds(2000))
    assert db.sql("SELECT epoch(c) FROM t").fetchone() == (2,)


def test_keys_that_a_rounded_type_makes_equal_are_not_taken_for_one(db: rhizo.Database) -> None:
    db.create_table("t", {"d": "INTEGER", "v": "INTEGER"}, key="d")
    db.append("t", {"d": [1], "v": [1]})
    one, two = branches(db)
    one.alter("t", widen={"d": "BIGINT"})
    one.append("t", {"d": [2**53, 2**53 + 1], "v": [10, 11]})
    two.alter("t", widen={"d": "DOUBLE"})
    two.append("t", {"d": [float(2**53)], "v": [10]})
    for points, counts in ((("one", "two"), (1, 2)), (("two", "one"), (2, 1))):
        (change,) = db.diff(*points, table="t")
        assert (change.rows_inserted, change.rows_deleted, change.rows_updated) == (*counts, 0)
        assert len(db.diff(*points, table="t").rows().fetchall()) == 3


def test_types_that_contradict_say_nothing_of_defaults(db: rhizo.Database) -> None:
    db.write("t", {"k": [1]})
    one, two = branches(db)
    for session in (one, two):
        session.alter("t", add={"c": "INTEGER"}, default={"c": 5})
    two.alter("t", widen={"c": "BIGINT"})
    for session, source in ((one, "two"), (two, "one")):
        with pytest.raises(rhizo.MergeConflict) as caught:
            session.merge(source)
        assert "BIGINT" in str(caught.value) and "default" not in str(caught.value)


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_what_a_strategy_decided_of_columns_is_told(db: rhizo.Database, strategy: Any) -> None:
    db.create_table("t", {"k": "BIGINT", "c": "INTEGER", "d": "BIGINT"}, key="k")
    one, two = branches(db)
    one.alter("t", default={"c": 5}, rename={"d": "here"})
    two.alter("t", default={"c": 6}, rename={"d": "there"})
    (table,) = one.merge("two", strategy=strategy).tables
    told = sorted(table.problems)
    assert table.settled == 2 and "different defaults" in told[0] and 'renamed to "here" here' in told[1]


@pytest.mark.parametrize("strategy", ["ours", "theirs"])
def test_a_strategy_tells_of_a_column_that_one_side_dropped_and_the_other_changed(
    db: rhizo.Database, strategy: Any
) -> None:
    db.write("t", {"k": [1, 2], "b": [1, 2]}, key="k")
    one, two = branches(db)
    one.alter("t", drop="b")
    two.update("t", {"b": "5"})
    (table,) = one.merge("two", strategy=strategy).tables
    assert table.settled == 1 and len(table.problems) == 1 and "was dropped here" in table.problems[0]
    assert one.read("t").column_names == (["k"] if strategy == "ours" else ["k", "b"])
