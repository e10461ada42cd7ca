"""A model server that says nothing but when: `python bench/upstream.py PORT`.

Chat Completions on loopback. The model's name sets its answer: `c100-d20` is 100 chunks, 20 ms apart. Each holds `@T`
and 16 hex digits, the monotonic clock in nanoseconds as it was sent, so that a reader can tell each one's delay.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any

import uvloop

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_CHUNK: dict[str, Any] = {
    "id": "chatcmpl-CfakeAbCdEfGhIjKlMnOpQrStUv",
    "object": "chat.completion.chunk",
    "created": 1760000000,
    "model": "gpt-fake",
    "service_tier": "default",
    "system_fingerprint": "fp_0123456789",
}


def _event(delta: dict[str, str], finish: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return b"data: " + json.dumps({**_CHUNK, "choices": [choice], "usage": usage}).encode() + b"\n\n"


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


_MARK = b"@T" + b"0" * 16
_FIRST = _framed(_event({"role": "assistant", "content": ""}))
_TOKEN = _framed(_event({"content": _MARK.decode() + "...."}))
_LAST = _framed(
    _event({}, "stop", {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}) + b"data: [DONE]\n\n"
)


class Upstream(asyncio.Protocol):
    """One connection, one answer after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._left = 0
        self._delay = 0.0
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if not end or length is None or len(body) < int(length[1]):
            return
        self._buffer = b""
        chunks = re.search(rb'"model": ?"[^"]*c(\d+)-d(\d+)', body)
        self._left, self._delay = (int(chunks[1]), int(chunks[2]) / 1000) if chunks else (1, 0.0)
        self._transport.write(_HEAD + _FIRST)
        self._next()

    def _next(self) -> None:
        if self._transport.is_closing():
            return
        self._left -= 1
        token = _TOKEN.replace(_MARK, b"@T%016x" % time.monotonic_ns())
        if self._left > 0:
            self._transport.write(token)
            self._loop.call_later(self._delay, self._next)
        else:
            self._transport.write(token + _LAST + b"0\r\n\r\n")


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
