"""Where databases lie and who reads them."""

import os
import shutil
import stat
import subprocess

import pytest

from conftest import BIG_ROWS, BIN, environment

NAMES = ["Ünïcødé Ελλάδα Москва 日本語 " + "x" * 30, "sales 2026-01", "a;b'c", "SELECT"]


def test_names_of_four_scripts_work_everywhere(people):
    for name in NAMES:
        people("import", "db", name, "people.csv")
        assert people.json("info", "db", name)["table"]["name"] == name
        quoted = '"' + name + '"'
        assert people.rows("db", f"SELECT count(*) AS n FROM {quoted} VERSION 1") == [{"n": 3}]
    listed = people("tables", "db")
    assert all(name in listed for name in NAMES)
    people("branch", "create", "db", "испытание/日本")
    assert people.rows("db", 'SELECT count(*) AS n FROM people@"испытание/日本"') == [{"n": 3}]


def test_names_that_cannot_be_are_refused(people):
    for name in ["", "a/b/c", "..", ".hidden", "a:b", "a\nb", "x" * 300, "a?b", "tab\t"]:
        error = people.error("import", "db", name, "people.csv")
        assert error["code"] in ("invalid_name", "invalid_argument"), (name, error)
    assert people.error("import", "db", "PEOPLE2", "people.csv", "--branch", "no such")["code"] == "branch_not_found"


def test_a_closed_database_may_be_copied(people):
    shutil.copytree(people.directory / "db", people.directory / "copy")
    people("import", "db", "people", "more.csv")
    assert people.json("verify", "copy")["verify"]["ok"]
    assert len(people.rows("copy", "FROM people")) == 3
    people("import", "copy", "people", "more.csv", "--append")
    assert len(people.rows("copy", "FROM people")) == 4
    assert len(people.rows("db", "FROM people")) == 1


def test_umask_027_keeps_others_out_and_the_group_in(people, big_csv):
    command = f"umask 027; exec {BIN} import masked big big.csv"
    subprocess.run(["sh", "-c", command], cwd=people.directory, env=environment(people.directory), check=True, timeout=120)
    for path in (people.directory / "masked").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o007 == 0, path
        assert mode & 0o040, path
    assert people.json("verify", "masked")["verify"]["ok"]


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="switching to another user needs root")
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def opened_to_all(rhizo, mode):
    """The directories above are made passable, those of the database `mode`."""
    for path in [rhizo.directory, *rhizo.directory.parents]:
        if path.stat().st_uid == os.geteuid() and path != path.parent:
            path.chmod(path.stat().st_mode | 0o055)
    for path in [rhizo.directory / "db", *(rhizo.directory / "db").rglob("*")]:
        path.chmod(mode | 0o111 if path.is_dir() else mode)


@needs_root
def test_another_user_reads_a_directory_that_it_may_not_write(people):
    opened_to_all(people, 0o444)
    if subprocess.run([*AS_NOBODY, "test", "-x", BIN], check=False).returncode != 0:
        pytest.skip("the executable is not readable for others here")
    before = {path: path.stat().st_mtime_ns for path in (people.directory / "db").rglob("*")}
    assert len(people.json("sql", "db", "FROM people", prefix=AS_NOBODY)["rows"]) == 3
    people("log", "db", prefix=AS_NOBODY)
    people("tables", "db", prefix=AS_NOBODY)
    assert people.json("verify", "db", prefix=AS_NOBODY)["verify"]["ok"]
    error = people.error("import", "db", "people", "more.csv", prefix=AS_NOBODY)
    assert error["code"] == "read_only"
    assert {path: path.stat().st_mtime_ns for path in (people.directory / "db").rglob("*")} == before


@needs_root
def test_another_user_sees_what_is_written_meanwhile(people):
    opened_to_all(people, 0o444)
    if subprocess.run([*AS_NOBODY, "test", "-x", BIN], check=False).returncode != 0:
        pytest.skip("the executable is not readable for others here")
    people("import", "db", "people", "more.csv", "--append")
    for path in [people.directory / "db", *(people.directory / "db").rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert len(people.json("sql", "db", "FROM people", prefix=AS_NOBODY)["rows"]) == 4


def test_32_open_files_are_enough(people, big_csv):
    limited = ("sh", "-c", 'ulimit -n 32; exec "$@"', "sh")
    people("import", "db", "big", big_csv, prefix=limited)
    assert people.json("sql", "db", "SELECT count(*) AS n, sum(value) AS s FROM big", prefix=limited)["rows"][0]["n"] == BIG_ROWS
    assert people.json("verify", "db", prefix=limited)["verify"]["ok"]
    people("export", "db", "big", "out.parquet", prefix=limited)
    for i in range(40):
        (people.directory / f"part{i}.csv").write_text(f"n\n{i}\n")
    people("import", "db", "parts", *[f"part{i}.csv" for i in range(40)], prefix=limited)
    assert people.rows("db", "SELECT sum(n) AS s FROM parts") == [{"s": str(sum(range(40)))}]


@needs_root
def test_a_full_disk_is_a_typed_error_and_changes_nothing(people, big_csv):
    small = people.directory / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no tmpfs can be mounted here")
    try:
        people("import", "small/db", "people", "people.csv")
        error = people.error("import", "small/db", "big", big_csv)
        assert error["code"] == "disk_full", error
        assert len(people.rows("small/db", "FROM people")) == 3
        assert people.json("verify", "small/db")["verify"]["ok"]
    finally:
        subprocess.run(["umount", small], check=True)
