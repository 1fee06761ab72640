from __future__ import annotations

import sqlite3
from typing import Any

from systems.base import BaseSystem


class System(BaseSystem):
    """SQLite, WAL, synchronous FULL: the floor for a durable one-row insert from Python."""

    def open(self) -> None:
        self.con = sqlite3.connect(self.folder / "db.sqlite", isolation_level=None)
        self.con.execute("PRAGMA journal_mode=WAL")
        self.con.execute("PRAGMA synchronous=FULL")

    def create(self, table: str, rows: Any) -> None:
        names = ", ".join(rows.column_names)
        self.con.execute(f"CREATE TABLE {table} ({names})")

    def append(self, table: str, rows: Any) -> None:
        row = [column[0].as_py() for column in rows.columns]
        self.con.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)

    def close(self) -> None:
        self.con.close()
