"""Python values as SQL parameters: plain ones as they are, others as (SQL type, text)."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from rhizo.errors import InvalidArgumentError
from rhizo.texts import to_text

Plain = None | bool | int | float | str | bytes | tuple[str, str]
Parameters = Sequence[Any] | Mapping[str, Any] | None


def to_parameters(params: Parameters) -> list[Plain] | dict[str, Plain] | None:
    """Parameters for ``?`` and ``$1`` (a sequence) or ``$name`` (a mapping).

    >>> to_parameters([1, None, Decimal("1.50")])
    [1, None, ('DECIMAL(3,2)', '1.50')]
    >>> to_parameters({"since": date(2026, 1, 31)})
    {'since': ('DATE', '2026-01-31')}
    """
    if params is None:
        return None
    if isinstance(params, Mapping):
        return {to_text(str(name), "parameter name").removeprefix("$"): _value(value, f"${name}") for name, value in params.items()}
    if isinstance(params, (str, bytes)) or not isinstance(params, Sequence):
        raise InvalidArgumentError(f"parameters are a list or a dict, not {type(params).__name__}; write [value]")
    return [_value(value, f"?{place}") for place, value in enumerate(params, 1)]


def _value(value: Any, place: str) -> Plain:
    if value is None or isinstance(value, (bool, float, str, bytes)):
        return _plain(value, place)
    if isinstance(value, int):
        return _whole(int(value), place)
    for kind, convert in _TYPED:
        if isinstance(value, kind):
            typed: Plain = convert(value)
            return typed
    return _foreign(value, place)


def _plain(value: Any, place: str) -> Plain:
    if isinstance(value, float):  # also numpy.float64, a subclass
        return float(value)
    if isinstance(value, str):
        return to_text(str(value), f"parameter {place}")
    return bytes(value) if isinstance(value, bytes) else bool(value) if value is not None else None


def _whole(value: int, place: str) -> Plain:
    if -(2**63) <= value < 2**63:
        return value
    if -(2**127) <= value < 2**127:
        return ("HUGEINT", str(value))
    if 0 <= value < 2**128:
        return ("UHUGEINT", str(value))
    raise InvalidArgumentError(f"parameter {place}: {value} does not fit 128 bits")


def _decimal(value: Decimal) -> Plain:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return float(value)
    scale = max(0, -exponent)
    precision = max(len(digits) + max(0, exponent), scale, 1)
    if precision > 38:
        raise InvalidArgumentError(f"the decimal {value} has more than 38 digits")
    return (f"DECIMAL({precision},{scale})", f"{value:f}")


def _datetime(value: datetime) -> Plain:
    if value != value:  # pandas.NaT
        return None
    nanoseconds = getattr(value, "nanosecond", 0)
    if value.tzinfo is not None:
        if nanoseconds:
            raise InvalidArgumentError(f"{value}: a time with a zone has microseconds at most")
        return ("TIMESTAMPTZ", value.isoformat(sep=" "))
    if nanoseconds:
        return ("TIMESTAMP_NS", value.isoformat(sep=" "))
    return ("TIMESTAMP", value.isoformat(sep=" "))


def _timedelta(value: timedelta) -> Plain:
    if value != value:  # pandas.NaT
        return None
    if getattr(value, "nanoseconds", 0):
        raise InvalidArgumentError(f"{value}: an interval has microseconds at most")
    return ("INTERVAL", f"{value.days} days {value.seconds} seconds {value.microseconds} microseconds")


def _time(value: time) -> Plain:
    return ("TIMETZ" if value.tzinfo is not None else "TIME", value.isoformat())


_TYPED: list[tuple[type[Any], Any]] = [
    (Decimal, _decimal),
    (datetime, _datetime),
    (date, lambda value: ("DATE", value.isoformat())),
    (time, _time),
    (timedelta, _timedelta),
    (uuid.UUID, lambda value: ("UUID", str(value))),
    (bytearray, bytes),
    (memoryview, bytes),
]


def _foreign(value: Any, place: str) -> Plain:
    """numpy's scalars and pandas' missing values."""
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    if name.startswith("pandas.") and type(value).__name__ in ("NAType", "NaTType"):
        return None
    if name.startswith("numpy.") and hasattr(value, "item"):
        return _numpy(value, place)
    raise InvalidArgumentError(
        f"parameter {place}: {name} is no SQL value; use None, bool, int, float, str, bytes, Decimal, date, datetime, "
        "time, timedelta or UUID"
    )


def _numpy(value: Any, place: str) -> Plain:
    if str(value) == "NaT":
        return None
    item = value.item()
    if isinstance(item, int) and value.dtype.kind in "mM":  # nanoseconds have no Python type
        kind = "TIMESTAMP_NS" if value.dtype.kind == "M" else "INTERVAL"
        return (kind, str(value).replace("T", " ") if kind == "TIMESTAMP_NS" else f"{_micros(item)} microseconds")
    return float(item) if isinstance(item, float) and math.isnan(item) else _value(item, place)


def _micros(nanos: int) -> int:
    if nanos % 1000:
        raise InvalidArgumentError(f"{nanos} ns: an interval has microseconds at most")
    return nanos // 1000
