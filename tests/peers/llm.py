r"""A model server on loopback for tests: Chat Completions below `/v1`, Messages at `/v1/messages`.

It behaves, and misbehaves, as the model's name says. Start it in a test's loop (`async with serving() as server`), or
as a program: `python tests/peers/llm.py PORT`. A name's parts are joined by hyphens; the first one says what:

    plain      says the last user message back, word by word
    think      thinks two words first
    cut        ends cleanly after its words, without a finish reason
    drop       closes the connection in the middle of the body         reset      ... with a TCP reset
    stall      goes silent after its words                             mute       never answers at all
    malformed  sends an event that is no JSON, after its words         scalar     ... JSON, but no object
    inband     sends an error as an event, after its words             overload   ... one that may pass
    huge       sends an event that does not end
    html       a web page with status 200                              json       JSON with status 200
    jsonerror  an error in JSON with status 200                        empty      no event at all
    halves     splits characters: between bytes, and between the two `\u` escapes of one
    leak       401, and the key that it was sent in the message        redirect   307
    401, 404, 429, 500, 529, ...  that status; 429 with `Retry-After: 7`, or `aN` seconds

the others how: `nN` N words, `dN` N milliseconds before each, `hN` N milliseconds before the head, `tN` N milliseconds
between the last event and the end of the body, `bN` writes of N bytes, `close` no framing but the connection's end,
`length` a content length, `leave` a reset when the kept connection is used again.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import cycle, islice
from pathlib import Path

if not __package__:  # run as a program
    sys.path.insert(0, str(Path(__file__).parents[1]))

from peers.dialects import HALVES, Chat, Messages
from peers.http_exchange import Exchange, GoneError, Request, read_request

RETRY_AFTER = 7
_NEVER = 3600.0
_REASONS = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error", 529: "overloaded_error"}


async def answer(exchange: Exchange) -> None:
    """One answer, as the model's name says."""
    wire: Chat | Messages = Messages() if exchange.request.anthropic else Chat()
    if exchange.request.method == "GET":
        models = [{"id": "think", "type": "model"}, {"id": "plain", "type": "model"}, {"id": "plain", "type": "model"}]
        await _whole(exchange, 200, {"data": models, "has_more": False})
    elif exchange.kind.isdigit():
        status = int(exchange.kind)
        headers = {"retry_after": str(exchange.options.get("a", RETRY_AFTER))} if status == 429 else {}
        await _whole(exchange, status, wire.error(_REASONS.get(status, "api_error"), "as asked"), **headers)
    elif exchange.kind in _WHOLE:
        await _WHOLE[exchange.kind](exchange, wire)
    elif exchange.kind == "mute":
        await exchange.pause(_NEVER)
    else:
        await _stream(exchange, wire)


async def _whole(exchange: Exchange, status: int, body: object, kind: str = "application/json", **headers: str) -> None:
    await exchange.head(status, kind, **headers)
    await exchange.send(body if isinstance(body, bytes) else json.dumps(body).encode())
    await exchange.end()


_PAGE = b"<!doctype html><html><head><title>Welcome</title></head><body>A <b>portal</b></body></html>"
_WHOLE: dict[str, Callable[[Exchange, Chat | Messages], Awaitable[None]]] = {
    "html": lambda exchange, _: _whole(exchange, 200, _PAGE, "text/html; charset=utf-8"),
    "json": lambda exchange, _: _whole(exchange, 200, {"choices": [{"message": {"content": "hi"}}]}),
    "jsonerror": lambda exchange, wire: _whole(exchange, 200, wire.error("overloaded_error", "too many")),
    "empty": lambda exchange, _: _whole(exchange, 200, b": nothing\n\n", "text/event-stream"),
    "redirect": lambda exchange, _: _whole(exchange, 307, b"", location="http://127.0.0.1:1/elsewhere"),
    "leak": lambda exchange, wire: _whole(
        exchange, 401, wire.error("authentication_error", f"Incorrect API key provided: {exchange.request.key}.")
    ),
}


async def _stream(exchange: Exchange, wire: Chat | Messages) -> None:
    await exchange.head(200)
    for data in wire.begin():
        await exchange.send(data)
    thoughts = ["let me ", "see"] if exchange.kind == "think" else []
    for thought in thoughts:
        await exchange.send(wire.thought(thought))
    words = _words(exchange)
    for word in words:
        await exchange.pause(exchange.options.get("d", 0) / 1000)
        await exchange.send(wire.word(word))
    if not await _fault(exchange, wire):
        return
    for data in wire.end(len(words) + len(thoughts)):
        await exchange.send(data)
    await exchange.pause(exchange.options.get("t", 0) / 1000)
    await exchange.end()


def _words(exchange: Exchange) -> list[str]:
    if exchange.kind == "halves":
        return [HALVES[:6], "\ud83d", "\ude00", HALVES[7:]]
    said = exchange.request.body["messages"][-1]["content"]
    text = said if isinstance(said, str) else " ".join(part.get("text", "") for part in said)
    words = re.findall(r"\s*\S+", text) or ["nothing"]
    return list(islice(cycle(words), exchange.options.get("n", len(words))))


async def _fault(exchange: Exchange, wire: Chat | Messages) -> bool:
    """Does what is wrong with the answer. Returns whether it goes on."""
    match exchange.kind:
        case "cut":
            await exchange.end()
            return False
        case "drop" | "reset":
            # What was sent before should arrive before.
            await exchange.pause(0.01)
            exchange.drop(reset=exchange.kind == "reset")
            return False
        case "stall":
            await exchange.pause(_NEVER)
        case "malformed":
            await exchange.send(b'data: {"half": \n\n')
        case "scalar":
            await exchange.send(b"data: 42\n\n")
        case "inband":
            await exchange.send(wire.failure("invalid_request_error", "no longer welcome"))
        case "overload":
            await exchange.send(wire.failure("overloaded_error", "too many"))
        case "huge":
            await exchange.send(b"data: ")
            while True:
                await exchange.send(b"x" * 2**20)
    return True


class ModelServer:
    """A running server and what it has seen.

    Attributes:
        requests: All that came, whole.
        connections: How many were opened.
        gone: How many clients left before their answer's end.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.requests: list[Request] = []
        self.connections = 0
        self.gone = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one connection's requests."""
        self.connections += 1
        try:
            while (request := await read_request(reader)) is not None:
                self.requests.append(request)
                exchange = Exchange(request, reader, writer)
                await answer(exchange)
                if exchange.leaves:
                    await reader.read(1)
                    exchange.drop(reset=True)
                if not exchange.keeps_open:
                    break
        except (GoneError, ConnectionError):
            self.gone += 1
        finally:
            writer.close()


@asynccontextmanager
async def serving(port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncGenerator[ModelServer, None]:
    """A server on a free port, or on `port`. OpenAI's base URL is its `url` + "/v1", Anthropic's its `url`."""
    open_now: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
    state = ModelServer(port)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now[writer] = asyncio.current_task()
        await state.serve(reader, writer)
        del open_now[writer]

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
    state.url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{server.sockets[0].getsockname()[1]}"
    try:
        yield state
    finally:
        server.close()
        for writer in open_now:
            writer.transport.abort()
        await asyncio.gather(*(task for task in open_now.values() if task is not None), return_exceptions=True)


async def main(port: int) -> None:
    """Serves until it is killed; says its address when it is ready."""
    async with serving(port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1])))
