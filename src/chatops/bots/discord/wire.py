"""Watches discord.py's HTTP exchanges, to know what the library keeps to itself.

An `edit()` that takes a bucket's last token returns only when the bucket is full again, seconds after the edit landed;
and one that met 429 sends the same old text again after the wait. Seen from the trace, an edit is over when its answer
is there, and one that was refused is given up, so that the next carries the newest text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import aiohttp

from chatops.bots.surfaces import BrokenError, LimitedError

_RETRIED = {500, 502, 504, 524}
"""What discord.py would try again by itself, with the same text."""


class Wire:
    """`trace` is given to discord.py's client."""

    def __init__(self) -> None:
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_end.append(self._ended)
        self._waiting: dict[tuple[str, str], asyncio.Future[aiohttp.ClientResponse]] = {}
        self._lingering: set[asyncio.Task[Any]] = set()

    async def newest(self, method: str, path: str, call: Coroutine[Any, Any, Any]) -> None:
        """Makes a call whose answer is not needed and whose text may be outdated soon. `path`: how the URL's path ends.

        Raises:
            LimitedError: 429.
            BrokenError: A server's error.
            discord.HTTPException: What else was refused.
        """
        answered = asyncio.get_running_loop().create_future()
        self._waiting[method, path] = answered
        task = asyncio.ensure_future(call)
        self._lingering.add(task)
        task.add_done_callback(self._done)
        try:
            await asyncio.wait({task, answered}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
                return
            await self._judge(task, answered.result())
        except asyncio.CancelledError:
            task.cancel()
            raise
        finally:
            self._waiting.pop((method, path), None)

    async def _judge(self, task: asyncio.Task[Any], response: aiohttp.ClientResponse) -> None:
        if response.status < 300:  # noqa: PLR2004 - success; the library may sleep on
            return
        if response.status == 429 and "X-RateLimit-Global" not in response.headers:  # noqa: PLR2004 - too many requests
            task.cancel()
            said = response.headers.get("X-RateLimit-Reset-After") or response.headers.get("Retry-After") or "1"
            raise LimitedError("429", float(said))
        if response.status in _RETRIED:
            task.cancel()
            raise BrokenError(f"HTTP {response.status}")
        # A global limit holds all of the library's requests: it alone can let them go again.
        await task

    async def _ended(self, session: object, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:  # noqa: ARG002 - aiohttp's form
        for (method, path), answered in self._waiting.items():
            if params.method == method and params.url.path.endswith(path) and not answered.done():
                answered.set_result(params.response)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._lingering.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: its caller may have left

    async def aclose(self) -> None:
        for task in list(self._lingering):
            task.cancel()
        if self._lingering:
            await asyncio.wait(self._lingering, timeout=1)
