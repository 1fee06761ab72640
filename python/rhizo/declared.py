"""Schemas that users declare: SQL types, Python types, Arrow fields, or anything with ``__arrow_c_schema__``."""

from __future__ import annotations

import datetime
import decimal
import re
import uuid
from collections.abc import Mapping
from typing import Any

from rhizo import _rhizo
from rhizo.errors import InvalidArgumentError, SchemaError, SqlError, UnsupportedError
from rhizo.texts import to_name, to_text

_SQL_OF_PYTHON: dict[Any, str] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    str: "VARCHAR",
    bytes: "BLOB",
    datetime.date: "DATE",
    datetime.time: "TIME",
    datetime.datetime: "TIMESTAMP",
    datetime.timedelta: "INTERVAL",
    decimal.Decimal: "DECIMAL(38,9)",
    uuid.UUID: "UUID",
}
_INNER = re.compile(r"\(.*\)|\"[^\"]*\"|'[^']*'", re.DOTALL)
_CLAUSE = re.compile(r"\b(DEFAULT|PRIMARY\s+KEY|UNIQUE|CHECK|REFERENCES|COLLATE|GENERATED|AS|AUTO_?INCREMENT)\b", re.IGNORECASE)
_NOT_NULL = re.compile(r"\s+NOT\s+NULL\s*$", re.IGNORECASE)


def to_schema(session: _rhizo.Session, schema: Any) -> object:
    """A PyCapsule ``arrow_schema`` of a struct with one child per column."""
    if isinstance(schema, Mapping):
        return _of_columns(session, schema)
    if hasattr(schema, "__arrow_c_schema__"):
        return schema.__arrow_c_schema__()
    if hasattr(schema, "schema") and hasattr(schema.schema, "__arrow_c_schema__"):
        return schema.schema.__arrow_c_schema__()
    raise InvalidArgumentError(
        f"cannot read a schema from {type(schema).__name__}; give a dict of column name to SQL type such as "
        '{"id": "BIGINT", "name": "VARCHAR"}, or a pyarrow schema'
    )


def _of_columns(session: _rhizo.Session, columns: Mapping[Any, Any]) -> object:
    if not columns:
        raise SchemaError("a table has at least one column")
    return _rhizo.struct_schema([_column(session, to_name(str(name), "column"), kind) for name, kind in columns.items()])


def _column(session: _rhizo.Session, name: str, kind: Any) -> tuple[str, object, bool]:
    if hasattr(kind, "__arrow_c_schema__"):
        return name, kind.__arrow_c_schema__(), bool(getattr(kind, "nullable", True))
    text = _SQL_OF_PYTHON.get(kind, kind) if not isinstance(kind, str) else kind
    if not isinstance(text, str):
        raise SchemaError(f"column {name!r}: {kind!r} is no type; give a SQL type such as 'BIGINT'", fields={"column": name})
    _refuse_clauses(name, to_text(text, "type", SchemaError))
    bare = _NOT_NULL.sub("", text)
    return name, _sql_type(session, name, bare), bare == text


def _sql_type(session: _rhizo.Session, name: str, text: str) -> object:
    """The engine says what the type means, so that every spelling it knows works."""
    try:
        probe = session.sql(f"SELECT CAST(NULL AS {text}\n) AS c LIMIT 0", None)
        _refuse_enum(name, probe.columns[0]["type"])
        return _rhizo.first_column_schema(probe.arrow_schema())
    except SqlError as error:
        reason = str(error).partition("\n")[0]
        raise SchemaError(f"column {name!r}: {text!r} is no SQL type: {reason}", fields={"column": name}) from error


def _refuse_clauses(name: str, text: str) -> None:
    """What stands behind the type in other databases. Fields of a STRUCT, in parentheses, may be called like that."""
    found = _CLAUSE.search(_INNER.sub("", text))
    if found:
        raise SchemaError(
            f"column {name!r}: {found[0].upper()} is not supported yet; only NOT NULL may stand behind a type",
            fields={"column": name},
        )


def _refuse_enum(name: str, text: str) -> None:
    """Arrow, through which schemas go, knows no type of fixed values, only columns that happen to repeat some."""
    if text.startswith("ENUM"):
        raise UnsupportedError(
            f"column {name!r}: ENUM columns cannot be declared yet; take VARCHAR", fields={"column": name}
        )
