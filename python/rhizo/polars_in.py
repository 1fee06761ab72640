"""Polars DataFrames as Arrow streams."""

from __future__ import annotations

from typing import Any

import polars

from rhizo.errors import SchemaError
from rhizo.objects import whole_numbers
from rhizo.optional import need

_WIDE = {"Int128", "UInt128"}


def to_stream(frame: polars.DataFrame) -> object:
    """A PyCapsule ``arrow_array_stream``; 128-bit integers, which Arrow has not, as HUGEINT."""
    for name, dtype in frame.schema.items():
        refuse_unstorable(name, dtype)
    wide = [name for name, dtype in frame.schema.items() if _class(dtype) in _WIDE]
    return _with_wide_columns(frame, wide).__arrow_c_stream__()


def refuse_unstorable(column: str, dtype: Any) -> None:
    """Refuses dtypes whose Arrow form is not their values."""
    for part in _parts(dtype):
        if _class(part) == "Object" or (_class(part) in _WIDE and part is not dtype):
            raise SchemaError(
                f"column {column!r} ({dtype}) cannot be stored: {_class(part)} has no form outside of Polars",
                fields={"column": column},
            )


def wide_column(column: str, series: polars.Series) -> Any:
    """A column of 128-bit integers as a ``pyarrow.Array``; None for any other."""
    refuse_unstorable(column, series.dtype)
    if _class(series.dtype) not in _WIDE:
        return None
    return whole_numbers(need("pyarrow", "writing 128-bit integers of Polars"), column, series.to_list())


def _with_wide_columns(frame: polars.DataFrame, wide: list[str]) -> Any:
    if not wide:
        return frame
    pa = need("pyarrow", "writing 128-bit integers of Polars")
    rest = pa.table(frame.drop(wide))
    fields = {field.name: field for field in rest.schema}
    arrays = {name: wide_column(name, frame[name]) for name in wide}
    schema = pa.schema([fields.get(name) or pa.field(name, arrays[name].type) for name in frame.columns])
    columns = [arrays[name] if name in arrays else rest.column(name) for name in frame.columns]
    return pa.table(columns, schema=schema)


def _class(dtype: Any) -> str:
    return str(dtype.base_type())


def _parts(dtype: Any) -> list[Any]:
    """The dtype and those it is made of."""
    inner = [field.dtype for field in getattr(dtype, "fields", [])] + [getattr(dtype, "inner", None)]
    return [dtype, *(part for child in inner if child is not None for part in _parts(child))]
