"""A turn that its caller gave a name is started once, however often and wherever it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from chatops.engine.errors import ConflictError, NotFoundError
from chatops.engine.messages import Principal
from chatops.engine.ports import Store
from chatops.engine.requests import Turn, TurnRequest, answer_id

Start = Callable[[Principal, TurnRequest], Awaitable[Turn]]


class Once:
    """Looks for the turn that was made already: an answer's id follows from its owner and the turn's `client_id`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._starting = WeakValueDictionary[str, asyncio.Lock]()

    async def start(self, principal: Principal, request: TurnRequest, start: Start) -> Turn:
        """The turn that was made for this `client_id`, or a new one. Raises what `start` raises."""
        turn_id = answer_id(principal.user_id, request)
        if turn_id is None or not request.record:
            return await start(principal, request)
        async with self._starting.setdefault(turn_id, asyncio.Lock()):
            earlier = await self._earlier(principal, turn_id)
            if earlier is not None:
                return earlier
            try:
                return await start(principal, request)
            except ConflictError:  # perhaps another process was asked at the same moment, and was quicker
                earlier = await self._earlier(principal, turn_id)
                if earlier is None:
                    raise
                return earlier

    async def begun(self, turn_id: str) -> None:
        """Waits until a turn that is just being started has begun, or could not."""
        starting = self._starting.get(turn_id)
        if starting is not None:
            async with starting:
                pass

    async def _earlier(self, principal: Principal, turn_id: str) -> Turn | None:
        try:
            message = await self._store.message(principal.user_id, turn_id)
            conversation = await self._store.conversation(principal.user_id, message.conversation_id)
        except NotFoundError:
            return None
        return Turn(id=turn_id, conversation=conversation, message=message)
