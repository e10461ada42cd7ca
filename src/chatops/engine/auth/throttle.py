"""How often somebody may guess. Behind the `Limiter` port, so that it holds for all processes together."""

from __future__ import annotations

import ipaddress

from chatops.engine.auth.digests import digest
from chatops.engine.limits.ports import Limiter, Rate

LOGIN_PER_ACCOUNT = Rate(count=10, seconds=300)
LOGIN_PER_ADDRESS = Rate(count=30, seconds=300)
REGISTER_PER_ADDRESS = Rate(count=10, seconds=3600)
LINK_PER_ACCOUNT = Rate(count=5, seconds=600)
LINK_IN_ALL = Rate(count=100, seconds=600)
"""All accounts together: 1,000 accounts must not make 1,000 times the guesses."""
_NETWORK_BITS = 64


class Throttle:
    """Every method raises `RateLimitError` when it was too often, with `retry_after`."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    async def login(self, email: str, address: str | None) -> None:
        """Whether there is such an account or not, the same."""
        if address is not None:
            await self._limiter.hit(f"login:address:{network(address)}", LOGIN_PER_ADDRESS)
        await self._limiter.hit(f"login:account:{digest(email)[:32]}", LOGIN_PER_ACCOUNT)

    async def register(self, address: str | None) -> None:
        if address is not None:
            await self._limiter.hit(f"register:address:{network(address)}", REGISTER_PER_ADDRESS)

    async def link(self, user_id: str) -> None:
        await self._limiter.hit(f"link:account:{user_id}", LINK_PER_ACCOUNT)
        await self._limiter.hit("link:all", LINK_IN_ALL)


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 customer has (RFC 6177)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return digest(address)[:32]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _NETWORK_BITS), strict=False))
    return str(found)
