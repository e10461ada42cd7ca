from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.errors import ProviderUnavailableError
from chatops.engine.events import Finished, ProviderEvent, ReasoningDelta, TextDelta, UsageUpdated
from chatops.engine.messages import Usage
from chatops.engine.providers import anthropic_wire, openai_wire
from chatops.engine.providers.faults import Faults
from chatops.engine.providers.wire import Reader, Wire, count, merged, model_names
from peers.dialects import Chat, Messages, event

FAULTS = Faults("acme")
PIECES = st.lists(st.tuples(st.booleans(), st.text(st.sampled_from("aé😀\ud83d\ude00\0\n "), min_size=1, max_size=4)))


def reader(wire: Wire) -> Reader:
    return Reader(wire.decoder(FAULTS), FAULTS)


def read(wire: Wire, pieces: list[bytes]) -> tuple[list[ProviderEvent], str]:
    """All events, merged as if they had come in one read, and the error they ended with."""
    reading, events, error = reader(wire), list[ProviderEvent](), ""
    try:
        for piece in pieces:
            events += reading.feed(piece)
        events += reading.end()
    except ProviderUnavailableError as fault:
        error = fault.message
    return list(merged(events)), error


@given(st.sampled_from(["openai", "anthropic"]), PIECES, st.booleans(), st.data())
def test_any_split_of_an_answers_bytes_gives_the_same_events(
    protocol: str,
    pieces: list[tuple[bool, str]],
    whole: bool,
    data: st.DataObject,
) -> None:
    wire, dialect = (openai_wire.WIRE, Chat()) if protocol == "openai" else (anthropic_wire.WIRE, Messages())
    sent = [*dialect.begin(), *(dialect.thought(text) if aloud else dialect.word(text) for aloud, text in pieces)]
    stream = b"".join([*sent, *(dialect.end(9) if whole else [])])
    edges = [0, *sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20))), len(stream)]

    assert read(wire, [stream[a:b] for a, b in pairwise(edges)]) == read(wire, [stream])


def test_deltas_of_one_read_come_out_as_one() -> None:
    chat = Chat()
    stream = b"".join([chat.thought("a"), chat.thought("b"), chat.word("c"), chat.word("d"), *chat.end(4)])
    reading = reader(openai_wire.WIRE)

    assert list(reading.feed(stream)) == [
        ReasoningDelta("ab"),
        TextDelta("cd"),
        UsageUpdated(Usage(input_tokens=7, output_tokens=4, cached_tokens=2)),
    ]
    assert reading.done
    assert reading.end() == [Finished("stop", "the-model")]


def test_what_came_in_one_read_before_an_error_is_given_first() -> None:
    reading = reader(openai_wire.WIRE)
    events: list[ProviderEvent] = []

    with pytest.raises(ProviderUnavailableError) as caught:
        events.extend(reading.feed(Chat().word("a") + Chat().word("b") + b"data: {]\n\n"))

    assert (events, caught.value.code) == ([TextDelta("ab")], "provider_stream_cut")


@pytest.mark.parametrize("data", ["{]", "42", "null", "[" * 100_000, '"' + "9" * 5000, "9" * 5000])
def test_an_event_that_is_no_json_object_ends_the_answer(data: str) -> None:
    with pytest.raises(ProviderUnavailableError, match="no JSON object") as caught:
        list(reader(openai_wire.WIRE).feed(f"data: {data}\n\n".encode()))

    assert caught.value.code == "provider_stream_cut"


def test_an_event_without_end_ends_the_answer() -> None:
    reading = reader(openai_wire.WIRE)

    with pytest.raises(ProviderUnavailableError, match="an event of more than") as caught:
        for _ in range(10):
            list(reading.feed(b"x" * 2**20))

    assert caught.value.code == "provider_stream_cut"


def test_nothing_after_the_end_is_read() -> None:
    reading = reader(openai_wire.WIRE)

    assert list(reading.feed(b"data: [DONE]\n\n" + Chat().word("a"))) == []
    assert reading.done


def test_empty_events_keep_a_stream_alive_and_say_nothing() -> None:
    assert list(reader(openai_wire.WIRE).feed(b"data:\n\ndata: \n\n: ping\n\n")) == []


def test_a_stream_without_any_event_asks_for_the_address() -> None:
    with pytest.raises(ProviderUnavailableError, match="is its base_url right"):
        reader(anthropic_wire.WIRE).end()


@given(
    st.lists(
        st.builds(TextDelta, st.text(min_size=1))
        | st.builds(ReasoningDelta, st.text(min_size=1))
        | st.just(UsageUpdated(Usage()))
    )
)
def test_merging_keeps_every_character_and_order(events: list[ProviderEvent]) -> None:
    together = list(merged(events))

    def spelled(events: list[ProviderEvent]) -> list[Any]:
        return [
            part
            for event in events
            for part in (
                [event] if isinstance(event, UsageUpdated | Finished) else [(type(event), c) for c in event.text]
            )
        ]

    assert spelled(together) == spelled(events)
    assert not any(type(a) is type(b) and not isinstance(a, UsageUpdated) for a, b in pairwise(together))


@pytest.mark.parametrize("value", [None, "7", 7.0, True, -1, 2**60, [7]])
def test_a_count_that_is_none_is_zero(value: object) -> None:
    assert count({"a": {"b": value}}, "a", "b") == 0


def test_a_count_is_found_at_its_path() -> None:
    assert count({"a": {"b": 7}}, "a", "b") == 7
    assert count({"a": 7}, "a", "b") == 0


def test_names_of_models_are_sorted_and_each_there_once() -> None:
    items = [{"id": "b"}, {"id": "a", "object": "model"}, {"id": "b"}, {"id": 7}, "c"]

    assert model_names(json.dumps({"data": items}).encode()) == ["a", "b"]
    assert model_names(json.dumps(items).encode()) == ["a", "b"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"data": 7}', b"7"])
def test_what_is_no_list_of_models_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        model_names(body)


def test_an_event_of_the_peer_is_a_line_of_json() -> None:
    assert event({"a": "\ud83d"}) == b'data: {"a": "\\ud83d"}\n\n'
