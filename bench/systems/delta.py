from __future__ import annotations

from typing import Any

from deltalake import DeltaTable, write_deltalake

from systems.base import BaseSystem


class System(BaseSystem):
    def _path(self, table: str) -> str:
        return str(self.folder / table)

    def metadata(self, table: str) -> None:
        DeltaTable(self._path(table)).version()

    def create(self, table: str, rows: Any) -> None:
        write_deltalake(self._path(table), rows, mode="overwrite")

    def append(self, table: str, rows: Any) -> None:
        write_deltalake(self._path(table), rows, mode="append")

    def replace(self, table: str, rows: Any) -> None:
        write_deltalake(self._path(table), rows, mode="overwrite")

    def upsert(self, table: str, rows: Any, key: str) -> None:
        merge = DeltaTable(self._path(table)).merge(rows, f"t.{key} = s.{key}", source_alias="s", target_alias="t")
        merge.when_matched_update_all().when_not_matched_insert_all().execute()

    def update(self, table: str, assignment: str, condition: str) -> None:
        column, expression = assignment.split(" = ", 1)
        DeltaTable(self._path(table)).update(updates={column: expression}, predicate=condition)

    def delete(self, table: str, condition: str) -> None:
        DeltaTable(self._path(table)).delete(condition)

    def read(self, table: str) -> Any:
        return DeltaTable(self._path(table)).to_pyarrow_table()

    def read_version(self, table: str, number: int) -> Any:
        return DeltaTable(self._path(table), version=number - 1).to_pyarrow_table()
