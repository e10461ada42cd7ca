"""What a turn leaves behind is freed as it ends: the garbage collector, which stops everybody, has nothing to find."""

import asyncio
import gc
from collections.abc import Generator
from pathlib import Path

import pytest

from chatops.api.broadcast import Broadcast
from chatops.engine.journal import Journal
from chatops.engine.turns import TurnRun
from fakes import answer
from server import open_server, text_of


@pytest.fixture
def _no_collector() -> Generator[None, None, None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def kept() -> list[object]:
    return [one for one in gc.get_objects() if isinstance(one, TurnRun | Journal | Broadcast)]


def new(before: list[object]) -> list[object]:
    """Those of this test: other tests of the process may have left some that are still referred to."""
    return [one for one in kept() if not any(one is old for old in before)]


@pytest.mark.usefixtures("_no_collector")
async def test_a_turn_that_ended_is_gone_without_the_collector(tmp_path: Path) -> None:
    before = kept()
    async with open_server(tmp_path / "db", answer("Hel", "lo")) as server:
        for _ in range(3):
            assert text_of(await server.ask("hi")) == "Hello"
        while server.app_streams.readers:
            await asyncio.sleep(0)
        for _ in range(200):  # tasks tell that they are done
            if not new(before):
                break
            await asyncio.sleep(0.005)

        assert new(before) == []
