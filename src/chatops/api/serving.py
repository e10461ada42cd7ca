"""Sockets for the application: TCP and unix, bounded in connections; and its end in good order."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from chatops.api.keys import BOUNDS
from chatops.engine.errors import SettingsError

log = logging.getLogger(__name__)

_CLOSE_SECONDS = 5.0
"""That requests have to end once the turns have ended."""
_BACKLOG = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where to listen. `port` 0 takes a free one; `spare_socket`: without the socket when it cannot be had."""

    host: str = "127.0.0.1"
    port: int | None = None
    socket: Path | None = None
    spare_socket: bool = False


@asynccontextmanager
async def listening(app: web.Application, endpoints: Endpoints) -> AsyncGenerator[list[str], None]:
    """Serves until left; then open connections are closed and requests ended.

    Yields:
        The addresses that are listened on: `http://127.0.0.1:8787`, `unix:/run/chatops.sock`.

    Raises:
        SettingsError: An address cannot be listened on.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        handler_cancellation=True,
        keepalive_timeout=app[BOUNDS].header_seconds,
        lingering_time=app[BOUNDS].linger_seconds,
        shutdown_timeout=_CLOSE_SECONDS,
    )
    await runner.setup()
    servers: list[asyncio.Server] = []
    bound: Path | None = None
    try:
        addresses = []
        if endpoints.port is not None:
            servers.append(await _tcp(runner, app, endpoints.host, endpoints.port))
            addresses += [_shown(one.getsockname()) for one in servers[-1].sockets]
        if endpoints.socket is not None:
            try:
                servers.append(await _unix(runner, app, endpoints.socket))
            except SettingsError as error:
                if not endpoints.spare_socket:
                    raise
                log.warning("%s; going on without it", error.message)
            else:
                bound = endpoints.socket
                addresses.append(f"unix:{endpoints.socket}")
        yield addresses
    finally:
        for server in servers:
            server.close()
        await runner.cleanup()
        if bound is not None:
            _remove(bound)


class _Refusal(asyncio.Protocol):
    """Ends a connection that is one too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class _Factory:
    """Makes the protocol of a new connection."""

    def __init__(self, runner: web.AppRunner, most: int) -> None:
        server = runner.server
        assert server is not None  # noqa: S101 - the runner was set up
        self._server = server
        self._most = most

    def __call__(self) -> asyncio.Protocol:
        return self._server() if len(self._server.connections) < self._most else _Refusal()


async def _tcp(runner: web.AppRunner, app: web.Application, host: str, port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    factory = _Factory(runner, app[BOUNDS].connections)
    try:
        return await loop.create_server(factory, host, port, backlog=_BACKLOG, reuse_address=os.name == "posix")
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"cannot listen on {host} port {port}: {reason}; choose another with --port") from None


async def _unix(runner: web.AppRunner, app: web.Application, path: Path) -> asyncio.Server:
    """A socket that its owner alone may open."""
    if await _holds_a_server(path):
        raise SettingsError(f"another server listens on the socket {path}")
    loop = asyncio.get_running_loop()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        return await loop.create_unix_server(_Factory(runner, app[BOUNDS].connections), sock=listener, backlog=_BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(f"cannot listen on the socket {path}: {error.strerror or error}") from None


async def _holds_a_server(path: Path) -> bool:
    """Takes away what a server that was killed has left. Raises `SettingsError` when something else lies there."""
    if not _is_socket(path):
        return False
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        _remove(path)
        return False
    writer.close()
    return True


def _is_socket(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISSOCK(mode):
        raise SettingsError(f"{path} is no socket: choose another path with --socket")
    return True


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _shown(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    host, port = address[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
