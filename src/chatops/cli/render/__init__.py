"""Streaming Markdown on a terminal: finished blocks are printed once, the open block is redrawn below them.

A paragraph, list item or table is drawn at most 20 times a second while it grows; code is printed line by line. What
is final goes to the scrollback and is never touched again. Without colour, on a dumb terminal or in a file nothing is
drawn twice: rows appear as soon as they are final.

Importing this module costs nothing: markdown-it, pygments and rich come with the first text, or by `import_ahead`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from chatops.cli.sanitize import Sanitizer

if TYPE_CHECKING:
    from chatops.cli.render.document import Document
    from chatops.cli.render.rows import Row
    from chatops.cli.render.screen import Screen, Surface

INTERVAL = 0.05
"""Seconds between two drawings."""
_SHARE = 20
"""After drawings of t seconds the next begins `_SHARE` * t later: a huge block must not eat the processor."""


def import_ahead() -> None:
    """Imports what the first text will need, for instance in a thread while the request is under way."""
    import chatops.cli.render.document
    import chatops.cli.render.screen  # noqa: F401 - imported for the others


class Renderer:
    """Renders one answer. It does no waiting of its own: who owns it calls `tick` when `due` says so.

    Args:
        terminal: Where to; a `chatops.cli.terminal.Terminal`.
        clock: Seconds, monotonic.
        below: A line that is drawn, dim, below the growing text: in at most so many columns, without what could steer
            the terminal. It leaves no trace. Only where rows can be redrawn.

    Every method raises what `Terminal.write` raises.
    """

    def __init__(
        self,
        terminal: Surface,
        *,
        clock: Callable[[], float] = time.monotonic,
        below: Callable[[int], str] = lambda _: "",
    ) -> None:
        self._terminal = terminal
        self._clock = clock
        self._below = below
        self._foot = ""
        self._sanitizer = Sanitizer()
        self._open: tuple[Document, Screen] | None = None
        self._size = terminal.size
        self._next = clock()
        self._cost = 0.0
        self._pending = False
        self._drawing = False
        self._cropped = False

    def feed(self, text: str) -> None:
        """Takes a piece of the answer, as the model wrote it; draws if it is time to."""
        if self._open is None:
            # A quick server sends much at once: its first paragraph need not wait until code below it is coloured.
            first, gap, text = text.partition("\n\n")
            self._feed(first + gap)
        self._feed(text)

    def _feed(self, text: str) -> None:
        clean = self._sanitizer.feed(text)
        if clean:
            self._parts()[0].feed(clean)
            self._pending = True
        self.tick()

    def due(self) -> float | None:
        """Seconds until `tick` has something to draw; None when all is drawn."""
        return max(self._next - self._clock(), 0.0) if self._pending else None

    def tick(self) -> None:
        """Draws what is pending if it is time to; notices a new size of the terminal, and another line below."""
        if self._open and self._terminal.live:
            size = self._terminal.size
            self._pending |= size != self._size or self._below(size[0] - 1) != self._foot
        if self._pending and self._clock() >= self._next:
            self._draw()

    def finish(self) -> None:
        """The end of the answer: prints what is left. The cursor is on a fresh line, others may write.

        Text that is fed afterwards begins a new document.
        """
        self._sanitizer.finish()
        if self._open:
            self._draw(final=True)
        self._open = None

    def abort(self) -> None:
        """After Ctrl-C or a failure: what was fed stays, the cursor is on a fresh line, styles are off.

        Raises nothing: if the terminal is gone, that is known already.
        """
        with suppress(OSError):
            if self._open and self._drawing:
                self._open[1].recover()
                self._open = None
            self.finish()

    def _parts(self) -> tuple[Document, Screen]:
        if self._open is None:
            from chatops.cli.render.document import Document
            from chatops.cli.render.look import COLOR, PLAIN
            from chatops.cli.render.screen import Glass, Paper

            look = COLOR if self._terminal.color else PLAIN
            self._open = Document(look), (Glass if self._terminal.live else Paper)(self._terminal)
        return self._open

    def _draw(self, *, final: bool = False) -> None:
        begun = self._clock()
        document, screen = self._parts()
        self._drawing = True
        width, height = self._measured()
        done = document.take(width, final=final)
        live = document.open_rows(width) if self._terminal.live and not final else []
        foot = self._footer(width) if self._terminal.live and not final else []
        most = max(height - 2 - len(foot), 1)
        if not self._terminal.live:
            done += document.settle(width)
        elif len(live) > most:
            settled = document.settle(width, len(live) - most)
            done += settled
            live = live[len(settled) :]
        self._cropped = len(live) > most
        screen.draw(done, [*live[-most:], *foot], width)
        self._drawing = self._pending = False
        cost = self._clock() - begun
        # A single slow one (the first code in some language) is no reason to rest.
        self._next = begun + max(INTERVAL, _SHARE * min(cost, self._cost))
        self._cost = cost

    def _footer(self, width: int) -> list[Row]:
        """The line below. It is soft so that a space at its end moves the cursor."""
        from chatops.cli.render.rows import Row

        self._foot = self._below(width - 1)
        return [Row(body=((self._foot, "2"),), soft=True)] if self._foot else []

    def _measured(self) -> tuple[int, int]:
        """The terminal's size; makes good for a change of it."""
        size, (width, _) = self._terminal.size, self._size
        if size != self._size and self._terminal.live:
            document, screen = self._parts()
            lost = screen.resize(*size)
            if not self._cropped:
                document.leave(lost)
            if size[0] != width:
                document.rewrap()
        self._size = size
        return size
