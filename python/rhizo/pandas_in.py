"""pandas DataFrames as Arrow tables, with what is needed to give them back as they were.

The schema's metadata gets the key ``pandas`` in the form pyarrow writes it, with our own part under ``rhizo``:
labels, dtypes, and which columns are the index (docs/python.md).
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from rhizo.errors import SchemaError
from rhizo.incoming import refuse_duplicates
from rhizo.objects import to_array
from rhizo.optional import need
from rhizo.pandas_labels import encode_label, is_plain
from rhizo.texts import to_name


_MOST_BYTES_OF_CATEGORIES = 64 << 10


def to_arrow(frame: pd.DataFrame) -> Any:
    """The frame as a ``pyarrow.Table``; index levels that say something become columns behind the others."""
    pa = need("pyarrow", "writing a pandas DataFrame")
    columns = [(str(label), frame.iloc[:, place]) for place, label in enumerate(frame.columns)]
    levels = _index_columns(frame.index, {name for name, _ in columns})
    everything = columns + levels
    refuse_duplicates([name for name, _ in everything])
    if not everything:
        raise SchemaError("a DataFrame without columns is no table")
    arrays = [to_column(pa, to_name(name, "column"), series) for name, series in everything]
    table = pa.table(dict(zip((name for name, _ in everything), arrays, strict=True)))
    return table.replace_schema_metadata({"pandas": json.dumps(_metadata(frame, everything, len(levels)))})


def _is_plain_range(index: Any) -> bool:
    return isinstance(index, pd.RangeIndex) and index.name is None and index.start == 0 and index.step == 1


def _index_columns(index: Any, taken: set[str]) -> list[tuple[str, Any]]:
    """Name and values of each index level; none for a plain range."""
    if _is_plain_range(index) or (len(index) == 0 and index.name is None and index.nlevels == 1):
        return []
    levels = []
    for place in range(index.nlevels):
        name = str(index.names[place]) if index.names[place] is not None else ""
        if not name or name in taken:
            name = f"__index_level_{place}__"
        taken.add(name)
        levels.append((name, pd.Series(index.get_level_values(place)).reset_index(drop=True)))
    return levels


def _metadata(frame: pd.DataFrame, everything: list[tuple[str, Any]], levels: int) -> dict[str, Any]:
    from rhizo.pandas_types import encode_dtype

    names = [name for name, _ in everything]
    index_names = list(frame.index.names) if levels else []
    rhizo: dict[str, Any] = {"dtypes": {name: encode_dtype(series.dtype, None) for name, series in everything}}
    rhizo["index_names"] = [encode_label(name) for name in index_names]
    if isinstance(frame.columns, pd.CategoricalIndex):
        rhizo["label_categories"] = [encode_label(label) for label in frame.columns.categories]
        rhizo["labels_ordered"] = bool(frame.columns.ordered)
    if not is_plain(frame.columns) or isinstance(frame.columns, pd.CategoricalIndex):
        rhizo["labels"] = [encode_label(label) for label in frame.columns]
        rhizo["label_levels"] = frame.columns.nlevels
    if any(name is not None for name in frame.columns.names):
        rhizo["columns_names"] = [encode_label(name) for name in frame.columns.names]
    labels = names[: len(names) - levels] + [None if name is None else str(name) for name in index_names]
    return {
        "index_columns": names[len(names) - levels :],
        "column_indexes": [
            {"name": None, "field_name": None, "pandas_type": "unicode", "numpy_type": "object", "metadata": None}
        ],
        "columns": [_column_entry(label, name, series) for label, (name, series) in zip(labels, everything, strict=True)],
        "creator": {"library": "rhizo", "version": "1"},
        "pandas_version": pd.__version__,
        "rhizo": rhizo,
    }


def _column_entry(label: str | None, name: str, series: Any) -> dict[str, Any]:
    numpy_type = "object" if isinstance(series.dtype, pd.CategoricalDtype) else str(series.dtype)
    return {"name": label, "field_name": name, "pandas_type": numpy_type, "numpy_type": numpy_type, "metadata": None}


def to_column(pa: Any, name: str, series: Any) -> Any:
    """One column as a ``pyarrow.Array``."""
    try:
        return _convert(pa, name, series)
    except SchemaError:
        raise
    except (pa.ArrowException, TypeError, OverflowError, ValueError) as error:
        raise SchemaError(
            f"column {name!r} ({series.dtype}) cannot be stored: {error}", fields={"column": name}
        ) from error


def _convert(pa: Any, name: str, series: Any) -> Any:
    dtype = series.dtype
    if dtype == object:
        return to_array(pa, name, series.tolist(), nan_is_missing=True, one_kind=True)
    if isinstance(dtype, pd.SparseDtype):
        return _convert(pa, name, series.sparse.to_dense())
    if dtype.kind == "c":
        raise SchemaError(f"column {name!r}: complex numbers cannot be stored", fields={"column": name})
    if str(dtype) == "float16":
        return pa.array(series.astype("float32"), from_pandas=True)
    if isinstance(dtype, pd.CategoricalDtype):
        return _category(pa, name, series)
    if isinstance(dtype, pd.DatetimeTZDtype):
        array = pa.array(series, from_pandas=True)
        return _exact(pa, name, array, pa.timestamp("us", tz=array.type.tz))
    if dtype.kind == "m" and not isinstance(dtype, pd.ArrowDtype):
        return _exact(pa, name, pa.array(series, from_pandas=True), pa.duration("us"))
    if pd.api.types.is_extension_array_dtype(dtype):
        return pa.array(series.array)
    return pa.array(series.to_numpy(), from_pandas=True)


def _category(pa: Any, name: str, series: Any) -> Any:
    array = pa.array(series, from_pandas=True)
    if series.dtype.ordered and _bytes_of(array.dictionary) > _MOST_BYTES_OF_CATEGORIES:
        raise SchemaError(
            f"column {name!r} has {len(array.dictionary):,} ordered categories, too many to keep their order (64 KiB); "
            "write its values, such as series.astype(str), and a column with its codes",
            fields={"column": name},
        )
    return array


def _bytes_of(dictionary: Any) -> int:
    """As the native module counts them when it keeps a dictionary: one more for each value."""
    import pyarrow.compute as pc

    texts = dictionary.type in ("string", "large_string")
    width = int(pc.sum(pc.binary_length(dictionary)).as_py() or 0) if texts else len(dictionary) * 8
    return width + len(dictionary)


def _exact(pa: Any, name: str, array: Any, kind: Any) -> Any:
    """Cast to microseconds, which is what such a column stores."""
    try:
        return array.cast(kind)
    except pa.ArrowInvalid as error:
        raise SchemaError(
            f"column {name!r} ({array.type}) has values that do not fit microseconds: {error}", fields={"column": name}
        ) from error
