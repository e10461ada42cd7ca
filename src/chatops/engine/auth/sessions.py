"""Sign-ins: refresh tokens that are opaque, kept as digests, and new at each use.

A refresh token is `FAMILY.SECRET`. The family is the sign-in's, the secret is new at each refresh. Who presents the
family with a secret that is not the newest has a token that was used before: either it was stolen, or its thief was
quicker. Nobody can tell which, so the family ends (RFC 9700, section 4.14.2). Who knows no family ends nothing.

A browser is forgiven the last token but one for a moment: its tabs share a cookie, and a page that is closed may never
see the answer that brings the next one. The next secret follows from the one before it and from the signing key, so
whoever comes twice is told the same one again: a family never has two tokens that are good, and no secret is kept.
"""

from __future__ import annotations

import hmac
import logging

from chatops.engine.auth.digests import digest, following_secret, new_secret
from chatops.engine.auth.nouns import Account, Session, SignIn
from chatops.engine.auth.ports import AccountStore
from chatops.engine.auth.tokens import ACCESS_SECONDS, AccessTokens
from chatops.engine.errors import AuthenticationError
from chatops.engine.ids import new_id
from chatops.engine.messages import Source
from chatops.engine.ports import Clock

IDLE_MS = 30 * 24 * 3600 * 1000
"""A sign-in that nobody used for so long is over,"""
LIFE_MS = 180 * 24 * 3600 * 1000
"""and every one after so long."""
GRACE_MS = 30 * 1000
"""How long after it was exchanged a browser's token may come again: for a slow network and a reload."""
_REFUSED = "the sign-in is over: sign in again"
_log = logging.getLogger(__name__)


class Sessions:
    """Begins, renews and ends sign-ins."""

    def __init__(self, store: AccountStore, access: AccessTokens, clock: Clock) -> None:
        self._store = store
        self._access = access
        self._clock = clock

    async def begin(self, account: Account, source: Source) -> SignIn:
        now = self._clock()
        family, secret = new_secret(), new_secret()
        session = Session(
            id=new_id(),
            user_id=account.id,
            source=source,
            family=digest(family),
            current=digest(secret),
            created_at=now,
            expires_at=now + IDLE_MS,
        )
        self._access.prepare()  # before anything is stored: without keys there is no sign-in
        await self._store.add_session(session)
        return self._sign_in(account, session, family, secret)

    async def find(self, refresh_token: str) -> Session:
        """The sign-in that this refresh token is the newest of, or for a moment the last but one of a browser.

        Raises:
            AuthenticationError: It is none, or over; or the token was used before, and the sign-in is over now.
        """
        family, _, secret = refresh_token.partition(".")
        session = await self._store.session_of(digest(family), now=self._clock())
        if session is None:
            raise AuthenticationError(_REFUSED)
        newest = hmac.compare_digest(session.current, digest(secret))
        if not newest and self._followed_by(session, refresh_token) is None:
            await self._end_reused(session)
        return session

    async def renew(self, account: Account, session: Session, refresh_token: str) -> SignIn:
        """Exchanges a refresh token that `find` took. Raises `AuthenticationError` when somebody was quicker."""
        family, _, _ = refresh_token.partition(".")
        if (again := self._followed_by(session, refresh_token)) is not None:
            return self._sign_in(account, session, family, again)
        secret, now = self._following(refresh_token)[0], self._clock()
        done = await self._store.rotate_session(
            session.id,
            current=session.current,
            new=digest(secret),
            now=now,
            expires_at=min(now + IDLE_MS, session.created_at + LIFE_MS),
        )
        if not done:
            return await self.renew(account, await self.find(refresh_token), refresh_token)
        return self._sign_in(account, session, family, secret)

    def _followed_by(self, session: Session, refresh_token: str) -> str | None:
        """The newest secret, when this token is the one before it and may come again; else None."""
        since = self._clock() - session.renewed_at
        if session.source != "web" or not 0 <= since < GRACE_MS:
            return None
        secrets = self._following(refresh_token)
        return next((one for one in secrets if hmac.compare_digest(session.current, digest(one))), None)

    def _following(self, refresh_token: str) -> list[str]:
        """What comes after a token by each signing key, the one that signs now first: keys may be rotated meanwhile."""
        keys = self._access.prepare()
        by_age = sorted(keys.by_id, key=lambda kid: kid != keys.current)
        return [following_secret(keys.by_id[kid], refresh_token) for kid in by_age]

    async def _end_reused(self, session: Session) -> None:
        await self._store.end_session(session.id)
        _log.warning("a refresh token of user %s was used twice; sign-in %s is over", session.user_id, session.id)
        raise AuthenticationError("this refresh token was used before, so the sign-in is over: sign in again")

    def _sign_in(self, account: Account, session: Session, family: str, secret: str) -> SignIn:
        return SignIn(
            account=account,
            access_token=self._access.issue(account.id, session.id),
            refresh_token=f"{family}.{secret}",
            expires_in=ACCESS_SECONDS,
        )
