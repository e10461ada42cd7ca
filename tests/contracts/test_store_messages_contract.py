"""What every store does with messages: `engine.ports.Store`, to the letter."""

from dataclasses import replace
from typing import Any

import pytest

from builders import LEASE, T0, begin, conversation, finished, kept, message, thread
from chatops.engine.errors import ConflictError, InvalidRequestError, NotFoundError
from chatops.engine.messages import Attempt, ErrorInfo, FilePart, ReasoningPart, TextPart, Usage
from chatops.engine.ports import Delta, Store
from fakes import SetClock

TEXTS = [
    "plain",
    "日本語と中文 한국어",
    "family 👨‍👩‍👧‍👦 flags 🇩🇪",
    "e\u0301 combining, \u1e69 and s\u0323\u0307",
    "عربي mixed with \u202eright to left\u202c עברית",
    "quotes ' \" \\ \n\r\t and \x00 nul \x1b[31m",
    "x" * 1_048_576,
    "日" * 1_048_576,
]


async def test_a_message_comes_back_as_it_was_stored(store: Store) -> None:
    made, _ = await kept(store)
    error = ErrorInfo(code="provider_unavailable", message="503 from fake", retry_after=1.5)
    attempts = (
        Attempt(provider="fake", model="m", started_at=1, duration_ms=2, error=error),
        Attempt(provider="other", model="n", started_at=3, duration_ms=4, ttft_ms=1),
    )
    full = message(
        made.id,
        role="assistant",
        seq=2**40,
        parent_id="parent",
        parts=(
            ReasoningPart(text="hmm"),
            TextPart(text="a"),
            FilePart(name="ä.png", media_type="image/png", sha256="00ff", size=3),
            TextPart(text="b"),
        ),
        status="failed",
        tokens=12,
        provider="other",
        model="n",
        usage=Usage(input_tokens=1, output_tokens=2, cached_tokens=2**70),
        finish_reason="length",
        error=error,
        attempts=attempts,
    )
    await store.add_messages("ann", [full])

    assert await store.message("ann", full.id) == full


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:8])
async def test_text_comes_back_to_the_character(store: Store, text: str) -> None:
    made, (stored,) = await kept(store, text)

    assert await store.message("ann", stored.id) == stored
    assert await store.messages("ann", made.id, limit=1) == [stored]


async def test_half_characters_never_make_a_store_refuse_an_answer(store: Store) -> None:
    _, (lone, pair) = await kept(store, "cut \ud83d here", "whole \ud83d\ude00")

    assert (await store.message("ann", lone.id)).text == "cut \ufffd here"
    assert (await store.message("ann", pair.id)).text == "whole 😀"


async def test_half_characters_in_names_are_replaced_too(store: Store) -> None:
    made = conversation(title="\ud83d", model="\ud83d")
    await store.add_conversation(made)
    assert (await store.conversation("ann", made.id)).title == "\ufffd"

    await store.update_conversation("ann", made.id, title="new \ud83d")
    await store.add_messages("ann", [stored := message(made.id, model="\ud83d", provider="\ud83d")])
    assert (await store.conversation("ann", made.id)).title == "new \ufffd"
    assert (await store.message("ann", stored.id)).model == "\ufffd"


async def test_an_id_that_is_no_text_is_refused_in_words(store: Store) -> None:
    with pytest.raises(InvalidRequestError, match="cannot hold this value"):
        await store.message("ann", "\ud83d")


async def test_messages_may_come_before_their_conversation(store: Store) -> None:
    made = conversation()
    messages = thread(made.id, "q", "a")
    await store.add_messages("ann", messages)
    await store.add_conversation(made)

    assert await store.messages("ann", made.id, limit=9) == messages


async def test_messages_that_came_first_keep_others_out(store: Store) -> None:
    made = conversation("bob")
    await store.add_messages("ann", thread(made.id, "q"))

    with pytest.raises(ConflictError):
        await store.add_conversation(made)
    with pytest.raises(NotFoundError):
        await store.add_messages("bob", thread(made.id, "q", "a")[1:])


async def test_a_batch_of_messages_is_stored_whole_or_not_at_all(store: Store) -> None:
    made, (first, second) = await kept(store, "q", "a")
    fresh = message(made.id, "new", seq=3)

    for taken in (first, message(made.id, "same place", seq=second.seq), replace(fresh, seq=4)):
        with pytest.raises(ConflictError):
            await store.add_messages("ann", [fresh, taken])
    assert await store.messages("ann", made.id, limit=9) == [first, second]


async def test_a_page_of_messages_holds_every_branch_oldest_first(store: Store) -> None:
    made, messages = await kept(store, "q", "a", "q2", "a2")
    branch = message(made.id, "edited", seq=5, parent_id=messages[1].id)
    await store.add_messages("ann", [branch])

    assert await store.messages("ann", made.id, limit=3) == messages[:3]
    assert await store.messages("ann", made.id, after_seq=3, limit=3) == [messages[3], branch]
    assert await store.messages("ann", made.id, after_seq=5, limit=3) == []


async def test_a_tail_begins_with_its_leaf_and_goes_back_across_branches(store: Store) -> None:
    made, messages = await kept(store, "q", "a", "q2", "a2", "q3")
    other, strangers = await kept(store, "elsewhere")

    assert await store.tail("ann", made.id, messages[3].id, limit=3) == [messages[3], messages[2], messages[1]]
    assert await store.tail("ann", made.id, messages[1].id, limit=9) == [messages[1], messages[0]]
    with pytest.raises(NotFoundError):
        await store.tail("ann", made.id, strangers[0].id, limit=3)
    with pytest.raises(NotFoundError):
        await store.tail("ann", other.id, messages[0].id, limit=3)


async def test_a_bare_tail_has_what_a_model_is_told(store: Store, clock: SetClock) -> None:
    running = await begin(store, clock)
    attempts = (Attempt(provider="up", model="m", started_at=T0, duration_ms=9),)
    usage = Usage(input_tokens=3, output_tokens=4)
    info = ErrorInfo(code="provider_silent", message="silent")
    ended = finished(running, "an answer", usage=usage, attempts=attempts, status="failed", error=info)
    await store.finish_turn(ended)
    whole = await store.tail("ann", running.conversation_id, running.id, limit=2)
    bare = await store.tail("ann", running.conversation_id, running.id, limit=2, bare=True)

    left_out: dict[str, Any] = {
        "provider": None,
        "model": None,
        "usage": None,
        "finish_reason": None,
        "error": None,
        "attempts": (),
    }
    assert whole[0].attempts == attempts
    assert bare == [replace(one, **left_out) for one in whole]


async def test_a_bare_tail_has_what_was_journalled_of_an_answer_that_runs_or_was_given_up(
    store: Store, clock: SetClock
) -> None:
    running = await begin(store, clock)
    await store.append_deltas({running.id: Delta(n=1, text="as far as")}, lease_expires_at=clock() + LEASE)
    for status in ("streaming", "interrupted"):
        newest, question = await store.tail("ann", running.conversation_id, running.id, limit=2, bare=True)
        assert (newest.text, newest.status, newest.parent_id) == ("as far as", status, question.id)
        clock.now += LEASE + 1


async def test_a_tail_ends_in_the_same_place_while_messages_come(store: Store) -> None:
    made, messages = await kept(store, "q", "a", "q2", "a2")
    await store.add_messages("ann", [message(made.id, f"new {n}", seq=5 + n) for n in range(5)])

    assert await store.tail("ann", made.id, messages[2].id, limit=2) == [messages[2], messages[1]]
