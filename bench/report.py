"""Figures of many runs, kept as JSON, and the page they make."""

from __future__ import annotations

import json
import math
import pathlib
import re
import statistics
from collections import Counter
from typing import Any

from environments import versions
from rows import ROWS, Row
from targets import verdicts

Results = dict[str, Any]


def summary(samples: list[float]) -> dict[str, float]:
    return {"median": statistics.median(samples), "min": min(samples), "max": max(samples), "n": len(samples)}


def with_means(figures: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """The geometric mean and the sum of the medians of the queries, before them."""
    medians = [figure["median"] for figure in figures.values()]
    mean = math.exp(statistics.fmean(math.log(max(value, 1e-6)) for value in medians))
    return {"geometric mean": summary([mean]), "sum": summary([sum(medians)])} | figures


def amount(value: float) -> str:
    if math.isnan(value):
        return "not counted"
    if value >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def cell(figure: dict[str, float] | None) -> str:
    if figure is None:
        return "-"
    spread = f" ({amount(figure['min'])} - {amount(figure['max'])})" if figure["n"] > 1 else ""
    return amount(figure["median"]) + spread


def brief(case: dict[str, Any]) -> str:
    """One line for the terminal."""
    if "failed" in case:
        return f"failed: {case['failed']}"
    shown = {name: cell(figure) for name, figure in list(case["figures"].items())[:6]}
    return "; ".join(f"{name} {value}" for name, value in shown.items())


def line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def names_of(cases: dict[str, Any]) -> list[str]:
    found = [name for case in cases.values() for name in case.get("figures", {})]
    return list(dict.fromkeys(found))


def table(cases: dict[str, Any]) -> list[str]:
    names = names_of(cases)
    lines = [line(["system", *names]), line(["---"] * (len(names) + 1))]
    for label, case in cases.items():
        if "failed" in case:
            reason = case["failed"].replace("|", "/")
            lines.append(line([label, f"failed: {reason}"] + [""] * (len(names) - 1)))
        else:
            lines.append(line([label, *(cell(case["figures"].get(name)) for name in names)]))
    return lines


def table_by_query(cases: dict[str, Any]) -> list[str]:
    """Queries below each other, systems side by side, and Rhizo's time as a multiple of each."""
    good = {label: case["figures"] for label, case in cases.items() if "failed" not in case}
    rivals = [label for label in good if label != "rhizo" and "rhizo" in good]
    head = ["ms", *good, *(f"rhizo / {label}" for label in rivals)]
    lines = [line(head), line(["---"] * len(head))]
    for name in names_of(cases):
        own = [cell(figures.get(name)) for figures in good.values()]
        ratios = [ratio(good["rhizo"].get(name), good[label].get(name)) for label in rivals]
        lines.append(line([name, *own, *ratios]))
    return lines + [f"\n{label}: failed: {case['failed']}" for label, case in cases.items() if "failed" in case]


def ratio(own: dict[str, float] | None, other: dict[str, float] | None) -> str:
    return f"{own['median'] / other['median']:.2f}" if own and other else "-"


def notes(file: pathlib.Path) -> dict[str, str]:
    """Text under each `## name` of notes.md."""
    if not file.exists():
        return {}
    parts = re.split(r"^## +(\S+) *\n", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2])}


def section(row: Row, result: dict[str, Any], note: str, home: str) -> list[str]:
    cases = result["cases"]
    lines = [f"## {row.title}", f"`./run bench {row.name}`. {row.text}", ""]
    lines += table_by_query(cases) if row.by_query else table(cases)
    judged = verdicts(row.name, cases)
    lines += ["", *(f"* {verdict}" for verdict in judged)] if judged else []
    lines += [f"* answers: {text}" for text in [result.get("answers", "")] if text]
    lines += ["", note] if note else []
    about = f"{result['date']}, Rhizo {result['revision']}, load {result['load']}"
    where = f", on {result['machine']}" if result["machine"] != home else ""
    return [*lines, "", f"<sub>{about}{where}</sub>", ""]


def missed(results: Results) -> list[str]:
    lines = []
    for row in ROWS:
        judged = verdicts(row.name, results["rows"].get(row.name, {}).get("cases", {}))
        lines += [f"* {row.title}: {text.removeprefix('**missed**: ')}" for text in judged if "**missed**" in text]
    return lines


def page(results: Results, notes_file: pathlib.Path, quick: bool) -> str:
    told = notes(notes_file)
    machines = Counter(result["machine"] for result in results["rows"].values())
    home = machines.most_common(1)[0][0]
    others = "; rows that were measured on another machine say so" if len(machines) > 1 else ""
    lines = ["# Benchmarks", "", f"Written by `./run bench{' --quick' if quick else ''}`: {home}{others}.",
             f"Beside {versions()}.", "",
             "Median (least - greatest); times in milliseconds. All systems of a row in the same run on the same "
             "machine, each measure in a process of its own; where a row has several turns, the systems take them one "
             "after another. Rows cross as Arrow tables. Default settings, but SQLite in WAL mode with synchronous FULL, DuckLake's "
             "catalog in WAL mode with a busy timeout of 10 s, `parquet` as zstd with V2 encodings. `small_commits` and `bulk` "
             "count syncs: delta-rs, Lance and `parquet` make none and are not durable in any row. Databases that a row only starts from are made without syncs where the "
             "system can, flushed and closed. The load under each row is that of the machine when it began.", ""]
    if quick:
        lines += ["**Tiny numbers, only to see that every row runs.**", ""]
    lines += ["## Promises missed", *(missed(results) or ["none"]), ""]
    for row in ROWS:
        if row.name in results["rows"]:
            lines += section(row, results["rows"][row.name], told.get(row.name, ""), home)
    return "\n".join(lines).rstrip() + "\n"


def load(file: pathlib.Path) -> Results:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"rows": {}}


def save(file: pathlib.Path, results: Results) -> None:
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
