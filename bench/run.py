"""Measures Rhizo beside other systems and writes docs/benchmarks.md.

usage: ./run bench [--quick] [--only SYSTEM] [--output FILE] [--list] [ROW ...]
  ROW          only these rows; the others keep their figures of earlier runs (bench/results.json), which
               the page shows with the machine that they come from
  --quick      everything tiny, to see that it runs; writes bench-data/quick.md instead
  --only NAME  only this system (may be said again); nothing is written
  --output F   writes F instead of docs/benchmarks.md, and F.json instead of results.json
  --list       names the rows
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Any

import report
from answers import differences
from environments import BENCH, DATA, ROOT, machine, python_of, revision, sync_counter, tpch
from rows import ROWS, Case, Row, tiny
from targets import verdicts

SECONDS_PER_PROCESS = 900


class Failed(Exception):
    """A process of a measure failed; the message is what its last line said."""


class Run:
    """One call of ./run bench: its folder, and the databases made so far in it."""

    def __init__(self, folder: pathlib.Path, quick: bool) -> None:
        self.folder = folder
        self.scale = 0.01 if quick else 1.0
        self.prepared: dict[str, pathlib.Path | Failed] = {}

    def call(self, case: Case, measure: str, folder: pathlib.Path, arguments: dict[str, Any],
             variables: dict[str, str]) -> dict[str, list[float]]:
        order = [python_of(case.system), str(BENCH / "worker.py"), case.system, measure, str(folder)]
        try:
            done = subprocess.run([*order, json.dumps(arguments)], capture_output=True, text=True,
                                  timeout=SECONDS_PER_PROCESS, env=os.environ | variables)
        except subprocess.TimeoutExpired:
            raise Failed(f"{measure} took more than {SECONDS_PER_PROCESS} s") from None
        if done.returncode != 0:
            raise Failed(self.reason(done.stderr, done.returncode))
        figures: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
        return figures

    def reason(self, text: str, code: int) -> str:
        """The line that tells what was raised, without the folders of this machine."""
        lines = [line for line in text.strip().splitlines() if line and not line.startswith(" ")]
        told = next((line for line in reversed(lines) if "Error" in line or "Exception" in line), "")
        words = told or (lines[-1] if lines else f"exit code {code}")
        return words.replace(str(self.folder), "").replace(str(ROOT), "")[:240]

    def resolved(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return arguments | {"data": tpch(self.scale)} if arguments.get("data") == "tpch" else dict(arguments)

    def database(self, row: Row, case: Case, arguments: dict[str, Any]) -> pathlib.Path:
        """The database a row starts from: made once in a run, not durably, and shared."""
        takes = {key: arguments[key] for key in row.prepare_takes}
        key = f"{case.system}-{row.prepare}-" + "-".join(pathlib.Path(str(value)).name for value in takes.values())
        if key not in self.prepared:
            self.prepared[key] = self.prepare(row, case, takes, self.folder / key)
        found = self.prepared[key]
        if isinstance(found, Failed):
            raise found
        return found

    def prepare(self, row: Row, case: Case, takes: dict[str, Any], folder: pathlib.Path) -> pathlib.Path | Failed:
        started = time.monotonic()
        try:
            self.call(case, row.prepare, folder, takes | {"durable": False}, {})
        except Failed as failed:
            return Failed(f"{row.prepare}: {failed}")
        print(f"  ({folder.name} made in {time.monotonic() - started:.1f} s)", flush=True)
        return folder

    def measure(self, row: Row, case: Case, answers: pathlib.Path) -> dict[str, list[float]]:
        arguments = self.resolved(case.arguments)
        if arguments.pop("compare", False):
            arguments["answers"] = str(answers / case.label)
            (answers / case.label).mkdir(parents=True, exist_ok=True)
        variables = sync_counter() if row.counts_syncs else {}
        if not row.prepare:
            return self.in_own_folder(row, case, arguments, variables)
        folder = self.database(row, case, arguments)
        return self.call(case, row.measure, folder, arguments, variables)

    def in_own_folder(self, row: Row, case: Case, arguments: dict[str, Any],
                      variables: dict[str, str]) -> dict[str, list[float]]:
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        try:
            return self.call(case, row.measure, folder, arguments, variables)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def row(self, row: Row) -> dict[str, Any]:
        """All turns of all cases; a case that failed once is not tried again."""
        samples: dict[str, dict[str, list[float]]] = {}
        failed: dict[str, str] = {}
        answers = pathlib.Path(tempfile.mkdtemp(dir=self.folder, prefix="answers-"))
        load = f"{os.getloadavg()[0]:.1f}"
        for _ in range(row.rounds):
            for case in row.cases:
                if case.label in failed:
                    continue
                try:
                    add(samples.setdefault(case.label, {}), self.measure(row, case, answers))
                except Failed as error:
                    failed[case.label] = str(error)
                except Exception as error:  # an environment that cannot be made is that system's row, too
                    failed[case.label] = f"{type(error).__name__}: {error}"[:160]
        cases = {label: case_result(row, samples.get(label, {}), failed.get(label)) for label in labels(row)}
        return {"cases": cases, "load": load, "answers": compared(answers), "date": str(datetime.date.today()),
                "revision": revision(), "machine": machine()}


def labels(row: Row) -> list[str]:
    return list(dict.fromkeys(case.label for case in row.cases))


def add(samples: dict[str, list[float]], more: dict[str, list[float]]) -> None:
    for name, values in more.items():
        samples.setdefault(name, []).extend(values)


def case_result(row: Row, samples: dict[str, list[float]], failed: str | None) -> dict[str, Any]:
    if failed is not None:
        return {"failed": failed}
    figures = {name: report.summary(values) for name, values in samples.items()}
    return {"figures": report.with_means(figures) if row.by_query else figures}


def compared(answers: pathlib.Path) -> str:
    """What the comparison with DuckDB's own file said; nothing if the row compares nothing."""
    reference = answers / "duckdb"
    count = len(list(reference.glob("*.json"))) if reference.exists() else 0
    if count == 0:
        return ""
    told = []
    for folder in sorted(answers.iterdir()):
        if folder != reference:
            wrong = differences(folder, reference)
            found = f"**WRONG: {', '.join(wrong)}**" if wrong else "the same"
            told.append(f"{folder.name} {found} ({len(list(folder.glob('*.json')))} of {count})")
    return f"compared row by row with duckdb's (sorted, numbers to nine digits): {', '.join(told)}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", usage=__doc__, add_help=True)
    parser.add_argument("rows", nargs="*")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append")
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    chosen = parser.parse_args()
    unknown = set(chosen.rows) - {row.name for row in ROWS}
    if unknown:
        parser.error(f"no row {', '.join(sorted(unknown))}; there are: {', '.join(row.name for row in ROWS)}")
    return chosen


def selected(chosen: argparse.Namespace) -> list[Row]:
    rows = [row for row in ROWS if not chosen.rows or row.name in chosen.rows]
    rows = [tiny(row) if chosen.quick else row for row in rows]
    if chosen.only:
        rows = [Row(**vars(row) | {"cases": [case for case in row.cases if case.system in chosen.only]}) for row in rows]
    return [row for row in rows if row.cases]


def show(row: Row, result: dict[str, Any]) -> None:
    for label, case in result["cases"].items():
        print(f"  {label:26} {report.brief(case)}", flush=True)
    for text in [*verdicts(row.name, result["cases"]), result["answers"]]:
        if text:
            print(f"  * {text}", flush=True)


def wrong(result: dict[str, Any]) -> bool:
    """Rhizo failed or gave another answer: the only things that make the run fail."""
    failed = any("failed" in case for label, case in result["cases"].items() if label.startswith("rhizo"))
    return failed or "rhizo **WRONG" in result["answers"]


def files(chosen: argparse.Namespace) -> tuple[pathlib.Path, pathlib.Path]:
    """Where figures are kept, and the page."""
    if chosen.output:
        return chosen.output.with_suffix(".json"), chosen.output
    if chosen.quick:
        return DATA / "results-quick.json", DATA / "quick.md"
    return BENCH / "results.json", ROOT / "docs" / "benchmarks.md"


def keep(row: Row, result: dict[str, Any], kept: pathlib.Path, written: pathlib.Path, quick: bool) -> None:
    """After every row, so that a run that is stopped loses only the row it was at."""
    results = report.load(kept)
    results["rows"][row.name] = result
    report.save(kept, results)
    written.write_text(report.page(results, BENCH / "notes.md", quick), encoding="utf-8")


def main() -> int:
    chosen = arguments()
    if chosen.list:
        print("\n".join(f"{row.name:18} {row.title}" for row in ROWS))
        return 0
    DATA.mkdir(exist_ok=True)
    kept, written = files(chosen)
    bad = False
    with tempfile.TemporaryDirectory(dir=DATA, prefix="run-") as folder:
        run = Run(pathlib.Path(folder), chosen.quick)
        for row in selected(chosen):
            print(f"\n{row.title} ({row.name})", flush=True)
            started = time.monotonic()
            result = run.row(row)
            show(row, result)
            print(f"  ({time.monotonic() - started:.0f} s)", flush=True)
            bad |= wrong(result)
            if not chosen.only:
                keep(row, result, kept, written, chosen.quick)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
