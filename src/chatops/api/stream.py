"""The streams that are open: who reads which turn, and the HTTP around it (`broadcast` says what is written)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from chatops.api.broadcast import Broadcast, Encode, Follow, Reader
from chatops.api.errors import OverloadedError
from chatops.api.settings import ServerLimits
from chatops.api.tasks import Tasks


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
    async def open(self, key: tuple[str, ...], follow: Follow, encode: Encode) -> AsyncGenerator[Broadcast, None]:
        """The turn's broadcast, with its first frames; it ends with its last reader.

        Args:
            key: The owner and whatever tells this turn and dialect from others.
            follow: The turn's events, from the first.
            encode: Makes the encoder of all of its events.

        Raises:
            OverloadedError: Too many streams are open.
            ChatopsError: The turn cannot be read.
        """
        self.check_room()
        if key not in self._running:
            broadcast = Broadcast(follow, encode, self._bounds)
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
