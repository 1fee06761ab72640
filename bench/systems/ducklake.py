from __future__ import annotations

import pathlib
import site
from typing import Any

from systems.duckdb import engine
from systems.base import BaseSystem


class System(BaseSystem):
    """DuckLake with its catalog in SQLite; small writes are inlined, its default."""

    def open(self) -> None:
        self.con = engine.connect()
        for package, name in (("duckdb_extension_sqlite_scanner", "sqlite_scanner"), ("duckdb_extension_ducklake", "ducklake")):
            found = next(pathlib.Path(site.getsitepackages()[0]).glob(f"{package}/extensions/*/{name}.duckdb_extension"))
            self.con.execute(f"LOAD '{found}'")
        data = self.folder / "data"
        self.con.execute(f"ATTACH 'ducklake:sqlite:{self.folder}/meta.db' AS lake (DATA_PATH '{data}/')")
        self.con.execute("USE lake")

    def create(self, table: str, rows: Any) -> None:
        self.con.execute(f"CREATE TABLE {table} AS SELECT * FROM rows")

    def append(self, table: str, rows: Any) -> None:
        self.con.execute(f"INSERT INTO {table} SELECT * FROM rows")

    def read(self, table: str) -> Any:
        return self.con.execute(f"SELECT * FROM {table}").to_arrow_table()

    def read_version(self, table: str, version: int) -> Any:
        return self.con.execute(f"SELECT * FROM {table} AT (VERSION => {version})").to_arrow_table()

    def close(self) -> None:
        self.con.close()
