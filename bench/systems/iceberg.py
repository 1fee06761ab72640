from __future__ import annotations

from typing import Any

from pyiceberg.catalog.sql import SqlCatalog

from systems.base import BaseSystem


class System(BaseSystem):
    """PyIceberg with its catalog in SQLite."""

    def open(self) -> None:
        uri = f"sqlite:///{self.folder}/catalog.db"
        self.catalog = SqlCatalog("bench", uri=uri, warehouse=f"file://{self.folder}/wh")
        self.catalog.create_namespace_if_not_exists("bench")

    def _table(self, table: str) -> Any:
        return self.catalog.load_table(f"bench.{table}")

    def metadata(self, table: str) -> None:
        self._table(table)

    def create(self, table: str, rows: Any) -> None:
        self.catalog.create_table(f"bench.{table}", schema=rows.schema).append(rows)

    def append(self, table: str, rows: Any) -> None:
        self._table(table).append(rows)

    def replace(self, table: str, rows: Any) -> None:
        """Two snapshots: one that deletes, one that appends."""
        self._table(table).overwrite(rows)

    def read(self, table: str) -> Any:
        return self._table(table).scan().to_arrow()

    def read_version(self, table: str, number: int) -> Any:
        loaded = self._table(table)
        snapshot = loaded.history()[2 * (number - 1)].snapshot_id
        return loaded.scan(snapshot_id=snapshot).to_arrow()

    def branch(self, name: str) -> None:
        loaded = self._table("t0")
        snapshot = loaded.current_snapshot().snapshot_id
        loaded.manage_snapshots().create_branch(snapshot, name).commit()
