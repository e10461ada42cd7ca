"""What one person has spent becomes another's, exactly once."""

import asyncio

import pytest

from builders import T0
from chatops.engine.limits.counters import keys_of
from chatops.engine.limits.ports import Meter, MeterStore, Refusal
from chatops.engine.ports import Store
from chatops.engine.stores import mongo_meter_handover as steps
from chatops.engine.stores.mongo import MongoStore
from metering import admit, entry, hold, opened

SHADOW, ANN = keys_of("shadow", T0), keys_of("ann", T0)
PAIRS = list(zip(SHADOW, ANN, strict=True))


async def spend(meter: MeterStore, key: str, turn_id: str, cost: int = 70) -> None:
    asked = hold(key)
    await admit(meter, turn_id, asked)
    await meter.settle(opened(turn_id, asked), entry(turn_id, cost=cost))


def test_every_budget_that_a_person_may_have_is_a_key() -> None:
    assert SHADOW == [
        "money/2027-01-15/user/shadow",
        "money/2027-01/user/shadow",
        "tokens/2027-01-15/user/shadow",
        "tokens/2027-01/user/shadow",
    ]


async def test_what_is_spent_is_added_and_the_allowance_goes(meter: MeterStore) -> None:
    await spend(meter, SHADOW[0], "1")
    await spend(meter, SHADOW[3], "2")
    await spend(meter, ANN[0], "3", cost=5)
    await meter.set_allowance("shadow", {"requests_per_minute": 1})
    await meter.set_allowance("ann", {"requests_per_minute": 2})
    await meter.hand_over("shadow", PAIRS)

    spent = {ANN[0]: Meter(75, 0), ANN[3]: Meter(15, 0)}
    assert await meter.meters([*SHADOW, *ANN]) == spent
    assert (await meter.allowance("shadow"), await meter.allowance("ann")) == (None, {"requests_per_minute": 2})
    await meter.hand_over("shadow", PAIRS)
    assert await meter.meters([*SHADOW, *ANN]) == spent


async def test_a_budget_counts_what_came_with_a_link(meter: MeterStore) -> None:
    await spend(meter, SHADOW[1], "1")
    await meter.hand_over("shadow", PAIRS)

    assert await admit(meter, "2", hold(ANN[1], limit=100)) == {ANN[1]: 30}
    await meter.settle(opened("2", hold(ANN[1])), entry("2", cost=30))
    assert await meter.meters([ANN[1]]) == {ANN[1]: Meter(100, 0)}


async def test_what_a_running_turn_holds_is_spent_until_it_ends_and_the_rest_comes_back(meter: MeterStore) -> None:
    await spend(meter, SHADOW[0], "1")
    await admit(meter, "2", hold(SHADOW[0]))
    for _ in range(2):
        await meter.hand_over("shadow", PAIRS)
        assert await meter.meters([*SHADOW, *ANN]) == {SHADOW[0]: Meter(-100, 100), ANN[0]: Meter(170, 0)}
    refused = await admit(meter, "3", hold(ANN[0], limit=179))

    assert isinstance(refused, Refusal)
    await meter.settle(opened("2", hold(SHADOW[0])), entry("2", cost=9))
    await meter.hand_over("shadow", PAIRS)
    assert await meter.meters([*SHADOW, *ANN]) == {ANN[0]: Meter(79, 0)}


async def test_a_turn_that_never_began_gives_back_what_went_with_the_link(meter: MeterStore) -> None:
    await admit(meter, "1", hold(SHADOW[0]))
    await meter.hand_over("shadow", PAIRS)
    await meter.release(opened("1", hold(SHADOW[0])))
    await asyncio.gather(*(meter.hand_over("shadow", PAIRS) for _ in range(5)))

    assert await meter.meters([*SHADOW, *ANN]) == {}


async def test_twenty_at_once_move_it_once(meter: MeterStore) -> None:
    await spend(meter, SHADOW[0], "1")
    await spend(meter, SHADOW[1], "2")
    await asyncio.gather(*(meter.hand_over("shadow", PAIRS) for _ in range(20)))

    assert await meter.meters([*SHADOW, *ANN]) == {ANN[0]: Meter(70, 0), ANN[1]: Meter(70, 0)}


async def test_two_shadows_of_one_account_add_up(meter: MeterStore) -> None:
    other = keys_of("other", T0)
    await spend(meter, SHADOW[0], "1")
    await spend(meter, other[0], "2", cost=3)
    await asyncio.gather(meter.hand_over("shadow", PAIRS), meter.hand_over("other", list(zip(other, ANN, strict=True))))

    assert await meter.meters([*SHADOW, *other, *ANN]) == {ANN[0]: Meter(73, 0)}


@pytest.mark.parametrize("done", [1, 2])
async def test_a_hand_over_that_a_crash_cut_off_is_ended_by_the_next(
    store: Store, meter: MeterStore, done: int
) -> None:
    if not isinstance(store, MongoStore):
        pytest.skip("there it is one transaction")
    await spend(meter, SHADOW[0], "1")
    marked = await store.write(lambda db: steps.mark(db, SHADOW[0]))
    assert marked is not None
    if done == 2:
        await store.write(lambda db: steps.add(db, ANN[0], marked))
    at_the_crash = await meter.meters([SHADOW[0], ANN[0]])
    await spend(meter, SHADOW[0], "2", cost=1)  # a turn that still ran
    await meter.hand_over("shadow", PAIRS)

    assert sum(one.spent for one in at_the_crash.values()) >= 70
    assert await meter.meters([*SHADOW, *ANN]) == {ANN[0]: Meter(71, 0)}


@pytest.mark.parametrize("done", [1, 2])
async def test_a_turn_that_ends_between_the_steps_is_counted_once(store: Store, meter: MeterStore, done: int) -> None:
    if not isinstance(store, MongoStore):
        pytest.skip("there it is one transaction")
    await admit(meter, "1", hold(SHADOW[0]))
    marked = await store.write(lambda db: steps.mark(db, SHADOW[0]))
    assert marked is not None
    if done == 2:
        await store.write(lambda db: steps.add(db, ANN[0], marked))
    await meter.settle(opened("1", hold(SHADOW[0])), entry("1", cost=7))
    await asyncio.gather(*(meter.hand_over("shadow", PAIRS) for _ in range(5)))

    assert await meter.meters([*SHADOW, *ANN]) == {ANN[0]: Meter(7, 0)}
