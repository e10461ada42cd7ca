"""Bytes of a file that one turn sends while the last other message with the same file is deleted."""

from collections.abc import Sequence
from typing import Any

from chatops.engine.messages import Conversation, Message, Principal
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.ports import Store
from chatops.engine.requests import Attachment, TurnRequest
from chatops.engine.service import Engine
from chatops.engine.turnlogs.memory import MemoryTurnLog
from fakes import ScriptedProvider, SetClock, answer

ME = Principal(user_id="ann")
SPEC = ModelSpec(id="fake:m", context=100_000, max_output=100)
FILE = Attachment(name="a.png", media_type="image/png", data=b"bytes")


class DeletingStore:
    """A store in which a conversation is deleted right before a turn's rows are written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.doomed: str | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def begin_turn(
        self, owner_id: str, conversation: Conversation, messages: Sequence[Message], *, lease_expires_at: int
    ) -> list[Message]:
        if self.doomed is not None:
            await self._store.delete_conversation(owner_id, self.doomed)
        return await self._store.begin_turn(owner_id, conversation, messages, lease_expires_at=lease_expires_at)


async def test_bytes_stay_when_the_last_other_message_with_them_goes_before_the_turn_begins(
    store: Store, clock: SetClock
) -> None:
    deleting = DeletingStore(store)
    engine = Engine(
        store=deleting,
        providers={"fake": ScriptedProvider([answer("one")])},
        catalog=Catalog(providers=["fake"], default=SPEC.id, specs=[SPEC]),
        turn_log=MemoryTurnLog(),
        clock=clock,
    )
    first = await engine.start_turn(ME, TurnRequest(text="read", attachments=(FILE,)))
    deleting.doomed = first.conversation.id
    await engine.stop(ME, first.id)

    second = await engine.start_turn(ME, TurnRequest(text="read", attachments=(FILE,)))
    await engine.drain(5)

    rows = await store.messages(ME.user_id, second.conversation.id, limit=9)
    (file,) = [file for message in rows for file in message.files]
    assert await store.blob(ME.user_id, file.sha256) == FILE.data
