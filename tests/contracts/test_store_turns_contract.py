"""What every store does with running answers: their beginning, batches and end."""

import asyncio
from dataclasses import replace

import pytest

from builders import LEASE, append, begin, conversation, finished, message, turn
from chatops.engine.errors import ConflictError, NotFoundError
from chatops.engine.messages import Message, ReasoningPart, TextPart
from chatops.engine.ports import Delta, Store
from fakes import SetClock


async def test_the_first_turn_makes_the_conversation_and_numbers_its_rows(store: Store, clock: SetClock) -> None:
    made = conversation(model="fake:m", system="Be brief.")
    user, assistant = turn(made.id)
    stored = await store.begin_turn("ann", made, [user, assistant], lease_expires_at=clock() + LEASE)

    assert stored == [replace(user, seq=1), replace(assistant, seq=2)]
    assert await store.conversation("ann", made.id) == replace(made, leaf_id=assistant.id)
    assert await store.messages("ann", made.id, limit=9) == stored


async def test_the_next_turn_goes_on_counting_and_updates_the_conversation(store: Store, clock: SetClock) -> None:
    made = conversation()
    first = await begin(store, clock, made)
    await store.finish_turn(finished(first, "one"))
    later = replace(made, title="Renamed", model="fake:n", system="s", updated_at=made.updated_at + 9, created_at=1)
    second = await begin(store, clock, later)

    assert second.seq == 4
    assert await store.conversation("ann", made.id) == replace(later, created_at=made.created_at, leaf_id=second.id)


async def test_counting_goes_on_after_imported_messages(store: Store, clock: SetClock) -> None:
    made = conversation()
    await store.add_messages("ann", [message(made.id, "old", seq=41)])

    assert (await begin(store, clock, made)).seq == 43


async def test_one_conversation_runs_one_turn_at_a_time(store: Store, clock: SetClock) -> None:
    made = conversation()
    running = await begin(store, clock, made)
    with pytest.raises(ConflictError):
        await begin(store, clock, replace(made, title="changed"))

    assert (await store.conversation("ann", made.id)).title == made.title
    assert len(await store.messages("ann", made.id, limit=9)) == 2
    await store.finish_turn(finished(running, "done"))
    assert (await begin(store, clock, made)).seq == 4


async def test_a_turn_whose_ids_are_taken_stores_nothing(store: Store, clock: SetClock) -> None:
    running = await begin(store, clock)
    made = conversation()
    with pytest.raises(ConflictError):
        await store.begin_turn("ann", made, [*turn(made.id)[:1], running], lease_expires_at=clock() + LEASE)

    with pytest.raises(NotFoundError):
        await store.conversation("ann", made.id)


async def test_of_fifty_turns_at_once_in_one_conversation_one_wins(store: Store, clock: SetClock) -> None:
    made = conversation()
    tries = await asyncio.gather(*(begin(store, clock, made) for _ in range(50)), return_exceptions=True)

    assert sum(isinstance(won, Message) for won in tries) == 1
    assert sum(isinstance(lost, ConflictError) for lost in tries) == 49
    assert len(await store.messages("ann", made.id, limit=99)) == 2


async def test_fifty_conversations_run_at_once(store: Store, clock: SetClock) -> None:
    running = await asyncio.gather(*(begin(store, clock) for _ in range(50)))
    await asyncio.gather(*(append(store, clock, one, n, f"{n} ") for one in running for n in (1, 2, 3)))
    await asyncio.gather(*(store.finish_turn(finished(one, f"end of {one.id}")) for one in running))

    for one in running:
        assert (await store.message("ann", one.id)).text == f"end of {one.id}"


async def test_every_read_shows_what_was_journalled_of_a_running_answer(store: Store, clock: SetClock) -> None:
    running = await begin(store, clock)
    await append(store, clock, running, 1, reasoning="Let me ")
    await append(store, clock, running, 2, reasoning="think.", text="It ")
    await append(store, clock, running, 3, text="is 日本.")
    await append(store, clock, running, 3)
    expected = replace(running, parts=(ReasoningPart(text="Let me think."), TextPart(text="It is 日本.")))

    assert await store.message("ann", running.id) == expected
    assert (await store.messages("ann", running.conversation_id, limit=9))[-1] == expected
    assert (await store.tail("ann", running.conversation_id, running.id, limit=1)) == [expected]


async def test_an_answer_that_goes_on_keeps_what_it_began_with(store: Store, clock: SetClock) -> None:
    made = conversation()
    user, assistant = turn(made.id)
    assistant = replace(assistant, parts=(ReasoningPart(text="r"), TextPart(text="Once upon ")))
    await store.begin_turn("ann", made, [user, assistant], lease_expires_at=clock() + LEASE)
    await append(store, clock, assistant, 1, "a time")

    parts = (await store.message("ann", assistant.id)).parts
    assert parts == (ReasoningPart(text="r"), TextPart(text="Once upon a time"))


async def test_a_batch_that_comes_twice_is_stored_once(store: Store, clock: SetClock) -> None:
    running = await begin(store, clock)
    for n, text in [(1, "a"), (1, "a"), (2, "b"), (1, "a"), (2, "b")]:
        assert await append(store, clock, running, n, text)

    assert (await store.message("ann", running.id)).text == "ab"


async def test_a_finished_answer_replaces_its_batches(store: Store, clock: SetClock) -> None:
    running = await begin(store, clock)
    await append(store, clock, running, 1, "half an ans")
    end = finished(running, "the whole answer", reasoning="hm", model="m", provider="fake")

    assert await store.finish_turn(end)
    assert await store.finish_turn(end)
    assert await store.message("ann", running.id) == end
    clock.advance(LEASE)
    assert await store.message("ann", running.id) == end


async def test_a_batch_that_comes_after_the_end_changes_nothing(store: Store, clock: SetClock) -> None:
    running = await begin(store, clock)
    end = finished(running, "all", status="interrupted", finish_reason=None)
    await store.finish_turn(end)

    assert await append(store, clock, running, 1, "late")
    assert await store.message("ann", running.id) == end


async def test_an_answer_whose_conversation_was_deleted_is_told_so(store: Store, clock: SetClock) -> None:
    running = await begin(store, clock)
    await append(store, clock, running, 1, "text")
    await store.delete_conversation("ann", running.conversation_id)

    assert not await append(store, clock, running, 2, "more")
    assert not await store.finish_turn(finished(running, "all"))
    assert await store.messages("ann", running.conversation_id, limit=9) == []
    with pytest.raises(NotFoundError):
        await store.message("ann", running.id)


async def test_batches_of_many_answers_are_added_in_one_call_that_names_those_that_are_gone(
    store: Store, clock: SetClock
) -> None:
    running = [await begin(store, clock) for _ in range(3)]
    await store.delete_conversation("ann", running[1].conversation_id)
    batches = {one.id: Delta(n=1, text=f"text {n}") for n, one in enumerate(running)}
    gone = await store.append_deltas(batches, lease_expires_at=clock() + LEASE)

    assert list(gone) == [running[1].id]
    assert (await store.message("ann", running[0].id)).text == "text 0"
    assert (await store.message("ann", running[2].id)).text == "text 2"
