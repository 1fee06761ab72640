"""pandas' column and index names that are no strings, as JSON and back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from rhizo.errors import SchemaError


def encode_label(label: Any) -> Any:
    """A label as JSON: strings as they are, others as ``[type, value]``."""
    if isinstance(label, str):
        return str(label)
    if label is None:
        return ["none"]
    if isinstance(label, tuple):
        return ["tuple", [encode_label(part) for part in label]]
    if hasattr(label, "item") and not isinstance(label, (datetime, date)):  # numpy's scalars
        label = label.item()
    if isinstance(label, (bool, int, float)):
        return [type(label).__name__, label if label == label else "nan"]
    if isinstance(label, (datetime, date)):
        return [type(label).__name__, label.isoformat()]
    raise SchemaError(f"the column name {label!r} ({type(label).__name__}) cannot be stored; rename it to a string")


def decode_label(label: Any) -> Any:
    """What :func:`encode_label` was given."""
    if isinstance(label, str):
        return label
    kind, value = label[0], label[-1]
    if kind == "tuple":
        return tuple(decode_label(part) for part in value)
    if kind == "Timestamp":
        import pandas

        return pandas.Timestamp(value)
    decoders: dict[str, Any] = {"datetime": datetime.fromisoformat, "date": date.fromisoformat, "float": float}
    return None if kind == "none" else decoders.get(kind, lambda plain: plain)(value)


def is_plain(labels: Iterable[Any]) -> bool:
    """Are all of them strings?"""
    return all(isinstance(label, str) for label in labels)
