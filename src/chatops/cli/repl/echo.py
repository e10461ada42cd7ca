"""What was typed while an answer came, as one line to look at. The keys themselves wait for the next prompt.

Only that prompt knows what an arrow or Ctrl-R will do, so such keys are shown as keys, and only plain typing as its
result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from prompt_toolkit.keys import Keys
from prompt_toolkit.utils import get_cwidth

from chatops.cli.sanitize import sanitize

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyPress

PROMPT = "> "
_SENT = "⏎ "
_SIGNS = {Keys.Up: "↑", Keys.Down: "↓", Keys.Left: "←", Keys.Right: "→", Keys.Tab: "⇥", Keys.Escape: "^["}
_MOST = 1000
"""Pieces that are looked at: more than a row has room for."""


class Echo:
    """Keys, and how they look.

    Args:
        paste: What stands for a paste in the prompt.
    """

    def __init__(self, paste: Callable[[str], str]) -> None:
        self._paste = paste
        self._pieces: list[str] = []
        """A character each, or a sign for another key."""
        self._typed = 0
        """How many of the last pieces are plain characters, which backspace takes away one by one."""

    def take(self, keys: Iterable[KeyPress]) -> None:
        for press in keys:
            self._take(press)

    def shown(self, width: int) -> str:
        """The end of it in at most `width` columns, after the prompt's mark; nothing when nothing waits."""
        if not self._pieces:
            return ""
        text = "".join(self._pieces[-_MOST:])
        room = max(width - len(PROMPT), 2)
        return PROMPT + (text if len(self._pieces) <= _MOST and get_cwidth(text) <= room else _end(text, room))

    def _take(self, press: KeyPress) -> None:
        if not isinstance(press.key, Keys):
            self._type(press.key)
            return
        match press.key:
            case Keys.BracketedPaste:
                self._type(self._paste(press.data))
            case Keys.ControlM | Keys.ControlJ:
                self._sign(_SENT)
            case Keys.ControlH if self._typed or self._at_start():
                self._remove(min(self._typed, 1))
            case Keys.ControlW if self._typed or self._at_start():
                self._remove(self._word())
            case Keys.ControlU if self._at_start(self._typed):
                self._remove(self._typed)
            case _:
                self._sign(_name(press.key))

    def _type(self, text: str) -> None:
        clean = sanitize(text).replace("\n", " ")
        self._pieces += clean
        self._typed += len(clean)

    def _sign(self, sign: str) -> None:
        self._pieces.append(sign)
        self._typed = 0

    def _remove(self, count: int) -> None:
        del self._pieces[len(self._pieces) - count :]
        self._typed -= count

    def _at_start(self, back: int = 0) -> bool:
        """Whether so many pieces ago the prompt was empty."""
        return len(self._pieces) == back or self._pieces[-back - 1] == _SENT

    def _word(self) -> int:
        """How many pieces the last word is, with the spaces after it."""
        typed = "".join(self._pieces[len(self._pieces) - self._typed :])
        return len(typed) - (typed.rstrip().rfind(" ") + 1)


def _name(key: Keys) -> str:
    sign = key.value.removeprefix("c-")
    return _SIGNS.get(key) or (f"^{sign.upper()}" if len(sign) == 1 else f"<{sign}>")


def _end(text: str, width: int) -> str:
    """As much of the end as fits behind an ellipsis."""
    room, start = width - 1, len(text)
    while start and (room := room - get_cwidth(text[start - 1])) >= 0:
        start -= 1
    return f"…{text[start:]}"
