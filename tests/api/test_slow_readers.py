"""A reader that does not read costs itself alone: neither the turn, nor other readers, nor memory."""

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, cast

from chatops.api.broadcast import Broadcast, Reader
from chatops.engine.errors import StoreError
from chatops.engine.events import Event, TextDelta
from fakes import Step, answer
from server import Server, open_server, text_of

PIECE = "x" * 8_000
PIECES = 100
WHOLE = PIECE * PIECES
"""800 kB: several times what is kept for one reader."""


def broadcast(server: Server) -> Broadcast:
    ((one, _),) = server.app_streams._running.values()
    return one


async def silent_reader(server: Server) -> socket.socket:
    """Asks for the stream of `c1` and reads nothing of it."""
    host, port = server.url.removeprefix("http://").split(":")
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.setblocking(False)  # noqa: FBT003 - its only form
    loop = asyncio.get_running_loop()
    await loop.sock_connect(reader, (host, int(port)))
    await loop.sock_sendall(reader, f"GET /api/chat/c1/stream HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return reader


async def test_a_reader_that_reads_nothing_slows_nobody_and_gets_all_once_it_reads(tmp_path: Path) -> None:
    begin = asyncio.Event()
    script: list[Step] = [begin, *answer(*[PIECE] * PIECES)]
    async with open_server(tmp_path / "db", script) as server:
        asking = asyncio.create_task(server.ask("hi", id="c1"))
        while not server.app_streams.readers:
            await asyncio.sleep(0.001)
        silent = await silent_reader(server)
        while server.app_streams.readers < 2:
            await asyncio.sleep(0.001)
        begin.set()
        whole = await asking

        assert text_of(whole) == WHOLE
        (behind,) = broadcast(server).readers
        assert isinstance(behind, Reader)
        assert behind.had < broadcast(server).count // 2
        assert behind.transport.get_write_buffer_size() < 4 * 64 * 1024

        got = b""
        while not got.endswith(b"0\r\n\r\n"):
            got += await asyncio.get_running_loop().sock_recv(silent, 1_000_000)
        silent.close()
    assert got.count(b"text-delta") == PIECES
    assert got.count(b"[DONE]") == 1


async def test_a_reader_that_reads_nothing_for_too_long_is_dropped(tmp_path: Path) -> None:
    async with open_server(tmp_path / "db", answer(*[PIECE] * PIECES), reader_seconds=0.05) as server:
        await server.ask("hi", id="c1")
        silent = await silent_reader(server)
        while not server.app_streams.readers:
            await asyncio.sleep(0.001)
        while server.app_streams.readers:
            await asyncio.sleep(0.001)
        silent.close()


async def test_a_silent_stream_is_sent_comments_and_readers_of_one_turn_get_the_same_bytes(tmp_path: Path) -> None:
    go = asyncio.Event()
    async with open_server(tmp_path / "db", [go, *answer("ok")], ping_seconds=0.02) as server:
        response = await server.http.post("/api/chat", json={"id": "c1", "message": "hi"})
        head = await response.content.readuntil(b": ping\n\n")
        go.set()
        whole = head + await response.read()
        again = await (await server.http.get("/api/chat/c1/stream")).read()

    assert whole.replace(b": ping\n\n", b"") == again


async def test_what_every_reader_has_had_is_let_go_and_made_anew_for_who_comes_late(tmp_path: Path) -> None:
    gates = [asyncio.Event() for _ in range(3)]
    words = [f"w{n} " for n in range(30)]
    said = [TextDelta(word) for word in words]
    script: list[Step] = [*said[:10], gates[0], *said[10:20], gates[1], *said[20:], gates[2], *answer()]
    async with open_server(tmp_path / "db", script) as server:
        asking = asyncio.create_task(server.ask("hi", id="c1"))
        while not server.app_streams.readers or broadcast(server).gone < 10:
            await asyncio.sleep(0.001)
        assert broadcast(server).frames == []
        late = [asyncio.create_task(server.read("c1"))]
        gates[0].set()
        while broadcast(server).gone < 20:
            await asyncio.sleep(0.001)
        turn_id = next(iter(server.app_streams._running))[1]
        late.append(asyncio.create_task(server.read("c1", had=f"{turn_id}:15")))
        late.append(asyncio.create_task(server.read("c1")))
        for gate in gates[1:]:
            gate.set()
        whole, (first, part, second) = await asking, await asyncio.gather(*late)

    assert text_of(whole) == "".join(words)
    assert first == second == whole
    assert part == whole[whole.index(f"id: {turn_id}:16\n".encode()) :]


class Lost:
    """Events of a turn that cannot be read any more."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sequence[Event]:
        raise StoreError("the log is gone")

    async def aclose(self) -> None: ...


async def test_who_comes_late_is_told_when_the_events_cannot_be_read_any_more(tmp_path: Path) -> None:
    go, on = asyncio.Event(), asyncio.Event()
    script: list[Step] = [go, TextDelta("said "), on, *answer("more")]
    async with open_server(tmp_path / "db", script) as server:
        asking = asyncio.create_task(server.ask("hi", id="c1"))
        while not server.app_streams.readers:
            await asyncio.sleep(0.001)
        go.set()
        while not broadcast(server).gone:
            await asyncio.sleep(0.001)
        broadcast(server)._follow = cast("Any", Lost)
        late = await server.read("c1")
        on.set()

        assert text_of(await asking) == "said more"
    assert b"the log is gone" in late
    assert late.endswith(b"data: [DONE]\n\n")
