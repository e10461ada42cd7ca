"""Running turns to any number of HTTP readers: encoded once, written to each, at no cost to the turn.

A turn that is read here has one `Broadcast`. Its task takes what came from the turn's log in one piece, encodes it,
and writes it to every reader that is up to date. A reader that does not take its bytes is *behind*: its own task sends
it what it lacks, piece by piece, as its connection takes them, until it is up to date again or stalls for too long.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Protocol

from aiohttp import web

from chatops.api.errors import OverloadedError
from chatops.api.frames import PING
from chatops.api.settings import ServerLimits
from chatops.api.tasks import Tasks
from chatops.engine.errors import ChatopsError
from chatops.engine.events import Event

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
    """The frames of one turn in one dialect, for all who read it here."""

    def __init__(self, follow: Follow, encoder: Frames, bounds: ServerLimits) -> None:
        self.frames: list[bytes] = []
        self.done = False
        self.readers: set[Reader] = set()
        self.users = 0
        self._follow = follow
        self._encoder = encoder
        self._bounds = bounds
        self._begun = asyncio.Event()
        self._failure: ChatopsError | None = None

    async def run(self) -> None:
        """Takes the turn's events to their end."""
        try:
            async with aclosing(self._follow()) as batches:
                async for batch in batches:
                    for event in batch:
                        self.frames += self._encoder.frames(event)
                    self._begun.set()
                    await self._write()
        except ChatopsError as error:
            self._failure = error
            if self.frames:
                self.frames += self._encoder.failed(error)
        finally:
            self.done = True
            self._begun.set()
            for reader in self.readers:
                reader.wake()

    async def begun(self) -> None:
        """Waits for the first frames. Raises what kept them from coming."""
        await self._begun.wait()
        if self._failure is not None and not self.frames:
            raise self._failure

    async def _write(self) -> None:
        """Writes to every reader that is up to date; never waits for one."""
        count = len(self.frames)
        joined: dict[int, bytes] = {}
        for reader in tuple(self.readers):
            if not reader.live:
                continue
            data = joined.get(reader.had)
            if data is None:
                data = joined[reader.had] = b"".join(self.frames[reader.had :])
            if not reader.takes(len(data), self._bounds.reader_bytes // 2):
                reader.wake()  # behind: its own task sends what it lacks
            elif data:
                reader.had = count
                reader.quiet = False
                with suppress(ConnectionError):  # its task is being cancelled just now
                    await reader.response.write(data)

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
            while True:
                await self._catch_up(reader)
                if self.done:
                    return
                await reader.rest()
        finally:
            self.readers.discard(reader)

    async def _catch_up(self, reader: Reader) -> None:
        while reader.had < len(self.frames):
            data, reader.had = self._piece(reader.had)
            reader.quiet = False
            try:
                async with asyncio.timeout(self._bounds.reader_seconds):
                    for start in range(0, len(data), _PIECE):  # one frame may be a whole answer that goes on
                        await reader.response.write(data[start : start + _PIECE])
            except TimeoutError:
                reader.transport.abort()
                raise ConnectionError("a reader took nothing for too long") from None

    def _piece(self, had: int) -> tuple[bytes, int]:
        """The next frames together, `_PIECE` bytes or one frame, and how many frames those make in all."""
        size, end = 0, had
        while end < len(self.frames) and (end == had or size + len(self.frames[end]) <= _PIECE):
            size += len(self.frames[end])
            end += 1
        return b"".join(self.frames[had:end]), end


class Streams:
    """Every turn that is read here, by owner, turn and dialect."""

    def __init__(self, tasks: Tasks, bounds: ServerLimits) -> None:
        self._tasks = tasks
        self._bounds = bounds
        self._running: dict[tuple[str, ...], tuple[Broadcast, asyncio.Task[None]]] = {}
        self._readers = 0

    @property
    def readers(self) -> int:
        """Open streams."""
        return self._readers

    def check_room(self) -> None:
        """Raises `OverloadedError` when as many streams are open as may be."""
        if self._readers >= self._bounds.streams:
            raise OverloadedError("too many streams are open; try again in a moment")

    @asynccontextmanager
    async def open(self, key: tuple[str, ...], follow: Follow, encoder: Frames) -> AsyncGenerator[Broadcast, None]:
        """The turn's broadcast, with its first frames; it ends with its last reader.

        Args:
            key: The owner and whatever tells this turn and dialect from others.
            follow: The turn's events, from the first.
            encoder: A fresh one; not used when the turn is read already.

        Raises:
            OverloadedError: Too many streams are open.
            ChatopsError: The turn cannot be read.
        """
        self.check_room()
        if key not in self._running:
            broadcast = Broadcast(follow, encoder, self._bounds)
            self._running[key] = broadcast, self._tasks.start(broadcast.run(), f"broadcast {key}")
        broadcast, task = self._running[key]
        broadcast.users += 1
        self._readers += 1
        try:
            await broadcast.begun()
            yield broadcast
        finally:
            self._readers -= 1
            broadcast.users -= 1
            if not broadcast.users:
                del self._running[key]
                task.cancel()

    async def respond(
        self, broadcast: Broadcast, request: web.Request, headers: Mapping[str, str], *, had: int = 0
    ) -> web.StreamResponse:
        """Streams to the one who asks, from after the first `had` frames to the turn's end."""
        response = web.StreamResponse(headers={**_HEADERS, **headers})
        await response.prepare(request)
        transport = request.transport
        if transport is None:
            return response
        _bound(transport, self._bounds.reader_bytes)
        with suppress(ConnectionError):  # the client has gone: its turn goes on
            await broadcast.serve(Reader(response, transport, request.protocol, had))
        return response

    async def keep_alive(self) -> None:
        """Sends a comment to readers that nothing was sent for a while. One task for all of them."""
        while True:
            await asyncio.sleep(self._bounds.ping_seconds)
            for broadcast, _ in tuple(self._running.values()):
                await broadcast.ping()


def _bound(transport: asyncio.Transport, size: int) -> None:
    """Keeps little for a reader that does not read. Left alone, the kernel keeps up to 4 MB a connection."""
    transport.set_write_buffer_limits(high=size // 2)
    bare = transport.get_extra_info("socket")
    if bare is not None:
        bare.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)


_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx would hold events back
}
