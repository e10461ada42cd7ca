"""Messages and conversations for tests, in hand or stored: sensible values for whatever a test does not care about."""

from dataclasses import replace
from itertools import count
from typing import Any

from chatops.engine.ids import new_id
from chatops.engine.messages import Conversation, Message, ReasoningPart, Role, TextPart
from chatops.engine.ports import Clock, Delta, Store

T0 = 1_800_000_000_000
LEASE = 10_000
_ticks = count(T0)
"""Every message a millisecond younger than the one before, so that `newest first` has one meaning."""


def conversation(owner_id: str = "ann", **fields: Any) -> Conversation:
    now = next(_ticks)
    values = {"id": new_id(), "title": "A title", "created_at": now, "updated_at": now}
    return Conversation(**{**values, "owner_id": owner_id, **fields})


def message(conversation_id: str, text: str = "", *, role: Role = "user", **fields: Any) -> Message:
    parts = (TextPart(text=text),) if text else ()
    values = {"id": new_id(), "parts": parts, "created_at": next(_ticks)}
    return Message(**{**values, "conversation_id": conversation_id, "role": role, **fields})


def thread(conversation_id: str, *texts: str) -> list[Message]:
    """Messages that answer one another, user and assistant in turn, numbered from 1."""
    messages: list[Message] = []
    for seq, text in enumerate(texts, 1):
        role: Role = "user" if seq % 2 else "assistant"
        parent_id = messages[-1].id if messages else None
        messages.append(message(conversation_id, text, role=role, seq=seq, parent_id=parent_id))
    return messages


def turn(conversation_id: str, prompt: str = "hi", *, parent_id: str | None = None) -> list[Message]:
    """The rows that a turn begins with."""
    user = message(conversation_id, prompt, parent_id=parent_id)
    return [user, message(conversation_id, role="assistant", parent_id=user.id, status="streaming")]


def finished(running: Message, text: str, *, reasoning: str = "", **fields: Any) -> Message:
    """The final form of a running message."""
    thought = (ReasoningPart(text=reasoning),) if reasoning else ()
    values = {"parts": (*thought, TextPart(text=text)), "status": "complete", "finish_reason": "stop", "tokens": 7}
    return replace(running, **{**values, **fields})


async def kept(store: Store, *texts: str, owner_id: str = "ann") -> tuple[Conversation, list[Message]]:
    """A stored conversation with these messages."""
    made = conversation(owner_id)
    messages = thread(made.id, *texts)
    await store.add_conversation(made)
    await store.add_messages(owner_id, messages)
    return made, messages


async def begin(store: Store, clock: Clock, made: Conversation | None = None, prompt: str = "hi") -> Message:
    """Begins a turn, in a new conversation unless one is given, and returns its running message."""
    made = made or conversation()
    stored = await store.begin_turn(made.owner_id, made, turn(made.id, prompt), lease_expires_at=clock() + LEASE)
    return stored[-1]


async def append(store: Store, clock: Clock, running: Message, n: int, text: str = "", *, reasoning: str = "") -> bool:
    batch = {running.id: Delta(n=n, text=text, reasoning=reasoning)}
    return not await store.append_deltas(batch, lease_expires_at=clock() + LEASE)
