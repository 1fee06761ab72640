"""What differs between two points of history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from rhizo.errors import InvalidArgumentError
from rhizo.facts import TableDiff
from rhizo.result import Result


class Diff:
    """The tables that differ and, per table, the rows that do. Prints as a summary.

    Nothing is compared before it is asked for.
    """

    def __init__(self, summary: Callable[[], list[dict[str, Any]]], rows: Callable[[str], Result], table: str | None):
        self._summary = summary
        self._rows = rows
        self._table = table

    @cached_property
    def tables(self) -> tuple[TableDiff, ...]:
        """The tables that differ, by name."""
        return tuple(TableDiff.of(facts) for facts in self._summary())

    def rows(self, table: str | None = None) -> Result:
        """The rows of a table that differ, lazily, in the table's order.

        Columns: ``_change_type`` (``"insert"``, ``"delete"``, and for an update ``"update_preimage"`` and
        ``"update_postimage"``, one behind the other), ``_changed_fields`` (of an update: the names of the columns that
        have another value), then the table's columns as they are at the later point.

        Args:
            table: may be left out if the diff is of one table.
        """
        chosen = table or self._table or (self.tables[0].table if len(self.tables) == 1 else None)
        if chosen is None:
            names = ", ".join(diff.table for diff in self.tables) or "none"
            raise InvalidArgumentError(f"rows of which table? Those that differ: {names}")
        return self._rows(chosen)

    def summary(self) -> str:
        """A few lines per table: what was done, how many rows, which columns."""
        return "\n".join(map(str, self.tables)) or "no difference"

    def __iter__(self) -> Iterator[TableDiff]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def __bool__(self) -> bool:
        return len(self.tables) > 0

    def __repr__(self) -> str:
        return self.summary()
