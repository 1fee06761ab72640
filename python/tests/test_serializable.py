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
        lambda tx: tx.upsert("t", {"id": [3, 200], "a": [1, 3], "b": [1, 3]}),
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
    db.write("u", {"k": [1, 1, 1], "v": [1, 2, 3]})
    many = list(range(4000))
    db.write("t", {"id": many, "a": [1] * 4000, "b": [1] * 4000})
    join = "SELECT t.id, u.v FROM t JOIN u ON t.a = u.k"
    assert not attempt(db, lambda tx: tx.sql(join).fetchall(), lambda o: o.append("t", {"id": [9999], "a": [2], "b": [1]}))


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


def test_what_was_deleted_or_written_on_a_version_is_not_merged_by_rules(db):
    db.set_merge_rules("t", {"a": "add", "b": "max"}, delete_wins=True)
    assert not attempt(db, lambda tx: tx.delete("t", "id = 2"), lambda o: o.update("t", {"a": "a + 5"}, "id = 2"))
    version = db.info("t").version
    rows = db.read("t").to_dict()
    rows["a"][3] += 10
    write = lambda tx: tx.write("t", rows, base=version)  # noqa: E731
    assert not attempt(db, write, lambda o: o.update("t", {"a": "a + 1"}, "id = 3"))
    assert attempt(db, write, lambda o: o.update("t", {"a": "a + 1"}, "id = 4"))


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


@pytest.mark.parametrize("after_another_write", [False, True])
def test_of_an_upsert_only_the_rows_of_its_keys_were_read(db, after_another_write):
    def upsert(tx):
        if after_another_write:
            tx.update("t", {"b": "b + 1"}, "id = 5")
        tx.upsert("t", {"id": [1, 2, 90], "a": [7, 7, 7], "b": [1, 7, 7]})

    assert attempt(db, upsert, lambda o: o.upsert("t", {"id": [3, 91], "a": [8, 8], "b": [8, 8]}))
    assert attempt(db, upsert, lambda o: o.delete("t", "id = 4"))
    assert not attempt(db, upsert, lambda o: o.update("t", {"b": "9"}, "id = 1"))
    assert not attempt(db, upsert, lambda o: o.delete("t", "id = 2"))


def test_a_key_that_an_upsert_did_not_find_was_read_though_its_row_went_again(db):
    def come_and_go(tx):
        tx.upsert("t", {"id": [90], "a": [7]})
        tx.delete("t", "id = 90")

    assert not attempt(db, come_and_go, lambda o: o.append("t", {"id": [90], "a": [1], "b": [1]}))


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


@pytest.mark.parametrize(
    "step",
    [
        lambda tx: tx.set_key("t", "id"),
        lambda tx: tx.set_key("t", None),
        lambda tx: tx.alter("t", not_null="id"),
        lambda tx: tx.alter("t", add={"c": "INTEGER"}, default={"c": 1}, not_null="c"),
    ],
    ids=["the key it has", "no key", "NOT NULL already", "a new column"],
)
def test_what_asks_nothing_of_rows_read_none(db, step):
    assert attempt(db, step, lambda o: o.append("t", {"id": [50], "a": [5], "b": [5]}))


def test_a_column_that_could_not_be_widened_for_its_values_was_read(db):
    db.alter("t", add={"d": "DATE"})
    db.update("t", {"d": "DATE '300000-01-01'"}, "id = 3")

    def refused(tx):
        with pytest.raises(rhizo.SchemaError):
            tx.alter("t", widen={"d": "TIMESTAMP"})

    assert not attempt(db, refused, lambda o: o.update("t", {"d": "NULL"}, "id = 3"))


def test_a_write_based_on_the_own_branch_read_it(db):
    def write_back(tx):
        tx.write("t", {"id": list(range(10)), "a": [1] * 10, "b": [2] * 10}, base="main")

    assert not attempt(db, write_back, lambda o: o.update("t", {"a": "9"}, "id = 1"))


def test_of_a_key_with_a_default_an_upsert_reads_the_rows(db):
    db.create_table("u", {"u": "BIGINT", "k": "BIGINT", "a": "BIGINT", "b": "BIGINT"})
    db.alter("u", default={"k": 7}, not_null=["u", "k"])
    db.set_key("u", ["u", "k"])
    db.append("u", {"u": [1, 2], "k": [7, 7], "a": [0, 0], "b": [1, 1]})
    with db.on("main") as other, pytest.raises(rhizo.ConflictError), db.transaction(isolation="serializable") as tx:
        tx.upsert("u", {"u": [1], "a": [5], "b": [1]})
        other.update("u", {"b": "9"}, "u = 1")


def test_two_who_append_frames_do_not_meet(db):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": [50], "a": [1], "b": [1]})
    assert attempt(db, lambda tx: tx.append("t", frame), lambda o: o.append("t", {"id": [51], "a": [1], "b": [1]}))
    filtered = frame.assign(id=[55]).set_index(pandas.Index([5]))
    assert attempt(db, lambda tx: tx.append("t", filtered), lambda o: o.append("t", {"id": [56], "a": [1], "b": [1]}))
    attributes = frame.assign(id=[60]).set_index(pandas.Index([5]))
    assert attempt(db, lambda tx: tx.sql("SELECT a FROM t WHERE id = 5").fetchall(), lambda o: o.append("t", attributes))


def absent(tx, name):
    with pytest.raises(rhizo.TableNotFoundError):
        tx.read(name)


NAME_READS = {
    "read": lambda tx: absent(tx, "other"),
    "sql": lambda tx: pytest.raises(rhizo.TableNotFoundError, tx.sql, "SELECT * FROM Other"),
    "info": lambda tx: pytest.raises(rhizo.TableNotFoundError, tx.info, "other"),
    "update": lambda tx: pytest.raises(rhizo.TableNotFoundError, tx.update, "other", {"a": 1}),
    "drop": lambda tx: tx.drop_table("other", if_exists=True),
    "read at the own branch": lambda tx: pytest.raises(rhizo.TableNotFoundError, tx.read, "other", at="main"),
    "sql at the own branch": lambda tx: pytest.raises(rhizo.TableNotFoundError, tx.sql, "FROM other@main"),
    "diff": lambda tx: pytest.raises(
        rhizo.TableNotFoundError, lambda: tx.diff("main", "main", table="other").rows().fetchall()
    ),
    "conflicts": lambda tx: pytest.raises(
        rhizo.TableNotFoundError, tx.sql, "FROM rhizo_conflicts('main', 'main', 'other')"
    ),
}


@pytest.mark.parametrize("how", NAME_READS)
def test_a_table_that_was_looked_for_and_not_found_must_not_come(db, how):
    for create in (
        lambda o: o.write("other", {"a": [1]}),
        lambda o: o.rename_table("t", "OTHER"),
    ):
        with db.on("main") as other:
            tx = db.transaction(isolation="serializable")
            NAME_READS[how](tx)
            create(other)
            tx.append("log", {"n": [1]})
            with pytest.raises(rhizo.ConflictError, match="(?i)other") as caught:
                tx.commit()
            assert caught.value.retryable
            other.drop_table("other", if_exists=True)


def test_two_who_each_make_a_table_if_there_is_not_that_of_the_other_do_not_both_succeed(db):
    with db.on("main") as other:
        first, second = db.transaction(isolation="serializable"), other.transaction(isolation="serializable")
        absent(first, "b")
        absent(second, "a")
        first.write("a", {"pid": [1]})
        second.write("b", {"pid": [2]})
        first.commit()
        with pytest.raises(rhizo.ConflictError, match='"a"'):
            second.commit()


def test_a_table_that_was_there_when_it_was_to_be_made_must_stay(db):
    assert not attempt(db, lambda tx: tx.create_table("t", {"id": "BIGINT"}, if_not_exists=True), lambda o: o.drop_table("t"))


def test_tables_that_nobody_looked_for_may_come_and_go(db):
    with db.on("main") as other:
        for step in (lambda: other.write("new", {"a": [1]}), lambda: other.rename_table("new", "renamed"), lambda: other.drop_table("renamed")):
            tx = db.transaction(isolation="serializable")
            tx.read("t")
            absent(tx, "absent")
            step()
            tx.append("log", {"n": [1]})
            tx.commit()


@pytest.mark.parametrize(
    "change",
    [{"drop": "a"}, {"order": ["id"]}, {"add": {"c": "BIGINT"}}, {"widen": {"id": "HUGEINT"}}, {"rename": {"id": "key"}}],
    ids=str,
)
@pytest.mark.parametrize("key", ["BIGINT", "VARCHAR"])
def test_keys_of_an_upsert_were_read_also_where_the_columns_were_changed_before(db, key, change):
    if key == "VARCHAR" and "widen" in change:
        return
    db.create_table("u", {"a": "BIGINT", "id": key, "b": "BIGINT"}, key="id")
    db.append("u", {"a": [1000], "id": ["1"] if key == "VARCHAR" else [1], "b": [5]})
    with db.on("main") as other:
        tx = db.transaction(isolation="serializable")
        tx.alter("u", **change)
        tx.upsert("u", {change.get("rename", {}).get("id", "id"): ["1"] if key == "VARCHAR" else [1], "b": [5]})
        other.update("u", {"b": "9"})
        with pytest.raises(rhizo.ConflictError):
            tx.commit()


@pytest.mark.parametrize("here", ["", "main"])
def test_what_contradicts_between_the_own_branch_and_another_was_read(db, here):
    def read(tx):
        tx.sql(f"SELECT our_a, their_a FROM rhizo_conflicts('{here}', 'side', 't')").fetchall()

    db.create_branch("side")
    with db.on("side") as side:
        side.update("t", {"a": "9"}, "id = 1")
    assert not attempt(db, read, lambda o: o.update("t", {"a": "7"}, "id = 1"))


def test_who_hears_that_there_is_no_such_column_has_read_the_columns(db):
    def read(tx):
        with pytest.raises(rhizo.SchemaError):
            tx.scan("t", columns=["c"])

    assert attempt(db, read, lambda o: o.update("t", {"a": "7"}, "id = 1"))
    assert not attempt(db, read, lambda o: o.alter("t", add={"c": "INTEGER"}))
