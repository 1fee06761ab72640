"""Rows as a Polars DataFrame."""

from __future__ import annotations

from typing import Any

from rhizo import _rhizo

# Arrow's interval of months, days and nanoseconds; 128-bit whole numbers; extension types.
_MADE_OF_VALUES = ("tin", "HUGEINT", "UHUGEINT", "arrow.opaque", "arrow.uuid")


def to_frame(result: Any, cursor: _rhizo.Cursor, batches: list[_rhizo.Batch]) -> Any:
    """A ``polars.DataFrame``; columns whose Arrow form Polars does not read are made from their values."""
    import polars

    formats = cursor.arrow_formats()
    special = [place for place, format in enumerate(formats) if format.startswith(_MADE_OF_VALUES)]
    if not special:
        return polars.DataFrame(result)
    plain = [place for place in range(len(formats)) if place not in special]
    series: dict[int, Any] = {}
    if plain:
        frame = polars.DataFrame(_Stream(cursor.arrow_columns(batches, plain)))
        series.update(zip(plain, frame.get_columns(), strict=True))
    for place in special:
        values = [value for batch in batches for value in batch.column(place)]
        series[place] = _series(polars, result.column_names[place], formats[place], values)
    return polars.DataFrame([series[place] for place in range(len(formats))])


def _series(polars: Any, name: str, format: str, values: list[Any]) -> Any:
    if format == "tin":
        if any(isinstance(value, tuple) for value in values):
            return polars.Series(name, [_interval(value) for value in values])
        return polars.Series(name, values, dtype=polars.Duration("us"))
    if format.endswith("HUGEINT") and not any(value is not None and value >= 2**127 for value in values):
        return polars.Series(name, values, dtype=polars.Int128)
    return polars.Series(name, [None if value is None else str(value) for value in values], dtype=polars.String)


def _interval(value: Any) -> dict[str, int] | None:
    """Months beside days and nanoseconds, which no duration can hold."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return dict(zip(("months", "days", "nanoseconds"), value, strict=True))
    return {"months": 0, "days": value.days, "nanoseconds": (value.seconds * 10**6 + value.microseconds) * 1000}


class _Stream:
    """A stream capsule, for libraries that ask objects."""

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._capsule
