from __future__ import annotations

import importlib
import sys
from typing import Any

from systems.base import BaseSystem

_here = sys.modules.pop("duckdb", None)
engine = importlib.import_module("duckdb")


class System(BaseSystem):
    """DuckDB's own file, default settings: a commit syncs its write-ahead log."""

    def open(self) -> None:
        self.con = engine.connect(str(self.folder / "db.duckdb"))

    def create(self, table: str, rows: Any) -> None:
        self.con.execute(f"CREATE TABLE {table} AS SELECT * FROM rows")

    def append(self, table: str, rows: Any) -> None:
        self.con.execute(f"INSERT INTO {table} SELECT * FROM rows")

    def read(self, table: str) -> Any:
        return self.con.execute(f"SELECT * FROM {table}").to_arrow_table()

    def sql(self, statement: str) -> Any:
        return self.con.execute(statement).to_arrow_table()

    def close(self) -> None:
        self.con.close()
