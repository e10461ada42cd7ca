"""A provider behind HTTP: the one way from a request to events that every protocol and transport takes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol
from urllib.parse import SplitResult, urlsplit

from chatops.engine.errors import PROVIDER_CREDENTIALS, InvalidRequestError, ProviderUnavailableError, SettingsError
from chatops.engine.events import ProviderEvent, ReasoningDelta, TextDelta
from chatops.engine.ports import ChatRequest
from chatops.engine.providers.beat import Beat, Flow
from chatops.engine.providers.faults import MAX_ERROR_BODY, Faults
from chatops.engine.providers.wire import Reader, Wire, model_names

CONNECT_SECONDS = 10.0
NO_CONNECTION = f"no connection within {CONNECT_SECONDS:g} s"
_LIST_SECONDS = 30.0
_ERROR_SECONDS = 10.0
_MAX_LIST = 16 * 1024 * 1024
_NO_STREAM = frozenset({"application/json", "application/xml", "text/html", "text/xml"})
"""Types that are surely no events. Others may be: some servers say `text/plain`, or nothing."""

_PLACEHOLDER = "no-key"
"""Sent where no key is set, lest an SDK takes one from the environment that is meant for another server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a provider is, and as whom it is asked.

    Attributes:
        official: It is the service that defined the protocol, not a compatible server.
    """

    wire: Wire
    faults: Faults
    base_url: str
    official: bool
    key: str = field(repr=False)


class Answer(NamedTuple):
    """An HTTP answer whose body is still to come.

    Attributes:
        headers: By names in lower case.
        chunks: The body as it arrives, closed with the connection; raises `ProviderUnavailableError` when that breaks
            or is silent.
        flow: Where the body comes through; None when it cannot be paused.
    """

    status: int
    headers: Mapping[str, str]
    chunks: AsyncGenerator[bytes, None]
    flow: Flow | None = None


class Transport(Protocol):
    """Moves bytes to one endpoint and back."""

    def open(self, path: str, body: bytes | None, *, silence: float) -> AbstractAsyncContextManager[Answer]:
        """Posts `body`, or gets when there is none. Leaving early closes the connection at once.

        Raises:
            ProviderUnavailableError: No answer came (`provider_unreachable`).
        """
        ...

    def loads(self, text: str) -> object:
        """Reads JSON. Raises `ValueError` or `RecursionError`."""
        ...

    async def aclose(self) -> None: ...


class HttpProvider:
    """A `Provider` that speaks one protocol over one transport."""

    def __init__(
        self,
        name: str,
        wire: Wire,
        *,
        api_key: str | None,
        base_url: str | None,
        transport: Callable[[Endpoint], Transport],
        beat: Beat | None = None,
    ) -> None:
        """Connects to nothing yet, and imports no SDK.

        Args:
            name: What the settings call it.
            wire: The protocol.
            api_key: None sends a placeholder to a server of one's own; the official service needs a key.
            base_url: None is the official service. The environment is not looked at.
            transport: Makes the way to the endpoint.
            beat: Shared with the other providers of a process; None: their answers do not keep step with ours.

        Raises:
            SettingsError: `base_url` is no address.
        """
        self.name = name
        key = (api_key or "").strip() or None
        self._endpoint = Endpoint(
            wire=wire,
            faults=Faults(name, key),
            base_url=(base_url or wire.official).rstrip("/"),
            official=_official(name, base_url or wire.official, wire),
            key=key or _PLACEHOLDER,
        )
        self._transport = transport(self._endpoint)
        self._beat = beat or Beat()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ProviderEvent, None]:
        """As `Provider.stream`. Raises `InvalidRequestError` when the request cannot be sent as it is."""
        self._check_key()
        wire, faults = self._endpoint.wire, self._endpoint.faults
        reader = Reader(wire.decoder(faults), faults, self._transport.loads)
        content = _encoded(self.payload(request))
        said = False
        async with self._transport.open(wire.path, content, silence=request.silence) as answer:
            await self._check(answer)
            number = self._beat.join()
            try:
                async for data in answer.chunks:
                    for event in reader.feed(data):
                        said = said or isinstance(event, TextDelta | ReasoningDelta)
                        yield event
                    if reader.done:
                        break
                    if said and answer.flow is not None:  # the first words wait for nobody
                        self._beat.hold(number, answer.flow)
            finally:
                self._beat.leave()
            for event in reader.end():
                yield event

    async def models(self) -> list[str]:
        """As `Provider.models`."""
        self._check_key()
        faults = self._endpoint.faults
        async with self._transport.open(self._endpoint.wire.models_path, None, silence=_LIST_SECONDS) as answer:
            await self._check_status(answer)
            body = await _read(answer, _MAX_LIST)
        try:
            return model_names(body)
        except (ValueError, RecursionError):
            pass
        raise faults.rejected("answered with no list of models: is its base_url right?")

    def payload(self, request: ChatRequest) -> dict[str, object]:
        """As `Provider.payload`."""
        return self._endpoint.wire.body(request, self._endpoint.official)

    async def aclose(self) -> None:
        """As `Provider.aclose`."""
        await self._transport.aclose()

    def _check_key(self) -> None:
        faults, variable = self._endpoint.faults, self._endpoint.wire.key_variable
        if faults.key is None and self._endpoint.official:
            raise faults.rejected(f"has no API key: set {variable}", code=PROVIDER_CREDENTIALS)
        if not (self._endpoint.key.isascii() and self._endpoint.key.isprintable()):
            what = "has an API key with characters that no key has: copy it again"
            raise faults.rejected(what, code=PROVIDER_CREDENTIALS)

    async def _check_status(self, answer: Answer) -> None:
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - success
            try:
                async with asyncio.timeout(_ERROR_SECONDS):
                    body = await _read(answer, MAX_ERROR_BODY)
            except (ProviderUnavailableError, TimeoutError):
                body = b""  # the status says enough
            raise self._endpoint.faults.refused(answer.status, answer.headers, body)

    async def _check(self, answer: Answer) -> None:
        """A web page with status 200 is no answer, nor is an error in JSON with status 200."""
        await self._check_status(answer)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in _NO_STREAM:
            faults = self._endpoint.faults
            error = _error_in(await _read(answer, MAX_ERROR_BODY))
            if error is not None:
                raise faults.inband(error)
            raise faults.rejected(f"answered with {kind} instead of a stream of events: is its base_url right?")


def _official(name: str, base_url: str, wire: Wire) -> bool:
    """Whether the address belongs to the service itself, in whatever region."""
    try:
        url = urlsplit(base_url)
        host, _ = url.hostname, url.port
    except ValueError:
        url, host = SplitResult("", "", "", "", ""), None
    if url.scheme not in {"http", "https"} or not host:
        raise SettingsError(f"The base_url of provider {name} is no http:// or https:// address")
    return any(host == own or host.endswith(f".{own}") for own in wire.domains)


def _encoded(body: dict[str, object]) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, TypeError, RecursionError) as error:
        problem = type(error).__name__ if isinstance(error, UnicodeError) else str(error)
    raise InvalidRequestError(f"An option of the request cannot be written as JSON: {problem}")


async def _read(answer: Answer, limit: int) -> bytes:
    """The first `limit` bytes of a body."""
    body = bytearray()
    async for data in answer.chunks:
        body += data
        if len(body) >= limit:
            break
    return bytes(body[:limit])


def _error_in(body: bytes) -> object:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data.get("error") if isinstance(data, dict) else None
