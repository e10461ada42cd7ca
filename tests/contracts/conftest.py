"""The stores that the contract suite runs over, and the clock that decides about their leases."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from builders import T0
from chatops.engine.ports import Store
from chatops.engine.stores.sqlite import SqliteStore
from fakes import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock(T0)


@pytest.fixture(params=["sqlite", "sqlite-memory"])
async def store(request: pytest.FixtureRequest, clock: SetClock, tmp_path: Path) -> AsyncGenerator[Store]:
    path = ":memory:" if request.param == "sqlite-memory" else tmp_path / "chatops.db"
    opened: Store = await SqliteStore.open(path, clock=clock)
    yield opened
    await opened.aclose()
