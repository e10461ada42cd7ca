"""Markdown source to rows, in one pass over markdown-it's tokens. What is above the last leaf is final. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from chatops.cli.render.highlight import Memo
from chatops.cli.render.inline import inline, mend
from chatops.cli.render.look import Look
from chatops.cli.render.parser import parse_blocks
from chatops.cli.render.rows import Row, Runs, breaks, cells, folds, plain, slices
from chatops.cli.render.tables import Align, Table, layout

if TYPE_CHECKING:
    from markdown_it.token import Token

_LEAVES = frozenset({"inline", "fence", "code_block", "hr"})
_NARROWEST = 8
"""Columns that indentation leaves for the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """`stable`: how many of the first rows look the same whatever is appended to the source."""

    rows: list[Row]
    stable: int


def paint(source: str, width: int, look: Look, memo: Memo, *, live: bool = False) -> Painted:
    """Renders `source`, which begins with a block. `width`: columns of the screen.

    `live`: for a moment only; marks that are open at the end count as closed.
    """
    painter = _Painter(source, width, look, memo, live=live)
    painter.siblings(0, len(painter.tokens), loose=True)
    return Painted(rows=painter.rows, stable=painter.stable)


def code_rows(runs: Runs, width: int, lead: Runs = ()) -> list[Row]:
    """One line of code, cut where the terminal itself would go to the next row."""
    spans = folds(plain((*lead, *runs)), max(width, 2))
    pieces = slices((*lead, *runs), spans)
    return [Row(body=piece, soft=index < len(pieces) - 1) for index, piece in enumerate(pieces)]


class _Painter:
    def __init__(self, source: str, width: int, look: Look, memo: Memo, *, live: bool) -> None:
        self.tokens = parse_blocks(source)
        self.rows: list[Row] = []
        self.stable = 0
        self._lines = source.split("\n")
        self._width = width
        self._look = look
        self._memo = memo
        self._live = live
        self._leaf = _last_leaf(self.tokens)
        self._first: Runs | None = None
        self._rest: Runs = ()
        self._painters: dict[str, Callable[[int, int], None]] = {
            "heading_open": self._heading,
            "paragraph_open": self._paragraph,
            "bullet_list_open": self._list,
            "ordered_list_open": self._list,
            "list_item_open": self._item,
            "blockquote_open": self._quote,
            "fence": self._code,
            "code_block": self._code,
            "table_open": self._table,
            "hr": self._rule,
        }

    def siblings(self, start: int, end: int, *, loose: bool) -> None:
        """The blocks from token `start` to before `end`; `loose`: a blank row between them, else as in the source."""
        index = start
        while index < end:
            token, last = self.tokens[index], self._end(index)
            if index <= self._leaf <= last:
                self.stable = len(self.rows)
            if index > start and (loose or self._after_blank(token)):
                self.rows.append(Row(lead=self._rest))
            self._painters[token.type](index, last)
            index = last + 1

    def _end(self, index: int) -> int:
        """The index of the token that closes the one at `index`."""
        token = self.tokens[index]
        if token.nesting == 1:
            index += 1
            while self.tokens[index].level != token.level:
                index += 1
        return index

    def _after_blank(self, token: Token) -> bool:
        line = token.map[0] if token.map else 0
        return line > 0 and not self._lines[line - 1].strip(" \t>")

    def _row(self, body: Runs, *, soft: bool = False) -> None:
        lead = self._rest if self._first is None else self._first
        self._first = None
        self.rows.append(Row(body=body, lead=lead, soft=soft))

    def _nested(self, begin: Runs, rest: Runs, paint_inside: Callable[[], None]) -> None:
        """Paints with `begin` before the first row and `rest` before the others, as deep as the screen allows."""
        outer, count = self._rest, len(self.rows)
        self._first = (*(outer if self._first is None else self._first), *begin)
        if self._width - cells(plain((*outer, *rest))) >= _NARROWEST:
            self._rest = (*outer, *rest)
        paint_inside()
        if len(self.rows) == count:
            self._row(())
        self._rest, self._first = outer, None

    @property
    def _room(self) -> int:
        taken = max(cells(plain(lead)) for lead in (self._rest, self._first or ()))
        return max(self._width - taken, 2)

    def _text(self, index: int, style: str, mark: str = "") -> None:
        token = self.tokens[index]
        open_end = index == self._leaf
        content = mend(token.content) if open_end and self._live else token.content
        text = inline(content, self._look, style)
        runs = ((mark, style), *text.runs) if mark else text.runs
        spans = breaks(plain(runs), self._room)
        if open_end:
            # The row before the one where it is unsettled may yet take a word of it.
            settled = sum(start <= text.settled for start, _ in spans) - 1
            if settled > 1:
                self.stable = len(self.rows) + settled - 1
        for piece in slices(runs, spans):
            self._row(piece)

    def _paragraph(self, index: int, _: int) -> None:
        self._text(index + 1, "")

    def _heading(self, index: int, _: int) -> None:
        token = self.tokens[index]
        mark = f"{'#' * int(token.tag[1])} " if self._look.marks else ""
        self._text(index + 1, self._look.style("", token.tag), mark)

    def _list(self, index: int, last: int) -> None:
        self.siblings(index + 1, last, loose=False)

    def _item(self, index: int, last: int) -> None:
        token = self.tokens[index]
        bullet = f"{token.info}{token.markup} " if token.info else f"{self._look.bullet or token.markup} "
        begin = ((bullet, self._look.style("", "bullet")),)
        rest = ((" " * cells(bullet), ""),)
        self._nested(begin, rest, lambda: self.siblings(index + 1, last, loose=False))

    def _quote(self, index: int, last: int) -> None:
        bar = ((self._look.bar, self._look.style("", "bar")),)
        self._nested(bar, bar, lambda: self.siblings(index + 1, last, loose=False))

    def _rule(self, _: int, __: int) -> None:
        line = (self._look.rule * self._room, self._look.style("", "rule"))
        lead = self._rest if self._first is None else self._first
        self._first = None
        self.rows.append(Row(lead=(*lead, line)))

    def _code(self, index: int, _: int) -> None:
        token = self.tokens[index]
        lines = token.content.rstrip("\n").split("\n") if token.content.strip("\n") else []
        fence = self._look.marks and token.type == "fence"
        if fence:
            self._code_line(((f"{token.markup}{token.info}".expandtabs(), ""),))
        open_end = index == self._leaf
        colored = self._memo.colored(token.info, lines, self._look, partial=open_end and self._live)
        for number, runs in enumerate(colored):
            if open_end and number == len(lines) - 1:
                self.stable = len(self.rows)
            self._code_line(runs)
        if fence:
            self._row(((token.markup, ""),))

    def _code_line(self, runs: Runs) -> None:
        lead = self._rest if self._first is None else self._first
        self._first = None
        self.rows += code_rows(runs, self._width, lead)

    def _table(self, index: int, last: int) -> None:
        rows: list[list[Runs]] = []
        aligns: list[Align] = []
        for token in self.tokens[index : last + 1]:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "th_open":
                aligns.append(_align(token))
            elif token.type == "inline":
                style = self._look.style("", "th") if len(rows) == 1 else ""
                rows[-1].append(inline(token.content, self._look, style).runs)
        table = Table(head=rows[0], rows=rows[1:], aligns=aligns)
        for line in layout(table, self._room, self._look):
            self._row(line)


def _align(token: Token) -> Align:
    style = str(token.attrs.get("style", ""))
    return cast("Align", style.removeprefix("text-align:") or "left")


def _last_leaf(tokens: list[Token]) -> int:
    """The index of the token that holds the end of the text; a table counts as one."""
    for index in range(len(tokens) - 1, -1, -1):
        if tokens[index].type == "table_close":
            return next(i for i in range(index, -1, -1) if tokens[i].type == "table_open")
        if tokens[index].type in _LEAVES:
            return index
    return -1
