"""Events as they lie in Redis, and a feed of them: whatever is cut or sent again, readers get each once, in order."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.errors import StoreError
from chatops.engine.events import Event, ReasoningDelta, TextDelta, TurnFinished, TurnStarted, UsageUpdated
from chatops.engine.messages import Conversation, Message, TextPart, Usage
from chatops.engine.replicas.entries import packed, unpacked
from chatops.engine.replicas.feed import Feed

texts = st.text(st.characters(codec=None), min_size=1, max_size=9)
deltas = st.one_of(
    texts.map(TextDelta),
    texts.map(ReasoningDelta),
    st.builds(UsageUpdated, st.builds(Usage, input_tokens=st.integers(0, 9), cost=st.none() | st.integers(0, 9))),
)
STARTED = TurnStarted(
    Conversation(id="c", owner_id="ann", title="", created_at=1, updated_at=1, tags=("a",)),
    Message(id="t", conversation_id="c", role="assistant", parts=(), created_at=1, seq=2, status="streaming"),
)


def ended(text: str) -> Message:
    return Message(id="t", conversation_id="c", role="assistant", parts=(TextPart(text=text),), created_at=1, seq=2)


@given(st.lists(deltas, max_size=20))
def test_events_come_out_as_they_went_in(events: list[Event]) -> None:
    assert unpacked(packed([STARTED, *events]).encode()) == [STARTED, *events]


@pytest.mark.parametrize(
    "entry", [b"", b"{", b"[1]", b'[{"finished": 1}]', b'[{"started": {}, "conversation": {}}]', b"7"]
)
def test_what_no_chatops_wrote_is_told(entry: bytes) -> None:
    with pytest.raises(StoreError, match="cannot read"):
        unpacked(entry)


@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 12), st.integers(1, 12)), max_size=12))
def test_entries_in_any_cut_and_any_number_give_each_event_once(count: int, cuts: list[tuple[int, int]]) -> None:
    events: list[Event] = [STARTED, *(TextDelta(str(n)) for n in range(count)), TurnFinished(ended("x"))]

    async def body() -> Feed:
        feed = Feed("t")
        for begin, size in cuts:
            first = min(begin, len(feed.events))  # what was sent again begins somewhere before what is here
            piece = events[first : first + size]
            if piece:
                feed.take(first + len(piece), piece)
        feed.take(len(events), events)
        return feed

    feed = asyncio.run(body())
    assert feed.events == events
    assert feed.over
    assert not feed.failed


async def read(feed: Feed) -> Sequence[Event]:
    async with aclosing(feed.read(0)) as batches:
        return [event async for batch in batches for event in batch]


async def test_a_gap_ends_the_feed_with_a_way_out() -> None:
    feed = Feed("t")
    feed.take(1, [STARTED])
    feed.take(4, [TextDelta("c"), TextDelta("d")])

    with pytest.raises(StoreError, match="read it again"):
        await read(feed)
    assert feed.events == [STARTED]


@pytest.mark.parametrize(("stored", "is_whole"), [("ab", True), ("a", True), ("abc", False)])
async def test_the_stores_word_ends_a_feed_if_nothing_of_the_answer_is_missing(stored: str, *, is_whole: bool) -> None:
    feed = Feed("t")
    feed.take(3, [STARTED, TextDelta("a"), TextDelta("b")])
    feed.end(ended(stored))

    if is_whole:
        assert (await read(feed))[-1] == TurnFinished(ended(stored))
    else:
        with pytest.raises(StoreError):
            await read(feed)
