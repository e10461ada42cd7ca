"""Processes that share limits through their database, and those that die."""

import asyncio
import importlib.util
import subprocess
from pathlib import Path

import pytest

from chatops.engine.limits.dead import GRACE_MS
from chatops.engine.limits.leases import LEASE_MS
from chatops.engine.limits.price import NANO
from scripts import go, outputs, start

SCRIPT = Path(__file__).with_name("meter_process.py")
spec = importlib.util.spec_from_file_location("meter_process", SCRIPT)
assert spec is not None
assert spec.loader is not None
meter_process = importlib.util.module_from_spec(spec)
spec.loader.exec_module(meter_process)
LATER = LEASE_MS + GRACE_MS + 1_000
"""Milliseconds after which a killed process's turns are given up, and one second for the test."""


@pytest.mark.slow
async def test_two_processes_share_one_rate_exactly(database: str) -> None:
    processes = [start(SCRIPT, database, "rates", "ann", "100", "150") for _ in range(2)]
    go(*processes)

    assert sum(map(int, await outputs(*processes))) == 100


async def told(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(await asyncio.to_thread(process.stdout.readline))


async def books(database: str, ahead: int = 0) -> tuple[int, int, int]:
    """Dollars spent and held, after the dead were settled, and those that the ledger adds up to; it is whole."""
    async with meter_process.opened(database, ahead) as engine:
        (found,) = await engine.limits.remaining(meter_process.ANN)
        lines = await engine.limits.usage(meter_process.ANN, by="user")
        assert (await engine.limits.verify(meter_process.ANN)).fault is None
        return found.spent // NANO, found.held // NANO, sum(line.cost for line in lines) // NANO


@pytest.mark.slow
async def test_a_hundred_turns_of_two_processes_with_a_budget_for_three(database: str) -> None:
    processes = [start(SCRIPT, database, "turns", "0") for _ in range(2)]
    go(*processes)
    admitted = [await told(process) for process in processes]

    assert sum(admitted) == 3
    assert await books(database) == (0, meter_process.BUDGET, 0)
    go(*processes)
    await outputs(*processes)
    spent, held, summed = await books(database)
    assert (spent, held) == (summed, 0)
    assert 0 < spent <= meter_process.BUDGET


@pytest.mark.slow
async def test_processes_that_are_killed_in_between_never_pass_the_budget(database: str) -> None:
    admitted = []
    for generation in range(3):
        ahead = generation * LATER
        process = start(SCRIPT, database, "turns", str(ahead))
        go(process)
        admitted.append(await told(process))
        process.kill()
        process.communicate()
        spent, held, summed = await books(database, ahead)

        assert spent == summed
        assert spent + held <= meter_process.BUDGET
    spent, held, summed = await books(database, 3 * LATER)

    assert admitted == [3, 3, 2]  # each death costs what its text can have: there is room for others
    assert (spent, held) == (summed, 0)
    assert spent <= meter_process.BUDGET
