"""Large pastes stand in the prompt as `[pasted 214 lines]` and are sent whole."""

from __future__ import annotations

import re

from chatops.cli.repl import mentions
from chatops.cli.sanitize import sanitize

FOLD_LINES = 10
FOLD_CHARS = 1000
"""A paste that is larger is folded: it would push everything else off the screen."""

_NAME = re.compile(r"\[pasted [0-9,]+ (?:lines|characters)(?: #[0-9]+)?\]")


class Folds:
    """The pastes of a session by the text that stands for them. Kept: one may be recalled and sent again."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def pasted(self, data: str) -> str:
        """What is to stand in the prompt for what a terminal sends as pasted."""
        text = data.replace("\r\n", "\n").replace("\r", "\n")
        # It may be anybody's: what of it would reach for files or hide from the eye is sent, but not shown.
        doubtful = mentions.find(text) or sanitize(text) != text
        return self.hide(text) if doubtful else self.fold(text)

    def fold(self, text: str) -> str:
        """What is to stand in the prompt for a paste: itself, when it is small."""
        lines = text.count("\n") + 1
        if lines <= FOLD_LINES and len(text) <= FOLD_CHARS:
            return text
        return self.hide(text)

    def hide(self, text: str) -> str:
        """A name that stands for `text` from now on."""
        lines = text.rstrip("\n").count("\n") + 1
        size = f"{lines:,} lines" if lines > 1 else f"{len(text):,} characters"
        name, number = f"[pasted {size}]", 1
        while self._texts.get(name, text) != text:
            number += 1
            name = f"[pasted {size} #{number}]"
        self._texts[name] = text
        return name

    def unfold(self, shown: str) -> str:
        """The text with every paste in its place; what only looks like one of ours stays."""
        return _NAME.sub(lambda match: self._texts.get(match[0], match[0]), shown)
