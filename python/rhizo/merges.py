"""Bringing two lines of work together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rhizo.errors import InvalidArgumentError
from rhizo.facts import HeadMove, MergeResult
from rhizo.merging import Merging
from rhizo.result import Result
from rhizo.tables import Ref, Tables, to_ref
from rhizo.texts import to_name, to_text

Strategy = Literal["fail", "ours", "theirs"]

_STRATEGIES = ("fail", "ours", "theirs")


def _strategy(strategy: object) -> str:
    if strategy in _STRATEGIES:
        return str(strategy)
    raise InvalidArgumentError(f'a merge strategy is "fail", "ours" or "theirs", not {strategy!r}')


def _by_table(tables: object) -> dict[str, str]:
    if not isinstance(tables, Mapping):
        raise InvalidArgumentError(f'tables={tables!r}; give {{table: "ours" or "theirs"}}')
    return {to_name(table, "table"): _strategy(chosen) for table, chosen in tables.items()}


def _by_column(columns: object) -> list[tuple[str, str, str]]:
    by_column = []
    for named, chosen in columns.items() if isinstance(columns, Mapping) else [(columns, None)]:
        if not isinstance(named, tuple) or len(named) != 2:
            raise InvalidArgumentError(f'columns={columns!r}; give {{(table, column): "ours" or "theirs"}}')
        by_column.append((to_name(named[0], "table"), to_text(named[1], "column"), _strategy(chosen)))
    return by_column


def _source(source: Ref) -> str:
    if not (name := "" if source is None else to_ref(source)):
        raise InvalidArgumentError(f"{source!r} names nothing to merge; give a branch, tag or commit")
    return name


class Merges(Tables):
    """What sessions do with other branches."""

    def merge(
        self,
        source: Ref,
        *,
        into: str | None = None,
        strategy: Strategy = "fail",
        tables: Mapping[str, Strategy] | None = None,
        columns: Mapping[tuple[str, str], Strategy] | None = None,
        message: str | None = None,
        no_ff: bool = False,
    ) -> MergeResult:
        """Brings what happened on ``source`` to this branch (or to ``into``), row by row and cell by cell.

        A branch that has nothing of its own just moves (a fast-forward). Else both sides' changes come together: other
        tables, other rows, other cells of one row. Where both changed the same cell, its column's merge rule decides;
        without one it is a conflict, as is a row that one side deleted and the other changed. A plain merge is the
        same commit wherever the same two heads are merged.

        Args:
            strategy: who is right about conflicts: ``"fail"`` nobody, ``"ours"`` this branch, ``"theirs"`` the source.
            tables: another strategy for some tables, by their name here (or there, if it is none here).
            columns: another strategy for some columns, by (table, column), named likewise.
            message: makes the merge a commit of its own, with this text; so does ``no_ff``.

        Raises:
            MergeConflict: both sides contradict each other; nothing was changed. :meth:`conflicts` shows how.

        >>> _ = db.write("users", {"id": [1, 2], "name": ["ann", "bob"]})
        >>> _ = db.create_branch("experiment")
        >>> with db.on("experiment") as experiment:
        ...     _ = experiment.update("users", {"name": "'Bob'"}, where="id = 2")
        >>> _ = db.update("users", {"name": "'Ann'"}, where="id = 1")
        >>> db.merge("experiment").fast_forward
        False
        >>> db.read("users").fetchall()
        [(1, 'Ann'), (2, 'Bob')]
        """
        return self._merge(source, into, strategy, tables, columns, message or "", no_ff, dry_run=False)

    def try_merge(
        self,
        source: Ref,
        *,
        into: Ref | None = None,
        strategy: Strategy = "fail",
        tables: Mapping[str, Strategy] | None = None,
        columns: Mapping[tuple[str, str], Strategy] | None = None,
    ) -> MergeResult:
        """What :meth:`merge` would do: conflicts are counted, and rows that would change; nothing moves.

        >>> _ = db.write("users", {"id": [1], "name": ["ann"]})
        >>> _ = db.create_branch("experiment")
        >>> with db.on("experiment") as experiment:
        ...     _ = experiment.update("users", {"name": "'Anna'"})
        >>> _ = db.update("users", {"name": "'Anne'"})
        >>> db.try_merge("experiment").conflicts
        1
        >>> print(*db.try_merge("experiment", strategy="theirs").changes)
        users: change, +0 ~1 -0 rows
        """
        return self._merge(source, into, strategy, tables, columns, "", False, dry_run=True)

    def merging(self, source: Ref, *, into: str | None = None) -> Merging:
        """Begins a merge whose conflicts are settled, table by table or row by row, before it is committed.

        Of just the two heads there are now. See :class:`Merging`.

        >>> _ = db.write("users", {"id": [1], "name": ["ann"]})
        >>> _ = db.create_branch("experiment")
        >>> with db.on("experiment") as experiment:
        ...     _ = experiment.update("users", {"name": "'Anna'"})
        >>> _ = db.update("users", {"name": "'Anne'"})
        >>> with db.merging("experiment") as m:
        ...     m.resolve("users", "theirs")
        ...     _ = m.commit()
        >>> db.read("users").fetchall()
        [(1, 'Anna')]
        """
        target = "" if into is None else to_ref(into)
        return Merging(self._native, self._native.start_merge(_source(source), target))

    def conflicts(self, ours: Ref, theirs: Ref, table: str) -> Result:
        """What contradicts in a table between two heads: a row for each cell that both changed, or row that one
        deleted and the other changed, or that breaks a check or NOT NULL as both changed it. Where the table
        contradicts as a whole (``_reason`` ``schema``: its name, its columns, a replacement) there is a row for that
        alone, ``_problem`` says what.

        Columns: ``_reason``, ``_column`` (of a cell, else NULL), ``_row_id``, ``_problem``, then ``base_<column>``,
        ``our_<column>`` and ``their_<column>`` for every column of the table.

        >>> _ = db.write("users", {"id": [1], "name": ["ann"]})
        >>> _ = db.create_branch("experiment")
        >>> with db.on("experiment") as experiment:
        ...     _ = experiment.update("users", {"name": "'Anna'"})
        >>> _ = db.update("users", {"name": "'Anne'"})
        >>> found = db.conflicts("main", "experiment", "users").to_dict()
        >>> found["_column"], found["base_name"], found["our_name"], found["their_name"]
        (['name'], ['ann'], ['Anne'], ['Anna'])
        """
        return Result(self._native.conflicts(to_ref(ours), to_ref(theirs), to_name(table, "table")))

    def revert(
        self, commit: Ref, *, message: str | None = None, parent: int | None = None, strategy: Strategy = "fail"
    ) -> HeadMove:
        """Undoes what a commit did, in a new commit on this branch; what came after it stays.

        Rows that come back have their identity and place again.

        Args:
            commit: a commit, a branch or tag (its newest commit), or ``ref~n``.
            message: of the new commit; left out: ``"revert <id>: ..."``.
            parent: of a merge: against which of its parents, from 1 on.
            strategy: who is right about conflicts: ``"ours"`` this branch, ``"theirs"`` what was before the commit.

        Raises:
            MergeConflict: later commits changed the same cells or rows; nothing was changed.
            InvalidArgumentError: it is the first commit of all, or a merge and no ``parent`` was given.

        >>> _ = db.write("users", {"id": [1, 2], "name": ["ann", "bob"]}, key="id")
        >>> wrong = db.delete("users", "id = 1").commit
        >>> _ = db.append("users", {"id": [3], "name": ["cid"]})
        >>> _ = db.revert(wrong)
        >>> db.read("users").fetchall()
        [(1, 'ann'), (2, 'bob'), (3, 'cid')]
        """
        return self._replay("revert", commit, message, parent, strategy)

    def cherry_pick(
        self, commit: Ref, *, message: str | None = None, parent: int | None = None, strategy: Strategy = "fail"
    ) -> HeadMove:
        """Does again, on this branch, what a commit of another branch did.

        The new commit has the author and message of the picked one (unless ``message`` is given) and says where it was
        picked from (``Commit.picked_from``). Arguments and errors are those of :meth:`revert`. Merging the two branches
        later is refused where a column with the rule ``add`` or ``multiply`` would count the change twice.

        >>> _ = db.write("users", {"id": [1], "name": ["ann"]}, key="id")
        >>> _ = db.create_branch("other")
        >>> with db.on("other") as other:
        ...     fix = other.update("users", {"name": "'Ann'"}, message="fix").commit
        ...     _ = other.append("users", {"id": [2], "name": ["unfinished"]})
        >>> _ = db.cherry_pick(fix)
        >>> db.read("users").fetchall(), db.commit().message, db.commit().picked_from == fix
        ([(1, 'Ann')], 'fix', True)
        """
        return self._replay("cherry_pick", commit, message, parent, strategy)

    def rebase(self, onto: Ref, *, strategy: Strategy = "fail") -> HeadMove:
        """Puts the commits that this branch has and ``onto`` has not on top of ``onto``, each done again.

        The branch's ref log keeps what it was. Commits that change nothing there vanish, and so do those that were
        picked there.

        Args:
            strategy: who is right about conflicts: ``"ours"`` what is there already (``onto`` and the commits done
                again so far), ``"theirs"`` the commit that is done again.

        Raises:
            MergeConflict: one of them contradicts ``onto`` (field ``commit``); nothing was changed.
            UnsupportedError: a merge is among them.
            InvalidArgumentError: the branch is protected.

        >>> _ = db.write("users", {"id": [1], "name": ["ann"]}, key="id")
        >>> mine = db.checkout("mine", create=True)
        >>> _ = db.append("users", {"id": [2], "name": ["bob"]}, message="bob")
        >>> with db.on("main") as main:
        ...     _ = main.update("users", {"name": "'Ann'"})
        >>> _ = db.rebase("main")
        >>> db.read("users").fetchall(), [commit.message for commit in db.log(limit=1)]
        ([(1, 'Ann'), (2, 'bob')], ['bob'])
        """
        return self._replay("rebase", onto, None, None, strategy)

    def reset(self, to: Ref) -> HeadMove:
        """Moves this branch to a commit, whatever it held; :meth:`reflog` remembers where it was.

        Raises:
            InvalidArgumentError: the branch is protected and would lose commits.

        >>> _ = db.write("users", {"id": [1]})
        >>> _ = db.write("users", {"id": [2]})
        >>> moved = db.reset("main~1")
        >>> db.read("users").to_dict()
        {'id': [1]}
        >>> _ = db.reset(moved.before)
        >>> db.read("users").to_dict()
        {'id': [2]}
        """
        return HeadMove.of(self._native.reset(to_ref(to)))

    def _replay(
        self, verb: str, ref: Ref, message: str | None, parent: int | None, strategy: Strategy
    ) -> HeadMove:
        if parent is not None and (isinstance(parent, bool) or not isinstance(parent, int) or not 0 < parent < 2**32):
            raise InvalidArgumentError(f"parent={parent!r}; give a number from 1 on")
        text = "" if message is None else to_text(message, "message")
        return HeadMove.of(self._native.replay(verb, to_ref(ref), text, parent, _strategy(strategy)))

    def _merge(
        self,
        source: Ref,
        into: Ref | None,
        strategy: Strategy,
        tables: Mapping[str, Strategy] | None,
        columns: Mapping[tuple[str, str], Strategy] | None,
        message: str,
        no_ff: bool,
        *,
        dry_run: bool,
    ) -> MergeResult:
        by_table = _by_table({} if tables is None else tables)
        by_column = _by_column({} if columns is None else columns)
        if not isinstance(no_ff, bool):
            raise InvalidArgumentError(f"no_ff={no_ff!r}; give True or False")
        target = "" if into is None else to_ref(into)
        text = to_text(message, "message")
        merged = self._native.merge(
            _source(source), target, _strategy(strategy), by_table, by_column, text, no_ff, dry_run
        )
        return MergeResult.of(merged)
