"""Reading and writing tables: what sessions and transactions share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, Literal

from rhizo import _rhizo
from rhizo.declared import to_schema
from rhizo.diff import Diff
from rhizo.errors import InvalidArgumentError, SqlError, TableNotFoundError
from rhizo.facts import Branch, Commit, Tag, TableInfo, Version, WriteResult
from rhizo.incoming import to_stream
from rhizo.parameters import Parameters, to_parameters
from rhizo.progress import Progress, shown
from rhizo.result import Result
from rhizo.row_changes import RowChanges, to_key, to_message, to_rules
from rhizo.texts import to_name, to_path, to_text

Ref = str | int | datetime | Commit | Branch | Tag
SchemaMode = Literal["keep", "evolve", "replace"]


def to_ref(ref: Ref | None) -> str:
    """A ref as text: a version number, a branch, a tag, a commit, ``ref~n``, or a time; "" for None.

    >>> to_ref(3), to_ref("main~2"), to_ref(None)
    ('3', 'main~2', '')
    """
    if ref is None:
        return ""
    if isinstance(ref, Commit):
        return ref.id
    if isinstance(ref, (Branch, Tag)):
        return ref.name
    if isinstance(ref, datetime):
        aware = ref if ref.tzinfo is not None else ref.replace(tzinfo=timezone.utc)
        return aware.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(ref, bool) or not isinstance(ref, (str, int)):
        raise InvalidArgumentError(f"{ref!r} names no version; give a number, a branch, tag or commit, or a datetime")
    return to_name(str(ref), "branch, tag or commit")


def to_base(base: Ref | Result | None, columns_at: Callable[[str], set[str]]) -> str:
    """What rows were made of, as text: of a result the commit it was read at. ``columns_at``: of the table."""
    if isinstance(base, str) and not base:
        raise InvalidArgumentError("base='' names no version")
    if not isinstance(base, Result):
        return to_ref(base)
    if not base.commit:
        raise InvalidArgumentError("base: these rows were read inside a transaction; name the version they are of")
    if not base._has_all_rows or (base._chose_columns and not columns_at(base.commit) <= set(base.column_names)):
        raise InvalidArgumentError(
            "base: this Result is of a query, or holds a part of the table's rows or columns; written back, the rest "
            "would go (upsert and update change a part; base=result.commit says that the rest is meant to go)"
        )
    return base.commit


def _place(version: int | None, at: Ref | None) -> str:
    if version is not None and at is not None:
        raise InvalidArgumentError("give version or at, not both")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int) or version < 1):
        raise InvalidArgumentError(f"version={version!r}; versions are numbers from 1 on")
    return to_ref(version if version is not None else at)


def _columns(columns: list[str] | None) -> list[str]:
    if isinstance(columns, str):
        raise InvalidArgumentError(f"columns={columns!r}; give a list of names")
    chosen = [to_name(column, "column") for column in columns or []]
    if columns is not None and not chosen:
        raise InvalidArgumentError("columns=[]; name at least one column, or give None for all")
    return chosen


def _check_limit(limit: int | None) -> None:
    if limit is not None and limit < 0:
        raise InvalidArgumentError(f"limit={limit}; give a number of rows, 0 or more")


def _mode(schema: str, allowed: tuple[str, ...]) -> str:
    if schema not in allowed:
        raise InvalidArgumentError(f"schema={schema!r}; choose one of {', '.join(map(repr, allowed))}")
    return schema


Key = str | list[str] | tuple[str, ...]


class Tables(RowChanges):
    """Tables, read and written from one place in history."""

    # --- writing

    def create_table(
        self,
        table: str,
        schema: Any,
        *,
        key: Key | None = None,
        merge_rules: Mapping[str, str] | None = None,
        if_not_exists: bool = False,
    ) -> WriteResult:
        """Makes an empty table.

        Args:
            table: its name.
            schema: a dict of column name to SQL type (``"BIGINT"``, ``"DECIMAL(10,2) NOT NULL"``), Python type or
                Arrow type; or a pyarrow schema, or anything with ``__arrow_c_schema__``.
            key: columns that identify a row: never NULL, no value twice.
            merge_rules: column to merge rule, as in :meth:`set_merge_rules`.
            if_not_exists: keep a table that is there already.

        Raises:
            AlreadyExistsError, SchemaError, InvalidNameError, ReadOnlyError.

        >>> db.create_table("users", {"id": "BIGINT", "name": "VARCHAR", "score": float}).version
        1
        >>> [column.type for column in db.info("users").columns]
        ['BIGINT', 'VARCHAR', 'DOUBLE']
        """
        columns = to_schema(self._native, schema)
        rules = to_rules(merge_rules or {})
        return WriteResult(**self._native.create_table(to_name(table), columns, if_not_exists, to_key(key), rules))

    def write(
        self,
        table: str,
        data: Any,
        *,
        key: Key | None = None,
        schema: SchemaMode = "keep",
        base: Ref | Result | None = None,
        reset: bool = False,
        message: str | None = None,
        progress: Progress | None = None,
    ) -> WriteResult:
        """Makes the table's rows those of ``data``; creates the table if it is not there.

        Args:
            table: its name.
            data: a pandas or Polars DataFrame, a pyarrow Table or RecordBatchReader, anything with
                ``__arrow_c_stream__``, a dict of columns or a list of dicts. Streams may be larger than memory.
            key: of a table that is created: columns that identify a row (never NULL, no value twice).
            schema: for a table that exists: ``"keep"`` matches columns by name, casts only where exact, fills
                missing ones and refuses extra ones; ``"evolve"`` also adds columns and widens types; ``"replace"``
                takes the schema of ``data``.
            base: what ``data`` was made of: a version number, a branch, tag or commit, or the ``Result`` that was
                read (of the whole table). What differs from it is written, and what others did since stays, row by
                row and cell by cell.
                Rows that keep less than half of it replace the table, which contradicts whatever others did.
            reset: values may go against their columns' merge rules (:meth:`set_merge_rules`).
            message: recorded in the commit.
            progress: called with the number of rows done, at most ten times a second.

        Returns:
            what changed; ``changed`` is False if the table had exactly these rows already.

        Raises:
            SchemaError: columns or types do not fit.
            ConstraintError: a key comes twice or is missing; a value goes against its column's merge rule.
            ConflictError: somebody else changed the table meanwhile (retryable); with a ``base``: the same cells or
                rows since.

        >>> db.write("users", {"id": [1, 2], "name": ["Ada", "Bob"]})
        WriteResult('users', version=1, rows=2, inserted=2, updated=0, deleted=0, new_bytes=...)
        >>> db.write("users", {"id": [1, 2], "name": ["Ada", "Bob"]}).changed
        False
        >>> mine = db.read("users")
        >>> _ = db.append("users", {"id": [3], "name": ["Cid"]})  # somebody else, meanwhile
        >>> _ = db.write("users", {"id": [1, 2], "name": ["Ann", "Bob"]}, base=mine)
        >>> db.read("users").fetchall()
        [(1, 'Ann'), (2, 'Bob'), (3, 'Cid')]
        """
        mode, message = _mode(schema, ("keep", "evolve", "replace")), to_message(message)
        rows = self._fitted(to_name(table), data, mode)
        with shown(f"writing {table}", progress) as told:
            stream, kind = to_stream(rows)
            point = to_base(base, lambda commit: self._column_names(table, commit))
            return WriteResult(
                **self._native.write(table, stream, kind, mode, to_key(key), point, bool(reset), message, told)
            )

    def _column_names(self, table: str, at: str) -> set[str]:
        """None where it has another name there."""
        try:
            return {column["name"] for column in self._native.info(table, at)["columns"]}
        except TableNotFoundError:
            return set()

    def append(
        self,
        table: str,
        data: Any,
        *,
        schema: Literal["keep", "evolve"] = "keep",
        message: str | None = None,
        progress: Progress | None = None,
    ) -> WriteResult:
        """Puts the rows of ``data`` behind the table's last row. Appends of others never conflict.

        The arguments are those of :meth:`write`.

        Raises:
            TableNotFoundError, SchemaError.

        >>> _ = db.write("log", {"n": [1, 2]})
        >>> db.append("log", {"n": [3]}).rows_inserted
        1
        >>> db.read("log").to_dict()
        {'n': [1, 2, 3]}
        """
        mode, message = _mode(schema, ("keep", "evolve")), to_message(message)
        rows = self._fitted(to_name(table), data, mode)
        with shown(f"appending to {table}", progress) as told:
            return WriteResult(**self._native.append(table, *to_stream(rows), mode, message, told))

    def import_files(
        self,
        table: str,
        paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        format: str = "",
        append: bool = False,
        schema: SchemaMode = "keep",
        message: str | None = None,
        progress: Progress | None = None,
    ) -> WriteResult:
        """Writes (or appends) the rows of CSV, Parquet or Arrow files.

        Args:
            table: its name.
            paths: one file or several, read in this order.
            format: ``"csv"``, ``"parquet"``, ``"arrow"``, or ``""``: by extension.
            append: behind the rows that are there, instead of in their place.

        >>> path = tmp_path / "users.csv"
        >>> _ = path.write_text("id,name\\n1,Ada\\n2,Bob\\n")
        >>> db.import_files("users", path).rows
        2
        """
        several = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        names = [to_path(path) for path in several]
        mode, message = _mode(schema, ("keep", "evolve", "replace")), to_message(message)
        with shown(f"importing {table}", progress) as told:
            return WriteResult(**self._native.import_files(to_name(table), names, format, append, mode, message, told))

    def drop_table(self, table: str, *, if_exists: bool = False) -> None:
        """Removes the table from here on; its versions stay readable.

        >>> _ = db.write("users", {"id": [1]})
        >>> db.drop_table("users")
        >>> db.tables()
        []
        """
        self._native.drop_table(to_name(table), if_exists)

    def rename_table(self, table: str, new_name: str) -> None:
        """Gives the table another name; its history goes with it.

        >>> _ = db.write("user", {"id": [1]})
        >>> db.rename_table("user", "users")
        >>> db.tables()
        ['users']
        """
        self._native.rename_table(to_name(table), to_name(new_name))

    # --- reading

    def read(
        self, table: str, *, columns: list[str] | None = None, version: int | None = None, at: Ref | None = None
    ) -> Result:
        """All rows of a table, in the order written.

        Args:
            table: its name.
            columns: only these, in this order.
            version: that version of the table.
            at: the table as of a branch, tag, commit, ``ref~n`` or time.

        Raises:
            TableNotFoundError, VersionNotFoundError, BranchNotFoundError.

        >>> _ = db.write("users", {"id": [1, 2]})
        >>> _ = db.write("users", {"id": [3]})
        >>> db.read("users", version=1).to_dict()
        {'id': [1, 2]}
        """
        if columns is not None:
            return self.scan(table, columns=columns, version=version, at=at)
        return Result(self._native.read(to_name(table), _place(version, at)), has_all_rows=True)

    def scan(
        self,
        table: str,
        *,
        columns: list[str] | None = None,
        where: str = "",
        params: Parameters = None,
        version: int | None = None,
        at: Ref | None = None,
        limit: int | None = None,
    ) -> Result:
        """Some rows and columns of a table, in the order written; reads only what may match.

        Args:
            columns: only these, in this order.
            where: a SQL condition over the table's columns.
            params: values for ``?`` (a list) or ``$name`` (a dict) in ``where``.
            limit: at most so many rows.

        >>> _ = db.write("users", {"id": [1, 2, 3], "score": [70, 90, 85]})
        >>> db.scan("users", columns=["id"], where="score > ?", params=[80]).fetchall()
        [(2,), (3,)]
        """
        _check_limit(limit)
        chosen = _columns(columns)
        condition, values = to_text(where, "condition", SqlError), to_parameters(params)
        rows = self._native.scan(to_name(table), chosen, condition, values, _place(version, at), limit)
        return Result(rows, has_all_rows=not condition and limit is None, chose_columns=bool(chosen))

    def diff(
        self,
        from_: Ref,
        to: Ref | None = None,
        *,
        table: str | None = None,
        columns: list[str] | None = None,
        where: str = "",
        params: Parameters = None,
        limit: int | None = None,
    ) -> Diff:
        """What differs between two points of history: tables, schemas, and on demand the rows.

        A row is the same row by its identity, not by its values, so a changed row is an update with the names of the
        columns that changed, and rows that merely moved to other storage are not there. Costs what changed, not what
        exists.

        Args:
            from_: a branch, tag, commit id, ``ref~n`` or time; with ``table`` also a version number.
            to: likewise; left out: what this session sees now.
            table: only this table, whatever it was called at ``from_``.
            columns, where, params, limit: of the rows, as in :meth:`scan`; ``where`` may also use ``_change_type``
                and ``_changed_fields``.

        >>> _ = db.write("users", {"id": [1, 2, 3], "score": [70, 90, 85]})
        >>> _ = db.write("users", {"id": [1, 3, 4], "score": [75, 85, 60]})
        >>> changes = db.diff(1, table="users")
        >>> print(changes)
        users: change, +1 ~1 -1 rows
        >>> changes.rows().fetchall()
        [('update_preimage', ['score'], 1, 70), ('update_postimage', ['score'], 1, 75), \
('delete', None, 2, 90), ('insert', None, 4, 60)]
        """
        if from_ is None:
            raise InvalidArgumentError("from_=None; name a point to compare with")
        chosen, condition, values = _columns(columns), to_text(where, "condition", SqlError), to_parameters(params)
        _check_limit(limit)
        only = "" if table is None else to_name(table)
        begin, end = to_ref(from_), to_ref(to)

        def rows(name: str) -> Result:
            return Result(self._native.diff(to_name(name), begin, end, chosen, condition, values, limit))

        return Diff(lambda: self._native.diff_summary(begin, end, only), rows, table)

    def fingerprint(self, table: str, *, version: int | None = None, at: Ref | None = None) -> str:
        """32 hex digits that are equal for equal rows under equal columns, whatever way they came.

        The order of rows does not count. It guards against mistakes, not against attackers. Costs what changed since it
        was last asked for in this process.

        >>> _ = db.write("a", {"n": [1, 2, 3]})
        >>> _ = db.write("b", {"n": [3, 2]})
        >>> _ = db.append("b", {"n": [1]})
        >>> db.fingerprint("a") == db.fingerprint("b"), db.fingerprint("b", version=1) == db.fingerprint("b")
        (True, False)
        """
        return self._native.fingerprint(to_name(table), _place(version, at))

    def read_pandas(
        self, table: str, *, columns: list[str] | None = None, version: int | None = None, at: Ref | None = None
    ) -> Any:
        """A table as a pandas DataFrame, with the index, dtypes and names it was written with.

        >>> import pandas
        >>> frame = pandas.DataFrame({"n": [1.5, 2.5]}, index=pandas.Index(["a", "b"], name="key"))
        >>> _ = db.write("t", frame)
        >>> db.read_pandas("t").equals(frame)
        True
        """
        return self.read(table, columns=columns, version=version, at=at).to_pandas()

    def sql(self, statement: str, params: Parameters = None) -> Result:
        """Runs a SQL statement and gives its rows, lazily.

        Tables can be read as of a version (``users VERSION 1``), a branch or tag (``users@main``) or a time
        (``users AT (TIMESTAMP => ...)``), several in one statement.

        Args:
            statement: one SQL statement.
            params: values for ``?`` (a list) or ``$name`` (a dict).

        Raises:
            SqlError: the statement is wrong; the message points into it.
            UnsupportedError: it writes.

        >>> _ = db.write("users", {"name": ["Ada", "Bob"], "score": [90, 70]})
        >>> db.sql("SELECT name FROM users WHERE score > $least", {"least": 80}).fetchall()
        [('Ada',)]
        """
        return Result(self._native.sql(to_text(statement, "statement", SqlError), to_parameters(params)))

    def tables(self, *, at: Ref | None = None) -> list[str]:
        """The names of the tables, sorted.

        >>> _ = db.write("users", {"id": [1]})
        >>> db.tables()
        ['users']
        """
        return self._native.tables(to_ref(at))

    def info(self, table: str, *, version: int | None = None, at: Ref | None = None) -> TableInfo:
        """Columns, rows, version and size of a table.

        >>> _ = db.write("users", {"id": [1, 2]})
        >>> db.info("users").rows
        2
        """
        return TableInfo.of(self._native.info(to_name(table), _place(version, at)))

    def versions(self, table: str) -> list[Version]:
        """The versions of a table in the history of this branch, newest first.

        >>> _ = db.write("users", {"id": [1]}, message="first users")
        >>> _ = db.append("users", {"id": [2]})
        >>> [(version.version, version.message) for version in db.versions("users")][-1]
        (1, 'first users')
        """
        return [Version.of(facts) for facts in self._native.versions(to_name(table))]

    def export_table(
        self,
        table: str,
        path: str | os.PathLike[str],
        *,
        format: str = "",
        version: int | None = None,
        at: Ref | None = None,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> int:
        """Writes the table's rows to a CSV, Parquet or Arrow file.

        Args:
            path: the file; it must not exist unless ``overwrite``.
            format: ``"csv"``, ``"parquet"``, ``"arrow"``, or ``""``: by extension.

        Returns:
            the number of rows written.

        >>> _ = db.write("users", {"id": [1, 2]})
        >>> db.export_table("users", tmp_path / "users.csv")
        2
        """
        with shown(f"exporting {table}", progress) as told:
            return self._native.export_table(
                to_name(table), to_path(path), format, _place(version, at), overwrite, told
            )
