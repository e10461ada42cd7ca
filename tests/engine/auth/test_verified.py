"""Held credentials: for a minute, not past their own end, not past their number."""

from __future__ import annotations

from auth_rig import T0
from chatops.engine.auth.verified import KEEP_MS, Verified
from chatops.engine.messages import Principal
from fakes import SetClock

ANN, BOB = Principal(user_id="ann"), Principal(user_id="bob")


def test_a_principal_is_held_for_a_minute() -> None:
    clock = SetClock(T0)
    verified = Verified(clock)
    verified.put(("a", "api"), ANN, None)
    clock.advance(KEEP_MS - 1)

    assert verified.get(("a", "api")) is ANN
    assert verified.get(("a", "web")) is None
    clock.advance(1)
    assert verified.get(("a", "api")) is None


def test_it_is_not_held_past_its_own_end() -> None:
    clock = SetClock(T0)
    verified = Verified(clock)
    verified.put(("a", "api"), ANN, T0 + 10)
    clock.advance(10)

    assert verified.get(("a", "api")) is None


def test_a_clock_that_is_set_back_prolongs_nothing() -> None:
    clock = SetClock(T0)
    verified = Verified(clock)
    verified.put(("a", "api"), ANN, None)
    clock.advance(-3_600_000)

    assert verified.get(("a", "api")) is None


def test_the_oldest_go_when_there_are_too_many() -> None:
    verified = Verified(SetClock(T0), size=3)
    for name in "abcd":
        verified.put((name, "api"), ANN, None)

    assert [name for name in "abcd" if verified.get((name, "api"))] == ["b", "c", "d"]


def test_what_is_put_again_takes_no_other_place() -> None:
    verified = Verified(SetClock(T0), size=2)
    for name in "abb":
        verified.put((name, "api"), ANN, None)

    assert verified.get(("a", "api")) is ANN


def test_one_user_is_forgotten() -> None:
    verified = Verified(SetClock(T0))
    verified.put(("a", "api"), ANN, None)
    verified.put(("a", "web"), ANN, None)
    verified.put(("b", "api"), BOB, None)
    verified.forget("ann")

    assert verified.get(("a", "api")) is verified.get(("a", "web")) is None
    assert verified.get(("b", "api")) is BOB
