"""Text inside a block: emphasis, code, links, as styled runs; and how much of it is final while more may come. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from chatops.cli.render.look import Look
from chatops.cli.render.parser import TITLE, parse_inline
from chatops.cli.render.rows import Run, Runs, last_word, plain
from chatops.cli.sanitize import sanitize

if TYPE_CHECKING:
    from markdown_it.token import Token

_SEGMENT = 4000
"""Characters parsed at a time: emphasis that spans more is not found, and a huge paragraph costs in proportion."""

# What stands in literal text and might yet pair with something that follows: an opening mark, a bracket without its
# partner or with an address begun. Other brackets stay text, there being no reference definitions.
_OPENING = re.compile(r"`|\*(?!\s)|(?<!\w)_(?!\s)|~~(?!\s)|\[(?![^\[\]]*\][^(])")
_STYLES = {"strong_open": "strong", "em_open": "em", "s_open": "s"}
_CLOSES = frozenset({"strong_close", "em_close", "s_close"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """`settled`: the plain text up to there looks the same whatever is appended to the source."""

    runs: Runs
    settled: int


def inline(text: str, look: Look, style: str = "") -> Inline:
    """Parses the content of a paragraph, heading or cell; line breaks stay, since models break lines on purpose."""
    runs: list[Run] = []
    settled = 0
    for segment in _segments(text):
        before = len(plain(runs))
        piece = _parsed(segment, look, style)
        runs += piece.runs
        settled = before + piece.settled
    return Inline(runs=tuple(runs), settled=min(settled, _last_line(text, plain(runs))))


def _segments(text: str) -> list[str]:
    """Pieces that stay the same when `text` grows: each ends with the first space past its size."""
    segments = []
    start = 0
    while len(text) - start > _SEGMENT:
        space = re.compile(r"\s").search(text, start + _SEGMENT, start + 2 * _SEGMENT)
        end = space.end() if space else start + 2 * _SEGMENT
        if end >= len(text):
            break
        segments.append(text[start:end])
        start = end
    return [*segments, text[start:]]


def _last_line(source: str, shown: str) -> int:
    """Up to where the next line cannot reach: it may make the last one a heading or a table's header."""
    last = source[source.rfind("\n") + 1 :].lstrip()
    if len(last) > TITLE and "|" not in last[:TITLE]:
        return len(shown)
    return shown.rfind("\n") + 1


@lru_cache(maxsize=2048)
def _parsed(text: str, look: Look, style: str) -> Inline:
    walk = _Walk(look, style)
    for token in parse_inline(text.replace("\t", "    ")):
        walk.take(token)
    settled = min(last_word(plain(walk.runs)), walk.unsettled)
    for start, end in walk.constructs:
        if start < settled <= end:  # whether its closing mark closes depends on what follows
            settled = start
    return Inline(runs=tuple(walk.runs), settled=settled)


class _Walk:
    """Turns a flat list of inline tokens into runs.

    Attributes:
        unsettled: Offset of the first mark that may yet open something.
        constructs: Start and end offsets of emphasis, code, links that are not inside others.
    """

    def __init__(self, look: Look, style: str) -> None:
        self.runs: list[Run] = []
        self.unsettled = 1 << 62
        self.constructs: list[tuple[int, int]] = []
        self._look = look
        self._styles = [style]
        self._length = 0
        self._open: list[tuple[int, int]] = []
        self._links: list[Token] = []

    def take(self, token: Token) -> None:
        kind = token.type
        if kind in _STYLES:
            self._enter()
            self._styles.append(self._look.style(self._styles[-1], _STYLES[kind]))
            self._mark(token.markup)
        elif kind in _CLOSES:
            self._mark(token.markup)
            self._styles.pop()
            self._leave()
        elif kind == "code_inline":
            self._code(token)
        elif kind == "link_open":
            self._links.append(token)
            self._enter()
        elif kind == "link_close":
            self._end_link()
        elif kind == "image":
            self._image(token)
        elif kind in {"softbreak", "hardbreak"}:
            self.runs.append(("\n", ""))
            self._length += 1
        else:
            self._text(token.content)

    def _enter(self) -> None:
        self._open.append((len(self.runs), self._length))

    def _leave(self) -> int:
        """The index of the construct's first run."""
        index, start = self._open.pop()
        if not self._open:
            self.constructs.append((start, self._length))
        return index

    def _text(self, text: str) -> None:
        opening = _OPENING.search(text)
        if opening is not None:
            # What is inside a construct may yet undo the whole of it.
            here = self._open[0][1] if self._open else self._length + opening.start()
            self.unsettled = min(self.unsettled, here)
        self._add(text, self._styles[-1])

    def _mark(self, markup: str) -> None:
        if self._look.marks:
            self._add(markup, self._styles[-1])

    def _code(self, token: Token) -> None:
        self._enter()
        mark = token.markup if self._look.marks else ""
        self._add(f"{mark}{token.content}{mark}", self._look.style(self._styles[-1], "code"))
        self._leave()

    def _add(self, text: str, style: str) -> None:
        # An entity may stand for anything.
        text = sanitize(text).replace("\n", " ")
        if not text:
            return
        self._length += len(text)
        first = self._open[-1][0] if self._open else 0
        if len(self.runs) > first and self.runs[-1][1] == style and self.runs[-1][0] != "\n":
            text = self.runs.pop()[0] + text
        self.runs.append((text, style))

    def _end_link(self) -> None:
        token = self._links.pop()
        self._address(str(token.attrs.get("href", "")), only=token.info == "auto")

    def _image(self, token: Token) -> None:
        self._enter()
        for child in token.children or []:
            self.take(child)
        self._address(str(token.attrs.get("src", "")), only=False)

    def _address(self, url: str, *, only: bool) -> None:
        """Ends a link: its address is always to be seen, however its text reads."""
        first = self._open[-1][0]
        label = plain(self.runs[first:])
        style = self._styles[-1]
        if only or not label.strip() or label == url:
            self._length -= len(label)
            del self.runs[first:]
            self._add(url or "()", self._look.style(style, "url"))
        else:
            self._add(" (", style)
            self._add(url, self._look.style(style, "url"))
            self._add(")", style)
        self._leave()


_MARK = re.compile(r"`+|\*+|_+|~~|\\.")


def mend(text: str) -> str:
    """Closes what is still open at the end of `text`, so that bold text is bold while it is being written."""
    bare = text.rstrip("*_~`")
    pending: list[str] = []
    position = 0
    while mark := _MARK.search(bare, position):
        position = mark.end()
        run = mark.group()
        if run[0] == "`":
            closing = re.search(rf"(?<!`){run}(?!`)", bare[position:])
            if closing is None:
                return bare + run + "".join(reversed(pending))
            position += closing.end()
        elif run[0] != "\\":
            _pair(pending, run, bare[mark.start() - 1 : mark.start()], bare[position : position + 1])
    if pending:
        return bare.rstrip() + "".join(reversed(pending))
    # Marks after a space open what is to come.
    return bare if not bare or bare[-1].isspace() else text


def _pair(pending: list[str], run: str, before: str, after: str) -> None:
    within_word = run[0] == "_" and before.isalnum() and after.isalnum()
    if within_word:
        return
    if before and not before.isspace() and run in pending:
        del pending[pending.index(run) :]
    elif after and not after.isspace():
        pending.append(run)
