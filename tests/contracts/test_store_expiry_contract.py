"""What every store does with a temporary conversation whose time is over: nobody sees it, and a sweep deletes it."""

from collections.abc import Awaitable, Callable

import pytest

from builders import append, begin, conversation, finished, kept, message, turn
from chatops.engine.errors import NotFoundError
from chatops.engine.messages import Conversation, FilePart, Message
from chatops.engine.ports import Store
from fakes import SetClock

FILE = FilePart(name="a.png", media_type="image/png", sha256="digest", size=5)
LIFE = 60_000
Call = Callable[[Store, Conversation, Message], Awaitable[object]]

REFUSED: dict[str, Call] = {
    "conversation": lambda store, made, _: store.conversation("ann", made.id),
    "update": lambda store, made, _: store.update_conversation("ann", made.id, title="t"),
    "keeping it": lambda store, made, _: store.update_conversation("ann", made.id, expires_at=0),
    "an empty update": lambda store, made, _: store.update_conversation("ann", made.id),
    "delete": lambda store, made, _: store.delete_conversation("ann", made.id),
    "message": lambda store, _, own: store.message("ann", own.id),
    "tail": lambda store, made, own: store.tail("ann", made.id, own.id, limit=9),
    "blob": lambda store, _made, _own: store.blob("ann", "digest"),
    "begin": lambda store, made, _: store.begin_turn("ann", made, turn(made.id), lease_expires_at=2**41),
    "add": lambda store, made, _: store.add_messages("ann", [message(made.id, "more", seq=9)]),
}
EMPTY: dict[str, Call] = {
    "conversations": lambda store, _made, _own: store.conversations("ann", limit=9),
    "all of them": lambda store, _made, _own: store.conversations("ann", limit=9, archived=None),
    "tagged": lambda store, _made, _own: store.conversations("ann", limit=9, tag="work"),
    "everybody's": lambda store, _made, _own: store.every_conversation(limit=9),
    "ids": lambda store, made, _: store.conversation_ids("ann", made.id, limit=9),
    "messages": lambda store, made, _: store.messages("ann", made.id, limit=9),
    "search": lambda store, _made, _own: store.search("ann", "secret", limit=9),
}


async def temporary(store: Store, clock: SetClock, **fields: object) -> tuple[Conversation, Message]:
    """A conversation that lasts a minute, with a file, and its message."""
    made = conversation(expires_at=clock() + LIFE, tags=("work",), **fields)  # type: ignore[arg-type]  # shorthand
    own = message(made.id, "a secret", seq=1)
    await store.put_blob("ann", "digest", b"bytes")
    await store.add_conversation(made)
    await store.add_messages("ann", [own, message(made.id, seq=2, parts=(FILE,))])
    return made, own


@pytest.mark.parametrize("method", [*REFUSED, *EMPTY])
async def test_an_expired_conversation_is_there_for_no_method(store: Store, clock: SetClock, method: str) -> None:
    made, own = await temporary(store, clock)
    clock.advance(LIFE)

    if method in REFUSED:
        with pytest.raises(NotFoundError):
            await REFUSED[method](store, made, own)
    else:
        assert not await EMPTY[method](store, made, own)
    assert await store.sweep(limit=9) == 1


async def test_until_then_everything_is_there(store: Store, clock: SetClock) -> None:
    made, own = await temporary(store, clock)
    clock.advance(LIFE - 1)

    assert await store.sweep(limit=9) == 0
    assert await store.conversation("ann", made.id) == made
    assert await store.message("ann", own.id) == own
    assert await store.blob("ann", "digest") == b"bytes"
    assert [hit.message for hit in await store.search("ann", "secret", limit=9)] == [own]


async def test_a_sweep_deletes_what_is_over_and_nothing_else(store: Store, clock: SetClock) -> None:
    stays, (kept_message,) = await kept(store, "a secret that stays")
    made, own = await temporary(store, clock)
    clock.advance(LIFE)

    assert await store.sweep(limit=9) == 1
    assert await store.sweep(limit=9) == 0
    assert await store.conversations("ann", limit=9) == [stays]
    assert [hit.message for hit in await store.search("ann", "secret", limit=9)] == [kept_message]
    await store.add_messages("bob", [own])  # the ids are free again
    assert await store.messages("bob", made.id, limit=9) == [own]


async def test_a_sweep_is_bounded_and_begins_with_what_was_over_first(store: Store, clock: SetClock) -> None:
    for n in range(5):
        made = conversation(expires_at=clock() + 5 - n, title=str(n))
        await store.add_conversation(made)
        await store.add_messages("ann", [message(made.id, f"note {seq}", seq=seq) for seq in range(9 if n else 1100)])
    clock.advance(4)

    assert [await store.sweep(limit=limit) for limit in (0, 1, 2, 9)] == [0, 1, 2, 1]
    assert [one.title for one in await store.conversations("ann", limit=9)] == ["0"]


async def test_an_attachment_stays_for_who_else_refers_to_it(store: Store, clock: SetClock) -> None:
    await temporary(store, clock)
    made, _ = await kept(store)
    await store.add_messages("ann", [message(made.id, seq=1, parts=(FILE,))])
    clock.advance(LIFE)

    assert await store.blob("ann", "digest") == b"bytes"
    await store.sweep(limit=9)
    assert await store.blob("ann", "digest") == b"bytes"


async def test_a_temporary_conversation_can_be_kept_for_good(store: Store, clock: SetClock) -> None:
    made, own = await temporary(store, clock)
    later = await store.update_conversation("ann", made.id, expires_at=clock() + 2 * LIFE)
    clock.advance(LIFE)
    assert later.expires_at == clock() + LIFE

    good = await store.update_conversation("ann", made.id, expires_at=0)
    clock.advance(10 * LIFE)
    assert good.expires_at is None
    assert await store.sweep(limit=9) == 0
    assert await store.message("ann", own.id) == own


async def test_a_turn_that_runs_when_its_conversation_expires_ends_without_a_trace(
    store: Store, clock: SetClock
) -> None:
    running = await begin(store, clock, conversation(expires_at=clock() + 10))
    await append(store, clock, running, 1, "text")
    clock.advance(10)
    assert await append(store, clock, running, 2, "more")
    await store.sweep(limit=9)

    assert not await append(store, clock, running, 3, "more")
    assert not await store.finish_turn(finished(running, "text more"))
    assert await store.search("ann", "text", limit=9) == []
