"""Runs the real executable: build/release/bin/rhizo, or RHIZO_BIN."""

import json
import os
import pathlib
import random
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("RHIZO_BIN", ROOT / "build/release/bin/rhizo"))
SEED = int(os.environ.get("RHIZO_TEST_SEED", "20260131"))
BIG_ROWS = 1_500_000
SCALE = int(os.environ.get("RHIZO_TEST_SCALE", "1"))


def pytest_report_header():
    return f"rhizo: {BIN}, RHIZO_TEST_SEED={SEED}"


def environment(home, **more):
    env = {name: value for name, value in os.environ.items() if not name.startswith("RHIZO_")}
    env |= {"HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    env.pop("NO_COLOR", None)
    env.pop("XDG_STATE_HOME", None)
    return env | more


class Rhizo:
    """The executable, in a directory of its own."""

    def __init__(self, directory):
        self.directory = directory

    def run(self, *arguments, code=0, stdin=None, env=None, prefix=(), **more):
        command = [*prefix, str(BIN), *map(str, arguments)]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, cwd=self.directory,
            env=environment(self.directory, **(env or {})), timeout=120, **more,
        )
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def __call__(self, *arguments, **more):
        return self.run(*arguments, **more).stdout

    def json(self, *arguments, **more):
        document = json.loads(self.run(*arguments, "--json", **more).stdout)
        assert document["rhizo"] == 1
        return document

    def error(self, *arguments, code=1, **more):
        """The error of a command that must fail, as JSON."""
        done = self.run(*arguments, "--json", code=code, **more)
        document = json.loads(done.stderr)
        assert document["rhizo"] == 1
        return document["error"]

    def rows(self, database, statement, **more):
        return self.json("sql", database, statement, **more)["rows"]

    def start(self, *arguments, prefix=(), **more):
        return subprocess.Popen(
            [*prefix, str(BIN), *map(str, arguments)], cwd=self.directory, env=environment(self.directory),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more,
        )


@pytest.fixture
def rhizo(tmp_path):
    return Rhizo(tmp_path)


@pytest.fixture
def people(rhizo):
    """A database `db` with a table `people` of three rows in two versions."""
    (rhizo.directory / "people.csv").write_text("id,name,score\n1,Ada,3.5\n2,Grace,\n3,Emmy,4.25\n")
    (rhizo.directory / "more.csv").write_text("id,name,score\n4,Barbara,1.0\n")
    rhizo("init", "db")
    rhizo("import", "db", "people", "people.csv", "-m", "three people")
    return rhizo


@pytest.fixture(scope="session")
def big_rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "big.csv"
    generator = random.Random(SEED)
    with open(path, "w") as file:
        file.write("id,name,value\n")
        for start in range(0, BIG_ROWS, 10_000):
            file.write("".join(f"{i},name {i % 977},{generator.random()}\n" for i in range(start, start + 10_000)))
    return path


@pytest.fixture
def big_csv(rhizo, big_rows):
    """A file `big.csv` of BIG_ROWS rows, large enough that an import takes a while."""
    path = rhizo.directory / "big.csv"
    path.symlink_to(big_rows)
    return path
