"""What an adapter does. A system that cannot do something does not define the method; run.py then prints a dash."""

from __future__ import annotations

import os
import pathlib
from typing import Any


class BaseSystem:
    """A store in `folder`. Rows cross as pyarrow tables. `t` is the one table small measures use."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def open(self) -> None:
        raise NotImplementedError

    def create(self, table: str, rows: Any) -> None:
        """A new table holding `rows`, durable."""
        raise NotImplementedError

    def append(self, table: str, rows: Any) -> None:
        """Rows behind the table's last, one durable commit."""
        raise NotImplementedError

    def read(self, table: str) -> Any:
        """All rows as a pyarrow table."""
        raise NotImplementedError

    def close(self) -> None:
        pass

    def stored_bytes(self) -> int:
        total = 0
        for root, _, names in os.walk(self.folder):
            total += sum(os.stat(os.path.join(root, name)).st_size for name in names)
        return total
