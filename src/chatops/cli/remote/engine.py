"""The engine's face over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from chatops.cli.remote.body import body_of
from chatops.cli.remote.faults import UNREACHABLE, NotTakenError
from chatops.cli.remote.http import Http, segment
from chatops.cli.remote.turn import PATIENCE, RemoteTurn
from chatops.engine.errors import ChatopsError, ConflictError, InvalidRequestError, NotFoundError
from chatops.engine.events import Record, TurnStarted
from chatops.engine.messages import Principal
from chatops.engine.requests import Turn, TurnRequest, check

if TYPE_CHECKING:
    from chatops.cli.remote.exchange import RemoteExchange
    from chatops.cli.remote.history import RemoteHistory
    from chatops.cli.remote.limits import RemoteLimits
    from chatops.engine.inspection import ContextView
    from chatops.engine.models import Catalog

_BUSY_SECONDS = 1.0
_STOP_SECONDS = 5.0
"""For which a program that was told to end waits for the server to stop its turn."""
Records = AsyncGenerator[Record, None]


class RemoteEngine:
    """What `ask`, `chat`, `history` and `usage` call of `Engine`, done by a server. Principals are not used: the
    credentials say who asks.

    Args:
        http: The server.
        patience: The longest wait for a server that is not there when a turn begins, in seconds.
    """

    is_here = False

    def __init__(self, http: Http, *, patience: float = PATIENCE) -> None:
        self.providers: Mapping[str, Any] = {}
        self.http = http
        self._patience = patience
        self._catalog: Catalog | None = None
        self._begun: dict[str, tuple[Record, Records]] = {}
        self._names: dict[str, tuple[str, str]] = {}

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise InvalidRequestError(f"this works on this machine's own database alone ({name}): CHATOPS_SERVER=local")

    @property
    def history(self) -> RemoteHistory:
        from chatops.cli.remote.history import RemoteHistory

        return RemoteHistory(self.http)

    @property
    def exchange(self) -> RemoteExchange:
        from chatops.cli.remote.exchange import RemoteExchange

        return RemoteExchange(self.http)

    @property
    def limits(self) -> RemoteLimits:
        from chatops.cli.remote.limits import RemoteLimits

        return RemoteLimits(self.http)

    @property
    def catalog(self) -> Catalog:
        """The server's models, once `know_models` has asked for them."""
        if self._catalog is None:
            raise InvalidRequestError("the server's models are not known here")
        return self._catalog

    async def know_models(self) -> None:
        """Asks for the models, which `catalog` then resolves as the server would."""
        from chatops.cli.remote.offers import Offers
        from chatops.engine.models import Catalog, ModelSpec

        told = await self.http.json("GET", "/api/models")
        specs = [
            ModelSpec(id=one["id"], context=one.get("context"), max_output=one.get("max_output"))
            for one in told["models"]
        ]
        names = dict.fromkeys([spec.provider for spec in specs] + [told["default"].partition(":")[0]])
        self._catalog = Catalog(providers=names, default=told["default"], aliases=told["aliases"], specs=specs)
        self.providers = Offers(self.http, names)

    async def start_turn(self, principal: Principal, request: TurnRequest) -> Turn:
        """As `Engine.start_turn`. The stream that comes with it is kept for the first `attach`."""
        check(request)
        body = body_of(request)
        begun = await self._first(body)
        while begun is None:
            if request.on_busy == "fail":
                raise ConflictError("a turn already runs in this conversation: wait for its end, or stop it")
            await self._wait_for(body["id"])
            begun = await self._first(body)
        first, records = begun
        started = first.event
        assert isinstance(started, TurnStarted)  # noqa: S101 - by the dialect; `Turns` lets nothing come before it
        turn = Turn(id=started.message.id, conversation=started.conversation, message=started.message)
        self._begun[turn.id] = first, records
        self._names[turn.id] = turn.conversation.id, body["client_id"]
        return turn

    async def _first(self, body: dict[str, Any]) -> tuple[Record, Records] | None:
        """A turn's first event, and the rest; None when the conversation is busy. Whoever leaves before the event
        comes leaves no turn behind on the server.
        """
        records = RemoteTurn(self.http, body, patience=self._patience).records()
        try:
            return await anext(records), records
        except ConflictError as error:
            await records.aclose()
            if error.code != ConflictError.code:
                raise
            return None
        except asyncio.CancelledError:
            await records.aclose()
            if body.get("store", True):  # else it ended with its connection
                await self._stop_quietly(body["id"], body["client_id"])
            raise
        except BaseException:
            await records.aclose()
            raise

    async def _wait_for(self, conversation_id: str) -> None:
        """Until the turn that runs in a conversation is over, as far as can be told from here."""
        await asyncio.sleep(_BUSY_SECONDS)
        async with self.http.open("GET", f"/api/chat/{segment(conversation_id)}/stream") as answer:
            async for _ in answer.chunks:
                pass

    async def attach(self, principal: Principal, turn_id: str, *, after: int = 0) -> Records:
        """As `Engine.attach`, once for each turn that was started here."""
        if turn_id not in self._begun:
            raise NotFoundError(f"no turn {turn_id} was started here")
        first, records = self._begun.pop(turn_id)
        async with aclosing(records):
            yield first
            async for record in records:
                if record.seq > after:
                    yield record

    async def stop(self, principal: Principal, turn_id: str, reason: str = "stopped") -> bool:
        """As `Engine.stop`."""
        if turn_id not in self._names:
            raise NotFoundError(f"no turn {turn_id} was started here")
        return await self._stop(*self._names[turn_id])

    async def _stop(self, conversation_id: str, client_id: str) -> bool:
        told = await self.http.json("POST", f"/api/chat/{segment(conversation_id)}/stop", {"client_id": client_id})
        return bool(told["stopped"])

    async def _stop_quietly(self, conversation_id: str, client_id: str) -> None:
        """A server that is gone has nothing to stop."""
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._stop(conversation_id, client_id)
        except (NotTakenError, NotFoundError, TimeoutError):
            pass
        except ChatopsError as error:
            if error.code != UNREACHABLE:
                raise

    async def context(self, principal: Principal, request: TurnRequest, *, count_all: bool = False) -> ContextView:
        """As `Engine.context`; the messages' texts are cut."""
        from chatops.cli.remote.context import context

        return await context(self.http, request, count_all=count_all)

    async def preview(self, principal: Principal, request: TurnRequest) -> dict[str, object]:
        """Raises `InvalidRequestError`: what is sent to a model is made on the server."""
        raise InvalidRequestError("--dry-run shows what this machine would send, and a server does it: --server local")

    @asynccontextmanager
    async def turn(self, principal: Principal, request: TurnRequest) -> AsyncGenerator[Records, None]:
        """As `Engine.turn`: leaving it before its end stops the turn on the server, which keeps the partial."""
        over = False

        async def records(turn: Turn) -> Records:
            nonlocal over
            async with aclosing(self.attach(principal, turn.id)) as events:
                async for record in events:
                    yield record
            over = True

        turn = await self.start_turn(principal, request)
        try:
            async with aclosing(records(turn)) as events:
                yield events
        except ChatopsError:
            over = True  # its own end, or a server that is gone
            raise
        finally:
            if not over:
                await self._stop_quietly(*self._names[turn.id])
