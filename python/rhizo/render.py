"""Rows as a table of text or HTML."""

from __future__ import annotations

import html
import shutil
from typing import Any

from rhizo.facts import Column

_WIDEST_CELL = 40
Rows = list[tuple[Any, ...]]


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    text = value.hex() if isinstance(value, bytes) else str(value)
    line = "".join(char if char.isprintable() else " " for char in text[: _WIDEST_CELL + 1])
    return line if len(line) <= _WIDEST_CELL else line[: _WIDEST_CELL - 1] + "…"


def _count(shown: int, total: int | None) -> str:
    if total is None:
        return f"the first {shown:,} rows"
    rows = "1 row" if total == 1 else f"{total:,} rows"
    return rows if total == shown else f"{rows}, {shown:,} shown"


def _fitting(widths: list[int]) -> int:
    """How many columns fit the terminal; at least one."""
    room = max(80, shutil.get_terminal_size((100, 24)).columns) - 1
    for place, width in enumerate(widths):
        room -= width + 3
        if room < 0:
            return max(1, place)
    return len(widths)


def render_text(columns: tuple[Column, ...], rows: Rows | None, total: int | None) -> str:
    """A box of text: names, types, rows, and how many there are."""
    if rows is None:
        return f"Result({[column.name for column in columns]}, its rows were given out)"
    lines = [[_cell(column.name) for column in columns], [_cell(column.type) for column in columns]]
    lines += [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    fit = _fitting(widths)
    rule = ["─" * (width + 2) for width in widths[:fit]]
    drawn = ["│" + "│".join(f" {line[i].ljust(widths[i])} " for i in range(fit)) + "│" for line in lines]
    box = [f"┌{'┬'.join(rule)}┐", *drawn[:2], f"├{'┼'.join(rule)}┤", *drawn[2:], f"└{'┴'.join(rule)}┘"]
    left = f", {fit} of {len(columns)} columns" if fit < len(columns) else ""
    return "\n".join([*box, _count(len(rows), total) + left])


def render_html(columns: tuple[Column, ...], rows: Rows | None, total: int | None) -> str:
    """An HTML table for notebooks."""
    if rows is None:
        return f"<p>{html.escape(render_text(columns, rows, total))}</p>"
    head = "".join(
        f"<th>{html.escape(column.name)}<br><small>{html.escape(column.type)}</small></th>" for column in columns
    )
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row) + "</tr>" for row in rows
    )
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{_count(len(rows), total)}</p>"
    )
