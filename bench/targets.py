"""What Rhizo has promised: a limit for a figure, or for its ratio to another in the same run."""

from __future__ import annotations

import dataclasses
from typing import Any

RowFigures = dict[str, dict[str, Any]]  # label -> {"figures": {name: {"median": …}}} or {"failed": …}
Found = tuple[float, str]


@dataclasses.dataclass(frozen=True)
class Target:
    """`label` has at most `limit` of `figure`; with `beside`, at most that many times what `beside` has."""

    row: str
    label: str
    figure: str
    limit: float
    beside: str = ""
    beside_figure: str = ""
    at_least: bool = False


BEST = "the best of the others"
MANY = "rhizo, 100,000 tables"

TARGETS = [
    Target("small_commits", "rhizo", "commit ms", 1.5, "sqlite"),
    Target("small_commits", "rhizo", "commit ms", 1.0, "duckdb"),
    Target("many_tables", MANY, "commit ms", 1.2, "rhizo, 10 tables"),
    Target("threads", "rhizo", "succeeded %", 100, at_least=True),
    Target("threads", "rhizo", "commits / s", 5000, at_least=True),
    Target("processes", "rhizo", "succeeded %", 100, at_least=True),
    Target("processes", "rhizo", "commits / s", 1000, at_least=True),
    Target("bytes", "rhizo, 5,000 commits", "bytes", 2500),
    Target("read_appended", "rhizo", "first ms", 2),
    Target("read_appended", "rhizo", "again ms", 2),
    Target("bulk", "rhizo", "write ms", 1.0, "ducklake"),
    Target("bulk", "rhizo", "size MB", 140),
    Target("full_read", "rhizo", "first ms", 1.0, BEST),
    Target("full_read", "rhizo", "again ms", 5),
    Target("all_small", "rhizo", "warm ms", 1),
    Target("filter_small", "rhizo", "warm ms", 1.0, "duckdb"),
    Target("aggregate_small", "rhizo", "warm ms", 1.0, "duckdb"),
    Target("aggregate_big", "rhizo", "warm ms", 0.9, "duckdb"),
    Target("lookup", "rhizo", "lookup ms", 0.25),
    Target("select_1", "rhizo", "warm ms", 0.25),
    Target("tpch_warm", "rhizo", "geometric mean", 0.8, "duckdb"),
    Target("tpch_warm", "rhizo", "each query", 1.05, "duckdb"),
    Target("tpch_cold", "rhizo", "geometric mean", 0.95, "parquet"),
    Target("time_travel", "rhizo, 10,000 versions", "old ms", 1),
    Target("time_travel", "rhizo, 10,000 versions", "old ms", 1.2, "rhizo, 10,000 versions", "latest ms"),
    Target("branches", MANY, "create ms", 1),
    Target("branches", MANY, "create ms", 1.2, "rhizo, 10 tables"),
    Target("branches", MANY, "bytes", 300),
    Target("write_back", "rhizo, 1 % of a field", "write ms", 400),
    Target("write_back", "rhizo, 1 % of a field", "stored MB", 0.2),
    Target("write_back", "rhizo, a row in front", "write ms", 400),
    Target("write_back", "rhizo, a row in front", "stored MB", 0.05),
    Target("many_versions", "rhizo", "all MB", 6),
    Target("diff", "rhizo, 1,000,000 rows", "first ms", 10),
    Target("merge_narrow", "rhizo, 1,000 changes in 100,000,000 rows", "merge ms", 30),
    Target("merge_narrow", "rhizo, 1,000 changes in the first million of 100,000,000 rows", "merge ms", 1.5,
           "rhizo, 1,000 changes in 1,000,000 rows"),
    Target("adding", "rhizo, one row, rule add, 32 threads", "succeeded %", 100, at_least=True),
    Target("adding", "rhizo, one row, rule add, 8 threads", "commits / s", 5000, at_least=True),
    Target("adding_processes", "rhizo, one row, rule add", "succeeded %", 100, at_least=True),
    Target("adding_processes", "rhizo, one row, rule add", "commits / s", 1000, at_least=True),
    Target("upsert", "rhizo, 100,000 into 1,000,000 rows", "upsert ms", 150),
    Target("upsert", "rhizo, 100,000 into 1,000,000 rows", "stored MB", 1),
    Target("upsert", "rhizo, 1,000,000 into 10,000,000 rows", "upsert ms", 3000),
    Target("upsert", "rhizo, 1,000,000 into 10,000,000 rows", "peak adds MB", 1000),
    Target("overlaid", "rhizo, 4 patches, 10% gone", "warm ms", 1.15, "rhizo, 0 patches, 0% gone"),
    Target("opening", "rhizo, 200 commits", "open ms", 5),
    Target("opening", "rhizo, 100,000 commits", "open ms", 5),
    Target("opening_tables", MANY, "open ms", 5),
    Target("memory", "rhizo, 100,000 commits", "open adds MB", 60),
    Target("memory", "rhizo, 100,000 commits", "with engine adds MB", 60),
]


def verdicts(row: str, cases: RowFigures) -> list[str]:
    """One line for each promise about this row that can be judged."""
    judged = [verdict(target, cases) for target in TARGETS if target.row == row]
    return [line for line in judged if line]


def verdict(target: Target, cases: RowFigures) -> str:
    if target.figure == "each query":
        return each_query(target, cases)
    own = median(cases, target.label, target.figure)
    if own is None:
        return f"**missed**: {target.label} has no {target.figure}" if target.label in cases else ""
    if not target.beside:
        return said(target, own, f"{target.figure}")
    other = rival(target, cases)
    if other is None:
        return ""
    ratio, name = own / max(other[0], 1e-9), other[1]
    return said(target, ratio, f"{target.figure}, as a multiple of {name}")


def said(target: Target, value: float, what: str) -> str:
    met = value >= target.limit if target.at_least else value <= target.limit
    bound = "at least" if target.at_least else "at most"
    return f"{'met' if met else '**missed**'}: {target.label}: {what}: {value:,.2f}, promised {bound} {target.limit:,g}"


def rival(target: Target, cases: RowFigures) -> Found | None:
    figure = target.beside_figure or target.figure
    if target.beside != BEST:
        value = median(cases, target.beside, figure)
        name = target.beside + (f" ({figure})" if target.beside_figure else "")
        return None if value is None else (value, name)
    others = [(median(cases, label, figure), label) for label in cases if not label.startswith("rhizo")]
    found = [(value, label) for value, label in others if value is not None]
    return min(found) if found else None


def each_query(target: Target, cases: RowFigures) -> str:
    own, other = (cases.get(label, {}).get("figures", {}) for label in (target.label, target.beside))
    ratios = {name: own[name]["median"] / other[name]["median"] for name in own if name in other and name[0] == "Q"}
    slow = {name: ratio for name, ratio in ratios.items() if ratio > target.limit}
    if not ratios:
        return ""
    if not slow:
        return f"met: no query above {target.limit} times {target.beside}"
    listed = ", ".join(f"{name} {ratio:.2f}" for name, ratio in sorted(slow.items(), key=lambda pair: -pair[1]))
    return f"**missed**: queries above {target.limit:g} times {target.beside}: {listed}"


def median(cases: RowFigures, label: str, figure: str) -> float | None:
    found = cases.get(label, {}).get("figures", {}).get(figure)
    return None if found is None else float(found["median"])
