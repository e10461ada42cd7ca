"""Edit, regenerate, continue, fork: a conversation is a tree, nothing is overwritten."""

import asyncio
from pathlib import Path

import pytest

from chatops.engine.errors import (
    ChatopsError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ProviderUnavailableError,
)
from chatops.engine.events import Finished, TextDelta, TurnStarted
from chatops.engine.messages import Message, Principal, Sampling
from chatops.engine.models import ModelSpec
from chatops.engine.planning import GO_ON
from chatops.engine.requests import Attachment, TurnRequest
from fakes import answer
from rig import ME, SPEC, Rig, open_rig

CUT = ProviderUnavailableError("cut", provider="fake")
PNG = Attachment(name="cat.png", media_type="image/png", data=b"\x89PNG...")


def shown(rig: Rig) -> list[str]:
    """What the model was shown last."""
    return [message.text for message in rig.provider.requests[-1].messages]


async def test_regenerating_answers_the_same_question_in_a_sibling(rig: Rig) -> None:
    rig.provider.scripts = [answer("first"), answer("second")]
    first = await rig.ask("q")
    second = await rig.ask(kind="regenerate", conversation_id=first.conversation_id)

    assert second.parent_id == first.parent_id
    assert shown(rig) == ["q"]
    assert await rig.texts() == ["q", "second"]
    assert (await rig.store.message(ME.user_id, first.id)).text == "first"


async def test_an_older_answer_can_be_regenerated(rig: Rig) -> None:
    first = await rig.ask("one")
    await rig.ask("two", conversation_id=first.conversation_id)
    again = await rig.ask(kind="regenerate", conversation_id=first.conversation_id, message_id=first.id)

    assert again.parent_id == first.parent_id
    assert await rig.texts() == ["one", "Hello"]


async def test_editing_asks_again_in_place_of_the_last_question(rig: Rig) -> None:
    first = await rig.ask("one")
    await rig.ask("two", conversation_id=first.conversation_id)
    await rig.ask("TWO", kind="edit", conversation_id=first.conversation_id)

    assert shown(rig) == ["one", "Hello", "TWO"]
    assert await rig.texts() == ["one", "Hello", "TWO", "Hello"]
    assert len(await rig.store.messages(ME.user_id, first.conversation_id, limit=10)) == 6


async def test_the_first_question_can_be_edited(rig: Rig) -> None:
    first = await rig.ask("one")
    await rig.ask("ONE", kind="edit", conversation_id=first.conversation_id)

    assert shown(rig) == ["ONE"]


async def test_an_interrupted_answer_goes_on_where_it_stopped(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("The capital "), CUT], answer("is Paris.")]
    partial = await rig.ask("q")
    turn = await rig.engine.start_turn(ME, TurnRequest(kind="continue", conversation_id=partial.conversation_id))
    records = await rig.records(turn.id)

    assert shown(rig) == ["q", "The capital ", GO_ON]
    assert isinstance(records[0].event, TurnStarted)
    assert records[0].event.message.text == "The capital "
    assert await rig.texts() == ["q", "The capital is Paris."]
    assert (await rig.store.message(ME.user_id, partial.id)).status == "failed"


async def test_an_answer_that_broke_off_twice_keeps_both_pieces(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("a"), CUT], [TextDelta("b"), CUT], answer("c")]
    cid = (await rig.ask("q")).conversation_id
    await rig.ask(kind="continue", conversation_id=cid)
    await rig.ask(kind="continue", conversation_id=cid)

    assert await rig.texts() == ["q", "abc"]


async def test_an_answer_that_never_began_is_asked_for_again(rig: Rig) -> None:
    rig.provider.scripts = [[CUT], [CUT], [CUT], answer("now")]
    cid = (await rig.ask("q")).conversation_id
    await rig.ask(kind="continue", conversation_id=cid)

    assert shown(rig) == ["q"]
    assert await rig.texts() == ["q", "now"]


async def test_an_answer_cut_at_its_maximum_can_go_on(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("long"), Finished("length")], answer("er")]
    cid = (await rig.ask("q")).conversation_id
    await rig.ask(kind="continue", conversation_id=cid)

    assert await rig.texts() == ["q", "longer"]


async def test_a_complete_answer_has_nothing_to_continue(rig: Rig) -> None:
    first = await rig.ask("q")
    with pytest.raises(InvalidRequestError, match="complete"):
        await rig.ask(kind="continue", conversation_id=first.conversation_id)


@pytest.mark.parametrize("kind", ["edit", "regenerate", "continue"])
async def test_changes_of_a_tree_need_one(rig: Rig, kind: str) -> None:
    with pytest.raises(InvalidRequestError, match="needs a conversation"):
        await rig.ask("x", kind=kind)


async def test_a_question_cannot_be_continued(rig: Rig) -> None:
    first = await rig.ask("q")
    with pytest.raises(InvalidRequestError, match="no assistant message"):
        await rig.ask(kind="continue", conversation_id=first.conversation_id, message_id=first.parent_id)


async def test_a_message_of_another_conversation_is_not_found(rig: Rig) -> None:
    here, there = await rig.ask("here"), await rig.ask("there")
    with pytest.raises(NotFoundError):
        await rig.ask("x", conversation_id=here.conversation_id, message_id=there.id)


async def test_a_prompt_can_go_below_any_message(rig: Rig) -> None:
    first = await rig.ask("one")
    await rig.ask("two", conversation_id=first.conversation_id)
    await rig.ask("other two", conversation_id=first.conversation_id, message_id=first.id)

    assert shown(rig) == ["one", "Hello", "other two"]


async def test_a_fork_is_a_copy_that_goes_its_own_way(rig: Rig) -> None:
    first = await rig.ask("one")
    for n in range(40):  # more than one batch
        await rig.ask(f"more {n}", conversation_id=first.conversation_id)
    original = await rig.last()
    before = await rig.texts()
    rig.clock.advance(1000)
    fork = await rig.engine.history.fork(ME, original.id)

    assert (await rig.last()).id == fork.id
    assert await rig.texts() == before
    rig.clock.advance(1000)
    await rig.ask("only here", conversation_id=fork.id)
    assert (await rig.texts())[-2:] == ["only here", "Hello"]
    rows = await rig.store.messages(ME.user_id, original.id, limit=200)
    assert "only here" not in [row.text for row in rows]


async def test_a_fork_may_end_at_an_older_message(rig: Rig) -> None:
    first = await rig.ask("one")
    await rig.ask("two", conversation_id=first.conversation_id)
    rig.clock.advance(1000)
    await rig.engine.history.fork(ME, first.conversation_id, first.id)

    assert await rig.texts() == ["one", "Hello"]


async def test_a_fork_of_a_running_answer_holds_its_text_as_interrupted(rig: Rig) -> None:
    rig.provider.scripts = [[TextDelta("u" * 1100), asyncio.Event()]]
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    async with asyncio.timeout(5):
        while not (await rig.store.message(ME.user_id, turn.id)).text:
            await asyncio.sleep(0.005)
    fork = await rig.engine.history.fork(ME, turn.conversation.id)

    copy = await rig.store.message(ME.user_id, fork.leaf_id or "")
    assert (copy.text, copy.status) == ("u" * 1100, "interrupted")


async def test_history_that_does_not_fit_is_left_out_from_its_beginning(tmp_path: Path) -> None:
    spec = ModelSpec(id="fake:m", context=400, max_output=100)
    async with open_rig(tmp_path / "db", spec=spec) as rig:
        first = await rig.ask("w" * 300)
        for n in range(8):
            await rig.ask(f"{n}" * 150, conversation_id=first.conversation_id)

        messages = rig.provider.requests[-1].messages
        assert sum(message.tokens for message in messages) <= 300
        assert messages[0].role == "user"
        assert messages[-1].text == "7" * 150
        assert len(messages) == 9


async def test_a_prompt_larger_than_the_window_is_refused_and_nothing_is_stored(rig: Rig) -> None:
    with pytest.raises(InvalidRequestError, match="room for 900"):
        await rig.ask("x" * 3000)

    assert await rig.engine.history.conversations(ME, limit=1) == []
    assert rig.provider.requests == []


async def test_a_stored_question_larger_than_the_window_is_refused_too(rig: Rig) -> None:
    first = await rig.ask("x" * 2500)  # about 838 tokens
    with pytest.raises(InvalidRequestError, match="about 838 tokens"):
        await rig.ask(kind="regenerate", conversation_id=first.conversation_id, sampling=Sampling(max_tokens=900))


async def test_a_system_prompt_stays_with_its_conversation_until_it_is_changed(rig: Rig) -> None:
    cid = (await rig.ask("one", system="be brief")).conversation_id
    await rig.ask("two", conversation_id=cid)
    assert rig.provider.requests[-1].system == "be brief"
    await rig.ask("three", conversation_id=cid, system="")
    assert rig.provider.requests[-1].system is None


async def test_attached_files_go_along_now_and_in_later_turns(rig: Rig) -> None:
    cid = (await rig.ask("what is it?", attachments=(PNG,), model="other:n")).conversation_id
    await rig.ask("and its colour?", conversation_id=cid)

    assert len(rig.other.requests) == 2
    for request in rig.other.requests:
        (file,) = request.messages[0].files
        assert (file.name, file.media_type, file.size) == ("cat.png", "image/png", len(PNG.data))
        assert request.blobs[file.sha256] == PNG.data


async def test_an_attachment_alone_is_a_prompt_and_names_the_conversation(rig: Rig) -> None:
    await rig.ask("", attachments=(PNG,), model="other:n")

    assert (await rig.last()).title == "cat.png"


async def test_a_conversation_is_found_by_a_unique_beginning_of_its_id(rig: Rig) -> None:
    cid = (await rig.ask()).conversation_id

    assert (await rig.engine.history.conversation(ME, cid[:13].upper())).id == cid
    with pytest.raises(InvalidRequestError, match="too short"):
        await rig.engine.history.conversation(ME, cid[:3])
    with pytest.raises(NotFoundError):
        await rig.engine.history.conversation(ME, "ffff")
    await rig.ask()
    with pytest.raises(InvalidRequestError, match="several"):
        await rig.engine.history.conversation(ME, cid[:4])


async def test_conversations_are_searched_renamed_and_deleted(rig: Rig) -> None:
    first = await rig.ask("the needle in a haystack")
    (hit,) = await rig.engine.history.search(ME, "needle", limit=5)
    assert hit.message.text == "the needle in a haystack"

    assert (await rig.engine.history.rename(ME, first.conversation_id, " New ")).title == "New"
    with pytest.raises(InvalidRequestError, match="empty"):
        await rig.engine.history.rename(ME, first.conversation_id, " ")
    await rig.engine.history.delete(ME, first.conversation_id)
    assert await rig.engine.history.conversations(ME, limit=1) == []


async def test_a_preview_sends_and_stores_nothing(rig: Rig) -> None:
    assert await rig.engine.preview(ME, TurnRequest(text="x")) == {"model": "m", "texts": ["x"]}
    assert rig.provider.requests == []
    assert await rig.engine.history.conversations(ME, limit=1) == []


async def test_an_unknown_model_is_refused_before_anything_is_stored(rig: Rig) -> None:
    with pytest.raises(InvalidRequestError, match="providers: fake, other"):
        await rig.ask(model="nobody:x")
    assert await rig.engine.history.conversations(ME, limit=1) == []


async def test_a_model_choice_stays_with_the_conversation(rig: Rig) -> None:
    cid = (await rig.ask(model="other:n")).conversation_id
    second: Message = await rig.ask("again", conversation_id=cid)

    assert second.provider == "other"
    assert SPEC.id == rig.engine.catalog.default


async def test_a_failed_start_of_a_queue_is_told(rig: Rig) -> None:
    with pytest.raises(ChatopsError):
        await rig.engine.start_turn(ME, TurnRequest(text="x", conversation_id="gone", on_busy="queue"))


async def test_each_call_needs_its_scope(rig: Rig) -> None:
    cid = (await rig.ask("one")).conversation_id
    nobody = Principal(user_id=ME.user_id, scopes=frozenset())

    with pytest.raises(PermissionDeniedError, match="chat"):
        await rig.engine.start_turn(nobody, TurnRequest(text="two"))
    with pytest.raises(PermissionDeniedError, match="history:read"):
        await rig.engine.history.conversations(nobody, limit=1)
    with pytest.raises(PermissionDeniedError, match="history:write"):
        await rig.engine.history.delete(nobody, cid)
    assert [conversation.id for conversation in await rig.engine.history.conversations(ME, limit=5)] == [cid]
