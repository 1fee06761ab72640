"""Rows that change one by one, found by a key or a condition: time, bytes and memory."""

from __future__ import annotations

import pathlib
import random
from typing import Any, Iterator

from measures.timing import Figures, started, timed

BATCH = 1_000_000


def remainder(values: Any, divisor: int) -> Any:
    import pyarrow.compute as pc

    return pc.subtract(values, pc.multiply(pc.divide(values, divisor), divisor))


def narrow(begin: int, rows: int) -> Any:
    """Rows `begin` and following of a table of five columns, id rising."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = pa.array(range(begin, begin + rows))
    mixed = remainder(pc.multiply(ids, 2_654_435_761), 1_000_003)
    return pa.table(
        {
            "id": ids,
            "amount": remainder(mixed, 1000).cast("int32"),
            "price": pc.divide(mixed.cast("float64"), 100.0),
            "name": pa.array([f"name {n}" for n in range(5000)]).take(remainder(mixed, 5000)),
            "at": pc.multiply(mixed, 1_000_000).cast(pa.timestamp("us")),
        }
    )


def batches(rows: int, first_amount: int = 0) -> Iterator[Any]:
    """The same rows in portions; the first one's `amount` is more by so much."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for begin in range(0, rows, BATCH):
        table = narrow(begin, min(BATCH, rows - begin))
        if begin == 0 and first_amount:
            amount = pc.add(table.column("amount"), pa.scalar(first_amount, pa.int32()))
            table = table.set_column(1, table.schema.field("amount"), amount)
        yield from table.to_batches()


def reader(rows: int, first_amount: int = 0) -> Any:
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(narrow(0, 1).schema, batches(rows, first_amount))


def some_of(rows: int, changes: int) -> Any:
    """So many rows, scattered, in one of a hundred of which `amount` is another."""
    import pyarrow as pa
    import pyarrow.compute as pc

    chosen = sorted(random.Random(1).sample(range(rows), changes))
    parts = [narrow(begin, min(BATCH, rows - begin)) for begin in range(0, rows, BATCH)]
    table = pa.concat_tables(parts).take(pa.array(chosen))
    more = pa.array([int(i % 100 == 0) for i in range(changes)], pa.int32())
    amount = pc.add(table.column("amount"), more)
    return table.set_column(1, table.schema.field("amount"), amount).combine_chunks()


def forget_peak() -> float:
    """From now on peak_mb() counts anew; what the process has now."""
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    return peak_mb()


def peak_mb() -> float:
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def made(system: Any, rows: int) -> None:
    with system:
        system.create_keyed("t", reader(rows), "id")


def upsert(system: Any, rows: int, changes: int) -> Figures:
    """Rows by their key, of which one in a hundred differs in one field; then the same again."""
    changed = some_of(rows, changes)
    made(system, rows)
    before = system.stored_bytes()
    with started(system):
        memory = forget_peak()
        took = timed(lambda: system.upsert("t", changed, "id"))
        memory = peak_mb() - memory
        stored = system.stored_bytes() - before
        again = timed(lambda: system.upsert("t", changed, "id"))
    return {"upsert ms": [took], "again ms": [again], "stored MB": [stored / 1e6], "peak adds MB": [memory]}


def delete(system: Any, rows: int) -> Figures:
    """One row in a hundred, scattered."""
    made(system, rows)
    before = system.stored_bytes()
    with started(system):
        took = timed(lambda: system.delete("t", "id % 100 = 37"))
    return {"delete ms": [took], "stored MB": [(system.stored_bytes() - before) / 1e6]}


def point_update(system: Any, rows: int, updates: int) -> Figures:
    """One field of one row by its key, one durable commit each: first, and from then on."""
    made(system, rows)
    ids = random.Random(3).sample(range(rows), updates + 1)
    with started(system):
        first = timed(lambda: system.update("t", "amount = amount + 1", f"id = {ids[0]}"))
        more = [timed(lambda row=row: system.update("t", "amount = amount + 1", f"id = {row}")) for row in ids[1:]]
    return {"first ms": [first], "update ms": more}


def write_back_memory(system: Any, rows: int) -> Figures:
    """A stream of all rows, the first million changed in one field: what the process grows by."""
    with system:
        system.create("t", reader(rows))
    before = system.stored_bytes()
    with started(system):
        memory = forget_peak()
        took = timed(lambda: system.replace("t", reader(rows, 1)))
    return {
        "write ms": [took],
        "stored MB": [(system.stored_bytes() - before) / 1e6],
        "peak adds MB": [peak_mb() - memory],
    }


def diff_narrow(system: Any, rows: int, changes: int, repeats: int) -> Figures:
    """So many rows changed by a condition, scattered; the difference to Arrow: first after opening, and again."""
    with system:
        system.create_keyed("t", reader(rows), "id")
        system.update("t", "amount = amount + 1", f"id % {rows // changes} = 7")
    with started(system):
        first = timed(lambda: system.diff("t", 1, 2))
        assert system.diff("t", 1, 2).num_rows == 2 * changes
        return {"first ms": [first], "again ms": [timed(lambda: system.diff("t", 1, 2)) for _ in range(repeats)]}
