"""Bytes through an official SDK: its client's headers, its connections with TLS and proxies, not its objects.

The two SDKs come from one generator, so one file serves both. Their objects cost several times the processor time of a
token (`bench/providers.py`), and they let cut streams, broken JSON and raw `httpx2` errors through. What their clients
and `httpx2` do for each request (options, headers, address, request and response, made and checked anew) costs more
than all that is below them, so it is done once: requests go straight to the aiohttp session below.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chatops.engine.errors import ProviderUnavailableError
from chatops.engine.providers.exchange import CONNECT_SECONDS, NO_CONNECTION, Answer, Endpoint
from chatops.engine.providers.faults import causes, reason

if TYPE_CHECKING:
    import aiohttp
    import httpx2

NO_LIMIT = 0
"""Connections in an SDK's pool: who may have how many answers at once is the engine's to say; a pool would let the one
that is too many wait for ever, in silence."""
_DRAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Client:
    """What an SDK's client sends with: its HTTP client, and the headers that go with every request, the key too."""

    http: httpx2.AsyncClient
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Line:
    """A client's way to one address; headers and proxy may hold passwords."""

    session: aiohttp.ClientSession
    url: str
    headers: dict[str, str] = field(repr=False)
    proxy: dict[str, Any] = field(repr=False)


class SdkTransport:
    """A `Transport` through the client that `connect` makes on first use."""

    def __init__(self, endpoint: Endpoint, connect: Callable[[Endpoint], Client]) -> None:
        """`connect` imports the SDK and runs in a thread, for that takes up to a second."""
        self._endpoint = endpoint
        self._connect = connect
        self._client: Client | None = None
        self._line: _Line | None = None
        self._connecting = asyncio.Lock()
        self._kept = False

    @asynccontextmanager
    async def open(self, path: str, body: bytes | None, *, silence: float) -> AsyncGenerator[Answer, None]:
        """As `Transport.open`."""
        response = await self._send(path, body, silence)
        chunks = self._chunks(response, silence)
        flow = _Flow(response)
        try:
            yield Answer(response.status, response.headers, chunks, flow)
            await _drain(chunks)
            self._kept = True
        finally:
            flow.resume()
            with suppress(Exception):
                await chunks.aclose()
            response.release()

    def loads(self, text: str) -> object:
        """As `Transport.loads`: orjson where it can, four times as fast; it refuses half a surrogate pair, which a
        server may send before the other half.
        """
        import orjson

        try:
            return orjson.loads(text)
        except ValueError:
            return json.loads(text)

    async def _send(self, path: str, body: bytes | None, silence: float) -> aiohttp.ClientResponse:
        answer = await self._tried(path, body, silence)
        if isinstance(answer, Exception) and self._kept and _stale(answer):
            # The server had closed the connection that it kept from an earlier answer, and this is no answer to ours:
            # as every HTTP client does, ask on a new one.
            answer = await self._tried(path, body, silence)
        if isinstance(answer, Exception):
            raise self._failure(answer, silence, begun=False)
        return answer

    async def _tried(self, path: str, body: bytes | None, silence: float) -> aiohttp.ClientResponse | Exception:
        line = self._line or await self._connected()
        from aiohttp import ClientTimeout  # loaded by now

        try:
            return await line.session.request(
                "GET" if body is None else "POST",
                f"{line.url}{path}",
                headers=line.headers,
                data=body,
                allow_redirects=False,  # one could carry the key to another host
                timeout=ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=silence),
                **line.proxy,
            )
        except Exception as error:  # noqa: BLE001 - nothing that a library below raises may get out
            return error

    async def _chunks(self, response: aiohttp.ClientResponse, silence: float) -> AsyncGenerator[bytes, None]:
        failure: ProviderUnavailableError
        try:
            while data := await response.content.readany():
                yield data
        except Exception as error:  # noqa: BLE001 - as above
            failure = self._failure(error, silence, begun=True)
        else:
            return
        if rest := response.content._read_nowait(-1):  # noqa: SLF001 - what came before the break; nothing public tells it
            yield rest
        raise failure

    def _failure(self, error: BaseException, silence: float, *, begun: bool) -> ProviderUnavailableError:
        faults = self._endpoint.faults
        if any(isinstance(cause, TimeoutError) for cause in causes(error)):
            connecting = any("Connection" in type(cause).__name__ for cause in causes(error))
            return faults.unreachable(NO_CONNECTION) if connecting else faults.silent(silence)
        return faults.cut(f"broke its connection: {reason(error)}") if begun else faults.unreachable(reason(error))

    async def _connected(self) -> _Line:
        async with self._connecting:
            if self._line is None:
                self._client = await asyncio.to_thread(self._connect, self._endpoint)
                self._line = _line(self._client, self._endpoint.base_url)
        return self._line

    async def aclose(self) -> None:
        """Closes the client's connections."""
        client, self._client, self._line = self._client, None, None
        if client is not None:
            await client.http.aclose()


def _line(client: Client, base_url: str) -> _Line:
    """The aiohttp session of the transport that the client takes for this address, a proxy's where one is set."""
    import httpx2

    transport: Any = client.http._transport_for_url(httpx2.URL(base_url))  # noqa: SLF001 - nothing public tells it
    transport.client = transport.get_client()  # the transport closes it
    proxy = transport.proxy
    if proxy is None:
        return _Line(transport.client, base_url, client.headers, {})
    from aiohttp import encode_basic_auth

    told = dict(proxy.headers)
    if proxy.auth:
        told["proxy-authorization"] = encode_basic_auth(*proxy.auth)
    way = {"proxy": str(proxy.url), "proxy_headers": told}
    # aiohttp tells a proxy these where it asks for a tunnel; a plain request goes to the proxy itself.
    headers = client.headers if base_url.startswith("https:") else client.headers | told
    return _Line(transport.client, base_url, headers, way)


class _Flow:
    """A `Flow`: a response's connection."""

    __slots__ = ("_paused", "_response")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._paused: asyncio.Transport | None = None

    def pause(self) -> None:
        connection = self._response.connection  # None when the body has come whole: it serves another request by now
        if connection is not None and (transport := connection.transport) is not None and not transport.is_closing():
            transport.pause_reading()
            self._paused = transport

    def resume(self) -> None:
        transport, self._paused = self._paused, None
        if transport is not None and not transport.is_closing():
            transport.resume_reading()


def sent_headers(client: Any) -> dict[str, str]:
    """What an SDK's client sends with every request, but what it marks as not to be sent. A body comes as it is."""
    told = {**client.auth_headers, **client.default_headers}
    named = {name.lower(): value for name, value in told.items()}  # ours replace the SDK's, however they are written
    sent = {name: value for name, value in named.items() if isinstance(value, str)}
    return sent | {"accept-encoding": "identity"}


def private_headers(endpoint: Endpoint, omit: object, variable: str, *names: str) -> dict[str, Any]:
    """Default headers for an SDK's client, so that what the environment says of an account stays with its service.

    Args:
        endpoint: Whose client it is; the official service's gets none.
        omit: The SDK's mark for a header that is not to be sent.
        variable: The environment's variable of headers to add, a `Name: value` a line.
        names: Headers that the SDK takes from other variables.
    """
    if endpoint.official:
        return {}
    own = endpoint.wire.headers(endpoint.key, endpoint.official)
    added = [line.partition(":")[0].strip() for line in os.environ.get(variable, "").splitlines() if ":" in line]
    return own | {name: own.get(name.lower(), omit) for name in (*names, *added)}


def _stale(error: Exception) -> bool:
    """Whether a connection broke before anything came over it."""
    ended = {"ClientOSError", "ServerDisconnectedError"}
    return any(
        isinstance(cause, ConnectionResetError | BrokenPipeError) or type(cause).__name__ in ended
        for cause in causes(error)
    )


async def _drain(chunks: AsyncGenerator[bytes, None]) -> None:
    """Reads the little that follows the last event, so that the connection can serve the next request."""
    with suppress(ProviderUnavailableError, TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in chunks:
                pass
