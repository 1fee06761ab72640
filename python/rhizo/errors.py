"""What can go wrong, as exceptions: one class per thing a caller can do about it.

Every exception has ``code`` (a short word for programs), ``retryable`` (would the same call, made again on fresh data,
have a chance?), ``fields`` (named facts) and each fact as an attribute.

>>> try:
...     db.read("fligths")
... except rhizo.TableNotFoundError as error:
...     print(error.code, error.retryable, error.table)
table_not_found False fligths
"""

from __future__ import annotations

from typing import Any


class RhizoError(Exception):
    """Any error of Rhizo.

    Attributes:
        code: a short word such as ``"table_not_found"``.
        retryable: True if reading again and retrying can succeed.
        fields: named facts beside the text, such as ``{"table": "users"}``; each is an attribute too.
    """

    def __init__(
        self, message: str, *, code: str = "", retryable: bool = False, fields: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code or _CODE_OF_CLASS.get(type(self), "error")
        self.retryable = retryable
        self.fields = dict(fields or {})

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__.get("fields", {})
        if name in fields:
            return fields[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), str(self), self.code, self.retryable, self.fields)


class InvalidArgumentError(RhizoError, ValueError):
    """The call is wrong: fix it."""


class InvalidNameError(InvalidArgumentError):
    """A table, column, branch or tag may not be called that."""


class SqlError(InvalidArgumentError):
    """The SQL statement is wrong, or failed on these rows."""


class SchemaError(RhizoError, ValueError):
    """Columns or types do not fit, or cannot be stored."""


class ConstraintError(RhizoError, ValueError):
    """Rows break a declared constraint, such as NOT NULL."""


class TableNotFoundError(RhizoError, LookupError):
    """There is no table of that name here."""


class BranchNotFoundError(RhizoError, LookupError):
    """There is no branch, tag or commit of that name."""


class VersionNotFoundError(RhizoError, LookupError):
    """There is no such version, commit or time in this history."""


class AlreadyExistsError(RhizoError):
    """The name is taken."""


class ConflictError(RhizoError):
    """Somebody else changed it meanwhile: read again and retry."""


class MergeConflict(RhizoError):
    """Both sides of a merge changed the same cells, rows or tables; nothing was changed.

    ``error.ours`` and ``error.theirs`` are the two heads, ``error.conflicts`` says how many there are,
    ``error.tables`` in which tables; :meth:`Session.conflicts` shows them.
    """


class BusyError(RhizoError):
    """A lock was not had in time: retry."""


class CorruptionError(RhizoError):
    """Stored bytes are not what was written: stop, and run ``verify``."""


class UnsupportedError(RhizoError, NotImplementedError):
    """This version of Rhizo does not do that, or the database is of a newer format."""


class CommitUnknownError(RhizoError):
    """The commit may or may not have landed: ask ``resolve(error.txn_id)``."""


class ClosedError(RhizoError):
    """The handle was closed, or belongs to the process that forked this one."""


class ReadOnlyError(RhizoError):
    """Opened for reading, a snapshot, or a place that cannot be written."""


class DiskFullError(RhizoError, OSError):
    """The disk is full; nothing was changed."""


class StorageError(RhizoError, OSError):
    """The environment failed to read or write."""


class OutOfMemoryError(RhizoError, MemoryError):
    """The memory limit was reached."""


class CancelledError(RhizoError):
    """The work was asked to stop."""


_CLASS_OF_CODE: dict[str, type[RhizoError]] = {
    "invalid_argument": InvalidArgumentError,
    "invalid_name": InvalidNameError,
    "table_not_found": TableNotFoundError,
    "branch_not_found": BranchNotFoundError,
    "version_not_found": VersionNotFoundError,
    "object_not_found": CorruptionError,
    "already_exists": AlreadyExistsError,
    "schema": SchemaError,
    "constraint": ConstraintError,
    "conflict": ConflictError,
    "merge_conflict": MergeConflict,
    "busy": BusyError,
    "corruption": CorruptionError,
    "unsupported": UnsupportedError,
    "commit_unknown": CommitUnknownError,
    "closed": ClosedError,
    "read_only": ReadOnlyError,
    "disk_full": DiskFullError,
    "io": StorageError,
    "out_of_memory": OutOfMemoryError,
    "cancelled": CancelledError,
    "sql": SqlError,
}
_CODE_OF_CLASS = {cls: code for code, cls in reversed(_CLASS_OF_CODE.items())}


def exception_for(code: str, message: str, retryable: bool, fields: dict[str, str]) -> RhizoError:
    """The exception for a native error; called by the native module."""
    return _CLASS_OF_CODE.get(code, RhizoError)(message, code=code, retryable=retryable, fields=fields)


def _restore(cls: type[RhizoError], message: str, code: str, retryable: bool, fields: dict[str, str]) -> RhizoError:
    return cls(message, code=code, retryable=retryable, fields=fields)
