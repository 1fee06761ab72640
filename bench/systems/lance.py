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

    def read(self, table: str) -> Any:
        return lance.dataset(self._path(table)).to_table()

    def read_version(self, table: str, number: int) -> Any:
        return lance.dataset(self._path(table), version=number).to_table()

    def branch(self, name: str) -> None:
        lance.dataset(self._path("t0")).create_branch(name)
