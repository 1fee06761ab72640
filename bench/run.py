"""Measures Rhizo beside other systems and writes docs/benchmarks.md.

usage: ./run bench [--quick] [MEASURE ...]      --quick: tiny numbers, Rhizo alone, nothing is written
"""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench"
DATA = ROOT / "bench-data"
RIVALS = tomllib.loads((BENCH / "rivals.toml").read_text(encoding="utf-8"))

# measure, title, systems, full arguments, quick arguments, column heads by figure
MEASURES: list[tuple[str, str, list[str], dict[str, Any], dict[str, Any]]] = [
    ("small_commits", "Durable commit of one appended row", ["rhizo", "sqlite", "duckdb", "lance", "ducklake", "delta", "iceberg"],
     {"commits": 200}, {"commits": 5}),
    ("many_tables", "The same in a database of 10 / 1,000 / 10,000 tables", ["rhizo"], {"tables": [10, 1000, 10000], "commits": 100},
     {"tables": [10], "commits": 3}),
    ("threads", "Commits each second, 8 threads appending to one table", ["rhizo"], {"workers": 8, "commits": 250},
     {"workers": 2, "commits": 3}),
    ("read_appended", "Reading a table of 200 one-row appends", ["rhizo", "ducklake", "lance", "delta", "iceberg"],
     {"appends": 200}, {"appends": 5}),
    ("time_travel", "Reading version n/2 of a table of n versions", ["rhizo", "lance", "delta", "ducklake"],
     {"versions": 200}, {"versions": 5}),
    ("branches", "Making a branch, 1 / 10,000 tables", ["rhizo"], {"tables": [1, 10000], "count": 50},
     {"tables": [1], "count": 3}),
    ("bulk", "TPC-H SF1 lineitem: writing, size, reading back", ["rhizo", "duckdb", "parquet", "ducklake", "delta", "lance", "iceberg"],
     {"parquet": "lineitem"}, {}),
]


def environment(system: str) -> str:
    """The Python of a system's virtual environment, made if it is missing."""
    if system == "rhizo":
        return str(ROOT / ".venv/bin/python")
    if system == "parquet":
        system = "duckdb"
    folder = DATA / "venv" / system
    python = folder / "bin/python"
    wanted = json.dumps(RIVALS[system]["packages"])
    stamp = folder / "installed.json"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        if RIVALS[system]["packages"]:
            subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *RIVALS[system]["packages"]], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return str(python)


def lineitem() -> str:
    file = DATA / "tpch" / "lineitem.parquet"
    if not file.exists():
        environment("data")
        subprocess.run([str(DATA / "venv/data/bin/tpchgen-cli"), "-s", "1", "--format", "parquet", "--tables", "lineitem",
                        "--output-dir", str(file.parent)], check=True)
    return str(file)


def variants(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """One dict for each value of a list argument."""
    lists = [(name, values) for name, values in arguments.items() if isinstance(values, list)]
    if not lists:
        return [arguments]
    name, values = lists[0]
    return [arguments | {name: value} for value in values]


def measure(system: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if arguments.get("parquet") == "lineitem":
        arguments = arguments | {"parquet": lineitem()}
    DATA.mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(dir=DATA, prefix="run-"))
    try:
        command = [environment(system), str(BENCH / "worker.py"), system, name, str(folder), json.dumps(arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        if done.returncode != 0:
            return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no message"}
        return json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"failed": "more than 900 s"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def shown(figures: dict[str, Any]) -> str:
    if "failed" in figures:
        return f"failed: {figures['failed'][:80]}"
    parts = []
    if "ms" in figures:
        parts.append(f"{figures['ms']:.2f} ms")
    if "min_ms" in figures:
        parts.append(f"({figures['min_ms']:.2f} - {figures['max_ms']:.2f})")
    if "read_ms" in figures:
        parts.append(f"read {figures['read_ms']:.0f} ms")
    if "bytes" in figures:
        parts.append(f"{figures['bytes'] / 1e6:.1f} MB" if figures["bytes"] > 1e6 else f"{figures['bytes']:.0f} bytes")
    if "per_second" in figures:
        parts.append(f"{figures['per_second']:.0f} / s")
    return ", ".join(parts)


def machine() -> str:
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")), "?")
    return f"{os.cpu_count()} cores of {model}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def main() -> int:
    quick = "--quick" in sys.argv
    chosen = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    lines = ["# Benchmarks", "", f"Written by `./run bench` on {datetime.date.today()}: {machine()}.",
             "Median (least - greatest). Every system in the same run on the same machine, each in a process of its own.", ""]
    failed = False
    for name, title, systems, full, tiny in MEASURES:
        if (chosen and name not in chosen) or (quick and not tiny):
            continue
        lines += [f"## {title}", "", "| system | result |", "| --- | --- |"]
        print(f"\n{title}")
        for system in ["rhizo"] if quick else systems:
            for arguments in variants(tiny if quick else full):
                figures = measure(system, name, arguments)
                failed |= "failed" in figures and system == "rhizo"
                label = system + (f", {arguments['tables']:,} tables" if "tables" in arguments else "")
                print(f"  {label:28} {shown(figures)}", flush=True)
                lines.append(f"| {label} | {shown(figures)} |")
        lines.append("")
    notes = BENCH / "notes.md"
    if not quick and not chosen:
        lines += [notes.read_text(encoding="utf-8")] if notes.exists() else []
        (ROOT / "docs" / "benchmarks.md").write_text("\n".join(lines), encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
