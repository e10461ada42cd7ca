"""A turn from its start to its end, over the real embedded store."""

import asyncio
from pathlib import Path

import pytest

from chatops.engine.errors import (
    ChatopsError,
    ConflictError,
    InterruptedTurnError,
    InvalidRequestError,
    NotFoundError,
    ProviderError,
    ProviderUnavailableError,
)
from chatops.engine.events import Finished, ReasoningDelta, TextDelta, TurnFinished, TurnStarted, UsageUpdated
from chatops.engine.journal import STORE_TRIES
from chatops.engine.messages import Principal, ReasoningPart, TextPart, Usage
from chatops.engine.requests import TurnRequest
from chatops.engine.turns import Transcript
from fakes import answer
from rig import ME, Rig, open_rig

CUT = ProviderUnavailableError("the line went dead", provider="fake", code="provider_stream_cut")
STRANGER = Principal(user_id="somebody else")


async def test_a_turn_is_stored_whole(rig: Rig) -> None:
    rig.provider.scripts = [
        [
            ReasoningDelta("hm"),
            TextDelta("Hel"),
            TextDelta("lo"),
            UsageUpdated(Usage(input_tokens=7, output_tokens=2)),
            Finished("stop"),
        ]
    ]
    message = await rig.ask("Say hello")

    assert message.parts == (ReasoningPart(text="hm"), TextPart(text="Hello"))
    assert (message.status, message.finish_reason, message.error) == ("complete", "stop", None)
    assert (message.provider, message.model) == ("fake", "m")
    assert message.usage == Usage(input_tokens=7, output_tokens=2)
    assert await rig.texts() == ["Say hello", "Hello"]
    conversation = await rig.last()
    assert (conversation.title, conversation.model, conversation.leaf_id) == ("Say hello", "fake:m", message.id)


async def test_both_rows_are_stored_before_the_provider_is_called(rig: Rig) -> None:
    gate = asyncio.Event()
    rig.provider.scripts = [[gate, *answer("late")]]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="early"))

    rows = await rig.store.messages(ME.user_id, turn.conversation.id, limit=10)
    assert [(row.role, row.text, row.status) for row in rows] == [
        ("user", "early", "complete"),
        ("assistant", "", "streaming"),
    ]
    gate.set()
    await rig.over(turn.id)


async def test_the_next_turn_is_shown_the_conversation(rig: Rig) -> None:
    first = await rig.ask("one")
    await rig.ask("two", conversation_id=first.conversation_id)

    assert [m.text for m in rig.provider.requests[-1].messages] == ["one", "Hello", "two"]
    assert [m.role for m in rig.provider.requests[-1].messages] == ["user", "assistant", "user"]
    assert await rig.texts() == ["one", "Hello", "two", "Hello"]


async def test_every_reader_gets_the_same_records_now_and_later(rig: Rig) -> None:
    gate = asyncio.Event()
    rig.provider.scripts = [[TextDelta("a"), gate, TextDelta("b"), Finished("stop")]]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    early = asyncio.create_task(rig.records(turn.id))
    await asyncio.sleep(0.01)
    gate.set()
    records = await early

    assert [seq for seq, _ in records] == [1, 2, 3, 4]
    assert isinstance(records[0].event, TurnStarted)
    assert [record.event for record in records[1:3]] == [TextDelta("a"), TextDelta("b")]
    assert isinstance(records[3].event, TurnFinished)
    assert await rig.records(turn.id) == records
    assert await rig.records(turn.id, after=2) == records[2:]


async def test_the_end_is_told_after_the_answer_is_stored(rig: Rig) -> None:
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    async for _, event in rig.engine.attach(ME, turn.id):
        if isinstance(event, TurnFinished):
            assert await rig.store.message(ME.user_id, turn.id) == event.message
            return
    pytest.fail("no end was told")


async def test_leaving_a_turn_stops_it_and_keeps_the_partial(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("half"), asyncio.Event()]]
    async with rig.engine.turn(ME, TurnRequest(text="x")) as events:
        async for _, event in events:
            if isinstance(event, TextDelta):
                break

    message = await rig.store.message(ME.user_id, (await rig.last()).leaf_id or "")
    assert (message.text, message.status) == ("half", "interrupted")
    assert message.error is not None
    assert message.error.code == "stopped"
    assert rig.provider.closed == 1


async def test_a_cancelled_reader_still_stores_the_partial(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("half"), asyncio.Event()]]
    seen = asyncio.Event()

    async def read() -> None:
        async with rig.engine.turn(ME, TurnRequest(text="x")) as events:
            async for _, event in events:
                if isinstance(event, TextDelta):
                    seen.set()

    task = asyncio.create_task(read())
    await seen.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await rig.texts() == ["x", "half"]


async def test_stop_ends_a_started_turn_for_all_its_readers(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("half"), asyncio.Event()]]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    reader = asyncio.create_task(rig.records(turn.id))
    await asyncio.sleep(0.01)
    await rig.engine.stop(ME, turn.id)

    with pytest.raises(InterruptedTurnError, match="stopped"):
        await reader
    assert (await rig.store.message(ME.user_id, turn.id)).text == "half"
    await rig.engine.stop(ME, turn.id)  # over already: nothing happens


async def test_a_turn_stopped_before_its_task_ran_is_interrupted(rig: Rig) -> None:
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    await rig.engine.stop(ME, turn.id)

    assert (await rig.store.message(ME.user_id, turn.id)).status == "interrupted"


async def test_an_answer_that_breaks_off_is_kept_as_failed_and_raised(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("half"), CUT]]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    seen = []
    with pytest.raises(ProviderError, match="went dead") as caught:
        async for _, event in rig.engine.attach(ME, turn.id):
            seen.append(event)

    assert caught.value.code == "provider_stream_cut"
    assert isinstance(seen[-1], TurnFinished)
    message = await rig.store.message(ME.user_id, turn.id)
    assert (message.text, message.status, message.finish_reason) == ("half", "failed", None)


async def test_a_stream_without_its_finish_reason_is_never_complete(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("looks whole")]]
    message = await rig.ask()

    assert message.status == "failed"
    assert message.error is not None
    assert message.error.code == "provider_stream_cut"


async def test_a_defect_in_a_provider_is_told_as_ours_and_keeps_the_partial(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("half"), ZeroDivisionError("secret detail")]]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    with pytest.raises(ChatopsError) as caught:
        await rig.records(turn.id)

    assert caught.value.code == "internal_error"
    assert "secret" not in str(caught.value)
    assert (await rig.store.message(ME.user_id, turn.id)).text == "half"


async def test_the_fallback_that_answered_is_recorded_with_all_attempts(rig: Rig) -> None:
    rig.provider.scripts = [[ProviderUnavailableError("down", provider="fake")]]
    message = await rig.ask(fallbacks=("other:n",))

    assert (message.text, message.provider, message.model) == ("other", "other", "n")
    assert [attempt.provider for attempt in message.attempts] == ["fake", "fake", "fake", "other"]
    assert len(rig.waits) == 2


async def test_the_journal_is_a_batch_behind_at_most(rig: Rig) -> None:
    gate = asyncio.Event()
    rig.provider.scripts = [[TextDelta("x" * 1100), gate, Finished("stop")]]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    async with asyncio.timeout(5):
        while len((await rig.store.message(ME.user_id, turn.id)).text) < 1100:
            await asyncio.sleep(0.005)

    assert (await rig.store.message(ME.user_id, turn.id)).status == "streaming"
    gate.set()
    await rig.over(turn.id)


async def test_a_store_that_fails_for_a_while_costs_nothing(rig: Rig) -> None:
    gate = asyncio.Event()
    rig.provider.scripts = [[TextDelta("y" * 2000), gate, TextDelta("z"), Finished("stop")]]
    rig.store.failures = 2
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    async with asyncio.timeout(5):
        while not (await rig.store.message(ME.user_id, turn.id)).text:
            await asyncio.sleep(0.005)
    rig.store.failures = 2
    gate.set()
    await rig.over(turn.id)

    message = await rig.store.message(ME.user_id, turn.id)
    assert (message.text, message.status) == ("y" * 2000 + "z", "complete")
    assert len(rig.waits) == 2


async def test_a_store_that_stays_away_is_told(rig: Rig) -> None:
    rig.store.failures = 1000
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    with pytest.raises(ChatopsError) as caught:
        await rig.records(turn.id)

    assert caught.value.code == "store_unavailable"
    assert len(rig.waits) == STORE_TRIES
    rig.store.failures = 0


async def test_deleting_a_conversation_ends_its_turn(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("w" * 2000), asyncio.Event()]]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    await rig.engine.history.delete(ME, turn.conversation.id)

    async with asyncio.timeout(5):
        with pytest.raises(ChatopsError, match="deleted"):
            await rig.records(turn.id)


async def test_one_turn_runs_in_a_conversation_at_a_time(rig: Rig) -> None:
    gate = asyncio.Event()
    rig.provider.scripts = [[gate, *answer("first")], answer("second")]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="one"))
    cid = turn.conversation.id
    with pytest.raises(ConflictError):
        await rig.engine.start_turn(ME, TurnRequest(text="two", conversation_id=cid))

    queued = asyncio.create_task(
        rig.engine.start_turn(ME, TurnRequest(text="three", conversation_id=cid, on_busy="queue"))
    )
    await asyncio.sleep(0.01)
    assert not queued.done()
    gate.set()
    await rig.over((await queued).id)

    assert await rig.texts() == ["one", "first", "three", "second"]


async def test_an_unrecorded_turn_leaves_no_trace(rig: Rig) -> None:
    turn = await rig.engine.start_turn(ME, TurnRequest(text="psst", record=False))
    records = await rig.records(turn.id)

    assert [event.text for _, event in records if isinstance(event, TextDelta)] == ["Hel", "lo"]
    assert await rig.engine.history.conversations(ME, limit=10) == []


async def test_an_unrecorded_turn_reads_history_and_does_not_add_to_it(rig: Rig) -> None:
    first = await rig.ask("one")
    turn = await rig.engine.start_turn(
        ME, TurnRequest(text="psst", conversation_id=first.conversation_id, record=False)
    )
    await rig.records(turn.id)

    assert [m.text for m in rig.provider.requests[-1].messages] == ["one", "Hello", "psst"]
    assert await rig.texts() == ["one", "Hello"]


async def test_nobody_reads_or_stops_another_owners_turn(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("mine"), asyncio.Event()]]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))

    with pytest.raises(NotFoundError):
        await anext(rig.engine.attach(STRANGER, turn.id))
    with pytest.raises(NotFoundError):
        await rig.engine.stop(STRANGER, turn.id)
    await rig.engine.stop(ME, turn.id)
    with pytest.raises(NotFoundError):
        await anext(rig.engine.attach(STRANGER, turn.id))
    with pytest.raises(NotFoundError):
        await anext(rig.engine.attach(ME, "no such turn"))


async def test_draining_stores_what_runs_and_takes_nothing_new(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("half"), asyncio.Event()]]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    await asyncio.sleep(0.01)
    await rig.engine.drain(grace=0.01)

    message = await rig.store.message(ME.user_id, turn.id)
    assert (message.text, message.status) == ("half", "interrupted")
    assert message.error is not None
    assert message.error.code == "shutdown"
    with pytest.raises(ConflictError, match="shutting down"):
        await rig.engine.start_turn(ME, TurnRequest(text="x"))


async def test_draining_lets_a_turn_finish_within_its_grace(rig: Rig) -> None:
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    await rig.engine.drain(grace=5)

    assert (await rig.store.message(ME.user_id, turn.id)).status == "complete"


async def test_a_crashed_turn_reads_as_interrupted_when_its_lease_ran_out(tmp_path: Path) -> None:
    path = tmp_path / "chatops.db"
    async with open_rig(path, [TextDelta("v" * 1100), asyncio.Event()]) as crashed:
        turn = await crashed.engine.start_turn(ME, TurnRequest(text="x"))
        async with asyncio.timeout(5):
            while not (await crashed.store.message(ME.user_id, turn.id)).text:
                await asyncio.sleep(0.005)
        async with open_rig(path) as other:
            other.clock.advance(60_000)
            message = await other.store.message(ME.user_id, turn.id)
            assert (message.text, message.status) == ("v" * 1100, "interrupted")

            again = await other.ask("go on", conversation_id=turn.conversation.id)
            assert again.status == "complete"
            assert [m.text for m in other.provider.requests[-1].messages] == ["x", "v" * 1100, "go on"]


def test_neighbours_of_one_kind_are_one_part() -> None:
    transcript = Transcript((TextPart(text="a"),))
    transcript.add(TextPart, "b")
    transcript.add(ReasoningPart, "r")
    transcript.add(ReasoningPart, "s")
    transcript.add(TextPart, "c")

    assert transcript.parts() == (TextPart(text="ab"), ReasoningPart(text="rs"), TextPart(text="c"))


async def test_a_store_that_refuses_the_answer_for_good_is_told_at_once(rig: Rig) -> None:
    rig.store.refusal = InvalidRequestError("a number too large")
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    with pytest.raises(ChatopsError, match="a number too large"):
        await rig.records(turn.id)

    assert rig.waits == []


async def test_a_defect_of_a_store_ends_the_turn_and_does_not_leave_its_readers_waiting(rig: Rig) -> None:
    rig.store.refusal = ZeroDivisionError("a detail")
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    with pytest.raises(ChatopsError) as caught:
        await rig.records(turn.id)

    assert caught.value.code == "internal_error"
