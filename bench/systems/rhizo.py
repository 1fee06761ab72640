from __future__ import annotations

from typing import Any

import rhizo
from systems.base import BaseSystem


class System(BaseSystem):
    def open(self) -> None:
        self.db = rhizo.open(self.folder / "db", durability="full" if self.durable else "none")

    def metadata(self, table: str) -> None:
        self.db.info(table)

    def another(self) -> "System":
        other = System(self.folder, self.durable)
        other.db = self.db.on("main")
        return other

    def create(self, table: str, rows: Any) -> None:
        self.db.write(table, rows)

    def create_many(self, tables: list[str], rows: Any) -> None:
        """In transactions of 20 tables, because a transaction of many tables gets slow (notes.md)."""
        for start in range(0, len(tables), 20):
            with self.db.transaction() as tx:
                for table in tables[start : start + 20]:
                    tx.write(table, rows)

    def append(self, table: str, rows: Any) -> None:
        self.db.append(table, rows)

    def replace(self, table: str, rows: Any) -> None:
        self.db.write(table, rows)

    def create_keyed(self, table: str, rows: Any, key: str) -> None:
        self.db.write(table, rows, key=key)

    def create_counted(self, table: str, rows: Any, key: str, adds: str | None) -> None:
        self.db.create_table(table, rows.schema, key=key, merge_rules={adds: "add"} if adds else None)
        self.db.append(table, rows)

    def upsert(self, table: str, rows: Any, key: str) -> None:
        self.db.upsert(table, rows)

    def update(self, table: str, assignment: str, condition: str) -> None:
        column, expression = assignment.split(" = ", 1)
        self.db.update(table, {column: expression}, condition)

    def delete(self, table: str, condition: str) -> None:
        self.db.delete(table, condition)

    def read(self, table: str) -> Any:
        return self.db.read(table).to_arrow()

    def read_version(self, table: str, number: int) -> Any:
        return self.db.read(table, version=number).to_arrow()

    def diff(self, table: str, old: int, new: int) -> Any:
        return self.db.diff(old, new, table=table).rows().to_arrow()

    def sql(self, statement: str, parameters: list[Any] | None = None) -> Any:
        return self.db.sql(statement, parameters).to_arrow()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return list(self.db.sql(statement).fetchall())

    def branch(self, name: str) -> None:
        self.db.create_branch(name)

    def update_on(self, branch: str, table: str, assignment: str, condition: str) -> None:
        column, expression = assignment.split(" = ", 1)
        with self.db.on(branch) as session:
            session.update(table, {column: expression}, condition)

    def merge(self, branch: str, table: str) -> None:
        self.db.merge(branch)

    def count_conflicts(self, branch: str, table: str) -> int:
        return self.db.try_merge(branch).conflicts

    def conflicts(self, branch: str, table: str) -> Any:
        return self.db.conflicts("main", branch, table).to_arrow()

    def write_based(self, table: str, rows: Any, version: int) -> None:
        self.db.write(table, rows, base=version)

    def close(self) -> None:
        if not self.durable:
            self.db.flush()
        self.db.close()
