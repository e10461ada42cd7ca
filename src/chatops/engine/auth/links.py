"""The platform users that an account is joined with, for the account's own person."""

from __future__ import annotations

from chatops.engine.auth.identities import Identities
from chatops.engine.auth.nouns import Identity
from chatops.engine.errors import PermissionDeniedError
from chatops.engine.messages import Principal


class Links:
    """What stands in `Accounts.links`. Both methods raise `PermissionDeniedError` for an API token."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    async def all(self, principal: Principal) -> list[Identity]:
        """By platform and id."""
        require_person(principal)
        return await self._identities.linked(principal.user_id)

    async def end(self, principal: Principal, platform: str, platform_user_id: str) -> None:
        """Parts them: what they ask from now on is theirs alone, and what they asked before stays the account's.

        Raises:
            NotFoundError: The account is joined with no such user.
        """
        require_person(principal)
        await self._identities.unlink_from(principal.user_id, platform, platform_user_id)


def require_person(principal: Principal) -> None:
    """Raises `PermissionDeniedError` for an API token, which must not change how somebody gets in."""
    if principal.token_id is not None:
        raise PermissionDeniedError("an API token cannot do this: sign in, or use the command line")
