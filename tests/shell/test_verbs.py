"""Every verb does what it says, for people and for programs."""

import re


def test_init_makes_a_database_once(rhizo):
    assert "made a database" in rhizo("init", "db")
    assert rhizo.error("init", "db")["code"] == "already_exists"
    assert rhizo("tables", "db").splitlines()[0].startswith("table")


def test_import_makes_a_table_and_a_second_one_its_next_version(people):
    assert "version 2" in people("import", "db", "people", "more.csv")
    assert people.rows("db", "SELECT count(*) AS n FROM people") == [{"n": 1}]
    assert people.rows("db", "SELECT count(*) AS n FROM people VERSION 1") == [{"n": 3}]


def test_importing_the_same_rows_again_changes_nothing(people):
    assert "unchanged" in people("import", "db", "people", "people.csv")
    assert people.json("info", "db", "people")["table"]["version"] == 1


def test_import_append_puts_rows_behind(people):
    assert "1 rows in" in people("import", "db", "people", "more.csv", "--append")
    assert [row["id"] for row in people.rows("db", "FROM people")] == [1, 2, 3, 4]


def test_append_to_a_table_that_is_not_there_fails(people):
    error = people.error("import", "db", "peple", "more.csv", "--append")
    assert error["code"] == "table_not_found"
    assert "people" in error["message"]


def test_tables_and_info_describe(people):
    assert re.search(r"people +1 +3 +3 ", people("tables", "db"))
    text = people("info", "db", "people")
    assert "rows:     3" in text and re.search(r"score +DOUBLE", text)
    assert "tables:   1" in people("info", "db")


def test_versions_are_listed_newest_first(people):
    people("import", "db", "people", "more.csv", "--append", "-m", "one more")
    lines = people("versions", "db", "people").splitlines()
    assert "one more" in lines[1] and "three people" in lines[2]


def test_log_and_show_tell_what_happened(people):
    text = people("log", "db", "-n", "1")
    assert "three people" in text and "people: create, version 1, +3 rows" in text
    assert people("show", "db", "main") == text
    assert "three people" in people("log", "db", "--oneline").splitlines()[0]
    assert people("log", "db", "--table", "nobody") == ""


def test_log_records_the_author(people):
    people("import", "db", "people", "more.csv", "--author", "Ada")
    assert people.json("show", "db")["commit"]["author"] == "Ada"


def test_branches_come_and_go(people):
    assert "created" in people("branch", "create", "db", "what-if")
    people("import", "db", "people", "more.csv", "--append", "--branch", "what-if")
    assert people.rows("db", "SELECT count(*) AS n FROM people@\"what-if\"") == [{"n": 4}]
    assert people.rows("db", "SELECT count(*) AS n FROM people") == [{"n": 3}]
    assert "what-if" in people("branch", "list", "db")
    people("branch", "rename", "db", "what-if", "idea")
    people("branch", "delete", "db", "idea")
    assert "idea" not in people("branch", "list", "db")
    people("branch", "undelete", "db", "idea")
    assert people.rows("db", "SELECT count(*) AS n FROM people", env={"RHIZO_BRANCH": "idea"}) == [{"n": 4}]


def test_a_branch_can_be_protected_and_expire(people):
    people("branch", "create", "db", "kept", "--protected")
    assert people.run("branch", "delete", "db", "kept", code=1).stderr.startswith("error:")
    people("branch", "protect", "db", "kept", "--off")
    people("branch", "expire", "db", "kept", "2099-01-31")
    branches = {branch["name"]: branch for branch in people.json("branch", "list", "db")["branches"]}
    assert branches["kept"]["expires"] == "2099-01-31T00:00:00.000000Z" and not branches["kept"]["protected"]
    people("branch", "delete", "db", "kept")


def test_tags_name_commits(people):
    people("tag", "create", "db", "v1")
    people("import", "db", "people", "more.csv")
    assert len(people.rows("db", "FROM people@v1")) == 3
    assert len(people.json("sql", "db", "FROM people", "--at", "v1")["rows"]) == 3
    assert "v1" in people("tag", "list", "db")
    assert people.error("tag", "create", "db", "v1")["code"] == "already_exists"
    people("tag", "delete", "db", "v1")
    assert people.error("sql", "db", "FROM people@v1")["code"] == "branch_not_found"


def test_merge_forwards_or_brings_both_sides_together(people):
    people("branch", "create", "db", "next")
    people("import", "db", "people", "more.csv", "--append", "--branch", "next")
    assert "can be forwarded" in people("merge", "db", "next", "--dry-run")
    assert "forwarded" in people("merge", "db", "next")
    assert "already" in people("merge", "db", "next")
    people("import", "db", "people", "more.csv", "--append", "--branch", "next")
    people("import", "db", "other", "more.csv")
    merged = people.json("merge", "db", "next")["merge"]
    assert merged["changed"] and not merged["fast_forward"] and merged["tables"] == []
    assert len(people.rows("db", "FROM people")) == 5


def test_merge_conflicts_end_with_3_and_are_shown(people):
    people("branch", "create", "db", "next")
    people("import", "db", "people", "people.csv", "--branch", "next")
    people("import", "db", "people", "more.csv", "--branch", "next")
    people("import", "db", "people", "more.csv", "--append")
    error = people.error("merge", "db", "next", code=3)
    assert error["code"] == "merge_conflict" and error["fields"]["tables"] == "people"
    assert "1 conflicts" in people("merge", "db", "next", "--dry-run")
    (conflict,) = people.json("conflicts", "db", "next", "people")["rows"]
    assert conflict["_reason"] == "schema" and "replaced" in conflict["_problem"]
    people("merge", "db", "next", "--strategy", "theirs", "-m", "take theirs")
    assert "take theirs" in people("log", "db")


def test_conflicts_are_settled_over_several_commands(people):
    people("branch", "create", "db", "next")
    (people.directory / "theirs.csv").write_text("id,name,score\n1,Ada,30\n2,Grace,20\n3,Emmy,4.25\n")
    (people.directory / "ours.csv").write_text("id,name,score\n1,Ada,3\n2,Grace,2\n3,Emmy,4.25\n")
    people("import", "db", "people", "theirs.csv", "--branch", "next")
    people("import", "db", "people", "ours.csv")
    head = people.json("show", "db")["commit"]["id"]
    assert people.error("merge", "db", "next", code=3)["code"] == "merge_conflict"
    assert "2 conflicts" in people("merge", "db")
    assert len(people.json("conflicts", "db", "people")["rows"]) == 2
    chosen = "SELECT _row_id, our_score + their_score AS score FROM conflicts WHERE our_name = 'Ada'"
    assert "1 conflicts" in people("resolve", "db", "people", "--sql", chosen)
    assert people.error("merge", "db", "--continue", code=3)["fields"]["conflicts"] == "1"
    assert people.error("merge", "db", "next")["code"] == "invalid_argument"
    assert "1 conflicts" in people("resolve", "db", "people", "--sql", chosen)
    nothing = "SELECT 1 AS nothing FROM conflicts"
    assert people.error("resolve", "db", "people", "--sql", nothing)["code"] == "schema"
    people("resolve", "db", "people", "--theirs")
    assert people.json("show", "db")["commit"]["id"] == head
    people("merge", "db", "--continue", "-m", "settled")
    assert people.json("show", "db")["commit"]["message"] == "settled"
    assert [row["score"] for row in people.rows("db", "SELECT score FROM people ORDER BY id")] == [33.0, 20.0, 4.25]
    assert "no merge is in progress" in people.error("merge", "db", "--continue")["message"]
    assert people.error("merge", "db", "--abort")["code"] == "invalid_argument"


def test_a_merge_in_progress_is_forgotten_by_abort_and_refused_on_a_branch_that_moved(people):
    people("branch", "create", "db", "next")
    (people.directory / "theirs.csv").write_text("id,name,score\n1,Ada,30\n2,Grace,\n3,Emmy,4.25\n")
    (people.directory / "ours.csv").write_text("id,name,score\n1,Ada,3\n2,Grace,\n3,Emmy,4.25\n")
    people("import", "db", "people", "theirs.csv", "--branch", "next")
    people("import", "db", "people", "ours.csv")
    people.error("merge", "db", "next", code=3)
    people("resolve", "db", "people", "--ours")
    people("import", "db", "other", "more.csv")
    assert "has moved" in people.error("merge", "db", "--continue", code=3)["message"]
    people("merge", "db", "--abort")
    people.error("merge", "db", "next", code=3)
    kept = next((people.directory / "db" / "merging").glob("*.json"))
    kept.write_text("{")
    assert people.error("merge", "db", "--continue")["code"] == "corruption"
    people("merge", "db", "--abort")
    people("merge", "db", "next", "--strategy", "ours")


def test_commits_are_reverted_picked_rebased_and_branches_reset(people):
    people("import", "db", "people", "more.csv", "--append")
    people("branch", "create", "db", "next")
    moved = people.json("revert", "db", "main")["move"]
    assert moved["changed"] and len(people.rows("db", "FROM people")) == 3
    assert "revert" in people("log", "db")
    people("import", "db", "other", "more.csv", "--branch", "next")
    people("cherry-pick", "db", "next", "-m", "picked")
    assert people.json("show", "db")["commit"]["picked_from"] == people.json("show", "db", "next")["commit"]["id"]
    assert "is at commit" in people("rebase", "db", "main", "--branch", "next")
    assert "nothing to do" in people("rebase", "db", "main", "--branch", "next")
    people("reset", "db", moved["before"])
    assert len(people.rows("db", "FROM people")) > 3
    assert people.error("revert", "db", "nowhere", code=1)["code"] == "branch_not_found"


def test_resolve_tells_whether_a_transaction_landed(people):
    txn_id = people.json("show", "db")["commit"]["txn_id"]
    assert people.json("resolve", "db", txn_id)["resolution"]["outcome"] == "committed"
    assert people.json("resolve", "db", "0" * 32)["resolution"]["outcome"] == "not_landed"
    assert "safe to do it again" in people("resolve", "db", "0" * 32)


def test_reflog_shows_where_refs_pointed(people):
    entries = people.json("reflog", "db", "main")["reflog"]
    assert entries[0]["new_commit"] == people.json("show", "db")["commit"]["id"]
    assert "main" in people("reflog", "db")


def test_verify_and_stats_look_at_everything(people):
    assert "everything is as it was written" in people("verify", "db")
    assert people.json("stats", "db")["stats"]["tables"] == 1
    assert "with 3 rows" in people("stats", "db")


def test_drop_keeps_history_and_rename_keeps_rows(people):
    people("rename", "db", "people", "persons")
    assert len(people.rows("db", "FROM persons")) == 3
    people("drop", "db", "persons")
    assert people.error("info", "db", "persons")["code"] == "table_not_found"
    people("drop", "db", "persons", "--if-exists")
    assert len(people.json("sql", "db", "FROM persons", "--at", "main~1")["rows"]) == 3


def test_verify_finds_a_flipped_bit(people, big_csv):
    people("import", "db", "big", big_csv)
    objects = [path for path in (people.directory / "db").rglob("*") if path.is_file() and "rhizo.db" not in path.name]
    objects.sort(key=lambda path: path.stat().st_size)
    data = bytearray(objects[-1].read_bytes())
    data[len(data) // 2] ^= 1
    objects[-1].chmod(0o644)
    objects[-1].write_bytes(data)
    done = people.run("verify", "db", "--json", code=1)
    assert '"ok":false' in done.stdout and '"big (commit' in done.stdout
    assert people.run("verify", "db", code=1).stderr.startswith("error:")


def test_a_long_log_is_printed_as_it_is_read_in_the_same_order(rhizo):
    rhizo("init", "db")
    (rhizo.directory / "n.csv").write_text("n\n1\n")
    for number in range(150):
        rhizo("import", "db", f"t{number % 2}", "n.csv", "--append" if number > 1 else "--schema=keep", "-m", f"number {number}")
    commits = rhizo.json("log", "db")["commits"]
    assert [commit["message"] for commit in commits[:150]] == [f"number {number}" for number in reversed(range(150))]
    assert len({commit["id"] for commit in commits}) == len(commits) == 151
    assert len(rhizo("log", "db", "--oneline").splitlines()) == 151
    for limit in (1, 63, 64, 65, 150, 151, 400):
        assert rhizo.json("log", "db", "-n", limit)["commits"] == commits[:limit]
    odd = [commit["message"] for commit in rhizo.json("log", "db", "--table", "t1")["commits"]]
    assert odd == [f"number {number}" for number in reversed(range(1, 150, 2))]
    assert rhizo.json("log", "db", "main~100")["commits"][0]["message"] == "number 49"
    assert rhizo.json("log", "db", "--table", "nobody")["commits"] == []


def test_a_log_of_nothing_is_an_error_before_anything_is_printed(people):
    done = people.run("log", "db", "nowhere", "--json", code=1)
    assert done.stdout == "" and '"code"' in done.stderr


def test_info_of_a_database_is_that_of_the_place_asked_for(people):
    first = people.json("show", "db")["commit"]["id"]
    people("import", "db", "more", "more.csv")
    assert people.json("info", "db", "--at", first)["database"]["tables"] == ["people"]
    assert people.json("info", "db", "--at", first)["database"]["head"]["id"] == first
    assert people.json("info", "db")["database"]["tables"] == ["more", "people"]
    assert "nope" in people.error("info", "db", "--at", "nope")["message"]


def test_diff_shows_what_came_went_and_changed(people):
    (people.directory / "people.csv").write_text("id,name,score\n1,Ada,3.5\n2,Grace,4.0\n9,Zoe,1.0\n")
    people("import", "db", "people", "people.csv")
    lines = people("diff", "db", "1", "2", "--table", "people").splitlines()
    assert lines[0].startswith("people: change, +1 ~")
    assert any(line.startswith("+ id=9, name=Zoe") for line in lines)
    assert any(line.startswith("~ id=2") and " -> " in line for line in lines)
    assert any(line.startswith("- id=3") for line in lines)
    assert people("diff", "db", "main~1", "--stat").splitlines() == lines[:1]
    assert len(people("diff", "db", "main~1", "-n", "1").splitlines()) == 2
    assert people("diff", "db", "main", "main") == "no difference\n"
    assert people.error("diff", "db", "nowhere")["code"] == "branch_not_found"
    kinds = [change["_change_type"] for change in people.json("diff", "db", "main~1")["diff"][0]["changes"]]
    assert sorted(kinds) == ["delete", "insert", "update_postimage", "update_preimage"]
