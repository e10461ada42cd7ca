from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.providers.sse import Decoder, Event, EventTooLargeError


def decoded(pieces: list[bytes], limit: int = 10_000) -> list[Event | str]:
    """All events, and at the end "too large" if it came to that."""
    decoder = Decoder(limit)
    events: list[Event | str] = []
    try:
        for piece in [*pieces, b""]:
            events += decoder.feed(piece)
    except EventTooLargeError:
        events.append("too large")
    return events


STREAM = (
    "data: grüß 😀\r\n\r\nevent: delta\rdata:a\rdata:  b\r\r: a comment\ndata\n\nid: 7\nretry: 1\n\ndata: cut off"
).encode()


def test_the_fields_of_the_standard_are_read() -> None:
    assert decoded([STREAM]) == [Event("", "grüß 😀"), Event("delta", "a\n b"), Event("", "")]


@given(st.lists(st.integers(0, len(STREAM))), st.booleans())
def test_any_split_of_a_stream_gives_the_same_events(cuts: list[int], bom: bool) -> None:
    stream = b"\xef\xbb\xbf" * bom + STREAM
    edges = [0, *sorted(cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]

    assert decoded(pieces) == decoded([STREAM])


LINES = st.lists(
    st.sampled_from([b"data: x", b"data:", b"event: e", b": c", b"", b"junk", b"\xef\xbb\xbf", b"\xff", b"\xc3"])
)


@given(LINES, st.lists(st.sampled_from([b"\n", b"\r", b"\r\n"]), min_size=1), st.data(), st.integers(1, 30))
def test_no_split_changes_anything_of_any_stream(
    lines: list[bytes], ends: list[bytes], data: st.DataObject, limit: int
) -> None:
    stream = b"".join(line + ends[number % len(ends)] for number, line in enumerate(lines))
    cuts = data.draw(st.lists(st.integers(0, len(stream))))
    edges = [0, *sorted(cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]

    assert decoded(pieces, limit) == decoded([stream], limit)


def test_an_event_is_given_as_soon_as_its_line_ends_with_a_carriage_return() -> None:
    decoder = Decoder()

    assert decoder.feed(b"data: a\r\r") == [Event("", "a")]
    assert decoder.feed(b"\ndata: b\n\n") == [Event("", "b")]


def test_only_the_first_byte_order_mark_is_taken_off() -> None:
    assert decoded([b"\xef\xbb", b"\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n"]) == [Event("", "a")]


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    assert decoded([b"data: a\xffb\n\n"]) == [Event("", "a\ufffdb")]


def test_an_event_cut_off_by_the_end_is_none() -> None:
    assert decoded([b"data: a\n\ndata: b\n"]) == [Event("", "a")]


def test_what_came_before_a_too_large_event_is_given_first() -> None:
    decoder = Decoder(limit=10)

    assert decoder.feed(b"data: a\n\ndata: " + b"x" * 20) == [Event("", "a")]
    with pytest.raises(EventTooLargeError, match="more than 10 bytes"):
        decoder.feed(b"")


def test_many_short_lines_of_one_event_are_too_large_as_well() -> None:
    assert decoded([b"data: x\n"] * 3, limit=20) == ["too large"]


def test_comments_and_unknown_fields_never_add_up() -> None:
    assert decoded([b": ping\nid: 1\n"] * 100 + [b"data: a\n\n"], limit=20) == [Event("", "a")]
