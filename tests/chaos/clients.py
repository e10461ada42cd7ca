"""People who ask through the proxy and do not give up, and readers who follow along at another replica."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout, TCPConnector
from aiohttp.client_exceptions import ClientError

PATIENT = ClientTimeout(total=None, connect=5, sock_read=45)
"""Longer than a lease (10 s) and a ping (15 s)."""
AGAIN = 0.2
TRIES = 300


@dataclass
class Asked:
    """What a person knows of one turn of theirs."""

    token: str
    client_id: str
    question: str
    turn_id: str = ""
    conversation_id: str = ""
    seen: str = ""
    end: str = ""
    """finish, abort or error: how the stream said that it ended. Empty: it never did."""
    refused: str = ""
    last: str = ""
    """What the last request that was not taken was told."""
    cuts: int = 0
    readers: list[str] = field(default_factory=list)
    """What others read of it, each from its beginning to its end."""


@dataclass
class _Reading:
    """The events of one stream, whole ones alone: a connection may be cut anywhere."""

    last_id: str = ""
    text: str = ""
    end: str = ""
    done: bool = False
    _rest: bytes = b""

    def take(self, piece: bytes) -> None:
        *blocks, self._rest = (self._rest + piece).split(b"\n\n")
        for block in blocks:
            fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if line and not line.startswith(b":"))
            if b"id" in fields:
                self.last_id = fields[b"id"].decode()
            if b"data" in fields:
                self._take_data(fields[b"data"])

    def _take_data(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.done = True
            return
        part: dict[str, Any] = json.loads(data)
        if part["type"] == "text-delta":
            self.text += part["delta"]
        elif part["type"] in {"finish", "abort", "error"}:
            self.end = part["type"]

    def cut(self) -> None:
        self._rest = b""


class Person:
    """Asks one question after another until `stop` is set; each is a new conversation."""

    def __init__(self, url: str, token: str, name: str, others: list[str]) -> None:
        """`others`: addresses of replicas; one of them is asked for each turn by a reader."""
        self.asked: list[Asked] = []
        self._url = url
        self._token = token
        self._name = name
        self._others = others

    async def ask(self, stop: asyncio.Event) -> None:
        async with ClientSession(
            self._url,
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=PATIENT,
            connector=TCPConnector(limit=0),
        ) as http:
            while not stop.is_set():
                mark = f"{self._name}-{len(self.asked)}"
                asked = Asked(self._token, mark, f"mark {mark} and more")
                self.asked.append(asked)
                await self._turn(http, asked)
                if asked.refused:
                    await asyncio.sleep(1)

    async def _turn(self, http: ClientSession, asked: Asked) -> None:
        reading = _Reading()
        async with asyncio.TaskGroup() as along:
            for _ in range(TRIES):
                try:
                    over = await self._try(http, asked, reading, along)
                except (ClientError, TimeoutError, ConnectionError) as error:
                    asked.cuts += 1
                    asked.last = repr(error)
                    over = False
                if over or reading.done or asked.refused:
                    break
                reading.cut()
                await asyncio.sleep(AGAIN)
            asked.seen, asked.end = reading.text, reading.end

    async def _try(self, http: ClientSession, asked: Asked, reading: _Reading, along: asyncio.TaskGroup) -> bool:
        """Asks, or goes on reading; whether there is nothing more to read."""
        async with self._request(http, asked, reading) as response:
            if response.status != 200:
                return response.status == 204 or await self._refused(response, asked)
            if not asked.turn_id:
                asked.turn_id = response.headers["X-Turn-Id"]
                asked.conversation_id = response.headers["X-Conversation-Id"]
                along.create_task(self._read_along(asked))
            async for piece in response.content.iter_any():
                reading.take(piece)
        return False

    def _request(self, http: ClientSession, asked: Asked, reading: _Reading) -> Any:
        if not asked.turn_id:
            return http.post("/api/chat", json={"client_id": asked.client_id, "message": {"text": asked.question}})
        headers = {"Last-Event-ID": reading.last_id} if reading.last_id else {}
        return http.get(f"/api/chat/{asked.conversation_id}/stream", headers=headers)

    async def _refused(self, response: ClientResponse, asked: Asked) -> bool:
        """Whether there is no use in asking again."""
        text = await response.text()
        asked.last = f"{response.status} {text}"
        with contextlib.suppress(ValueError, KeyError, TypeError):
            code = json.loads(text)["error"]["code"]
            if code == "budget_exceeded":
                asked.refused = code
                return True
        assert response.status in {404, 409, 429, 500, 502, 503, 504}, text
        return False

    async def _read_along(self, asked: Asked) -> None:
        """One try at another replica: what it got counts when it got to the end."""
        other = self._others[len(self.asked) % len(self._others)]
        reading = _Reading()
        with contextlib.suppress(ClientError, TimeoutError, ConnectionError):
            async with (
                ClientSession(other, headers={"Authorization": f"Bearer {self._token}"}, timeout=PATIENT) as http,
                http.get(f"/api/chat/{asked.conversation_id}/stream") as response,
            ):
                if response.status == 200:
                    async for piece in response.content.iter_any():
                        reading.take(piece)
        if reading.done and reading.end == "finish":
            asked.readers.append(reading.text)
