"""What a front end shows of a tree: the last messages, the branches, and what the next call would send."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chatops.engine.errors import NotFoundError, PermissionDeniedError
from chatops.engine.messages import Principal
from chatops.engine.models import ModelSpec
from chatops.engine.requests import TurnRequest
from chatops.engine.window import SUMMARISE
from fakes import answer
from rig import ME, Rig, open_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncGenerator[Rig, None]:
    async with open_rig(tmp_path / "db", answer("Hel", "lo")) as made:
        yield made


async def more(rig: Rig, text: str, **request: object) -> str:
    """Another turn in the last conversation; the id of its answer."""
    return (await rig.ask(text, conversation_id=(await rig.last()).id, **request)).id


async def test_the_last_messages_of_a_branch_are_read_oldest_first(rig: Rig) -> None:
    first = (await rig.ask("one")).id
    await more(rig, "two")
    recent = await rig.engine.history.recent(ME, await rig.last(), limit=3)
    earlier = await rig.engine.history.recent(ME, await rig.last(), limit=9, leaf_id=first)

    assert [message.text for message in recent] == ["Hello", "two", "Hello"]
    assert [message.text for message in earlier] == ["one", "Hello"]


async def test_branches_are_told_by_their_ends_newest_first(rig: Rig) -> None:
    await rig.ask("one")
    old = await more(rig, "two")
    edited = await more(rig, "three", kind="edit")
    again = await more(rig, "", kind="regenerate")
    found = await rig.engine.history.branches(ME, await rig.last(), limit=9)

    assert [branch.end.id for branch in found] == [again, edited, old]
    assert [branch.length for branch in found] == [4, 4, 4]
    assert [branch.start.text for branch in found] == ["Hello", "Hello", "two"]
    assert [branch.start.id for branch in found][:2] == [again, edited]
    assert len(await rig.engine.history.branches(ME, await rig.last(), limit=1)) == 1


async def test_a_branch_alone_starts_at_its_root(rig: Rig) -> None:
    await rig.ask("one")
    (only,) = await rig.engine.history.branches(ME, await rig.last(), limit=9)

    assert (only.start.text, only.length) == ("one", 2)


async def test_switching_makes_another_branch_the_active_one(rig: Rig) -> None:
    old = (await rig.ask("one")).id
    await more(rig, "two", kind="edit")
    conversation = await rig.last()
    await rig.engine.history.switch(ME, conversation.id, old)

    assert await rig.texts() == ["one", "Hello"]


async def test_one_cannot_switch_to_a_message_of_elsewhere(rig: Rig) -> None:
    other = (await rig.ask("one")).id
    await rig.ask("two")
    mine = await rig.last()
    stranger = Principal(user_id="eve")

    with pytest.raises(NotFoundError):
        await rig.engine.history.switch(ME, mine.id, other)
    with pytest.raises(NotFoundError):
        await rig.engine.history.switch(stranger, mine.id, mine.leaf_id or "")
    with pytest.raises(PermissionDeniedError):
        await rig.engine.history.switch(Principal(user_id="local", scopes=frozenset()), mine.id, other)


async def test_a_summary_stands_for_what_was_said_before_it(rig: Rig) -> None:
    await rig.ask("one")
    await more(rig, SUMMARISE)
    await more(rig, "two")

    assert [len(request.messages) for request in rig.provider.requests] == [1, 3, 3]
    assert [message.text for message in rig.provider.requests[-1].messages] == [SUMMARISE, "Hello", "two"]
    assert len(await rig.texts()) == 6


async def test_a_summary_that_was_cut_off_stands_for_nothing(tmp_path: Path) -> None:
    failure = RuntimeError("no more")
    async with open_rig(tmp_path / "db", answer("Hello"), [*answer("half")[:1], failure], answer("Hello")) as rig:
        await rig.ask("one")
        await more(rig, SUMMARISE)
        await more(rig, "two")

        assert [message.text for message in rig.provider.requests[-1].messages][:2] == ["one", "Hello"]


async def test_a_summary_can_be_asked_for_again_with_all_that_was_before_it(rig: Rig) -> None:
    await rig.ask("one")
    await more(rig, SUMMARISE + " Mind the names.")
    await more(rig, "", kind="regenerate")

    assert [message.text for message in rig.provider.requests[-1].messages][:2] == ["one", "Hello"]


async def test_the_view_of_a_window_is_what_the_next_call_sends(rig: Rig) -> None:
    await rig.ask("one", system="Be brief.")
    conversation = await rig.last()
    view = await rig.engine.context(ME, TurnRequest(conversation_id=conversation.id))
    await more(rig, "two")

    assert list(view.messages) == list(rig.provider.requests[-1].messages)[:-1]
    assert (view.model, view.window, view.is_known, view.reserve, view.system) == ("fake:m", 1000, True, 100, 3)
    assert view.used == 3 + sum(message.tokens for message in view.messages)
    assert view.left == 1000 - 100 - view.used
    assert (view.is_cut, view.passed_over) == (False, (0, 0))


async def test_the_view_counts_what_is_left_out_and_says_why(tmp_path: Path) -> None:
    small = ModelSpec(id="fake:m", context=200, max_output=20)
    async with open_rig(tmp_path / "db", answer("Hello"), spec=small) as rig:
        await rig.ask("one " * 61)
        await more(rig, "two " * 61)
        request = TurnRequest(conversation_id=(await rig.last()).id)
        cut = await rig.engine.context(ME, request, count_all=True)
        uncounted = await rig.engine.context(ME, request)
        await more(rig, SUMMARISE)
        summarised = await rig.engine.context(ME, request, count_all=True)

        assert [message.text[:3] for message in cut.messages] == ["two", "Hel"]
        assert cut.is_cut
        assert cut.passed_over is not None
        assert cut.passed_over[0] == 2
        assert uncounted.passed_over is None
        assert not summarised.is_cut
        assert summarised.passed_over is not None
        assert summarised.passed_over[0] == 4


async def test_a_new_conversation_has_an_empty_window(rig: Rig) -> None:
    view = await rig.engine.context(ME, TurnRequest(system="Be brief."), count_all=True)

    assert (view.messages, view.used, view.passed_over) == ((), 3, (0, 0))
