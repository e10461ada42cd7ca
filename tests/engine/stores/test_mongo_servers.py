"""Servers of other kinds: one that asks for a password, one that dies and comes back."""

import asyncio
from collections.abc import Generator
from traceback import format_exception
from urllib.parse import quote

import pytest

from builders import conversation, kept
from chatops.engine.errors import StoreError
from chatops.engine.stores.mongo import MongoStore
from chatops.engine.stores.mongo_driver import Driver
from peers.mongod import ROOT, Mongod

DRIVERS: tuple[Driver, ...] = ("motor", "pymongo")


@pytest.fixture(scope="module")
def locked() -> Generator[Mongod]:
    server = Mongod(replica_set=False, password=True)
    try:
        server.start()
        yield server
    finally:
        server.close()


def with_password(server: Mongod, name: str, password: str) -> str:
    return f"mongodb://{quote(name)}:{quote(password)}@{server.address}/team?authSource=admin"


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_name_and_password_open_the_database(locked: Mongod, driver: Driver) -> None:
    store = await MongoStore.open(with_password(locked, *ROOT), driver=driver)
    made, messages = await kept(store, "secret")

    assert await store.messages("ann", made.id, limit=9) == messages
    await store.aclose()


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_wrong_password_is_refused_in_words_and_not_repeated(locked: Mongod, driver: Driver) -> None:
    wrong = "wr0ng-pass"
    with pytest.raises(StoreError, match=r"team on 127.*the name or password was refused") as refused:
        await MongoStore.open(with_password(locked, "root", wrong), driver=driver)

    assert wrong not in f"{refused.value!r} {''.join(format_exception(refused.value))}"


@pytest.mark.parametrize("driver", DRIVERS)
async def test_no_password_where_one_is_asked_for_is_refused_in_words(locked: Mongod, driver: Driver) -> None:
    with pytest.raises(StoreError, match="give it the role readWrite"):
        await MongoStore.open(locked.uri("team"), driver=driver)


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_server_that_dies_and_comes_back_has_all_that_was_acknowledged(driver: Driver) -> None:
    server = Mongod()
    server.start()
    try:
        store = await MongoStore.open(server.uri("team"), driver=driver)
        acknowledged: list[str] = []

        async def write() -> None:
            for _ in range(30):
                made = conversation()
                try:
                    await store.add_conversation(made)
                except StoreError:
                    continue
                acknowledged.append(made.id)

        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(write())
            while len(acknowledged) < 20:
                await asyncio.sleep(0.001)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)

        there = set(await store.conversation_ids("ann", "", limit=999))
        assert len(acknowledged) >= 20
        assert set(acknowledged) - there == set()
        await store.aclose()
    finally:
        server.close()
