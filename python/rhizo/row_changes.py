"""Changing single rows of tables: what sessions and transactions share."""

from __future__ import annotations

import decimal
import math
from collections.abc import Mapping
from typing import Any

from rhizo import _rhizo
from rhizo.declared import to_schema
from rhizo.errors import InvalidArgumentError, SqlError, TableNotFoundError
from rhizo.facts import WriteResult
from rhizo.incoming import has_leftover_index, to_stream
from rhizo.optional import is_from
from rhizo.parameters import Parameters, to_parameters
from rhizo.progress import Progress, shown
from rhizo.texts import to_name, to_text


Names = str | list[str] | tuple[str, ...]


def to_message(message: str | None) -> str | None:
    """A commit message as the engine takes it."""
    return None if message is None else to_text(message, "message")


def to_key(key: Names | None, what: str = "key") -> list[str]:
    """Names of columns: one, several, or none.

    >>> to_key("id"), to_key(["a", "b"]), to_key(None)
    (['id'], ['a', 'b'], [])
    """
    if key is None:
        return []
    if not isinstance(key, (str, list, tuple)):
        raise InvalidArgumentError(f"{what}={key!r}; give a name or a list of names")
    return [to_name(column, "column") for column in ([key] if isinstance(key, str) else key)]


def _pairs(values: Any, what: str) -> list[tuple[Any, Any]]:
    if not isinstance(values, Mapping):
        raise InvalidArgumentError(f"{what}={values!r}; give a dict of columns")
    return list(values.items())


def to_rules(rules: Any) -> list[tuple[str, str]]:
    """Columns and their merge rules.

    >>> to_rules({"n": "add"})
    [('n', 'add')]
    """
    pairs = _pairs(rules, "merge rules")
    return [(to_name(column, "column"), to_text(rule, "merge rule")) for column, rule in pairs]


def _number(value: float) -> str:
    """A literal that is exactly this number, and may become a DECIMAL where it is short."""
    text = repr(float(value))
    is_short = "e" in text or sum(c.isdigit() for c in text) <= 15
    if math.isfinite(value) and is_short and text != "-0.0":
        return text
    return f"CAST('{text}' AS DOUBLE)"


def to_expression(column: str, value: Any) -> str:
    """What a column becomes, as SQL: text is SQL, other values stand for themselves.

    >>> to_expression("n", "n + 1"), to_expression("n", 1.5), to_expression("n", None)
    ('n + 1', '1.5', 'NULL')
    """
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):  # a scalar of numpy
        value = value.item()
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return repr(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return format(value, "f")
    if not isinstance(value, str):
        raise InvalidArgumentError(
            f"{column!r} becomes {value!r}; give SQL as text, a number, a bool or None, or a parameter '?'"
        )
    if not value.strip():
        raise SqlError(f"{column!r} becomes an empty expression; text is SQL: an empty string is \"''\"")
    return to_text(value, f"expression of {column!r}", SqlError)


def _assignments(values: Any, what: str) -> list[tuple[str, str]]:
    return [(to_name(column, "column"), to_expression(column, value)) for column, value in _pairs(values, what)]


class RowChanges:
    """Statements that change single rows; the rows that stay keep their place and their identity."""

    def __init__(self, native: _rhizo.Session) -> None:
        self._native = native

    def insert(
        self, table: str, data: Any, *, message: str | None = None, progress: Progress | None = None
    ) -> WriteResult:
        """Adds rows behind the last one; in a table with a key, rows whose key it does not have.

        Raises:
            ConstraintError: a key is there already, comes twice, or is missing; names row and key.
            TableNotFoundError, SchemaError.

        >>> _ = db.write("users", {"id": [1, 2], "name": ["Ada", "Bob"]}, key="id")
        >>> db.insert("users", {"id": [3], "name": ["Cleo"]}).rows_inserted
        1
        >>> db.insert("users", {"id": [2], "name": ["Ben"]})
        Traceback (most recent call last):
        rhizo.errors.ConstraintError: row 1 has a key that the table has already: id 2
        """
        rows = self._fitted(to_name(table), data, "keep")
        with shown(f"inserting into {table}", progress) as told:
            return WriteResult(**self._native.insert(table, *to_stream(rows), to_message(message), told))

    def upsert(
        self,
        table: str,
        data: Any,
        *,
        reset: bool = False,
        message: str | None = None,
        progress: Progress | None = None,
    ) -> WriteResult:
        """Rows whose key the table has become those of ``data``, others are added at the end.

        Columns that ``data`` does not have stay as they are; in new rows they get their default. Only values that
        differ are stored. Holds ``data`` in memory. ``reset``: values may go against their columns' merge rules.

        Raises:
            InvalidArgumentError: the table has no key.
            ConstraintError: a key comes twice in ``data``, or is missing; a value goes against its merge rule.
            ConflictError: somebody else changed the same cells or rows meanwhile (retryable).

        >>> _ = db.write("users", {"id": [1, 2], "score": [70, 90]}, key="id")
        >>> done = db.upsert("users", {"id": [2, 3], "score": [95, 60]})
        >>> done.rows_updated, done.rows_inserted
        (1, 1)
        >>> db.read("users").fetchall()
        [(1, 70), (2, 95), (3, 60)]
        """
        rows = self._fitted(to_name(table), data, "keep")
        with shown(f"upserting into {table}", progress) as told:
            return WriteResult(**self._native.upsert(table, *to_stream(rows), bool(reset), to_message(message), told))

    def update(
        self,
        table: str,
        set: Mapping[str, Any],
        where: str = "",
        params: Parameters = None,
        *,
        reset: bool = False,
        message: str | None = None,
    ) -> WriteResult:
        """Changes columns of the rows that ``where`` finds.

        Args:
            set: column to SQL expression over the row as it was; numbers, bools and None stand for themselves.
            where: a SQL condition; left out: all rows.
            params: values for ``?`` (those of ``set`` first) or ``$name``.
            reset: values may go against their columns' merge rules (:meth:`set_merge_rules`).

        Returns:
            ``rows_updated``: changed; ``rows_unchanged``: found, but had these values.

        Raises:
            SchemaError: a column is unknown, or a value is no exact value of its type.
            ConstraintError: NULL where none may be, a key that is there, a value against its column's merge rule.
            SqlError: an expression is wrong, or calls a function like ``random()``.
            ConflictError: inside a transaction, at its commit: somebody else changed the same cells or rows meanwhile
                (retryable). Outside one it runs again by itself.

        >>> _ = db.write("users", {"name": ["Ada", "Bob"], "score": [70, 90]})
        >>> db.update("users", {"score": "score + ?"}, "name = ?", [5, "Ada"]).rows_updated
        1
        >>> db.read("users").fetchall()
        [('Ada', 75), ('Bob', 90)]
        """
        condition, values = to_text(where, "condition", SqlError), to_parameters(params)
        changes = _assignments(set, "set")
        changed = self._native.update(to_name(table), changes, condition, values, bool(reset), to_message(message))
        return WriteResult(**changed)

    def delete(self, table: str, where: str, params: Parameters = None, *, message: str | None = None) -> WriteResult:
        """Removes the rows that ``where`` finds; they stay readable in earlier versions.

        Raises:
            SqlError, ConflictError: as :meth:`update`.

        >>> _ = db.write("users", {"name": ["Ada", "Bob"], "score": [70, 90]})
        >>> db.delete("users", "score < $least", {"least": 80}).rows_deleted
        1
        """
        condition, values = to_text(where, "condition", SqlError), to_parameters(params)
        return WriteResult(**self._native.delete(to_name(table), condition, values, to_message(message)))

    def truncate(self, table: str, *, message: str | None = None) -> WriteResult:
        """Removes all rows; the table, its columns and its key stay.

        >>> _ = db.write("users", {"name": ["Ada", "Bob"]})
        >>> db.truncate("users").rows_deleted
        2
        """
        return WriteResult(**self._native.truncate(to_name(table), to_message(message)))

    def set_merge_rules(
        self,
        table: str,
        rules: Mapping[str, str] | None = None,
        *,
        row_is_unit: bool | None = None,
        delete_wins: bool | None = None,
        message: str | None = None,
    ) -> WriteResult:
        """Says what changes of one cell by several writers or branches make together; what is not named stays.

        Args:
            rules: column to one of

                * ``"conflict"``: they contradict each other (so does every column at first);
                * ``"add"``, ``"multiply"``: both changes are applied (integers and decimals);
                * ``"max"``, ``"min"``: the greater or the less (of booleans: or, and);
                * ``"union"``, ``"intersect"``: the list is a set, of which items come and go;
                * ``"latest(column)"``: the value of the row that is later by another column, whose rule is ``"max"``.

                Writes against a rule's direction (lowering a max, raising a min, taking items out of a union or
                putting them into an intersect, changing a latest without raising its column) are refused from then
                on, unless they say ``reset=True``. Lists of union and intersect columns are stored sorted, each item
                once.
            row_is_unit: any two changes of one row contradict each other, whichever cells they change.
            delete_wins: a delete beats a change of the same row; else they contradict each other.

        Raises:
            SchemaError: a column is unknown, part of the key, or of a type that the rule does not fit.

        >>> _ = db.write("stock", {"item": ["nut"], "n": [10]}, key="item")
        >>> _ = db.set_merge_rules("stock", {"n": "add"})
        >>> _ = db.create_branch("shop")
        >>> with db.on("shop") as shop:
        ...     _ = shop.update("stock", {"n": "n - 3"})
        >>> _ = db.update("stock", {"n": "n - 2"})
        >>> _ = db.merge("shop")
        >>> db.read("stock").fetchall(), db.info("stock").merge_rules
        ([('nut', 5)], {'n': 'add'})
        """
        for name, option in (("row_is_unit", row_is_unit), ("delete_wins", delete_wins)):
            if option is not None and not isinstance(option, bool):
                raise InvalidArgumentError(f"{name}={option!r}; give True, False or None")
        settings, text = to_rules(rules or {}), to_message(message)
        changed = self._native.set_merge_rules(to_name(table), settings, row_is_unit, delete_wins, text)
        return WriteResult(**changed)

    def set_key(self, table: str, columns: str | list[str] | None, *, message: str | None = None) -> WriteResult:
        """Makes columns identify a row: never NULL, no value twice. None: nothing does any more. Rewrites nothing.

        Raises:
            ConstraintError: the rows do not allow it; names two of them.
            SchemaError: a column is unknown, or of a type that cannot be a key.

        >>> _ = db.write("users", {"id": [1, 2], "name": ["Ada", "Bob"]})
        >>> _ = db.set_key("users", "id")
        >>> db.info("users").key
        ('id',)
        """
        return WriteResult(**self._native.set_key(to_name(table), to_key(columns), to_message(message)))

    def alter(
        self,
        table: str,
        *,
        rename: Mapping[str, str] | None = None,
        drop: Names = (),
        add: Any = None,
        widen: Any = None,
        default: Mapping[str, Any] | None = None,
        not_null: Names = (),
        nullable: Names = (),
        drop_check: Names = (),
        add_check: Names = (),
        order: Names = (),
        message: str | None = None,
    ) -> WriteResult:
        """Changes a table's columns, in the order of the arguments; older versions keep theirs. Rewrites nothing.

        Fields of nested columns are named by path: ``"address.zip"``, ``"tags.element"``.

        Args:
            rename: column to its new name.
            drop: columns that go.
            add: columns that come behind the others, as in ``create_table``. Older rows hold their ``default``.
            widen: columns to wider types: more digits, a date to a timestamp, members of an enum.
            default: column to the SQL constant that rows get which are written without it (numbers, bools and None
                stand for themselves; None: no default any more).
            not_null, nullable: columns in which NULL may not, or may, stand.
            drop_check, add_check: SQL conditions that no row may make false.
            order: columns that come first, in this order.

        Raises:
            SchemaError: a column is unknown, there already, part of the key, used by a check; a type is no wider one.
            ConstraintError: rows break a new NOT NULL or check; names them.

        >>> _ = db.write("users", {"nme": ["Ada", "Bob"], "score": [70, 90]})
        >>> _ = db.alter("users", rename={"nme": "name"}, add={"level": "INTEGER"}, default={"level": 1})
        >>> db.read("users").fetchall(), db.read("users", version=1).column_names
        ([('Ada', 70, 1), ('Bob', 90, 1)], ['nme', 'score'])
        >>> _ = db.alter("users", add_check="score >= 0")
        >>> db.info("users").checks, db.info("users").defaults
        (('score >= 0',), {'level': '1'})
        """
        lists = {"drop": drop, "not_null": not_null, "nullable": nullable, "drop_check": drop_check}
        names = [to_key(value, what) for what, value in (lists | {"add_check": add_check, "order": order}).items()]
        changed = self._native.alter(
            to_name(table),
            [(to_name(old, "column"), to_name(new, "column")) for old, new in _pairs(rename or {}, "rename")],
            names[0],
            None if add is None or add == {} else to_schema(self._native, add),
            None if widen is None or widen == {} else to_schema(self._native, widen),
            [(column, "" if text == "NULL" else text) for column, text in _assignments(default or {}, "default")],
            names[1],
            names[2],
            names[3],
            names[4],
            names[5],
            to_message(message),
        )
        return WriteResult(**changed)

    def _fitted(self, table: str, data: Any, mode: str) -> Any:
        """A pandas frame without the row numbers that filtering left behind, where the table keeps no index."""
        if mode != "keep" or not is_from(data, "pandas") or not has_leftover_index(data):
            return data
        try:
            columns = self._native.column_names(table)
        except TableNotFoundError:
            return data
        if "__index_level_0__" in columns:
            return data
        return data.reset_index(drop=True)
