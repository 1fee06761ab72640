from __future__ import annotations

import importlib
import sys
from typing import Any

from systems.base import BaseSystem

_here = sys.modules.pop("duckdb", None)
engine = importlib.import_module("duckdb")


class Engine(BaseSystem):
    """What all that speak DuckDB's SQL share."""

    con: Any

    def another(self) -> "Engine":
        other = type(self)(self.folder, self.durable)
        other.con = self.con.cursor()
        return other

    def create(self, table: str, rows: Any) -> None:
        self.con.execute(f"CREATE TABLE {table} AS SELECT * FROM rows")

    def create_many(self, tables: list[str], rows: Any) -> None:
        self.con.execute("BEGIN")
        for table in tables:
            self.create(table, rows)
        self.con.execute("COMMIT")

    def append(self, table: str, rows: Any) -> None:
        self.con.execute(f"INSERT INTO {table} SELECT * FROM rows")

    def replace(self, table: str, rows: Any) -> None:
        self.con.execute("BEGIN")
        self.con.execute(f"DELETE FROM {table}")
        self.append(table, rows)
        self.con.execute("COMMIT")

    def upsert(self, table: str, rows: Any, key: str) -> None:
        self.con.execute(
            f"MERGE INTO {table} USING rows ON {table}.{key} = rows.{key} "
            "WHEN MATCHED THEN UPDATE WHEN NOT MATCHED THEN INSERT"
        )

    def update(self, table: str, assignment: str, condition: str) -> None:
        self.con.execute(f"UPDATE {table} SET {assignment} WHERE {condition}")

    def delete(self, table: str, condition: str) -> None:
        self.con.execute(f"DELETE FROM {table} WHERE {condition}")

    def read(self, table: str) -> Any:
        return self.sql(f"SELECT * FROM {table}")

    def sql(self, statement: str, parameters: list[Any] | None = None) -> Any:
        return self.con.execute(statement, parameters).to_arrow_table()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return list(self.con.execute(statement).fetchall())

    def close(self) -> None:
        self.con.close()


class System(Engine):
    """DuckDB's own file, default settings: a commit syncs its write-ahead log."""

    def create_keyed(self, table: str, rows: Any, key: str) -> None:
        self.create(table, rows)
        self.con.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({key})")

    def open(self) -> None:
        self.con = engine.connect(str(self.folder / "db.duckdb"))

    def metadata(self, table: str) -> None:
        self.con.execute(f"DESCRIBE {table}").fetchall()
