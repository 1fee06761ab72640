"""Rows as a Polars DataFrame."""

from __future__ import annotations

from typing import Any


def to_frame(stream: Any) -> Any:
    """A ``polars.DataFrame`` of anything with ``__arrow_c_stream__``."""
    import polars

    return polars.DataFrame(stream)
