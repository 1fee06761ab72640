from __future__ import annotations

import pathlib
from typing import Any

from systems.duckdb import Engine, engine


class System(Engine):
    """DuckDB over plain Parquet files (zstd, V2 encodings): no transactions, no versions."""

    def open(self) -> None:
        self.con = engine.connect()
        for file in sorted(self.folder.glob("*.parquet")):
            self._view(file)

    def _view(self, file: pathlib.Path) -> None:
        self.con.execute(f"CREATE OR REPLACE VIEW {file.stem} AS FROM read_parquet('{file}')")

    def create(self, table: str, rows: Any) -> None:
        file = self.folder / f"{table}.parquet"
        options = "FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2"
        self.con.execute(f"COPY (FROM rows) TO '{file}' ({options})")
        self._view(file)
