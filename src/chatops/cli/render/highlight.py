"""Code, coloured line by line as it streams in: each line once, at a cost that does not grow with the block."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Protocol

from pygments.lexers import (  # type: ignore[import-untyped]  # ships no types
    get_all_lexers,
    get_lexer_by_name,
)
from pygments.token import (  # type: ignore[import-untyped]  # likewise
    Comment,
    Generic,
    Keyword,
    Name,
    Number,
    Operator,
    String,
    Token,
    _TokenType,
)

from chatops.cli.render.look import Look
from chatops.cli.render.rows import Run, Runs

if TYPE_CHECKING:
    from pygments.lexer import Lexer  # type: ignore[import-untyped]  # likewise

_WINDOW = 800
"""Characters that are read again, at most, to know in what a new line stands."""
_WINDOW_INSIDE = 4000
"""Likewise inside a string or comment, where forgetting its beginning would turn the colours inside out."""
_FRESH = 200
"""Past so many characters the window starts anew with the next line that looks like a start."""
_KEPT = 4
"""Lines that stay in the window when it has become too long."""
_LONGEST = 1000
"""Characters of a line that gets coloured; a longer one is data."""
_TAB = 4
_REMEMBERED = 8
"""Blocks of code in one list item or quote that are not coloured anew each time it is drawn."""

_START = re.compile(r"[^\s)}\]]")
_LANGUAGE = re.compile(r"[{.]*([\w+#-][\w+#.-]{0,31})")
_STYLES: dict[_TokenType, str] = {
    Comment: "2",
    Keyword: "35",
    Keyword.Constant: "36",
    Name.Attribute: "33",
    Name.Builtin: "36",
    Name.Class: "33",
    Name.Constant: "36",
    Name.Decorator: "33",
    Name.Exception: "33",
    Name.Function: "34",
    Name.Tag: "34",
    Number: "36",
    Operator.Word: "35",
    String: "32",
    String.Escape: "36",
    String.Interpol: "36",
    Generic.Deleted: "31",
    Generic.Inserted: "32",
    Generic.Heading: "1",
    Generic.Subheading: "1",
    Generic.Prompt: "2",
    Token: "",
}


class Coloring(Protocol):
    """Colours one block of code."""

    def line(self, text: str) -> Runs:
        """The next line, which is complete."""
        ...

    def partial(self, text: str) -> Runs:
        """What there is so far of the line after; to be shown for a moment."""
        ...


def coloring(info: str, look: Look) -> Coloring:
    """For a fence with that info string; unknown languages get one colour."""
    lexer = None if look.marks else _lexer(info)
    return _Flat(look.style("", "code")) if lexer is None else _Lexed(lexer)


class _Flat:
    def __init__(self, style: str) -> None:
        self._style = style

    def line(self, text: str) -> Runs:
        return ((text.expandtabs(_TAB), self._style),)

    partial = line


class _Lexed:
    def __init__(self, lexer: Lexer) -> None:
        self._lexer = lexer
        self._window: list[str] = []
        self._inside: str | None = None
        """The style of the string or comment that the last line did not end."""

    def line(self, text: str) -> Runs:
        text = text.expandtabs(_TAB)
        if len(text) > _LONGEST:
            return ((text, ""),)
        self._slide(text)
        self._window.append(text)
        return self._last_line("\n".join(self._window) + "\n", len(text) + 1)

    def _slide(self, text: str) -> None:
        size = sum(map(len, self._window))
        if self._inside is not None:
            if size > _WINDOW_INSIDE:
                self._window.clear()
        elif size > _FRESH and _START.match(text):
            self._window.clear()
        elif size > _WINDOW:
            del self._window[:-_KEPT]

    def partial(self, text: str) -> Runs:
        text = text.expandtabs(_TAB)
        if self._inside is not None or len(text) > _LONGEST:
            return ((text, self._inside or ""),)
        inside, runs = self._inside, self._last_line(f"{text}\n", len(text) + 1)
        self._inside = inside
        return runs

    def _last_line(self, source: str, length: int) -> Runs:
        """Colours the last `length` characters of `source`, of which the very last is its newline."""
        begin, end = len(source) - length, len(source) - 1
        runs: list[Run] = []
        for offset, kind, value in self._lexer.get_tokens_unprocessed(source):
            after = offset + len(value)
            if after <= begin:
                continue
            part = value[max(begin - offset, 0) : end - offset]
            if part:
                runs.append((part, _style(kind)))
            if after > end:
                # A comment up to the end of the line may count the newline as its own.
                open_end = kind in String or (kind in Comment and kind not in Comment.Single)
                self._inside = _style(kind) if open_end else None
        return tuple(runs)


@lru_cache(maxsize=256)
def _style(kind: _TokenType) -> str:
    while kind not in _STYLES:
        kind = kind.parent
    return _STYLES[kind]


@lru_cache(maxsize=64)
def _lexer(info: str) -> Lexer | None:
    match = _LANGUAGE.match(info.strip())
    if match is None or match[1].lower() in {"text", "txt", "plain", "plaintext", "output"}:
        return None
    # PHP in answers mostly comes without its opening tag.
    return get_lexer_by_name(match[1].lower(), startinline=True) if match[1].lower() in _aliases() else None


@cache
def _aliases() -> frozenset[str]:
    """Looked up first: for an unknown name pygments would search the plugins of all that is installed, each time."""
    return frozenset(alias for _, aliases, *_ in get_all_lexers(plugins=False) for alias in aliases)


class Memo:
    """Remembers blocks that are painted again and again while the text around them grows."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []

    def colored(self, info: str, lines: list[str], look: Look, *, partial: bool) -> list[Runs]:
        """All the lines of one block, coloured; `partial`: the last one may go on."""
        if partial and lines:
            return [*self._complete(info, lines[:-1], look), coloring(info, look).partial(lines[-1])]
        return self._complete(info, lines, look)

    def _complete(self, info: str, lines: list[str], look: Look) -> list[Runs]:
        known = (b for b in self._blocks if b.info == info and lines[: len(b.lines)] == b.lines)
        block = next(known, None)
        if block is None:
            block = _Block(info, coloring(info, look))
            self._blocks = [*self._blocks[1 - _REMEMBERED :], block]
        for line in lines[len(block.lines) :]:
            block.lines.append(line)
            block.runs.append(block.coloring.line(line))
        return list(block.runs)


class _Block:
    def __init__(self, info: str, maker: Coloring) -> None:
        self.info = info
        self.coloring = maker
        self.lines: list[str] = []
        self.runs: list[Runs] = []
