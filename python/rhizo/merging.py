"""A merge whose conflicts are settled one after the other."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rhizo import _rhizo
from rhizo.errors import ClosedError, InvalidArgumentError
from rhizo.facts import MergeResult
from rhizo.incoming import to_stream
from rhizo.result import Result
from rhizo.texts import to_name, to_text


class Merging:
    """A merge in progress: nothing moves until :meth:`commit`. Made by :meth:`Session.merging`.

    >>> _ = db.write("stock", {"item": ["nut", "bolt"], "n": [5, 7]}, key="item")
    >>> _ = db.create_branch("count")
    >>> with db.on("count") as count:
    ...     _ = count.update("stock", {"n": "n + 2"})
    >>> _ = db.update("stock", {"n": "n + 1"})
    >>> with db.merging("count") as m:
    ...     _ = m.resolve("stock", {"item": ["nut"], "n": [8]})
    ...     _ = m.resolve("stock", "SELECT item, greatest(our_n, their_n) AS n FROM "
    ...                            "(SELECT *, our_item AS item FROM conflicts)")
    ...     _ = m.commit("counted again")
    >>> db.read("stock").fetchall()
    [('nut', 8), ('bolt', 9)]
    """

    def __init__(self, session: _rhizo.Session, native: _rhizo.Merging) -> None:
        self._session = session
        self._native: _rhizo.Merging | None = native

    def state(self) -> MergeResult:
        """What a commit would do now: tables that both sides changed, with the conflicts that are not settled yet."""
        return MergeResult.of(self._open().state())

    def conflicts(self, table: str) -> Result:
        """What contradicts in a table and is not settled yet, as :meth:`Session.conflicts` shows it."""
        return Result(self._open().conflicts(to_name(table)))

    def resolve(self, table: str, how: Any, *, rows: bool = True) -> int | None:
        """Settles conflicts of a table.

        Args:
            how: one of

                * ``"ours"`` or ``"theirs"``: all that is not settled yet is as that side has it;
                * rows (a DataFrame, a dict, ...): each names a row by the table's key or by ``_row_id``, and then gives
                  the values of its cells, or in ``_side`` ``"ours"`` or ``"theirs"``. Only cells in conflict take
                  them. A row that one side deleted needs ``_side``;
                * a SQL query that makes such rows, over the table ``conflicts``.
            rows: False: of a side, only what contradicts in the table as a whole (``_reason`` ``schema``: its name,
                its columns). Conflicts of its rows show behind that, and are left to settle; of a replacement
                none are: the table is as that side has it.

        Returns:
            how many conflicts the rows settled; None for a side.

        Raises:
            InvalidArgumentError: a row has no conflict, or says nothing of one.
            SchemaError: a value is no exact value of its column's type.
        """
        native, name = self._open(), to_name(table)
        if isinstance(how, str) and how in ("ours", "theirs"):
            native.resolve_side(name, how, bool(rows))
            return None
        if not rows:
            raise InvalidArgumentError('resolve: rows=False goes with "ours" or "theirs"')
        if isinstance(how, str) and how.strip().lower() in ("", "ours", "theirs"):
            raise InvalidArgumentError(f'resolve: {how!r}; give "ours", "theirs", rows or a query')
        if isinstance(how, str):
            return native.resolve_sql(name, to_text(how, "query"))
        stream, kind = to_stream(how)
        return native.resolve_rows(self._session, name, stream, kind)

    def commit(self, message: str = "") -> MergeResult:
        """Makes the merge, as a commit of its own.

        Raises:
            MergeConflict: something is not settled yet.
            ConflictError: the branch has moved since the merge began.
        """
        merged = MergeResult.of(self._open().commit(to_text(message, "message")))
        self._native = None
        return merged

    def abort(self) -> None:
        """Ends the merge; nothing moved. What leaving the ``with`` block without :meth:`commit` does."""
        self._native = None

    def _open(self) -> _rhizo.Merging:
        if self._native is None:
            raise ClosedError("this merge has ended; begin another")
        return self._native

    def __enter__(self) -> Merging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()
