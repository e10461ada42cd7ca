"""Readers of streams, many at once, that time every token: `python bench/loader.py PORT STREAMS TOTAL RAMP < ASKED`.

RAMP is the seconds over which the streams begin, evenly: with an answer's length, questions come one after the other
from then on, as those of many people do, and not all at the same moment. ASKED is a JSON object: `path`, `headers` and
`body`; with `followers`, each answer is read along by so many more connections.

Prints one JSON line: answers that were whole, tokens that came, those that came to followers, and in milliseconds the
time to the first token and the delay of each token (50th and 99th percentile).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
import uuid
from typing import Any

import uvloop

_MARK = re.compile(rb"@T([0-9a-f]{16})")
_TAIL = 17
"""Bytes of a mark that may be cut off at a read's end."""


class Load:
    """What all readers have seen together."""

    def __init__(self, port: int, asked: dict[str, Any], total: int) -> None:
        self.port = port
        self.asked = asked
        self.followers = int(asked.get("followers", 0))
        self.left = total
        self.open = 0
        self.whole = 0
        self.tokens = 0
        self.followed = 0
        self.firsts: list[float] = []
        self.delays: list[float] = []
        self.failure = ""
        self.done = asyncio.Event()
        self.following: set[asyncio.Task[Any]] = set()
        headers = {"Host": f"127.0.0.1:{port}", **asked["headers"]}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    def question(self, conversation: str) -> bytes:
        body = json.dumps(self.asked["body"] | ({"id": conversation} if self.followers else {})).encode()
        head = f"{self._head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return f"POST {self.asked['path']} HTTP/1.1\r\n{head}".encode() + body

    def follow(self, conversation: str) -> None:
        """Opens the further connections to an answer that has begun."""
        request = f"GET {self.asked['path']}/{conversation}/stream HTTP/1.1\r\n{self._head}\r\n".encode()
        for _ in range(self.followers):
            opening = asyncio.get_running_loop().create_connection(
                lambda: Follower(self, request), "127.0.0.1", self.port
            )
            task = asyncio.ensure_future(opening)
            self.following.add(task)
            task.add_done_callback(self.following.discard)

    def fail(self, why: str) -> None:
        self.failure = self.failure or why

    def leave(self) -> None:
        self.open -= 1
        if not self.open and (not self.left or self.failure):  # who was cut off asks nothing more
            self.done.set()


class Stream(asyncio.Protocol):
    """One connection; finds the tokens in what comes."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.transport: Any = None
        self.head = b""
        self.busy = False
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.load.open += 1
        self.ask()

    def send(self, request: bytes) -> None:
        self.head, self._tail, self.busy = b"", b"", True
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        if b"\r\n\r\n" not in self.head:
            self.head += data
            data = self.head.partition(b"\r\n\r\n")[2]
            if not self.head.startswith(b"HTTP/1.1 200"):  # no stream, so nothing below would see its end
                self.transport.abort()
                return
        data = self._tail + data
        end = 0
        for mark in _MARK.finditer(data):
            end = mark.end()
            self.token(now, int(mark[1], 16))
        self._tail = data[max(end, len(data) - _TAIL) :]
        if data.endswith(b"0\r\n\r\n"):
            self.busy = False
            self.over()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's form
        if self.busy:
            self.load.fail(f"cut: {self.head[:300]!r}")
        self.load.leave()

    def ask(self) -> None:
        raise NotImplementedError

    def token(self, now: int, sent: int) -> None:
        raise NotImplementedError

    def over(self) -> None:
        raise NotImplementedError


class Reader(Stream):
    """One answer after the other until enough were asked for."""

    _begun = 0
    _waits = False
    _conversation = ""

    def ask(self) -> None:
        if self.load.left <= 0:
            self.transport.close()
            return
        self.load.left -= 1
        self._conversation = uuid.uuid4().hex
        self._waits = True
        self._begun = time.monotonic_ns()
        self.send(self.load.question(self._conversation))

    def token(self, now: int, sent: int) -> None:
        self.load.tokens += 1
        self.load.delays.append((now - sent) / 1e6)
        if self._waits:
            self._waits = False
            self.load.firsts.append((now - self._begun) / 1e6)
            self.load.follow(self._conversation)

    def over(self) -> None:
        if self._waits:
            self.load.fail(self.head[:300].decode("utf-8", "replace"))
        else:
            self.load.whole += 1
        self.ask()


class Follower(Stream):
    """Reads along the answer that another connection asked for."""

    def __init__(self, load: Load, request: bytes) -> None:
        super().__init__(load)
        self._request = request

    def ask(self) -> None:
        self.send(self._request)

    def token(self, now: int, sent: int) -> None:  # noqa: ARG002 - as others
        self.load.followed += 1

    def over(self) -> None:
        self.transport.close()


async def main(port: int, streams: int, total: int, ramp: float) -> None:
    load = Load(port, json.load(sys.stdin), total)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number in range(min(streams, total)):
        await asyncio.sleep(max(0.0, begun + ramp * number / streams - loop.time()))
        await loop.create_connection(lambda: Reader(load), "127.0.0.1", port)
    await load.done.wait()
    told = {"whole": load.whole, "tokens": load.tokens, "followed": load.followed, "failure": load.failure}
    print(json.dumps({**told, "first": _percentiles(load.firsts), "delay": _percentiles(load.delays)}))


def _percentiles(values: list[float]) -> list[float]:
    """The 50th and the 99th."""
    ranked = sorted(values)
    return [round(ranked[int((len(ranked) - 1) * share)], 3) for share in (0.5, 0.99)] if ranked else []


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
