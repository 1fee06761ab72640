"""Rows from other libraries as Arrow streams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rhizo import _rhizo
from rhizo.errors import InvalidArgumentError, SchemaError
from rhizo.optional import is_from, need

_ACCEPTED = (
    "a pandas or Polars DataFrame, a pyarrow Table, RecordBatch or RecordBatchReader, a rhizo Result, anything with "
    "__arrow_c_stream__ or __arrow_c_array__, a dict of columns, or a list of dicts"
)


def to_stream(data: Any) -> object:
    """A PyCapsule ``arrow_array_stream`` with the rows of ``data``."""
    if is_from(data, "pandas"):
        return _pandas_stream(data)
    if is_from(data, "polars") and hasattr(data, "collect"):
        data = data.collect()
    if hasattr(data, "__arrow_c_stream__"):
        return data.__arrow_c_stream__()
    if hasattr(data, "__arrow_c_array__"):
        return _rhizo.stream_of_batch(*data.__arrow_c_array__())
    if isinstance(data, Mapping):
        return _table_of_columns(data).__arrow_c_stream__()
    if isinstance(data, Iterable) and not isinstance(data, (str, bytes)):
        return _table_of_rows(list(data)).__arrow_c_stream__()
    raise InvalidArgumentError(f"cannot read rows from {type(data).__name__}; give {_ACCEPTED}")


def has_leftover_index(frame: Any) -> bool:
    """Whether a pandas frame has row numbers for an index that are no longer 0, 1, 2, ...: what filtering,
    sorting or concatenating leaves, and nobody named."""
    index = getattr(frame, "index", None)
    if index is None or getattr(index, "nlevels", 1) != 1 or index.name is not None:
        return False
    return index.dtype.kind in "iu"


def _pandas_stream(data: Any) -> object:
    if type(data).__name__ == "Series":
        raise InvalidArgumentError("a pandas Series is one column without a table; write series.to_frame('name')")
    if not hasattr(data, "columns"):
        raise InvalidArgumentError(f"cannot read rows from pandas {type(data).__name__}; give {_ACCEPTED}")
    from rhizo.pandas_in import to_arrow

    return to_arrow(data).__arrow_c_stream__()


def _table_of_columns(columns: Mapping[Any, Any]) -> Any:
    pa = need("pyarrow", "writing a dict of columns")
    if not columns:
        raise SchemaError("a dict without columns is no table")
    arrays = {str(name): _array(pa, str(name), values) for name, values in columns.items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidArgumentError(f"columns differ in length: {lengths}")
    return pa.table(arrays)


def _array(pa: Any, name: str, values: Any) -> Any:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise InvalidArgumentError(
            f"column {name!r} is a {type(values).__name__}, not a list; for one row give a list of dicts"
        )
    try:
        return pa.array(values if hasattr(values, "__array__") else list(values), from_pandas=is_from(values, "pandas"))
    except (pa.ArrowException, TypeError, OverflowError) as error:
        raise SchemaError(f"column {name!r}: {error}", fields={"column": name}) from error


def _table_of_rows(rows: list[Any]) -> Any:
    for row in rows:
        if not isinstance(row, Mapping):
            raise InvalidArgumentError(f"cannot read a row from {type(row).__name__}; give {_ACCEPTED}")
    if not rows:
        raise SchemaError("an empty list has no columns; use create_table, or give a table with a schema")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return _table_of_columns({name: [row.get(name) for row in rows] for name in names})
