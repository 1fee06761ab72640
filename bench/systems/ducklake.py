from __future__ import annotations

import pathlib
import site
from typing import Any

from systems.duckdb import Engine, engine

EXTENSIONS = (
    ("duckdb_extension_sqlite_scanner", "sqlite_scanner"),
    ("duckdb_extension_ducklake", "ducklake"),
)


class System(Engine):
    """DuckLake with its catalog in SQLite; small writes are inlined, its default. The catalog is in WAL mode
    and waits for others: without that, one conflict of two threads leaves it locked for good."""

    def open(self) -> None:
        self.con = engine.connect()
        for package, name in EXTENSIONS:
            pattern = f"{package}/extensions/*/{name}.duckdb_extension"
            self.con.execute(f"LOAD '{next(pathlib.Path(site.getsitepackages()[0]).glob(pattern))}'")
        source = f"ducklake:sqlite:{self.folder}/meta.db"
        options = f"DATA_PATH '{self.folder}/data/', META_JOURNAL_MODE 'WAL', META_BUSY_TIMEOUT 10000"
        self.con.execute(f"ATTACH '{source}' AS lake ({options})")
        self.con.execute("USE lake")

    def metadata(self, table: str) -> None:
        self.con.execute(f"DESCRIBE {table}").fetchall()

    def another(self) -> Engine:
        other = super().another()
        other.con.execute("USE lake")
        return other

    def read_version(self, table: str, number: int) -> Any:
        return self.sql(f"SELECT * FROM {table} AT (VERSION => {number})")
