"""The engine's face over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from chatops.cli.remote.faults import UNREACHABLE
from chatops.cli.remote.history import RemoteHistory
from chatops.cli.remote.http import Http, segment
from chatops.cli.remote.turn import RemoteTurn
from chatops.engine.errors import ChatopsError, ConflictError, InvalidRequestError, NotFoundError
from chatops.engine.events import Record, TurnStarted
from chatops.engine.ids import new_id
from chatops.engine.messages import Principal
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.requests import Turn, TurnRequest, check

if TYPE_CHECKING:
    from chatops.cli.remote.exchange import RemoteExchange
    from chatops.cli.remote.limits import RemoteLimits

_TRIGGERS = {
    "submit": "submit-message",
    "edit": "submit-message",
    "regenerate": "regenerate-message",
    "continue": "continue-message",
}
_BUSY_SECONDS = 1.0
Records = AsyncGenerator[Record, None]


class RemoteEngine:
    """What `ask`, `chat`, `history` and `usage` call of `Engine`, done by a server. Principals are not used: the
    credentials say who asks.
    """

    def __init__(self, http: Http) -> None:
        self.history = RemoteHistory(http)
        self.providers: dict[str, Any] = {}
        self._http = http
        self._catalog: Catalog | None = None
        self._begun: dict[str, tuple[Record, Records]] = {}
        self._conversations: dict[str, str] = {}

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise InvalidRequestError(f"this works on this machine's own database alone ({name}): CHATOPS_SERVER=local")

    @property
    def exchange(self) -> RemoteExchange:
        from chatops.cli.remote.exchange import RemoteExchange

        return RemoteExchange(self._http)

    @property
    def limits(self) -> RemoteLimits:
        from chatops.cli.remote.limits import RemoteLimits

        return RemoteLimits(self._http)

    @property
    def catalog(self) -> Catalog:
        """The server's models, once `know_models` has asked for them."""
        if self._catalog is None:
            raise InvalidRequestError("the server's models are not known here")
        return self._catalog

    async def know_models(self) -> None:
        """Asks for the models, which `catalog` then resolves as the server would."""
        told = await self._http.json("GET", "/api/models")
        specs = [
            ModelSpec(id=one["id"], context=one.get("context"), max_output=one.get("max_output"))
            for one in told["models"]
        ]
        names = dict.fromkeys([spec.provider for spec in specs] + [told["default"].partition(":")[0]])
        self._catalog = Catalog(providers=names, default=told["default"], aliases=told["aliases"], specs=specs)

    async def start_turn(self, principal: Principal, request: TurnRequest) -> Turn:  # noqa: ARG002 - Engine's form
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
        self._conversations[turn.id] = turn.conversation.id
        return turn

    async def _first(self, body: dict[str, Any]) -> tuple[Record, Records] | None:
        """A turn's first event, and the rest; None when the conversation is busy."""
        records = RemoteTurn(self._http, body).records()
        try:
            return await anext(records), records
        except ConflictError as error:
            await records.aclose()
            if error.code != ConflictError.code:
                raise
            return None
        except BaseException:
            await records.aclose()
            raise

    async def _wait_for(self, conversation_id: str) -> None:
        """Until the turn that runs in a conversation is over, as far as can be told from here."""
        await asyncio.sleep(_BUSY_SECONDS)
        async with self._http.open("GET", f"/api/chat/{segment(conversation_id)}/stream") as answer:
            async for _ in answer.chunks:
                pass

    async def attach(self, principal: Principal, turn_id: str, *, after: int = 0) -> Records:  # noqa: ARG002 - Engine's form
        """As `Engine.attach`, once for each turn that was started here."""
        if turn_id not in self._begun:
            raise NotFoundError(f"no turn {turn_id} was started here")
        first, records = self._begun.pop(turn_id)
        async with aclosing(records):
            yield first
            async for record in records:
                if record.seq > after:
                    yield record

    async def stop(self, principal: Principal, turn_id: str, reason: str = "stopped") -> bool:  # noqa: ARG002 - Engine's form
        """As `Engine.stop`."""
        conversation_id = self._conversations.get(turn_id)
        if conversation_id is None:
            raise NotFoundError(f"no turn {turn_id} was started here")
        return bool((await self._http.json("POST", f"/api/chat/{segment(conversation_id)}/stop", {}))["stopped"])

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
                await self._stop_quietly(principal, turn.id)

    async def _stop_quietly(self, principal: Principal, turn_id: str) -> None:
        try:
            await self.stop(principal, turn_id)
        except ChatopsError as error:
            if error.code not in {UNREACHABLE, NotFoundError.code}:
                raise


def body_of(request: TurnRequest) -> dict[str, Any]:
    """`POST /api/chat` for a turn, under a `client_id` of its own.

    Raises:
        InvalidRequestError: It wants what a server does not take.
    """
    _refuse(request)
    sampling = request.sampling
    body: dict[str, Any] = {
        "id": request.conversation_id or new_id(),
        "client_id": request.client_id or new_id(),
        "trigger": _TRIGGERS[request.kind],
        "model": request.model,
        "system": request.system,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "parent_id" if request.kind == "submit" else "messageId": request.message_id,
        "temporary": request.expires_in,
    }
    if request.kind in {"submit", "edit"}:
        body["message"] = {"role": "user", "parts": _parts(request)}
    return {key: value for key, value in body.items() if value is not None}


def _parts(request: TurnRequest) -> list[dict[str, str]]:
    from base64 import b64encode

    files = [
        {
            "type": "file",
            "mediaType": one.media_type,
            "filename": one.name,
            "url": f"data:{one.media_type};base64,{b64encode(one.data).decode()}",
        }
        for one in request.attachments
    ]
    return [{"type": "text", "text": request.text}, *files]


def _refuse(request: TurnRequest) -> None:
    """What a server would leave out without a word is told before anything is sent."""
    extra = ", ".join(request.sampling.extra)
    asked = {
        "--no-log: a server stores what it answers": not request.record,
        "--max-cost: the server's budgets hold": request.max_cost is not None,
        "--fallback: the server's settings name them": bool(request.fallbacks),
        "-o stop: the server takes none": bool(request.sampling.stop),
        f"-o {extra}: the server takes temperature and top_p": bool(extra),
    }
    for what, is_asked in asked.items():
        if is_asked:
            raise InvalidRequestError(f"not with a server: {what}")
