from __future__ import annotations

import importlib
from typing import Any

from systems.base import BaseSystem

lance = importlib.import_module("lance")


class System(BaseSystem):
    def _path(self, table: str) -> str:
        return str(self.folder / f"{table}.lance")

    def metadata(self, table: str) -> None:
        lance.dataset(self._path(table)).schema

    def create(self, table: str, rows: Any) -> None:
        lance.write_dataset(rows, self._path(table), mode="overwrite")

    def append(self, table: str, rows: Any) -> None:
        lance.write_dataset(rows, self._path(table), mode="append")

    def replace(self, table: str, rows: Any) -> None:
        lance.write_dataset(rows, self._path(table), mode="overwrite")

    def upsert(self, table: str, rows: Any, key: str) -> None:
        merge = lance.dataset(self._path(table)).merge_insert(key)
        merge.when_matched_update_all().when_not_matched_insert_all().execute(rows)

    def update(self, table: str, assignment: str, condition: str) -> None:
        column, expression = assignment.split(" = ", 1)
        lance.dataset(self._path(table)).update({column: expression}, where=condition)

    def delete(self, table: str, condition: str) -> None:
        lance.dataset(self._path(table)).delete(condition)

    def read(self, table: str) -> Any:
        return lance.dataset(self._path(table)).to_table()

    def read_version(self, table: str, number: int) -> Any:
        return lance.dataset(self._path(table), version=number).to_table()

    def branch(self, name: str) -> None:
        lance.dataset(self._path("t0")).create_branch(name)
