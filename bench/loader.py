"""Readers of streams, many at once, that time every token: `python bench/loader.py PORT PATH STREAMS TOTAL < REQUEST`.

REQUEST is a JSON object: `headers` and `body`. Prints one JSON line: answers that were whole, tokens, and in
milliseconds the time to the first token and the delay of each token (50th and 99th percentile).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any

import uvloop

_MARK = re.compile(rb"@T([0-9a-f]{16})")
_TAIL = 17
"""Bytes of a mark that may be cut off at a read's end."""


class Load:
    """What all readers have seen together."""

    def __init__(self, request: bytes, total: int) -> None:
        self.request = request
        self.left = total
        self.open = 0
        self.whole = 0
        self.tokens = 0
        self.firsts: list[float] = []
        self.delays: list[float] = []
        self.failure = ""
        self.done = asyncio.Event()


class Reader(asyncio.Protocol):
    """One connection, one answer after the other until enough were asked for."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: Any = None
        self._head = b""
        self._tail = b""
        self._begun = 0
        self._waits = False
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._load.open += 1
        self._ask()

    def _ask(self) -> None:
        if self._load.left <= 0:
            self._transport.close()
            return
        self._load.left -= 1
        self._head, self._tail, self._waits, self._busy = b"", b"", True, True
        self._begun = time.monotonic_ns()
        self._transport.write(self._load.request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        if b"\r\n\r\n" not in self._head:
            self._head += data
            data = self._head.partition(b"\r\n\r\n")[2]
        data = self._tail + data
        end = 0
        for mark in _MARK.finditer(data):
            end = mark.end()
            self._token(now, int(mark[1], 16))
        self._tail = data[max(end, len(data) - _TAIL) :]
        if data.endswith(b"0\r\n\r\n"):
            self._over()

    def _token(self, now: int, sent: int) -> None:
        load = self._load
        load.tokens += 1
        load.delays.append((now - sent) / 1e6)
        if self._waits:
            self._waits = False
            load.firsts.append((now - self._begun) / 1e6)

    def _over(self) -> None:
        self._busy = False
        if self._waits:
            self._load.failure = self._load.failure or self._head[:300].decode("utf-8", "replace")
        else:
            self._load.whole += 1
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's form
        if self._busy:
            self._load.failure = self._load.failure or f"cut: {self._head[:300]!r}"
        self._load.open -= 1
        if not self._load.open:
            self._load.done.set()


async def main(port: int, path: str, streams: int, total: int) -> None:
    asked = json.load(sys.stdin)
    body = json.dumps(asked["body"]).encode()
    headers = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json", **asked["headers"]}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"POST {path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    load = Load(request, total)
    loop = asyncio.get_running_loop()
    for _ in range(min(streams, total)):
        await loop.create_connection(lambda: Reader(load), "127.0.0.1", port)
    await load.done.wait()
    told = {"whole": load.whole, "tokens": load.tokens, "failure": load.failure}
    print(json.dumps({**told, "first": _percentiles(load.firsts), "delay": _percentiles(load.delays)}))


def _percentiles(values: list[float]) -> list[float]:
    """The 50th and the 99th."""
    ranked = sorted(values)
    return [round(ranked[int((len(ranked) - 1) * share)], 3) for share in (0.5, 0.99)] if ranked else []


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
