from dataclasses import replace

from chatops.api.ui_stream import UIStream
from chatops.engine.events import (
    Entitled,
    Event,
    ReasoningDelta,
    TextDelta,
    TurnFinished,
    TurnStarted,
    UsageUpdated,
)
from chatops.engine.messages import Conversation, ErrorInfo, Message, ReasoningPart, TextPart, Usage

CONVERSATION = Conversation(id="c", owner_id="me", title="A title", created_at=0, updated_at=0)
MESSAGE = Message(
    id="m", conversation_id="c", parent_id="u", role="assistant", parts=(), provider="p", model="x", created_at=0
)
START = [
    {"type": "start", "messageId": "m", "messageMetadata": {"model": "p:x", "parent_id": "u"}},
    {"type": "data-conversation", "data": {"id": "c", "title": "A title"}},
]


def parts(*events: Event) -> list[dict[str, object]]:
    stream = UIStream()
    return [part for event in events for part in stream.parts(event)]


def test_a_whole_turn_is_a_start_blocks_of_deltas_and_a_finish() -> None:
    usage = Usage(input_tokens=3, output_tokens=2)
    done = replace(MESSAGE, status="complete", finish_reason="stop", usage=usage)

    assert [
        *START,
        {"type": "reasoning-start", "id": "reasoning-1"},
        {"type": "reasoning-delta", "id": "reasoning-1", "delta": "hm"},
        {"type": "reasoning-end", "id": "reasoning-1"},
        {"type": "text-start", "id": "text-2"},
        {"type": "text-delta", "id": "text-2", "delta": "a"},
        {"type": "text-delta", "id": "text-2", "delta": "b"},
        {"type": "data-usage", "data": {"input_tokens": 3, "output_tokens": 2}, "transient": True},
        {"type": "text-end", "id": "text-2"},
        {
            "type": "finish",
            "messageMetadata": {"finish_reason": "stop", "usage": {"input_tokens": 3, "output_tokens": 2}},
        },
    ] == parts(
        TurnStarted(CONVERSATION, MESSAGE),
        ReasoningDelta("hm"),
        TextDelta("a"),
        TextDelta("b"),
        UsageUpdated(usage),
        TurnFinished(done),
    )


def test_an_answer_that_goes_on_begins_with_what_it_had() -> None:
    partial = replace(MESSAGE, parts=(ReasoningPart(text="r"), TextPart(text="so far")))

    types = [(part["type"], part.get("delta")) for part in parts(TurnStarted(CONVERSATION, partial), TextDelta("!"))]

    assert [pair for pair in types if pair[1]] == [
        ("reasoning-delta", "r"),
        ("text-delta", "so far"),
        ("text-delta", "!"),
    ]


def test_a_failure_is_an_error_part_with_its_code_beside() -> None:
    failed = replace(MESSAGE, status="failed", error=ErrorInfo(code="provider_stream_cut", message="cut"))

    assert parts(TextDelta("half"), TurnFinished(failed))[2:] == [
        {"type": "text-end", "id": "text-1"},
        {"type": "data-error", "data": {"code": "provider_stream_cut", "message": "cut"}, "transient": True},
        {"type": "error", "errorText": "cut"},
    ]


def test_a_stopped_answer_is_an_abort() -> None:
    stopped = replace(MESSAGE, status="interrupted", error=ErrorInfo(code="stopped", message="stopped"))

    assert parts(TurnFinished(stopped))[-1] == {"type": "abort"}


def test_a_title_that_arrives_and_another_model_that_answered_are_told() -> None:
    done = replace(MESSAGE, provider="other", model="y", status="complete", finish_reason="stop")

    told = parts(TurnStarted(CONVERSATION, MESSAGE), TextDelta("a"), Entitled("c", "Better"), TurnFinished(done))

    assert {"type": "data-conversation", "data": {"id": "c", "title": "Better"}} in told[2:]
    assert told[-1] == {"type": "finish", "messageMetadata": {"finish_reason": "stop", "model": "other:y"}}
