"""Requests to a chatops server over bare sockets: `ask` starts as fast as it does without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from chatops import __version__
from chatops.cli.remote.faults import UNAVAILABLE, error_from, unconnected, unreachable
from chatops.cli.remote.uploads import Upload
from chatops.engine.errors import ChatopsError, InvalidRequestError
from chatops.engine.providers import http1

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from chatops.local_server import Found

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 45.0
"""A server that streams is heard of every 15 seconds."""
MAX_BODY = 64 * 2**20
_READ = 64 * 1024
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Credentials(Protocol):
    """What shows a server who asks."""

    async def token(self) -> str | None:
        """The token to show; None where nobody logs in."""
        ...

    async def renewed(self, refused: str) -> str | None:
        """Another one for a token that was refused, or None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body is still to be read."""

    status: int
    headers: dict[str, str]
    chunks: AsyncGenerator[bytes, None]


def address(url: str) -> str:
    """A server's address as it is used and stored.

    Raises:
        InvalidRequestError: It is none, or what is sent there could be read on the way.
    """
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
        good = good and parts.port != 0 and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        parts, good = urlsplit(""), False
    if not good or "@" in parts.netloc:
        raise InvalidRequestError("the server's address must be like https://chat.example.org, without a name in it")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InvalidRequestError(f"{url}: everybody on the way could read along: the address must begin with https://")
    return url


class Http:
    """Requests to one server, one connection each.

    Args:
        url: What `address` returned.
        credentials: Who asks; None for what needs no account.
        local: The server of this machine that has this program's settings; then `url` is a name.
    """

    def __init__(self, url: str, credentials: Credentials | None = None, *, local: Found | None = None) -> None:
        self.url = url if local is None else "the chatops server of this machine"
        self._local = local
        self._parts = urlsplit(url)
        self._credentials = credentials
        self._tls: ssl.SSLContext | None = None

    @property
    def owner(self) -> str | None:
        """Whose troubles a server's are: its name, None for this machine."""
        return None if self._local else self.url

    async def json(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, Any] | None = None,
        silence: float = SILENCE_SECONDS,
    ) -> Any:
        """The JSON of an answer, which begins within `silence` seconds; None for an empty one.

        Raises:
            ChatopsError: What the server answered instead, or `server_unreachable`.
        """
        async with self.open(method, with_query(path, query), body, silence=silence) as answer:
            data = await _whole(answer)
            if data and (told := _parsed(data)) is None:
                raise error_from(None, answer.status, self.url)
            return told if data else None

    @asynccontextmanager
    async def open(
        self,
        method: str,
        target: str,
        body: dict[str, Any] | Upload | None = None,
        headers: dict[str, str] | None = None,
        *,
        silence: float = SILENCE_SECONDS,
    ) -> AsyncGenerator[Answer, None]:
        """An answer with a status below 300, its body to be read. Raises as `json`; a token is renewed once."""
        token = await self._credentials.token() if self._credentials else None
        async with self._asked(method, target, body, {**(headers or {}), **_bearer(token)}, silence) as answer:
            if answer.status < 300:  # noqa: PLR2004 - by the RFC
                yield answer
                return
            data = await _whole(answer)
            refused = answer.status == 401  # noqa: PLR2004 - by the RFC
        again = await self._credentials.renewed(token) if refused and token and self._credentials else None
        if again is None:
            raise self._error(data, answer.status)
        async with self._asked(method, target, body, {**(headers or {}), **_bearer(again)}, silence) as answer:
            if answer.status >= 300:  # noqa: PLR2004 - by the RFC
                raise self._error(await _whole(answer), answer.status)
            yield answer

    def _error(self, data: bytes, status: int) -> ChatopsError:
        return error_from(_parsed(data), status, self.url, ours=self._local is not None)

    @asynccontextmanager
    async def _asked(
        self, method: str, target: str, body: dict[str, Any] | Upload | None, headers: dict[str, str], silence: float
    ) -> AsyncGenerator[Answer, None]:
        reader, writer = await self._connected()
        try:
            if isinstance(body, Upload):
                writer.write(self._request(method, target, None, headers | body.headers))
                await body.send(writer)
            else:
                writer.write(self._request(method, target, body, headers))
            head = await self._head(reader, writer, silence)
            async with aclosing(self._chunks(reader, head)) as chunks:
                yield Answer(head.status, head.headers, chunks)
        finally:
            # No polite close: nothing more is wanted, and TLS would wait for the other side.
            writer.transport.abort()

    def _request(self, method: str, target: str, body: dict[str, Any] | None, headers: dict[str, str]) -> bytes:
        fixed = {
            "host": self._parts.netloc,
            "user-agent": f"chatops/{__version__}",
            "accept-encoding": "identity",
        }
        if self._local is not None:
            fixed |= {"x-chatops-source": "cli", "x-chatops-settings": self._local.mark}
        data = None if body is None else json.dumps(body).encode()
        return http1.request(method, self._parts.path + target, fixed | headers, data)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._local is not None:
            return await self._connected_here(self._local.socket)
        secure = self._parts.scheme == "https"
        if secure and self._tls is None:
            from chatops.engine.providers.direct import tls_context

            self._tls = tls_context()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(
                    self._parts.hostname,
                    self._parts.port or (443 if secure else 80),
                    ssl=self._tls,
                    limit=http1.MAX_HEAD,
                    happy_eyeballs_delay=0.25,
                )
        except TimeoutError:
            failure = unconnected(self.url, f"no connection within {CONNECT_SECONDS:g} s")
        except (OSError, UnicodeError) as error:
            failure = unconnected(self.url, _why(error))
        raise failure

    async def _connected_here(self, socket: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_unix_connection(str(socket), limit=http1.MAX_HEAD)
        except OSError as error:
            failure = unconnected(self.url, _why(error))
        raise failure

    async def _head(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silence: float = SILENCE_SECONDS
    ) -> http1.Head:
        try:
            async with asyncio.timeout(silence):
                await writer.drain()
                head = http1.parse_head(await reader.readuntil(b"\r\n\r\n"))
                while head.status < 200:  # noqa: PLR2004 - only a notice that the answer will come
                    head = http1.parse_head(await reader.readuntil(b"\r\n\r\n"))
        except TimeoutError:
            failure = unreachable(self.url, f"nothing came for {silence:g} s")
        except (http1.GarbledError, asyncio.LimitOverrunError):
            failure = ChatopsError(f"what answers at {self.url} does not speak HTTP/1.1", code=UNAVAILABLE)
        except (OSError, asyncio.IncompleteReadError) as error:
            failure = unreachable(self.url, _why(error))
        else:
            return head
        raise failure

    async def _chunks(self, reader: asyncio.StreamReader, head: http1.Head) -> AsyncGenerator[bytes, None]:
        failure: ChatopsError | None = None
        try:
            body = http1.framing(head)
            if head.status in {204, 304}:
                return
            while not body.done:
                async with asyncio.timeout(SILENCE_SECONDS):
                    raw = await reader.read(_READ)
                if raw:
                    yield body.feed(raw)
                elif body.ends_here():
                    break
                else:
                    failure = unreachable(self.url, "it broke off in the middle")
                    break
        except TimeoutError:
            failure = unreachable(self.url, f"nothing came for {SILENCE_SECONDS:g} s")
        except OSError as error:
            failure = unreachable(self.url, _why(error))
        except http1.GarbledError as error:
            failure = unreachable(self.url, f"it sent broken HTTP: {error}")
        if failure is not None:
            raise failure


def with_query(path: str, query: dict[str, Any] | None) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")


def _bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"authorization": f"Bearer {token}"}


def _why(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "it closed the connection" if isinstance(error, EOFError) else type(error).__name__


async def _whole(answer: Answer) -> bytes:
    data = bytearray()
    async for chunk in answer.chunks:
        data += chunk
        if len(data) > MAX_BODY:
            raise ChatopsError(f"the server's answer is larger than {MAX_BODY:,} bytes", code=UNAVAILABLE)
    return bytes(data)


def _parsed(data: bytes) -> Any:
    """None for what is no JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
