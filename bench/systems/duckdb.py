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

    def branch(self, name: str) -> None:
        """No branches: a copy to change, and one of what both started from."""
        self.con.execute(f"CREATE TABLE t_{name} AS FROM t")
        self.con.execute(f"CREATE TABLE t_{name}_base AS FROM t")

    def update_on(self, branch: str, table: str, assignment: str, condition: str) -> None:
        self.update(f"{table}_{branch}", assignment, condition)

    def merge(self, branch: str, table: str) -> None:
        """No merge: the join of three tables that people write by hand. Deleted and new rows are left out here."""
        columns = [row[0] for row in self.con.execute(f"DESCRIBE {table}").fetchall()]
        cells = [f"CASE WHEN o.{c} IS DISTINCT FROM b.{c} THEN o.{c} ELSE t.{c} END AS {c}" for c in columns]
        self.con.execute("BEGIN")
        self.con.execute(f"CREATE TABLE merged AS SELECT {', '.join(cells)} {self._joined(branch, table)}")
        self.con.execute(f"DROP TABLE {table}")
        self.con.execute(f"ALTER TABLE merged RENAME TO {table}")
        self.con.execute("COMMIT")

    def count_conflicts(self, branch: str, table: str) -> int:
        found = self.con.execute(f"SELECT count(*) {self._joined(branch, table)} WHERE {self._contradict()}").fetchone()
        return int(found[0])

    def conflicts(self, branch: str, table: str) -> Any:
        cells = "b.id, b.amount AS base_amount, o.amount AS our_amount, t.amount AS their_amount"
        return self.sql(f"SELECT {cells} {self._joined(branch, table)} WHERE {self._contradict()}")

    def _joined(self, branch: str, table: str) -> str:
        return f"FROM {table} o JOIN {table}_{branch} t USING (id) JOIN {table}_{branch}_base b USING (id)"

    def _contradict(self) -> str:
        return "o.amount <> b.amount AND t.amount <> b.amount AND o.amount <> t.amount"

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
