from __future__ import annotations

import sqlite3
from typing import Any

from systems.base import BaseSystem


class System(BaseSystem):
    """SQLite, WAL, synchronous FULL: the floor for a durable one-row insert from Python."""

    def open(self) -> None:
        self.con = sqlite3.connect(self.folder / "db.sqlite", isolation_level=None, timeout=10)
        self.con.execute("PRAGMA journal_mode=WAL")
        self.con.execute(f"PRAGMA synchronous={'FULL' if self.durable else 'OFF'}")

    def metadata(self, table: str) -> None:
        self.con.execute(f"PRAGMA table_info({table})").fetchall()

    def create(self, table: str, rows: Any) -> None:
        self.con.execute(f"CREATE TABLE {table} ({', '.join(rows.column_names)})")
        self.append(table, rows)

    def create_many(self, tables: list[str], rows: Any) -> None:
        self.con.execute("BEGIN")
        for table in tables:
            self.create(table, rows)
        self.con.execute("COMMIT")

    def append(self, table: str, rows: Any) -> None:
        """Arrow or plain tuples; the latter is what an application of SQLite would pass."""
        if not isinstance(rows, tuple):
            rows = tuple(column[0].as_py() for column in rows.columns)
        self.con.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows))})", rows)

    def read(self, table: str) -> Any:
        import pyarrow as pa

        cursor = self.con.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        return pa.table([list(column) for column in zip(*cursor.fetchall())], names=names)

    def close(self) -> None:
        self.con.close()
