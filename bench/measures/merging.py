"""Branches that both changed one table come together."""

from __future__ import annotations

from typing import Any

from measures.row_changes import reader
from measures.timing import Figures, started, timed


def merge_narrow(system: Any, rows: int, changes: int, repeats: int) -> Figures:
    """So many rows changed on either side, scattered, in other columns: the merge as a commit; then as many cells that
    both changed: found, and read as a table."""
    with system:
        system.create_keyed("t", reader(rows), "id")
        each = rows // changes
        merged = []
        for turn in range(repeats):
            system.branch(f"side{turn}")
            system.update("t", "amount = amount + 1", f"id % {each} = {7 + turn}")
            with system.db.on(f"side{turn}") as side:
                side.update("t", {"price": "price + 1"}, f"id % {each} = {8 + turn}")
            merged.append(timed(lambda turn=turn: system.db.merge(f"side{turn}")))
        system.branch("contrary")
        system.update("t", "amount = amount + 1", f"id % {each} = 3")
        with system.db.on("contrary") as side:
            side.update("t", {"amount": "amount + 2"}, f"id % {each} = 3")
    with started(system):
        assert system.db.try_merge("contrary").conflicts == changes
        found = timed(lambda: system.db.try_merge("contrary"))
        shown = timed(lambda: system.db.conflicts("main", "contrary", "t").to_arrow())
    return {"merge ms": merged, "conflicts found ms": [found], "conflicts read ms": [shown]}
