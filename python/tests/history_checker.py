"""A checker of recorded transaction histories: what isolation promises, asked of what transactions saw.

Definitions:

* Adya, "Weak Consistency: A Generalized Theory and Optimistic Implementations for Distributed Transactions", MIT 1999
  (and Adya, Liskov, O'Neil, ICDE 2000): histories, version orders, the direct serialization graph with its edges ww
  (installs the next version), wr (reads the version installed), rw (installs the next version after the one read), and
  phenomena as cycles of it: G0, G1a (aborted read), G1b (intermediate read), G1c, G-single, G-SI, G2-item.
* Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations", VLDB 2020: values that are
  written once make reads name their writers; cycles are searched from the narrowest kinds of edges to the widest and
  classified by the edges they need. G-nonadjacent: no two rw edges follow each other.
* Cerone and Gotsman, "Analysing Snapshot Isolation", PODC 2016 (JACM 2018): a history is one of snapshot isolation iff
  its graph has no cycle without two adjacent rw edges, i.e. (session order + wr + ww) and at most one rw behind each of
  them is acyclic.

What is known here beyond Elle: the order in which the transactions were committed (the log of a branch), hence the
order of versions per key, and, on one machine, when each transaction began and ended.

One graph does for both levels. For snapshot isolation each transaction is two points, its snapshot s and its commit c,
with s before c; ww, wr and real time from A to B say c(A) before s(B), rw from A to B says s(A) before c(B), the log
says c(A) before c(B). That can be satisfied iff the graph has no cycle, and a cycle of it is exactly one without two
adjacent rw edges, because nothing leads from c(B) back to s(B). For serializability s and c are one point.

Transactions that did not commit are checked as if they had only read (at level "snapshot": every transaction reads
one state, whatever becomes of it).

========================= ==========================================================================================
anomaly                   found if
========================= ==========================================================================================
dirty read                a value was read that was never committed (G1a), or overwritten by its own writer (G1b)
garbage read              a value was read that nobody wrote
own write not read        a transaction does not read what it wrote itself (Elle: internal)
non-repeatable read       a transaction read two versions of one key, neither its own
lost update               two committed transactions read the same version of a key and both wrote that key; or a cycle
                          of one rw and some ww, all of one key
lost commit               a transaction was told that it is committed, and its commit is not in the log
commit of an aborted one  a transaction was told that it is aborted, and its commit is in the log
dirty write               a cycle of ww (G0)
circular information flow a cycle of ww and wr (G1c), or with the log: something was read from a later commit
read skew                 a cycle with one rw (G-single): one sees a part of what another committed
long fork                 a cycle with several rw, no two adjacent; or with rw and the log: two writes that have nothing
                          to do with each other are seen in opposite orders (by two readers; by a reader and the log)
stale read                a cycle with rw that needs real time: a commit was answered before the transaction began, and
                          is not seen
time travel               a cycle without rw that needs real time: commits stand in the log, or were read, in an order
                          against time
write skew                a cycle with two adjacent rw (G2-item); only at level "serializable"
========================= ==========================================================================================
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Key = Hashable
Value = Hashable
Level = Literal["snapshot", "serializable"]


@dataclass(frozen=True)
class Read:
    """A version of a key that was seen; None: the key as it was before its first write."""

    key: Key
    value: Value


@dataclass(frozen=True)
class Write:
    """A new version of a key; no other write of this key has this value. A deletion is a version, too."""

    key: Key
    value: Value


@dataclass(frozen=True)
class TakeBack:
    """The transaction's own writes of a key are undone: it leaves the key as it found it."""

    key: Key


Operation = Read | Write | TakeBack


@dataclass(frozen=True)
class Transaction:
    """What one transaction did, in order, and what it was told.

    ``begin`` was taken before it began and ``end`` after its last answer, all by one clock. ``commit``: its commit, if
    it has one; one that wrote nothing has none. What became of an unknown one is what the log says.
    """

    name: str
    process: int
    begin: int
    end: int
    operations: tuple[Operation, ...]
    outcome: Literal["committed", "aborted", "unknown"] = "committed"
    commit: str = ""


@dataclass(frozen=True)
class Anomaly:
    name: str
    transactions: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


def check(
    history: Iterable[Transaction], log: Sequence[str], level: Level = "snapshot", *, realtime: bool = True
) -> list[Anomaly]:
    """What ``level`` forbids and this history shows.

    Args:
        log: commits in their order, oldest first; those of no transaction of the history are passed over.
        realtime: a transaction sees what was answered before it began.

    >>> first = Transaction("A", 1, 0, 5, (Read("x", None), Write("x", "a")), commit="1")
    >>> second = Transaction("B", 2, 0, 5, (Read("x", None), Write("x", "b")), commit="2")
    >>> print(*check([first, second], ["1", "2"]))
    lost update: A and B both read 'x' = None and both wrote it
    """
    return _Checker(tuple(history), log, realtime).run(level)


# --- one transaction


@dataclass
class _Part:
    """A transaction as others can see it: what it read of them, what it installed."""

    transaction: Transaction
    position: int | None  # in the log
    reads: dict[Key, Value] = field(default_factory=dict)  # the first of each key, of what is not its own
    installs: dict[Key, Value] = field(default_factory=dict)
    passing: set[tuple[Key, Value]] = field(default_factory=set)  # written, and overwritten by itself
    anomalies: list[Anomaly] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.transaction.name

    def replay(self) -> None:
        own = self.installs
        for operation in self.transaction.operations:
            key = operation.key
            if isinstance(operation, Read):
                self._replay_read(key, operation.value)
                continue
            if key in own:
                self.passing.add((key, own.pop(key)))
            if isinstance(operation, Write):
                own[key] = operation.value

    def _replay_read(self, key: Key, value: Value) -> None:
        if key in self.installs:
            if value != self.installs[key]:
                self._report("own write not read", f"wrote {key!r} = {self.installs[key]!r}, then read {value!r}")
        elif self.reads.setdefault(key, value) != value:
            self._report("non-repeatable read", f"read {key!r} = {self.reads[key]!r}, then {value!r}")

    def _report(self, name: str, text: str) -> None:
        self.anomalies.append(Anomaly(name, (self.name,), f"{self.name} {text}"))


# --- the graph

_Point = tuple[str, object]  # the snapshot or commit of a transaction ("s" | "c" | "sc"), or a moment ("t")
_Kind = Literal["ww", "wr", "rw", "log", "time", "own"]


class _Edge(NamedTuple):
    source: _Point
    target: _Point
    kind: _Kind
    key: Key = None

    def __str__(self) -> str:
        return self.kind if self.key is None else f"{self.kind} {self.key!r}"


def _in_cycles(edges: list[_Edge]) -> dict[_Point, list[_Edge]]:
    """The edges out of each point, without points that no cycle goes through (but ones between two cycles)."""
    for _ in range(2):  # forwards, then backwards
        follows: dict[_Point, list[_Edge]] = defaultdict(list)
        missing: dict[_Point, int] = defaultdict(int)
        for edge in edges:
            follows[edge.source].append(edge)
            missing[edge.target] += 1
        free = [point for point in follows if missing[point] == 0]
        gone = set(free)
        while free:
            for edge in follows[free.pop()]:
                missing[edge.target] -= 1
                if missing[edge.target] == 0:
                    free.append(edge.target)
                    gone.add(edge.target)
        left = [edge for edge in edges if edge.source not in gone and edge.target not in gone]
        edges = [_Edge(edge.target, edge.source, edge.kind, edge.key) for edge in left]
    follows = defaultdict(list)
    for edge in edges:
        follows[edge.source].append(edge)
    return follows


def _weight(edge: _Edge) -> int:
    """How much an edge adds to a cycle that a person has to read: moments and ways inside a transaction are free."""
    return 0 if edge.kind == "own" or (edge.kind == "time" and edge.target[0] == "t") else 1


def _length(cycle: list[_Edge]) -> int:
    return sum(map(_weight, cycle))


def _cycle_through(start: _Point, follows: dict[_Point, list[_Edge]], limit: float) -> list[_Edge] | None:
    """A shortest cycle, if there is one shorter than the limit."""
    came: dict[_Point, _Edge] = {}
    far: dict[_Point, int] = {start: 0}
    queue = deque([start])
    done: set[_Point] = set()
    last: _Edge | None = None
    while queue:
        point = queue.popleft()
        if point in done:
            continue
        done.add(point)
        for edge in follows.get(point, ()):
            length = far[point] + _weight(edge)
            if length >= limit:
                continue
            if edge.target == start:
                limit, last = length, edge
            elif edge.target not in far or length < far[edge.target]:
                far[edge.target], came[edge.target] = length, edge
                (queue.append if _weight(edge) else queue.appendleft)(edge.target)
    if last is None:
        return None
    cycle = [last]
    while cycle[-1].source != start:
        cycle.append(came[cycle[-1].source])
    return cycle[::-1]


def _shortest_cycle(edges: list[_Edge], tries: int = 200) -> list[_Edge] | None:
    follows = _in_cycles(edges)
    best: list[_Edge] | None = None
    for start in [point for point in follows if point[0] != "t"][:tries]:
        best = _cycle_through(start, follows, _length(best) if best else math.inf) or best
        if best and _length(best) <= 2:
            break
    return best


def _name_of(cycle: list[_Edge], level: Level) -> str:
    kinds = [edge.kind for edge in cycle]
    if level == "serializable":
        return "write skew"
    if "time" in kinds:
        return "stale read" if "rw" in kinds else "time travel"
    if "rw" not in kinds:
        return "circular information flow" if "wr" in kinds else "dirty write"
    if "log" in kinds or kinds.count("rw") > 1:
        return "long fork"
    is_one_key = len({edge.key for edge in cycle if edge.kind != "own"}) == 1
    return "lost update" if is_one_key and "wr" not in kinds else "read skew"


# --- a history


class _Checker:
    def __init__(self, history: tuple[Transaction, ...], log: Sequence[str], realtime: bool) -> None:
        positions = {commit: number for number, commit in enumerate(log)}
        self.parts = {each.name: _Part(each, positions.get(each.commit)) for each in history}
        if len(self.parts) != len(history):
            raise ValueError("two transactions of one name")
        self.realtime = realtime
        self.blamed: set[str] = set()
        self.writers: dict[tuple[Key, Value], _Part] = {}
        for part in self.parts.values():
            part.replay()
            for write in [*part.installs.items(), *part.passing]:
                if write in self.writers or write[1] is None:
                    raise ValueError(f"{write[0]!r} = {write[1]!r} is no value that is written once")
                self.writers[write] = part
        self.log = sorted(
            (part for part in self.parts.values() if part.position is not None), key=lambda part: part.position or 0
        )
        self.versions: dict[Key, list[_Part]] = defaultdict(list)
        for part in self.log:
            for key in part.installs:
                self.versions[key].append(part)
        self.places = {(key, part.name): at for key, parts in self.versions.items() for at, part in enumerate(parts)}

    def run(self, level: Level) -> list[Anomaly]:
        found = [anomaly for part in self.parts.values() for anomaly in part.anomalies]
        found += [*self._wrong_outcomes(), *self._dirty_reads(), *self._lost_updates()]
        kinds: set[_Kind] = {"own"}
        wider: list[set[_Kind]] = [{"ww", "wr"}, {"rw"}, {"log"}]
        if self.realtime:
            wider.append({"time"})
        widest = kinds.union(*wider)
        if _in_cycles([edge for edge in self._edges("snapshot") if edge.kind in widest]):
            for more in wider:
                kinds |= more
                found += self._cycles("snapshot", kinds)
        if level == "serializable":
            found += self._cycles("serializable", {"ww", "wr", "rw"})
        return found

    # --- without a graph

    def _wrong_outcomes(self) -> Iterator[Anomaly]:
        for part in self.parts.values():
            outcome, landed = part.transaction.outcome, part.position is not None
            if outcome == "committed" and part.installs and not landed:
                yield Anomaly("lost commit", (part.name,), f"{part.name} was committed, and is not in the log")
            if outcome == "aborted" and landed:
                yield Anomaly("commit of an aborted one", (part.name,), f"{part.name} was aborted, and is in the log")

    def _dirty_reads(self) -> Iterator[Anomaly]:
        for part in self.parts.values():
            for operation in part.transaction.operations:
                write = (operation.key, operation.value) if isinstance(operation, Read) else (None, None)
                if write[1] is None:
                    continue
                writer = self.writers.get(write)
                text = f"{part.name} read {write[0]!r} = {write[1]!r}"
                if writer is None:
                    yield Anomaly("garbage read", (part.name,), f"{text}, which nobody wrote")
                elif writer is not part and (writer.position is None or write in writer.passing):
                    what = "did not commit" if writer.position is None else "overwrote it itself"
                    yield Anomaly("dirty read", (part.name, writer.name), f"{text} of {writer.name}, which {what}")

    def _lost_updates(self) -> Iterator[Anomaly]:
        first: dict[tuple[Key, Value], _Part] = {}
        for part in self.log:
            for key, value in part.reads.items():
                if key not in part.installs:
                    continue
                other = first.setdefault((key, value), part)
                if other is not part:
                    self.blamed |= {part.name, other.name}
                    text = f"{other.name} and {part.name} both read {key!r} = {value!r} and both wrote it"
                    yield Anomaly("lost update", (other.name, part.name), text)

    # --- with a graph

    def _cycles(self, level: Level, kinds: set[_Kind]) -> Iterator[Anomaly]:
        """A few cycles of these kinds of edges, none sharing a transaction with one that was found before."""
        for _ in range(10):
            cycle = _shortest_cycle([edge for edge in self._edges(level) if edge.kind in kinds])
            if cycle is None:
                return
            text, names = "", []
            for edge in cycle:
                if edge.source[0] != "t" and edge.kind != "own":
                    names.append(str(edge.source[1]))
                    text += f"{edge.source[1]} -({edge})-> "
            self.blamed |= set(names) | {str(edge.source[1]) for edge in cycle if edge.source[0] != "t"}
            yield Anomaly(_name_of(cycle, level), tuple(names), text + names[0])

    def _edges(self, level: Level) -> Iterator[_Edge]:
        begins, ends = ("s", "c") if level == "snapshot" else ("sc", "sc")
        parts = [part for part in self.parts.values() if part.name not in self.blamed]
        if level == "serializable":
            parts = [part for part in parts if part.position is not None or part.transaction.outcome == "committed"]
        taking_part = {part.name for part in parts}
        for source, target, kind, key in self._dependencies(parts):
            if target.name in taking_part and source.name in taking_part:
                to_snapshot = (ends, begins) if kind != "rw" else (begins, ends)
                yield _Edge((to_snapshot[0], source.name), (to_snapshot[1], target.name), kind, key)
        if level == "snapshot":
            yield from self._orders(parts)

    def _dependencies(self, parts: list[_Part]) -> Iterator[tuple[_Part, _Part, _Kind, Key]]:
        for part in parts:
            if part.position is not None:
                for key in part.installs:
                    at = self.places[key, part.name]
                    if at > 0:
                        yield self.versions[key][at - 1], part, "ww", key
            for key, value in part.reads.items():
                writer, at = self.writers.get((key, value)), -1
                if value is not None:
                    if writer is None or writer.position is None or writer.installs.get(key) != value:
                        continue  # reported as dirty
                    at = self.places[key, writer.name]
                    if writer is not part:
                        yield writer, part, "wr", key
                after = self.versions[key][at + 1 : at + 2]
                if after and after[0] is not part:
                    yield part, after[0], "rw", key

    def _orders(self, parts: list[_Part]) -> Iterator[_Edge]:
        for part in parts:
            yield _Edge(("s", part.name), ("c", part.name), "own")
        logged = [part for part in self.log if part.name not in self.blamed]
        for before, after in zip(logged, logged[1:]):
            yield _Edge(("c", before.name), ("c", after.name), "log")
        # Moments in a chain, instead of an edge for each two transactions: those of one moment began after its end.
        events = sorted(
            [(part.transaction.begin, 0, part.name) for part in parts]
            + [(part.transaction.end, 1, part.name) for part in parts]
        )
        for moment, (_, is_end, name) in enumerate(events):
            if is_end:
                yield _Edge(("c", name), ("t", moment), "time")
            else:
                yield _Edge(("t", moment - 1), ("s", name), "time")
            yield _Edge(("t", moment - 1), ("t", moment), "time")
