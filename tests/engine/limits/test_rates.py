"""The rate itself, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.errors import RateLimitError
from chatops.engine.limits.ports import Rate
from chatops.engine.limits.rates import LocalLimiter, Pace, step
from fakes import SetClock

SECOND = 1_000_000
rates = st.builds(Rate, count=st.integers(1, 100), seconds=st.floats(0.01, 100_000))


def test_a_burst_passes_at_once_and_then_one_each_interval() -> None:
    clock = SetClock()
    limiter, rate = LocalLimiter(clock), Rate(count=3, seconds=60)
    for _ in range(3):
        limiter.hit("ann", rate)
    with pytest.raises(RateLimitError, match="more than 3 requests in 60 s: wait 20 s") as refused:
        limiter.hit("ann", rate)

    assert refused.value.retry_after == 20
    limiter.hit("bob", rate)
    clock.advance(19_999)
    with pytest.raises(RateLimitError):
        limiter.hit("ann", rate)
    clock.advance(1)
    limiter.hit("ann", rate)


def test_a_clock_that_was_set_back_blocks_nobody_for_longer_than_one_interval() -> None:
    clock = SetClock()
    limiter, rate = LocalLimiter(clock), Rate(count=2, seconds=60)
    limiter.hit("ann", rate)
    clock.advance(-86_400_000)
    with pytest.raises(RateLimitError) as refused:
        limiter.hit("ann", rate)

    assert refused.value.retry_after == 30
    clock.advance(30_000)
    limiter.hit("ann", rate)


def test_memory_is_bounded_and_the_longest_unused_goes_first() -> None:
    limiter, rate = LocalLimiter(SetClock(), max_keys=2), Rate(count=1, seconds=60)
    for key in ("a", "b", "c"):
        limiter.hit(key, rate)
    limiter.hit("a", rate)

    with pytest.raises(RateLimitError):
        limiter.hit("c", rate)


@given(rates, st.lists(st.integers(0, 50 * SECOND), max_size=200))
def test_no_stretch_of_time_sees_more_than_the_burst_and_its_refill(rate: Rate, gaps: list[int]) -> None:
    pace = Pace.of(rate)
    now, tat, passed = 10**15, None, []
    for gap in gaps:
        now += gap
        tat, wait = step(tat, now, pace)
        if not wait:
            passed.append(now)

    for first, begun in enumerate(passed):
        for last, ended in enumerate(passed[first:], first):
            assert last - first + 1 <= rate.count + (ended - begun) / pace.interval


@given(rates, st.integers(0, 300))
def test_whoever_waits_as_told_passes(rate: Rate, tries: int) -> None:
    pace = Pace.of(rate)
    now, tat = 10**15, None
    for _ in range(tries):
        tat, wait = step(tat, now, pace)
        if wait:
            assert step(tat, now + wait - 1, pace).wait == 1
            assert step(tat, now + wait, pace).wait == 0
            now += wait
