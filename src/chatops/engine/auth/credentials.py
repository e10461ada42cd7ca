"""From a credential to a principal: a signature or a digest, a look whether it still holds, then a minute's rest."""

from __future__ import annotations

from chatops.engine.auth.api_tokens import PREFIX, ApiTokens, scopes_of
from chatops.engine.auth.identities import local_owner
from chatops.engine.auth.nouns import Account
from chatops.engine.auth.ports import AccountStore
from chatops.engine.auth.tokens import AccessTokens
from chatops.engine.auth.verified import Verified
from chatops.engine.errors import AuthenticationError, NotFoundError
from chatops.engine.messages import Principal, Source
from chatops.engine.ports import Clock

MAX_CREDENTIAL = 4096
"""Characters: ours have some 450 at most, and nobody's shall be hashed or decoded at length."""
REFUSED = "these credentials are not valid: sign in again, or make a new token"
DISABLED = "this account was disabled: ask an administrator"
_OVER = "the sign-in is over: sign in again"
_NO_TOKEN = "this API token is wrong, was revoked, or has expired: make a new one"  # noqa: S105 - a sentence


class Credentials:
    """Verifies access tokens and API tokens."""

    def __init__(
        self, store: AccountStore, access: AccessTokens, tokens: ApiTokens, verified: Verified, clock: Clock
    ) -> None:
        self._store = store
        self._access = access
        self._tokens = tokens
        self._verified = verified
        self._clock = clock

    async def principal(self, credential: str, source: Source) -> Principal:
        known = self._verified.get((credential, source))
        if known is not None:
            return known
        if len(credential) > MAX_CREDENTIAL:
            raise AuthenticationError(REFUSED)
        find = self._by_api_token if credential.startswith(PREFIX) else self._by_access_token
        principal, expires_at = await find(credential, source)
        self._verified.put((credential, source), principal, expires_at)
        return principal

    async def active(self, user_id: str) -> Account:
        """The account. Raises `AuthenticationError` when it is gone or disabled."""
        try:
            account = await self._store.account(user_id) or local_owner(user_id)
        except NotFoundError:
            raise AuthenticationError(REFUSED) from None
        if account.disabled:
            raise AuthenticationError(DISABLED)
        return account

    async def _by_access_token(self, credential: str, source: Source) -> tuple[Principal, int | None]:
        claims = self._access.verify(credential)
        session = await self._store.session(claims.session_id, now=self._clock())
        if session is None or session.user_id != claims.user_id:
            raise AuthenticationError(_OVER)
        account = await self.active(claims.user_id)
        principal = Principal(user_id=account.id, source=source, scopes=account.scopes, role=account.role)
        return principal, claims.expires_at

    async def _by_api_token(self, credential: str, source: Source) -> tuple[Principal, int | None]:
        token = await self._tokens.find(credential)
        if token is None:
            raise AuthenticationError(_NO_TOKEN)
        account = await self.active(token.user_id)
        principal = Principal(
            user_id=account.id,
            source=source,
            scopes=scopes_of(token, account),
            role=account.role,
            token_id=token.id,
        )
        return principal, token.expires_at
