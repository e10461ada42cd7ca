"""The rendered answer as an `Output`: Markdown that is drawn while it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from chatops.cli.render import Renderer, import_ahead
from chatops.cli.render.driver import drawing
from chatops.cli.terminal import Terminal, silent_keys
from chatops.engine.events import Event, ReasoningDelta, TextDelta, TurnFinished, TurnStarted


class Painted:
    """Renders text as it comes.

    Args:
        at_once: Only when the answer is whole.
        below: As in `Renderer`.
    """

    def __init__(
        self, terminal: Terminal, *, at_once: bool = False, below: Callable[[int], str] = lambda _: ""
    ) -> None:
        self._terminal = terminal
        self._renderer = Renderer(terminal, below=below)
        self._at_once = at_once

    @asynccontextmanager
    async def live(self) -> AsyncGenerator[None, None]:
        """What the renderer needs is imported in a thread, while the request is under way."""
        asyncio.get_running_loop().run_in_executor(None, import_ahead)
        with silent_keys(self._terminal.stdin):
            async with drawing(self._renderer):
                yield

    def take(self, event: Event) -> None:
        match event:
            case TextDelta(text) if not self._at_once:
                self._renderer.feed(text)
            case TurnStarted(_, message) if not self._at_once:
                self._renderer.feed(message.text)
            case ReasoningDelta():
                self._renderer.finish()  # it is shown too: what is drawn must not be in its way
            case TurnFinished(message) if self._at_once:
                self._renderer.feed(message.text)
            case _:
                pass
