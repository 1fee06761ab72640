"""pyarrow tables come back as they went in, and streams pass through in bounded memory."""

from __future__ import annotations

import datetime as dt
import resource
import subprocess
import sys
import textwrap
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

import rhizo

DAY = dt.datetime(2026, 1, 31, 12, 30)

ARRAYS = {
    "bool": pa.array([True, None, False]),
    "int8": pa.array([-128, None, 127], pa.int8()),
    "int64": pa.array([1, None, 3], pa.int64()),
    "uint64": pa.array([1, None, 2**64 - 1], pa.uint64()),
    "float32": pa.array([1.5, None, float("nan")], pa.float32()),
    "float64": pa.array([1.5, None, -0.0], pa.float64()),
    "string": pa.array(["a", None, ""]),
    "binary": pa.array([b"a", None, b"\x00"]),
    "decimal": pa.array([Decimal("1.20"), None, Decimal("-3.00")], pa.decimal128(10, 2)),
    "decimal38": pa.array([Decimal(10**37), None, Decimal(-5)], pa.decimal128(38, 0)),
    "date32": pa.array([dt.date(2026, 1, 1), None, dt.date(1, 1, 1)]),
    "time64": pa.array([dt.time(1, 2, 3, 4), None, dt.time(0)], pa.time64("us")),
    "timestamp s": pa.array([DAY, None, DAY], pa.timestamp("s")),
    "timestamp ms": pa.array([DAY, None, DAY], pa.timestamp("ms")),
    "timestamp us": pa.array([DAY, None, DAY], pa.timestamp("us")),
    "timestamp ns": pa.array([DAY, None, DAY], pa.timestamp("ns")),
    "timestamp zone": pa.array([DAY, None, DAY], pa.timestamp("us", "America/New_York")),
    "duration us": pa.array([dt.timedelta(days=1), None, dt.timedelta(microseconds=-5)], pa.duration("us")),
    "duration s": pa.array([dt.timedelta(days=1), None, dt.timedelta(seconds=-5)], pa.duration("s")),
    "interval": pa.array([(1, 2, 3000), None, (0, 0, 0)], pa.month_day_nano_interval()),
    "list": pa.array([[1, None], None, []], pa.list_(pa.int32())),
    "fixed list": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int32(), 2)),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": None}]),
    "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
    "dictionary": pa.array(["x", None, "y"]).dictionary_encode(),
    "uuid": pa.array([b"0" * 16, None, b"1" * 16], pa.uuid()),
    "nested": pa.array([[{"a": [{"b": Decimal("1.5")}]}], None, []]),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_every_type_comes_back(db: rhizo.Database, name: str) -> None:
    table = pa.table({"c": ARRAYS[name]})
    db.write("t", table)
    back = db.read("t").to_arrow()
    back.validate(full=True)
    assert back.schema.field(0).type == table.schema.field(0).type
    assert back.to_pylist() == table.to_pylist() or name == "float32"


@pytest.mark.parametrize(
    "array",
    [
        pa.array(["a", None, "b"], pa.large_string()),
        pa.array(["a", None, "a string longer than twelve bytes"], pa.string_view()),
        pa.array([b"a", None, b"b"], pa.large_binary()),
        pa.array([[1], None, []], pa.large_list(pa.int64())),
        pa.array([b"ab", None, b"cd"], pa.binary(2)),
        pa.array([dt.date(2026, 1, 1), None, None], pa.date64()),
        pa.array([dt.time(1), None, None], pa.time32("s")),
        pa.nulls(3),
    ],
    ids=lambda array: str(array.type),
)
def test_other_forms_of_a_type_keep_their_values(db: rhizo.Database, array: pa.Array) -> None:
    db.write("t", pa.table({"c": array}))
    assert db.read("t").to_arrow().column("c").to_pylist() == array.to_pylist()


def test_batches_that_name_few_values_of_a_large_dictionary(db: rhizo.Database) -> None:
    values = pa.array([f"value {n}" for n in range(100_000)])
    indices = pa.array([(n * 7919) % 100_000 if n % 10 else None for n in range(5_000)], pa.int32())
    column = pa.DictionaryArray.from_arrays(indices, values)
    nested = pa.StructArray.from_arrays([column], names=["d"])
    db.write("t", pa.table({"c": column, "s": nested}))
    back = db.read("t").to_arrow()
    assert back.column("c").to_pylist() == column.to_pylist()
    assert back.column("s").to_pylist() == nested.to_pylist()


def test_record_batches_readers_slices_and_chunks(db: rhizo.Database) -> None:
    table = pa.table({"n": list(range(1000)), "s": [str(n) for n in range(1000)]})
    chunked = pa.concat_tables([table.slice(0, 10), table.slice(500, 7)])
    for data in (table.slice(3, 5), table.to_batches()[0].slice(2, 3), chunked, chunked.to_reader()):
        expected = (data if not isinstance(data, pa.RecordBatchReader) else chunked).to_pydict()
        db.write("t", data)
        assert db.read("t").to_arrow().to_pydict() == expected


def test_an_object_with_only_an_arrow_array(db: rhizo.Database) -> None:
    class Batch:
        def __arrow_c_array__(self, requested_schema: object = None) -> object:
            return pa.record_batch({"n": [1, 2]}).__arrow_c_array__()

    db.write("t", Batch())
    assert db.read("t").to_dict() == {"n": [1, 2]}


def test_a_capsule_is_consumed_exactly_once(db: rhizo.Database) -> None:
    capsule = pa.table({"n": [1]}).__arrow_c_stream__()

    class Once:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return capsule

    db.write("t", Once())
    with pytest.raises(ValueError, match="consumed"):
        db.write("t", Once())


def test_a_generator_runs_in_the_thread_that_called(db: rhizo.Database) -> None:
    import threading

    schema = pa.schema([("n", pa.int64())])
    seen = set()

    def batches():  # type: ignore[no-untyped-def]
        for n in range(3):
            seen.add(threading.current_thread())
            yield pa.record_batch([pa.array([n])], schema=schema)

    db.write("t", pa.RecordBatchReader.from_batches(schema, batches()))
    assert seen == {threading.main_thread()}


def test_a_generator_may_use_another_session_but_not_the_one_that_waits(db: rhizo.Database) -> None:
    db.write("t", {"n": [1, 2]})
    schema = pa.schema([("n", pa.int64())])

    def rows_from(session: rhizo.Session):  # type: ignore[no-untyped-def]
        yield pa.record_batch([pa.array([n for (n,) in session.sql("SELECT n FROM t")])], schema=schema)

    db.write("copy", pa.RecordBatchReader.from_batches(schema, rows_from(db.on("main"))))
    assert db.read("copy").to_dict() == {"n": [1, 2]}
    with pytest.raises(rhizo.RhizoError, match="busy"):
        db.write("copy", pa.RecordBatchReader.from_batches(schema, rows_from(db)))


def test_streams_larger_than_memory_go_in_and_out(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import resource, numpy as np, pyarrow as pa, rhizo
        schema = pa.schema([("n", pa.int64()), ("x", pa.float64())])
        rows, batch = 20_000_000, 200_000   # 320 MB
        def batches():
            for start in range(0, rows, batch):
                n = np.arange(start, start + batch)
                yield pa.record_batch([pa.array(n), pa.array(np.sin(n))], schema=schema)
        with rhizo.open({str(tmp_path / "db")!r}, memory_limit="100MB", durability="none") as db:
            db.write("warm", {{"n": [1]}}); db.sql("SELECT 1").fetchall()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            assert db.write("t", pa.RecordBatchReader.from_batches(schema, batches())).rows == rows
            total = 0
            for piece in pa.RecordBatchReader.from_stream(db.read("t")):
                total += piece.num_rows
            assert total == rows
            print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 240, f"peak grew by {done.stdout} MB for a stream of 320 MB"


def test_memory_is_given_back(db: rhizo.Database) -> None:
    def held() -> int:
        return int(pa.total_allocated_bytes())

    before = held()
    for _ in range(3):
        db.write("t", pa.table({"n": list(range(100_000))}))
        db.read("t").to_arrow()
    assert held() <= before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
