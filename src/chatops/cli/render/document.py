"""A Markdown text that grows: rows that are final leave it once, the open block can be looked at any time. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from chatops.cli.render.blocks import Fence, cut, undecided
from chatops.cli.render.highlight import Coloring, Memo, coloring
from chatops.cli.render.look import Look
from chatops.cli.render.paint import code_rows, paint
from chatops.cli.render.parser import TITLE
from chatops.cli.render.rows import Row, Runs, plain, slices

_SLICE = 4096
"""Characters looked at together at first, so that finding a block in a long text costs in proportion to the block."""


class Document:
    """Text goes in by `feed`; `take`, `settle` and `finish` hand out each row once. `width`: columns of the screen."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._memo = Memo()
        self._tail = ""
        """The source that has not left yet: the open block, or inside a fence its incomplete line."""
        self._searched = 0
        self._begun = False
        self._tight = False
        """What comes next follows without a blank row."""
        self._fence: Fence | None = None
        self._coloring: Coloring = coloring("", look)
        self._left_letters = 0
        """What has left of the open block while the screen had another width, told by its letters."""
        self._left: list[Row] = []
        """What has left of it at this width."""

    def feed(self, text: str) -> None:
        self._tail += text

    def take(self, width: int, *, final: bool = False) -> list[Row]:
        """The rows of the blocks that are complete by now; with `final` all that is left."""
        if final:
            self._searched = 0
            self._tail += "\n" if self._tail and not self._tail.endswith("\n") else ""
        rows: list[Row] = []
        while self._code(rows, width) if self._fence else self._prose(rows, width, final=final):
            pass
        return rows

    def open_rows(self, width: int) -> list[Row]:
        """The open block as it looks now."""
        end = self._tail.rfind("\n") + 1
        partial = self._tail[end:]
        if self._fence is not None:
            if self._fence.may_close(partial):
                return []
            return self._spaced(code_rows(self._coloring.partial(self._fence.strip(partial)), width))
        source = self._tail[:end] if undecided(partial) else self._tail
        return self._remaining(self._spaced(paint(source, width, self._look, self._memo, live=True).rows))

    def settle(self, width: int, most: int | None = None) -> list[Row]:
        """Takes further rows of the open block, at most `most`, that stay as they are whatever follows."""
        if self._fence is not None:
            return []
        end = self._tail.rfind("\n") + 1
        partial = self._tail[end:]
        # A line's kind is certain once it is complete, or long; but a fence's opening line becomes text by a backtick.
        source = self._tail if len(partial) > TITLE and "```" not in partial else self._tail[:end]
        painted = paint(source, width, self._look, self._memo)
        rows = self._remaining(self._spaced(painted.rows[: painted.stable]))[:most]
        self._left += rows
        return rows

    def rewrap(self) -> None:
        """The width changes: rows will break elsewhere."""
        self._left_letters += sum(row.letters for row in self._left)
        self._left.clear()

    def leave(self, rows: Sequence[Row]) -> None:
        """The terminal has scrolled away these rows, the first of the open ones: they cannot be drawn again."""
        if self._fence is None:
            self._left += rows

    def _prose(self, rows: list[Row], width: int, *, final: bool) -> bool:
        """Takes complete blocks, at most up to a fence. Returns whether there may be more."""
        end = self._tail.rfind("\n") + 1
        while self._searched < end:
            stop = self._stop(end)
            found = cut(self._tail[:stop], final=final and stop == end)
            if found.rest:
                self._block(rows, self._tail[: found.end], width, joined=found.joined)
                self._tail = self._tail[found.rest :]
                self._searched = 0
                if found.fence:
                    self._enter(rows, found.fence, width)
                return True
            self._searched = stop
        return False

    def _stop(self, end: int) -> int:
        """Up to where to look next, when all up to `_searched` is one block: at least twice as far."""
        limit = max(_SLICE, 2 * self._searched)
        if limit >= end:
            return end
        stop = self._tail.rfind("\n", 0, limit) + 1
        return stop if stop > self._searched else self._tail.index("\n", limit) + 1

    def _block(self, rows: list[Row], source: str, width: int, *, joined: bool) -> None:
        if not source.strip():
            return
        painted = self._spaced(paint(source, width, self._look, self._memo).rows)
        after = _without(painted, self._left_letters)
        rows += after[len(self._left) :]
        # When the last line is long, some of the block after it may have left as well.
        self._left_letters = max(self._left_letters - sum(row.letters for row in painted), 0)
        del self._left[: len(after)]
        self._begun = True
        self._tight = joined

    def _enter(self, rows: list[Row], fence: Fence, width: int) -> None:
        self._fence = fence
        self._coloring = coloring(fence.info, self._look)
        if self._look.marks:
            self._add(rows, code_rows(((f"{fence.mark}{fence.info}".expandtabs(), ""),), width))

    def _code(self, rows: list[Row], width: int) -> bool:
        """Takes the complete lines of the open fence. Returns whether it has ended."""
        fence = self._fence
        *lines, partial = self._tail.split("\n")
        for number, line in enumerate(lines):
            if fence is None or fence.closes(line):
                if self._look.marks:
                    self._add(rows, [Row(body=((line.strip(), ""),))])
                self._tail = "\n".join([*lines[number + 1 :], partial])
                self._fence = None
                self._tight = False
                return True
            self._add(rows, code_rows(self._coloring.line(fence.strip(line)), width))
        self._tail = partial
        return False

    def _add(self, rows: list[Row], code: list[Row]) -> None:
        rows += self._spaced(code)
        self._begun = self._tight = True

    def _spaced(self, rows: list[Row]) -> list[Row]:
        return [Row(), *rows] if rows and self._begun and not self._tight else rows

    def _remaining(self, rows: list[Row]) -> list[Row]:
        return _without(rows, self._left_letters)[len(self._left) :]


def _without(rows: list[Row], letters: int) -> list[Row]:
    """The rows less their first `letters`."""
    for index, row in enumerate(rows):
        if letters <= 0:
            return rows[index:]
        if row.letters > letters:
            return [row._replace(body=_cropped(row.body, letters)), *rows[index + 1 :]]
        letters -= row.letters
    return []


def _cropped(body: Runs, letters: int) -> Runs:
    text = plain(body)
    index = 0
    while letters > 0 or text[index].isspace():
        letters -= not text[index].isspace()
        index += 1
    return slices(body, [(index, len(text))])[0]
