"""What looks for small histories that fail finds them."""

from __future__ import annotations

import random

import pytest
from histories import Sizes, each_history, sized


def test_of_a_history_that_fails_a_small_one_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    names = set()

    def run(name: str, rng: Sizes) -> None:
        assert name not in names
        names.add(name)
        steps = [rng.randrange(10) for _ in range(rng.between(1, 50))]
        print(len(steps))
        assert sum(step == 7 for step in steps) < 2, steps

    with pytest.raises(AssertionError, match=r"\[7, 7\]"):
        each_history(random.Random(1), 20, run)
    assert "at most 2" in capsys.readouterr().out


def test_a_failure_without_a_smaller_one_is_told_itself() -> None:
    def run(name: str, rng: Sizes) -> None:
        if name == "h3":
            pytest.fail("only this one")

    with pytest.raises(pytest.fail.Exception, match="only this one"):
        each_history(random.Random(1), 20, run)


def test_histories_that_pass_are_as_many_and_as_large_as_asked_for() -> None:
    sizes = []
    each_history(random.Random(1), 200, lambda name, rng: sizes.append((rng.between(3, 9), rng.size(0, 40))))
    assert len(sizes) >= 200
    assert ({size for size, _ in sizes}, {size for _, size in sizes}) == (set(range(3, 10)), {0, 40})
    small = sized(1, 2)
    assert {small.between(3, 9) for _ in range(20)} == {3} and {small.size(1, 40) for _ in range(20)} == {1}
