"""Access tokens: JSON Web Tokens (RFC 7519) that live for a quarter of an hour, signed with HS256 and nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from chatops.engine.auth.keys import SigningKeys
from chatops.engine.errors import AuthenticationError, SettingsError
from chatops.engine.ids import new_id
from chatops.engine.ports import Clock

ACCESS_SECONDS = 900
ISSUER = "chatops"
AUDIENCE = "chatops:api"
TYPE = "at+jwt"
"""RFC 9068, section 2.1: so that no other token that a secret may have signed passes for one of these."""
ALGORITHM = "HS256"
LEEWAY = 5
"""Seconds by which the clocks of several servers may differ."""
RELOAD_SECONDS = 5.0
"""Between looks at the key file because of an unknown key id: anybody can send one."""
_log = logging.getLogger(__name__)
_CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "exp")
_REFUSED = "the access token is not valid or has expired: sign in again, or refresh it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says, verified. Times in Unix milliseconds."""

    user_id: str
    session_id: str
    expires_at: int


class AccessTokens:
    """Makes and verifies access tokens.

    Args:
        keys: Reads the signing keys; called at the first token, and again when a token names another key.
        clock: Now.
    """

    def __init__(self, keys: Callable[[], SigningKeys], clock: Clock) -> None:
        self._load = keys
        self._clock = clock
        self._keys: SigningKeys | None = None
        self._loaded = 0.0

    def prepare(self) -> SigningKeys:
        """The signing keys; reads or makes them at first. Raises `SettingsError`."""
        if self._keys is None:
            self._keys, self._loaded = self._load(), time.monotonic()
        return self._keys

    def issue(self, user_id: str, session_id: str) -> str:
        """A new token for a session."""
        import jwt

        keys, now = self.prepare(), self._clock() // 1000
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user_id,
            "sid": session_id,
            "jti": new_id(),
            "iat": now,
            "exp": now + ACCESS_SECONDS,
        }
        return jwt.encode(claims, keys.by_id[keys.current], ALGORITHM, headers={"kid": keys.current, "typ": TYPE})

    def verify(self, token: str) -> Claims:
        """What the token says.

        Raises:
            AuthenticationError: It is none of ours, was altered, or is not valid now. Which, is not told.
        """
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != TYPE:
                raise AuthenticationError(_REFUSED)
            claims = jwt.decode(
                token,
                self._key(header.get("kid")),
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                # Times are compared below, with our clock, and stricter.
                options={"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError):  # not all of PyJWT's are its own
            raise AuthenticationError(_REFUSED) from None
        if not self._is_now(claims.get("iat"), claims.get("nbf", 0), claims.get("exp")):
            raise AuthenticationError(_REFUSED)
        if not (isinstance(claims["sub"], str) and isinstance(claims["sid"], str)):
            raise AuthenticationError(_REFUSED)
        return Claims(user_id=claims["sub"], session_id=claims["sid"], expires_at=claims["exp"] * 1000)

    def _key(self, kid: object) -> bytes:
        """Raises `AuthenticationError` when the token names no key of ours."""
        if not isinstance(kid, str):
            raise AuthenticationError(_REFUSED)
        if kid not in self.prepare().by_id and time.monotonic() - self._loaded >= RELOAD_SECONDS:
            self._reload()  # somebody may have rotated them
        key = self.prepare().by_id.get(kid)
        if key is None:
            raise AuthenticationError(_REFUSED)
        return key

    def _reload(self) -> None:
        self._loaded = time.monotonic()
        try:
            self._keys = self._load()
        except SettingsError as error:
            _log.warning("goes on with the signing keys it has: %s", error.message)

    def _is_now(self, issued: object, not_before: object, expires: object) -> bool:
        """Whole seconds, begun, not over, and not for longer than any token of ours."""
        now = self._clock() / 1000
        if not (type(issued) is int and type(not_before) is int and type(expires) is int):
            return False
        if expires - issued > ACCESS_SECONDS:
            return False
        return max(issued, not_before) <= now + LEEWAY and now < expires
