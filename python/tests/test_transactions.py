"""Transactions: all tables or none, conflicts, retries."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pyarrow
import pytest

import rhizo


def test_many_tables_in_one_commit(db: rhizo.Database) -> None:
    with db.transaction(message="order 17", metadata={"job": "5"}) as tx:
        tx.write("a", {"n": [1]})
        tx.write("b", {"n": [2]})
    commit = db.commit()
    assert [change.table for change in commit.tables] == ["a", "b"]
    assert (commit.message, commit.metadata, commit.author) == ("order 17", {"job": "5"}, "tester")
    assert tx.result is not None and tx.result.commit == commit.id and commit.txn_id == tx.txn_id
    assert [table.version for table in tx.result.tables] == [1, 1]


def test_a_transaction_reads_its_own_writes_and_nobody_else_does(db: rhizo.Database) -> None:
    db.write("t", {"n": [1]})
    with db.transaction() as tx:
        tx.append("t", {"n": [2]})
        assert tx.sql("SELECT sum(n) FROM t").fetchone() == (3,)
        assert db.sql("SELECT sum(n) FROM t").fetchone() == (1,)
        tx.write("u", {"n": [1]})
        assert tx.tables() == ["t", "u"] and db.tables() == ["t"]
    assert db.sql("SELECT sum(n) FROM t").fetchone() == (3,)


def test_an_exception_rolls_back(db: rhizo.Database) -> None:
    with pytest.raises(ZeroDivisionError):
        with db.transaction() as tx:
            tx.write("t", {"n": [1]})
            raise ZeroDivisionError
    assert db.tables() == [] and not tx.is_open


def test_a_transaction_reads_the_branch_as_it_was(db: rhizo.Database) -> None:
    db.write("t", {"n": [1]})
    tx = db.transaction()
    db.append("t", {"n": [2]})
    assert tx.read("t").fetchall() == [(1,)]
    tx.rollback()


def test_an_ended_transaction_is_closed(db: rhizo.Database) -> None:
    tx = db.transaction()
    tx.commit()
    for call in (tx.commit, tx.rollback, lambda: tx.write("t", {"n": [1]})):
        with pytest.raises(rhizo.ClosedError):
            call()


def test_a_transaction_without_changes_is_no_commit(db: rhizo.Database) -> None:
    before = db.commit().id
    with db.transaction() as tx:
        pass
    assert tx.result is not None and not tx.result.changed
    assert db.commit().id == before


def test_two_who_replace_one_table_conflict(db: rhizo.Database) -> None:
    db.write("t", {"n": [1]})
    tx = db.transaction()
    tx.write("t", {"n": [2]})
    db.write("t", {"n": [3]})
    with pytest.raises(rhizo.ConflictError) as caught:
        tx.commit()
    assert caught.value.retryable and caught.value.table == "t"
    assert db.read("t").fetchall() == [(3,)]


def test_different_tables_and_appends_never_conflict(db: rhizo.Database) -> None:
    db.write("t", {"n": [1]})
    with db.transaction() as tx:
        tx.append("t", {"n": [2]})
        tx.write("mine", {"n": [1]})
        db.append("t", {"n": [3]})
        db.write("yours", {"n": [1]})
    assert db.read("t").to_dict() == {"n": [1, 3, 2]}
    assert db.tables() == ["mine", "t", "yours"]


def test_a_transaction_shows_what_it_changed_since_it_began(db: rhizo.Database) -> None:
    db.write("t", {"n": [1]})
    db.write("gone", {"n": [1]})
    with db.transaction() as tx:
        assert list(tx.diff("main")) == []
        tx.update("t", {"n": "2"})
        tx.write("mine", {"n": [1]})
        tx.drop_table("gone")
        changes = [(one.table, one.operation) for one in tx.diff("main")]
        assert changes == [("gone", "drop"), ("mine", "create"), ("t", "change")]
        assert list(tx.diff("main", "main")) == []
        tx.rollback()


@pytest.mark.parametrize(
    "call",
    [
        lambda db: db.transaction(txn_id=5),
        lambda db: db.retry(lambda tx: None, attempts="x"),
        lambda db: db.retry(lambda tx: None, attempts=1.5),
    ],
)
def test_arguments_that_are_none_are_told_of(db: rhizo.Database, call: Any) -> None:
    with pytest.raises(rhizo.InvalidArgumentError):
        call(db)


def test_retry_runs_again_until_it_fits(db: rhizo.Database) -> None:
    db.write("counter", {"n": [0]})

    def add_one(tx: rhizo.Transaction) -> None:
        row = tx.sql("SELECT n FROM counter").fetchone()
        assert row is not None
        tx.write("counter", {"n": [row[0] + 1]})

    def work() -> None:
        session = db.on("main")
        for _ in range(5):
            session.retry(add_one, attempts=100)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.read("counter").fetchall() == [(20,)]


def test_retry_gives_up_with_the_last_conflict_and_passes_other_errors_on(db: rhizo.Database) -> None:
    db.write("t", {"n": [0]})
    runs = []

    def always_late(tx: rhizo.Transaction) -> None:
        runs.append(1)
        tx.write("t", {"n": [-len(runs)]})
        db.write("t", {"n": [len(runs)]})

    with pytest.raises(rhizo.ConflictError):
        db.retry(always_late, attempts=3)
    assert len(runs) == 3
    began = time.monotonic()
    with pytest.raises(rhizo.ConflictError):
        db.retry(always_late, timeout=0.2)
    assert len(runs) > 4 and time.monotonic() - began > 0.2
    with pytest.raises(rhizo.InvalidArgumentError, match="timeout"):
        db.retry(always_late, timeout=-1)
    with pytest.raises(KeyError):
        db.retry(lambda tx: {}["missing"], attempts=3)


def test_resolve_tells_what_became_of_a_transaction(db: rhizo.Database) -> None:
    chosen = "0123456789abcdef" * 2
    with db.transaction(txn_id=chosen) as tx:
        tx.write("t", {"n": [1]})
    assert db.resolve(chosen).outcome == "committed"
    assert db.resolve(chosen).commit == db.commit().id
    assert db.resolve("f" * 32).outcome == "not_landed"


def test_a_transaction_on_a_scratch_session(db: rhizo.Database) -> None:
    with db.scratch() as scratch:
        with scratch.transaction() as tx:
            tx.write("t", {"n": [1]})
        assert scratch.tables() == ["t"]
    assert db.tables() == []


@pytest.mark.parametrize("isolation", ["snapshot", "serializable"])
@pytest.mark.parametrize("key", ["k", None])
def test_two_writes_of_one_value_that_was_counted_on_are_a_lost_update(db: rhizo.Database, isolation: Any, key: Any) -> None:
    db.write("stock", {"k": [1], "n": [9], "place": ["A"]}, key=key)
    both = [db.transaction(isolation=isolation) for _ in range(2)]
    for tx in both:
        ((n,),) = tx.sql("SELECT n FROM stock").fetchall()
        tx.write("stock", {"k": [1], "n": [n - 1], "place": ["A"]})
    both[0].commit()
    with pytest.raises(rhizo.ConflictError):
        both[1].commit()


def test_retry_counts_every_write(db: rhizo.Database) -> None:
    db.write("counter", {"n": [0], "what": ["hits"]})

    def add(tx: rhizo.Transaction) -> None:
        ((n,),) = tx.sql("SELECT n FROM counter").fetchall()
        tx.write("counter", {"n": [n + 1], "what": ["hits"]})

    def work() -> None:
        with db.on("main") as session:
            for _ in range(5):
                session.retry(add)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.read("counter").fetchall() == [(20, "hits")]


def test_a_tag_that_took_the_name_of_the_branch_does_not_move(db: rhizo.Database) -> None:
    db.write("t", {"a": [1]})
    db.create_branch("x")
    tx = db.on("x").transaction()
    tx.append("t", {"a": [2]})
    db.delete_branch("x")
    tag = db.tag("x")
    with pytest.raises(rhizo.ConflictError, match="deleted"):
        tx.commit()
    assert db.read("t", at="x").fetchall() == [(1,)] and tag.commit == db.tags()[0].commit


def test_a_transaction_of_a_scratch_session_is_apart_from_it(db: rhizo.Database) -> None:
    db.write("t", {"a": [1]})
    with db.scratch() as scratch:
        tx = scratch.transaction()
        tx.append("t", {"a": [2]})
        assert scratch.read("t").fetchall() == [(1,)]
        scratch.append("t", {"a": [50]})
        tx.rollback()
        assert scratch.read("t").fetchall() == [(1,), (50,)]
        with scratch.transaction() as one, scratch.transaction() as two:
            one.append("t", {"a": [3]})
            two.append("t", {"a": [4]})
        assert sorted(scratch.read("t").fetchall()) == [(1,), (3,), (4,), (50,)]
        scratch.keep("tried")
    assert len(db.read("t", at="tried").fetchall()) == 4


OTHERS: dict[str, Any] = {
    "update": lambda o: o.update("t", {"a": "9"}, "id = 1"),
    "append": lambda o: o.append("t", {"id": [2], "a": [2]}),
    "check": lambda o: o.alter("t", add_check="id > 0"),
}


@pytest.mark.parametrize("how", OTHERS)
@pytest.mark.parametrize("checked", [False, True])
def test_a_table_that_is_renamed_takes_along_what_others_did(db: rhizo.Database, how: str, checked: bool) -> None:
    db.write("t", {"id": [1], "a": [1]}, key="id")
    if checked:
        db.alter("t", add_check="a < 50")
    with db.on("main") as other:
        tx = db.transaction()
        tx.rename_table("t", "w")
        OTHERS[how](other)
        expected = other.read("t").fetchall()
        tx.commit()
    assert db.tables() == ["w"] and db.read("w").fetchall() == expected and db.verify().ok


def test_a_key_and_a_rule_for_one_column_conflict(db: rhizo.Database) -> None:
    db.write("t", {"id": [1, 2], "b": [1, 2]}, key="id")
    with db.on("main") as other:
        tx = db.transaction()
        tx.set_merge_rules("t", {"b": "max"})
        other.set_key("t", "b")
        with pytest.raises(rhizo.ConflictError, match="part of the key"):
            tx.commit()
    assert db.info("t").key == ("b",) and not db.info("t").merge_rules


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_transaction_is_not_ended_by_the_rows_that_it_reads(db: rhizo.Database, end: str) -> None:
    db.write("t", {"id": [1]})
    tx = db.transaction()

    def rows() -> Iterator[pyarrow.RecordBatch]:
        yield pyarrow.record_batch({"id": pyarrow.array([2])})
        getattr(tx, end)()

    reader = pyarrow.RecordBatchReader.from_batches(pyarrow.schema([("id", pyarrow.int64())]), rows())
    with pytest.raises(rhizo.RhizoError, match="busy reading"):
        tx.append("t", reader)
    assert tx.read("t").fetchall() == [(1,)]
    tx.rollback()
