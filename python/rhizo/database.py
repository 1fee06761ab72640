"""Opening a database."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import Literal

from rhizo import _rhizo
from rhizo.errors import InvalidArgumentError
from rhizo.facts import to_seconds
from rhizo.session import Session
from rhizo.texts import to_name, to_path, to_text

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*", re.IGNORECASE)
_CREATE = {True: "if missing", False: "never", "new": "new"}


class Database(Session):
    """A database, and a session on one of its branches (by default ``main``). Made by :func:`rhizo.open`.

    >>> db
    Database('...', branch main)
    """


def _bytes(size: int | str | None) -> int:
    """A size in bytes: a number, or text such as "4GB" or "512 MiB".

    >>> _bytes("4GB"), _bytes("0.5 KiB"), _bytes(None)
    (4000000000, 512, 0)
    """
    if size is None:
        return 0
    if isinstance(size, int) and size > 0:
        return size
    match = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if match is None or match[2].lower() not in _UNITS:
        raise InvalidArgumentError(f'memory_limit={size!r}; give a number of bytes, or text such as "4GB"')
    return int(float(match[1]) * _UNITS[match[2].lower()])


def open(
    path: str | os.PathLike[str],
    *,
    branch: str = "main",
    create: bool | Literal["new"] = True,
    read_only: bool = False,
    durability: Literal["full", "none"] = "full",
    memory_limit: int | str | None = None,
    threads: int | None = None,
    temp_directory: str | os.PathLike[str] | None = None,
    busy_timeout: float | timedelta = 10.0,
    author: str | None = None,
    verify_integrity: bool = True,
) -> Database:
    """Opens a database: a directory, made if it is not there. Opening it twice in one process is fine.

    Args:
        path: the directory.
        branch: where to start.
        create: True makes it if missing, False never, ``"new"`` insists on making it.
        read_only: writes nothing, not even a lock; works in a directory one may not write.
        durability: ``"full"``: what was committed survives a power cut; ``"none"``: faster, until :meth:`Session.flush`.
        memory_limit: of the query engine, in bytes or as text (``"4GB"``); default 80 % of the machine's memory.
        threads: of the query engine; default all cores.
        temp_directory: where queries larger than memory spill; default nowhere.
        busy_timeout: seconds to wait for another writer.
        author: recorded in commits; default the login name.
        verify_integrity: check the hash of every chunk when it is first read.

    Raises:
        InvalidArgumentError: the directory holds other files.
        ReadOnlyError, BranchNotFoundError, UnsupportedError (a newer format, or a network file system).

    >>> with rhizo.open(tmp_path / "mydata") as database:
    ...     _ = database.write("users", {"id": [1, 2]})
    ...     database.sql("SELECT count(*) FROM users").fetchone()
    (2,)
    """
    if create not in _CREATE:
        raise InvalidArgumentError(f'create={create!r}; choose True, False or "new"')
    if durability not in ("full", "none"):
        raise InvalidArgumentError(f'durability={durability!r}; choose "full" or "none"')
    if threads is not None and threads < 1:
        raise InvalidArgumentError(f"threads={threads}; give 1 or more")
    native = _rhizo.open(
        to_path(path),
        to_name(branch, "branch"),
        _CREATE[create],
        read_only,
        durability == "full",
        _bytes(memory_limit),
        threads or 0,
        "" if temp_directory is None else to_path(temp_directory),
        int(to_seconds(busy_timeout, "busy_timeout") * 1000),
        to_text(author or "", "author"),
        verify_integrity,
    )
    return Database(native)
