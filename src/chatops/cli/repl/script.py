"""Prompts from lines of standard input: a script, or a person whose terminal can do no more (`TERM=dumb`)."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from chatops.cli.repl.interrupts import interrupts
from chatops.cli.repl.reader import Line, Waiting
from chatops.cli.terminal import Terminal
from chatops.engine.errors import InvalidRequestError
from chatops.engine.requests import MAX_TEXT_BYTES


class Script:
    """A prompt a line; empty ones are passed over.

    Args:
        terminal: Where a person is asked.
        asks: There is one: each line is asked for, and Ctrl-C is theirs.
    """

    def __init__(self, terminal: Terminal, *, asks: bool = False) -> None:
        self._terminal = terminal
        self._asks = asks
        self._line: asyncio.Future[bytes] | None = None
        self._pressed = False
        self._stop: Callable[[], None] = self._press

    def _press(self) -> None:
        """Ctrl-C while nothing runs and nothing is waited for: the next prompt tells it."""
        self._pressed = True

    async def read(self, default: str = "", *, editing: bool = False) -> Line:  # noqa: ARG002 - the port's signature
        """As `Reader.read`, without a text to begin with.

        Raises:
            InvalidRequestError: A line is too long, or no UTF-8.
        """
        while True:
            if self._asks:
                self._terminal.write("> ")
            raw = await self._next()
            if not raw:
                if self._asks:
                    self._terminal.write("\n")  # what comes next must not stand behind the prompt
                raise EOFError
            try:
                text = raw.decode().strip()
            except UnicodeDecodeError as error:
                raise InvalidRequestError(f"standard input is not UTF-8 (byte {error.start} of a line)") from None
            if text:
                return Line(shown=text, text=text, may_mention=self._asks)

    async def _next(self) -> bytes:
        """The next line; the one that was waited for when Ctrl-C came is still to come."""
        self._line = self._line or _read_line()
        if self._asks:
            stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            if self._pressed:
                stopped.set_result(None)
            with self._interrupts(lambda: None if stopped.done() else stopped.set_result(None)):
                waiting: list[asyncio.Future[Any]] = [self._line, stopped]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            self._pressed = False
            if not self._line.done():
                self._terminal.write("\n")
                raise KeyboardInterrupt
        line, self._line = await self._line, None
        return line

    @contextmanager
    def listening(self, stop: Callable[[], None]) -> Generator[Waiting]:
        """As `Reader.listening`; there are no keys."""
        with self._interrupts(stop):
            yield lambda _: ""

    def held(self) -> AbstractContextManager[None]:
        """As `Reader.held`; the terminal edits the lines, and a person's Ctrl-C is taken all the time: between two
        handlers it would be told twice, by Python at once and by the loop later.
        """
        return interrupts(lambda: self._stop()) if self._asks else nullcontext()  # noqa: PLW0108 - what it is then

    def lent(self) -> AbstractContextManager[None]:
        """As `Reader.lent`."""
        return self._interrupts(lambda: None)

    @contextmanager
    def _interrupts(self, stop: Callable[[], None]) -> Generator[None]:
        if not self._asks:
            with interrupts(stop):
                yield
            return
        before, self._stop = self._stop, stop
        try:
            yield
        finally:
            self._stop = before

    def refresh(self) -> None:
        """As `Reader.refresh`; nothing on the screen changes."""


def _read_line() -> asyncio.Future[bytes]:
    """A line of standard input. In a thread that nobody waits for: the session may end before the line comes."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bytes] = loop.create_future()

    def deliver(line: bytes) -> None:
        if future.done():
            return
        if len(line) > MAX_TEXT_BYTES + 1:
            future.set_exception(InvalidRequestError(f"a line is larger than {MAX_TEXT_BYTES:,} bytes"))
        else:
            future.set_result(line)

    def read() -> None:
        line = sys.stdin.buffer.readline(MAX_TEXT_BYTES + 2)
        if not loop.is_closed():
            loop.call_soon_threadsafe(deliver, line)

    threading.Thread(target=read, daemon=True, name="standard input").start()
    return future
