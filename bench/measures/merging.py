"""Branches, or two analysts, that both changed one table come together."""

from __future__ import annotations

from typing import Any

from measures.row_changes import reader, remainder
from measures.timing import Figures, started, timed
from measures.write_back import first_rows, with_numbers_changed


def merge_narrow(system: Any, rows: int, changes: int, repeats: int, within: int = 0) -> Figures:
    """So many rows changed on either side, scattered over the first `within` rows (0: all), in other columns: the merge as
    a commit; then as many cells that both changed: counted, and read as a table."""
    within = within or rows
    each = within // changes
    chosen = lambda number: f"id % {each} = {number} AND id < {within}"  # noqa: E731
    with system:
        system.create_keyed("t", reader(rows), "id")
        merged = []
        for turn in range(repeats):
            branch = f"side{turn}"
            system.branch(branch)
            system.update("t", "amount = amount + 1", chosen(7 + turn))
            system.update_on(branch, "t", "price = price + 1", chosen(8 + turn))
            merged.append(timed(lambda branch=branch: system.merge(branch, "t")))
        system.branch("contrary")
        system.update("t", "amount = amount + 1", chosen(3))
        system.update_on("contrary", "t", "amount = amount + 2", chosen(3))
    with started(system):
        assert system.count_conflicts("contrary", "t") == changes
        found = timed(lambda: system.count_conflicts("contrary", "t"))
        shown = timed(lambda: system.conflicts("contrary", "t"))
        assert system.conflicts("contrary", "t").num_rows == changes
    return {"merge ms": merged, "conflicts counted ms": [found], "conflicts read ms": [shown]}


def with_quantities_changed(table: Any, share: float) -> Any:
    import pyarrow.compute as pc

    column = table.column_names.index("l_quantity")
    quantity = table.column(column).cast("float64")
    is_chosen = pc.equal(remainder(table.column("id"), round(1 / share)), 0)
    changed = pc.if_else(is_chosen, pc.add(quantity, 1.0), quantity)
    return table.set_column(column, table.field(column), changed.cast(table.field(column).type))


def write_back_merged(system: Any, data: str, rows: int) -> Figures:
    """Two read the same version and write it back, each with 1 % of another field changed: the first as it is, the
    second merged with what the first did."""
    table = first_rows(data, rows)
    with system:
        system.create("t", table)
    before = system.stored_bytes()
    mine = with_numbers_changed(table, 0.01, 1)
    yours = with_quantities_changed(table, 0.01)
    with started(system):
        alone = timed(lambda: system.replace("t", mine))
        merged = timed(lambda: system.write_based("t", yours, 1))
        now = system.read("t")
        assert now.column("l_linenumber").equals(mine.column("l_linenumber"))
        assert now.column("l_quantity").equals(yours.column("l_quantity"))
    return {"write ms": [alone], "merged ms": [merged], "stored MB": [(system.stored_bytes() - before) / 1e6]}
