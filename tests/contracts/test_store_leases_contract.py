"""What every store does with answers whose lease ran out: they are interrupted, until their run turns out to live."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import LEASE, append, begin, conversation, finished, turn
from chatops.engine.errors import ConflictError
from chatops.engine.messages import Message, Part, ReasoningPart, TextPart
from chatops.engine.ports import Store
from chatops.engine.window import count_tokens
from fakes import SetClock


async def abandoned(store: Store, clock: SetClock, *texts: str) -> Message:
    """A running message with these batches, whose lease ran out and which another turn's start has settled."""
    running = await begin(store, clock)
    for n, text in enumerate(texts, 1):
        await append(store, clock, running, n, text)
    clock.advance(LEASE)
    await begin(store, clock)
    return running


async def test_a_lease_that_ran_out_makes_an_answer_interrupted(store: Store, clock: SetClock) -> None:
    running = await begin(store, clock)
    await append(store, clock, running, 1, "The answer is")
    clock.advance(LEASE - 1)
    alive = await store.message("ann", running.id)
    clock.advance(1)
    dead = await store.message("ann", running.id)

    assert alive == replace(running, parts=(TextPart(text="The answer is"),))
    assert dead == replace(alive, status="interrupted", error=dead.error, tokens=count_tokens(alive.parts))
    assert dead.error is not None
    assert dead.error.code == "abandoned"
    assert [dead] == (await store.messages("ann", running.conversation_id, limit=9))[1:]
    assert [dead] == await store.tail("ann", running.conversation_id, running.id, limit=1)


async def test_a_running_message_that_was_imported_has_no_lease(store: Store) -> None:
    made = conversation()
    imported = turn(made.id)[-1]
    await store.add_messages("ann", [imported])

    assert (await store.message("ann", imported.id)).status == "interrupted"


async def test_each_batch_renews_the_lease_also_an_empty_one(store: Store, clock: SetClock) -> None:
    made = conversation()
    running = await begin(store, clock, made)
    for n, text in [(1, "a"), (1, ""), (1, "")]:
        clock.advance(LEASE - 1)
        await append(store, clock, running, n, text)
        assert (await store.message("ann", running.id)).status == "streaming"
    with pytest.raises(ConflictError):
        await begin(store, clock, made)


async def test_a_dead_turn_does_not_hold_up_the_next_and_is_settled_by_it(store: Store, clock: SetClock) -> None:
    made = conversation()
    dead = await begin(store, clock, made)
    await append(store, clock, dead, 1, "unfinished symphony")
    clock.advance(LEASE)
    before = await store.message("ann", dead.id)
    assert await store.search("ann", "symphony", limit=9) == []
    await begin(store, clock, made)

    assert await store.message("ann", dead.id) == before
    assert [hit.message for hit in await store.search("ann", "symphony", limit=9)] == [before]


async def test_a_settled_run_that_comes_back_goes_on_where_it_was(store: Store, clock: SetClock) -> None:
    running = await abandoned(store, clock, "one ", "two ")
    await append(store, clock, running, 2, "two ")
    back = await store.message("ann", running.id)
    await append(store, clock, running, 3, "three")

    assert back == replace(running, parts=(TextPart(text="one two "),), tokens=back.tokens)
    assert (await store.message("ann", running.id)).text == "one two three"
    assert await store.search("ann", "two", limit=9) == []
    end = finished(running, "one two three four")
    await store.finish_turn(end)
    assert await store.message("ann", running.id) == end
    assert [hit.message for hit in await store.search("ann", "two four", limit=9)] == [end]


async def test_a_settled_run_that_comes_back_may_be_given_up_again(store: Store, clock: SetClock) -> None:
    running = await abandoned(store, clock, "one ", "two ")
    await append(store, clock, running, 3, "three ")
    clock.advance(LEASE)
    await begin(store, clock)
    await append(store, clock, running, 3, "three ")
    await append(store, clock, running, 4, "four")
    clock.advance(LEASE)
    await begin(store, clock)

    settled = await store.message("ann", running.id)
    assert (settled.text, settled.status) == ("one two three four", "interrupted")
    assert [hit.message for hit in await store.search("ann", "three four", limit=9)] == [settled]


async def test_a_batch_is_known_also_after_two_times_of_giving_up(store: Store, clock: SetClock) -> None:
    running = await abandoned(store, clock, "one ", "two")
    for _ in range(2):
        await append(store, clock, running, 2, "two")
        clock.advance(LEASE)
        await begin(store, clock)

    assert (await store.message("ann", running.id)).text == "one two"


async def test_a_settled_run_may_come_back_with_its_end(store: Store, clock: SetClock) -> None:
    running = await abandoned(store, clock, "draft words")
    end = finished(running, "final words")
    await store.finish_turn(end)

    assert await store.message("ann", running.id) == end
    assert await store.search("ann", "draft", limit=9) == []
    assert [hit.message for hit in await store.search("ann", "final", limit=9)] == [end]


words = st.text(max_size=6)
BATCHES = st.lists(st.tuples(words, words), max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES, settle_after=st.integers(0, 8), again=st.integers(0, 8))
async def test_what_is_read_is_what_was_sent(
    store: Store, clock: SetClock, batches: list[tuple[str, str]], settle_after: int, again: int
) -> None:
    running = await begin(store, clock)
    for n, (reasoning, text) in enumerate(batches, 1):
        await append(store, clock, running, n, text, reasoning=reasoning)
        if n == settle_after:
            clock.advance(LEASE)
            await begin(store, clock)
        if n == again:
            await append(store, clock, running, n, text, reasoning=reasoning)

    read = await store.message("ann", running.id)
    assert _flat(read.parts) == "".join(f"{_tagged('r', r)}{_tagged('t', t)}" for r, t in batches)
    assert all(one.__class__ is not two.__class__ for one, two in pairwise(read.parts))


def _tagged(kind: str, text: str) -> str:
    """Every character with its kind, so that the place of each is compared."""
    return "".join(f"{kind}{character}" for character in text)


def _flat(parts: tuple[Part, ...]) -> str:
    return "".join(
        _tagged("r" if isinstance(part, ReasoningPart) else "t", part.text)
        for part in parts
        if isinstance(part, ReasoningPart | TextPart)
    )
