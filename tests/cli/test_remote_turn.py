"""A server's stream read back, whatever becomes of the server."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from chatops.api.frames import UIFrames
from chatops.cli.remote.faults import UNAVAILABLE, UNREACHABLE, NotTakenError
from chatops.cli.remote.http import Http
from chatops.cli.remote.turn import RemoteTurn
from chatops.engine.errors import ChatopsError
from chatops.engine.events import Entitled, Event, TextDelta, TurnFinished, TurnStarted
from chatops.engine.messages import Conversation, Message

CONVERSATION = Conversation(id="c", owner_id="me", title="first words", created_at=0, updated_at=0)
MESSAGE = Message(
    id="m", conversation_id="c", parent_id="u", role="assistant", parts=(), provider="p", model="x", created_at=0
)
BEGUN: list[Event] = [TurnStarted(CONVERSATION, MESSAGE), TextDelta("half an "), Entitled("c", "A title")]
HEAD = b"HTTP/1.1 200 OK\r\nx-turn-id: m\r\nx-conversation-id: c\r\nconnection: close\r\n\r\n"


def stream(*events: Event) -> bytes:
    frames = UIFrames("m")
    return HEAD + b"".join(frame for event in events for frame in frames.frames(event))


@asynccontextmanager
async def saying(*answers: bytes) -> AsyncGenerator[str, None]:
    """A server that says these, one a connection, and is gone after the last."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0))
        await writer.drain()
        if not left:
            server.close()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def read(url: str, seen: list[Event], *, store: bool = True) -> None:
    body = {"id": "c", "client_id": "mine", "message": "hi", "store": store}
    async for _, event in RemoteTurn(Http(url), body, waits=(0.001, 0.001)).records():
        seen.append(event)


async def test_a_server_that_is_gone_for_good_is_told_after_what_came_of_the_answer() -> None:
    seen: list[Event] = []
    async with saying(stream(*BEGUN)) as url:
        with pytest.raises(ChatopsError) as raised:
            await read(url, seen)

    assert raised.value.code == UNREACHABLE
    assert [type(event) for event in seen] == [TurnStarted, TextDelta, Entitled]
    assert seen[2] == Entitled("c", "A title")


async def test_what_is_not_stored_is_not_asked_for_again() -> None:
    seen: list[Event] = []
    async with saying(stream(*BEGUN), b"never asked for") as url:
        with pytest.raises(ChatopsError, match="too early"):
            await read(url, seen, store=False)

    done = Message(
        **{name: getattr(MESSAGE, name) for name in ("id", "conversation_id", "role", "parts", "created_at")},
        status="complete",
        finish_reason="stop",
        provider="other",
        model="y",
    )
    async with saying(stream(*BEGUN, TurnFinished(done))) as url:
        await read(url, seen, store=False)
    end = seen[-1]
    assert isinstance(end, TurnFinished)
    assert (end.message.text, end.message.provider, end.message.model) == ("half an ", "other", "y")


async def test_a_server_that_takes_nothing_is_told_from_one_that_broke_off() -> None:
    ending = b'{"error":{"code":"shutdown","message":"chatops is shutting down"}}'
    refusal = b"HTTP/1.1 503 No\r\ncontent-length: %d\r\n\r\n%b" % (len(ending), ending)
    async with saying(refusal) as url:
        with pytest.raises(NotTakenError) as raised:
            await read(url, [])
        assert raised.value.code == UNAVAILABLE
        with pytest.raises(NotTakenError):
            await read(url, [])
