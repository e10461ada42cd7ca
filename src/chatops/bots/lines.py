"""One running answer a conversation; who comes later waits in line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chatops.engine.errors import ConflictError

LONGEST = 5
"""Questions that wait behind the one that is being answered."""


class Lines:
    """First come, first served, a line for each key."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, list[None]]] = {}

    @asynccontextmanager
    async def place(self, key: str) -> AsyncGenerator[None, None]:
        """Waits for its turn.

        Raises:
            ConflictError: The line is too long.
        """
        lock, waiting = self._locks.setdefault(key, (asyncio.Lock(), []))
        if len(waiting) > LONGEST:
            raise ConflictError(
                f"{LONGEST} questions are waiting here already; ask again when they are answered",
                code="invalid_request",
            )
        waiting.append(None)
        try:
            async with lock:
                yield
        finally:
            waiting.pop()
            if not waiting:
                self._locks.pop(key, None)
