"""Styled text and rows of it: measuring, wrapping, writing as ANSI. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from rich.cells import get_character_cell_size

Run = tuple[str, str]
"""Text and its SGR parameters, as in `("bold", "1")`; an empty string is plain."""
Runs = tuple[Run, ...]

# A wide character may end a line by itself, but no line begins with a closing mark.
_WIDE = "\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60"
_CLOSING = "、。，．！？：；）］｝」』】〉》〕…"
_ASCII_WORD = re.compile(r"\n|[ ]+|[^ \n]+")


@cache
def _wide_word() -> re.Pattern[str]:
    # Compiled when the first wide text comes: it takes 5 ms, which plain English need not wait for.
    return re.compile(rf"\n|[ ]+|(?:[{_WIDE}]|[^ \n{_WIDE}]+)[{_CLOSING}]*")


@cache
def _wide() -> re.Pattern[str]:
    return re.compile(f"[{_WIDE}]")


def _is_wide(char: str) -> bool:
    return not char.isascii() and _wide().match(char) is not None


def _words(text: str) -> Iterator[re.Match[str]]:
    return (_ASCII_WORD if text.isascii() else _wide_word()).finditer(text)


class Row(NamedTuple):
    """One row of the screen.

    `lead` is what each row of a list item or quote begins with. `soft`: the next row goes on in the same line, which
    the terminal wraps by itself, so that copying it gives one line.
    """

    body: Runs = ()
    lead: Runs = ()
    soft: bool = False

    @property
    def letters(self) -> int:
        """The body's characters other than spaces: the same in sum at every width."""
        return len("".join(plain(self.body).split()))


BLANK = Row()


@lru_cache(maxsize=2048)
def _cell(char: str) -> int:
    # A selector asks for an emoji's wide form.
    return 1 if char == "\ufe0f" else get_character_cell_size(char)


def cells(text: str) -> int:
    """Columns that `text` takes at most. Joined emoji count one by one, as terminals without joining draw them."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def plain(runs: Sequence[Run]) -> str:
    return "".join([text for text, _ in runs])


def ansi(row: Row) -> str:
    """The row as it is written: every style closed, no spaces at the end of a line."""
    runs = [*row.lead, *row.body]
    while runs and not row.soft and not runs[-1][0].rstrip(" "):
        runs.pop()
    if runs and not row.soft:
        text, style = runs.pop()
        runs.append((text.rstrip(" "), style))
    return "".join([f"\x1b[{style}m{text}\x1b[0m" if style and text else text for text, style in runs])


def slices(runs: Sequence[Run], spans: Sequence[tuple[int, int]]) -> list[Runs]:
    """Cuts out pieces by their offsets in the plain text; the spans ascend and do not overlap."""
    pieces: list[list[Run]] = [[] for _ in spans]
    index, offset = 0, 0
    for text, style in runs:
        end = offset + len(text)
        while index < len(spans) and spans[index][0] < end:
            start, stop = spans[index]
            part = text[max(start - offset, 0) : stop - offset] if stop > offset else ""
            if part:
                pieces[index].append((part, style))
            if stop > end:
                break
            index += 1
        offset = end
    return [tuple(piece) for piece in pieces]


def wrap(runs: Sequence[Run], width: int) -> list[Runs]:
    """Breaks at spaces and between wide characters; longer words are folded. `width` in columns, at least 2."""
    return slices(runs, breaks(plain(runs), width))


def breaks(text: str, width: int) -> list[tuple[int, int]]:
    """Start and end of each line of `text`, spaces around it left out. Greedy, so that a prefix breaks alike."""
    spans: list[tuple[int, int]] = []
    start = end = column = 0
    for match in _words(text):
        word = match.group()
        if word == "\n":
            spans.append((start, end))
            start = end = match.end()
            column = 0
            continue
        if word[0] == " ":
            column += len(word)
            continue
        size = cells(word)
        if end > start and column + size > width:
            spans.append((start, end))
            end = start
        if end == start:
            start, column = match.start(), 0
        if size > width:
            *full, last = folds(word, width)
            spans += [(match.start() + a, match.start() + b) for a, b in full]
            start, size = match.start() + last[0], cells(word[last[0] :])
        column += size
        end = match.end()
    return [*spans, (start, end)]


def last_word(text: str) -> int:
    """Where the last unbreakable piece of `text` begins, spaces and closing marks behind it aside."""
    end = len(text.rstrip(f" \n{_CLOSING}"))
    if end and _is_wide(text[end - 1]):
        return end - 1
    while end and text[end - 1] not in " \n" and not _is_wide(text[end - 1]):
        end -= 1
    return end


def folds(text: str, width: int) -> list[tuple[int, int]]:
    """Start and end of each piece when `text` is cut wherever a row is full; one empty piece for no text."""
    return list(pairwise([0, *_cuts(text, width), len(text)]))


def reflowed(row: Row, width: int) -> list[Row]:
    """What a terminal makes of a row that was written when it was wider than `width`."""
    lead = len(plain(row.lead))
    spans = folds(plain((*row.lead, *row.body)), width)
    bodies = slices(row.body, [(max(start - lead, 0), max(end - lead, 0)) for start, end in spans])
    return [Row(body=body) for body in bodies]


def _cuts(text: str, width: int) -> Iterator[int]:
    if text.isascii():
        yield from range(width, len(text), width)
        return
    column = 0
    for index, char in enumerate(text):
        column += _cell(char)
        if column > width:
            yield index
            column = _cell(char)
