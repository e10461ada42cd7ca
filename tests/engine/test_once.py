"""A turn with a client_id is made once, and its parts can be named by it."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from chatops.engine.errors import InvalidRequestError, NotFoundError
from chatops.engine.events import TextDelta, TurnFinished
from chatops.engine.messages import Principal
from chatops.engine.requests import TurnRequest
from fakes import answer
from rig import ME, Rig, open_rig

STRANGER = Principal(user_id="stranger")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncGenerator[Rig, None]:
    async with open_rig(tmp_path / "db", answer("a"), answer("b"), answer("c")) as rig:
        yield rig


async def test_the_same_client_id_at_once_and_later_gives_the_same_turn(rig: Rig) -> None:
    request = TurnRequest(text="hi", client_id="one")

    turns = await asyncio.gather(*(rig.engine.start_turn(ME, request) for _ in range(20)))
    await rig.over(turns[0].id)
    later = await rig.engine.start_turn(ME, replace(request, text="something else"))

    assert {turns[0].id} == {turn.id for turn in (*turns, later)}
    assert later.message.text == "a"
    assert len(rig.provider.requests) == 1
    assert await rig.texts() == ["hi", "a"]


async def test_two_engines_on_one_database_make_one_turn_of_a_client_id(rig: Rig, tmp_path: Path) -> None:
    async with open_rig(tmp_path / "db") as other:
        request = TurnRequest(text="hi", client_id="one")
        turns = await asyncio.gather(*(r.engine.start_turn(ME, request) for r in (rig, other) for _ in range(3)))

    assert len({turn.id for turn in turns}) == 1
    assert len(rig.provider.requests) + len(other.provider.requests) == 1


async def test_a_client_id_is_its_owners_alone(rig: Rig) -> None:
    request = TurnRequest(text="hi", client_id="one")

    mine = await rig.engine.start_turn(ME, request)
    theirs = await rig.engine.start_turn(STRANGER, request)

    assert mine.id != theirs.id


async def test_a_conversation_is_created_under_the_clients_id_and_found_by_it_after(rig: Rig) -> None:
    first = await rig.engine.start_turn(ME, TurnRequest(text="hi", conversation_id="Chat-1", create=True))
    await rig.over(first.id)
    second = await rig.engine.start_turn(ME, TurnRequest(text="and?", conversation_id="Chat-1", create=True))
    await rig.over(second.id)

    assert [turn.conversation.id for turn in (first, second)] == ["Chat-1", "Chat-1"]
    assert await rig.texts() == ["hi", "a", "and?", "b"]
    assert (await rig.engine.history.conversation(ME, "Chat-1")).id == "Chat-1"
    with pytest.raises(NotFoundError):
        await rig.engine.start_turn(STRANGER, TurnRequest(text="mine?", conversation_id="Chat-1", create=True))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "ä", "x" * 129])
async def test_a_conversations_id_that_no_address_can_hold_is_refused(rig: Rig, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="conversation's id"):
        await rig.engine.start_turn(ME, TurnRequest(text="hi", conversation_id=name, create=True))


@pytest.mark.parametrize("name", ["", "x" * 129, "\ud800"])
async def test_a_client_id_that_is_no_name_is_refused(rig: Rig, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="client_id"):
        await rig.engine.start_turn(ME, TurnRequest(text="hi", client_id=name))


async def test_a_question_is_edited_by_the_clients_own_name_for_it(rig: Rig) -> None:
    first = await rig.ask("hi", client_id="q1")

    await rig.ask("hello", kind="edit", message_id="q1", conversation_id=first.conversation_id)
    await rig.ask("hello?", kind="edit", message_id="q1", conversation_id=first.conversation_id)

    assert await rig.texts() == ["hello?", "c"]
    with pytest.raises(NotFoundError, match="no message q2 in this conversation"):
        await rig.ask("x", kind="edit", message_id="q2", conversation_id=first.conversation_id)


async def test_the_latest_turn_of_a_conversation_is_the_running_one_then_the_last(tmp_path: Path) -> None:
    go = asyncio.Event()
    async with open_rig(tmp_path / "db", answer("a"), [go, *answer("b")]) as rig:
        first = await rig.ask("hi")
        turn = await rig.engine.start_turn(ME, TurnRequest(text="more", conversation_id=first.conversation_id))

        assert await rig.engine.latest(ME, first.conversation_id) == turn.id
        with pytest.raises(NotFoundError):
            await rig.engine.latest(STRANGER, first.conversation_id)
        go.set()
        await rig.over(turn.id)
        assert await rig.engine.latest(ME, first.conversation_id) == turn.id


async def test_events_are_followed_in_batches_and_an_error_is_only_told(tmp_path: Path) -> None:
    async with open_rig(tmp_path / "db", [TextDelta("half")]) as rig:
        message = await rig.ask()
        batches = [batch async for batch in rig.engine.follow(ME, message.id, after=1)]

    (events,) = batches
    assert [type(event) for event in events] == [TextDelta, TurnFinished]
