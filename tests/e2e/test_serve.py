"""`chatops serve` in a process of its own: its end, sudden or in order, loses nothing that a reader saw."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import stat
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector, UnixConnector
from aiohttp.client_exceptions import ClientError

from program import Program
from server import events, text_of
from serving import serving

TURNS = 50
BATCH_WORDS = 250 // 20 + 50
"""Words of an answer that may not be stored yet: 250 ms at one in 20 ms, and some for a busy machine."""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, CHATOPS_MODEL="echo:plain-d20-n2000", CHATOPS_LOG_LEVEL="warning")


async def read_until_cut(http: ClientSession, n: int) -> bytes:
    """What a reader got of a turn before its server was gone."""
    seen = b""
    with contextlib.suppress(ClientError):
        async with http.post("/api/chat", json={"id": f"c{n}", "message": f"some words {n}"}) as response:
            assert response.status == 200
            async for piece in response.content.iter_any():
                seen += piece
    return seen


async def begun(http: ClientSession, readers: list[asyncio.Task[bytes]]) -> None:
    """Waits until every turn has words."""
    for n in range(len(readers)):
        while True:
            async with http.get(f"/api/conversations/c{n}/messages") as response:
                if response.status == 200 and len((await response.json())["messages"][-1]["text"]) > 50:
                    break
            await asyncio.sleep(0.02)


def expire_leases(program: Program) -> None:
    with contextlib.closing(sqlite3.connect(program.home / "chatops.db")) as db, db:
        db.execute("UPDATE runs SET lease_expires_at = 1 WHERE lease_expires_at IS NOT NULL")


async def last_message(http: ClientSession, n: int) -> dict[str, str]:
    async with http.get(f"/api/conversations/c{n}/messages") as response:
        message: dict[str, str] = (await response.json())["messages"][-1]
        return message


@pytest.mark.slow
async def test_kill_9_with_50_running_turns_keeps_what_readers_saw_and_every_answer_goes_on(program: Program) -> None:
    async with (
        serving(program, "--no-login") as server,
        ClientSession(server.url, connector=TCPConnector(limit=0)) as http,
    ):
        readers = [asyncio.create_task(read_until_cut(http, n)) for n in range(TURNS)]
        await begun(http, readers)
        server.process.kill()
        seen = await asyncio.gather(*readers)
    expire_leases(program)

    async with (
        serving(program, "--no-login") as server,
        ClientSession(server.url, connector=TCPConnector(limit=0)) as http,
    ):
        for n, stream in enumerate(seen):
            message = await last_message(http, n)
            assert message["status"] == "interrupted"
            assert message["error"]["code"] == "abandoned"  # type: ignore[index]  # it is an object
            whole = stream[: stream.rfind(b"\n\n") + 2]
            assert text_of(whole).startswith(message["text"])
            assert len(text_of(whole).split()) - len(message["text"].split()) <= BATCH_WORDS
        going_on = {"id": "c0", "trigger": "continue-message", "model": "echo:plain"}
        async with http.post("/api/chat", json=going_on) as response:
            stream = await response.read()
        assert text_of(stream).startswith((await last_message(http, 0))["text"][:50])
        assert events(stream)[-2].data["type"] == "finish"


@pytest.mark.slow
async def test_sigterm_with_50_running_turns_stores_each_as_its_reader_saw_it(program: Program) -> None:
    async with (
        serving(program, "--no-login", "--drain", "0.1") as server,
        ClientSession(server.url, connector=TCPConnector(limit=0)) as http,
    ):
        readers = [asyncio.create_task(read_until_cut(http, n)) for n in range(TURNS)]
        await begun(http, readers)
        server.process.send_signal(signal.SIGTERM)
        seen = await asyncio.gather(*readers)
        told = await server.rest()

    assert server.process.returncode == 0, told
    assert "Traceback" not in told
    async with (
        serving(program, "--no-login") as server,
        ClientSession(server.url, connector=TCPConnector(limit=0)) as http,
    ):
        for n, stream in enumerate(seen):
            ends = [event.data for event in events(stream)[-3:]]
            assert ends[0]["data"]["code"] == "shutdown"
            assert ends[1:] == [{"type": "abort"}, "[DONE]"]
            message = await last_message(http, n)
            assert (message["status"], message["text"]) == ("interrupted", text_of(stream))


async def test_a_stopping_server_lets_turns_end_and_takes_no_new_ones(program: Program) -> None:
    async with serving(program, "--no-login") as server, ClientSession(server.url) as http:
        body = {"id": "c", "message": "a b c", "model": "echo:plain-d10-n60"}
        response = await http.post("/api/chat", json=body)
        await response.content.readuntil(b"text-delta")
        server.process.send_signal(signal.SIGTERM)
        while True:
            async with http.get("/readyz") as ready:
                if ready.status == 503:
                    break
        async with http.post("/api/chat", json={"message": "x"}) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        stream = await response.read()
        await server.rest()

    assert b'"type":"finish"' in stream
    assert stream.endswith(b"data: [DONE]\n\n")
    assert server.process.returncode == 0


async def test_the_unix_socket_is_its_users_alone_and_goes_with_the_server(program: Program) -> None:
    path = program.home / "state" / "chatops.sock"
    async with serving(program, "--no-login") as server:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with ClientSession(connector=UnixConnector(str(path))) as http, http.get("http://x/livez") as response:
            assert response.status == 200
        async with serving(program, "--no-login") as second:
            second.process.send_signal(signal.SIGINT)
            assert "another server listens on the socket" in await second.rest()
        server.process.send_signal(signal.SIGINT)
        await server.rest()
    assert not path.exists()

    async with serving(program, "--no-login") as server:
        server.process.kill()
        await server.process.wait()
    assert path.exists()
    async with (
        serving(program, "--no-login"),
        ClientSession(connector=UnixConnector(str(path))) as http,
        http.get("http://x/livez") as response,
    ):
        assert response.status == 200


def test_without_login_only_this_machine_is_served(program: Program) -> None:
    done = program.run("serve", "--no-login", "--host", "0.0.0.0")  # noqa: S104 - it is refused

    assert done.code == 3
    assert "can be reached from elsewhere" in done.err


async def test_an_address_that_is_taken_is_told(program: Program) -> None:
    async with serving(program, "--no-login") as server:
        port = server.url.rpartition(":")[2]
        done = await asyncio.to_thread(program.run, "serve", "--no-login", "--port", port)

    assert done.code == 3
    assert f"cannot listen on 127.0.0.1 port {port}" in done.err
    assert os.linesep not in done.err.split("hint:")[0].strip()
