"""Listings, one form for all: aligned columns on a terminal, tabs in a pipe, or a JSON array."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from chatops.cli.sanitize import escaped
from chatops.cli.terminal import Terminal, sanitize

Row = Mapping[str, str]
"""Cells by column; the last column takes what is left of the line."""


class JsonArray:
    """A JSON array on standard output, an item a line, written as the items come: it may be long."""

    def __init__(self, terminal: Terminal, *, indent: str = "", end: str = "\n") -> None:
        self._terminal = terminal
        self._indent = indent
        self._end = end
        self._separator = "["

    def __enter__(self) -> Self:
        return self

    def add(self, item: Mapping[str, Any]) -> None:
        self._terminal.write(f"{self._separator}\n{self._indent}  {json_text(self._terminal, item)}")
        self._separator = ","

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        # After an error the array stays open: half a listing must not pass for a whole one.
        if kind is None:
            self._terminal.write(f"[]{self._end}" if self._separator == "[" else f"\n{self._indent}]{self._end}")


def json_text(terminal: Terminal, item: Mapping[str, Any], *, indent: int | None = None) -> str:
    """JSON for standard output; on a terminal, control characters in it are written as escapes."""
    text = json.dumps(item, ensure_ascii=False, indent=indent)
    return escaped(text) if terminal.stdout_is_tty else text


def write_json(terminal: Terminal, items: Iterable[Mapping[str, Any]]) -> None:
    with JsonArray(terminal) as array:
        for item in items:
            array.add(item)


def write_object(terminal: Terminal, item: Mapping[str, Any]) -> None:
    terminal.write(f"{json.dumps(item, ensure_ascii=False)}\n")


def write_rows(terminal: Terminal, rows: Sequence[Row], *, cut: bool = True) -> None:
    """Aligned under a heading on a terminal, lines cut to its width if `cut`; else tab-separated, without a heading.

    Cells come from models and other people: control characters are dropped either way, since what is piped into
    `head` ends on a terminal all the same.
    """
    cells = [{name: sanitize(" ".join(cell.split())) for name, cell in row.items()} for row in rows]
    lines = ["\t".join(row.values()) for row in cells]
    if cells and terminal.stdout_is_tty:
        lines = _aligned([{name: name.upper() for name in cells[0]}, *cells], terminal.width if cut else sys.maxsize)
    terminal.write("".join(f"{line}\n" for line in lines))


def _aligned(rows: Sequence[Row], width: int) -> list[str]:
    from rich.cells import cell_len, set_cell_size

    *names, last = rows[0]
    widths = {name: max(cell_len(row[name]) for row in rows) for name in names}
    room = max(width - sum(widths.values()) - 2 * len(names), 10)
    return [
        "  ".join([*(set_cell_size(row[name], widths[name]) for name in names), _cut(row[last], room)]).rstrip()
        for row in rows
    ]


def _cut(text: str, room: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= room else f"{set_cell_size(text, room - 1).rstrip()}…"
