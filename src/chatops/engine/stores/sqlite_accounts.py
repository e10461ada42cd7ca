"""`AccountStore` on the embedded database: the connection is the conversations' own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chatops.engine.auth.nouns import Account, AccountRole, ApiToken, Grant, Identity, Session
from chatops.engine.auth.ports import Kept, Row
from chatops.engine.stores import sqlite_accounts_copy as copying
from chatops.engine.stores import sqlite_accounts_rows as rows
from chatops.engine.stores import sqlite_credentials as credentials
from chatops.engine.stores import sqlite_handover as handover
from chatops.engine.stores.sqlite import SqliteStore


class SqliteAccounts:
    """What its methods do and raise is said once, in `engine.auth.ports.AccountStore`."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def add_account(self, account: Account, *, password_hash: str | None) -> None:
        await self._store.write(lambda db: rows.add_account(db, account, password_hash))

    async def account(self, user_id: str) -> Account | None:
        return await self._store.read(lambda db: rows.account(db, user_id))

    async def account_by_email(self, email: str) -> Account | None:
        return await self._store.read(lambda db: rows.account_by_email(db, email))

    async def accounts(self, *, after: str | None = None, limit: int) -> list[Account]:
        return await self._store.read(lambda db: rows.accounts(db, after, limit))

    async def accounts_like(self, prefix: str, *, limit: int) -> list[Account]:
        return await self._store.read(lambda db: rows.accounts_like(db, prefix, limit))

    async def merged_into(self, user_id: str) -> list[str]:
        return await self._store.read(lambda db: rows.merged_into(db, user_id))

    async def names(self, user_ids: Sequence[str]) -> dict[str, str]:
        return await self._store.read(lambda db: rows.names(db, user_ids))

    async def password_hash(self, user_id: str) -> str | None:
        return await self._store.read(lambda db: rows.password_hash(db, user_id))

    async def update_account(
        self,
        user_id: str,
        *,
        role: AccountRole | None = None,
        disabled: bool | None = None,
        password_hash: str | None = None,
    ) -> Account | None:
        changes = {"role": role, "disabled": disabled, "password_hash": password_hash}
        return await self._store.write(lambda db: rows.update_account(db, user_id, changes))

    async def merge(self, shadow_id: str, user_id: str) -> bool:
        return await self._store.write(lambda db: rows.merge(db, shadow_id, user_id))

    async def delete_account(self, user_id: str) -> None:
        await self._store.write(lambda db: rows.delete_account(db, user_id))

    async def take_over(self, from_id: str, to_id: str) -> bool:
        if not await self._store.read(lambda db: handover.owns_any(db, from_id)):
            return False
        await self._store.write(lambda db: handover.take_over(db, from_id, to_id))
        return True

    async def account_of(self, identity: Identity, *, shadow: Account) -> Account:
        known = await self._store.read(lambda db: rows.account_of(db, identity))
        if known is not None:
            return known
        return await self._store.write(lambda db: rows.add_shadow(db, identity, shadow))

    async def forget_identity(self, identity: Identity) -> None:
        await self._store.write(lambda db: rows.forget_identity(db, identity))

    async def identities(self, user_id: str) -> list[Identity]:
        return await self._store.read(lambda db: rows.identities(db, user_id))

    async def add_session(self, session: Session) -> None:
        await self._store.write(lambda db: credentials.add_session(db, session))

    async def session(self, session_id: str, *, now: int) -> Session | None:
        return await self._store.read(lambda db: credentials.session(db, session_id, now))

    async def session_of(self, family: str, *, now: int) -> Session | None:
        return await self._store.read(lambda db: credentials.session_of(db, family, now))

    async def rotate_session(self, session_id: str, *, current: str, new: str, now: int, expires_at: int) -> bool:
        return await self._store.write(
            lambda db: credentials.rotate_session(
                db, session_id, current=current, new=new, now=now, expires_at=expires_at
            )
        )

    async def end_session(self, session_id: str) -> None:
        await self._store.write(lambda db: credentials.end_session(db, session_id))

    async def end_sessions(self, user_id: str) -> None:
        await self._store.write(lambda db: credentials.end_sessions(db, user_id))

    async def add_token(self, token: ApiToken, digest: str) -> None:
        await self._store.write(lambda db: credentials.add_token(db, token, digest))

    async def token_of(self, digest: str, *, now: int) -> ApiToken | None:
        return await self._store.read(lambda db: credentials.token_of(db, digest, now))

    async def tokens(self, user_id: str) -> list[ApiToken]:
        return await self._store.read(lambda db: credentials.tokens(db, user_id))

    async def touch_token(self, token_id: str, *, now: int) -> None:
        await self._store.write(lambda db: credentials.touch_token(db, token_id, now))

    async def delete_token(self, user_id: str, token_id: str) -> bool:
        return await self._store.write(lambda db: credentials.delete_token(db, user_id, token_id))

    async def put_grant(self, grant: Grant, digest: str) -> None:
        await self._store.write(lambda db: rows.put_grant(db, grant, digest))

    async def grant(self, kind: Literal["link", "invitation"], digest: str, *, now: int) -> Grant | None:
        return await self._store.read(lambda db: rows.grant(db, kind, digest, now))

    async def take_grant(self, kind: Literal["link", "invitation"], digest: str, *, now: int) -> Grant | None:
        return await self._store.write(lambda db: rows.take_grant(db, kind, digest, now))

    async def invitations(self, *, now: int) -> list[Grant]:
        return await self._store.read(lambda db: rows.invitations(db, now))

    async def delete_invitation(self, grant_id: str) -> bool:
        return await self._store.write(lambda db: rows.delete_invitation(db, grant_id))

    async def rows(self, kind: Kept, *, after: str | None = None, limit: int) -> list[Row]:
        return await self._store.read(lambda db: copying.rows(db, kind, after, limit))

    async def put_row(self, kind: Kept, row: Row) -> None:
        await self._store.write(lambda db: copying.put_row(db, kind, row))
