"""Makes the eight tables of TPC-H as Parquet, and the texts of its 22 queries, with DuckDB's generator.

usage: tpch_data.py FOLDER SCALE
"""

from __future__ import annotations

import json
import pathlib
import site
import sys

import duckdb


def main() -> None:
    folder, scale = pathlib.Path(sys.argv[1]), float(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    packages = pathlib.Path(site.getsitepackages()[0])
    con.execute(f"LOAD '{next(packages.glob('duckdb_extension_tpch/extensions/*/tpch.duckdb_extension'))}'")
    con.execute(f"CALL dbgen(sf={scale})")
    for (table,) in con.execute("SHOW TABLES").fetchall():
        con.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    texts = con.execute("SELECT query FROM tpch_queries() ORDER BY query_nr").fetchall()
    (folder / "queries.json").write_text(json.dumps([text for (text,) in texts]), encoding="utf-8")


if __name__ == "__main__":
    main()
