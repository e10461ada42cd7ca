"""The nouns of accounts. Frozen values; times are Unix milliseconds, UTC; ids are UUIDv7 but for the first account's.

No secret is among them: what a password, a token or a code is checked against is a digest, and stays in the store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from chatops.engine.messages import LOCAL_OWNER, Scope, Source

AccountRole = Literal["admin", "member"]
Platform = Literal["slack", "discord"]
Registration = Literal["open", "invite", "closed"]

MEMBER_SCOPES: frozenset[Scope] = frozenset({"chat", "history:read", "history:write"})
ADMIN_SCOPES: frozenset[Scope] = MEMBER_SCOPES | {"admin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who owns conversations.

    Attributes:
        id: `LOCAL_OWNER` for the first account of a database: it owns what was asked there without an account.
        email: Normalised; None for a shadow, which stands for a platform user who has no account, and for the local
            owner while nobody has registered.
        merged_into: The account that a shadow was linked with; everything of the shadow is that account's.
    """

    id: str
    name: str
    role: AccountRole
    created_at: int
    email: str | None = None
    disabled: bool = False
    merged_into: str | None = None

    @property
    def is_shadow(self) -> bool:
        return self.email is None and self.id != LOCAL_OWNER

    @property
    def scopes(self) -> frozenset[Scope]:
        """All that this account may do."""
        return ADMIN_SCOPES if self.role == "admin" else MEMBER_SCOPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user of a platform. `user_id` is the platform's own and must be unique there (Slack: with its workspace)."""

    platform: Platform
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A sign-in and the family of refresh tokens that came of it, of which one is good: the newest.

    Attributes:
        family: Digest of the half that all its refresh tokens share: who presents it has had one of them.
        current: Digest of the other half of the newest one.
        renewed_at: When the newest one was given out in exchange for another; 0: it is the first.
    """

    id: str
    user_id: str
    source: Source
    family: str = field(repr=False)
    current: str = field(repr=False)
    created_at: int
    expires_at: int
    renewed_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A personal API token; the token itself was shown once. `start` is its first characters, to tell it by."""

    id: str
    user_id: str
    name: str
    scopes: frozenset[Scope]
    start: str
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a one-time code stands for.

    Attributes:
        kind: `link`: joining the shadow `user_id` with the account that presents the code. `invitation`: a new account
            with this `role`, and this `email` if there is one; `user_id` invited.
    """

    id: str
    kind: Literal["link", "invitation"]
    user_id: str
    created_at: int
    expires_at: int
    role: AccountRole = "member"
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLink:
    """What linking would join: shown to the person before it is done."""

    shadow: Account
    identities: tuple[Identity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What a client holds after signing in. `expires_in`: seconds that the access token is good for."""

    account: Account
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthPolicy:
    """The `[auth]` table of the settings.

    The cost of a password's hash is the second recommended option of RFC 9106, section 4: 3 passes over 64 MiB in 4
    lanes. Memory in KiB.
    """

    registration: Registration = "closed"
    argon2_time_cost: int = 3
    argon2_memory_kib: int = 65_536
    argon2_parallelism: int = 4
