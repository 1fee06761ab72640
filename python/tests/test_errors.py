"""Each error has its own class, a code, fields, and leaves the database as it was."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import rhizo


def test_an_error_carries_code_fields_and_attributes(db: rhizo.Database) -> None:
    with pytest.raises(rhizo.RhizoError) as caught:
        db.read("missing")
    error = caught.value
    assert (error.code, error.retryable, error.table) == ("table_not_found", False, "missing")
    assert error.fields["table"] == "missing"
    with pytest.raises(AttributeError):
        error.nothing  # noqa: B018


def test_an_error_can_be_pickled(db: rhizo.Database) -> None:
    with pytest.raises(rhizo.TableNotFoundError) as caught:
        db.read("missing")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy), copy.fields) == (type(caught.value), str(caught.value), caught.value.fields)


CALLS: list[tuple[type[Exception], Callable[[rhizo.Database], object]]] = [
    (rhizo.SqlError, lambda db: db.sql("SELEC 1")),
    (rhizo.SqlError, lambda db: db.sql("SELECT * FROM t WHERE nam = 1").fetchall()),
    (rhizo.UnsupportedError, lambda db: db.sql("INSERT INTO t VALUES (1)")),
    (rhizo.UnsupportedError, lambda db: db.sql("CREATE TABLE x (a INTEGER)")),
    (rhizo.TableNotFoundError, lambda db: db.info("x")),
    (rhizo.VersionNotFoundError, lambda db: db.read("t", version=5)),
    (rhizo.BranchNotFoundError, lambda db: db.on("x")),
    (rhizo.AlreadyExistsError, lambda db: db.create_branch("main")),
    (rhizo.InvalidNameError, lambda db: db.create_branch("a..b")),
    (rhizo.InvalidNameError, lambda db: db.create_branch("abcdef012")),
    (rhizo.SchemaError, lambda db: db.append("t", {"other": [1]})),
    (rhizo.SchemaError, lambda db: db.write("new", pa.table([[1], [2]], names=["a", "a"]))),
    (rhizo.InvalidArgumentError, lambda db: db.write("t", {"n": [1]}, schema="wrong")),  # type: ignore[arg-type]
    (rhizo.InvalidArgumentError, lambda db: db.append("t", {"n": [1]}, schema="replace")),  # type: ignore[arg-type]
    (rhizo.InvalidArgumentError, lambda db: db.read("t", at=1.5)),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("kind", "call"), CALLS)
def test_a_wrong_call_has_its_own_error_and_changes_nothing(
    db: rhizo.Database, kind: type[Exception], call: Callable[[rhizo.Database], object]
) -> None:
    db.write("t", {"n": [1]})
    before = db.commit().id
    with pytest.raises(kind):
        call(db)
    assert db.commit().id == before and db.tables() == ["t"]


def test_a_missing_name_in_sql_is_suggested(db: rhizo.Database) -> None:
    db.write("flights", {"carrier": ["AA"]})
    with pytest.raises(rhizo.RhizoError, match="flights"):
        db.sql("SELECT * FROM fligths").fetchall()
    with pytest.raises(rhizo.RhizoError, match="carrier"):
        db.sql("SELECT carier FROM flights").fetchall()


def test_sql_reaches_no_file(db: rhizo.Database, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for statement in (f"SELECT * FROM '{secret}'", f"SELECT * FROM read_csv('{secret}')", f"COPY (SELECT 1) TO '{secret}'"):
        with pytest.raises(rhizo.RhizoError):
            db.sql(statement).fetchall()
    assert secret.read_text() == "a\n1\n"


def test_a_stream_that_fails_half_way_changes_nothing(db: rhizo.Database) -> None:
    schema = pa.schema([("n", pa.int64())])

    def batches():  # type: ignore[no-untyped-def]
        yield pa.record_batch([pa.array([1])], schema=schema)
        raise ValueError("the source broke")

    with pytest.raises(rhizo.RhizoError, match="the source broke"):
        db.write("t", pa.RecordBatchReader.from_batches(schema, batches()))
    assert db.tables() == []


def test_a_closed_handle(path: Path) -> None:
    db = rhizo.open(path)
    db.close()
    db.close()
    assert db.closed and "closed" in repr(db)
    for call in (lambda: db.tables(), lambda: db.write("t", {"n": [1]}), lambda: db.transaction(), lambda: db.sql("SELECT 1")):
        with pytest.raises(rhizo.ClosedError):
            call()


def test_open_says_what_is_wrong(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "photo.jpg").write_text("x")
    with pytest.raises(rhizo.InvalidArgumentError):
        rhizo.open(other)
    assert os.listdir(other) == ["photo.jpg"]
    with pytest.raises(rhizo.RhizoError):
        rhizo.open(tmp_path / "missing", create=False)
    assert not (tmp_path / "missing").exists()
    with pytest.raises(rhizo.InvalidArgumentError, match="no directory .*missing"):
        rhizo.open(tmp_path / "missing" / "db")
    rhizo.open(tmp_path / "there").close()
    with pytest.raises(rhizo.AlreadyExistsError):
        rhizo.open(tmp_path / "there", create="new")
    with pytest.raises(rhizo.BranchNotFoundError):
        rhizo.open(tmp_path / "there", branch="x")
    for wrong in ({"create": "yes"}, {"durability": "some"}, {"threads": 0}, {"memory_limit": "lots"}, {"busy_timeout": -1}):
        with pytest.raises(rhizo.InvalidArgumentError):
            rhizo.open(tmp_path / "there", **wrong)  # type: ignore[arg-type]


def test_a_database_opened_for_reading(path: Path) -> None:
    with rhizo.open(path) as db:
        db.write("t", {"n": [1]})
    with rhizo.open(path, read_only=True) as db:
        assert db.read("t").fetchall() == [(1,)]
        with pytest.raises(rhizo.ReadOnlyError):
            db.write("t", {"n": [2]})


def test_a_flipped_bit_is_found(path: Path) -> None:
    with rhizo.open(path) as db:
        db.write("t", {"x": np.random.default_rng(1).random(500_000)})
    (largest,) = sorted((file for file in path.rglob("objects/*/*")), key=lambda file: file.stat().st_size)[-1:]
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 1
    largest.chmod(0o644)
    largest.write_bytes(data)
    with rhizo.open(path) as db:
        report = db.verify()
        assert not report and any("t" in table for table in report.findings[0].tables)
        with pytest.raises(rhizo.CorruptionError):
            db.read("t").fetchall()


def test_the_memory_limit(path: Path) -> None:
    with rhizo.open(path, memory_limit="64MiB") as db:
        with pytest.raises(rhizo.OutOfMemoryError):
            db.sql("SELECT list(i) FROM range(100000000) t(i)").fetchall()
