"""What accounts need from outside: a store for them, and somebody who takes over what a shadow leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

from chatops.engine.auth.nouns import Account, AccountRole, ApiToken, Grant, Identity, Session

Kept = Literal["accounts", "identities", "api_tokens"]
"""What a copy of a database takes of accounts: sign-ins and codes are short-lived, and made anew."""
Row = Mapping[str, Any]
"""The fields of one of them, by the names in `FIELDS`; texts, whole numbers, truth values, lists of texts."""
FIELDS: Mapping[Kept, tuple[str, ...]] = {
    "accounts": ("id", "email", "name", "role", "password_hash", "created_at", "disabled", "merged_into"),
    "identities": ("id", "user_id"),
    "api_tokens": (
        "id",
        "user_id",
        "digest",
        "name",
        "scopes",
        "start",
        "created_at",
        "expires_at",
        "last_used_at",
    ),
}
"""`id` of an identity is `PLATFORM/ID`."""

Handover = Callable[[str, str], Awaitable[None]]
"""Gives what the first user has (limits, what is spent of a budget) to the second. Safe to repeat."""


class AccountStore(Protocol):
    """Accounts and what they are known by. Each method is one atomic step for every process on the database.

    Digests are what secrets are kept as; they are looked up by index, so that the time it takes tells nothing of them.
    What has expired at `now` is not there. Every method raises `StoreError` when the database cannot be used.
    """

    async def add_account(self, account: Account, *, password_hash: str | None) -> None:
        """Raises `ConflictError` when the id or the e-mail is taken."""
        ...

    async def account(self, user_id: str) -> Account | None: ...

    async def account_by_email(self, email: str) -> Account | None:
        """`email`: normalised."""
        ...

    async def accounts(self, *, after: str | None = None, limit: int) -> list[Account]:
        """By id, past the id `after`; without the shadows that were merged."""
        ...

    async def accounts_like(self, prefix: str, *, limit: int) -> list[Account]:
        """Those whose id begins with `prefix`, merged shadows too."""
        ...

    async def merged_into(self, user_id: str) -> list[str]:
        """Ids of the shadows that this account took over."""
        ...

    async def names(self, user_ids: Sequence[str]) -> Mapping[str, str]:
        """Of those that are accounts or shadows, by id."""
        ...

    async def password_hash(self, user_id: str) -> str | None: ...

    async def update_account(
        self,
        user_id: str,
        *,
        role: AccountRole | None = None,
        disabled: bool | None = None,
        password_hash: str | None = None,
    ) -> Account | None:
        """Sets what is not None; returns the account as it is now, None when there is none."""
        ...

    async def merge(self, shadow_id: str, user_id: str) -> bool:
        """Sets `merged_into`; False when the shadow is gone, or merged already."""
        ...

    async def delete_account(self, user_id: str) -> None:
        """With the shadows it took over, and their sessions, tokens, identities and codes. Safe to repeat."""
        ...

    async def take_over(self, from_id: str, to_id: str) -> bool:
        """Makes some of one user's conversations, with their messages and attachments, another's.

        Returns:
            Whether there was anything: call again until there is not. Nothing costs one read.
        """
        ...

    async def account_of(self, identity: Identity, *, shadow: Account) -> Account:
        """The account of a platform user, a merged shadow as it is; when there is none, `shadow` becomes it."""
        ...

    async def forget_identity(self, identity: Identity) -> None:
        """What it led to stays; the next `account_of` makes a new shadow. Safe to repeat."""
        ...

    async def identities(self, user_id: str) -> list[Identity]:
        """Those that lead to this very account, not to shadows it took over."""
        ...

    async def add_session(self, session: Session) -> None: ...

    async def session(self, session_id: str, *, now: int) -> Session | None: ...

    async def session_of(self, family: str, *, now: int) -> Session | None: ...

    async def rotate_session(self, session_id: str, *, current: str, new: str, now: int, expires_at: int) -> bool:
        """Replaces `current` by `new`; False when it is no longer the current one, or the session is over."""
        ...

    async def end_session(self, session_id: str) -> None: ...

    async def end_sessions(self, user_id: str) -> None: ...

    async def add_token(self, token: ApiToken, digest: str) -> None: ...

    async def token_of(self, digest: str, *, now: int) -> ApiToken | None: ...

    async def tokens(self, user_id: str) -> list[ApiToken]:
        """Newest first, expired ones too."""
        ...

    async def touch_token(self, token_id: str, *, now: int) -> None:
        """Sets `last_used_at`."""
        ...

    async def delete_token(self, user_id: str, token_id: str) -> bool:
        """False when this user has no such token."""
        ...

    async def put_grant(self, grant: Grant, digest: str) -> None:
        """A new code. A link code replaces the one that its user had before."""
        ...

    async def grant(self, kind: Literal["link", "invitation"], digest: str, *, now: int) -> Grant | None:
        """What a code stands for; it stays good."""
        ...

    async def take_grant(self, kind: Literal["link", "invitation"], digest: str, *, now: int) -> Grant | None:
        """Uses a code up: exactly one caller gets it."""
        ...

    async def invitations(self, *, now: int) -> list[Grant]:
        """Newest first."""
        ...

    async def delete_invitation(self, grant_id: str) -> bool:
        """False when there is none."""
        ...

    async def rows(self, kind: Kept, *, after: str | None = None, limit: int) -> list[Row]:
        """Everybody's, by id, past the id `after`: for copies of a whole database, never for a person."""
        ...

    async def put_row(self, kind: Kept, row: Row) -> None:
        """Writes a row of another store's, over the one with its id.

        Raises:
            ConflictError: It is somebody else's here: an e-mail address, or an id with another e-mail address.
        """
        ...
