"""What the bots remember, over every store."""

import asyncio

import pytest

from chatops.bots.ports import Records
from chatops.engine.ports import Store
from chatops.engine.stores.mongo import MongoStore
from chatops.engine.stores.mongo_bots import MongoBots
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.stores.sqlite_bots import SqliteBots
from fakes import SetClock


@pytest.fixture
def records(store: Store, clock: SetClock) -> Records:
    if isinstance(store, SqliteStore):
        return SqliteBots(store, clock)
    assert isinstance(store, MongoStore)
    return MongoBots(store, clock)


async def test_what_was_put_is_there_and_replaced_as_a_whole(records: Records) -> None:
    await records.put("k", "a", {"text": "é\x00\ud800", "n": [1, None]})
    assert await records.get("k", "a") == {"text": "é\x00\ud800", "n": [1, None]}
    await records.put("k", "a", {"other": True})

    assert await records.get("k", "a") == {"other": True}
    assert await records.get("other", "a") is None


async def test_of_many_who_add_at_once_one_does(records: Records) -> None:
    added = await asyncio.gather(*(records.add("k", "a", {"n": n}) for n in range(8)))

    assert sum(added) == 1
    assert await records.get("k", "a") == {"n": added.index(True)}


async def test_of_many_who_take_at_once_one_gets_it(records: Records) -> None:
    await records.put("k", "a", {"n": 1})
    taken = await asyncio.gather(*(records.take("k", "a") for _ in range(8)))

    assert [value for value in taken if value] == [{"n": 1}]
    assert await records.get("k", "a") is None


async def test_what_expired_is_not_there_and_its_place_is_free(records: Records, clock: SetClock) -> None:
    await records.put("k", "a", {"n": 1}, expires_at=clock() + 10)
    await records.put("k", "b", {"n": 2})
    assert not await records.add("k", "a", {"n": 3})
    clock.advance(10)

    assert await records.get("k", "a") is None
    assert await records.take("k", "a") is None
    assert await records.find("k", limit=9) == [("b", {"n": 2})]
    assert await records.add("k", "a", {"n": 4}, expires_at=clock() + 1)
    clock.advance(1)
    assert await records.sweep() == 1
    assert await records.find("k", limit=9) == [("b", {"n": 2})]


async def test_a_lease_that_ran_out_is_claimed_by_one(records: Records, clock: SetClock) -> None:
    await records.put("k", "a", {"n": 1}, lease_until=clock() + 10)
    await records.put("k", "b", {"n": 2})
    assert await records.due("k", limit=9) == []
    assert await records.claim("k", "a", until=clock() + 99) is None
    clock.advance(10)
    assert await records.due("k", limit=9) == ["a"]

    claimed = await asyncio.gather(*(records.claim("k", "a", until=clock() + 10) for _ in range(5)))
    assert [value for value in claimed if value] == [{"n": 1}]
    assert await records.due("k", limit=9) == []
    assert await records.claim("k", "b", until=clock() + 10) is None


async def test_a_renewed_lease_lives_on_and_none_is_made(records: Records, clock: SetClock) -> None:
    await records.put("k", "a", {"n": 1}, lease_until=clock() + 10)
    await records.put("k", "b", {"n": 2})
    await records.renew("k", "a", until=clock() + 20)
    await records.renew("k", "b", until=clock() + 20)
    clock.advance(15)
    assert await records.due("k", limit=9) == []
    clock.advance(10)

    assert await records.due("k", limit=9) == ["a"]


async def test_what_is_due_comes_oldest_first_and_no_more_than_asked(records: Records, clock: SetClock) -> None:
    for n, key in enumerate("cab"):
        await records.put("k", key, {}, lease_until=clock() + n)
    await records.put("other", "x", {}, lease_until=clock())
    clock.advance(5)

    assert await records.due("k", limit=9) == ["c", "a", "b"]
    assert await records.due("k", limit=2) == ["c", "a"]


async def test_keys_are_found_by_their_beginning(records: Records) -> None:
    for key in ("u1/a", "u1/b", "u10/a", "u2/a"):
        await records.put("own", key, {"key": key})
    await records.put("own2", "u1/c", {})

    assert [key for key, _ in await records.find("own", "u1/", limit=9)] == ["u1/a", "u1/b"]
    assert [key for key, _ in await records.find("own", limit=3)] == ["u1/a", "u1/b", "u10/a"]
