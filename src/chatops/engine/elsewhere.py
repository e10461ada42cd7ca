"""Turns that other processes run on this database: stopped from here, waited for here; and stops from there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from chatops.engine.errors import ChatopsError, ConflictError, NotFoundError
from chatops.engine.messages import Conversation, Principal
from chatops.engine.ports import Store
from chatops.engine.readers import Readers
from chatops.engine.replica_ports import Replicas
from chatops.engine.turns import TurnRun

QUEUE_POLL = 0.1
"""Seconds between looks at a conversation that a process is answering in which cannot be reached."""


class Elsewhere:
    """`runs`: the turns of this process, by id. `replicas` None: others share the database, and nothing else."""

    def __init__(
        self, store: Store, readers: Readers, runs: Mapping[str, TurnRun], replicas: Replicas | None = None
    ) -> None:
        self._store = store
        self._readers = readers
        self._runs = runs
        self._replicas = replicas
        if replicas is not None:
            replicas.on_stop(self._stop_here)

    def _stop_here(self, turn_id: str) -> None:
        """What another replica asks for, which has looked whose turn it is."""
        if (run := self._runs.get(turn_id)) is not None:
            run.stop()

    async def stop(self, principal: Principal, turn_id: str) -> bool:
        """As `Engine.stop`, for a turn that does not run here."""
        principal.require("chat")
        try:
            message = await self._store.message(principal.user_id, turn_id)
        except NotFoundError:  # one that is not stored is known while its events are kept
            await self._readers.check_owner(principal, turn_id)
            return False
        if message.status != "streaming":
            return False
        if self._replicas is None:
            raise ConflictError("another process writes this answer, and cannot be told from here: stop it there")
        await self._replicas.stop(turn_id)
        return True

    async def free(self, conversation: Conversation) -> None:
        """Waits until a turn may have ended in a conversation: for the end of the one that runs there, where that can
        be heard of, else a little.
        """
        for run in self._runs.values():
            if run.conversation.id == conversation.id:
                await run.done.wait()
                return
        if self._replicas is None or not await self._replicas.over(await self._leaf(conversation)):
            await asyncio.sleep(QUEUE_POLL)

    async def _leaf(self, conversation: Conversation) -> str:
        """The message that a running turn made the conversation's newest."""
        try:
            found = await self._store.conversation(conversation.owner_id, conversation.id)
        except ChatopsError:  # who waits asks for the conversation again, and is told then
            return ""
        return found.leaf_id or ""
