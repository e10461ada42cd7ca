"""What every store does with conversations, attachments and calls in general: `engine.ports.Store`, to the letter."""

import asyncio
from dataclasses import replace

import pytest

from builders import conversation, kept, message
from chatops.engine.errors import ConflictError, NotFoundError, StoreError
from chatops.engine.messages import Conversation, FilePart, TextPart
from chatops.engine.ports import Store
from fakes import SetClock


async def test_a_conversation_comes_back_as_it_was_stored(store: Store) -> None:
    full = conversation(title="日本 👍 \x00", model="fake:m", system="Be brief.\n", leaf_id="some-leaf")
    bare = conversation()
    await store.add_conversation(full)
    await store.add_conversation(bare)

    assert await store.conversation("ann", full.id) == full
    assert await store.conversation("ann", bare.id) == bare


async def test_an_id_is_given_to_one_conversation_only(store: Store) -> None:
    made = conversation()
    await store.add_conversation(made)

    for owner in ("ann", "bob"):
        with pytest.raises(ConflictError):
            await store.add_conversation(replace(made, owner_id=owner, title="other"))
    assert await store.conversation("ann", made.id) == made


async def test_a_conversation_is_put_in_the_place_of_what_is_there(store: Store, clock: SetClock) -> None:
    full = conversation(model="fake:m", system="s", leaf_id="l", archived=True, tags=("a",), expires_at=clock() + 9)
    await store.put_conversation(full)
    assert await store.conversation("ann", full.id) == full

    bare = replace(full, model=None, system=None, leaf_id=None, archived=False, tags=(), expires_at=None, created_at=5)
    await store.put_conversation(bare)
    assert await store.conversation("ann", full.id) == bare
    assert await store.conversations("ann", limit=9, tag="a") == []
    with pytest.raises(ConflictError):
        await store.put_conversation(replace(full, owner_id="bob"))
    assert await store.conversation("ann", full.id) == bare


async def test_everything_of_everybody_is_counted(store: Store) -> None:
    await kept(store, "one", "two")
    await kept(store, "three", owner_id="bob")

    assert await store.counts() == (2, 3)


async def test_a_conversation_that_nobody_stored_is_not_found(store: Store) -> None:
    calls = [
        store.conversation("ann", "nothing"),
        store.update_conversation("ann", "nothing", title="t"),
        store.delete_conversation("ann", "nothing"),
        store.message("ann", "nothing"),
        store.tail("ann", "nothing", "nothing", limit=5),
        store.blob("ann", "nothing"),
    ]
    for call in calls:
        with pytest.raises(NotFoundError):
            await call
    assert await store.messages("ann", "nothing", limit=5) == []


async def test_an_update_sets_what_is_given_and_leaves_the_rest(store: Store) -> None:
    made = conversation(model="fake:m", system="Be brief.")
    await store.add_conversation(made)

    renamed = await store.update_conversation("ann", made.id, title="New", updated_at=made.updated_at + 5)
    moved = await store.update_conversation("ann", made.id, model="fake:n", system="", leaf_id="leaf")

    assert renamed == replace(made, title="New", updated_at=made.updated_at + 5)
    assert moved == replace(renamed, model="fake:n", system="", leaf_id="leaf")
    assert await store.conversation("ann", made.id) == moved


async def test_conversations_are_listed_by_their_last_update(store: Store) -> None:
    made = [conversation() for _ in range(5)]
    for one in made:
        await store.add_conversation(one)
    touched = await store.update_conversation("ann", made[1].id, updated_at=made[4].updated_at + 1)

    assert await store.conversations("ann", limit=10) == [touched, made[4], made[3], made[2], made[0]]


async def test_pages_of_conversations_hold_each_once_while_new_ones_come(store: Store) -> None:
    made = [conversation(updated_at=1000 + n // 3) for n in range(10)]  # three share each moment
    for one in made:
        await store.add_conversation(one)
    seen: list[Conversation] = []
    for _ in range(5):
        seen += await store.conversations("ann", limit=3, before=seen[-1] if seen else None)
        await store.add_conversation(conversation())

    assert seen == sorted(made, key=lambda one: (one.updated_at, one.id), reverse=True)


async def test_ids_are_found_by_their_beginning_newest_first(store: Store) -> None:
    ids = ["0190aaaa-1", "0190aaaa-2", "0190aaab-1", "0190aaaa", "0290aaaa-1", "0190AAAA-3"]
    for id_ in ids:
        await store.add_conversation(conversation(id=id_))

    assert await store.conversation_ids("ann", "0190aaaa", limit=9) == ["0190aaaa-2", "0190aaaa-1", "0190aaaa"]
    assert await store.conversation_ids("ann", "0190aa", limit=2) == ["0190aaab-1", "0190aaaa-2"]
    assert await store.conversation_ids("ann", "", limit=99) == sorted(ids, reverse=True)


@pytest.mark.parametrize("prefix", ["%", "_", "*", "0%", "019?", "'", '"', "\\", "[0-9]", ".*", "$", "^0"])
async def test_a_prefix_is_no_pattern(store: Store, prefix: str) -> None:
    await store.add_conversation(conversation(id="0190aaaa"))

    assert await store.conversation_ids("ann", prefix, limit=9) == []


async def test_a_deleted_conversation_is_gone_with_all_that_was_in_it(store: Store) -> None:
    made, messages = await kept(store, "findable words", "an answer")
    other, others = await kept(store, "findable too")
    await store.delete_conversation("ann", made.id)

    assert await store.conversations("ann", limit=9) == [other]
    assert await store.conversation_ids("ann", "", limit=9) == [other.id]
    assert await store.messages("ann", made.id, limit=9) == []
    assert [hit.message for hit in await store.search("ann", "findable", limit=9)] == others
    with pytest.raises(NotFoundError):
        await store.message("ann", messages[0].id)
    with pytest.raises(NotFoundError):
        await store.delete_conversation("ann", made.id)


async def test_a_long_conversation_is_deleted_whole(store: Store) -> None:
    made, messages = await kept(store, *(f"note {n}" for n in range(1100)))
    await store.delete_conversation("ann", made.id)

    assert await store.messages("ann", made.id, limit=9999) == []
    with pytest.raises(NotFoundError):
        await store.message("ann", messages[0].id)


async def test_a_deleted_id_can_be_used_again(store: Store) -> None:
    made, messages = await kept(store, "before")
    await store.delete_conversation("ann", made.id)
    await store.add_conversation(replace(made, owner_id="bob"))
    await store.add_messages("bob", [replace(messages[0], parts=(TextPart(text="after"),))])

    assert (await store.message("bob", messages[0].id)).text == "after"


async def test_attachments_are_kept_once_for_each_owner(store: Store) -> None:
    data = bytes(range(256)) * 4096
    await store.put_blob("ann", "digest", data)
    await store.put_blob("ann", "digest", data)
    await store.put_blob("bob", "digest", b"bob's")

    assert await store.blob("ann", "digest") == data
    assert await store.blob("bob", "digest") == b"bob's"


async def test_a_call_that_was_cancelled_leaves_the_store_in_order(store: Store, clock: SetClock) -> None:
    made = conversation()
    await store.add_conversation(made)
    calls = [asyncio.ensure_future(store.update_conversation("ann", made.id, title=str(n))) for n in range(20)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    done = await asyncio.gather(*calls, return_exceptions=True)

    assert [one.title for one in done if isinstance(one, Conversation)] == [str(n) for n in range(1, 20, 2)]
    after = await store.update_conversation("ann", made.id, system="after")
    there = await store.conversation("ann", made.id)
    assert there == replace(after, title=there.title)
    assert there.title in {str(n) for n in range(20)}  # one whose caller left may have come last


async def test_closing_writes_what_waits_and_a_closed_store_says_so(store: Store) -> None:
    made = conversation()
    pending = asyncio.ensure_future(store.add_conversation(made))
    await asyncio.sleep(0)
    await store.aclose()
    await store.aclose()

    await pending
    with pytest.raises(StoreError, match="closed"):
        await store.conversation("ann", made.id)


async def test_an_attachment_goes_with_the_last_message_that_refers_to_it(store: Store) -> None:
    file = FilePart(name="a.png", media_type="image/png", sha256="digest", size=5)
    first, second = conversation(), conversation()
    for made in (first, second):
        await store.put_blob("ann", "digest", b"bytes")
        await store.add_conversation(made)
        await store.add_messages("ann", [message(made.id, seq=seq, parts=(file,)) for seq in (1, 2)])
    await store.put_blob("bob", "digest", b"bob's")

    await store.delete_conversation("ann", first.id)
    assert await store.blob("ann", "digest") == b"bytes"
    await store.delete_conversation("ann", second.id)
    with pytest.raises(NotFoundError):
        await store.blob("ann", "digest")
    assert await store.blob("bob", "digest") == b"bob's"


async def test_every_conversation_of_everybody_comes_in_pages_by_id(store: Store) -> None:
    made = sorted([(await kept(store, owner_id=owner))[0] for owner in ("ann", "bob") * 3], key=lambda one: one.id)
    first = await store.every_conversation(limit=4)
    rest = await store.every_conversation(after=first[-1].id, limit=4)

    assert [one.id for one in first + rest] == [one.id for one in made]
    assert {one.owner_id for one in first + rest} == {"ann", "bob"}
    assert await store.every_conversation(after=made[-1].id, limit=4) == []
