from __future__ import annotations

import pathlib
from typing import Any

from systems.duckdb import engine
from systems.base import BaseSystem


class System(BaseSystem):
    """DuckDB over plain Parquet files (zstd, V2 encodings): no transactions, no versions."""

    def open(self) -> None:
        self.con = engine.connect()
        for file in sorted(self.folder.glob("*.parquet")):
            self._view(file)

    def _view(self, file: pathlib.Path) -> None:
        self.con.execute(f"CREATE OR REPLACE VIEW {file.stem} AS FROM read_parquet('{file}')")

    def create(self, table: str, rows: Any) -> None:
        file = self.folder / f"{table}.parquet"
        self.con.execute(f"COPY (FROM rows) TO '{file}' (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)")
        self._view(file)

    def read(self, table: str) -> Any:
        return self.con.execute(f"SELECT * FROM {table}").to_arrow_table()

    def sql(self, statement: str) -> Any:
        return self.con.execute(statement).to_arrow_table()
