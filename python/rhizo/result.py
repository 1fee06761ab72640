"""The rows of a query."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from rhizo import _rhizo
from rhizo.errors import InvalidArgumentError
from rhizo.facts import Column
from rhizo.optional import need
from rhizo.render import render_html, render_text

_SHOWN_ROWS = 20


class Result:
    """Rows, lazily: nothing is read before it is asked for.

    What gives everything (``to_*``, ``len``) keeps the rows, so it can be called again. What passes over them
    (iterating, ``fetchone``, ``fetchmany``, ``fetchall``, handing the Arrow stream to another library) gives each row
    once. Printed, and in notebooks, a result shows its first rows.

    Threads may share a result: each row is given to one of them.

    Any library that knows Arrow's PyCapsules takes a result as it is: ``pyarrow.table(result)``,
    ``polars.DataFrame(result)``, ``duckdb.sql("FROM result")``.

    >>> _ = db.write("users", {"name": ["Ada", "Bob"], "score": [90, 70]})
    >>> db.sql("SELECT * FROM users")
    ┌─────────┬────────┐
    │ name    │ score  │
    │ VARCHAR │ BIGINT │
    ├─────────┼────────┤
    │ Ada     │ 90     │
    │ Bob     │ 70     │
    └─────────┴────────┘
    2 rows
    """

    def __init__(self, cursor: _rhizo.Cursor, *, has_all_rows: bool = False, chose_columns: bool = False) -> None:
        self._cursor = cursor
        self._has_all_rows = has_all_rows  # of one table
        self._chose_columns = chose_columns
        self._lock = threading.RLock()
        self._columns = tuple(Column(**column) for column in cursor.columns)
        self._batches: list[_rhizo.Batch] = []
        self._ended = False  # all batches were pulled
        self._gathered = False  # and are kept
        self._passed = False  # some rows were given out and forgotten
        self._position = 0  # of the next row to fetch, in the first batch kept
        self._batch = 0

    # --- about the rows

    @property
    def columns(self) -> tuple[Column, ...]:
        """Names and types of the columns."""
        return self._columns

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order.

        >>> db.sql("SELECT 1 AS a, 'x' AS b").column_names
        ['a', 'b']
        """
        return [column.name for column in self._columns]

    @property
    def commit(self) -> str:
        """The id of the commit that was read; "" inside a transaction."""
        return self._cursor.commit

    @property
    def version(self) -> int:
        """The version of the table that was read; 0 for SQL.

        >>> _ = db.write("users", {"id": [1]})
        >>> db.read("users").version
        1
        """
        return self._cursor.version

    @property
    def row_count(self) -> int:
        """How many rows there are; reads them all.

        >>> db.sql("SELECT * FROM range(10)").row_count
        10
        """
        return sum(batch.rows for batch in self._all())

    def __len__(self) -> int:
        return self.row_count

    # --- everything at once

    def to_arrow(self) -> Any:
        """All rows as a ``pyarrow.Table``, without a copy. 128-bit whole numbers (sums) are ``decimal128(38, 0)``, up to 38 digits.

        >>> db.sql("SELECT 1 AS a").to_arrow().column_names
        ['a']
        """
        pa = need("pyarrow", "to_arrow")
        batches = self._all()
        schema = pa.schema(_Schema(self._cursor.arrow_schema()))
        return pa.Table.from_batches([pa.record_batch(batch) for batch in batches], schema=schema)

    def to_pandas(self) -> Any:
        """All rows as a pandas DataFrame; tables come back with the index, dtypes and names they were written with.

        Integers with NULLs become ``Int64`` and the like, never floats.

        >>> db.sql("SELECT 1 AS a UNION ALL SELECT NULL").to_pandas()["a"].dtype
        Int32Dtype()
        """
        need("pandas", "to_pandas")
        need("pyarrow", "to_pandas")
        from rhizo.pandas_out import to_frame

        return to_frame(self.to_arrow())

    def to_polars(self) -> Any:
        """All rows as a ``polars.DataFrame``.

        >>> db.sql("SELECT 1 AS a").to_polars().shape
        (1, 1)
        """
        need("polars", "to_polars")
        from rhizo.polars_out import to_frame

        return to_frame(self, self._cursor, self._all())

    def to_dict(self) -> dict[str, list[Any]]:
        """All rows as a dict of columns.

        >>> db.sql("SELECT 1 AS a, 'x' AS b").to_dict()
        {'a': [1], 'b': ['x']}
        """
        columns: list[list[Any]] = [[] for _ in self._columns]
        for batch in self._all():
            for column, values in zip(columns, batch.lists(0, batch.rows), strict=True):
                column.extend(values)
        return dict(zip(self.column_names, columns, strict=True))

    # --- one pass

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row as a tuple, or None at the end.

        >>> db.sql("SELECT 1, 'x'").fetchone()
        (1, 'x')
        """
        rows = self.fetchmany(1)
        return rows[0] if rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """Up to ``size`` next rows as tuples.

        >>> db.sql("SELECT * FROM range(3)").fetchmany(2)
        [(0,), (1,)]
        """
        if size < 0:
            raise InvalidArgumentError(f"size={size}; give a number of rows, 0 or more")
        rows: list[tuple[Any, ...]] = []
        with self._lock:
            while len(rows) < size and (batch := self._current()) is not None:
                end = min(batch.rows, self._position + size - len(rows))
                rows.extend(batch.tuples(self._position, end))
                self._position = end
        return rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left, as tuples.

        >>> db.sql("SELECT * FROM range(2)").fetchall()
        [(0,), (1,)]
        """
        rows: list[tuple[Any, ...]] = []
        with self._lock:
            while (batch := self._current()) is not None:
                rows.extend(batch.tuples(self._position, batch.rows))
                self._position = batch.rows
        return rows

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Rows as tuples.

        >>> [n for (n,) in db.sql("SELECT * FROM range(3)")]
        [0, 1, 2]
        """
        while rows := self.fetchmany(1024):
            yield from rows

    def __arrow_c_schema__(self) -> object:
        return self._cursor.arrow_schema()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as an Arrow C stream in a PyCapsule; the requested schema is ignored, as Arrow allows."""
        with self._lock:
            if self._gathered:
                return self._cursor.arrow_stream(self._batches, True)
            self._refuse_if_passed()
            batches, self._batches, self._passed = self._batches, [], True
            return self._cursor.arrow_stream(batches, self._ended)

    # --- shown

    def __repr__(self) -> str:
        return render_text(*self._preview())

    def _repr_html_(self) -> str:
        return render_html(*self._preview())

    def _preview(self) -> tuple[tuple[Column, ...], list[tuple[Any, ...]] | None, int | None]:
        """Columns, the first rows (None once they have passed), and how many there are if that is known."""
        if self._passed:
            return self._columns, None, None
        rows: list[tuple[Any, ...]] = []
        for batch in self._peek(_SHOWN_ROWS):
            rows.extend(batch.tuples(0, min(batch.rows, _SHOWN_ROWS - len(rows)), lenient=True))
        return self._columns, rows, sum(batch.rows for batch in self._batches) if self._ended else None

    # --- batches

    def _pull(self) -> _rhizo.Batch | None:
        if self._ended:
            return None
        batch = self._cursor.next()
        self._ended = batch is None
        return batch

    def _peek(self, rows: int) -> list[_rhizo.Batch]:
        """Batches with at least so many rows, and one row more to know whether it ends; they are kept."""
        with self._lock:
            while sum(batch.rows for batch in self._batches) <= rows and (batch := self._pull()) is not None:
                self._batches.append(batch)
            return list(self._batches)

    def _all(self) -> list[_rhizo.Batch]:
        with self._lock:
            if not self._gathered:
                self._refuse_if_passed()
                while (batch := self._pull()) is not None:
                    self._batches.append(batch)
                self._gathered = True
            return self._batches

    def _current(self) -> _rhizo.Batch | None:
        """The batch with the next row to fetch. Batches passed are forgotten unless all were gathered."""
        while True:
            while self._batch < len(self._batches):
                if self._position < self._batches[self._batch].rows:
                    self._passed = self._passed or not self._gathered
                    return self._batches[self._batch]
                self._position = 0
                if self._gathered:
                    self._batch += 1
                else:
                    self._passed = True
                    self._batches.pop(0)
            if self._gathered or (batch := self._pull()) is None:
                return None
            self._batches.append(batch)

    def _refuse_if_passed(self) -> None:
        if self._passed:
            raise InvalidArgumentError(
                "some rows of this result were given out already, and each is given once; run the statement again, "
                "or call to_arrow(), to_pandas() or len() first, which keep the rows"
            )


class _Schema:
    """A schema capsule, for libraries that ask objects."""

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __arrow_c_schema__(self) -> object:
        return self._capsule
