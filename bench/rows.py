"""The rows of the benchmark: what is measured, of which systems, with which numbers."""

from __future__ import annotations

import dataclasses
from typing import Any

ALL = ["rhizo", "duckdb", "ducklake", "delta", "lance", "iceberg"]
ENGINES = ["rhizo", "duckdb", "parquet"]
QUERIES = list(range(1, 23))
ADDERS = {"rhizo": [1, 2, 8, 32], "duckdb": [1, 8, 32], "ducklake": [1, 8], "delta": [1, 8], "lance": [1, 8]}
CHANGES = ["1 % of a field", "a row in front", "1 % of the rows gone", "shuffled"]


@dataclasses.dataclass(frozen=True)
class Case:
    """One system with one set of arguments; figures of equal labels are put together."""

    system: str
    label: str
    arguments: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Row:
    """`prepare` names the function that makes the database and the arguments it takes; such databases
    are shared by all rows that ask for the same. `quick` is the most that a number may be with --quick."""

    name: str
    title: str
    text: str
    measure: str
    cases: list[Case]
    quick: dict[str, int]
    prepare: str = ""
    prepare_takes: tuple[str, ...] = ()
    rounds: int = 1
    by_query: bool = False
    counts_syncs: bool = False


def each(systems: list[str], **arguments: Any) -> list[Case]:
    return [Case(system, system, arguments) for system in systems]


def sized(system: str, key: str, values: list[int], **arguments: Any) -> list[Case]:
    """A case for each value of an argument, which the label tells."""
    return [Case(system, f"{system}, {value:,} {key}", arguments | {key: value}) for value in values]


def per_query(systems: list[str]) -> list[Case]:
    """A process for each query and system, neighbours in time."""
    arguments = {"data": "tpch", "repeats": 0, "compare": True}
    return [Case(system, system, arguments | {"numbers": [number]}) for number in QUERIES for system in systems]


def statements(name: str, repeats: int) -> list[Case]:
    return each(ENGINES, data="tpch", rows=1_000_000, name=name, repeats=repeats, compare=True)


BIG = ("data", "rows")

ROWS = [
    Row("small_commits", "Durable commit of one appended row",
        "One table of three columns. `syncs` are the calls of fsync and fdatasync per commit, counted: a system "
        "that makes none is not durable, and stands beside Rhizo with durability \"none\".",
        "small_commits",
        [Case("rhizo", "rhizo", {"commits": 200}), Case("sqlite", "sqlite", {"commits": 200}),
         Case("duckdb", "duckdb", {"commits": 200}), *each(["ducklake"], commits=70),
         Case("rhizo", "rhizo, not durable", {"commits": 200, "durable": False}),
         *each(["lance", "delta"], commits=70), *each(["iceberg"], commits=30)],
        {"commits": 5}, rounds=3, counts_syncs=True),
    Row("many_tables", "The same commit in a database of 10 / 1,000 / 100,000 tables",
        "One-row appends to one of the tables, durable. delta-rs, Lance and PyIceberg keep each table in a folder "
        "of its own, so that the number of tables means nothing to a commit.",
        "many_tables",
        [*sized("rhizo", "tables", [10, 1_000, 100_000], commits=100), *sized("sqlite", "tables", [10, 1_000], commits=100),
         *sized("duckdb", "tables", [10, 1_000], commits=100), *sized("ducklake", "tables", [10, 1_000], commits=30)],
        {"tables": 20, "commits": 5}, "with_tables", ("tables",), rounds=3),
    Row("threads", "8 threads append to one table",
        "One-row commits for five seconds, each thread with a session (connection, handle) of its own, nobody "
        "retrying by hand. Every append that reported success is counted in the table afterwards.",
        "threads", each(["rhizo", "sqlite", *ALL[1:]], workers=8, seconds=5), {"workers": 2, "seconds": 1}),
    Row("processes", "8 processes append to one table", "The same with processes; `processes` is how many could open the database.",
        "processes", each(["rhizo", "sqlite", *ALL[1:]], workers=8, seconds=5), {"workers": 2, "seconds": 1}),
    Row("bytes", "Bytes stored per one-row commit", "How much a closed database grew, by the number of appends: files grow in steps, so that the larger number is the truer.",
        "bytes_per_commit",
        [*sized("rhizo", "commits", [200, 5_000]), *sized("sqlite", "commits", [200, 5_000]), *sized("duckdb", "commits", [200]),
         *sized("ducklake", "commits", [200]), *sized("delta", "commits", [200]), *sized("lance", "commits", [200]),
         *sized("iceberg", "commits", [50])], {"commits": 5}),
    Row("read_appended", "Reading a table of 200 one-row appends",
        "To an Arrow table, after the database was opened anew. PyIceberg: 60 appends.",
        "read_appended", [*each(["rhizo", "sqlite", *ALL[1:-1]], appends=200), *each(["iceberg"], appends=60)],
        {"appends": 5}, rounds=1),
    Row("bulk", "TPC-H SF1 lineitem: writing, size, reading back",
        "6 M rows, 16 columns, from an Arrow table in memory, read back to Arrow when opened anew (least of the reads: "
        "warm). A write without syncs is not durable, and stands beside Rhizo with durability \"none\".",
        "bulk",
        [*each(["rhizo", "duckdb", "ducklake", "iceberg"], data="tpch"),
         Case("rhizo", "rhizo, not durable", {"data": "tpch", "durable": False}), *each(["parquet", "delta", "lance"], data="tpch")],
        {}, rounds=2, counts_syncs=True),
    Row("full_read", "Reading 1 M rows to Arrow",
        "The first million rows of lineitem and a number. `first` is the first read of a fresh process (libraries "
        "loaded, engine started, files in the page cache), `again` the same afterwards.",
        "full_read", each([*ENGINES, *ALL[2:]], data="tpch", rows=1_000_000, repeats=5), {"rows": 20_000, "repeats": 2},
        "with_rows", BIG, rounds=5),
    Row("all_small", "SELECT * of 100 k rows to Arrow", "Warm; 17 columns.", "statement", statements("all_small", 30),
        {"rows": 20_000, "repeats": 2}, "with_rows", BIG, rounds=3),
    Row("filter_small", "Filter of 100 k rows", "Warm; `SELECT * … WHERE l_quantity > 45 AND l_shipmode = 'AIR'` to Arrow.",
        "statement", statements("filter_small", 50), {"rows": 20_000, "repeats": 2}, "with_rows", BIG, rounds=3),
    Row("aggregate_small", "Aggregate of 100 k rows", "Warm; sum, average and count by two columns.",
        "statement", statements("aggregate_small", 50), {"rows": 20_000, "repeats": 2}, "with_rows", BIG, rounds=3),
    Row("aggregate_big", "Aggregate of 1 M rows", "The same of a million rows.",
        "statement", statements("aggregate_big", 30), {"rows": 20_000, "repeats": 2}, "with_rows", BIG, rounds=3),
    Row("lookup", "Point lookup by filter in 1 M rows",
        "`SELECT * FROM big WHERE id = ?`, each time another number, warm. No system has an index here.",
        "lookup", each(ENGINES, data="tpch", rows=1_000_000, repeats=100), {"rows": 20_000, "repeats": 2},
        "with_rows", BIG, rounds=3),
    Row("select_1", "SELECT 1", "To an Arrow table: what any statement costs.",
        "statement", statements("one", 300), {"rows": 20_000, "repeats": 5}, "with_rows", BIG, rounds=3),
    Row("tpch_warm", "TPC-H SF1, 22 queries, warm",
        "Each query once before it counts, then the median of nine in three processes per system, which take turns. "
        "`duckdb` is its own file, `parquet` DuckDB on the same rows as Parquet.",
        "tpch", each(ENGINES, data="tpch", numbers=QUERIES, repeats=3, compare=True), {"repeats": 1},
        "with_tpch", ("data",), rounds=3, by_query=True),
    Row("tpch_cold", "TPC-H SF1, 22 queries, first touch",
        "A fresh process for each query, in which `SELECT 1` started the engine and nothing of the tables was read; "
        "files in the page cache. Three turns, systems side by side.",
        "tpch", per_query(["rhizo", "parquet", "duckdb"]), {"numbers": 6},
        "with_tpch", ("data",), rounds=3, by_query=True),
    Row("time_travel", "Reading version n of 10,000",
        "A table of 100 rows, one of which every version changes; old versions spread over the whole history, each read "
        "once, beside the newest. DuckLake, delta-rs and PyIceberg have fewer versions, because theirs take minutes to make.",
        "time_travel",
        [*sized("rhizo", "versions", [10_000], reads=60), *sized("lance", "versions", [10_000], reads=60),
         *sized("ducklake", "versions", [500], reads=30), *sized("delta", "versions", [500], reads=30),
         *sized("iceberg", "versions", [100], reads=20)],
        {"versions": 8, "reads": 3}, "with_versions", ("versions",)),
    Row("branches", "Making a branch", "From the newest commit, durable where the system can; the bytes a closed database grew by, for each.",
        "branches",
        [*sized("rhizo", "tables", [10, 1_000, 100_000], count=2_000), *sized("lance", "tables", [10], count=30),
         *sized("iceberg", "tables", [10], count=10)],
        {"tables": 20, "count": 3}, "with_tables", ("tables",)),
    Row("write_back", "Writing 1 M rows back with a change",
        "The whole table from Arrow, 17 columns: one field changed in 1 % of the rows, scattered; one row put in front; 1 % of the rows taken "
        "out, scattered; shuffled. `stored` is what the closed database grew by; the version before stays readable.",
        "write_back",
        [Case(system, f"{system}, {change}", {"data": "tpch", "rows": 1_000_000, "change": change})
         for change in CHANGES for system in ["rhizo", "ducklake", "delta", "lance", "iceberg"]],
        {"rows": 20_000}),
    Row("many_versions", "30 versions of 100,000 rows, one field changed in 5 % in each", "Each written as a whole; `all` is what the closed database grew by.",
        "many_versions",
        each(["rhizo", "ducklake", "delta", "lance", "iceberg"], data="tpch", rows=100_000, versions=30, share=0.05),
        {"rows": 2_000, "versions": 3}),
    Row("diff", "The 1,000 rows that differ between two versions",
        "Scattered over the table, old and new values, to Arrow. Nobody else tells which rows of a table that was written as a whole differ.",
        "diff", sized("rhizo", "rows", [100_000, 1_000_000, 5_000_000], data="tpch", changes=1_000, repeats=10), {"rows": 20_000, "repeats": 2}),
    Row("overlaid", "Grouping 1 M rows under patches and deletes",
        "The column that is filtered and summed has so many patches of 1 % of its rows; `gone` is the share of rows taken out.",
        "overlaid",
        [Case("rhizo", f"rhizo, {patches} patches, {gone:.0%} gone",
              {"data": "tpch", "rows": 1_000_000, "patches": patches, "gone": gone, "repeats": 30})
         for patches, gone in [(0, 0.0), (1, 0.0), (4, 0.0), (0, 0.1), (4, 0.1)]],
        {"rows": 20_000, "repeats": 2}),
    Row("upsert", "Upserting rows by key: 100 k into 1 M, 1 M into 10 M",
        "Five columns; the rows given are scattered over the table, and one in a hundred differs in one field, so that a hundredth of what is given is news. "
        "`stored` is what the folder grew by, `peak adds` what the process did. DuckDB's own file has a primary key; the others look by "
        "join. PyIceberg takes minutes for the smaller one and is left out.",
        "upsert",
        [Case(system, f"{system}, {changes:,} into {rows:,} rows", {"rows": rows, "changes": changes})
         for rows, changes in [(1_000_000, 100_000), (10_000_000, 1_000_000)]
         for system in ["rhizo", "duckdb", "ducklake", "delta", "lance"]],
        {"rows": 20_000, "changes": 2_000}),
    Row("delete", "Deleting 1 % of 1 M rows", "Scattered, by a condition; the version before stays readable where there are versions.",
        "delete", each(["rhizo", "duckdb", "ducklake", "delta", "lance"], rows=1_000_000), {"rows": 20_000}),
    Row("point_update", "One field of one row by its key, in 10 M rows",
        "One durable commit each, keys drawn at random; first after opening, then the median.",
        "point_update", each(["rhizo", "duckdb", "ducklake", "delta", "lance"], rows=10_000_000, updates=20),
        {"rows": 20_000, "updates": 2}),
    Row("write_back_memory", "Memory of writing 10 M rows back", "A stream of record batches, five columns, one field of the first million changed.",
        "write_back_memory", each(["rhizo", "ducklake", "delta", "lance"], rows=10_000_000), {"rows": 20_000}),
    Row("diff_narrow", "The 1,000 rows that differ, in up to 100 M", "Five columns, a key; changed by a condition.",
        "diff_narrow", sized("rhizo", "rows", [1_000_000, 100_000_000], changes=1_000, repeats=10), {"rows": 20_000, "repeats": 2}),
    Row("merge_narrow", "Merging changed rows of either side, in up to 100 M", "Five columns, a key; other columns of other rows changed by a "
        "condition on two branches, scattered over all rows or the first million, then merged as a commit; then as many cells that both changed, counted and read as a table. "
        "Nobody else here merges: beside it the join of three tables in DuckDB's file that people write by hand.",
        "merge_narrow",
        [*[Case(system, f"{system}, {changes:,} changes in {rows:,} rows", {"rows": rows, "changes": changes, "repeats": repeats})
           for system, rows, changes, repeats in [
               ("rhizo", 1_000_000, 1_000, 5), ("duckdb", 1_000_000, 1_000, 2), ("rhizo", 1_000_000, 10_000, 3),
               ("rhizo", 1_000_000, 100_000, 2), ("duckdb", 1_000_000, 100_000, 2), ("rhizo", 10_000_000, 1_000, 5),
               ("rhizo", 100_000_000, 1_000, 5)]],
         Case("rhizo", "rhizo, 1,000 changes in the first million of 100,000,000 rows",
              {"rows": 100_000_000, "changes": 1_000, "repeats": 5, "within": 1_000_000})],
        {"rows": 20_000, "changes": 100, "repeats": 1, "within": 10_000}),
    Row("write_back_merged", "Writing 1 M rows back, merged with what another wrote back",
        "Two read one version, 17 columns; each changes one field in 1 % of the rows. `write` is the first, `merged` the second with `base=`, "
        "so that both changes are there. Elsewhere the second overwrites the first, or is refused.",
        "write_back_merged", each(["rhizo"], data="tpch", rows=1_000_000), {"rows": 20_000}, rounds=3),
    Row("adding", "1, 2, 8, 32 threads add to numbers of one table",
        "10,000 rows, a key; `UPDATE … SET n = n + 1` for three seconds, a durable commit each, nobody retrying by hand: everybody in a row of its "
        "own, everybody in one row, and in one row whose column has the rule `add`. The sum must be the number of commits that reported success. "
        "`of the slowest`: what the slowest writer got, of the mean.",
        "threads",
        [Case(system, f"{system}, {adds_to}, {workers} threads", {"workers": workers, "seconds": 3, "adds_to": adds_to})
         for adds_to in ["own row", "one row", "one row, rule add"] for system, counts in ADDERS.items()
         if system == "rhizo" or adds_to != "one row, rule add" for workers in counts],
        {"workers": 2, "seconds": 1}),
    Row("adding_processes", "8 processes add to numbers of one table", "The same with processes.", "processes",
        [Case(system, f"{system}, {adds_to}", {"workers": 8, "seconds": 5, "adds_to": adds_to})
         for adds_to in ["own row", "one row", "one row, rule add"] for system in ["rhizo", "ducklake", "delta", "lance"]
         if system == "rhizo" or adds_to != "one row, rule add"],
        {"workers": 2, "seconds": 1}),
    Row("opening", "Opening a database of 200 / 100,000 commits",
        "A fresh process each; `open` is opening and asking for the table's columns, `first query` counts and sums "
        "afterwards (this starts the engine; delta-rs, Lance and PyIceberg read the table instead). DuckLake: with loading its extensions.",
        "opening",
        [*sized("rhizo", "commits", [200, 100_000], table="t"), *sized("sqlite", "commits", [200, 100_000], table="t"),
         *sized("duckdb", "commits", [200], table="t"), *sized("lance", "commits", [200], table="t"),
         *sized("delta", "commits", [200], table="t"), *sized("ducklake", "commits", [200], table="t"),
         *sized("iceberg", "commits", [50], table="t")],
        {"commits": 5}, "with_commits", ("commits",), rounds=7),
    Row("opening_tables", "Opening a database of 100,000 tables", "The same, by the number of tables.",
        "opening",
        [*sized("rhizo", "tables", [10, 100_000], table="t0"), *sized("sqlite", "tables", [1_000], table="t0"),
         *sized("duckdb", "tables", [1_000], table="t0")],
        {"tables": 20}, "with_tables", ("tables",), rounds=7),
    Row("memory", "Memory of an idle open database",
        "Resident memory above the same process when it had only imported the package: after opening and asking for a "
        "table's columns, and after `SELECT 1` started the engine.",
        "memory", [*sized("rhizo", "commits", [200, 100_000], table="t"), *sized("duckdb", "commits", [200], table="t")],
        {"commits": 5}, "with_commits", ("commits",), rounds=3),
]


def tiny(row: Row) -> Row:
    """The row with its numbers cut to what --quick allows; what then is the same is left out."""
    cases: dict[str, Case] = {}
    for case in row.cases:
        cut = {key: smaller(value, row.quick.get(key)) for key, value in case.arguments.items()}
        if cut.get("numbers") != []:
            label = relabelled(case, cut)
            cases.setdefault(f"{label} {sorted(cut.items(), key=str)}", Case(case.system, label, cut))
    return dataclasses.replace(row, cases=list(cases.values()), rounds=1)


def relabelled(case: Case, cut: dict[str, Any]) -> str:
    label = case.label
    for key, value in cut.items():
        if isinstance(value, int):
            label = label.replace(f", {case.arguments[key]:,} {key}", f", {value:,} {key}")
    return label


def smaller(value: Any, most: int | None) -> Any:
    if most is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, list):
        return [number for number in value if number in (1, most)]
    return min(value, most)
