"""One HTTP request and the way its answer is written, byte by byte where a test wants that."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_OPTION = re.compile(r"([a-z]+)([0-9]+)")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came. `headers`: names in lower case; `body`: its JSON, or None."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any

    @property
    def anthropic(self) -> bool:
        return self.path.startswith("/v1/messages") or "anthropic-version" in self.headers

    @property
    def key(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ") or self.headers.get("x-api-key", "")


class GoneError(Exception):
    """The client hung up."""


class Exchange:
    """One request and the way its answer is written."""

    def __init__(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self._reader = reader
        self._writer = writer
        self.kind, *parts = str((request.body or {}).get("model", "plain")).split("-")
        self.options = {match[1]: int(match[2]) for part in parts if (match := _OPTION.fullmatch(part))}
        self._framing = next((part for part in parts if part in {"close", "length"}), "chunked")
        self.keeps_open = self._framing != "close" and request.headers.get("connection") != "close"
        self.leaves = "leave" in parts
        self._body = b""

    async def pause(self, seconds: float) -> None:
        """Waits, or notices that the client left."""
        await self._writer.drain()
        if seconds:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._reader.read(1)
                    raise GoneError

    async def head(self, status: int, kind: str = "text/event-stream", **headers: str) -> None:
        await self.pause(self.options.get("h", 0) / 1000)
        lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines += ["transfer-encoding: chunked"] if self._framing == "chunked" else []
        lines += ["connection: close"] if self._framing == "close" else []
        self._raw("\r\n".join(lines).encode() + (b"\r\n" if self._framing == "length" else b"\r\n\r\n"))

    async def send(self, data: bytes) -> None:
        size = self.options.get("b", 0) or len(data) or 1
        for at in range(0, len(data), size):
            piece = data[at : at + size]
            if self._framing == "chunked":
                piece = b"%x\r\n%b\r\n" % (len(piece), piece)
            if self._framing == "length":
                self._body += piece
            else:
                self._raw(piece)
                await self._writer.drain()
            if size < len(data):
                await asyncio.sleep(0)

    async def end(self) -> None:
        if self._framing == "chunked":
            self._raw(b"0\r\n\r\n")
        if self._framing == "length":
            self._raw(b"content-length: %d\r\n\r\n%b" % (len(self._body), self._body))
        await self._writer.drain()

    def drop(self, *, reset: bool) -> None:
        """Ends the connection without the end of the body."""
        self.keeps_open = False
        if reset:
            sock: socket.socket = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        self._writer.close()

    def _raw(self, data: bytes) -> None:
        if self._writer.is_closing():
            raise GoneError
        self._writer.write(data)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    pairs = [line.partition(":") for line in lines]
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, json.loads(body) if body else None)
