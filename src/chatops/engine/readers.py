"""Readers of turns: each sees its own turns only, from where it wants, at no cost to the turn."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from chatops.engine.errors import ChatopsError, InterruptedTurnError, NotFoundError, ProviderError
from chatops.engine.events import Event, Record, TurnFinished, TurnStarted
from chatops.engine.messages import Message, Principal
from chatops.engine.ports import Store, TurnLog
from chatops.engine.replica_ports import Replicas
from chatops.engine.turns import TurnRun


class Readers:
    """Reads the turn log for a principal, who must be one that may chat."""

    def __init__(
        self, turn_log: TurnLog, store: Store, runs: Mapping[str, TurnRun], replicas: Replicas | None = None
    ) -> None:
        """`runs`: the turns that run in this process, by id; the engine keeps them."""
        self._replicas = replicas
        self._log = turn_log
        self._store = store
        self._runs = runs

    async def batches(self, principal: Principal, turn_id: str, after: int) -> AsyncGenerator[Sequence[Event], None]:
        """As `Engine.follow`."""
        await self.check_owner(principal, turn_id)
        async with aclosing(self._log.read(turn_id, after=after)) as batches:
            async for batch in batches:
                yield batch

    async def records(self, principal: Principal, turn_id: str, after: int) -> AsyncGenerator[Record, None]:
        """As `Engine.attach`."""
        seq = after
        async with aclosing(self.batches(principal, turn_id, after)) as batches:
            async for batch in batches:
                for event in batch:
                    seq += 1
                    yield Record(seq, event)
                    if isinstance(event, TurnFinished):
                        _raise_for(event.message)

    async def latest(self, principal: Principal, conversation_id: str) -> str:
        """As `Engine.latest`."""
        principal.require("chat")
        for run in self._runs.values():
            if run.conversation.id == conversation_id and run.principal.user_id == principal.user_id:
                return run.id
        conversation = await self._store.conversation(principal.user_id, conversation_id)
        if conversation.leaf_id is None:
            raise NotFoundError("this conversation has no messages yet")
        return conversation.leaf_id

    async def check_owner(self, principal: Principal, turn_id: str) -> None:
        """Raises `NotFoundError` when the turn is not kept any more, or another's."""
        principal.require("chat")
        run = self._runs.get(turn_id)
        owner = run.principal.user_id if run else await self._owner(principal, turn_id)
        if owner != principal.user_id:
            raise NotFoundError(f"no turn {turn_id}")

    async def _owner(self, principal: Principal, turn_id: str) -> str | None:
        """Whose turn it is, by its first event. That of one which was begun elsewhere may be on its way."""
        try:
            return await self._started_by(turn_id)
        except NotFoundError:
            if self._replicas is None:
                raise
            message = await self._store.message(principal.user_id, turn_id)
            await self._replicas.appears(turn_id, running=message.status == "streaming")
            return await self._started_by(turn_id)

    async def _started_by(self, turn_id: str) -> str | None:
        async with aclosing(self._log.read(turn_id)) as batches:
            async for started, *_ in batches:
                return started.conversation.owner_id if isinstance(started, TurnStarted) else None
        return None


def _raise_for(message: Message) -> None:
    """Raises what ended a turn short of a complete answer."""
    error = message.error
    if error is None:
        return
    if message.status == "interrupted":
        raise InterruptedTurnError(error.message, code=error.code)
    if error.code.startswith("provider_"):
        raise ProviderError(
            error.message, provider=message.provider or "", code=error.code, retry_after=error.retry_after
        )
    raise ChatopsError(error.message, code=error.code)
