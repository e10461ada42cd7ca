"""Cuts an answer into parts that a platform takes, each readable by itself. Pure.

The bodies of the parts, joined, are the answer. What is cut inside a fence or a table gets lines of its own around it:
the fence is closed and opened again with its language, a table's head is said again. Cuts depend only on what lies
before them, so the parts of a growing answer stay as they are.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Unit = Literal["characters", "bytes"]


@dataclass(frozen=True, slots=True)
class Limit:
    """How much one message holds: Unicode code points (Discord, Slack's `markdown_text`) or UTF-8 bytes (streams)."""

    size: int
    unit: Unit = "characters"

    def measure(self, text: str) -> int:
        return len(text) if self.unit == "characters" else len(text.encode())

    def prefix(self, text: str, start: int, room: int) -> int:
        """The end of the longest piece from `start` on that fits into `room`; one character at least."""
        end = min(len(text), start + max(room, 1))
        if self.unit == "bytes":
            piece = text[start:end].encode()[: max(room, 4)]
            end = start + len(piece.decode(errors="ignore"))
        return end


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the answer, with the lines that were added around it to make it stand alone."""

    body: str
    opening: str = ""
    closing: str = ""

    @property
    def text(self) -> str:
        return self.opening + self.body + self.closing


@dataclass(frozen=True, slots=True)
class _Fence:
    indent: str
    marker: str
    language: str

    @property
    def opening(self) -> str:
        return f"{self.indent}{self.marker}{self.language}\n"

    def closing(self, body: str) -> str:
        return f"{'' if body.endswith(chr(10)) else chr(10)}{self.indent}{self.marker}"

    def is_closed_by(self, line: str) -> bool:
        line = line.strip()
        return len(line) >= len(self.marker) and set(line) == {self.marker[0]}


@dataclass(frozen=True, slots=True)
class _Line:
    """A line, and what is open where it begins."""

    start: int
    end: int
    fence: _Fence | None
    head: str
    """The first two rows of the table that this line belongs to."""


_FENCE = re.compile(r"^([ \t]*)(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]?)*(`{3,}|~{3,})[ \t]*([^\s`]*)[^\n`]*$")
_OPENER = re.compile(r"^([ \t]*)(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]?)*(`{3,}|~{3,})")
_DELIMITER = re.compile(r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_HEADING = re.compile(r"^#{1,6} ")
_SPARE = 4
"""A fence or head that would take more than a quarter of a message is neither closed nor said again."""


def split(text: str, limit: Limit) -> list[Part]:
    """The parts of an answer, none larger than the limit (16 or more); white space at its end is left out."""
    text = text.rstrip()
    parts: list[Part] = []
    state = _Line(0, 0, None, "")
    while state.start < len(text):
        part, state = _next(text, state, limit)
        parts.append(part)
    return parts


def _next(text: str, state: _Line, limit: Limit) -> tuple[Part, _Line]:
    start, opening = state.start, _opening(state, limit)
    end = _extent(text, state, limit, limit.size - limit.measure(opening))
    lines = _lines(text, state, end)
    if end < len(text):
        end = _cut(text, start, end, lines)
    after = _after(text, end, lines)
    body, closing = text[start:end], ""
    if after.fence and _may_close(after.fence, limit):
        closing = after.fence.closing(body)
    # No room for it: one character that had to go somewhere, or a last line that opens a fence and may go on.
    fits = limit.measure(opening + body + closing) <= limit.size
    return Part(body, opening, closing if fits else ""), after


def _extent(text: str, state: _Line, limit: Limit, room: int) -> int:
    """How far a part may reach: no place up to there leaves too little room for the end of a fence that is open in it.

    So it follows from the text before it alone, and is the same when the answer has grown.
    """
    at, used = state.start, 0
    lines = _lines(text, state, limit.prefix(text, at, room))
    for line, following in pairwise(lines):
        stop = line.end - 1 if text[line.end - 1] == "\n" else line.end
        opener = None if line.fence else _OPENER.match(text[at:stop])
        held = _Fence(opener[1], opener[2], "") if opener else line.fence
        left = room - used - _reserve(held, limit, 1)
        end = limit.prefix(text, at, left) if left > 0 else at
        if end < stop:
            torn = opener and end < at + opener.end()
            return max(at + opener.start(2) if opener and torn else end, state.start + 1)
        used += limit.measure(text[at : line.end])
        if line.end > stop and used + _reserve(following.fence, limit, 0) > room:
            return max(stop, state.start + 1)
        at = line.end
    return at


def _reserve(fence: _Fence | None, limit: Limit, newline: int) -> int:
    return len(fence.indent + fence.marker) + newline if fence and _may_close(fence, limit) else 0


def _may_close(fence: _Fence, limit: Limit) -> bool:
    return len(fence.indent + fence.marker) * _SPARE < limit.size


def _opening(state: _Line, limit: Limit) -> str:
    said = state.fence.opening if state.fence else state.head
    if limit.measure(said) * _SPARE < limit.size:
        return said
    bare = f"{state.fence.marker}\n" if state.fence else ""
    return bare if limit.measure(bare) * _SPARE < limit.size else ""


def _lines(text: str, state: _Line, end: int) -> list[_Line]:
    """The lines that begin between the state's place and `end`, with what is open at each."""
    found: list[_Line] = []
    at, fence, head = state.start, state.fence, state.head
    previous = ""
    while at < end:
        stop = text.find("\n", at) + 1 or len(text)
        line = text[at:stop].rstrip("\n")
        found.append(_Line(at, stop, fence, head))
        if fence is not None:
            fence = None if fence.is_closed_by(line) else fence
        elif match := _FENCE.match(line):
            fence, head = _Fence(match[1], match[2], match[3]), ""
        elif head or (previous and _DELIMITER.match(line) and "|" in line):
            head = (head or f"{previous}\n{line}\n") if "|" in line else ""
        previous = line if "|" in line else ""
        at = stop
    found.append(_Line(at, at, fence, head))
    return found


def _after(text: str, end: int, lines: list[_Line]) -> _Line:
    """What is open at `end`. In the middle of a line that is what was open at its beginning."""
    at = next((number for number, line in enumerate(lines) if line.start >= end), len(lines) - 1)
    here = lines[at]
    if here.start == end or end == len(text):
        return _Line(end, end, here.fence, here.head)
    before = lines[max(at - 1, 0)]
    return _Line(end, end, before.fence, "")


def _cut(text: str, start: int, end: int, lines: list[_Line]) -> int:
    """The best place for a cut in `text[start:end]`: between blocks, items, lines, sentences, words, characters."""
    span = end - start
    best: dict[int, int] = {}
    for before, line in pairwise(lines):
        if start < line.start <= end and text[start : line.start].strip():
            best[_rank(text[:end], before, line)] = line.start
    for rank, least in ((0, 0.5), (1, 0.5), (2, 0.4), (3, 0.3)):
        if best.get(rank, start) - start >= span * least:
            return best[rank]
    if best:
        latest = max(best.values())
        if latest - start >= span * 0.25:
            return latest
    return _inside(text, start, end)


def _rank(text: str, before: _Line, line: _Line) -> int:
    """0: between blocks, 1: before an item, 2: between lines of text, 3: inside a fence or table."""
    if line.fence is not None or line.head:
        return 3
    following = text[line.start : line.start + 200].partition("\n")[0]
    if not text[before.start : before.end].strip() or before.fence is not None:
        return 0
    if _FENCE.match(following) or _HEADING.match(following):
        return 0
    return 1 if _ITEM.match(following) else 2


def _inside(text: str, start: int, end: int) -> int:
    """A cut inside a line: after a sentence or a word in its second half, else where no character is torn."""
    window = text[start + (end - start) // 2 : end]
    for pattern in (r"[.!?](?=\s)\s+|[。！？]", r"\s+"):
        places = [match.end() for match in re.finditer(pattern, window)]
        if places:
            return start + (end - start) // 2 + places[-1]
    return _whole(text, start, end)


def _whole(text: str, start: int, end: int) -> int:
    """Goes back to where no cluster of combining characters, joined emoji or flag is torn; 32 characters at most."""
    at = end
    while at > max(start + 1, end - 32) and _joins(text, at):
        at -= 1
    return end if _joins(text, at) else at


def _joins(text: str, at: int) -> bool:
    after, before = text[at], text[at - 1]
    if before == "\u200d" or after == "\u200d" or unicodedata.combining(after) or after in "\ufe0e\ufe0f\u20e3":
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff":  # skin tones
        return True
    return _is_flag(before) and _is_flag(after) and _flags_before(text, at) % 2 == 1


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flags_before(text: str, at: int) -> int:
    count = 0
    while count < at and count < 64 and _is_flag(text[at - 1 - count]):  # noqa: PLR2004 - bounded
        count += 1
    return count
