"""Where a growing Markdown text can be cut: what stands before the cut is complete, whatever follows. Pure.

Block structure in CommonMark is decided line by line, and a block that was closed never opens again. So all blocks but
the last are complete, and in a list all items but the last. Only whole lines are looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatops.cli.render.parser import parse_blocks

if TYPE_CHECKING:
    from markdown_it.token import Token

_LISTS = frozenset({"bullet_list_open", "ordered_list_open"})
_ONE_LINERS = frozenset({"heading_open", "hr"})
_CLOSED_BY_BLANK = frozenset({"paragraph_open", "table_open", "blockquote_open"})

# A last line without its newline that may yet become anything: marks alone, or a number.
_UNDECIDED = re.compile(r"\s*(?:>\s*)*(?:[-+*=_~`#|:>][-+*=_~`#|:>\s]*|\d{1,9}[.)]?\s*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A code fence that was opened at the top level. `indent` is taken from its lines as well."""

    mark: str
    info: str
    indent: int

    def closes(self, line: str) -> bool:
        bare = line.rstrip(" \t")
        mark = bare.lstrip(" ")
        return len(bare) - len(mark) <= 3 and mark.startswith(self.mark) and not mark.strip(self.mark[0])  # noqa: PLR2004 - CommonMark's

    def may_close(self, line: str) -> bool:
        """Whether `line`, not complete yet, could become the end."""
        return not line.strip(f" \t{self.mark[0]}")

    def strip(self, line: str) -> str:
        spaces = len(line) - len(line.lstrip(" "))
        return line[min(spaces, self.indent) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Result of `cut`.

    Attributes:
        end: Characters of the source that are complete blocks.
        rest: Where what is left begins; past the opening line when that is `fence`.
        fence: The code fence whose content begins at `rest`.
        joined: What is left goes on with the same list, without a blank line between.
    """

    end: int
    rest: int
    fence: Fence | None = None
    joined: bool = False


def cut(source: str, *, final: bool = False) -> Cut:
    """Finds the complete blocks at the beginning of `source`, up to the first code fence at the top level.

    Args:
        source: Whole lines.
        final: Nothing follows: all blocks are complete.
    """
    tokens = parse_blocks(source)
    lines = source.split("\n")
    tops = [token for token in tokens if token.level == 0 and token.nesting >= 0]
    fence = next((token for token in tops if token.type == "fence"), None)
    if fence is not None:
        return _cut_at_fence(lines, fence)
    if final or not tops or _is_closed(tops[-1], lines):
        return Cut(end=len(source), rest=len(source))
    line = _line_of(tops[-1])
    joined = False
    if tops[-1].type in _LISTS:
        line = next(_line_of(t) for t in reversed(tokens) if t.type == "list_item_open" and t.level == 1)
        joined = line > _line_of(tops[-1]) and bool(lines[line - 1].strip())
    end = _offset(lines, line)
    return Cut(end=end, rest=end, joined=joined)


def undecided(line: str) -> bool:
    """Whether an incomplete last line is better not shown yet, lest it turns into something else."""
    return _UNDECIDED.fullmatch(line) is not None


def _cut_at_fence(lines: list[str], token: Token) -> Cut:
    line = _line_of(token)
    indent = len(lines[line]) - len(lines[line].lstrip(" "))
    fence = Fence(mark=token.markup, info=token.info.strip(), indent=indent)
    return Cut(end=_offset(lines, line), rest=_offset(lines, line + 1), fence=fence)


def _is_closed(last: Token, lines: list[str]) -> bool:
    blank = len(lines) > 1 and not lines[-2].strip()
    return last.type in _ONE_LINERS or (last.type in _CLOSED_BY_BLANK and blank)


def _line_of(token: Token) -> int:
    return token.map[0] if token.map else 0


def _offset(lines: list[str], line: int) -> int:
    return sum(len(text) + 1 for text in lines[:line])
