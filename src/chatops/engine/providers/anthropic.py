"""Anthropic and every server that speaks the Messages API, through the official SDK's client."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chatops.engine.providers.anthropic_wire import WIRE
from chatops.engine.providers.exchange import Endpoint, HttpProvider
from chatops.engine.providers.sdk import NO_LIMIT, Client, SdkTransport, private_headers, sent_headers

if TYPE_CHECKING:
    from chatops.engine.ports import Provider
    from chatops.engine.providers.beat import Beat


class AnthropicProvider(HttpProvider):
    """A `Provider`. Imports the SDK on first use."""

    def __init__(self, name: str, *, api_key: str | None, base_url: str | None, beat: Beat | None = None) -> None:
        """As `HttpProvider`; `base_url` ends before `/v1/messages`."""
        transport = partial(SdkTransport, connect=_connect)
        super().__init__(name, WIRE, api_key=api_key, base_url=base_url, transport=transport, beat=beat)


def _connect(endpoint: Endpoint) -> Client:
    from anthropic import AsyncAnthropic, DefaultAioHttpClient, Omit
    from httpx2 import Limits

    headers = private_headers(endpoint, Omit(), "ANTHROPIC_CUSTOM_HEADERS")
    http = DefaultAioHttpClient(limits=Limits(max_connections=NO_LIMIT))
    client = AsyncAnthropic(
        api_key=endpoint.key,
        base_url=endpoint.base_url,
        max_retries=0,
        default_headers=headers,
        http_client=http,
    )
    return Client(http, sent_headers(client))


if TYPE_CHECKING:
    _: Provider = AnthropicProvider("", api_key=None, base_url=None)
