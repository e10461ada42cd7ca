"""The stores that the contract suite runs over, and the clock that decides about their leases."""

from collections.abc import AsyncGenerator, Generator
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest
from pymongo import MongoClient

from builders import T0
from chatops.bootstrap import open_meter
from chatops.engine.limits.ports import MeterStore
from chatops.engine.ports import Store
from chatops.engine.replicas.link import Link
from chatops.engine.replicas.meter import ReplicatedMeter
from chatops.engine.stores.mongo import MongoStore
from chatops.engine.stores.mongo_schema import COLLECTIONS
from chatops.engine.stores.sqlite import SqliteStore
from fakes import SetClock
from peers.mongod import Mongod

_numbers = count(1)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(T0)


WITH_REDIS = "sqlite-memory-redis"
"""Rates and slots in Redis, all else in the store."""
STORES = ["sqlite", "sqlite-memory", "mongo-motor", "mongo-pymongo"]
SHORT_RUN = {
    "test_account_store_contract.py",
    "test_meter_contract.py",
    "test_meter_handover_contract.py",
    "test_store_leases_contract.py",
    "test_store_turns_contract.py",
}
"""What is run on a standalone server too: all that would want transactions."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "store" in metafunc.fixturenames:
        name = metafunc.definition.path.name
        standalone = ["mongo-standalone"] if name in SHORT_RUN else []
        redis = [WITH_REDIS] if name == "test_meter_contract.py" else []
        metafunc.parametrize("store", [*STORES, *standalone, *redis], indirect=True)


@pytest.fixture(scope="session")
def standalone() -> Generator[Mongod]:
    """A server without a replica set, for all tests of this worker."""
    server = Mongod(replica_set=False)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def admin(mongod: Mongod) -> Generator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongod.uri()) as client:
        yield client


@pytest.fixture
def emptied(mongod: Mongod, admin: MongoClient[dict[str, Any]]) -> Generator[str]:
    """The address of a database that is emptied after each test: making one anew, with its indexes, takes longer."""
    yield mongod.uri("contract")
    for name in COLLECTIONS:
        admin["contract"][name].delete_many({})


async def _open(kind: str, request: pytest.FixtureRequest, clock: SetClock, tmp_path: Path) -> Store:
    driver: Literal["motor", "pymongo"]
    match kind:
        case "sqlite":
            return await SqliteStore.open(tmp_path / "chatops.db", clock=clock)
        case "sqlite-memory" | "sqlite-memory-redis":
            return await SqliteStore.open(":memory:", clock=clock)
        case "mongo-standalone":
            standalone: Mongod = request.getfixturevalue("standalone")
            return await MongoStore.open(standalone.uri(f"chatops_test_{next(_numbers)}"), clock=clock)
        case "mongo-motor":
            driver = "motor"
        case _:
            driver = "pymongo"
    return await MongoStore.open(request.getfixturevalue("emptied"), driver=driver, clock=clock)


@pytest.fixture
async def meter(request: pytest.FixtureRequest, store: Store) -> AsyncGenerator[MeterStore]:
    """Limits and budgets in the store's database; also with Redis."""
    if request.node.callspec.params["store"] != WITH_REDIS:
        yield open_meter(store)
        return
    link = Link(request.getfixturevalue("redis_url"))
    yield ReplicatedMeter(link, open_meter(store))
    await link.aclose()


@pytest.fixture
async def store(request: pytest.FixtureRequest, clock: SetClock, tmp_path: Path) -> AsyncGenerator[Store]:
    opened = await _open(request.param, request, clock, tmp_path)
    yield opened
    await opened.aclose()
