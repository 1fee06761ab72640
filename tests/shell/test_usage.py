"""Arguments, exit codes, errors, colours."""

import json
import os
import pty
import subprocess

from conftest import BIN, environment


def test_exit_codes_tell_success_failure_and_wrong_usage(people):
    people.run("tables", "db", code=0)
    people.run("info", "db", "nobody", code=1)
    people.run("tables", code=2)
    people.run(code=2)
    people.run("diff", "db", code=2)
    people.run("tables", "db", "--frobnicate", code=2)
    people.run("import", "db", "t", "f.csv", "--format", "xlsx", code=2)


def test_a_verb_that_is_not_there_is_named(rhizo):
    for verb in ("diff", "conflicts", "revert", "changes", "gc", "frob"):
        assert verb in rhizo.run(verb, "db", code=2).stderr


def test_help_and_version_are_no_errors(rhizo):
    assert "import" in rhizo("--help")
    assert "--append" in rhizo("import", "--help")
    assert rhizo("--version").startswith("rhizo 0.1")


def test_the_database_is_an_argument_an_option_or_in_the_environment(people):
    expected = people("tables", "db")
    assert people("tables", "--db", "db") == expected
    assert people("--db", "db", "tables") == expected
    assert people("tables", env={"RHIZO_DB": "db"}) == expected
    assert "name" in people("info", "people", env={"RHIZO_DB": "db"})
    assert people("tables", "--db", "db", env={"RHIZO_DB": "elsewhere"}) == expected


def test_reading_verbs_never_create_anything(rhizo):
    (rhizo.directory / "empty").mkdir()
    for verb in (["tables"], ["log"], ["info"], ["verify"], ["stats"], ["sql"], ["reflog"], ["show"], ["export"], ["versions"]):
        more = {"sql": ["SELECT 1"], "export": ["t", "f.csv"], "versions": ["t"]}.get(verb[0], [])
        for place in ("nowhere", "empty"):
            rhizo.run(verb[0], place, *more, code=1)
    rhizo.run("drop", "nowhere", "t", code=1)
    rhizo.run("branch", "create", "nowhere", "b", code=1)
    assert sorted(os.listdir(rhizo.directory)) == ["empty"] and os.listdir(rhizo.directory / "empty") == []


def test_a_directory_of_other_files_is_no_database(rhizo):
    (rhizo.directory / "other").mkdir()
    (rhizo.directory / "other" / "thesis.txt").write_text("precious")
    error = rhizo.error("init", "other")
    assert error["code"] == "invalid_argument"
    assert os.listdir(rhizo.directory / "other") == ["thesis.txt"]


def test_errors_go_to_stderr_with_a_hint(people):
    done = people.run("info", "db", "peple", code=1)
    assert done.stdout == ""
    assert done.stderr.startswith('error: there is no table "peple"; did you mean "people"?\nhint: rhizo tables db')


def test_errors_are_json_for_programs(people):
    done = people.run("info", "db", "peple", "--json", code=1)
    assert done.stdout == ""
    error = json.loads(done.stderr)["error"]
    assert error["code"] == "table_not_found" and error["fields"] == {"table": "peple"} and not error["retryable"]
    assert json.loads(people.run("--json", code=2).stderr)["error"]["code"] == "invalid_argument"


def test_sql_errors_point_into_the_statement(people):
    done = people.run("sql", "db", "SELECT naem FROM people", code=1)
    assert "LINE 1: SELECT naem FROM people" in done.stderr and "^" in done.stderr


def test_names_cannot_drive_the_terminal(people):
    done = people.run("info", "db", "\x1b[31mred", code=1)
    assert "\x1b" not in done.stderr


def on_terminal(directory, *arguments, **env):
    """What a command writes to a terminal."""
    main, child = pty.openpty()
    process = subprocess.Popen([str(BIN), *arguments], stdin=child, stdout=child, stderr=child, cwd=directory,
                               env=environment(directory, **env))
    os.close(child)
    output = b""
    try:
        while chunk := os.read(main, 65536):
            output += chunk
    except OSError:
        pass
    os.close(main)
    process.wait(timeout=60)
    return output.decode()


def test_colours_only_on_a_terminal_and_never_with_no_color(people):
    assert "\x1b" not in people("log", "db")
    assert "\x1b[33mcommit" in on_terminal(people.directory, "log", "db")
    assert "\x1b" not in on_terminal(people.directory, "log", "db", NO_COLOR="1")
    assert "\x1b" not in on_terminal(people.directory, "log", "db", TERM="dumb")


def test_a_closed_pipe_is_no_crash(people):
    process = people.start("sql", "db", "SELECT * FROM range(5000000)")
    process.stdout.readline()
    process.stdout.close()
    process.stderr.close()
    assert process.wait(timeout=60) in (1, -13)
