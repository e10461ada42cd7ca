"""The `[server]` table: where `chatops serve` listens, and what it may be made to hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Key = tuple[str, ...]

MAX_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How the HTTP API is served.

    Attributes:
        host: The address to listen on; loopback, unless the settings say otherwise.
        port: 0 takes a free one.
        socket: The unix socket; None: `chatops.sock` in the state folder.
        drain: Seconds that running turns have to end when the server is asked to stop.
        origins: Pages of these origins may use the API with a token (CORS).
        trusted_proxies: Addresses or networks of proxies whose X-Forwarded-For is believed.
        max_streams: Open streams.
        max_connections: Open connections.
        max_body: Bytes of a body with attachments.
    """

    host: str = "127.0.0.1"
    port: int = 8787
    socket: str | None = None
    drain: float = 10.0
    origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    max_streams: int = 1000
    max_connections: int = 4000
    max_body: int = 32 * 2**20


def _port(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_PORT:
        return value
    raise ValueError(f"must be a port number, 0 to {MAX_PORT}")


def _origins(value: object) -> tuple[str, ...]:
    origins = tuple(value) if isinstance(value, list) else ()
    if origins and all(_is_origin(one) for one in origins):
        return origins
    raise ValueError('must be a list of origins like "https://app.example.org", without a path')


def _is_origin(value: object) -> bool:
    scheme, mark, host = value.partition("://") if isinstance(value, str) else ("", "", "")
    return bool(mark) and scheme in {"http", "https"} and bool(host) and not set(host) & set("/*?# ")


def _networks(value: object) -> tuple[str, ...]:
    from ipaddress import ip_network

    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        try:
            return tuple(str(ip_network(one)) for one in value)
        except ValueError:
            pass
    raise ValueError('must be a list of addresses or networks like "10.0.0.0/8"')


def keys(
    text: Callable[[object], object], seconds: Callable[[object], object], count: Callable[[object], object]
) -> Mapping[str, Any]:
    """What the table may say, with the checks that it shares with other tables."""
    return {
        "host": text,
        "port": _port,
        "socket": text,
        "drain": seconds,
        "origins": _origins,
        "trusted_proxies": _networks,
        "max_streams": count,
        "max_connections": count,
        "max_body": count,
    }


def server(values: Mapping[Key, Any]) -> ServerSettings:
    """The table, from checked leaves."""
    return ServerSettings(**{key[1]: value for key, value in values.items() if key[0] == "server"})
