"""Arrow tables with types that every library can calculate with."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def with_numbers(table: pa.Table) -> pa.Table:
    """128-bit whole numbers, which Arrow has no type for, as ``decimal128(38, 0)`` where all of them fit."""
    for place, field in enumerate(table.schema):
        if getattr(field.type, "type_name", "") not in ("hugeint", "uhugeint"):
            continue
        decimals = _as_decimals(table.column(place), field.type.type_name == "uhugeint")
        if decimals is not None:
            table = table.set_column(place, field.with_type(decimals.type), decimals)
    return table


def _as_decimals(column: pa.ChunkedArray, unsigned: bool) -> pa.ChunkedArray | None:
    """The same buffers under the other name: both are 16 bytes, little endian, two's complement."""
    kind = pa.decimal128(38, 0)
    chunks: list[Any] = []
    for chunk in column.chunks:
        stored = chunk.storage
        array = pa.Array.from_buffers(kind, len(stored), stored.buffers(), offset=stored.offset)
        try:
            array.validate(full=True)
        except pa.ArrowInvalid:
            return None
        chunks.append(array)
    decimals = pa.chunked_array(chunks, kind)
    if unsigned and len(decimals) and any(value is not None and value < 0 for value in _least(decimals)):
        return None
    return decimals


def _least(decimals: pa.ChunkedArray) -> list[Any]:
    import pyarrow.compute

    return [pyarrow.compute.min(decimals).as_py()]
