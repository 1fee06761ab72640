"""What a database tells about itself: small immutable values. Times are aware ``datetime`` in UTC, sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from operator import itemgetter
from typing import Any, NamedTuple

from rhizo.errors import InvalidArgumentError

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def to_time(micros: int) -> datetime:
    """Microseconds since 1970-01-01 UTC as a datetime."""
    return _EPOCH + timedelta(microseconds=micros)


def to_micros(time: datetime) -> int:
    """An aware datetime (naive: UTC) as microseconds since 1970-01-01 UTC."""
    aware = time if time.tzinfo is not None else time.replace(tzinfo=timezone.utc)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def to_seconds(time: float | timedelta, what: str) -> float:
    """A time to wait, as seconds; `what` is the argument's name."""
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    if not isinstance(seconds, (int, float)) or not 0 <= seconds < 1e9:
        raise InvalidArgumentError(f"{what}={time!r}; give seconds, 0 or more")
    return seconds


def _short(commit: str) -> str:
    return commit[:10] or "none"


class Interval(NamedTuple):
    """A SQL interval that counts months, which no ``timedelta`` can."""

    months: int
    days: int
    nanoseconds: int


@dataclass(frozen=True)
class Column:
    """A column: its name, its SQL type (``"DECIMAL(10,2)"``) and whether it may hold NULL."""

    name: str
    type: str
    nullable: bool = True


@dataclass(frozen=True)
class TableInfo:
    """A table at one moment.

    ``bytes``: of its segments, each counted once; ``defaults``: SQL constants by column; ``merge_rules``: those that
    are not ``"conflict"``, by column; ``row_is_unit``, ``delete_wins``: see ``set_merge_rules``.
    """

    name: str
    table_id: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    checks: tuple[str, ...]
    defaults: dict[str, str]
    merge_rules: dict[str, str]
    row_is_unit: bool
    delete_wins: bool
    rows: int
    segments: int
    bytes: int
    version: int
    commit: str

    @classmethod
    def of(cls, facts: dict[str, Any]) -> TableInfo:
        columns = tuple(Column(**column) for column in facts.pop("columns"))
        key, checks = tuple(facts.pop("key")), tuple(facts.pop("checks"))
        return cls(columns=columns, key=key, checks=checks, **facts)

    def __repr__(self) -> str:
        return (
            f"TableInfo({self.name!r}, version={self.version}, rows={self.rows:,}, "
            f"columns={[column.name for column in self.columns]}, bytes={self.bytes:,})"
        )


@dataclass(frozen=True)
class Version:
    """One version of a table: who made it when, by which operation, and how many rows it has."""

    version: int
    commit: str
    time: datetime
    operation: str
    author: str
    message: str
    rows: int

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Version:
        return cls(time=to_time(facts.pop("time")), **facts)


@dataclass(frozen=True)
class TableChange:
    """What a commit did to one table; ``version`` is 0 for a drop."""

    table: str
    operation: str
    version: int
    rows_added: int
    rows_removed: int
    rows_updated: int


@dataclass(frozen=True)
class Commit:
    """One state of the whole database: what changed, who, when and why.

    ``picked_from``: of a pick, the commit that made the change first.
    """

    id: str
    parents: tuple[str, ...]
    txn_id: str
    time: datetime
    author: str
    message: str
    metadata: dict[str, str] = field(hash=False)
    tables: tuple[TableChange, ...]
    refs: tuple[str, ...]
    picked_from: str = ""

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Commit:
        return cls(
            parents=tuple(facts.pop("parents")),
            time=to_time(facts.pop("time")),
            tables=tuple(TableChange(**change) for change in sorted(facts.pop("tables"), key=itemgetter("table"))),
            refs=tuple(facts.pop("refs")),
            **facts,
        )

    def __repr__(self) -> str:
        changes = ", ".join(f"{change.operation} {change.table}" for change in self.tables)
        return f"Commit({_short(self.id)}, {self.time:%Y-%m-%d %H:%M:%S}, {self.author!r}, {self.message!r}, [{changes}])"


@dataclass(frozen=True)
class Branch:
    """A name that moves with each commit made on it."""

    name: str
    commit: str
    expires: datetime | None = None
    protected: bool = False

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Branch:
        expires = facts.pop("expires")
        return cls(expires=None if expires is None else to_time(expires), **facts)

    def __repr__(self) -> str:
        expires = f", expires={self.expires:%Y-%m-%d %H:%M:%S}" if self.expires else ""
        return f"Branch({self.name!r}, {_short(self.commit)}{expires}{', protected' if self.protected else ''})"


@dataclass(frozen=True)
class Tag:
    """A name that stays at one commit."""

    name: str
    commit: str

    def __repr__(self) -> str:
        return f"Tag({self.name!r}, {_short(self.commit)})"


@dataclass(frozen=True)
class RefLogEntry:
    """One move of a branch or tag; an empty commit means it was created or deleted."""

    ref: str
    number: int
    old_commit: str
    new_commit: str
    time: datetime
    operation: str
    txn_id: str

    @classmethod
    def of(cls, facts: dict[str, Any]) -> RefLogEntry:
        return cls(time=to_time(facts.pop("time")), **facts)


@dataclass(frozen=True)
class WriteResult:
    """What a write did. Inside a transaction ``version`` is 0 and ``commit`` empty until it commits."""

    table: str
    version: int
    commit: str
    changed: bool
    rows: int
    rows_inserted: int
    rows_updated: int
    rows_deleted: int
    rows_unchanged: int
    segments_new: int
    segments_reused: int
    new_bytes: int
    reused_bytes: int
    base: str

    def __repr__(self) -> str:
        if not self.changed:
            return f"WriteResult({self.table!r}, unchanged, version={self.version}, rows={self.rows:,})"
        return (
            f"WriteResult({self.table!r}, version={self.version}, rows={self.rows:,}, inserted={self.rows_inserted:,}, "
            f"updated={self.rows_updated:,}, deleted={self.rows_deleted:,}, new_bytes={self.new_bytes:,})"
        )


@dataclass(frozen=True)
class CommitResult:
    """What a transaction did: the commit (empty if nothing changed) and one entry per table written."""

    commit: str
    txn_id: str
    changed: bool
    tables: tuple[WriteResult, ...]

    @classmethod
    def of(cls, facts: dict[str, Any]) -> CommitResult:
        return cls(tables=tuple(WriteResult(**table) for table in facts.pop("tables")), **facts)

    def __repr__(self) -> str:
        return f"CommitResult({_short(self.commit)}, tables={[table.table for table in self.tables]})"


@dataclass(frozen=True)
class Resolution:
    """What became of a transaction: ``outcome`` is ``"committed"``, ``"not_landed"`` or ``"undecided"``."""

    outcome: str
    commit: str


@dataclass(frozen=True)
class TableDiff:
    """What differs in one table.

    ``operation`` is ``"create"``, ``"drop"``, ``"rename"`` (from ``old_name``, rows may differ too) or ``"change"``;
    ``schema_changes`` has a line for each column that came, went or became another.
    """

    table: str
    operation: str
    old_name: str
    rows_inserted: int
    rows_updated: int
    rows_deleted: int
    schema_changes: tuple[str, ...]

    @classmethod
    def of(cls, facts: dict[str, Any]) -> TableDiff:
        return cls(schema_changes=tuple(facts.pop("schema_changes")), **facts)

    def __str__(self) -> str:
        name = f"{self.old_name} -> {self.table}" if self.old_name else self.table
        rows = f"+{self.rows_inserted:,} ~{self.rows_updated:,} -{self.rows_deleted:,} rows"
        return "\n".join([f"{name}: {self.operation}, {rows}", *(f"  {line}" for line in self.schema_changes)])


@dataclass(frozen=True)
class MergedTable:
    """A table that both sides of a merge changed.

    ``cells``: that both touched; ``conflicts``: of rows and cells; ``settled``: contradictions that the strategy
    decided; ``problems``: what contradicts in the table as a whole, made a strategy take it whole, or was left out
    by one; ``entries_read``: segments that differed.
    """

    table: str
    entries_read: int
    cells: int
    conflicts: int
    settled: int
    problems: tuple[str, ...]

    @classmethod
    def of(cls, facts: dict[str, Any]) -> MergedTable:
        return cls(**(facts | {"problems": tuple(facts["problems"])}))


@dataclass(frozen=True)
class HeadMove:
    """Where a branch stands after ``revert``, ``cherry_pick``, ``rebase`` or ``reset``, and where it stood before.

    ``tables``: those in which a strategy decided something, commit by commit.
    """

    commit: str
    before: str
    changed: bool
    tables: tuple[MergedTable, ...]

    @classmethod
    def of(cls, facts: dict[str, Any]) -> HeadMove:
        return cls(**(facts | {"tables": tuple(MergedTable.of(table) for table in facts["tables"])}))

    def __repr__(self) -> str:
        return f"HeadMove({_short(self.before)} -> {_short(self.commit)}{'' if self.changed else ', unchanged'})"


@dataclass(frozen=True)
class MergeResult:
    """Where the branch stands after a merge (or would stand, of ``try_merge``).

    ``tables``: those that both sides changed. ``changes``: of ``try_merge``, what the branch would get, counted; of
    tables that do not contradict.
    """

    commit: str
    changed: bool
    fast_forward: bool
    conflicts: int
    tables: tuple[MergedTable, ...]
    changes: tuple[TableDiff, ...]

    @classmethod
    def of(cls, facts: dict[str, Any]) -> MergeResult:
        tables = tuple(MergedTable.of(table) for table in facts.pop("tables"))
        changes = tuple(TableDiff.of(change) for change in facts.pop("changes"))
        return cls(**facts, tables=tables, changes=changes)


@dataclass(frozen=True)
class Stats:
    """Storage of a whole database; ``tables``, ``rows`` and ``table_bytes`` are of the session's branch."""

    tables: int
    branches: int
    tags: int
    rows: int
    table_bytes: int
    objects: int
    object_bytes: int
    metadata_bytes: int
    cache_bytes: int
    cache_hits: int
    cache_misses: int


@dataclass(frozen=True)
class Finding:
    """A damaged object, and the table versions that need it."""

    object: str
    problem: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class VerifyReport:
    """What ``verify`` looked at, and what it found; truthy if all is well."""

    commits: int
    table_states: int
    objects: int
    bytes: int
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, facts: dict[str, Any]) -> VerifyReport:
        findings = tuple(
            Finding(found["object"], found["problem"], tuple(found["tables"])) for found in facts.pop("findings")
        )
        return cls(findings=findings, **facts)

    @property
    def ok(self) -> bool:
        """Was everything as it was written?"""
        return not self.findings

    def __bool__(self) -> bool:
        return self.ok
