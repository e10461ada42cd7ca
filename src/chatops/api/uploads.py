"""A request's body as a file: for what is too large to be held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from chatops.api.errors import BadBodyError

_PIECE = 2**20


@asynccontextmanager
async def uploaded(request: web.Request, name: str, *, most: int, seconds: float) -> AsyncGenerator[Path, None]:
    """The body in a file of this name, which is deleted after.

    Args:
        request: Whose body.
        name: Without a folder.
        most: Bytes that it may have.
        seconds: In which the next piece of it must come.

    Raises:
        BadBodyError: It is larger, comes too slowly, or is not what its headers say.
    """
    if (request.content_length or 0) > most:
        raise _too_large(most)
    with TemporaryDirectory(prefix="chatops-") as folder:
        path = Path(folder, name)
        await _receive(request, path, most, seconds)
        yield path


async def _receive(request: web.Request, path: Path, most: int, seconds: float) -> None:
    size = 0
    with path.open("wb") as file:
        while piece := await _piece(request, seconds):
            size += len(piece)
            if size > most:
                raise _too_large(most)
            await asyncio.to_thread(file.write, piece)


async def _piece(request: web.Request, seconds: float) -> bytes:
    """What comes next, in one piece with what follows at once; empty at the end."""
    gathered = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while len(gathered) < _PIECE and (data := await request.content.readany()):
                gathered += data
    except TimeoutError:
        raise BadBodyError(f"nothing of the body came for {seconds:g} s", code="request_timeout") from None
    except web.RequestPayloadError:
        raise BadBodyError("the body is not what its Content-Length or Content-Encoding says") from None
    return bytes(gathered)


def _too_large(most: int) -> BadBodyError:
    return BadBodyError(f"the file has more than {most:,} bytes", code="too_large")
