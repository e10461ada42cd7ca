"""Work that a request began and that goes on when its client has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Tasks:
    """Holds running tasks, so that none is lost and the end can wait for all of them."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # who waits for it gets it; when nobody does any more, it is not worth a complaint

    async def finish(self, work: Coroutine[Any, Any, T], name: str) -> T:
        """The result of the work, which is done to its end even when the one who waits is cancelled."""
        return await asyncio.shield(self.start(work, name))

    async def aclose(self) -> None:
        """Waits for what runs."""
        while self._running:
            await asyncio.wait(self._running)
