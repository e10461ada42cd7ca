"""A database with a conversation of 10,000 messages, one of two, and a hundred more."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chatops.engine.messages import LOCAL_OWNER, Conversation, Message, TextPart
from chatops.engine.stores.sqlite import SqliteStore

COUNT = 10_000


def fill(home: Path) -> None:
    """Makes it; beside this thread, where Playwright's loop may run."""
    with ThreadPoolExecutor() as beside:
        beside.submit(asyncio.run, _fill(home / "chatops.db")).result()


async def _fill(path: Path) -> None:
    store = await SqliteStore.open(path)
    await _add(store, "long", "Ten thousand", COUNT)
    await _add(store, "short", "Two", 2)
    for n in range(100):
        await store.add_conversation(_about(f"other{n}", f"Other {n}", n))
    await store.aclose()


async def _add(store: SqliteStore, id_: str, title: str, count: int) -> None:
    rows = [_message(id_, n) for n in range(count)]
    for start in range(0, count, 1000):
        await store.add_messages(LOCAL_OWNER, rows[start : start + 1000])
    await store.add_conversation(_about(id_, title, 1000, leaf_id=rows[-1].id))


def _message(conversation_id: str, n: int) -> Message:
    return Message(
        id=f"{conversation_id}{n:05}",
        conversation_id=conversation_id,
        role="assistant" if n % 2 else "user",
        parts=(TextPart(text=f"number {n} " + "and so on " * (n % 50)),),
        created_at=1_000_000 + n,
        seq=n + 1,
        parent_id=f"{conversation_id}{n - 1:05}" if n else None,
    )


def _about(id_: str, title: str, when: int, leaf_id: str | None = None) -> Conversation:
    return Conversation(id=id_, owner_id=LOCAL_OWNER, title=title, created_at=when, updated_at=when, leaf_id=leaf_id)
