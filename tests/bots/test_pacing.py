"""Whose turn it is: even slots, finals first, nobody starves, 429 obeyed. The time is told, not waited for."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chatops.bots.pacing import Bucket


def drain(bucket: Bucket, until: float, again: set[str] = frozenset()) -> list[tuple[float, str]]:  # type: ignore[assignment]
    """Grants up to a time; keys in `again` wait for the next slot at once."""
    granted: list[tuple[float, str]] = []
    now = 0.0
    while (wait := bucket.wait(now)) is not None and now + wait <= until:
        now += wait
        key = bucket.grant(now)
        assert key is not None
        granted.append((now, key))
        if key in again:
            bucket.enter(key, urgent=False)
    return granted


def test_the_first_goes_at_once_and_the_rest_at_the_pace() -> None:
    bucket = Bucket(pace=1.0)
    for key in "abc":
        bucket.enter(key, urgent=False)

    assert drain(bucket, 9) == [(0.0, "a"), (1.0, "b"), (2.0, "c")]


def test_finals_go_first_and_one_that_waits_may_become_one() -> None:
    bucket = Bucket(pace=1.0)
    for key in "abcd":
        bucket.enter(key, urgent=key == "c")
    bucket.enter("d", urgent=True)

    assert [key for _, key in drain(bucket, 9)] == ["c", "d", "a", "b"]


@given(st.integers(2, 9))
def test_everyone_gets_the_same_share(many: int) -> None:
    bucket = Bucket(pace=1.0)
    keys = {str(n) for n in range(many)}
    for key in sorted(keys):
        bucket.enter(key, urgent=False)
    granted = [key for _, key in drain(bucket, 200, again=keys)]

    assert max(granted.count(key) for key in keys) - min(granted.count(key) for key in keys) <= 1


def test_after_a_refusal_nobody_calls_until_it_is_over_and_then_slower() -> None:
    bucket = Bucket(pace=1.0)
    bucket.refused(0.0, 30.0)
    for key in "ab":
        bucket.enter(key, urgent=True)
    granted = drain(bucket, 99)

    assert granted == [(30.0, "a"), (31.5, "b")]
    for _ in range(40):
        bucket.passed(40.0)
    for key in "ab":
        bucket.enter(key, urgent=True)
    (first, _), (second, _) = drain(bucket, 99)
    assert second - first == 1.0


def test_no_tokens_left_waits_for_the_reset() -> None:
    bucket = Bucket(pace=0.5)
    bucket.passed(0.0, remaining=0, reset_after=4.0)
    bucket.enter("a", urgent=True)

    assert drain(bucket, 9) == [(4.0, "a")]


def test_a_burst_goes_at_once_after_a_rest() -> None:
    bucket = Bucket(pace=1.0, burst=3)
    for key in "abcde":
        bucket.enter(key, urgent=False)

    assert [time for time, _ in drain(bucket, 9)] == [0.0, 0.0, 0.0, 1.0, 2.0]


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from("abcd"), st.booleans()), max_size=60))
def test_never_more_calls_than_the_pace_allows(arrivals: list[tuple[float, str, bool]]) -> None:
    bucket, now, granted = Bucket(pace=1.0), 0.0, []
    for gap, key, urgent in arrivals:
        bucket.enter(key, urgent=urgent)
        now += gap
        if bucket.grant(now) is not None:
            granted.append(now)

    assert all(later - earlier >= 1.0 - 1e-9 for earlier, later in pairwise(granted))
