"""A terminal emulator with scrollback (pyte) that takes the renderer's output as a real terminal would."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyte

from chatops.cli.render import Renderer

if TYPE_CHECKING:
    from pyte.screens import Char


class _Screen(pyte.HistoryScreen):
    """Answers questions, such as where the cursor is."""

    reply: Callable[[str], None]

    def write_process_input(self, data: str) -> None:
        self.reply(data)


@dataclass
class Emulator:
    """Stands for `chatops.cli.terminal.Terminal`.

    `reflows`: narrowing wraps what is on the screen anew. `reply` gets the answers to a program's questions.
    """

    columns: int = 80
    rows: int = 24
    live: bool = True
    color: bool = True
    reflows: bool = False
    raw: list[str] = field(default_factory=list)
    reply: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self._screen = _Screen(self.columns, self.rows, history=100_000)
        self._screen.reply = self.reply
        self._stream = pyte.Stream(self._screen)

    @property
    def size(self) -> tuple[int, int]:
        return self.columns, self.rows

    def write(self, text: str) -> None:
        self.raw.append(text)
        # The kernel's line discipline makes CR LF of LF.
        self._stream.feed(re.sub(r"(?<!\r)\n", "\r\n", text))

    @property
    def output(self) -> str:
        return "".join(self.raw)

    @property
    def cursor(self) -> tuple[int, int]:
        return self._screen.cursor.x, self._screen.cursor.y

    def visible(self) -> list[str]:
        """The rows on the screen."""
        return [_text(self._screen.buffer[y]) for y in range(self.rows)]

    def scrollback(self) -> list[str]:
        return [_text(row) for row in self._screen.history.top]

    def everything(self) -> list[str]:
        """Scrollback and screen, without the empty rows at the end."""
        rows = self.scrollback() + self.visible()
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def styles(self) -> list[Char]:
        """Every character on the screen, with its style."""
        return [self._screen.buffer[y][x] for y in range(self.rows) for x in range(self.columns)]

    def resize(self, columns: int, rows: int) -> None:
        """As terminals do: rows that do not fit go to the scrollback; without reflow what is too wide is cut off."""
        content: list[dict[int, Char]] = [dict(self._screen.buffer[y]) for y in range(self._screen.cursor.y + 1)]
        if self.reflows:
            content = [part for row in content for part in _folded(row, columns)]
        history = list(self._screen.history.top)
        x = min(max(content[-1], default=-1) + 1, columns - 1)
        self.columns, self.rows = columns, rows
        self._screen.resize(rows, columns)
        self._screen.reset()
        out = max(len(content) - rows, 0)
        self._screen.history.top.extend([*history, *content[:out]])  # type: ignore[list-item]  # rows that only get read
        for y, row in enumerate(content[out:]):
            self._screen.buffer[y].update({column: char for column, char in row.items() if column < columns})
        self._screen.cursor_position(len(content) - out, x + 1)


class Stream:
    """A renderer on an emulator, with a clock that is moved by hand."""

    def __init__(self, terminal: Emulator) -> None:
        self.terminal = terminal
        self.now = 0.0
        self.renderer = Renderer(terminal, clock=lambda: self.now)

    def feed(self, text: str, seconds: float = 1.0) -> None:
        self.renderer.feed(text)
        self.tick(seconds)

    def tick(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self.renderer.tick()

    def feed_all(self, text: str, size: int = 12) -> None:
        for start in range(0, len(text), size):
            self.feed(text[start : start + size])


def _text(row: Mapping[int, Char]) -> str:
    # The second half of a wide character is an empty cell.
    return "".join(row[x].data if x in row else " " for x in range(max(row, default=-1) + 1)).rstrip()


def _folded(row: Mapping[int, Char], columns: int) -> list[dict[int, Char]]:
    width = max((x for x, char in row.items() if char.data.strip()), default=-1) + 1
    return [
        {x - start: row[x] for x in range(start, min(start + columns, width)) if x in row}
        for start in range(0, max(width, 1), columns)
    ]
