"""Are the answers of two systems the same? Rows in any order, numbers within a tolerance."""

from __future__ import annotations

import json
import math
import pathlib
from typing import Any


def number(value: Any) -> float | None:
    """Decimals come as text, because some systems give a float for the same column."""
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except ValueError:
        return None


def same_value(left: Any, right: Any) -> bool:
    one, two = number(left), number(right)
    if one is None or two is None:
        return bool(left == right)
    return math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-9)


def order(row: list[Any]) -> list[str]:
    """Rows in an order that a tolerance does not change: numbers to six digits."""
    return [str(value) if number(value) is None else f"{number(value):.6g}" for value in row]


def same_rows(left: list[list[Any]], right: list[list[Any]]) -> bool:
    if len(left) != len(right):
        return False
    pairs = zip(sorted(left, key=order), sorted(right, key=order))
    return all(len(one) == len(two) and all(map(same_value, one, two)) for one, two in pairs)


def differences(own: pathlib.Path, reference: pathlib.Path) -> list[str]:
    """Names of the answers in `reference` that `own` gave differently."""
    wrong = []
    for file in sorted(reference.glob("*.json")):
        mine = own / file.name
        if mine.exists() and not same_rows(json.loads(mine.read_text()), json.loads(file.read_text())):
            wrong.append(file.stem)
    return wrong
