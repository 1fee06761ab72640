"""Rhizo: git for tables, with a SQL engine inside.

>>> import rhizo
>>> with rhizo.open(tmp_path / "example") as db:
...     _ = db.write("users", {"name": ["Ada", "Bob"], "score": [90, 70]})
...     _ = db.append("users", {"name": ["Eve"], "score": [85]})
...     db.sql("SELECT name FROM users VERSION 1").fetchall()
[('Ada',), ('Bob',)]
"""

from rhizo import _rhizo
from rhizo.database import Database, open
from rhizo.diff import Diff
from rhizo.errors import (
    AlreadyExistsError,
    BranchNotFoundError,
    BusyError,
    CancelledError,
    ClosedError,
    CommitUnknownError,
    ConflictError,
    ConstraintError,
    CorruptionError,
    DiskFullError,
    InvalidArgumentError,
    InvalidNameError,
    MergeConflict,
    OutOfMemoryError,
    ReadOnlyError,
    RhizoError,
    SchemaError,
    SqlError,
    StorageError,
    TableNotFoundError,
    UnsupportedError,
    VersionNotFoundError,
)
from rhizo.facts import (
    Branch,
    Commit,
    CommitResult,
    HeadMove,
    Interval,
    MergeResult,
    MergedTable,
    TableDiff,
    TableInfo,
    Tag,
    Version,
    WriteResult,
)
from rhizo.merging import Merging
from rhizo.result import Result
from rhizo.session import Session
from rhizo.transaction import Transaction

__version__: str = _rhizo.version()

__all__ = [
    "AlreadyExistsError",
    "Branch",
    "BranchNotFoundError",
    "BusyError",
    "CancelledError",
    "ClosedError",
    "Commit",
    "CommitResult",
    "CommitUnknownError",
    "ConflictError",
    "ConstraintError",
    "CorruptionError",
    "Database",
    "Diff",
    "DiskFullError",
    "HeadMove",
    "Interval",
    "InvalidArgumentError",
    "InvalidNameError",
    "MergeConflict",
    "MergeResult",
    "MergedTable",
    "Merging",
    "OutOfMemoryError",
    "ReadOnlyError",
    "Result",
    "RhizoError",
    "SchemaError",
    "Session",
    "SqlError",
    "StorageError",
    "TableDiff",
    "TableInfo",
    "TableNotFoundError",
    "Tag",
    "Transaction",
    "UnsupportedError",
    "Version",
    "VersionNotFoundError",
    "WriteResult",
    "__version__",
    "open",
]
