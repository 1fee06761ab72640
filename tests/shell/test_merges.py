"""Merges that are kept between commands: what was said is what is committed, whoever else is at work."""

import pytest

TABLES = ("t", "u")
ROWS = range(1, 5)


def put(rhizo, table, value, *arguments):
    (rhizo.directory / "rows.csv").write_text("id,name,a\n" + "".join(f"{row},row {row},{value}\n" for row in ROWS))
    rhizo("import", "db", table, "rows.csv", *arguments)


def values(rhizo, table):
    return [row["a"] for row in rhizo.rows("db", f"SELECT a FROM {table} ORDER BY id")]


def head(rhizo):
    return rhizo.json("show", "db")["commit"]["id"]


def kept(rhizo):
    return {path.name: path.read_bytes() for path in (rhizo.directory / "db" / "merging").iterdir()}


def said(value, row):
    return f"SELECT _row_id, {value} AS a FROM conflicts WHERE our_id = {row}"


@pytest.fixture
def merging(rhizo):
    """A merge of branch `side` in progress: two tables with four conflicts each, 5 here and 6 there."""
    rhizo("init", "db")
    for table in TABLES:
        put(rhizo, table, 1)
    rhizo("branch", "create", "db", "side")
    for table in TABLES:
        put(rhizo, table, 6, "--branch", "side")
        put(rhizo, table, 5)
    assert rhizo.error("merge", "db", "side", code=3)["fields"]["conflicts"] == "8"
    return rhizo


@pytest.mark.parametrize(
    "value", ["(SELECT max(a) FROM t@side)", "(SELECT max(a) FROM t@main) + 1", "(SELECT count(*) FROM u) + 2"]
)
def test_rows_that_a_query_made_are_what_is_committed_whatever_moved_since(merging, value):
    merging("resolve", "db", "t", "--sql", f"SELECT _row_id, CAST({value} AS BIGINT) AS a FROM conflicts")
    merging("resolve", "db", "u", "--theirs")
    for table in TABLES:
        put(merging, table, 1000, "--branch", "side")
    merging("merge", "db", "--continue")
    assert values(merging, "t") == values(merging, "u") == [6, 6, 6, 6]


def test_rows_that_a_query_chose_at_random_are_chosen_once(merging):
    for table in TABLES:
        query = "SELECT _row_id, 7 AS a FROM conflicts WHERE our_id = 1 OR random() < 0.5"
        merging("resolve", "db", table, "--sql", query)
    open_conflicts = {merging.run("merge", "db").stdout for _ in range(8)}
    assert len(open_conflicts) == 1


def test_rows_that_a_query_made_are_committed_after_the_branch_it_read_is_gone(merging):
    merging("resolve", "db", "t", "--sql", "SELECT _row_id, (SELECT max(a) FROM t@side) + 1 AS a FROM conflicts")
    merging("resolve", "db", "u", "--ours")
    merging("branch", "delete", "db", "side")
    merging("merge", "db", "--continue")
    assert values(merging, "t") == [7, 7, 7, 7] and values(merging, "u") == [5, 5, 5, 5]


@pytest.mark.parametrize("turn", range(3))
def test_conflicts_that_are_settled_at_once_are_all_settled(merging, turn):
    wanted = [(table, row, 10 * row + number) for number, table in enumerate(TABLES) for row in ROWS]
    processes = [merging.start("resolve", "db", table, "--sql", said(value, row)) for table, row, value in wanted]
    failed = []
    for process, what in zip(processes, wanted):
        process.communicate(timeout=120)
        if process.returncode != 0:
            failed.append(what)
    assert len(failed) < len(wanted)
    for table, row, value in failed:
        merging("resolve", "db", table, "--sql", said(value, row))
    merging("merge", "db", "--continue")
    for number, table in enumerate(TABLES):
        assert values(merging, table) == [10 * row + number for row in ROWS]


@pytest.mark.parametrize(
    "arguments",
    [["--continue", "--dry-run"], ["--abort", "--dry-run"], ["--continue", "--strategy", "theirs"],
     ["--abort", "--strategy", "theirs"]],
    ids=" ".join,
)
@pytest.mark.parametrize("settled", [False, True])
def test_options_that_say_nothing_of_a_merge_in_progress_are_wrong_usage(merging, settled, arguments):
    if settled:
        for table in TABLES:
            merging("resolve", "db", table, "--theirs")
    before, state = head(merging), kept(merging)
    merging.run("merge", "db", *arguments, code=2)
    assert head(merging) == before and kept(merging) == state
    assert values(merging, "t") == [5, 5, 5, 5]
    merging("merge", "db")


@pytest.mark.parametrize("length", [90, 130, 255])
def test_branches_of_any_length_merge(rhizo, length):
    branch = "b" * length
    put(rhizo, "t", 1)
    rhizo("branch", "create", "db", branch)
    put(rhizo, "t", 2, "--branch", branch)
    put(rhizo, "u", 3)
    rhizo("merge", "db", branch)
    assert values(rhizo, "t") == [2] * len(ROWS)


@pytest.mark.parametrize(
    "words", [["merge", "none"], ["merge", "none", "--continue"], ["merge", "none", "--abort"], ["conflicts", "none", "t"]]
)
def test_no_merge_is_looked_for_where_no_database_is(rhizo, words):
    assert "is not a Rhizo database" in rhizo.error(*words)["message"]
    assert not (rhizo.directory / "none").exists()


def diverge(rhizo):
    """A table whose four rows are 5 here and 6 on branch `side`."""
    rhizo("init", "db")
    put(rhizo, "t", 1)
    rhizo("branch", "create", "db", "side")
    put(rhizo, "t", 6, "--branch", "side")
    put(rhizo, "t", 5)


def test_a_table_that_contradicts_as_a_whole_is_settled_before_its_rows(rhizo):
    diverge(rhizo)
    rhizo("rename", "db", "t", "ours")
    rhizo("rename", "db", "t", "theirs", "--branch", "side")
    rhizo.error("merge", "db", "side", code=3)
    assert "schema" in rhizo("conflicts", "db", "ours")
    assert "4 conflicts" in rhizo("resolve", "db", "ours", "--ours", "--table-only")
    rhizo("resolve", "db", "ours", "--sql", said(7, 1))
    rhizo("resolve", "db", "ours", "--theirs")
    rhizo("merge", "db", "--continue")
    assert values(rhizo, "ours") == [7, 6, 6, 6]


def test_a_table_that_is_to_be_settled_without_saying_how_is_no_transaction(merging):
    for arguments in (["t"], ["t", "--table-only"]):
        assert "--ours, --theirs or --sql" in merging.error("resolve", "db", *arguments)["message"]


def test_what_a_strategy_decided_in_a_replay_is_told(rhizo):
    diverge(rhizo)
    (table,) = rhizo.json("cherry-pick", "db", "side", "--strategy", "theirs")["move"]["tables"]
    assert table["table"] == "t" and table["settled"] == 4
    assert "4 settled" in rhizo("revert", "db", "main~1", "--strategy", "ours")
