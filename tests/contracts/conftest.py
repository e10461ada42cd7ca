"""The stores that the contract suite runs over, and the clock that decides about their leases."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Literal

import pytest

from builders import T0
from chatops.engine.ports import Store
from chatops.engine.stores.mongo import MongoStore
from chatops.engine.stores.sqlite import SqliteStore
from fakes import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock(T0)


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
