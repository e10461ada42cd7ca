"""Ledger, allowances and meters go into another store as they are, from any kind into any kind."""

from collections.abc import AsyncGenerator

import pytest

from builders import T0
from chatops.bootstrap import open_meter
from chatops.engine.errors import ConflictError
from chatops.engine.limits.copying import copy_limits
from chatops.engine.limits.ports import Meter, MeterStore
from chatops.engine.limits.reports import read_over
from chatops.engine.stores.sqlite import SqliteStore
from fakes import SetClock
from metering import LATER, admit, entry, hold, opened


@pytest.fixture
async def other(clock: SetClock) -> AsyncGenerator[MeterStore]:
    store = await SqliteStore.open(":memory:", clock=clock)
    yield open_meter(store)
    await store.aclose()


async def used(meter: MeterStore, turn_id: str) -> None:
    await admit(meter, turn_id, hold())
    await meter.settle(opened(turn_id, hold()), entry(turn_id))


async def same(one: MeterStore, two: MeterStore) -> None:
    assert await one.rows(after=0, limit=99) == await two.rows(after=0, limit=99)
    assert await one.head() == await two.head()
    assert await one.spent(after="", limit=9) == await two.spent(after="", limit=9)
    assert await one.allowances(after="", limit=9) == await two.allowances(after="", limit=9)
    assert (await read_over(two)).fault is None


@pytest.mark.parametrize("into", [True, False])
async def test_a_copy_is_the_same_and_goes_on_where_it_ended(meter: MeterStore, other: MeterStore, into: bool) -> None:
    source, target = (other, meter) if into else (meter, other)
    await used(source, "1")
    await source.set_allowance("ann", {"requests_per_minute": 2})
    assert await copy_limits(source, target) == 1
    await same(source, target)
    assert await target.spent(after="", limit=9) == [("money/x", 70, T0 + LATER)]

    await used(source, "2")
    assert await copy_limits(source, target) == 1
    assert await copy_limits(source, target) == 0
    await same(source, target)
    await used(target, "3")
    assert (await read_over(target)).fault is None
    assert await target.meters(["money/x"]) == {"money/x": Meter(210, 0)}


async def test_another_ledger_is_refused_before_anything_is_written(meter: MeterStore, other: MeterStore) -> None:
    await used(other, "1")
    await used(meter, "2")
    await other.set_allowance("ann", {"requests_per_minute": 2})

    with pytest.raises(ConflictError, match="is not the beginning"):
        await copy_limits(other, meter)
    assert await meter.allowance("ann") is None
    assert len(await meter.rows(after=0, limit=9)) == 1
    with pytest.raises(ConflictError, match="another row 1"):
        await meter.put_rows(await other.rows(after=0, limit=9))
