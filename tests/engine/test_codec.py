import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.codec import (
    attempt_from,
    attempt_record,
    conversation_json,
    iso,
    message_from,
    message_json,
    message_record,
    part_from,
    part_record,
)
from chatops.engine.messages import (
    Attempt,
    Conversation,
    ErrorInfo,
    FilePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    Usage,
)

TEXT = TextPart(text="hi")
FILE = FilePart(name="a.png", media_type="image/png", sha256="00", size=3)
FAILED = Attempt(
    provider="p", model="m", started_at=1, duration_ms=2, error=ErrorInfo(code="c", message="x", retry_after=3)
)
DONE = Attempt(provider="p", model="m", started_at=4, duration_ms=5, ttft_ms=1)

parts = st.one_of(
    st.builds(TextPart, text=st.text()),
    st.builds(ReasoningPart, text=st.text()),
    st.builds(FilePart, name=st.text(), media_type=st.text(), sha256=st.text(), size=st.integers(0)),
)


@given(parts)
def test_a_part_comes_back_from_its_record(part: Part) -> None:
    assert part_from(part_record(part)) == part


def test_an_attempt_comes_back_from_its_record() -> None:
    for attempt in (FAILED, DONE):
        assert attempt_from(attempt_record(attempt)) == attempt


@given(
    st.builds(
        Message,
        id=st.text(),
        conversation_id=st.text(),
        role=st.sampled_from(["user", "assistant"]),
        parts=st.lists(parts).map(tuple),
        created_at=st.integers(0),
        seq=st.integers(0),
        parent_id=st.none() | st.text(),
        status=st.sampled_from(["streaming", "complete", "interrupted", "failed"]),
        tokens=st.integers(0),
        provider=st.none() | st.text(),
        model=st.none() | st.text(),
        usage=st.none() | st.builds(Usage, input_tokens=st.integers(0), output_tokens=st.integers(0)),
        finish_reason=st.none() | st.sampled_from(["stop", "length", "tool_calls", "content_filter"]),
        error=st.none() | st.builds(ErrorInfo, code=st.text(), message=st.text()),
        attempts=st.sampled_from([(), (DONE,), (FAILED, DONE)]),
    )
)
def test_a_message_comes_back_from_its_record_through_json(message: Message) -> None:
    assert message_from(json.loads(json.dumps(message_record(message)))) == message


def test_times_are_iso_8601_in_utc() -> None:
    assert iso(1_800_000_000_123) == "2027-01-15T08:00:00.123Z"


def test_a_plain_message_has_no_parts_and_leaves_out_what_is_absent() -> None:
    message = Message(id="m", conversation_id="c", role="user", parts=(TEXT,), created_at=0)

    assert message_json(message) == {
        "id": "m",
        "role": "user",
        "text": "hi",
        "status": "complete",
        "created_at": "1970-01-01T00:00:00.000Z",
    }


def test_a_message_with_more_than_text_shows_all_of_it() -> None:
    message = Message(
        id="m",
        conversation_id="c",
        parent_id="u",
        role="assistant",
        parts=(ReasoningPart(text="hm"), TEXT, FILE),
        created_at=0,
        status="failed",
        provider="p",
        model="x",
        usage=Usage(input_tokens=5, output_tokens=6, cached_tokens=4),
        error=ErrorInfo(code="rate_limited", message="slow", retry_after=2.5),
        attempts=(FAILED, DONE),
    )
    shape = message_json(message)

    assert [part["type"] for part in shape["parts"]] == ["reasoning", "text", "file"]
    assert shape["usage"] == {"input_tokens": 5, "output_tokens": 6, "cached_tokens": 4}
    assert shape["error"] == {"code": "rate_limited", "message": "slow", "retry_after": 2.5}
    assert [attempt.get("ttft_ms") for attempt in shape["attempts"]] == [None, 1]


def test_one_attempt_is_not_worth_showing() -> None:
    message = Message(id="m", conversation_id="c", role="assistant", parts=(), created_at=0, attempts=(DONE,))

    assert "attempts" not in message_json(message)


def test_a_conversation_shows_what_a_person_said_of_it() -> None:
    plain = Conversation(id="c", owner_id="o", title="t", created_at=0, updated_at=0)
    labelled = replace(plain, archived=True, tags=("home", "work"), expires_at=1_800_000_000_123)

    said = {"archived": True, "tags": ["home", "work"], "expires_at": "2027-01-15T08:00:00.123Z"}
    assert conversation_json(labelled) == conversation_json(plain) | said


def test_a_conversation_shows_no_owner() -> None:
    conversation = Conversation(id="c", owner_id="secret", title="t", created_at=0, updated_at=1000, model="p:m")

    assert conversation_json(conversation) == {
        "id": "c",
        "title": "t",
        "model": "p:m",
        "created_at": "1970-01-01T00:00:00.000Z",
        "updated_at": "1970-01-01T00:00:01.000Z",
    }
