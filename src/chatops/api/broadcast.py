"""Running turns to any number of HTTP readers: encoded once, written to each, at no cost to the turn.

A turn that is read here has one `Broadcast`. Its task takes what came from the turn's log in one piece, encodes it,
and writes it to every reader that is up to date. A reader that does not take its bytes is *behind*: its own task sends
it what it lacks, piece by piece, as its connection takes them, until it is up to date again or stalls for too long.
What every reader has had is let go: frames follow from the events, so who comes later has them made anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Protocol

from chatops.api.frames import PING
from chatops.api.settings import ServerLimits
from chatops.engine.errors import ChatopsError
from chatops.engine.events import Event

if TYPE_CHECKING:
    from aiohttp import web

_PIECE = 32 * 1024
"""Bytes joined into one write to a reader that is behind."""
_FRAMING = 256
"""Bytes that HTTP may add to a write."""

Follow = Callable[[], AsyncGenerator[Sequence[Event], None]]


class Frames(Protocol):
    """One dialect of one turn's stream."""

    def frames(self, event: Event) -> list[bytes]:
        """What to send for the next event; every call's result must follow from the events alone."""
        ...

    def failed(self, error: ChatopsError) -> list[bytes]:
        """What to send when the events cannot be read any further."""
        ...


Encode = Callable[[], Frames]


class Reader:
    """One response that a turn is written to, and how many frames it has had."""

    __slots__ = ("_protocol", "_wake", "had", "live", "quiet", "response", "transport")

    def __init__(
        self, response: web.StreamResponse, transport: asyncio.Transport, protocol: web.RequestHandler, had: int
    ) -> None:
        self.response = response
        self.transport = transport
        self._protocol = protocol
        self.had = had
        self.live = False
        self.quiet = True
        self._wake: asyncio.Future[None] | None = None

    def takes(self, size: int, most: int) -> bool:
        """Whether so many bytes can be written without a wait, where `most` may wait for the kernel."""
        waiting = self.transport.get_write_buffer_size()
        return not self._protocol.writing_paused and waiting + size + _FRAMING < most

    def wake(self) -> None:
        """Lets the reader's own task look again."""
        self.live = False
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def rest(self) -> None:
        """Until woken, frames are written to this reader as they come."""
        self._wake = asyncio.get_running_loop().create_future()
        self.live = True
        try:
            await self._wake
        finally:
            self.live = False


class Broadcast:
    """The frames of one turn in one dialect, for all who read it here.

    Attributes:
        gone: How many frames every reader has had.
        frames: Those after them.
    """

    def __init__(self, follow: Follow, encode: Encode, bounds: ServerLimits) -> None:
        self.gone = 0
        self.frames: list[bytes] = []
        self.done = False
        self.readers: set[Reader] = set()
        self.users = 0
        self._follow = follow
        self._encode = encode
        self._bounds = bounds
        self._begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._failure: ChatopsError | None = None

    async def run(self) -> None:
        """Takes the turn's events to their end."""
        encoder = self._encode()
        try:
            async with aclosing(self._follow()) as batches:
                async for batch in batches:
                    for event in batch:
                        self.frames += encoder.frames(event)
                    self._begin()
                    await self._write()
        except ChatopsError as error:
            self._failure = error
            if self.count:
                self.frames += encoder.failed(error)
        finally:
            self.done = True
            self._begin()
            for reader in self.readers:
                reader.wake()

    def _begin(self) -> None:
        if not self._begun.done():
            self._begun.set_result(None)

    async def begun(self) -> None:
        """Waits for the first frames. Raises what kept them from coming."""
        await asyncio.shield(self._begun)
        if self._failure is not None and not self.count:
            raise self._failure

    @property
    def count(self) -> int:
        """Frames so far."""
        return self.gone + len(self.frames)

    async def _write(self) -> None:
        """Writes to every reader that is up to date; never waits for one."""
        count = self.count
        joined: dict[int, bytes] = {}
        for reader in tuple(self.readers):
            if not reader.live:
                continue
            data = joined.get(reader.had)
            if data is None:
                data = joined[reader.had] = b"".join(self.frames[reader.had - self.gone :])
            if not reader.takes(len(data), self._bounds.reader_bytes // 2):
                reader.wake()  # behind: its own task sends what it lacks
            elif data:
                reader.had = count
                reader.quiet = False
                with suppress(ConnectionError):  # its task is being cancelled just now
                    await reader.response.write(data)
        self._let_go()

    def _let_go(self) -> None:
        had = min((reader.had for reader in self.readers), default=0)
        if had > self.gone:
            count = self.count
            del self.frames[: had - self.gone]
            self.gone = min(had, count)

    async def ping(self) -> None:
        """Writes a comment to each reader that was sent nothing since the last one."""
        for reader in tuple(self.readers):
            if reader.live and reader.quiet and not reader.transport.get_write_buffer_size():
                with suppress(ConnectionError):
                    await reader.response.write(PING)
            reader.quiet = True

    async def serve(self, reader: Reader) -> None:
        """Sends a reader all that it has not had, to the turn's end.

        Raises:
            ConnectionError: The client has gone, or took nothing for too long.
        """
        self.readers.add(reader)
        try:
            if reader.had < self.gone and not await self._replay(reader):
                return
            while True:
                await self._catch_up(reader)
                if self.done:
                    return
                await reader.rest()
        finally:
            self.readers.discard(reader)

    async def _replay(self, reader: Reader) -> bool:
        """Sends what the others have had. Nothing is let go meanwhile, since this reader has not had it. False when the
        events cannot be read any more, which it is told.
        """
        encoder, frames = self._encode(), list[bytes]()
        try:
            async with aclosing(self._follow()) as batches:
                async for batch in batches:
                    frames += [frame for event in batch for frame in encoder.frames(event)]
                    if len(frames) >= self.gone:
                        break
        except ChatopsError as error:
            await self._send(reader, encoder.failed(error))
            return False
        await self._send(reader, frames[reader.had : self.gone])
        return True

    async def _catch_up(self, reader: Reader) -> None:
        while reader.had < self.count:
            await self._send(reader, self.frames[reader.had - self.gone :])

    async def _send(self, reader: Reader, frames: Sequence[bytes]) -> None:
        for data, count in _pieces(frames):
            reader.had += count
            reader.quiet = False
            try:
                async with asyncio.timeout(self._bounds.reader_seconds):
                    for start in range(0, len(data), _PIECE):  # one frame may be a whole answer that goes on
                        await reader.response.write(data[start : start + _PIECE])
            except TimeoutError:
                reader.transport.abort()
                raise ConnectionError("a reader took nothing for too long") from None


def _pieces(frames: Sequence[bytes]) -> Generator[tuple[bytes, int], None, None]:
    """Frames together, up to `_PIECE` bytes or one frame, each time with how many those are."""
    start = 0
    while start < len(frames):
        size, end = len(frames[start]), start + 1
        while end < len(frames) and size + len(frames[end]) <= _PIECE:
            size += len(frames[end])
            end += 1
        yield b"".join(frames[start:end]), end - start
        start = end
