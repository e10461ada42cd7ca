"""`chatops serve` behind the real nginx and Caddy, with the files of deploy/ as they are."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from aiohttp import ClientSession, StreamReader, TCPConnector

from peers.proxies import PROXIES, Proxy, running
from program import Program
from server import events, text_of
from serving import Serving, serving

CLIENT = "127.0.0.2"
"""Another address of loopback than the proxy's own."""
MODEL = "echo:plain-d10-n100"
MIB = 2**20


@pytest.fixture(params=PROXIES)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncGenerator[Serving]:
    program = Program(tmp_path, CHATOPS_MODEL=MODEL, CHATOPS_LOG_FORMAT="json")
    async with serving(program, "--trusted-proxy", "127.0.0.1") as server:
        yield server


@pytest.fixture
async def proxy(kind: str, tmp_path: Path, upstream: Serving) -> AsyncGenerator[Proxy]:
    folder = tmp_path / kind
    folder.mkdir()
    made = PROXIES[kind](folder, int(upstream.url.rpartition(":")[2]))
    async with running(made):
        yield made


@pytest.fixture
async def http(proxy: Proxy) -> AsyncGenerator[ClientSession]:
    """The owner, at the proxy's other end."""
    person = {"email": "ann@example.org", "name": "Ann", "password": "correct horse battery"}
    connector = TCPConnector(ssl=False, local_addr=(CLIENT, 0), limit=0)
    async with ClientSession(proxy.url, connector=connector) as session:
        async with session.post("/api/auth/register", json=person) as response:
            assert response.status == 201, await response.text()
            token = (await response.json())["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        yield session


@pytest.mark.parametrize("name", PROXIES)
def test_the_proxys_own_check_takes_its_file(name: str, tmp_path: Path) -> None:
    made = PROXIES[name](tmp_path, 8787)
    done = subprocess.run(made.check, env=made.env, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


async def until_delta(stream: StreamReader) -> bytes:
    seen = b""
    while b"text-delta" not in seen or not seen.endswith(b"\n\n"):
        seen += await stream.readline()
    return seen


async def test_events_pass_as_they_come_and_a_broken_stream_goes_on_where_it_was(http: ClientSession) -> None:
    async with http.post("/api/chat", json={"id": "c1", "message": "one two three"}) as response:
        assert response.status == 200
        seen = await until_delta(response.content)
        async with http.get("/api/conversations/c1/messages") as look:
            answer = (await look.json())["messages"][-1]
    assert answer["status"] == "streaming", "the first event came when the last was produced"

    last = events(seen)[-1].id
    async with http.get("/api/chat/c1/stream", headers={"Last-Event-ID": last}) as response:
        rest = await response.read()
    async with http.get("/api/conversations/c1/messages") as look:
        answer = (await look.json())["messages"][-1]
    assert rest.endswith(b"data: [DONE]\n\n")
    assert text_of(seen) + text_of(rest) == answer["text"]
    assert answer["status"] == "complete"


async def test_what_a_client_says_of_its_address_is_not_believed_and_what_is_not_for_it_is_refused(
    http: ClientSession, proxy: Proxy, upstream: Serving
) -> None:
    async with http.get("/metrics") as response:
        assert response.status == 404
    assert await status_of_a_body(33 * MIB, proxy, http.headers["Authorization"]) == 413
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Request-Id": "mine"}
    async with http.get("/api/me", headers=headers) as response:
        assert response.status == 200
        id_ = response.headers["X-Request-Id"]
    upstream.process.terminate()
    lines = [json.loads(line) for line in (await upstream.rest()).splitlines()]
    (line,) = [line for line in lines if line.get("request_id") == id_]

    assert line["client"] == CLIENT
    assert id_ != "mine"


async def status_of_a_body(size: int, proxy: Proxy, authorization: str) -> int:
    """The status for a body of this size, which is sent for as long as the proxy takes it."""
    host = proxy.url.partition("://")[2]
    address, _, port = host.partition(":")
    tls = _untrusting() if proxy.url.startswith("https") else None
    reader, writer = await asyncio.open_connection(address, int(port), ssl=tls)
    head = {"Host": host, "Authorization": authorization, "Content-Length": size}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    writer.write(f"POST /api/chat HTTP/1.1\r\n{lines}\r\n".encode())
    sending = asyncio.create_task(_send(writer, size))
    status = await reader.readline()
    sending.cancel()
    await asyncio.wait([sending])
    writer.transport.abort()
    return int(status.split()[1])


async def _send(writer: asyncio.StreamWriter, size: int) -> None:
    with contextlib.suppress(ConnectionError):
        for _ in range(size // 2**16):
            writer.write(bytes(2**16))
            await writer.drain()


def _untrusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
