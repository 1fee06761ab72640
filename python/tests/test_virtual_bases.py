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
        lambda s: (s.cherry_pick("one"), s.update("t", {"a": "a + 5"}, "u = 3")),
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


TURNS = range(8)  # which ancestor comes first is that of their ids


@contextlib.contextmanager
def crossed(path: Path, make: Change, first: Change, second: Change) -> Iterator[tuple[rhizo.Session, rhizo.Session]]:
    """Two branches that contradicted each other, merged with each other, each as it has it."""
    with rhizo.open(path / "db", durability="none") as db:
        make(db)
        db.create_branch("one")
        db.create_branch("two")
        with db.on("one") as one, db.on("two") as two:
            first(one)
            second(two)
            head = one.commit().id
            one.merge("two", strategy="ours", message="as one has it")
            two.merge(head, strategy="ours", message="as two has it")
            yield one, two


def contradict(one: rhizo.Session, two: rhizo.Session) -> bool:
    return one.try_merge("two").conflicts > 0 and two.try_merge("one").conflicts > 0


def keyed(*rows: tuple[Any, ...], columns: str = "ka", **more: Any) -> Change:
    def make(session: rhizo.Session) -> None:
        session.create_table("t", {name: "BIGINT" for name in columns}, key="k", **more)
        session.append("t", {name: [row[i] for row in rows] for i, name in enumerate(columns)})

    return make


def update(column: str, value: int, key: int) -> Change:
    return lambda session: session.update("t", {column: value}, f"k = {key}")


@pytest.mark.parametrize("value", [11, 5])
def test_a_key_that_came_again_is_no_sum_with_a_row_of_which_nothing_is_known(tmp_path: Path, value: int) -> None:
    made = keyed((1, 10), merge_rules={"a": "add"})
    with crossed(tmp_path, made, update("a", 11, 1), lambda s: s.delete("t", "k = 1")) as (one, two):
        two.append("t", {"k": [1], "a": [value]})
        if value == 11:
            one.merge("two")
            assert one.read("t").fetchall() == [(1, 11)]
        else:
            assert contradict(one, two)


@pytest.mark.parametrize("turn", TURNS)
def test_a_key_set_on_one_of_two_ancestors_is_not_twice_in_the_table(tmp_path: Path, turn: int) -> None:
    def set_key(session: rhizo.Session) -> None:
        session.set_key("t", "k")
        session.update("t", {"a": 2}, "k = 3")

    def make(session: rhizo.Session) -> None:
        session.write("t", {"k": [3, 4], "a": [0, 0]})

    with crossed(tmp_path, make, update("a", 1, 3), set_key) as (one, two):
        one.delete("t", "k = 3")
        one.append("t", {"k": [3], "a": [9]})
        assert contradict(one, two)
        one.merge("two", strategy="theirs")
        assert [row[0] for row in one.read("t").fetchall()] == [3, 4]


WHOLE: dict[str, Change] = {
    "the table dropped": lambda s: s.drop_table("t"),
    "the column dropped": lambda s: s.alter("t", drop="a"),
    "the table replaced": lambda s: s.write("t", {"k": [100], "a": [7], "b": [7]}),
}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("delete_wins", [False, True])
@pytest.mark.parametrize("name", WHOLE)
def test_what_is_not_known_of_a_cell_is_not_forgotten_with_the_whole(
    tmp_path: Path, name: str, delete_wins: bool, turn: int
) -> None:
    made = keyed((3, 0, 0), (4, 0, 0), (5, 0, 0), columns="kab")

    def make(session: rhizo.Session) -> None:
        made(session)
        session.set_merge_rules("t", delete_wins=delete_wins)

    with crossed(tmp_path, make, update("a", 1, 3), update("a", 2, 3)) as (one, two):
        WHOLE[name](one)
        assert contradict(one, two)


@pytest.mark.parametrize("turn", TURNS)
def test_the_latest_is_decided_by_what_both_have_where_the_base_does_not_know_when(tmp_path: Path, turn: int) -> None:
    def upsert(f: int | None, v: int) -> Change:
        return lambda s: s.upsert("t", {"k": [1], "f": [f], "v": [v]}, reset=True)

    made = keyed((1, 1, 0), columns="kfv", merge_rules={"f": "max", "v": "latest(f)"})
    with crossed(tmp_path, made, upsert(None, 10), upsert(5, 50)) as (one, two):
        upsert(3, 30)(one)
        one.merge("two")
        assert one.read("t").fetchall() == [(1, 5, 50)]


def test_a_key_is_one_whatever_the_sign_of_its_zero(tmp_path: Path) -> None:
    with rhizo.open(tmp_path / "db", durability="none") as db:
        db.create_table("t", {"k": "DOUBLE", "a": "BIGINT"}, key="k")
        db.create_branch("two")
        with db.on("two") as two:
            db.append("t", {"k": [0.0], "a": [5]})
            two.append("t", {"k": [-0.0], "a": [5]})
            head = db.commit().id
            db.merge("two")
            two.merge(head)
            assert db.read("t").fetchall() == two.read("t").fetchall() == [(0.0, 5)]
            assert db.commit().id == two.commit().id
