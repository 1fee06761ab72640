"""isolation="serializable": what a transaction read must still hold when it commits."""

from __future__ import annotations

import pytest
import rhizo


@pytest.fixture
def db(tmp_path):
    with rhizo.open(str(tmp_path / "db")) as opened:
        rows = {"id": list(range(10)), "a": [1] * 10, "b": [1] * 10}
        opened.write("t", rows, key="id")
        opened.write("log", {"n": [0]})
        yield opened


def attempt(db, read, other, isolation="serializable"):
    """Reads in a transaction, lets another session change something, writes elsewhere, commits; whether it could."""
    with db.on("main") as somebody:
        tx = db.transaction(isolation=isolation)
        read(tx)
        other(somebody)
        tx.append("log", {"n": [1]})
        try:
            tx.commit()
        except rhizo.ConflictError as error:
            assert error.retryable and error.table == "t"
            return False
    return True


READS = {
    "sql": lambda tx: tx.sql("SELECT sum(a) FROM t WHERE id = 5").fetchall(),
    "scan": lambda tx: tx.scan("t", columns=["a"], where="id = 5").fetchall(),
    "prepared": lambda tx: tx.sql("SELECT a FROM t WHERE id = ?", [5]).fetchall(),
    "update": lambda tx: tx.update("t", {"a": "a"}, "id = 5"),
    "in": lambda tx: tx.sql("SELECT a FROM t WHERE id IN (4, 5)").fetchall(),
}


@pytest.mark.parametrize("how", READS)
def test_rows_that_were_read_must_not_change(db, how):
    read = READS[how]
    assert not attempt(db, read, lambda o: o.update("t", {"a": "7"}, "id = 5"))
    assert not attempt(db, read, lambda o: o.delete("t", "id = 5"))
    assert not attempt(db, read, lambda o: o.insert("t", {"id": [5], "a": [3], "b": [3]}))
    assert attempt(db, read, lambda o: o.update("t", {"a": "8"}, "id = 6"))
    assert attempt(db, read, lambda o: o.delete("t", "id = 9"))
    assert attempt(db, read, lambda o: o.append("t", {"id": [11], "a": [3], "b": [3]}))
    assert attempt(db, read, lambda o: o.update("log", {"n": "n"}))


def test_columns_that_were_not_read_may_change(db):
    read = READS["scan"]
    assert attempt(db, read, lambda o: o.update("t", {"b": "9"}, "id = 5"))
    assert not attempt(db, lambda tx: tx.read("t"), lambda o: o.update("t", {"b": "8"}, "id = 5"))


@pytest.mark.parametrize(
    "read",
    [
        lambda tx: tx.sql("SELECT count(*) FROM t").fetchall(),
        lambda tx: tx.sql("SELECT max(id) FROM t").fetchall(),
        lambda tx: tx.info("t"),
        lambda tx: tx.fingerprint("t"),
        lambda tx: tx.read("t").to_dict(),
        lambda tx: tx.sql("SELECT * FROM t WHERE id > 100").fetchall(),
        lambda tx: tx.sql("SELECT * FROM log WHERE NOT EXISTS (SELECT 1 FROM t WHERE id = 200)").fetchall(),
        lambda tx: tx.sql("SELECT l.n FROM log l LEFT JOIN t ON t.id = l.n + 200").fetchall(),
        lambda tx: tx.diff("main", table="t").summary(),
        lambda tx: tx.upsert("t", {"id": [3], "a": [1], "b": [1]}),
    ],
    ids=["count", "max", "info", "fingerprint", "read", "range", "exists", "join", "diff", "upsert"],
)
def test_rows_that_would_have_been_seen_are_phantoms(db, read):
    assert not attempt(db, read, lambda o: o.append("t", {"id": [200], "a": [3], "b": [3]}))


def test_old_versions_are_read_freely(db):
    read = lambda tx: tx.sql("SELECT sum(a) FROM t VERSION 1").fetchall()  # noqa: E731
    db.update("t", {"a": "5"})
    assert attempt(db, read, lambda o: o.update("t", {"a": "7"}, "id = 5"))


def test_dropped_renamed_and_altered_tables_are_changes(db):
    read = READS["sql"]
    assert not attempt(db, read, lambda o: o.alter("t", add={"c": "BIGINT"}))
    assert not attempt(db, read, lambda o: o.rename_table("t", "u"))
    db.rename_table("u", "t")
    assert not attempt(db, read, lambda o: o.drop_table("t"))


def test_snapshot_isolation_lets_all_that_happen(db):
    for read in READS.values():
        if read is READS["update"]:
            continue
        assert attempt(db, read, lambda o: o.update("t", {"a": "a + 1"}, "id = 5"), isolation="snapshot")


def test_write_skew_is_refused(db):
    with db.on("main") as other:
        one, two = db.transaction(isolation="serializable"), other.transaction(isolation="serializable")
        for tx, mine in ((one, 1), (two, 2)):
            assert tx.sql("SELECT sum(a) FROM t WHERE id IN (1, 2)").fetchone() == (2,)
            tx.update("t", {"a": "0"}, f"id = {mine}")
        one.commit()
        with pytest.raises(rhizo.ConflictError, match="serializable"):
            two.commit()
    assert db.sql("SELECT sum(a) FROM t WHERE id IN (1, 2)").fetchone() == (1,)


def test_what_only_reads_needs_no_check_and_own_writes_are_no_conflict(db):
    with db.on("main") as other, db.transaction(isolation="serializable") as tx:
        tx.read("t").fetchall()
        other.update("t", {"a": "2"})
    with db.transaction(isolation="serializable") as tx:
        tx.update("t", {"a": "a + 1"})
        assert tx.sql("SELECT sum(a) FROM t").fetchone() == (30,)
        tx.update("t", {"a": "a + 1"})
    assert db.sql("SELECT sum(a) FROM t").fetchone() == (40,)


def test_retry_runs_it_again_until_it_is_serial(db):
    seen = []

    def move(tx):
        total = tx.sql("SELECT sum(a) FROM t").fetchone()[0]
        seen.append(total)
        if len(seen) == 1:
            db.update("t", {"a": "2"}, "id = 3")
        tx.append("log", {"n": [total]})

    db.retry(move, isolation="serializable")
    assert seen == [10, 11] and db.read("log").fetchall()[-1] == (11,)


def test_other_levels_are_refused(db):
    with pytest.raises(rhizo.InvalidArgumentError, match="serializable"):
        db.transaction(isolation="read committed")


def test_a_join_reads_what_the_plan_says_not_what_it_found(db):
    db.write("u", {"k": list(range(30)), "v": list(range(30))})
    many = list(range(40))
    db.write("t", {"id": many, "a": [1] * 40, "b": [1] * 40})
    join = "SELECT t.id, u.v FROM t JOIN u ON t.a = u.k"
    assert not attempt(db, lambda tx: tx.sql(join).fetchall(), lambda o: o.append("t", {"id": [99], "a": [2], "b": [1]}))


def test_conditions_met_by_own_writes_say_nothing_of_what_others_see(db):
    def read(tx):
        tx.update("t", {"a": "5"}, "id = 1")
        assert tx.sql("SELECT sum(b) FROM t WHERE a = 5").fetchone() == (1,)

    assert not attempt(db, read, lambda o: o.update("t", {"b": "500"}, "id = 1"))


def test_what_a_statement_left_as_it_was_is_read(db):
    assert not attempt(db, lambda tx: tx.update("t", {"b": 1}, "id = 1"), lambda o: o.update("t", {"b": 2}, "id = 1"))
    assert attempt(db, lambda tx: tx.update("t", {"b": 1}, "id = 3"), lambda o: o.update("t", {"a": 2}, "id = 3"))
    assert not attempt(db, lambda tx: tx.truncate("t"), lambda o: o.append("t", {"id": [50], "a": [1], "b": [1]}))


def test_who_hears_that_a_key_is_there_has_read_it(db):
    def read(tx):
        with pytest.raises(rhizo.ConstraintError):
            tx.insert("t", {"id": [1], "a": [1], "b": [1]})

    assert not attempt(db, read, lambda o: o.delete("t", "id = 1"))


def test_a_diff_against_now_reads_all_tables(db):
    db.tag("before")
    assert not attempt(db, lambda tx: list(tx.diff("before")), lambda o: o.update("t", {"a": 9}, "id = 1"))


@pytest.mark.parametrize("change", [{"add_check": "a > 0"}, {"not_null": "a"}, {"default": {"a": 3}}], ids=str)
def test_what_a_table_asks_of_rows_is_read_with_it(db, change):
    assert not attempt(db, lambda tx: tx.info("t"), lambda o: o.alter("t", **change))


def test_what_was_written_is_not_merged_by_rules(db):
    db.set_merge_rules("t", {"a": "add", "b": "max"}, delete_wins=True)
    for column in "ab":
        assert not attempt(
            db, lambda tx, c=column: tx.update("t", {c: 100}, "id = 1"), lambda o, c=column: o.update("t", {c: 200}, "id = 1")
        )
    assert not attempt(
        db, lambda tx: tx.upsert("t", {"id": [2], "a": [7], "b": [7]}), lambda o: o.delete("t", "id = 2")
    )


def test_the_own_branch_by_its_name_is_where_it_was_and_is_read(db):
    for at in (lambda tx: tx.read("t", at="main").fetchall(), lambda tx: tx.sql("SELECT * FROM t@main").fetchall()):
        seen = []
        assert not attempt(db, lambda tx, at=at, seen=seen: seen.append(at(tx)), lambda o: o.delete("t", "id = (SELECT max(id) FROM t)"))
        with db.transaction() as tx:
            before = at(tx)
            with db.on("main") as somebody:
                somebody.append("t", {"id": [1000 + len(before)], "a": [1], "b": [1]})
            assert at(tx) == before


CANCELLING = {
    "update": [lambda tx: tx.update("t", {"a": "5"}, "id = 1"), lambda tx: tx.update("t", {"a": "1"}, "id = 1")],
    "delete, insert": [lambda tx: tx.delete("t", "id = 1"), lambda tx: tx.insert("t", {"id": [1], "a": [1], "b": [1]})],
    "upsert": [lambda tx: tx.upsert("t", {"id": [1], "a": [4]}), lambda tx: tx.upsert("t", {"id": [1], "a": [1]})],
    "upsert, update": [lambda tx: tx.upsert("t", {"id": [1], "a": [4]}), lambda tx: tx.update("t", {"a": "1"}, "id = 1")],
}


@pytest.mark.parametrize("how", CANCELLING)
def test_what_two_statements_undo_together_was_written(db, how):
    def read(tx):
        for step in CANCELLING[how]:
            step(tx)

    assert not attempt(db, read, lambda o: o.update("t", {"a": "7"}, "id = 1"))


SNAPSHOTS = {
    "time": lambda tx: tx.sql("SELECT a FROM t AT (TIMESTAMP => TIMESTAMPTZ '2100-01-01 00:00:00Z')").fetchall(),
    "now": lambda tx: tx.sql("SELECT a FROM t AT (TIMESTAMP => now())").fetchall(),
    "later day": lambda tx: tx.scan("t", columns=["a"], at="2100-01-01").fetchall(),
    "no step back": lambda tx: tx.scan("t", columns=["a"], at="main~0").fetchall(),
}


@pytest.mark.parametrize("how", SNAPSHOTS)
@pytest.mark.parametrize("isolation", ["snapshot", "serializable"])
def test_points_of_the_own_branch_are_those_of_the_snapshot(db, how, isolation):
    read = SNAPSHOTS[how]
    with db.on("main") as somebody:
        with db.transaction(isolation=isolation) as tx:
            somebody.update("t", {"a": "7"})
            assert read(tx) == [(1,)] * 10
            assert tx.sql("SELECT count(*) FROM rhizo_log('main')").fetchone() == (3,)
    assert not attempt(db, read, lambda o: o.update("t", {"a": "8"}, "id = 5"))


def test_steps_back_are_counted_from_the_snapshot(db):
    db.update("t", {"a": "2"})
    with db.on("main") as somebody, db.transaction() as tx:
        somebody.update("t", {"a": "3"})
        assert set(tx.scan("t", columns=["a"], at="main~1").fetchall()) == {(1,)}
        assert set(tx.sql('SELECT a FROM t@"main~1"').fetchall()) == {(1,)}


@pytest.mark.parametrize(
    "read",
    [
        lambda tx: [str(each) for each in tx.diff("before")],
        lambda tx: [str(each) for each in tx.diff("before", "main")],
        lambda tx: [str(each) for each in tx.diff("main", "before")],
        lambda tx: tx.sql("SELECT sum(rows) FROM rhizo_segments('t')").fetchall(),
        lambda tx: tx.sql("SELECT max_by(rows, version) FROM rhizo_history('t')").fetchall(),
        lambda tx: tx.versions("t")[0].rows,
    ],
    ids=["diff", "diff to its branch", "diff from its branch", "segments", "history", "versions"],
)
def test_what_says_how_a_table_is_reads_it(db, read):
    db.tag("before")
    db.update("t", {"a": "2"}, "id = 1")
    assert not attempt(db, read, lambda o: o.append("t", {"id": [200], "a": [3], "b": [3]}))


@pytest.mark.parametrize("change", ["create", "drop", "rename"])
def test_conditions_count_also_where_no_row_was_written(db, change):
    db.write("u", {"x": [1]})
    with db.on("main") as somebody:
        tx = db.transaction(isolation="serializable")
        tx.sql("SELECT a FROM t WHERE id = 5").fetchall()
        if change == "create":
            tx.create_table("v", {"c": "BIGINT"})
        elif change == "drop":
            tx.drop_table("u")
        else:
            tx.rename_table("u", "v")
        somebody.update("t", {"a": "9"}, "id = 6")
        tx.commit()


@pytest.mark.parametrize("where", ["id IN (4, 5)", "id IN (1, 5)", "id IN (1, 2, 5)", "id = 1 OR id = 5"])
def test_conditions_count_also_behind_own_writes_to_other_tables(db, where):
    def read(tx):
        tx.append("log", {"n": [7]})
        tx.sql(f"SELECT a FROM t WHERE {where}").fetchall()

    assert attempt(db, read, lambda o: o.update("t", {"a": "9"}, "id = 6"))
    assert not attempt(db, read, lambda o: o.update("t", {"a": "9"}, "id = 5"))
    assert not attempt(db, read, lambda o: o.delete("t", "id = 5"))


def test_texts_that_a_list_names_are_a_condition(db):
    db.alter("t", add={"s": "VARCHAR"})
    db.update("t", {"s": "'x' || id"})
    read = lambda tx: tx.sql("SELECT a FROM t WHERE s IN ('x1', 'x5', 'y')").fetchall()  # noqa: E731
    assert attempt(db, read, lambda o: o.update("t", {"a": "9"}, "id = 6"))
    assert not attempt(db, read, lambda o: o.update("t", {"s": "'y'"}, "id = 6"))


def test_a_condition_that_fails_on_a_changed_row_counts_as_seen(db):
    db.alter("t", add={"s": "VARCHAR"})
    db.update("t", {"s": "'x' || id"})
    read = lambda tx: tx.sql("SELECT id FROM t WHERE substr(s, 2)::INT = 5").fetchall()  # noqa: E731
    assert not attempt(db, read, lambda o: o.update("t", {"s": "'xyz'"}, "id = 3"))


@pytest.mark.parametrize(
    "other",
    [
        lambda o: o.alter("t", default={"b": 7}),
        lambda o: o.alter("t", rename={"b": "c"}),
        lambda o: o.alter("t", drop="b"),
        lambda o: o.set_merge_rules("t", {"b": "max"}),
    ],
    ids=["default", "rename", "drop", "rule"],
)
def test_who_writes_rows_goes_by_the_columns_that_there_were(db, other):
    assert not attempt(db, lambda tx: tx.append("t", {"id": [77], "a": [1]}), other)


@pytest.mark.parametrize(
    "where, value",
    [
        ("a IS NULL OR a = 1", "NULL"),
        ("coalesce(a, 1) = 1", "NULL"),
        ("CASE WHEN a > 100 THEN true ELSE a = 1 END", "200"),
        ("abs(a) = 1", "-1"),
        ("a IS NULL OR a <> 3", "NULL"),
    ],
)
@pytest.mark.parametrize("how", ["sql", "scan", "update"])
def test_conditions_count_for_values_that_the_snapshot_has_not(db, where, value, how):
    db.update("t", {"a": "3"}, "id >= 5")
    reads = {
        "sql": lambda tx: tx.sql(f"SELECT count(*) FROM t WHERE {where}").fetchone(),
        "scan": lambda tx: tx.scan("t", columns=["id"], where=where).fetchall(),
        "update": lambda tx: tx.update("t", {"b": "b"}, where),
    }
    assert not attempt(db, reads[how], lambda o: o.update("t", {"a": value}, "id = 7"))
    assert not attempt(db, reads[how], lambda o: o.append("t", {"id": [77], "a": [None], "b": [1]}) if value == "NULL" else
                       o.update("t", {"a": value}, "id = 8"))


def test_cells_that_an_upsert_found_as_they_should_be_were_read(db):
    assert not attempt(db, lambda tx: tx.upsert("t", {"id": [1], "a": [7], "b": [1]}), lambda o: o.update("t", {"b": "9"}, "id = 1"))
    assert attempt(db, lambda tx: tx.upsert("t", {"id": [2], "a": [7]}), lambda o: o.update("t", {"b": "9"}, "id = 2"))
    assert attempt(db, lambda tx: tx.upsert("t", {"id": [90], "a": [7], "b": [1]}), lambda o: o.update("t", {"b": "9"}, "id = 3"))


@pytest.mark.parametrize(
    "steps",
    [
        [lambda tx: tx.alter("t", add_check="a < 5"), lambda tx: tx.alter("t", drop_check="a < 5")],
        [lambda tx: tx.alter("t", not_null="a"), lambda tx: tx.alter("t", nullable="a")],
        [lambda tx: tx.set_key("t", ["id", "a"]), lambda tx: tx.set_key("t", "id")],
    ],
    ids=["check", "not null", "key"],
)
def test_what_held_when_it_was_asked_was_read_also_if_it_is_asked_no_more(db, steps):
    def read(tx):
        for step in steps:
            step(tx)

    assert not attempt(db, read, lambda o: o.update("t", {"a": "9"}, "id = 2"))


def test_two_who_append_frames_do_not_meet(db):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": [50], "a": [1], "b": [1]})
    assert attempt(db, lambda tx: tx.append("t", frame), lambda o: o.append("t", {"id": [51], "a": [1], "b": [1]}))
    attributes = frame.assign(id=[60]).set_index(pandas.Index([5]))
    assert attempt(db, lambda tx: tx.sql("SELECT a FROM t WHERE id = 5").fetchall(), lambda o: o.append("t", attributes))
