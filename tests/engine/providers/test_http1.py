from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.providers.http1 import (
    Body,
    Chunked,
    GarbledError,
    Head,
    Sized,
    UntilClose,
    framing,
    parse_head,
    request,
)


def fed(body: Body, pieces: list[bytes]) -> bytes:
    return b"".join(body.feed(piece) for piece in pieces)


def test_a_head_is_read_with_names_in_lower_case_and_repeats_joined() -> None:
    head = parse_head(b"HTTP/1.1 200 Fine by me\r\nX-A: 1\r\nx-a:2 \r\nEmpty:\r\n\r\n")

    assert head == Head(200, {"x-a": "1, 2", "empty": ""})


def test_a_status_needs_no_words() -> None:
    assert parse_head(b"HTTP/1.0 404\r\n\r\n").status == 404


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_what_is_no_head_is_refused(raw: bytes) -> None:
    with pytest.raises(GarbledError):
        parse_head(raw)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"transfer-encoding": "Chunked", "content-length": "3"}, Chunked),
        ({"content-length": "3"}, Sized),
        ({}, UntilClose),
    ],
)
def test_the_framing_follows_the_headers(headers: dict[str, str], kind: type[Body]) -> None:
    assert type(framing(Head(200, headers))) is kind


@pytest.mark.parametrize(
    "headers", [{"content-length": "-1"}, {"content-length": "3, 3"}, {"transfer-encoding": "gzip, chunked"}]
)
def test_an_unclear_framing_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(GarbledError):
        framing(Head(200, headers))


@given(st.lists(st.binary(min_size=1)), st.data())
def test_chunks_split_anywhere_give_the_same_body(chunks: list[bytes], data: st.DataObject) -> None:
    raw = b"".join(b"%X ;ext=1\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\nTrailer: x\r\n\r\n"
    edges = [0, *sorted(data.draw(st.lists(st.integers(0, len(raw))))), len(raw)]
    body = Chunked()

    assert fed(body, [raw[a:b] for a, b in pairwise(edges)]) == b"".join(chunks)
    assert body.done


def test_a_chunked_body_is_not_whole_before_its_last_chunk() -> None:
    body = Chunked()

    assert body.feed(b"3\r\nabc\r\n") == b"abc"
    assert not body.done
    assert not body.ends_here()


@pytest.mark.parametrize("size", [b"x\r\n", b"-1\r\n", b"1_0\r\n", b"F" * 16 + b"\r\n", b"1" * 5000])
def test_a_chunk_size_that_is_none_is_refused(size: bytes) -> None:
    with pytest.raises(GarbledError):
        Chunked().feed(size)


@given(st.binary(), st.integers(0, 30))
def test_a_sized_body_ends_at_its_length(data: bytes, length: int) -> None:
    body = Sized(length)

    assert fed(body, [data[:7], data[7:]]) == data[:length]
    assert body.done == body.ends_here() == (len(data) >= length)


def test_a_body_without_framing_ends_with_the_connection() -> None:
    body = UntilClose()

    assert body.feed(b"abc") == b"abc"
    assert not body.done
    assert body.ends_here()


def test_a_request_with_a_body_tells_its_length_and_closes() -> None:
    raw = request("POST", "/v1/x", {"host": "h"}, "ü".encode())

    assert raw == (
        b"POST /v1/x HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 2\r\n"
        b"connection: close\r\n\r\n\xc3\xbc"
    )


def test_a_request_without_a_body_says_nothing_of_one() -> None:
    assert request("GET", "/", {"host": "h"}, None) == b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
