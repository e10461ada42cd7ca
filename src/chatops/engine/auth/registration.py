"""New accounts: the first one, which is the database's owner and admin, and who may make the others."""

from __future__ import annotations

from typing import Literal

from chatops.engine.auth.digests import digest
from chatops.engine.auth.fields import display_name, email_address, new_password
from chatops.engine.auth.nouns import Account, AccountRole, Grant, Registration
from chatops.engine.auth.passwords import Passwords
from chatops.engine.auth.ports import AccountStore
from chatops.engine.errors import ConflictError, PermissionDeniedError
from chatops.engine.ids import new_id
from chatops.engine.messages import LOCAL_OWNER
from chatops.engine.ports import Clock


class Registrar:
    """Makes accounts.

    Args:
        registration: Who may register: everybody, who was invited, or nobody but the first.
    """

    def __init__(self, store: AccountStore, passwords: Passwords, registration: Registration, clock: Clock) -> None:
        self._store = store
        self._passwords = passwords
        self._registration = registration
        self._clock = clock

    async def open_to(self) -> Registration | Literal["first"]:
        """As `Accounts.registration`."""
        return "first" if await self._store.account(LOCAL_OWNER) is None else self._registration

    async def register(self, email: str, name: str, password: str, invitation: str | None) -> Account:
        """An account for somebody who asks for one. What it raises: `Accounts.register`."""
        email, name = email_address(email), display_name(name)
        new_password(password, email=email)
        if await self._store.account(LOCAL_OWNER) is None:
            return await self._add_first(email, name, await self._passwords.hash(password))
        grant = await self._invitation(email, invitation, take=False)
        password_hash = await self._passwords.hash(password)
        if grant is not None:
            grant = await self._invitation(email, invitation, take=True)
        try:
            return await self._add(new_id(), email, name, grant.role if grant else "member", password_hash)
        except BaseException:
            if grant is not None:  # it is as good as before
                await self._store.put_grant(grant, digest((invitation or "").strip()))
            raise

    async def add(self, email: str, name: str, password: str, role: AccountRole) -> Account:
        """An account that an administrator makes; the first one is the owner's, whatever its role."""
        email, name = email_address(email), display_name(name)
        new_password(password, email=email)
        password_hash = await self._passwords.hash(password)
        if await self._store.account(LOCAL_OWNER) is None:
            return await self._add_first(email, name, password_hash)
        return await self._add(new_id(), email, name, role, password_hash)

    async def _add_first(self, email: str, name: str, password_hash: str) -> Account:
        try:
            return await self._add(LOCAL_OWNER, email, name, "admin", password_hash)
        except ConflictError:
            raise ConflictError("somebody else registered first, in this very moment; try again") from None

    async def _add(self, user_id: str, email: str, name: str, role: AccountRole, password_hash: str) -> Account:
        account = Account(id=user_id, email=email, name=name, role=role, created_at=self._clock())
        await self._store.add_account(account, password_hash=password_hash)
        return account

    async def _invitation(self, email: str, code: str | None, *, take: bool) -> Grant | None:
        """The invitation to register with; None where registration is open and there is none.

        Raises:
            PermissionDeniedError: There must be one, and it is not good.
        """
        if code is None and self._registration == "open":
            return None
        if code is None or self._registration == "closed":
            how = "an invitation" if self._registration == "invite" else "an administrator who adds you"
            raise PermissionDeniedError(f"registration is not open here: you need {how}")
        find = self._store.take_grant if take else self._store.grant
        grant = await find("invitation", digest(code.strip()), now=self._clock())
        if grant is None or grant.email not in {None, email}:
            raise PermissionDeniedError(
                "this invitation is wrong, was used, has expired, or is for another e-mail address"
            )
        return grant
