"""The server of this machine in the place of an engine here: warm where a program that starts is cold.

It has the same database and settings (`chatops.local_server`), so that nobody can tell by the result who did the work.
What it has not begun with, since it is gone, ends, or is not asked that way, is done here.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from functools import partial
from inspect import isasyncgenfunction
from typing import TYPE_CHECKING, Any, TypeVar, cast

from chatops.cli.remote.engine import Records, RemoteEngine
from chatops.cli.remote.faults import NotTakenError
from chatops.engine.messages import Principal
from chatops.engine.requests import Turn, TurnRequest, check

if TYPE_CHECKING:
    from chatops.engine.inspection import ContextView
    from chatops.engine.models import Catalog
    from chatops.engine.service import Engine
    from chatops.settings import Settings

T = TypeVar("T")
OpenHere = Callable[[], Awaitable["Engine"]]
_SAFE = 16 * 2**20
"""Bytes of files that fit into a request whatever the server's settings; more go to the engine here."""


class WarmEngine:
    """What `ask`, `chat`, `history` and `usage` call of `Engine`.

    Args:
        remote: The server of this machine.
        settings: This machine's, and the server's.
        open_here: Opens the engine here; it is closed by whoever made this.
        titled: Whether conversations that begin may be named by a model, as an engine here would.
    """

    is_here = True

    def __init__(self, remote: RemoteEngine, settings: Settings, open_here: OpenHere, *, titled: bool) -> None:
        self._remote = remote
        self._settings = settings
        self._open_here = open_here
        self._titled = titled
        self._here: Engine | None = None
        self._catalog: Catalog | None = None
        self._turns: dict[str, Engine] = {}
        self.history = _Part(self, "history")
        self.limits = _Part(self, "limits")
        self.exchange = _Part(self, "exchange")

    @property
    def catalog(self) -> Catalog:
        from chatops.catalog import catalog

        self._catalog = self._catalog or catalog(self._settings, os.environ)
        return self._catalog

    @property
    def providers(self) -> Mapping[str, Any]:
        from chatops.cli.remote.offers import Offers

        return Offers(self._remote.http, self._settings.providers)

    async def here(self) -> Engine:
        """The engine of this process."""
        if self._here is None:
            self._here = await self._open_here()
        return self._here

    async def call(self, ask: Callable[[Engine], Awaitable[T]]) -> T:
        """What the server answers or, when it did not take the question, the engine here."""
        if self._here is None:
            try:
                return await ask(cast("Engine", self._remote))
            except NotTakenError:
                pass
        return await ask(await self.here())

    async def stream(self, ask: Callable[[Engine], AsyncGenerator[T, None]]) -> AsyncGenerator[T, None]:
        """Likewise, for what comes piece by piece."""
        if self._here is None:
            begun = False
            try:
                async with aclosing(ask(cast("Engine", self._remote))) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
            except NotTakenError:
                if begun:
                    raise
            else:
                return
        async with aclosing(ask(await self.here())) as pieces:
            async for piece in pieces:
                yield piece

    async def start_turn(self, principal: Principal, request: TurnRequest) -> Turn:
        engine, turn = await self._started(principal, request)
        self._turns[turn.id] = engine
        return turn

    async def _started(self, principal: Principal, request: TurnRequest) -> tuple[Engine, Turn]:
        there = cast("Engine", self._remote)
        if self._here is None and (asked := self._asked(request)) is not None:
            try:
                return there, await there.start_turn(principal, asked)
            except NotTakenError:
                pass
        here = await self.here()
        return here, await here.start_turn(principal, request)

    def _asked(self, request: TurnRequest) -> TurnRequest | None:
        """The request as the server takes it; None when it would not."""
        from dataclasses import replace

        from chatops.engine.limits.options import SAFE_OPTIONS

        check(request)
        if not SAFE_OPTIONS.issuperset(request.sampling.extra) or _size(request) > _SAFE:
            return None
        return replace(request, titled=request.titled and self._titled)

    def attach(self, principal: Principal, turn_id: str, *, after: int = 0) -> Records:
        engine = self._turns.get(turn_id)
        return (engine or cast("Engine", self._remote)).attach(principal, turn_id, after=after)

    async def stop(self, principal: Principal, turn_id: str) -> bool:
        return await (self._turns.get(turn_id) or cast("Engine", self._remote)).stop(principal, turn_id)

    @asynccontextmanager
    async def turn(self, principal: Principal, request: TurnRequest) -> AsyncGenerator[Records, None]:
        async with AsyncExitStack() as stack:
            events: Records | None = None
            if self._here is None and (asked := self._asked(request)) is not None:
                with suppress(NotTakenError):
                    events = await stack.enter_async_context(self._remote.turn(principal, asked))
            if events is None:
                events = await stack.enter_async_context((await self.here()).turn(principal, request))
            yield events

    async def context(self, principal: Principal, request: TurnRequest, *, count_all: bool = False) -> ContextView:
        return await self.call(lambda engine: engine.context(principal, request, count_all=count_all))

    async def preview(self, principal: Principal, request: TurnRequest) -> dict[str, object]:
        return await (await self.here()).preview(principal, request)


class _Part:
    """`history`, `limits` or `exchange` of whichever engine takes the call."""

    def __init__(self, warm: WarmEngine, name: str) -> None:
        self._warm = warm
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Any]:
        there = getattr(getattr(self._warm._remote, self._name), method)  # noqa: SLF001 - a part of it
        ask = self._warm.stream if isasyncgenfunction(there) else self._warm.call
        return partial(self._ask, ask, method)

    def _ask(self, ask: Callable[..., Any], method: str, *args: Any, **more: Any) -> Any:
        return ask(lambda engine: getattr(getattr(engine, self._name), method)(*args, **more))


def _size(request: TurnRequest) -> int:
    return sum(len(one.data) for one in request.attachments)
