"""What every store does with what a person puts away or tags."""

from dataclasses import replace

import pytest

from builders import LEASE, begin, conversation, kept, turn
from chatops.engine.messages import Conversation
from chatops.engine.ports import Store
from fakes import SetClock


async def stored(store: Store, **fields: object) -> Conversation:
    made = conversation(**fields)  # type: ignore[arg-type]  # shorthand
    await store.add_conversation(made)
    return made


async def test_what_a_person_says_of_a_conversation_comes_back(store: Store, clock: SetClock) -> None:
    full = await stored(store, archived=True, tags=("日本", "two words"), expires_at=clock() + 1)
    begun = conversation(tags=("work",), expires_at=clock() + 5)
    await begin(store, clock, begun)

    assert await store.conversation("ann", full.id) == full
    there = await store.conversation("ann", begun.id)
    assert (there.tags, there.expires_at, there.archived) == (("work",), clock() + 5, False)


async def test_what_is_put_away_is_listed_on_request_only(store: Store) -> None:
    one, two, three = [await stored(store) for _ in range(3)]
    away = await store.update_conversation("ann", two.id, archived=True)

    assert away == replace(two, archived=True)
    assert await store.conversations("ann", limit=9) == [three, one]
    assert await store.conversations("ann", limit=9, archived=True) == [away]
    assert await store.conversations("ann", limit=9, archived=None) == [three, away, one]
    assert await store.update_conversation("ann", two.id, archived=False) == two
    assert await store.conversations("ann", limit=9) == [three, two, one]


async def test_what_is_put_away_is_found_and_goes_on(store: Store, clock: SetClock) -> None:
    made, (message,) = await kept(store, "findable")
    away = await store.update_conversation("ann", made.id, archived=True, tags=("work",))
    await begin(store, clock, replace(made, title="Gone on"))

    assert [hit.message for hit in await store.search("ann", "findable", limit=9)] == [message]
    assert (await store.conversation("ann", away.id)).archived
    assert (await store.conversation("ann", away.id)).tags == ("work",)


async def test_tags_are_replaced_whole_and_listed_one_by_one(store: Store) -> None:
    one = await stored(store, tags=("home", "work"))
    two = await stored(store)
    two = await store.update_conversation("ann", two.id, tags=("work",))

    assert await store.conversations("ann", limit=9, tag="work") == [two, one]
    assert await store.conversations("ann", limit=9, tag="home") == [one]
    assert await store.conversations("ann", limit=9, tag="wor") == []
    one = await store.update_conversation("ann", one.id, tags=())
    assert one.tags == ()
    assert await store.conversations("ann", limit=9, tag="work") == [two]
    assert await store.conversations("ann", limit=9, tag="home") == []


@pytest.mark.parametrize("archived", [None, True, False])
@pytest.mark.parametrize("tag", [None, "work"])
async def test_every_list_is_in_order_and_in_pages_also_after_changes(
    store: Store, clock: SetClock, tag: str | None, *, archived: bool | None
) -> None:
    made = [
        await stored(store, updated_at=1000 + n // 3, archived=n % 2 == 0, tags=("home", "work") if n % 3 else ())
        for n in range(12)
    ]
    made[1] = await store.update_conversation("ann", made[1].id, updated_at=1002, tags=("work",))
    made[3] = await store.update_conversation("ann", made[3].id, archived=True)
    made[4] = await store.update_conversation("ann", made[4].id, updated_at=1009)
    await store.delete_conversation("ann", made.pop(7).id)
    touched = replace(made[2], updated_at=1007)
    running = await store.begin_turn("ann", touched, turn(touched.id), lease_expires_at=clock() + LEASE)
    made[2] = replace(touched, leaf_id=running[-1].id)
    seen: list[Conversation] = []
    for _ in range(7):
        seen += await store.conversations("ann", limit=2, before=seen[-1] if seen else None, archived=archived, tag=tag)

    wanted = [one for one in made if archived in {None, one.archived} and (tag is None or tag in one.tags)]
    assert seen == sorted(wanted, key=lambda one: (one.updated_at, one.id), reverse=True)


async def test_a_tag_is_its_owners(store: Store) -> None:
    await stored(store, tags=("work",))
    bobs = await stored(store, owner_id="bob", tags=("work",))

    assert await store.conversations("bob", limit=9, tag="work") == [bobs]


async def test_half_a_character_in_a_tag_is_replaced(store: Store) -> None:
    made = await stored(store, tags=("a\ud83d",))

    assert (await store.conversation("ann", made.id)).tags == ("a\ufffd",)
    assert (await store.update_conversation("ann", made.id, tags=("\ud83db",))).tags == ("\ufffdb",)
    assert len(await store.conversations("ann", limit=9, tag="\ufffdb")) == 1
