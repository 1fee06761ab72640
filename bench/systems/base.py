"""What an adapter does. A system that cannot do something inherits the method that says so."""

from __future__ import annotations

import os
import pathlib
from typing import Any


class BaseSystem:
    """A store in `folder`. Rows cross as pyarrow tables; `with system:` opens and closes it.

    `durable=False` is for preparing a database, and for comparing with those that never sync.
    """

    def __init__(self, folder: pathlib.Path, durable: bool = True) -> None:
        self.folder = folder
        self.durable = durable

    def __enter__(self) -> "BaseSystem":
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def metadata(self, table: str) -> None:
        """Asks what is there, without reading rows: what "opened" means."""

    def another(self) -> "BaseSystem":
        """The same store for a second thread, called in that thread."""
        other = type(self)(self.folder, self.durable)
        other.open()
        return other

    def create(self, table: str, rows: Any) -> None:
        """A new table holding `rows`, durable."""
        raise NotImplementedError("cannot create a table")

    def create_many(self, tables: list[str], rows: Any) -> None:
        for table in tables:
            self.create(table, rows)

    def append(self, table: str, rows: Any) -> None:
        """Rows behind the table's last, one durable commit."""
        raise NotImplementedError("cannot append")

    def replace(self, table: str, rows: Any) -> None:
        """The table becomes `rows`; the version before stays readable."""
        raise NotImplementedError("keeps no versions")

    def create_keyed(self, table: str, rows: Any, key: str) -> None:
        """A new table in which `key` identifies a row, where the system knows keys; `rows` may be a stream."""
        self.create(table, rows)

    def create_counted(self, table: str, rows: Any, key: str, adds: str | None) -> None:
        """The same; changes of column `adds` by several add up, where the system knows how."""
        self.create_keyed(table, rows, key)

    def upsert(self, table: str, rows: Any, key: str) -> None:
        """Rows with a key that is there are replaced, others added; one durable commit."""
        raise NotImplementedError("no upsert")

    def update(self, table: str, assignment: str, condition: str) -> None:
        """`column = expression` in the rows that a SQL condition finds; one durable commit."""
        raise NotImplementedError("no update")

    def delete(self, table: str, condition: str) -> None:
        raise NotImplementedError("no delete")

    def read(self, table: str) -> Any:
        """All rows as a pyarrow table."""
        raise NotImplementedError("cannot read")

    def read_version(self, table: str, number: int) -> Any:
        """The rows of the number-th write of the only table; the first is 1."""
        raise NotImplementedError("keeps no versions")

    def sql(self, statement: str, parameters: list[Any] | None = None) -> Any:
        """The answer as a pyarrow table."""
        raise NotImplementedError("no SQL")

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """The answer in plain Python, so that pyarrow is not imported."""
        raise NotImplementedError("no SQL")

    def diff(self, table: str, old: int, new: int) -> Any:
        """The rows that differ between two versions as a pyarrow table."""
        raise NotImplementedError("no diff of rows")

    def branch(self, name: str) -> None:
        raise NotImplementedError("no branches")

    def update_on(self, branch: str, table: str, assignment: str, condition: str) -> None:
        raise NotImplementedError("no branches")

    def merge(self, branch: str, table: str) -> None:
        """What was changed on the branch and here since it was made, together; one durable commit."""
        raise NotImplementedError("no merge")

    def count_conflicts(self, branch: str, table: str) -> int:
        """Cells that both changed to different values."""
        raise NotImplementedError("no merge")

    def conflicts(self, branch: str, table: str) -> Any:
        """They, as a pyarrow table."""
        raise NotImplementedError("no merge")

    def write_based(self, table: str, rows: Any, version: int) -> None:
        """The rows a reader of that version made of it, together with what others did since; one durable commit."""
        raise NotImplementedError("no merge")

    def stored_bytes(self) -> int:
        total = 0
        for root, _, names in os.walk(self.folder):
            total += sum(os.stat(os.path.join(root, name)).st_size for name in names)
        return total
