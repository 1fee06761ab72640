"""Many changes in one commit."""

from __future__ import annotations

from types import TracebackType

from rhizo import _rhizo
from rhizo.errors import ClosedError
from rhizo.facts import CommitResult
from rhizo.tables import Tables


class Transaction(Tables):
    """All tables or none: what is written becomes visible to others with :meth:`commit`, in one step.

    Reads the branch as it was at the beginning, and its own writes, also in SQL. As a context manager it commits at
    the end and rolls back on an exception. Made by :meth:`Session.transaction`.

    >>> with db.transaction(message="order 17") as tx:
    ...     _ = tx.write("customers", {"id": [7]})
    ...     _ = tx.write("orders", {"id": [17], "customer": [7]})
    >>> db.tables()
    ['customers', 'orders']
    >>> [change.table for change in db.commit().tables]
    ['customers', 'orders']
    """

    def __init__(self, native: _rhizo.Session, transaction: _rhizo.Transaction) -> None:
        super().__init__(native)
        self._transaction: _rhizo.Transaction | None = transaction
        self._txn_id = transaction.txn_id
        self.result: CommitResult | None = None
        """What was committed, once it is."""

    @property
    def txn_id(self) -> str:
        """The id that ``resolve`` takes, 32 hex digits."""
        return self._txn_id

    @property
    def is_open(self) -> bool:
        """Not committed and not rolled back yet."""
        return self._transaction is not None

    def commit(self) -> CommitResult:
        """Makes everything durable and visible.

        Raises:
            ConflictError: somebody else changed one of these tables meanwhile (retryable, names the table).
            CommitUnknownError: it may or may not have landed; ask ``db.resolve(error.txn_id)``.

        >>> tx = db.transaction()
        >>> _ = tx.write("users", {"id": [1]})
        >>> tx.commit().tables[0].version
        1
        """
        transaction = self._finish()
        try:
            self.result = CommitResult.of(transaction.commit())
            return self.result
        finally:
            self._end_session()

    def rollback(self) -> None:
        """Forgets everything written.

        >>> tx = db.transaction()
        >>> _ = tx.write("users", {"id": [1]})
        >>> tx.rollback()
        >>> db.tables()
        []
        """
        transaction = self._finish()
        try:
            transaction.rollback()
        finally:
            self._end_session()

    def _finish(self) -> _rhizo.Transaction:
        if self._transaction is None:
            raise ClosedError("this transaction has ended")
        self._transaction.check_idle()
        transaction, self._transaction = self._transaction, None
        return transaction

    def _end_session(self) -> None:
        self._native.close()

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.is_open:
            return
        if kind is None:
            self.commit()
        else:
            self.rollback()

    def __repr__(self) -> str:
        return f"Transaction({self._txn_id}, {'open' if self.is_open else 'ended'})"
