"""What every store of limits and budgets does."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from builders import LEASE, T0
from chatops.engine.errors import ConflictError
from chatops.engine.limits.ledger import Head, Row
from chatops.engine.limits.ports import Meter, MeterStore, Rate, Refusal
from chatops.engine.limits.reports import Line, Verdict, verify
from fakes import SetClock
from metering import LATER, admit, entry, hold, opened, slot

TWO_A_MINUTE = Rate(count=2, seconds=60)


async def test_a_rate_lets_its_burst_through_and_says_how_long_to_wait(meter: MeterStore, clock: SetClock) -> None:
    waits = [await meter.hit("ann", TWO_A_MINUTE, now=clock()) for _ in range(4)]

    assert waits == [0, 0, 30, 30]
    assert await meter.hit("bob", TWO_A_MINUTE, now=clock()) == 0
    clock.advance(29_999)
    assert await meter.hit("ann", TWO_A_MINUTE, now=clock()) == 0.001
    clock.advance(1)
    assert await meter.hit("ann", TWO_A_MINUTE, now=clock()) == 0
    assert await meter.hit("ann", TWO_A_MINUTE, now=clock()) == 30


async def test_what_is_given_back_was_never_counted(meter: MeterStore, clock: SetClock) -> None:
    rate = Rate(count=2, seconds=60)
    for _ in range(2):
        assert await meter.hit("ann", rate, now=clock()) == 0
    await meter.give_back("ann", rate)
    await meter.give_back("nobody", rate)

    assert await meter.hit("ann", rate, now=clock()) == 0
    assert await meter.hit("ann", rate, now=clock()) == 30


async def test_a_hundred_at_once_get_exactly_what_the_rate_allows(meter: MeterStore, clock: SetClock) -> None:
    rate = Rate(count=7, seconds=60)
    waits = await asyncio.gather(*(meter.hit("ann", rate, now=clock()) for _ in range(100)))

    assert waits.count(0) == 7


async def test_a_rate_survives_a_clock_that_is_set_back(meter: MeterStore, clock: SetClock) -> None:
    for _ in range(2):
        await meter.hit("ann", TWO_A_MINUTE, now=clock())
    clock.advance(-86_400_000)

    assert await meter.hit("ann", TWO_A_MINUTE, now=clock()) == 30
    clock.advance(30_000)
    assert await meter.hit("ann", TWO_A_MINUTE, now=clock()) == 0


async def test_any_text_is_a_key(meter: MeterStore, clock: SetClock) -> None:
    for key in ("$where", "a.b", "'; DROP TABLE rates; --", "ünï", ""):
        waits = [await meter.hit(key, TWO_A_MINUTE, now=clock()) for _ in range(3)]

        assert waits == [0, 0, 30]


async def test_a_turn_gets_what_it_asks_for_or_what_is_left_or_nothing(meter: MeterStore) -> None:
    assert await admit(meter, "1", hold()) == {"money/x": 100}
    assert await admit(meter, "2", hold()) == {"money/x": 100}
    assert await admit(meter, "3", hold()) == {"money/x": 50}
    assert await admit(meter, "4", hold()) == Refusal(key="money/x", meter=Meter(0, 250))
    assert await meter.meters(["money/x", "money/y"]) == {"money/x": Meter(0, 250)}


async def test_a_settled_turn_has_spent_what_its_row_says_and_gives_back_the_rest(meter: MeterStore) -> None:
    money, tokens = hold(), hold("tokens/x")
    await admit(meter, "t", money, tokens, slot())

    assert await meter.settle(opened("t", money, tokens, slot()), entry())
    assert await meter.meters([money.key, tokens.key]) == {"money/x": Meter(70, 0), "tokens/x": Meter(15, 0)}
    assert await meter.dead(T0 + LATER, limit=9) == []
    assert await meter.held(opened("t", money, tokens)) == {}


async def test_settling_again_changes_nothing_whatever_the_second_row_says(meter: MeterStore) -> None:
    await admit(meter, "t", hold())
    turn = opened("t", hold())

    assert await meter.settle(turn, entry())
    assert not await meter.settle(turn, entry(cost=9_999))
    assert await meter.meters(["money/x"]) == {"money/x": Meter(70, 0)}
    assert [row.entry for row in await meter.rows(after=0, limit=9)] == [entry()]


async def test_a_released_turn_leaves_nothing(meter: MeterStore) -> None:
    await admit(meter, "t", hold(), slot(1))
    await meter.release(opened("t", hold(), slot(1)))

    assert await meter.meters(["money/x"]) in ({}, {"money/x": Meter(0, 0)})
    assert await meter.rows(after=0, limit=9) == []
    assert await admit(meter, "u", hold(), slot(1)) == {"money/x": 100, "turns/ann": 1}


async def test_a_turn_is_let_in_once_and_again_when_its_process_died_before_it_began(
    meter: MeterStore, clock: SetClock
) -> None:
    rate = ("turns/ann", TWO_A_MINUTE)
    await admit(meter, "t", hold(), slot(1))
    with pytest.raises(ConflictError, match="ask again"):
        await admit(meter, "t", hold(), slot(1), rate=rate)
    assert await meter.meters(["money/x"]) == {"money/x": Meter(0, 100)}
    assert [await meter.hit("turns/ann", TWO_A_MINUTE, now=clock()) for _ in range(3)] == [0, 0, 30]

    over = T0 + LEASE
    assert await admit(meter, "t", hold("tokens/x"), slot(1), now=over) == {"tokens/x": 100, "turns/ann": 1}
    assert await meter.meters(["money/x", "tokens/x"]) in (
        {"tokens/x": Meter(0, 100)},
        {"tokens/x": Meter(0, 100), "money/x": Meter(0, 0)},
    )
    assert await admit(meter, "u", slot(1), now=over) == Refusal(key="turns/ann", meter=Meter(0, 1))


async def test_all_holds_or_none(meter: MeterStore) -> None:
    full = hold("tokens/x", limit=5)
    refusal = await admit(meter, "t", slot(1), hold(), full)

    assert refusal == Refusal(key="tokens/x", meter=Meter(0, 0))
    assert await meter.meters(["money/x"]) == {}
    assert await meter.dead(T0 + LATER, limit=9) == []
    assert await admit(meter, "u", slot(1)) == {"turns/ann": 1}


async def test_the_rate_counts_also_what_a_hold_refuses_and_comes_first(meter: MeterStore) -> None:
    rate = ("turns/ann", TWO_A_MINUTE)
    assert await admit(meter, "1", rate=rate) == {}
    assert await admit(meter, "2", hold(limit=1), rate=rate) == Refusal(key="money/x", meter=Meter(0, 0))
    assert await admit(meter, "3", hold(), rate=rate) == Refusal(key="turns/ann", wait=30)
    assert await meter.meters(["money/x"]) == {}


async def test_a_slot_is_free_when_its_lease_ran_out_and_kept_while_it_is_renewed(meter: MeterStore) -> None:
    for turn_id in ("1", "2"):
        await admit(meter, turn_id, slot())
    assert await admit(meter, "3", slot()) == Refusal(key="turns/ann", meter=Meter(0, 2))

    assert await meter.renew([opened("2", slot(), until=T0 + 2 * LEASE)]) == set()
    assert await admit(meter, "3", slot(), now=T0 + LEASE) == {"turns/ann": 1}
    assert await admit(meter, "4", slot(), now=T0 + LEASE) == Refusal(key="turns/ann", meter=Meter(0, 2))
    assert await meter.renew([opened("9", slot()), opened("3", slot(), until=T0 + 2 * LEASE)]) == {"9"}
    assert await meter.renew([]) == set()


async def test_many_leases_are_renewed_in_one_call(meter: MeterStore) -> None:
    for turn_id, holds in (("1", [hold(), slot()]), ("2", [hold()]), ("3", [slot()])):
        await admit(meter, turn_id, *holds)
    await meter.release(opened("2", hold()))
    turns = [opened("1", hold(), slot(), until=T0 + 2 * LEASE), opened("2", hold()), opened("3", slot())]

    assert await meter.renew([*turns, opened("4", hold(), slot())]) == {"2", "4"}
    assert await meter.renew(turns) == {"2"}


async def test_a_budget_is_held_for_a_dead_turn_until_somebody_settles_it(meter: MeterStore) -> None:
    await admit(meter, "1", hold(limit=100))
    assert isinstance(await admit(meter, "2", hold(limit=100), now=T0 + LATER), Refusal)

    assert await meter.dead(T0 + LEASE, limit=9) == []
    (found,) = await meter.dead(T0 + LEASE + 1, limit=9)
    assert (found.id, found.until, dict(found.record)) == ("1", T0 + LEASE, {"user_id": "ann"})
    assert [tuple(one) for one in found.holds] == [("money/x", "money")]
    assert await meter.held(found) == {"money/x": 100}
    await meter.settle(found, entry("1", cost=40))
    assert await admit(meter, "2", hold(limit=100), now=T0 + LATER) == {"money/x": 60}


async def test_fifty_at_once_are_never_let_in_beyond_the_budget(meter: MeterStore) -> None:
    holds = (hold(least=100, limit=300), hold("tokens/y", limit=10_000), slot(50))
    found = await asyncio.gather(*(admit(meter, str(n), *holds) for n in range(50)))

    assert [one for one in found if not isinstance(one, Refusal)] == [
        {"money/x": 100, "tokens/y": 100, "turns/ann": 1}
    ] * 3
    assert await meter.meters(["money/x", "tokens/y"]) == {"money/x": Meter(0, 300), "tokens/y": Meter(0, 300)}
    assert len(await meter.dead(T0 + LATER, limit=99)) == 3


async def test_rows_are_chained_also_when_fifty_turns_end_at_once(meter: MeterStore) -> None:
    await asyncio.gather(*(meter.settle(opened(str(n)), entry(str(n))) for n in range(50)))
    rows = await meter.rows(after=0, limit=99)

    assert [row.n for row in rows] == list(range(1, 51))
    assert sorted(int(row.entry.turn_id) for row in rows) == list(range(50))
    assert await meter.head() == Head(50, rows[-1].hash)
    assert await verify(as_they_come(rows), await meter.head()) == Verdict(rows=50, fault=None)
    assert await meter.rows(after=48, limit=1) == rows[48:49]


async def as_they_come(rows: list[Row]) -> AsyncGenerator[Row, None]:
    for row in rows:
        yield row


async def test_usage_is_summed_by_what_is_asked(meter: MeterStore) -> None:
    day = 86_400_000
    rows = [
        entry("1"),
        entry("2", at=T0 + day, model="n", surface="slack", cost=None, estimated=True, cached_tokens=3),
        entry("3", user_id="bob", surface="slack"),
        entry("4", user_id="bob", at=T0 - day),
    ]
    for row in rows:
        await meter.settle(opened(row.turn_id), row)

    def keys(lines: list[Line]) -> list[tuple[str, int]]:
        return [(line.key, line.turns) for line in lines]

    assert keys(await meter.usage(None, since=0, by="user")) == [("ann", 2), ("bob", 2)]
    assert keys(await meter.usage(None, since=0, by="model")) == [("fake:m", 3), ("fake:n", 1)]
    assert keys(await meter.usage(None, since=T0, by="surface")) == [("slack", 2), ("cli", 1)]
    days = keys(await meter.usage(None, since=0, by="day"))
    assert days == [("2027-01-16", 1), ("2027-01-15", 2), ("2027-01-14", 1)]
    (line,) = await meter.usage(["ann"], since=T0 + 1, by="model")
    assert line == Line(
        key="fake:n", turns=1, input_tokens=10, output_tokens=5, cached_tokens=3, cost=0, unpriced=1, estimated=1
    )
    assert await meter.usage(["nobody"], since=0, by="day") == []


async def test_an_allowance_is_kept_replaced_and_taken_back(meter: MeterStore) -> None:
    assert await meter.allowance("ann") is None
    await meter.set_allowance("ann", {"requests_per_minute": 5})
    await meter.set_allowance("ann", {"budget": {"unit": "money", "amount": 5 * 10**12, "period": "day"}})

    assert await meter.allowance("ann") == {"budget": {"unit": "money", "amount": 5 * 10**12, "period": "day"}}
    await meter.set_allowance("ann", None)
    assert await meter.allowance("ann") is None
