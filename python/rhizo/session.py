"""A place in the history of a database from which tables are read and written."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Literal, NoReturn, TypeVar, cast

from rhizo import _rhizo
from rhizo.errors import ClosedError, InvalidArgumentError, ReadOnlyError, RhizoError
from rhizo.facts import (
    Branch,
    Commit,
    RefLogEntry,
    Resolution,
    Stats,
    Tag,
    VerifyReport,
    to_micros,
    to_seconds,
)
from rhizo.merges import Merges
from rhizo.progress import Progress, shown
from rhizo.tables import Ref, to_ref
from rhizo.texts import to_name, to_text
from rhizo.transaction import Transaction

_Self = TypeVar("_Self", bound="Session")


class _Closed:
    """Stands where a native session was."""

    def __getattr__(self, name: str) -> NoReturn:
        raise ClosedError("this session was closed")

_T = TypeVar("_T")
# Milliseconds to wait for others that run something again. A courtesy, not a lock: the function may come here again.
_PATIENCE = 500


def _metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    pairs = (metadata or {}).items()
    return {to_text(key, "metadata key"): to_text(value, f"metadata value of {key!r}") for key, value in pairs}


Isolation = Literal["snapshot", "serializable"]


def _is_serializable(isolation: str) -> bool:
    if isolation not in ("snapshot", "serializable"):
        raise InvalidArgumentError(f'isolation={isolation!r}; choose "snapshot" or "serializable"')
    return isolation == "serializable"


class Session(Merges):
    """A branch (or one fixed commit) of a database; each statement sees its newest commit.

    Sessions are independent of each other, and safe to use from several threads, one statement at a time. As a
    context manager a session is closed at the end.

    Examples here start with ``db = rhizo.open(directory)``, a new and empty database.
    """

    def __init__(self, native: _rhizo.Session, *, is_snapshot: bool = False) -> None:
        super().__init__(native)
        self._path = native.path
        self._is_snapshot = is_snapshot
        self._contended = False

    # --- transactions

    def transaction(
        self,
        message: str = "",
        *,
        author: str = "",
        metadata: Mapping[str, str] | None = None,
        txn_id: str = "",
        isolation: Isolation = "snapshot",
    ) -> Transaction:
        """Begins a transaction on this session's branch, in a session of its own: this one stays outside of it.

        Args:
            message: recorded in the commit, with ``author`` (default: that of ``open``) and ``metadata``.
            txn_id: 32 hex digits chosen by the caller, so that :meth:`resolve` can be asked after a crash.
            isolation: ``"snapshot"``: a commit conflicts if others changed the same cells or rows meanwhile;
                ``"serializable"``: also if they changed rows that this transaction read (which refuses write skew).
                See docs/transactions.md.

        >>> with db.transaction("two at once", metadata={"job": "17"}) as tx:
        ...     _ = tx.write("a", {"n": [1]})
        ...     _ = tx.write("b", {"n": [2]})
        ...     db.tables(), tx.tables()
        ([], ['a', 'b'])
        >>> db.commit().metadata
        {'job': '17'}
        """
        message, author = to_text(message, "message"), to_text(author, "author")
        txn_id, is_serializable = to_text(txn_id, "txn_id"), _is_serializable(isolation)
        native = self._native.again()
        return Transaction(native, native.begin(message, author, _metadata(metadata), txn_id, is_serializable))

    def retry(
        self,
        function: Callable[[Transaction], _T],
        *,
        timeout: float | timedelta = 30.0,
        attempts: int | None = None,
        message: str = "",
        author: str = "",
        isolation: Isolation = "snapshot",
    ) -> _T:
        """Runs ``function(tx)`` in a transaction, again from the start whenever it meets a retryable conflict.

        Args:
            timeout: seconds after which it is not begun again.
            attempts: how often it is run at most; default as often as there is time for.

        Returns:
            what ``function`` returned in the run that was committed.

        Raises:
            the last conflict, when time or attempts are over; any other error at once.

        >>> _ = db.write("counter", {"n": [1]})
        >>> def add_one(tx):
        ...     n = tx.sql("SELECT n FROM counter").fetchone()[0]
        ...     tx.write("counter", {"n": [n + 1]})
        ...     return n + 1
        >>> db.retry(add_one)
        2
        """
        if attempts is not None and (not isinstance(attempts, int) or attempts < 1):
            raise InvalidArgumentError(f"attempts={attempts!r}; give 1 or more")
        end = time.monotonic() + to_seconds(timeout, "timeout")
        # Otherwise who was lucky once would always be ahead of those who wait for their turn.
        turn = self._native.wait_for_turn(_PATIENCE) if self._contended else None
        self._contended = turn is not None and turn.waited
        try:
            for attempt in itertools.count(1):
                try:
                    return self._attempt(function, message, author, isolation)
                except RhizoError as error:
                    if not error.retryable or attempt == attempts or time.monotonic() >= end:
                        raise
                self._contended = True
                turn = turn or self._native.wait_for_turn(_PATIENCE)
        finally:
            if turn is not None:
                turn.end()
        raise AssertionError("not reached")

    def _attempt(
        self, function: Callable[[Transaction], _T], message: str, author: str, isolation: Isolation
    ) -> _T:
        with self.transaction(message, author=author, isolation=isolation) as tx:
            return function(tx)

    def resolve(self, txn_id: str) -> Resolution:
        """What became of a transaction whose answer was lost.

        >>> tx = db.transaction()
        >>> _ = tx.write("users", {"id": [1]})
        >>> _ = tx.commit()
        >>> db.resolve(tx.txn_id).outcome
        'committed'
        """
        return Resolution(**self._native.resolve(to_text(txn_id, "txn_id")))

    # --- history

    def commit(self, ref: Ref | None = None) -> Commit:
        """The commit this session reads now, or the one ``ref`` names.

        >>> _ = db.write("users", {"id": [1]}, message="first users")
        >>> db.commit().message
        'first users'
        """
        return Commit.of(self._native.head() if ref is None else self._native.show(to_ref(ref)))

    def log(self, ref: Ref | None = None, *, limit: int | None = None, table: str = "") -> list[Commit]:
        """Commits reachable from ``ref`` (default: from here), newest first.

        Args:
            limit: at most so many.
            table: only those that changed this table.

        >>> _ = db.write("users", {"id": [1]}, message="first")
        >>> _ = db.append("users", {"id": [2]}, message="second")
        >>> [commit.message for commit in db.log(limit=2)]
        ['second', 'first']
        """
        if limit == 0:
            return []
        return [Commit.of(facts) for facts in self._native.log(to_ref(ref), limit or 0, to_name(table))]

    def history(self, table: str, *, limit: int | None = None) -> list[Commit]:
        """Commits that changed a table, newest first.

        >>> _ = db.write("a", {"n": [1]})
        >>> _ = db.write("b", {"n": [1]})
        >>> [change.table for commit in db.history("a") for change in commit.tables]
        ['a']
        """
        return self.log(limit=limit, table=table)

    def reflog(self, ref: str = "", *, limit: int | None = None) -> list[RefLogEntry]:
        """How branches and tags moved, newest first; what was deleted can be found here.

        >>> _ = db.create_branch("try")
        >>> db.reflog("try")[0].ref
        'try'
        """
        if limit == 0:
            return []
        return [RefLogEntry.of(facts) for facts in self._native.reflog(to_name(ref, "branch or tag"), limit or 0)]

    # --- branches and tags

    def branches(self) -> list[Branch]:
        """All branches.

        >>> [branch.name for branch in db.branches()]
        ['main']
        """
        return [Branch.of(facts) for facts in self._native.branches()]

    def create_branch(
        self, name: str, at: Ref | None = None, *, expires: datetime | None = None, protected: bool | None = None
    ) -> Branch:
        """Makes a branch from here, or from a branch, tag, commit, ``ref~n`` or time; costs a few hundred bytes.

        Args:
            expires: from then on the branch may be cleared away.
            protected: it cannot be deleted or renamed.

        Raises:
            AlreadyExistsError, BranchNotFoundError, InvalidNameError.

        >>> db.create_branch("experiment").name
        'experiment'
        """
        until = None if expires is None else to_micros(expires)
        return Branch.of(self._native.create_branch(to_name(name, "branch"), to_ref(at), until, protected))

    def set_branch(self, name: str, *, expires: datetime | None = None, protected: bool | None = None) -> Branch:
        """Changes a branch's expiry or protection; what is None stays as it is.

        >>> _ = db.create_branch("release")
        >>> db.set_branch("release", protected=True).protected
        True
        """
        until = None if expires is None else to_micros(expires)
        return Branch.of(self._native.set_branch(to_name(name, "branch"), until, protected))

    def delete_branch(self, name: str) -> None:
        """Removes a branch; :meth:`undelete_branch` brings it back.

        >>> _ = db.create_branch("try")
        >>> db.delete_branch("try")
        >>> db.undelete_branch("try").name
        'try'
        """
        self._native.delete_branch(to_name(name, "branch"))

    def undelete_branch(self, name: str) -> Branch:
        """Brings a deleted branch back to its last commit.

        >>> _ = db.create_branch("try")
        >>> db.delete_branch("try")
        >>> db.undelete_branch("try").commit == db.commit().id
        True
        """
        return Branch.of(self._native.undelete_branch(to_name(name, "branch")))

    def rename_branch(self, name: str, new_name: str) -> None:
        """Gives a branch another name.

        >>> _ = db.create_branch("try")
        >>> db.rename_branch("try", "tried")
        >>> [branch.name for branch in db.branches()]
        ['main', 'tried']
        """
        self._native.rename_branch(to_name(name, "branch"), to_name(new_name, "branch"))

    def tags(self) -> list[Tag]:
        """All tags.

        >>> _ = db.tag("v1.0")
        >>> [tag.name for tag in db.tags()]
        ['v1.0']
        """
        return [Tag(**facts) for facts in self._native.tags()]

    def tag(self, name: str, at: Ref | None = None) -> Tag:
        """Names the commit this session reads (or the one ``at`` names) for good.

        >>> _ = db.write("users", {"id": [1]})
        >>> db.tag("v1.0").name
        'v1.0'
        >>> db.read("users", at="v1.0").fetchall()
        [(1,)]
        """
        return Tag(**self._native.create_tag(to_name(name, "tag"), to_ref(at)))

    def delete_tag(self, name: str) -> None:
        """Removes a tag; the commit stays.

        >>> _ = db.tag("v1.0")
        >>> db.delete_tag("v1.0")
        >>> db.tags()
        []
        """
        self._native.delete_tag(to_name(name, "tag"))

    def current_branch(self) -> str:
        """The name of this session's branch; "" for a snapshot.

        >>> db.current_branch()
        'main'
        """
        return self._native.current_branch()

    def checkout(self, branch: str, *, create: bool = False) -> None:
        """Moves this session (and only it) to another branch, made first if ``create``.

        Raises:
            ReadOnlyError: this session is a snapshot, which stays at one commit.

        >>> db.checkout("experiment", create=True)
        >>> db.current_branch()
        'experiment'
        """
        if self._is_snapshot:
            raise ReadOnlyError("a snapshot stays at one commit; db.on(branch) gives a session on a branch")
        self._native.checkout(to_name(branch, "branch"), create)

    # --- other sessions

    def on(self, branch: str | Branch) -> Session:
        """Another session, on a branch.

        Raises:
            BranchNotFoundError: the message suggests the nearest name.

        >>> _ = db.create_branch("experiment")
        >>> with db.on("experiment") as experiment:
        ...     _ = experiment.write("users", {"id": [1]})
        >>> db.tables()
        []
        """
        return Session(self._native.on(to_ref(branch)))

    def at(self, ref: Ref) -> Session:
        """A read-only snapshot: a session that stays at one commit.

        >>> _ = db.write("users", {"id": [1]})
        >>> with db.at("main") as before:
        ...     _ = db.append("users", {"id": [2]})
        ...     len(before.read("users")), len(db.read("users"))
        (1, 2)
        """
        return Session(self._native.at(to_ref(ref)), is_snapshot=True)

    def scratch(self) -> Scratch:
        """A session on a nameless branch from here, gone at the end unless it is kept.

        >>> with db.scratch() as scratch:
        ...     _ = scratch.write("users", {"id": [1]})
        ...     _ = scratch.keep("tried")
        >>> [branch.name for branch in db.branches()]
        ['main', 'tried']
        """
        return Scratch(self._native.scratch())

    # --- care

    def verify(self, *, progress: Progress | None = None) -> VerifyReport:
        """Reads everything stored and compares it with its hashes.

        Returns:
            a report that is truthy if all is well; else ``findings`` name object, problem and table versions.

        >>> bool(db.verify())
        True
        """
        with shown("verifying", progress) as told:
            return VerifyReport.of(self._native.verify(told))

    def stats(self) -> Stats:
        """How much is stored.

        >>> _ = db.write("users", {"id": [1, 2]})
        >>> db.stats().rows
        2
        """
        return Stats(**self._native.stats())

    def flush(self) -> None:
        """Makes everything written so far durable; matters after ``open(..., durability="none")``.

        >>> with rhizo.open(tmp_path / "fast", durability="none") as fast:
        ...     _ = fast.write("t", {"n": [1]})
        ...     fast.flush()
        """
        self._native.flush()

    @property
    def path(self) -> str:
        """The database's directory."""
        return self._path

    @property
    def closed(self) -> bool:
        """Was :meth:`close` called?"""
        return isinstance(self._native, _Closed)

    def close(self) -> None:
        """Ends this session; calling it again does nothing. Results that are still read stay valid.

        >>> session = db.on("main")
        >>> session.close()
        >>> session.closed
        True
        """
        if not self.closed:
            self._native.close()
            # Lets go of the native session, so that the files are freed although this object is still there.
            self._native = cast(_rhizo.Session, _Closed())

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.closed:
            return f"{type(self).__name__}({self.path!r}, closed)"
        branch = self._native.current_branch()
        return f"{type(self).__name__}({self.path!r}, {f'branch {branch}' if branch else 'snapshot'})"


class Scratch(Session):
    """A session on a nameless branch."""

    def keep(self, name: str) -> Branch:
        """Makes the nameless branch a branch called ``name``.

        >>> with db.scratch() as scratch:
        ...     _ = scratch.keep("tried")
        >>> db.on("tried").current_branch()
        'tried'
        """
        return Branch.of(self._native.keep(to_name(name, "branch")))
