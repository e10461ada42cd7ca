"""Personal API tokens: for scripts, kept as digests, shown once."""

from __future__ import annotations

from collections.abc import Iterable

from chatops.engine.auth.digests import digest, new_secret
from chatops.engine.auth.fields import display_name
from chatops.engine.auth.nouns import ADMIN_SCOPES, Account, ApiToken
from chatops.engine.auth.ports import AccountStore
from chatops.engine.errors import InvalidRequestError, NotFoundError, PermissionDeniedError
from chatops.engine.ids import new_id
from chatops.engine.messages import Principal, Scope
from chatops.engine.ports import Clock

PREFIX = "chatops_"
"""So that scanners of repositories, and people, know one when they see it."""
MAX_TOKENS = 100
MAX_SECONDS = 10 * 365 * 24 * 3600
TOUCH_MS = 60_000
"""`last_used_at` is this exact: a write a request would cost more than the request."""
_START = len(PREFIX) + 4


class ApiTokens:
    """Makes, finds and revokes them."""

    def __init__(self, store: AccountStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def create(
        self, principal: Principal, *, name: str, scopes: Iterable[Scope], expires_in: float | None
    ) -> tuple[ApiToken, str]:
        """`expires_in`: seconds; None: never."""
        wanted = frozenset(scopes)
        _check_scopes(principal, wanted)
        if expires_in is not None and not 0 < expires_in <= MAX_SECONDS:  # NaN is refused too
            raise InvalidRequestError("a token expires in 1 second to 10 years, or never")
        if len(await self._store.tokens(principal.user_id)) >= MAX_TOKENS:
            raise InvalidRequestError(f"{MAX_TOKENS} tokens is the most an account can have: revoke one first")
        secret, now = PREFIX + new_secret(), self._clock()
        token = ApiToken(
            id=new_id(),
            user_id=principal.user_id,
            name=display_name(name, "the token's name"),
            scopes=wanted,
            start=secret[:_START],
            created_at=now,
            expires_at=None if expires_in is None else now + round(expires_in * 1000),
        )
        await self._store.add_token(token, digest(secret))
        return token, secret

    async def find(self, credential: str) -> ApiToken | None:
        """The token, if it is good; notes that it was used."""
        now = self._clock()
        token = await self._store.token_of(digest(credential), now=now)
        if token is not None and now - (token.last_used_at or 0) >= TOUCH_MS:
            await self._store.touch_token(token.id, now=now)
        return token

    async def revoke(self, principal: Principal, token_id: str) -> None:
        if not await self._store.delete_token(principal.user_id, token_id):
            raise NotFoundError(f"no token {token_id!r}")


def scopes_of(token: ApiToken, account: Account) -> frozenset[Scope]:
    """What the token may do now: an account that is no admin any more has no admin tokens."""
    return token.scopes & account.scopes


def _check_scopes(principal: Principal, wanted: frozenset[Scope]) -> None:
    unknown = wanted - ADMIN_SCOPES
    if unknown or not wanted:
        known = ", ".join(sorted(ADMIN_SCOPES))
        what = f"there is no scope {min(unknown)!r}" if unknown else "a token needs a scope"
        raise InvalidRequestError(f"{what}: choose from {known}")
    missing = wanted - principal.scopes
    if missing or ("admin" in wanted and principal.role != "admin"):
        raise PermissionDeniedError(f"you cannot give a token the scope {min(missing | {'admin'} & wanted)}")
