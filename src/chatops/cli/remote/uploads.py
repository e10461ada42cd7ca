"""A file that is sent to a server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from chatops.engine.errors import InvalidRequestError

if TYPE_CHECKING:
    from pathlib import Path

_PIECE = 64 * 1024
_STUCK_SECONDS = 45.0


class Upload:
    """A file as a request's body."""

    def __init__(self, path: Path) -> None:
        """Raises `InvalidRequestError` when it cannot be read."""
        try:
            self._size = path.stat().st_size
            with path.open("rb"):
                pass
        except OSError as error:
            raise InvalidRequestError(f"cannot read {path}: {error.strerror}") from None
        self._path = path

    @property
    def headers(self) -> dict[str, str]:
        return {"content-type": "application/octet-stream", "content-length": str(self._size)}

    async def send(self, writer: asyncio.StreamWriter) -> None:
        """Writes it. A server that has refused it ends the connection, and what it said is still to be read."""
        left = self._size
        with self._path.open("rb") as file:
            while left > 0 and (piece := file.read(min(_PIECE, left))):
                left -= len(piece)
                try:
                    writer.write(piece)
                    async with asyncio.timeout(_STUCK_SECONDS):
                        await writer.drain()
                except (OSError, TimeoutError):
                    return
