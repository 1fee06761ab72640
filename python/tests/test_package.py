"""The package itself: examples run, types check, optional libraries are optional."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import rhizo

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "python" / "rhizo").glob("*.py"))
MODULES = ["rhizo", *(f"rhizo.{source.stem}" for source in SOURCES if source.stem != "__init__")]


def all_examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name))]
    return [test for test in found if test.examples]


@pytest.mark.parametrize("example", all_examples(), ids=lambda example: example.name)
def test_the_example_of(example: doctest.DocTest, db: rhizo.Database, tmp_path: Path) -> None:
    example.globs.update(db=db, rhizo=rhizo, tmp_path=tmp_path)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(example)
    assert runner.failures == 0


@pytest.mark.parametrize("cls", [rhizo.Database, rhizo.Session, rhizo.Transaction, rhizo.Result])
def test_every_public_method_says_what_it_does_with_an_example(cls: type) -> None:
    for name in dir(cls):
        if name.startswith("_"):
            continue
        text = getattr(cls, name).__doc__ or ""
        assert text.strip(), f"{cls.__name__}.{name} has no docstring"
        assert ">>>" in text or not callable(getattr(cls, name)), f"{cls.__name__}.{name} has no example"


def test_the_code_of_the_python_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "python.md").read_text()
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) > 10
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"docs/python.md, block {number}", "exec"), names)


def test_types_check(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    user = tmp_path / "user.py"
    user.write_text(
        textwrap.dedent(
            """
            import rhizo
            with rhizo.open("x") as db:
                rows: list[tuple[object, ...]] = db.sql("SELECT 1", [1]).fetchall()
                version: int = db.write("t", {"n": [1]}).version
                with db.transaction(message="m") as tx:
                    tx.append("t", {"n": [2]}, schema="evolve")
                name: str = db.branches()[0].name
                answer: int = db.retry(lambda tx: tx.read("t").row_count)
            """
        )
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml")]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python")}
    done = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache"), str(ROOT / "python" / "rhizo"), str(user)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr


BLOCKED = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"pyarrow", "pandas", "polars", "numpy"}:
            raise ImportError(name)
sys.meta_path.insert(0, Block())
import rhizo
"""


def test_everything_else_works_without_pyarrow_pandas_and_polars(tmp_path: Path) -> None:
    script = BLOCKED + textwrap.dedent(
        f"""
        open({str(tmp_path / "users.csv")!r}, "w").write("id,name\\n1,Ada\\n2,Bob\\n")
        with rhizo.open({str(tmp_path / "db")!r}) as db:
            db.import_files("users", {str(tmp_path / "users.csv")!r})
            assert db.sql("SELECT name FROM users WHERE id = ?", [2]).fetchall() == [("Bob",)]
            assert db.read("users").to_dict() == {{"id": [1, 2], "name": ["Ada", "Bob"]}}
            db.create_table("t", {{"n": int}})
            db.append("t", db.sql("SELECT 1::BIGINT AS n"))
            assert "2 rows" in repr(db.read("users"))
            for method in ("to_arrow", "to_pandas", "to_polars"):
                try:
                    getattr(db.read("users"), method)()
                except rhizo.UnsupportedError as error:
                    assert "pip install" in str(error), error
                else:
                    raise AssertionError(method)
            try:
                db.write("x", {{"n": [1]}})
            except rhizo.UnsupportedError as error:
                assert "pip install pyarrow" in str(error)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_duckdb_of_the_user_lives_beside_ours(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    for order in ("import rhizo, duckdb", "import duckdb, rhizo"):
        script = order + textwrap.dedent(
            f"""
            with rhizo.open({str(tmp_path / order[7:11])!r}) as db:
                db.write("t", {{"n": [1, 2]}})
                users = db.sql("SELECT n FROM t")
                assert duckdb.sql("SELECT sum(n) FROM users").fetchall() == [(3,)]
                db.write("u", duckdb.sql("SELECT 5 AS n"))
                assert db.read("u").fetchall() == [(5,)]
            """
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_version_is_that_of_the_library() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", rhizo.__version__)
    assert f'version = "{rhizo.__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_nothing_of_later_work_exists_yet(db: rhizo.Database) -> None:
    for name in ("subscribe", "gc", "blame", "backup"):
        assert not hasattr(db, name), name
    assert not hasattr(rhizo, "connect")
