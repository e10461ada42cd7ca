"""Bytes over a bare socket: what `chatops ask` uses, where importing an SDK would take longer than the first token.

One connection a request, nothing but the standard library. Proxies and accounts that are set up in the environment
are the SDKs' business: `serves` says when this will do.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chatops import __version__
from chatops.engine.errors import ProviderUnavailableError
from chatops.engine.providers import http1
from chatops.engine.providers.exchange import CONNECT_SECONDS, NO_CONNECTION, Answer, Endpoint, HttpProvider
from chatops.engine.providers.faults import TOO_EARLY, reason
from chatops.engine.providers.wire import Wire

if TYPE_CHECKING:
    import ssl

    from chatops.engine.ports import Provider

_READ = 64 * 1024
_NEXT_ADDRESS = 0.25
"""Seconds before the next address of a host is tried beside the last one (RFC 8305)."""

_SDK_ONLY = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS")


def serves(base_url: str | None) -> bool:
    """Whether a bare connection to an address does the same as the SDK would.

    It does not where a proxy is set for that kind of address, where the environment names headers that only the
    SDKs know, or where OpenSSL finds no certificate authorities on this machine.
    """
    scheme, _, rest = (base_url or "https://").partition("://")
    if "@" in rest or not rest.isascii() or (base_url is None and any(os.environ.get(name) for name in _SDK_ONLY)):
        return False
    proxies = _proxies()
    if proxies.get(scheme) or proxies.get("all"):
        return False
    return scheme != "https" or _has_authorities()


def _proxies() -> dict[str, str]:
    """Proxies by the scheme they are for."""
    if sys.platform in {"win32", "darwin"}:
        # There they may be set in the system instead of the environment.
        from urllib.request import getproxies

        return getproxies()
    names = [name for name in os.environ if name.lower().endswith("_proxy")]
    return {name.lower().removesuffix("_proxy"): os.environ[name] for name in names}


def _has_authorities() -> bool:
    if sys.platform == "win32":
        return True  # they are in the system's own store
    import ssl

    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or paths.capath)


def tls_context() -> ssl.SSLContext:
    """The default context. Where the authorities lie in a folder by their hashes, only those are read that a
    connection needs: 3 ms, where `create_default_context` takes 18 to read them all (Debian 12, 144 of them).
    """
    import ssl
    from pathlib import Path

    folder = ssl.get_default_verify_paths().capath
    if not folder or os.environ.get("SSL_CERT_FILE") or next(Path(folder).glob("*.0"), None) is None:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(capath=folder)
    return context


class DirectProvider(HttpProvider):
    """A `Provider` over sockets of its own."""

    def __init__(self, name: str, wire: Wire, *, api_key: str | None, base_url: str | None) -> None:
        """As `HttpProvider`."""
        super().__init__(name, wire, api_key=api_key, base_url=base_url, transport=DirectTransport)


class _Reader(asyncio.StreamReader):
    """Gives all that came before it ends, also when the connection broke: asyncio's own drops what nobody has read yet.

    `broken` is why it ended, None when the other side was done.
    """

    broken: Exception | None = None

    def set_exception(self, exc: Exception) -> None:
        self.broken = exc
        self.feed_eof()


class DirectTransport:
    """A `Transport` with one connection a request."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._url = urlsplit(endpoint.base_url)
        self._faults = endpoint.faults
        self._tls: ssl.SSLContext | None = None

    def loads(self, text: str) -> object:
        """As `Transport.loads`."""
        return json.loads(text)

    @asynccontextmanager
    async def open(self, path: str, body: bytes | None, *, silence: float) -> AsyncGenerator[Answer, None]:
        """As `Transport.open`."""
        reader, writer = await self._connected()
        try:
            writer.write(self._request(path, body))
            head = await self._head(reader, writer, silence)
            if head.headers.get("content-encoding", "identity") != "identity":
                raise self._faults.rejected("answers compressed, though it was asked not to")
            async with aclosing(self._chunks(reader, head, silence)) as chunks:
                yield Answer(head.status, head.headers, chunks)
        finally:
            # No polite close: nothing more is wanted, and TLS would wait for the other side.
            writer.transport.abort()

    def _request(self, path: str, body: bytes | None) -> bytes:
        headers = {
            "host": self._url.netloc,
            "user-agent": f"chatops/{__version__}",
            "accept": "application/json" if body is None else "text/event-stream",
            "accept-encoding": "identity",
        }
        headers |= self._endpoint.wire.headers(self._endpoint.key, self._endpoint.official)
        return http1.request("GET" if body is None else "POST", self._url.path + path, headers, body)

    async def _connected(self) -> tuple[_Reader, asyncio.StreamWriter]:
        secure = self._url.scheme == "https"
        if secure and self._tls is None:
            self._tls = tls_context()
        host, port = self._url.hostname or "", self._url.port or (443 if secure else 80)
        loop = asyncio.get_running_loop()
        reader = _Reader(limit=http1.MAX_HEAD, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                transport, _ = await loop.create_connection(
                    lambda: protocol, host, port, ssl=self._tls, happy_eyeballs_delay=_NEXT_ADDRESS
                )
            return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
        except TimeoutError:
            why = NO_CONNECTION
        except (OSError, UnicodeError) as error:
            why = reason(error)
        raise self._faults.unreachable(why)

    async def _head(self, reader: _Reader, writer: asyncio.StreamWriter, silence: float) -> http1.Head:
        try:
            async with asyncio.timeout(silence):
                await writer.drain()
                head = http1.parse_head(await reader.readuntil(b"\r\n\r\n"))
                while head.status < 200:  # noqa: PLR2004 - only a notice that the answer will come
                    head = http1.parse_head(await reader.readuntil(b"\r\n\r\n"))
        except TimeoutError:
            failure = self._faults.silent(silence)
        except (http1.GarbledError, asyncio.LimitOverrunError):
            failure = self._faults.unreachable("what answers there does not speak HTTP/1.1")
        except (OSError, asyncio.IncompleteReadError) as error:
            failure = self._faults.unreachable(reason(reader.broken or error))
        else:
            return head
        raise failure

    async def _chunks(self, reader: _Reader, head: http1.Head, silence: float) -> AsyncGenerator[bytes, None]:
        failure: ProviderUnavailableError | None = None
        try:
            body = http1.framing(head)
            while not body.done:
                async with asyncio.timeout(silence):
                    raw = await reader.read(_READ)
                if raw:
                    yield body.feed(raw)
                else:
                    if reader.broken or not body.ends_here():
                        why = reason(reader.broken) if reader.broken else TOO_EARLY
                        failure = self._faults.cut(f"broke its connection: {why}")
                    break
        except TimeoutError:
            failure = self._faults.silent(silence)
        except OSError as error:
            failure = self._faults.cut(f"broke its connection: {reason(error)}")
        except http1.GarbledError as error:
            failure = self._faults.cut(f"sent broken HTTP: {error}")
        if failure is not None:
            raise failure

    async def aclose(self) -> None:
        """Nothing is kept open between requests."""


if TYPE_CHECKING:
    from chatops.engine.providers.openai_wire import WIRE

    _: Provider = DirectProvider("", WIRE, api_key=None, base_url=None)
