from __future__ import annotations

from typing import Any

from deltalake import DeltaTable, write_deltalake

from systems.base import BaseSystem


class System(BaseSystem):
    def open(self) -> None:
        pass

    def _path(self, table: str) -> str:
        return str(self.folder / table)

    def create(self, table: str, rows: Any) -> None:
        write_deltalake(self._path(table), rows, mode="overwrite")

    def append(self, table: str, rows: Any) -> None:
        write_deltalake(self._path(table), rows, mode="append")

    def read(self, table: str) -> Any:
        return DeltaTable(self._path(table)).to_pyarrow_table()

    def read_version(self, table: str, version: int) -> Any:
        return DeltaTable(self._path(table), version=version).to_pyarrow_table()
