"""pandas' dtypes as JSON and back."""

from __future__ import annotations

import base64
from typing import Any

import pandas as pd
import pyarrow as pa

Spec = dict[str, Any]


def encode_dtype(dtype: Any, arrow_type: Any) -> Spec:
    """What is needed to make this dtype again."""
    if isinstance(dtype, pd.ArrowDtype):
        schema = pa.schema([pa.field("c", dtype.pyarrow_dtype)])
        return {"arrow": base64.b64encode(schema.serialize().to_pybytes()).decode()}
    if isinstance(dtype, pd.StringDtype):
        return {"string": dtype.storage, "na": "NA" if dtype.na_value is pd.NA else "nan"}
    if isinstance(dtype, pd.CategoricalDtype):
        categories = dtype.categories
        return {"category": bool(dtype.ordered), "of": encode_dtype(categories.dtype, arrow_type)}
    return {"name": str(dtype)}


def decode_dtype(spec: Spec) -> Any:
    """The dtype, or None if this pandas does not know it (or it is a category, whose values say it)."""
    if "arrow" in spec:
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(spec["arrow"])))
        return pd.ArrowDtype(schema.field(0).type)
    if "string" in spec:
        return pd.StringDtype(spec["string"], na_value=pd.NA if spec["na"] == "NA" else float("nan"))
    if "name" not in spec:
        return None
    try:
        return pd.api.types.pandas_dtype(spec["name"])
    except TypeError:
        return None
