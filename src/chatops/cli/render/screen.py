"""The bottom of the screen: a few rows that are drawn again and again, below what is printed once for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chatops.cli.render.rows import Row, ansi, plain, reflowed

_RESET = "\x1b[0m"
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"
_CANCEL = "\x18"
"""Ends an escape sequence that was cut in the middle (ECMA-48's CAN)."""


class Surface(Protocol):
    """What is needed of a terminal; `chatops.cli.terminal.Terminal` has it."""

    @property
    def color(self) -> bool: ...
    @property
    def live(self) -> bool: ...
    @property
    def reflows(self) -> bool: ...
    @property
    def size(self) -> tuple[int, int]: ...
    def write(self, text: str) -> None: ...


class Screen(Protocol):
    """Where rows go. `done` ones are final, in order; `live` ones replace the live ones before."""

    def draw(self, done: Sequence[Row], live: Sequence[Row], width: int) -> None: ...

    def recover(self) -> None:
        """Makes the terminal fit for others when drawing was interrupted in the middle."""
        ...

    def resize(self, width: int, height: int) -> list[Row]:
        """The terminal has a new size: takes away the live rows.

        Returns:
            What is out of reach of them, from the top: the terminal has scrolled it away.
        """
        ...


class Paper:
    """What cannot move its cursor: only final rows are written."""

    def __init__(self, terminal: Surface) -> None:
        self._terminal = terminal

    def draw(self, done: Sequence[Row], live: Sequence[Row], width: int) -> None:  # noqa: ARG002 - the port's signature
        text = "".join([ansi(row) + ("" if row.soft else "\n") for row in done])
        if text:
            self._terminal.write(text)

    def recover(self) -> None:
        if self._terminal.color:
            self._terminal.write(f"{_RESET}\n")

    def resize(self, width: int, height: int) -> list[Row]:  # noqa: ARG002 - likewise
        return []


class Glass:
    """A terminal. The cursor rests at the end of the last live row, or on a fresh line when there is none."""

    def __init__(self, terminal: Surface) -> None:
        self._terminal = terminal
        self._shown: list[str] = []
        self._live: list[Row] = []

    def draw(self, done: Sequence[Row], live: Sequence[Row], width: int) -> None:
        """Writes the difference to what is shown, in one piece. `live` is lower than the screen."""
        rows = [*done, *live]
        texts = [ansi(row) for row in rows]
        wide = [_breadth(row) > width for row in rows]
        # Live rows are cut at the screen's edge. What goes beyond it is written again once it is final.
        again = [wide[index] or row.soft for index, row in enumerate(done)]
        keep = self._unchanged(texts, again)
        start = self._prefix(keep, texts, [*again, *wide[len(done) :]])
        out = [self._approach(keep, start, keep < len(texts))]
        for index in range(keep, len(texts)):
            if index > keep:
                out.append("" if index < len(done) and rows[index - 1].soft else "\r\n")
            if index == max(len(done), keep) and any(wide[index:]):
                out.append(_NO_WRAP)
            out.append(texts[index][start if index == keep else 0 :])
        if _NO_WRAP in out:
            out.append(_WRAP)
        if done and not live:
            out.append("\r\n")
        if any(out):
            self._terminal.write("".join(out))
        self._shown = texts[len(done) :]
        self._live = [*live]

    def _unchanged(self, texts: list[str], again: list[bool]) -> int:
        """How many of the first rows are on the screen as they are to be."""
        same = [old == new for old, new in zip(self._shown, texts, strict=False)]
        keep = min([*same, False].index(False), [*again, True].index(True) if any(again) else len(same))
        return keep - 1 if 0 < keep == len(texts) < len(self._shown) else keep

    def _prefix(self, keep: int, texts: list[str], again: list[bool]) -> int:
        """How many characters of row `keep`, where the cursor is, are on the screen already."""
        at_cursor = keep == len(self._shown) - 1 and keep < len(texts) and not again[keep]
        return len(self._shown[keep]) if at_cursor and texts[keep].startswith(self._shown[keep]) else 0

    def _approach(self, keep: int, start: int, more: bool) -> str:  # noqa: FBT001 - private
        """Moves to where writing begins, and clears what is below."""
        if start:
            return ""
        if keep < len(self._shown):
            return _to_top(len(self._shown) - keep)
        return "\r\n" if self._shown and more else ""

    def recover(self) -> None:
        self._terminal.write(f"{_CANCEL}{_RESET}{_WRAP}\r\n")
        self._shown, self._live = [], []

    def resize(self, width: int, height: int) -> list[Row]:
        rows = self._live
        if self._terminal.reflows:
            rows = [piece for row in rows for piece in reflowed(row, width)]
        if rows:
            self._terminal.write(_to_top(min(len(rows), height)))
        self._shown, self._live = [], []
        return rows[: max(len(rows) - height, 0)]


def _to_top(rows: int) -> str:
    """To the first of the last `rows` rows, and clears all of them."""
    return ("\r" if rows == 1 else f"\r\x1b[{rows - 1}A") + "\x1b[J"


def _breadth(row: Row) -> int:
    """The most columns that any terminal may take for the row: they differ about many characters."""
    text = plain((*row.lead, *row.body))
    return len(text) if text.isascii() else sum(1 if char.isascii() else 2 for char in text)
