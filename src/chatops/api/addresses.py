"""From where a request comes."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from chatops.engine.errors import SettingsError

if TYPE_CHECKING:
    from aiohttp import web

UNIX = "unix"


class ClientAddress:
    """The network address of who asks: the connection's, or what our own proxies say of theirs.

    Args:
        proxies: Addresses or networks of proxies that set X-Forwarded-For; nobody else is believed.

    Raises:
        SettingsError: One of them is no address.
    """

    def __init__(self, proxies: Iterable[str] = ()) -> None:
        try:
            self._proxies = [ip_network(proxy) for proxy in proxies]
        except ValueError as error:
            raise SettingsError(f"server.trusted_proxies: {error}") from None

    def of(self, request: web.Request) -> str:
        """`unix` for a unix socket; the first address, from our end, that is no proxy of ours."""
        if is_unix(request):
            return UNIX
        address = request.remote or ""
        if not self._proxies:
            return address
        told = ",".join(request.headers.getall("X-Forwarded-For", ()))
        for hop in reversed([part.strip() for part in told.split(",") if part.strip()]):
            if not _within(address, self._proxies):
                break
            address = hop
        return address[:64]


def is_unix(request: web.Request) -> bool:
    """Whether it came over a unix socket, which only this machine's same user can open."""
    transport = request.transport
    bare = transport.get_extra_info("socket") if transport is not None else None
    return bare is not None and bare.family == getattr(socket, "AF_UNIX", None)


def is_owner(request: web.Request) -> bool:
    """Whether the machine's own user asks: over the unix socket, without a credential, and not for somebody else."""
    others = ("Authorization", "X-Forwarded-For", "Forwarded")
    return is_unix(request) and not any(name in request.headers for name in others)


def is_local(request: web.Request) -> bool:
    """Whether a program on this machine asks, and not a proxy for somebody else."""
    if is_unix(request):
        return True
    try:
        loopback = ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
    return loopback and "X-Forwarded-For" not in request.headers and "Forwarded" not in request.headers


def _within(address: str, networks: list[IPv4Network | IPv6Network]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)
