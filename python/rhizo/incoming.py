"""Rows from other libraries as Arrow streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from rhizo import _rhizo
from rhizo.errors import InvalidArgumentError, SchemaError
from rhizo.objects import to_array
from rhizo.optional import is_from, need
from rhizo.texts import to_name

_ACCEPTED = (
    "a pandas or Polars DataFrame, a pyarrow Table, RecordBatch or RecordBatchReader, a rhizo Result, anything with "
    "__arrow_c_stream__ or __arrow_c_array__, a dict of columns, or a list of dicts"
)


_FEW_ROWS = 10_000


def to_stream(data: Any) -> tuple[object, Literal["computed", "memory", "few"]]:
    """A PyCapsule ``arrow_array_stream`` with the rows of ``data``, and whether they are computed as they are pulled
    or lie in memory, many or few."""
    if is_from(data, "polars") and hasattr(data, "collect"):
        data = data.collect()
    return _capsule(data), _where_rows_are(data)


def _where_rows_are(data: Any) -> Literal["computed", "memory", "few"]:
    if is_from(data, "pyarrow"):
        rows = getattr(data, "num_rows", None)
    elif isinstance(data, Mapping):
        rows = max((len(values) for values in data.values() if hasattr(values, "__len__")), default=0)
    else:
        rows = len(data) if is_from(data, "pandas") or is_from(data, "polars") or isinstance(data, list) else None
    if rows is None:
        return "computed"
    return "few" if rows <= _FEW_ROWS else "memory"


def _capsule(data: Any) -> object:
    if is_from(data, "pandas"):
        return _pandas_stream(data)
    if is_from(data, "polars") and hasattr(type(data), "columns"):
        return _polars_stream(data)
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
    is_default = type(index).__name__ == "RangeIndex" and (index.start, index.step) == (0, 1)
    return index.dtype.kind in "iu" and not is_default


def _pandas_stream(data: Any) -> object:
    if type(data).__name__ == "Series":
        raise InvalidArgumentError("a pandas Series is one column without a table; write series.to_frame('name')")
    if not hasattr(data, "columns"):
        raise InvalidArgumentError(f"cannot read rows from pandas {type(data).__name__}; give {_ACCEPTED}")
    from rhizo.pandas_in import to_arrow

    return to_arrow(data).__arrow_c_stream__()


def _polars_stream(data: Any) -> object:
    from rhizo.polars_in import to_stream

    return to_stream(data)


def _table_of_columns(columns: Mapping[Any, Any]) -> Any:
    pa = need("pyarrow", "writing a dict of columns")
    if not columns:
        raise SchemaError("a dict without columns is no table")
    refuse_duplicates([str(name) for name in columns])
    arrays = {str(name): _array(pa, to_name(str(name), "column"), values) for name, values in columns.items()}
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
    if is_from(values, "pandas"):
        return _pandas_array(pa, name, values)
    if is_from(values, "polars") and hasattr(values, "dtype"):
        return _polars_array(pa, name, values)
    if hasattr(values, "__array__") and getattr(values, "dtype", None) != object:
        return _foreign_array(pa, name, values)
    return to_array(pa, name, list(values), nan_is_missing=False, one_kind=False)


def _pandas_array(pa: Any, name: str, values: Any) -> Any:
    import pandas

    from rhizo.pandas_in import to_column

    return to_column(pa, name, values if isinstance(values, pandas.Series) else pandas.Series(values))


def _polars_array(pa: Any, name: str, series: Any) -> Any:
    from rhizo.polars_in import wide_column

    wide = wide_column(name, series)
    return pa.chunked_array(series) if wide is None else wide


def _foreign_array(pa: Any, name: str, values: Any) -> Any:
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise SchemaError(f"column {name!r}: {error}", fields={"column": name}) from error


def refuse_duplicates(names: list[str]) -> None:
    """Names of columns must differ."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SchemaError(f"duplicate column name {twice[0]!r}: names must differ as text", fields={"column": twice[0]})


def _table_of_rows(rows: list[Any]) -> Any:
    for row in rows:
        if not isinstance(row, Mapping):
            raise InvalidArgumentError(f"cannot read a row from {type(row).__name__}; give {_ACCEPTED}")
    if not rows:
        raise SchemaError("an empty list has no columns; use create_table, or give a table with a schema")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return _table_of_columns({name: [row.get(name) for row in rows] for name in names})
