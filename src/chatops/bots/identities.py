"""People without accounts: each is an owner of their own, named after the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.engine.errors import InvalidRequestError
from chatops.engine.messages import Principal

if TYPE_CHECKING:
    from chatops.bots.ports import Identities, Platform


class Shadows:
    """`Identities` where chatops runs without accounts: nothing to link to, everything else works."""

    async def principal_for(self, platform: Platform, platform_user_id: str, *, display_name: str) -> Principal:  # noqa: ARG002 - the port's
        return Principal(user_id=f"{platform}:{platform_user_id}", source=platform)

    async def link_code(self, principal: Principal) -> str:  # noqa: ARG002 - the port's
        raise InvalidRequestError("this bot runs without accounts, so there is nothing to link to")

    async def unlink(self, platform: Platform, platform_user_id: str) -> None:  # noqa: ARG002 - the port's
        raise InvalidRequestError("this bot runs without accounts, so nothing is linked")


if TYPE_CHECKING:
    _: Identities = Shadows()
