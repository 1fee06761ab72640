"""Several processes, killed processes, interrupted ones."""

import random
import signal
import time

from conftest import BIG_ROWS, SCALE, SEED


def test_a_killed_import_leaves_a_sound_database(people, big_csv):
    generator = random.Random(SEED)
    started = time.monotonic()
    people("import", "scratch", "big", big_csv)
    whole = time.monotonic() - started
    landed = 0
    for _ in range(6 * SCALE):
        process = people.start("import", "db", "big", big_csv, "--append" if landed else "--format=csv")
        time.sleep(generator.random() * whole * 1.1)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        rows = 0
        if any(table["name"] == "big" for table in people.json("tables", "db")["tables"]):
            rows = people.rows("db", "SELECT count(*) AS n FROM big")[0]["n"]
        assert rows % BIG_ROWS == 0, SEED
        assert rows // BIG_ROWS - landed in (0, 1), SEED
        landed = rows // BIG_ROWS
        assert people.json("verify", "db")["verify"]["ok"], SEED
        assert len(people.rows("db", "FROM people")) == 3
    people("import", "db", "big", big_csv)
    assert people.rows("db", "SELECT count(*) AS n FROM big") == [{"n": BIG_ROWS}]


def test_processes_that_append_to_one_table_all_succeed(people):
    processes = [people.start("import", "db", "people", "more.csv", "--append") for _ in range(8)]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert people.rows("db", "SELECT count(*) AS n, count(DISTINCT id) AS d FROM people") == [{"n": 11, "d": 4}]
    versions = [version["version"] for version in people.json("versions", "db", "people")["versions"]]
    assert versions == list(range(9, 0, -1))


def test_two_processes_that_replace_one_table_do_not_mix_rows(people):
    (people.directory / "a.csv").write_text("id,name,score\n" + "1,a,1.5\n" * 1000)
    (people.directory / "b.csv").write_text("id,name,score\n" + "2,b,2.5\n" * 1000)
    processes = [people.start("import", "db", "people", name) for name in ("a.csv", "b.csv")]
    codes = []
    for process in processes:
        process.communicate(timeout=120)
        codes.append(process.returncode)
    assert codes in ([0, 0], [0, 3], [3, 0])
    assert people.rows("db", "SELECT count(*) AS n, count(DISTINCT id) AS d FROM people") == [{"n": 1000, "d": 1}]


def interrupted(process, number=signal.SIGINT):
    """Sends Ctrl-C once the process is at work, and tells how long it then took."""
    time.sleep(0.4)
    assert process.poll() is None, process.communicate()
    sent = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return time.monotonic() - sent, process.returncode, err


def test_ctrl_c_stops_an_import_and_changes_nothing(people, big_csv):
    seconds, code, err = interrupted(people.start("import", "db", "people", *[big_csv] * 40, "--schema", "replace"))
    assert code == 130 and "cancelled" in err
    assert seconds < 5  # promised: one second; machines that test are busy
    assert len(people.rows("db", "FROM people")) == 3
    assert people.json("verify", "db")["verify"]["ok"]


def test_ctrl_c_stops_a_query(people):
    statement = "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range + b.range = 17"
    seconds, code, err = interrupted(people.start("sql", "db", statement))
    assert code == 130 and seconds < 5


def test_ctrl_c_stops_an_export_and_leaves_no_file(people, big_csv):
    people("import", "db", "big", big_csv)
    for _ in range(5):
        people("import", "db", "big", big_csv, "--append")
    process = people.start("export", "db", "big", "out.csv")
    seconds, code, err = interrupted(process)
    assert code == 130 and seconds < 5
    assert not [path.name for path in people.directory.iterdir() if path.name.startswith(("out", ".rhizo"))]


def test_sigterm_stops_as_well(people, big_csv):
    seconds, code, err = interrupted(people.start("import", "db", "other", *[big_csv] * 40), signal.SIGTERM)
    assert code == 130 and seconds < 5
