"""The stores that the contract suite runs over, and the clock that decides about their leases."""

from collections.abc import AsyncGenerator, Generator
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest
from pymongo import MongoClient

from builders import T0
from chatops.engine.ports import Store
from chatops.engine.stores.mongo import MongoStore
from chatops.engine.stores.sqlite import SqliteStore
from fakes import SetClock
from peers.mongod import Mongod

_numbers = count(1)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(T0)


@pytest.fixture(scope="session")
def mongod() -> Generator[Mongod]:
    """A replica set of one, for all tests of this worker."""
    server = Mongod()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def mongo_uri(mongod: Mongod) -> Generator[str]:
    """A database of its own."""
    name = f"chatops_test_{next(_numbers)}"
    yield mongod.uri(name)
    with MongoClient[dict[str, Any]](mongod.uri()) as client:
        client.drop_database(name)


async def _open(kind: str, request: pytest.FixtureRequest, clock: SetClock, tmp_path: Path) -> Store:
    driver: Literal["motor", "pymongo"]
    match kind:
        case "sqlite":
            return await SqliteStore.open(tmp_path / "chatops.db", clock=clock)
        case "sqlite-memory":
            return await SqliteStore.open(":memory:", clock=clock)
        case "mongo-motor":
            driver = "motor"
        case _:
            driver = "pymongo"
    return await MongoStore.open(request.getfixturevalue("mongo_uri"), driver=driver, clock=clock)


@pytest.fixture(params=["sqlite", "sqlite-memory", "mongo-motor", "mongo-pymongo"])
async def store(request: pytest.FixtureRequest, clock: SetClock, tmp_path: Path) -> AsyncGenerator[Store]:
    opened = await _open(request.param, request, clock, tmp_path)
    yield opened
    await opened.aclose()
