"""Libraries Rhizo can use but does not need: imported when a method needs one."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from rhizo.errors import UnsupportedError


def need(module: str, purpose: str) -> Any:
    """The module, or an error that says what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as missing:
        package = module.partition(".")[0]
        raise UnsupportedError(f"{purpose} needs {package}: pip install {package}") from missing


def is_from(value: Any, package: str) -> bool:
    """Is ``value`` an instance of a class of ``package``? Imports nothing."""
    return package in sys.modules and any(
        base.__module__.partition(".")[0] == package for base in type(value).__mro__
    )
