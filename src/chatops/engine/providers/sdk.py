"""Bytes through an official SDK: its client, headers, proxies and connection pool, without its objects.

The two SDKs come from one generator, so one file serves both. Their objects cost several times the processor time of a
token (`bench/providers.py`), and they let cut streams, broken JSON and raw `httpx2` errors through.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from chatops.engine.errors import ProviderUnavailableError
from chatops.engine.providers.exchange import CONNECT_SECONDS, NO_CONNECTION, Answer, Endpoint
from chatops.engine.providers.faults import causes, reason

if TYPE_CHECKING:
    import httpx2

_DRAIN_SECONDS = 0.1


class SdkTransport:
    """A `Transport` through the client that `connect` makes on first use."""

    def __init__(self, endpoint: Endpoint, connect: Callable[[Endpoint], Any]) -> None:
        """`connect` imports the SDK and runs in a thread, for that takes up to a second."""
        self._endpoint = endpoint
        self._connect = connect
        self._client: Any = None
        self._connecting = asyncio.Lock()
        self._kept = False

    @asynccontextmanager
    async def open(self, path: str, body: bytes | None, *, silence: float) -> AsyncGenerator[Answer, None]:
        """As `Transport.open`."""
        response = await self._send(path, body, silence)
        chunks = self._chunks(response, silence)
        try:
            yield Answer(response.status_code, response.headers, chunks)
            await _drain(chunks)
            self._kept = True
        finally:
            with suppress(Exception):
                await chunks.aclose()
                await response.aclose()

    async def _send(self, path: str, body: bytes | None, silence: float) -> httpx2.Response:
        answer = await self._tried(path, body, silence)
        if isinstance(answer, Exception) and self._kept and _stale(answer):
            # The server had closed the connection that it kept from an earlier answer, and this is no answer to ours:
            # as every HTTP client does, ask on a new one.
            answer = await self._tried(path, body, silence)
        if isinstance(answer, Exception):
            raise self._failure(answer, silence, begun=False)
        return answer

    async def _tried(self, path: str, body: bytes | None, silence: float) -> httpx2.Response | Exception:
        import httpx2

        client = await self._connected()
        options = {
            # `pool` would end the whole of a connection's making in the aiohttp client.
            "timeout": httpx2.Timeout(silence, connect=CONNECT_SECONDS, pool=None),
            "headers": {"accept-encoding": "identity"},
            # A redirect could carry the key to another host.
            "follow_redirects": False,
        }
        want: dict[str, Any] = {"cast_to": httpx2.Response, "stream": True, "options": options}
        try:
            response: httpx2.Response = await (
                client.get(path, **want) if body is None else client.post(path, content=body, **want)
            )
        except Exception as error:  # noqa: BLE001 - nothing that an SDK or a library below it raises may get out
            # A refusal is an answer as well, and judged where those of all transports are.
            refusal = getattr(error, "response", None)
            return refusal if isinstance(refusal, httpx2.Response) else error
        return response

    async def _chunks(self, response: httpx2.Response, silence: float) -> AsyncGenerator[bytes, None]:
        failure: ProviderUnavailableError
        try:
            async with aclosing(response.aiter_bytes()) as chunks:
                async for data in chunks:
                    yield data
        except Exception as error:  # noqa: BLE001 - as above
            failure = self._failure(error, silence, begun=True)
        else:
            return
        raise failure

    def _failure(self, error: BaseException, silence: float, *, begun: bool) -> ProviderUnavailableError:
        faults = self._endpoint.faults
        if any(isinstance(cause, TimeoutError) for cause in causes(error)):
            connecting = any("Connection" in type(cause).__name__ for cause in causes(error))
            return faults.unreachable(NO_CONNECTION) if connecting else faults.silent(silence)
        return faults.cut(f"broke its connection: {reason(error)}") if begun else faults.unreachable(reason(error))

    async def _connected(self) -> Any:
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(self._connect, self._endpoint)
        return self._client

    async def aclose(self) -> None:
        """Closes the client's connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()


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
