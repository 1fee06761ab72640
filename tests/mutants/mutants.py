"""Breaks the commit protocol and the merge law on purpose, a line at a time; each broken tree must make a test fail.

usage: mutants.py [--dir DIR] [--jobs N] [--list] [--deps DIR] [NAME ...]

Copies the tree to DIR (default build/mutants), builds the tests there, proves that they pass, then for
each mutant of commit.json and merge.json puts the broken line in, builds the tests that must see it, and
runs them until one fails. A mutant that no test sees is a survivor; so counts one whose line is gone or
that does not build, for it proves nothing any more. Exit code 1 if there is any.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS_FOR_A_TEST = 600
# A mutant that makes a test hang is killed; this much slower than without one is hanging.
PATIENCE = 10
LEAST_SECONDS = 30
# Random histories are the same in every run: who kills a mutant once kills it again.
SEED = "1"


class Unusable(Exception):
    """A mutant that says nothing about the tests."""


def run(command, **options):
    return subprocess.run(command, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **options)


def copy_tree(tree: pathlib.Path) -> None:
    """Copies what git knows; files that are equal keep their times, so that nothing is built twice."""
    names = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT).stdout
    wanted = {name for name in names.split("\0") if name and (ROOT / name).is_file()}
    for name in sorted(wanted):
        source, target = ROOT / name, tree / name
        if target.exists() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)
    for path in [*tree.rglob("*.cc"), *tree.rglob("*.h")]:
        if str(path.relative_to(tree)) not in wanted:
            path.unlink()
    if not (tree / ".venv").exists():
        (tree / ".venv").symlink_to(ROOT / ".venv")


def configure(tree: pathlib.Path, build: pathlib.Path, deps: pathlib.Path) -> None:
    environment = dict(os.environ, RHIZO_DUCKDB_DIR=os.environ.get("RHIZO_DUCKDB_DIR", str(deps / "duckdb")))
    done = run(
        ["cmake", "-S", str(tree), "-B", str(build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
         "-DCMAKE_CXX_FLAGS_RELEASE=-O1", "-DCMAKE_CXX_FLAGS=-w", "-DRHIZO_PYTHON=ON", "-DRHIZO_BENCH=OFF"],
        env=environment)
    if done.returncode != 0:
        sys.exit(done.stdout)


def build_targets(build: pathlib.Path, targets: list[str], jobs: int) -> str:
    """What the compiler said, if it failed."""
    done = run(["ninja", "-C", str(build), "-j", str(jobs), *targets])
    return "" if done.returncode == 0 else done.stdout[-3000:]


def command_of(build: pathlib.Path, test: str) -> list[str]:
    """`test` is TARGET or TARGET:FILTER of GoogleTest, or FILE.py or FILE.py:EXPRESSION of pytest."""
    name, _, only = test.partition(":")
    if name.endswith(".py"):
        order = [str(ROOT / ".venv" / "bin" / "python"), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", name]
        return order + (["-k", only] if only else [])
    return [str(build / "bin" / name)] + ([f"--gtest_filter={only}"] if only else [])


def passes(build: pathlib.Path, test: str, seconds: float) -> bool:
    environment = dict(os.environ, PYTHONPATH=str(build / "python"), RHIZO_TEST_SEED=SEED)
    # In a group of its own: what a test started goes with it.
    running = subprocess.Popen(command_of(build, test), cwd=build.parent / "tree", env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        return running.wait(timeout=seconds) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def target_of(test: str) -> str:
    name = test.partition(":")[0]
    return "rhizo_python" if name.endswith(".py") else name


def targets_of(mutants: list[dict]) -> list[str]:
    return sorted({target_of(test) for mutant in mutants for test in mutant["tests"]})


def broken(mutant: dict, whole: str) -> str:
    if whole.count(mutant["old"]) != 1:
        raise Unusable(f"its line is there {whole.count(mutant['old'])} times in {mutant['file']}")
    return whole.replace(mutant["old"], mutant["new"])


def killer_of(mutant: dict, build: pathlib.Path, jobs: int, durations: dict[str, float]) -> str:
    for test in mutant["tests"]:
        failure = build_targets(build, [target_of(test)], jobs)
        if failure:
            raise Unusable(f"it does not build:\n{failure}")
        if not passes(build, test, max(LEAST_SECONDS, PATIENCE * durations[test])):
            return test
    return ""


def try_mutant(mutant: dict, tree: pathlib.Path, build: pathlib.Path, jobs: int, durations: dict[str, float]) -> str:
    """Which test killed it, "" if none did."""
    path = tree / mutant["file"]
    whole = path.read_text(encoding="utf-8")
    path.write_text(broken(mutant, whole), encoding="utf-8")
    try:
        return killer_of(mutant, build, jobs, durations)
    finally:
        path.write_text(whole, encoding="utf-8")


def verdict_on(mutant: dict, tree: pathlib.Path, build: pathlib.Path, jobs: int,
               durations: dict[str, float]) -> tuple[bool, str]:
    try:
        killer = try_mutant(mutant, tree, build, jobs, durations)
    except Unusable as unusable:
        return False, f"UNUSABLE, {unusable}"
    return bool(killer), f"killed by {killer}" if killer else "SURVIVED"


def prove_tests_pass(mutants: list[dict], build: pathlib.Path) -> dict[str, float]:
    """How many seconds each takes."""
    durations = {}
    for test in sorted({test for mutant in mutants for test in mutant["tests"]}):
        start = time.monotonic()
        if not passes(build, test, SECONDS_FOR_A_TEST):
            sys.exit(f"{test} fails without any mutant")
        durations[test] = time.monotonic() - start
        print(f"passes: {test} ({durations[test]:.0f} s)", flush=True)
    return durations


def try_all(mutants: list[dict], tree: pathlib.Path, build: pathlib.Path, jobs: int,
            durations: dict[str, float]) -> int:
    """How many were killed. Mutants of one file stand together, so that less is built again."""
    killed = 0
    for mutant in sorted(mutants, key=lambda mutant: mutant["file"]):
        start = time.monotonic()
        dead, verdict = verdict_on(mutant, tree, build, jobs, durations)
        killed += dead
        print(f"rule {mutant['rule']:>4}  {mutant['name']}: {verdict} ({time.monotonic() - start:.0f} s)", flush=True)
    return killed


def read_mutants() -> list[dict]:
    """In merge.json rules are sections of docs/merge.md."""
    here = pathlib.Path(__file__).parent
    return [mutant for name in ("commit.json", "merge.json") for mutant in json.loads((here / name).read_text("utf-8"))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--dir", type=pathlib.Path, default=ROOT / "build" / "mutants")
    parser.add_argument("--deps", type=pathlib.Path, default=ROOT / ".deps")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    mutants = read_mutants()
    if arguments.names:
        mutants = [mutant for mutant in mutants if mutant["name"] in arguments.names]
    if arguments.list:
        print("\n".join(f"rule {mutant['rule']:>4}  {mutant['name']}" for mutant in mutants))
        return 0
    tree, build = arguments.dir / "tree", arguments.dir / "build"
    copy_tree(tree)
    configure(tree, build, arguments.deps)
    if failure := build_targets(build, targets_of(mutants), arguments.jobs):
        sys.exit(failure)
    durations = prove_tests_pass(mutants, build)
    killed = try_all(mutants, tree, build, arguments.jobs, durations)
    print(f"{killed} of {len(mutants)} mutants killed")
    return 0 if killed == len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main())
