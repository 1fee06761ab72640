"""What two ancestors contradicted each other in as whole tables is a conflict again, unless both sides ended up equal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import rhizo

Change = Callable[[rhizo.Session], Any]


def replaced(number: int) -> Change:
    return lambda session: session.write("t", {"u": [number], "a": [number], "b": [number]})


PAIRS: dict[str, tuple[Change, Change]] = {
    "replaced by both": (replaced(50), replaced(60)),
    "replaced, appended": (replaced(50), lambda s: s.append("t", {"u": [9], "a": [1], "b": [0]})),
    "dropped column, updated": (lambda s: s.alter("t", drop="a"), lambda s: s.update("t", {"a": 1}, "u = 3")),
    "checked, updated": (lambda s: s.alter("t", add_check="a < 5"), lambda s: s.update("t", {"a": 9}, "u = 3")),
    "updated in two columns under a check": (
        lambda s: s.update("t", {"a": 1}, "u = 3"),
        lambda s: s.update("t", {"b": 1}, "u = 3"),
    ),
    "keyed, a second row": (lambda s: s.set_key("t", "u"), lambda s: s.append("t", {"u": [3], "a": [7], "b": [0]})),
    "renamed by both": (lambda s: s.rename_table("t", "t1"), lambda s: s.rename_table("t", "t2")),
    "dropped, updated": (lambda s: s.drop_table("t"), lambda s: s.update("t", {"a": 1}, "u = 3")),
    "updated, dropped": (lambda s: s.update("o", {"k": 1}), lambda s: s.drop_table("o")),
    "made by both": (lambda s: s.write("n", {"k": [1]}), lambda s: s.write("n", {"k": [2]})),
    "counted, picked": (
        lambda s: s.update("t", {"a": "a + 1"}, "u = 3"),
        lambda s: (s.cherry_pick("one"), s.append("t", {"u": [9], "a": [1], "b": [0]})),
    ),
    "two of one name": (lambda s: s.rename_table("t", "w"), lambda s: s.rename_table("o", "w")),
}


@contextlib.contextmanager
def contradicting(path: Path, name: str) -> Iterator[tuple[rhizo.Session, rhizo.Session, str, str]]:
    """Two branches that contradict each other, and where they stood then."""
    with rhizo.open(path / "db", durability="none") as db:
        db.write("t", {"u": [3, 4], "a": [0, 0], "b": [0, 0]})
        db.write("o", {"k": [0]})
        if "under a check" in name:
            db.alter("t", add_check="a + b < 2")
        if "counted" in name:
            db.set_merge_rules("t", {"a": "add"})
        db.create_branch("one")
        db.create_branch("two")
        with db.on("one") as one, db.on("two") as two:
            for session, change in zip((one, two), PAIRS[name]):
                change(session)
            head, other = one.commit().id, two.commit().id
            yield one, two, head, other


@pytest.mark.parametrize("name", PAIRS)
def test_what_was_settled_differently_contradicts_again(tmp_path: Path, name: str) -> None:
    with contradicting(tmp_path, name) as (one, two, head, other):
        one.merge(other, strategy="ours", message="as one has it")
        two.merge(head, strategy="ours", message="as two has it")
        for session, source in ((one, "two"), (two, "one")):
            assert session.try_merge(source).conflicts > 0
            with pytest.raises(rhizo.MergeConflict):
                session.merge(source)
        one.merge("two", strategy="theirs", message="settled")
        assert sorted(one.tables()) == sorted(two.tables())


def test_of_two_tables_of_one_name_each_side_keeps_its_own(tmp_path: Path) -> None:
    with rhizo.open(tmp_path / "db", durability="none") as db:
        db.write("t", {"u": [3, 4]})
        db.write("o", {"k": [0]})
        for name in ("one", "two"):
            db.create_branch(name)
        with db.on("one") as one, db.on("two") as two:
            one.rename_table("t", "w")
            two.rename_table("o", "w")
            one.append("w", {"u": [5]})
            assert one.try_merge("two").conflicts == 1
            one.merge("two", strategy="ours")
            assert {name: one.read(name).to_dict() for name in one.tables()} == {"w": {"u": [3, 4, 5]}, "o": {"k": [0]}}
            one.reset("one~1")
            one.merge("two", strategy="theirs")
            assert {name: one.read(name).to_dict() for name in one.tables()} == {"t": {"u": [3, 4, 5]}, "w": {"k": [0]}}


@pytest.mark.parametrize("name", PAIRS)
def test_what_was_settled_alike_is_settled(tmp_path: Path, name: str) -> None:
    with contradicting(tmp_path, name) as (one, two, head, other):
        one.merge(other, strategy="ours", message="as one has it")
        two.merge(head, strategy="theirs", message="as one has it")
        assert one.try_merge("two").conflicts == 0
