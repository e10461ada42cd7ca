"""Users of other platforms: each leads to an account, or to a shadow until it is linked with one.

Linking: the platform user asks for a code there, and gives it to the account that they signed in to here. The shadow's
limits and spending go to the account, then the shadow points to the account (one atomic step, after which every message
from the platform is the account's), then the conversations follow piece by piece. What a crash, or a turn that began
just before, leaves behind follows when the platform user comes back.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatops.engine.auth.digests import digest, new_code, plain_code
from chatops.engine.auth.fields import shown_name
from chatops.engine.auth.nouns import Account, Grant, Identity, PendingLink, Platform
from chatops.engine.auth.ports import AccountStore, Handover
from chatops.engine.auth.throttle import Throttle
from chatops.engine.errors import ConflictError, InvalidRequestError, NotFoundError
from chatops.engine.ids import new_id
from chatops.engine.messages import LOCAL_OWNER
from chatops.engine.ports import Clock

CODE_MS = 10 * 60 * 1000
MAX_PLATFORM_ID = 128
_NO_CODE = "this code is wrong, was used, or is older than 10 minutes: ask for a new one with /chatops link"


class Identities:
    """Finds the account of a platform user, and links it with another."""

    def __init__(self, store: AccountStore, throttle: Throttle, handovers: Sequence[Handover], clock: Clock) -> None:
        self._store = store
        self._throttle = throttle
        self._handovers = handovers
        self._clock = clock

    async def account_for(self, platform: Platform, platform_user_id: str, display_name: str) -> Account:
        """The account that this platform user stands for; a new shadow when nobody knows them."""
        if not 0 < len(platform_user_id) <= MAX_PLATFORM_ID or not platform_user_id.isprintable():
            raise InvalidRequestError(f"{platform} sent a user id that is none")
        fresh = Account(
            id=new_id(),
            name=shown_name(display_name, f"{platform} user"),
            role="member",
            created_at=self._clock(),
        )
        found = await self._store.account_of(Identity(platform=platform, user_id=platform_user_id), shadow=fresh)
        if found.merged_into is None:
            return found
        await self._take_over(found.id, found.merged_into)
        return await self._store.account(found.merged_into) or local_owner(found.merged_into)

    async def unlink(self, platform: Platform, platform_user_id: str) -> None:
        """Parts a platform user from their account; what was asked before stays the account's."""
        identity = Identity(platform=platform, user_id=platform_user_id)
        unknown = Account(id=new_id(), name=f"{platform} user", role="member", created_at=self._clock())
        found = await self._store.account_of(identity, shadow=unknown)
        if found.merged_into is None:
            raise InvalidRequestError("this is linked with no account")
        await self._store.forget_identity(identity)

    async def linked(self, user_id: str) -> list[Identity]:
        """The platform users that lead to this account, by platform and id."""
        shadows = await self._store.merged_into(user_id)
        found = [one for shadow in shadows for one in await self._store.identities(shadow)]
        return sorted(found, key=lambda one: (one.platform, one.user_id))

    async def unlink_from(self, user_id: str, platform: str, platform_user_id: str) -> None:
        """As `unlink`, when they lead to this account. Raises `NotFoundError` when they do not."""
        for identity in await self.linked(user_id):
            if (identity.platform, identity.user_id) == (platform, platform_user_id):
                await self._store.forget_identity(identity)
                return
        raise NotFoundError("no such user is linked with this account")

    async def new_code(self, shadow: Account) -> str:
        """A code that links this shadow. Raises `ConflictError` when it is an account already."""
        if not shadow.is_shadow:
            raise ConflictError(f"this is linked with the account of {shadow.name} already")
        code, now = new_code(), self._clock()
        grant = Grant(id=new_id(), kind="link", user_id=shadow.id, created_at=now, expires_at=now + CODE_MS)
        await self._store.put_grant(grant, digest(code))
        return code

    async def pending(self, account: Account, code: str) -> PendingLink:
        """What the code would link; it stays good. Counts as a guess."""
        await self._throttle.link(account.id)
        grant = await self._store.grant("link", digest(plain_code(code)), now=self._clock())
        return await self._described(grant)

    async def link(self, account: Account, code: str) -> PendingLink:
        """Uses the code up and joins its shadow with the account."""
        if account.is_shadow:
            raise InvalidRequestError("a link needs an account: sign in to yours, and give it the code there")
        await self._throttle.link(account.id)
        grant = await self._store.take_grant("link", digest(plain_code(code)), now=self._clock())
        linked = await self._described(grant)
        await self._hand_over(linked.shadow.id, account.id)
        if not await self._store.merge(linked.shadow.id, account.id):
            raise ConflictError(_NO_CODE)
        await self._take_over(linked.shadow.id, account.id)
        return linked

    async def _described(self, grant: Grant | None) -> PendingLink:
        shadow = None if grant is None else await self._store.account(grant.user_id)
        if shadow is None or shadow.merged_into is not None:
            raise NotFoundError(_NO_CODE)
        return PendingLink(shadow=shadow, identities=tuple(await self._store.identities(shadow.id)))

    async def _hand_over(self, shadow_id: str, user_id: str) -> None:
        for handover in self._handovers:
            await handover(shadow_id, user_id)

    async def _take_over(self, shadow_id: str, user_id: str) -> None:
        while await self._store.take_over(shadow_id, user_id):
            continue
        # Last: what these turns spent came after the link, as did what one spent that ran while its conversation moved.
        await self._hand_over(shadow_id, user_id)


def local_owner(user_id: str = LOCAL_OWNER) -> Account:
    """The owner of a database on which nobody has registered.

    Raises:
        NotFoundError: It is somebody else's id, and there is no such account.
    """
    if user_id != LOCAL_OWNER:
        raise NotFoundError(f"no account {user_id}")
    return Account(id=LOCAL_OWNER, name="local owner", role="admin", created_at=0)
