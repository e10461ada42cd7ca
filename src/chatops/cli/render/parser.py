"""markdown-it, set up for text that arrives bit by bit and that nobody vouches for.

Deviations from CommonMark, each so that what was shown stays true whatever follows:
- No link reference definitions: `[a]: url` and `[b][a]` are shown as written, no address gets hidden.
- An underlined heading has one line of at most `TITLE` characters, and a table's header has its first bar within them:
  else no line of a paragraph would be final before the paragraph's end.
- No HTML: it is shown as text.
- Lists and quotes nested deeper than `_NESTING` are text: markdown-it would drop them and all that follows.
- A row's cells beyond the header's go into its last cell: GFM drops them.
"""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block, table
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

TITLE = 200
"""Characters within which a line shows that the next one may make it a heading or a table's header."""
_NESTING = 40
"""Levels of tokens; a list takes two, a quote one."""

_OTHER = re.compile(r"#{1,6}\s|```|~~~|>|[-+*]\s|\d{1,9}[.)]\s")
"""What makes a line another block than a table's header: that is known at its end, not a line later."""


@cache
def _block_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 2 * _NESTING})
    parser.enable("table").disable(["reference", "html_block"])
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.at("list", _list, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.block.ruler.at("blockquote", _quote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.block.ruler.at("lheading", _underlined, {"alt": []})
    return parser


@cache
def _inline_parser() -> MarkdownIt:
    """Apart from the other, since here the time that brackets take grows with the nesting allowed."""
    return MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable("html_inline")


def parse_blocks(source: str) -> list[Token]:
    """Block tokens; `inline` ones are not parsed yet. `map` counts lines from 0, past the end."""
    parser = _block_parser()
    tokens: list[Token] = []
    parser.block.parse(source, parser, {}, tokens)
    return tokens


def parse_inline(text: str) -> list[Token]:
    parser = _inline_parser()
    tokens: list[Token] = []
    parser.inline.parse(text, parser, {}, tokens)
    return tokens


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    return state.level < _NESTING and list_block(state, start, end, silent)


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - likewise
    return state.level < _NESTING and blockquote(state, start, end, silent)


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - likewise
    before, header = len(state.tokens), _line(state, start)
    if "|" not in header[:TITLE] or _OTHER.match(header) or not table(state, start, end, silent):
        return False
    row, cells = 0, list[Token]()
    for token in state.tokens[before:]:
        if token.type == "tr_open" and token.map:
            row, cells = token.map[0], []
        elif token.type == "inline":
            cells.append(token)
        elif token.type == "tr_close":
            _keep_surplus(cells, _line(state, row))
    return True


def _keep_surplus(cells: list[Token], line: str) -> None:
    surplus = escapedSplit(line.strip().removeprefix("|").removesuffix("|"))[len(cells) :]
    if cells and surplus:
        cells[-1].content = " | ".join([cells[-1].content, *map(str.strip, surplus)])


def _underlined(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: ARG001, FBT001 - likewise
    title, under = _line(state, start), start + 1
    if state.is_code_block(start) or under >= end or len(title) > TITLE:
        return False
    line = _line(state, under).rstrip(" \t")
    inside = state.blkIndent <= state.sCount[under] <= state.blkIndent + 3
    if not inside or not line or line.strip(line[0]) or line[0] not in "=-":
        return False
    tag = "h1" if line[0] == "=" else "h2"
    state.line = start + 2
    _push(state, "heading_open", tag, 1, title)
    _push(state, "inline", "", 0, title)
    _push(state, "heading_close", tag, -1, title)
    return True


def _push(state: StateBlock, kind: str, tag: str, nesting: int, title: str) -> None:
    token = state.push(kind, tag, nesting)  # type: ignore[arg-type]  # its Literal[-1, 0, 1]
    token.map = [state.line - 2, state.line]
    token.markup = "#" if tag == "h1" else "##"
    if kind == "inline":
        token.content, token.children = title.strip(), []
