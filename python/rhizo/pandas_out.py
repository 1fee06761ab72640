"""Arrow tables as pandas DataFrames: as they were written, where the schema's metadata says so (pandas_in.py)."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pyarrow as pa

from rhizo import _rhizo
from rhizo.pandas_labels import decode_label
from rhizo.pandas_types import Spec, decode_dtype

_MASKED = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def to_frame(table: pa.Table) -> pd.DataFrame:
    """The table as a frame."""
    metadata = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}"))
    dtypes = _dtypes(metadata)
    series = {name: _series(table, name, dtypes.get(name, {})) for name in table.column_names}
    index_columns = [name for name in metadata.get("index_columns", []) if isinstance(name, str) and name in series]
    levels = [series.pop(name) for name in index_columns]
    frame = pd.DataFrame(series) if series else pd.DataFrame(index=pd.RangeIndex(table.num_rows))
    if levels:
        frame.index = _index(levels, _index_names(metadata, index_columns))
    _set_labels(frame, metadata)
    return frame


def _dtypes(metadata: dict[str, Any]) -> dict[str, Spec]:
    """By column name; from pyarrow's part of the metadata where another library wrote it."""
    if "rhizo" in metadata:
        dtypes: dict[str, Spec] = metadata["rhizo"]["dtypes"]
        return dtypes
    entries = metadata.get("columns", [])
    return {entry.get("field_name") or entry["name"]: {"name": entry["numpy_type"]} for entry in entries if entry}


def _index_names(metadata: dict[str, Any], index_columns: list[str]) -> list[Any]:
    if "rhizo" in metadata:
        by_column = dict(zip(metadata["index_columns"], metadata["rhizo"]["index_names"], strict=False))
        return [decode_label(by_column[name]) for name in index_columns]
    names = {entry.get("field_name"): entry.get("name") for entry in metadata.get("columns", [])}
    return [names.get(name, name) for name in index_columns]


def _index(levels: list[pd.Series], names: list[Any]) -> pd.Index:
    if len(levels) > 1:
        return pd.MultiIndex.from_arrays(levels, names=names)
    return pd.Index(levels[0].rename(None), dtype=levels[0].dtype, name=names[0])


def _set_labels(frame: pd.DataFrame, metadata: dict[str, Any]) -> None:
    """Gives the columns their labels again, and the row of labels its name."""
    ours = metadata.get("rhizo", {})
    names = [decode_label(name) for name in ours.get("columns_names", [["none"]])]
    if "labels" in ours:
        stored = [name for name in ours["dtypes"] if name not in metadata["index_columns"]]
        by_name = dict(zip(stored, map(decode_label, ours["labels"]), strict=True))
        labels = [by_name.get(name, name) for name in frame.columns]
        frame.columns = _labels(labels, ours["label_levels"], names)
    if "label_categories" in ours:
        frame.columns = _categories(frame.columns, ours)
    if len(names) == 1:
        frame.columns.name = names[0]


def _categories(labels: pd.Index, ours: dict[str, Any]) -> pd.Index:
    """The labels as categories, unless the table has others by now."""
    categories = [decode_label(label) for label in ours["label_categories"]]
    if not set(labels) <= set(categories):
        return labels
    return pd.CategoricalIndex(labels, categories=categories, ordered=ours["labels_ordered"])


def _labels(labels: list[Any], levels: int, names: list[Any]) -> pd.Index:
    if levels > 1 and all(isinstance(label, tuple) and len(label) == levels for label in labels):
        return pd.MultiIndex.from_tuples(labels, names=names if len(names) == levels else None)
    return pd.Index(labels, tupleize_cols=False)


def _series(table: pa.Table, name: str, spec: Spec) -> pd.Series:
    column = table.column(name)
    noted = (table.schema.field(name).metadata or {}).get(b"rhizo:type", b"")
    if noted.endswith(b"HUGEINT"):
        return _whole_numbers([None if value is None else int(value) for value in column.to_pylist()], spec)
    if spec.get("name") == "object":
        return _timestamps(column) if _has_nanoseconds(column.type) else _objects(column)
    series = _natural(column)
    if "category" in spec:
        return _category(series, spec)
    wanted = decode_dtype(spec)
    if wanted is None or series.dtype == wanted or _would_lose(column, wanted):
        return series
    try:
        return series.astype(wanted)
    except (TypeError, ValueError, OverflowError, pa.ArrowException):
        return series


def _would_lose(column: pa.ChunkedArray, wanted: Any) -> bool:
    """Has it NULLs or fractions since, which the dtype it once had cannot hold?"""
    kind = getattr(wanted, "kind", "O")
    if kind not in "iub" or isinstance(wanted, pd.ArrowDtype):
        return False
    whole = bool(pa.types.is_integer(column.type) or pa.types.is_boolean(column.type))
    if pd.api.types.is_extension_array_dtype(wanted):
        return not whole
    return column.null_count > 0 or not whole


def _category(series: pd.Series, spec: Spec) -> pd.Series:
    if not isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype("category")
    if bool(series.dtype.ordered) != spec["category"]:
        series = series.cat.as_ordered() if spec["category"] else series.cat.as_unordered()
    wanted = decode_dtype(spec["of"])
    if wanted is None or series.cat.categories.dtype == wanted:
        return series
    try:
        return series.cat.rename_categories(series.cat.categories.astype(wanted))
    except (TypeError, ValueError):
        return series


def _natural(column: pa.ChunkedArray) -> pd.Series:
    """The dtype that holds every value exactly."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _extension(column)
    if pa.types.is_interval(kind):
        return _interval(column)
    if pa.types.is_time64(kind) or pa.types.is_decimal256(kind):
        return _objects(column)
    if column.null_count and kind in _MASKED:
        return column.to_pandas(types_mapper=_MASKED.get)
    return column.to_pandas()


def _values(column: pa.ChunkedArray) -> list[Any]:
    values: list[Any] = []
    for chunk in column.chunks:
        values.extend(_rhizo.values(*chunk.__arrow_c_array__()))
    return values


def _objects(column: pa.ChunkedArray) -> pd.Series:
    return pd.Series(_values(column), dtype=object)


def _has_nanoseconds(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind)) and kind.unit == "ns"


def _timestamps(column: pa.ChunkedArray) -> pd.Series:
    """pandas' own objects, because Python's have microseconds."""
    values = [None if value is pd.NaT else value for value in column.to_pandas()]
    return pd.Series(values, dtype=object)


def _extension(column: pa.ChunkedArray) -> pd.Series:
    if isinstance(column.type, pa.OpaqueType) or column.type.extension_name == "arrow.uuid":
        return _objects(column)
    return column.to_pandas()


def _whole_numbers(values: list[Any], spec: Spec) -> pd.Series:
    """64 bits if all fit, else Python's integers."""
    if spec.get("name") == "object" or any(value is not None and not -(2**63) <= value < 2**63 for value in values):
        return pd.Series(values, dtype=object)
    return pd.Series(values, dtype="Int64" if None in values else "int64")


def _interval(column: pa.ChunkedArray) -> pd.Series:
    """Time deltas, unless months are counted."""
    values = _values(column)
    if any(isinstance(value, tuple) for value in values):
        return pd.Series(values, dtype=object)
    return pd.Series(values, dtype="timedelta64[us]")
