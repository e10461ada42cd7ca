"""What every store of limits and budgets does."""

import asyncio

from chatops.engine.limits.ports import Rate, RateStore
from fakes import SetClock

TWO_A_MINUTE = Rate(count=2, seconds=60)


async def test_a_rate_lets_its_burst_through_and_says_how_long_to_wait(meter: RateStore, clock: SetClock) -> None:
    waits = [await meter.hit("ann", TWO_A_MINUTE, now=clock()) for _ in range(4)]

    assert waits == [0, 0, 30, 30]
    assert await meter.hit("bob", TWO_A_MINUTE, now=clock()) == 0
    clock.advance(29_999)
    assert await meter.hit("ann", TWO_A_MINUTE, now=clock()) == 0.001
    clock.advance(1)
    assert await meter.hit("ann", TWO_A_MINUTE, now=clock()) == 0
    assert await meter.hit("ann", TWO_A_MINUTE, now=clock()) == 30


async def test_a_hundred_at_once_get_exactly_what_the_rate_allows(meter: RateStore, clock: SetClock) -> None:
    rate = Rate(count=7, seconds=60)
    waits = await asyncio.gather(*(meter.hit("ann", rate, now=clock()) for _ in range(100)))

    assert waits.count(0) == 7


async def test_a_rate_survives_a_clock_that_is_set_back(meter: RateStore, clock: SetClock) -> None:
    for _ in range(2):
        await meter.hit("ann", TWO_A_MINUTE, now=clock())
    clock.advance(-86_400_000)

    assert await meter.hit("ann", TWO_A_MINUTE, now=clock()) == 30
    clock.advance(30_000)
    assert await meter.hit("ann", TWO_A_MINUTE, now=clock()) == 0


async def test_any_text_is_a_key(meter: RateStore, clock: SetClock) -> None:
    for key in ("$where", "a.b", "'; DROP TABLE rates; --", "ünï", ""):
        waits = [await meter.hit(key, TWO_A_MINUTE, now=clock()) for _ in range(3)]

        assert waits == [0, 0, 30]
