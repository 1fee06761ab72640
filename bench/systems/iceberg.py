from __future__ import annotations

from typing import Any

from pyiceberg.catalog.sql import SqlCatalog

from systems.base import BaseSystem


class System(BaseSystem):
    """PyIceberg with its catalog in SQLite."""

    def open(self) -> None:
        self.catalog = SqlCatalog("bench", uri=f"sqlite:///{self.folder}/catalog.db", warehouse=f"file://{self.folder}/wh")
        self.catalog.create_namespace_if_not_exists("bench")

    def create(self, table: str, rows: Any) -> None:
        self.catalog.create_table(f"bench.{table}", schema=rows.schema).append(rows)

    def append(self, table: str, rows: Any) -> None:
        self.catalog.load_table(f"bench.{table}").append(rows)

    def read(self, table: str) -> Any:
        return self.catalog.load_table(f"bench.{table}").scan().to_arrow()

    def read_version(self, table: str, version: int) -> Any:
        loaded = self.catalog.load_table(f"bench.{table}")
        return loaded.scan(snapshot_id=loaded.history()[version - 1].snapshot_id).to_arrow()
