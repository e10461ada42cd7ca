"""Tables: columns as wide as the screen allows, cells wrapped; one record a row where columns cannot fit. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from chatops.cli.render.look import Look
from chatops.cli.render.rows import Run, Runs, cells, plain, wrap

Align = Literal["left", "center", "right"]

_GAP = "  "
_NARROWEST = 4
"""Columns of the screen below which a cell cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`rows` are as long as `head`, cells without line breaks."""

    head: Sequence[Runs]
    rows: Sequence[Sequence[Runs]]
    aligns: Sequence[Align]


def layout(table: Table, width: int, look: Look) -> list[Runs]:
    """The lines of the table, none wider than `width`."""
    columns = zip(table.head, *table.rows, strict=True)
    natural = [max(1, *(cells(plain(cell)) for cell in column)) for column in columns]
    widths = _shrink(natural, width - len(_GAP) * (len(natural) - 1))
    if widths is None:
        return _records(table, width, look)
    rule = look.style("", "rule")
    lines = _line(table.head, widths, table.aligns)
    lines.append(_join([((look.rule * size, rule),) for size in widths]))
    for row in table.rows:
        lines += _line(row, widths, table.aligns)
    return lines


def _shrink(natural: list[int], room: int) -> list[int] | None:
    """Takes from the widest columns what is too much; None when nothing readable would be left."""
    if sum(natural) <= room:
        return natural
    if sum(min(size, _NARROWEST) for size in natural) > room:
        return None
    widest = max(natural)
    while sum(min(size, widest) for size in natural) > room:
        widest -= 1
    spare = room - sum(min(size, widest) for size in natural)
    widths = []
    for size in natural:
        more = 1 if size > widest and spare > 0 else 0
        spare -= more
        widths.append(min(size, widest) + more)
    return widths


def _line(row: Sequence[Runs], widths: list[int], aligns: Sequence[Align]) -> list[Runs]:
    columns = [wrap(cell, size) for cell, size in zip(row, widths, strict=True)]
    return [
        _join([_pad(part, size, align) for part, size, align in zip(parts, widths, aligns, strict=True)])
        for parts in zip_longest(*columns, fillvalue=())
    ]


def _pad(part: Runs, size: int, align: Align) -> Runs:
    missing = max(size - cells(plain(part)), 0)
    left = {"left": 0, "center": missing // 2, "right": missing}[align]
    return ((" " * left, ""), *part, (" " * (missing - left), ""))


def _join(parts: Sequence[Runs]) -> Runs:
    runs: list[Run] = []
    for part in parts:
        runs += [*part, (_GAP, "")]
    return tuple(run for run in runs[:-1] if run[0])


def _records(table: Table, width: int, look: Look) -> list[Runs]:
    """Each row as lines of `header: value`, with a rule between rows."""
    rule: Runs = ((look.rule * width, look.style("", "rule")),)
    lines: list[Runs] = []
    for row in table.rows or [tuple(() for _ in table.head)]:
        if lines:
            lines.append(rule)
        for head, cell in zip(table.head, row, strict=True):
            lines += wrap((*head, (": ", ""), *cell), width)
    return lines
