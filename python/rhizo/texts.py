"""Names and other texts from callers, checked before they go to the native module."""

from __future__ import annotations

import os
from typing import Any

from rhizo.errors import InvalidArgumentError, InvalidNameError, RhizoError


def to_name(value: Any, what: str = "table") -> str:
    """The name of a table, column, branch or tag.

    >>> to_name("users")
    'users'
    """
    return to_text(value, f"{what} name", InvalidNameError)


def to_text(value: Any, what: str, error: type[RhizoError] = InvalidArgumentError) -> str:
    """Text that UTF-8 can hold."""
    if not isinstance(value, str):
        raise error(f"a {what} is a str, not {type(value).__name__}")
    if not is_utf8(value):
        raise error(f"the {what} {value!r} is no Unicode text: it has half of a surrogate pair")
    return value


def to_path(path: str | os.PathLike[str]) -> str:
    """A path of the file system."""
    return to_text(os.fspath(path), "path")


def is_utf8(value: str) -> bool:
    """Can UTF-8 hold it? Python's strings may have surrogates, which it cannot.

    >>> is_utf8("ü"), is_utf8("\\ud800")
    (True, False)
    """
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
