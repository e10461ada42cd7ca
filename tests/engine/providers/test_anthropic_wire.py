from __future__ import annotations

from typing import Any

import pytest

from builders import message
from chatops.engine.errors import ProviderRejectedError, ProviderUnavailableError
from chatops.engine.events import Finished, ProviderEvent, ReasoningDelta, TextDelta, UsageUpdated
from chatops.engine.messages import Sampling, Usage
from chatops.engine.ports import ChatRequest
from chatops.engine.providers.anthropic_wire import Decoder, body, headers
from chatops.engine.providers.faults import Faults


def decoded(*events: dict[str, Any]) -> list[ProviderEvent]:
    decoder = Decoder(Faults("acme"))
    return [event for data in events for event in decoder.chunk(data)] + decoder.end()


def delta(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, **fields}}


def ending(reason: str = "end_turn") -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}}


def test_text_and_thinking_are_told_apart_and_the_rest_left_out() -> None:
    assert decoded(
        {"type": "ping"},
        {"type": "content_block_start", "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
        delta("thinking_delta", thinking="hm"),
        delta("signature_delta", signature="x"),
        {"type": "content_block_start", "content_block": {"type": "text", "text": "So "}},
        delta("text_delta", text="it is"),
        delta("citations_delta", citation={}),
        delta("input_json_delta", partial_json="{"),
        {"type": "content_block_start", "content_block": {"type": "redacted_thinking", "data": "x"}},
        ending(),
        {"type": "message_stop"},
    ) == [ReasoningDelta("hm"), TextDelta("So "), TextDelta("it is"), Finished("stop")]


def test_usage_counts_every_input_token_and_later_counts_win() -> None:
    start = {"input_tokens": 4, "cache_creation_input_tokens": 10, "cache_read_input_tokens": 200, "output_tokens": 1}

    assert decoded(
        {"type": "message_start", "message": {"model": "m-1", "usage": start}},
        {**ending(), "usage": {"output_tokens": 30, "input_tokens": None}},
    ) == [
        UsageUpdated(Usage(input_tokens=214, output_tokens=1, cached_tokens=200)),
        UsageUpdated(Usage(input_tokens=214, output_tokens=30, cached_tokens=200)),
        Finished("stop", "m-1"),
    ]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
    ],
)
def test_stop_reasons_are_mapped(theirs: str, ours: str) -> None:
    assert decoded(ending(theirs)) == [Finished(ours)]  # type: ignore[arg-type]  # the literals above


def test_a_stream_without_a_stop_reason_is_an_error() -> None:
    with pytest.raises(ProviderUnavailableError) as caught:
        decoded(delta("text_delta", text="a"), {"type": "message_delta", "delta": {"stop_reason": None}})

    assert caught.value.code == "provider_stream_cut"


def test_nothing_follows_the_last_event() -> None:
    decoder = Decoder(Faults("acme"))
    decoder.chunk(ending())
    assert not decoder.done

    decoder.chunk({"type": "message_stop"})

    assert decoder.done


def test_an_error_in_the_stream_is_raised() -> None:
    with pytest.raises(ProviderUnavailableError, match="acme broke off: Overloaded"):
        decoded({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    with pytest.raises(ProviderRejectedError, match="acme broke off: No"):
        decoded({"type": "error", "error": {"type": "invalid_request_error", "message": "No"}})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"type": "message_start", "message": None},
        {"type": "message_start", "message": {"model": 7, "usage": 7}},
        {"type": "content_block_start"},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": 7}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": ""}},
        {"type": "message_delta", "delta": 7, "usage": []},
        {"type": "of_tomorrow"},
    ],
)
def test_shapes_that_say_nothing_are_passed_over(data: dict[str, Any]) -> None:
    assert decoded(data, ending()) == [Finished("stop")]


@pytest.mark.parametrize(
    ("sampling", "max_output", "limit"),
    [(Sampling(), None, 8192), (Sampling(), 64, 64), (Sampling(max_tokens=7), 64, 7)],
)
def test_there_is_always_a_limit(sampling: Sampling, max_output: int | None, limit: int) -> None:
    request = ChatRequest(model="m", messages=[message("c", "hi")], sampling=sampling, max_output=max_output)

    assert body(request)["max_tokens"] == limit


def test_compatible_servers_get_the_key_under_its_old_name_too() -> None:
    assert headers("k", official=True).keys() == {"authorization", "anthropic-version"}
    assert headers("k", official=False)["x-api-key"] == "k"
