from __future__ import annotations

from typing import Any

import rhizo
from systems.base import BaseSystem


class System(BaseSystem):
    def open(self) -> None:
        self.db = rhizo.open(self.folder / "db")

    def create(self, table: str, rows: Any) -> None:
        self.db.write(table, rows)

    def append(self, table: str, rows: Any) -> None:
        self.db.append(table, rows)

    def read(self, table: str) -> Any:
        return self.db.read(table).to_arrow()

    def read_version(self, table: str, version: int) -> Any:
        return self.db.read(table, version=version).to_arrow()

    def sql(self, statement: str) -> Any:
        return self.db.sql(statement).to_arrow()

    def close(self) -> None:
        self.db.close()
