from __future__ import annotations

from typing import Any

import pytest

from builders import message
from chatops.engine.errors import ProviderError, ProviderRejectedError, ProviderUnavailableError
from chatops.engine.events import Finished, ProviderEvent, ReasoningDelta, TextDelta, UsageUpdated
from chatops.engine.messages import Sampling, Usage
from chatops.engine.ports import ChatRequest
from chatops.engine.providers.faults import Faults
from chatops.engine.providers.openai_wire import Decoder, body


def chunk(delta: dict[str, Any] | None = None, finish_reason: str | None = None, **fields: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish_reason}
    return {"object": "chat.completion.chunk", "choices": [choice], **fields}


def decoded(*chunks: dict[str, Any]) -> list[ProviderEvent]:
    decoder = Decoder(Faults("acme"))
    return [event for data in chunks for event in decoder.chunk(data)] + decoder.end()


STOP = chunk(finish_reason="stop")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_read_under_every_name_that_servers_give_it(field: str) -> None:
    assert decoded(chunk({field: "hm", "content": None}), chunk({"content": "so"}), STOP) == [
        ReasoningDelta("hm"),
        TextDelta("so"),
        Finished("stop"),
    ]


def test_content_in_parts_is_told_apart() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "so"}, 7]

    assert decoded(chunk({"content": parts}), STOP) == [ReasoningDelta("hm"), TextDelta("so"), Finished("stop")]


def test_a_refusal_is_shown_as_the_answer() -> None:
    assert decoded(chunk({"content": None, "refusal": "No."}), STOP) == [TextDelta("No."), Finished("stop")]


def test_usage_comes_after_the_finish_reason_and_before_the_end() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}

    assert decoded(chunk({"content": "a"}, usage=None), STOP, {"choices": [], "model": "m-1", "usage": usage}) == [
        TextDelta("a"),
        UsageUpdated(Usage(input_tokens=5, output_tokens=3, cached_tokens=4)),
        Finished("stop", "m-1"),
    ]


def test_usage_that_says_nothing_new_is_told_once() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": None}

    assert (
        decoded(chunk(usage=usage), chunk(usage=usage), STOP).count(
            UsageUpdated(Usage(input_tokens=5, output_tokens=3))
        )
        == 1
    )


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("content_filter", "content_filter"),
    ],
)
def test_finish_reasons_are_mapped(theirs: str, ours: str) -> None:
    assert decoded(chunk(finish_reason=theirs)) == [Finished(ours)]  # type: ignore[arg-type]  # the literals above


@pytest.mark.parametrize("reason", ["abort", "error", "insufficient_system_resource"])
def test_an_answer_that_the_server_gave_up_is_not_whole(reason: str) -> None:
    with pytest.raises(ProviderUnavailableError, match=reason) as caught:
        decoded(chunk({"content": "a"}), chunk(finish_reason=reason))

    assert caught.value.code == "provider_stream_cut"


def test_a_stream_without_a_finish_reason_is_an_error() -> None:
    with pytest.raises(ProviderUnavailableError) as caught:
        decoded(chunk({"content": "a"}))

    assert caught.value.code == "provider_stream_cut"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"error": {"message": "m", "type": "server_error"}}, ProviderUnavailableError),
        ({"error": "m"}, ProviderUnavailableError),
        ({"error": {"message": "m", "code": 400}, "choices": []}, ProviderRejectedError),
        ({"object": "error", "message": "m", "type": "BadRequestError", "code": 400}, ProviderRejectedError),
    ],
)
def test_an_error_in_the_stream_is_raised(data: dict[str, Any], kind: type[ProviderError]) -> None:
    with pytest.raises(kind, match="acme broke off: m"):
        decoded(data)


def test_a_character_split_over_two_chunks_is_whole() -> None:
    assert decoded(chunk({"content": "a\ud83d"}), chunk({"content": "\ude00"}), STOP) == [
        TextDelta("a"),
        TextDelta("😀"),
        Finished("stop"),
    ]


def test_half_a_character_at_the_end_is_replaced() -> None:
    assert decoded(chunk({"content": "\ud83d"}), STOP) == [TextDelta("\ufffd"), Finished("stop")]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"choices": None, "usage": 7, "model": None},
        {"choices": [7]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"content": 7, "reasoning": ["x"]}, "finish_reason": 7}]},
        {"choices": [{"index": 1, "delta": {"content": "another choice"}}]},
        {"choices": [{"delta": {"content": [None, {"text": None}, {"thinking": 7}]}}]},
        {"choices": [], "prompt_filter_results": []},
    ],
)
def test_shapes_that_say_nothing_are_passed_over(data: dict[str, Any]) -> None:
    assert decoded(data, STOP) == [Finished("stop")]


def test_the_limit_is_named_as_the_server_knows_it() -> None:
    request = ChatRequest(model="m", messages=[message("c", "hi")], sampling=Sampling(max_tokens=7))

    assert {key: value for key, value in body(request).items() if value == 7} == {"max_tokens": 7}
    assert {key: value for key, value in body(request, official=True).items() if value == 7} == {
        "max_completion_tokens": 7
    }
