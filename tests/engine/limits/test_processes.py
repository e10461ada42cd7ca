"""Processes that share limits through their database, and those that die."""

from pathlib import Path

import pytest

from scripts import go, outputs, start

SCRIPT = Path(__file__).with_name("meter_process.py")


@pytest.mark.slow
async def test_two_processes_share_one_rate_exactly(database: str) -> None:
    processes = [start(SCRIPT, database, "rates", "ann", "100", "150") for _ in range(2)]
    go(*processes)

    assert sum(map(int, await outputs(*processes))) == 100
