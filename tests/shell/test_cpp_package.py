"""The installed CMake package: what it exports, and a program of its own that uses it."""

import os
import re
import shutil
import subprocess

import pytest

from conftest import BIN, ROOT

BUILD = BIN.parents[1]


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    if not (BUILD / "CMakeCache.txt").exists():
        pytest.skip("the executable does not come from a build tree")
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", prefix)
    return prefix


def libraries(prefix):
    return next(path.parent for path in prefix.rglob("librhizo.so"))


def test_everything_a_user_needs_is_installed(prefix):
    names = {path.name for path in prefix.rglob("*")}
    assert {"rhizo", "librhizo.so", "librhizo.so.0", "libduckdb.so", "rhizo.h", "session.h", "rhizoConfig.cmake",
            "rhizoConfigVersion.cmake", "LICENSE", "NOTICE", "licenses", "duckdb", "nanoarrow", "lz4", "flatcc"} <= names
    assert not [path for path in (prefix / "include").rglob("*") if path.is_file() and path.parent.name != "rhizo"]


def test_the_library_has_a_soname_and_shows_only_what_is_ours(prefix):
    library = libraries(prefix) / "librhizo.so"
    assert re.search(r"SONAME.*librhizo\.so\.0", run("readelf", "-d", library))
    shown = run("nm", "-D", "--defined-only", "-C", library)
    foreign = [line for line in shown.splitlines() if "rhizo::" not in line]
    assert foreign == []
    assert "rhizo::Database::Open" in shown


def test_public_headers_stand_alone(prefix, tmp_path):
    for header in sorted((prefix / "include/rhizo").glob("*.h")):
        source = tmp_path / "one.cc"
        source.write_text(f"#include <rhizo/{header.name}>\n")
        run("c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", prefix / "include", source)


def test_the_example_builds_and_runs_against_the_installed_package(prefix, tmp_path):
    shutil.copytree(ROOT / "examples/cpp", tmp_path / "example")
    env = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    run("cmake", "-S", tmp_path / "example", "-B", tmp_path / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", env=env)
    run("cmake", "--build", tmp_path / "build", env=env)
    out = run(tmp_path / "build/stock", tmp_path / "db", env=env)
    assert out == "committed 2 tables, 2 and 1 rows\non autumn, fruit is version 2\napple 10 25\n"


def test_the_installed_executable_finds_its_libraries(prefix, tmp_path):
    executable = next(path for path in prefix.rglob("rhizo") if path.is_file())
    run(executable, "init", tmp_path / "db")
    assert "42" in run(executable, "sql", tmp_path / "db", "SELECT 42 AS n")
    linked = run("ldd", executable)
    assert "not found" not in linked
    assert str(BUILD) not in linked and ".deps" not in linked
