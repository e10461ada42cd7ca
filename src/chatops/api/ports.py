"""What the HTTP edge needs of accounts and limits."""

from __future__ import annotations

from typing import Protocol

from chatops.engine.messages import Principal, Source


class Credentials(Protocol):
    """Who is behind a credential."""

    async def principal(self, credential: str, *, source: Source) -> Principal:
        """Raises `AuthenticationError` when the access token or API token is not good."""
        ...


class Limits(Protocol):
    """How often somebody may ask; every request is counted here, before anything is done for it."""

    def check_request(self, principal: Principal) -> None:
        """Raises `RateLimitError`."""
        ...

    def check_address(self, address: str) -> None:
        """For what is asked without an account. Raises `RateLimitError`."""
        ...


class NoLimits:
    """Stands where nothing is limited."""

    def check_request(self, principal: Principal) -> None:
        pass

    def check_address(self, address: str) -> None:
        pass
