"""What no well-meaning client sends: each is refused cleanly, and the server goes on."""

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from fakes import answer
from server import Server, open_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server, None]:
    async with open_server(
        tmp_path / "db",
        answer("ok"),
        linger_seconds=0.5,
        connections=20,
        body=1_000_000,
    ) as server:
        yield server
        assert (await server.json("GET", "/livez"))["status"] == "alive"


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe\x00garbage\x00",
        b"[]",
        b"null",
        b"1e999999",
        b'{"message": "\\ud800"}',
        b'{"a":' * 100_000,
        b"[" * 900_000,
        json.dumps({"message": {"parts": [{"type": "text", "text": "x"}] * 9_000 + [1]}}).encode(),
    ],
)
async def test_a_body_of_garbage_or_without_a_bottom(server: Server, body: bytes) -> None:
    error = await server.error("POST", "/api/chat", 422, data=body, headers=JSON)

    assert error["code"] == "invalid_request"
    assert len(error["message"]) < 1000


async def test_a_form_that_is_none(server: Server) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"no pair", b"a=%ff", b"&".join(b"a%d=1" % n for n in range(100))):
        await server.error("POST", "/api/chat", 422, data=body, headers=form)


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml", ""])
async def test_a_wrong_content_type(server: Server, kind: str) -> None:
    error = await server.error("POST", "/api/chat", 415, data=b"{}", headers={"Content-Type": kind})

    assert error["code"] == "unsupported_media_type"


async def test_a_body_of_100_mb_is_refused_before_it_is_read(server: Server) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * 1_000_000

    error = await server.error("POST", "/api/chat", 413, data=endless(), headers=JSON)
    told = await server.error("POST", "/api/chat", 413, data=b"x" * 1_000_001, headers=JSON)

    assert error["code"] == told["code"] == "too_large"
    assert sent < 100


async def test_a_small_body_that_unpacks_to_a_large_one(server: Server) -> None:
    bomb = gzip.compress(b" " * 20_000_000)
    assert len(bomb) < 100_000

    headers = {**JSON, "Content-Encoding": "gzip"}
    error = await server.error("POST", "/api/chat", 413, data=bomb, headers=headers)
    assert error["code"] == "too_large"


async def test_a_body_that_is_not_what_its_encoding_says(server: Server) -> None:
    error = await server.error("POST", "/api/chat", 422, data=b"{}", headers={**JSON, "Content-Encoding": "gzip"})

    assert error["code"] == "invalid_request"


async def raw(server: Server, *pieces: bytes) -> bytes:
    """What the server answers to these bytes, up to where it ends the connection."""
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


async def test_a_head_that_never_ends_is_cut_off(tmp_path: Path) -> None:
    async with open_server(tmp_path / "db", header_seconds=0.05) as server:
        assert await raw(server, b"GET /livez HTTP/1.1\r\n", b"Host: x\r\n") == b""


async def test_a_body_that_comes_too_slowly_is_refused_and_the_connection_ended(tmp_path: Path) -> None:
    async with open_server(tmp_path / "db", body_seconds=0.05, linger_seconds=0.5) as server:
        host = server.url.removeprefix("http://").encode()
        head = b"POST /api/chat HTTP/1.1\r\nHost: %b\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        told = await raw(server, head % host, b'{"mess')

    assert told.startswith(b"HTTP/1.1 408 ")
    assert b"request_timeout" in told


async def test_bytes_that_are_no_http(server: Server) -> None:
    told = await raw(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")

    assert told.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))


async def test_a_head_without_an_end_in_size_is_refused(server: Server) -> None:
    told = await raw(server, b"GET /livez HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 100_000 + b"\r\n\r\n")

    assert b" 400 " in told.split(b"\r\n")[0]


async def test_more_connections_than_may_be_open_are_closed(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    connections = [await asyncio.open_connection(host, int(port)) for _ in range(30)]
    reader, _ = connections[-1]

    async with asyncio.timeout(10):
        assert await reader.read() == b""
    for _, writer in connections:
        writer.close()


async def test_an_unknown_address_or_method_is_told_in_the_same_shape(server: Server) -> None:
    missing = await server.error("GET", "/api/nothing/" + "x" * 1000, 404)
    wrong = await server.error("PUT", "/api/chat", 405)

    assert (missing["code"], wrong["code"]) == ("not_found", "method_not_allowed")
    assert len(missing["message"]) < 300


async def test_the_clients_request_id_is_kept_when_it_is_a_sane_one(server: Server) -> None:
    async with server.http.get("/livez", headers={"X-Request-Id": "abc-1"}) as response:
        assert response.headers["X-Request-Id"] == "abc-1"
    async with server.http.get("/livez", headers={"X-Request-Id": "a b<script>"}) as response:
        assert "script" not in response.headers["X-Request-Id"]


async def test_every_answer_carries_headers_that_keep_browsers_from_harm(server: Server) -> None:
    for path in ("/livez", "/nothing"):
        async with server.http.get(path) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["Cache-Control"] == "no-store"
            assert "Server" not in response.headers
