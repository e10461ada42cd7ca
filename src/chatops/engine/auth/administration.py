"""What administrators do with other people's accounts."""

from __future__ import annotations

from collections.abc import Callable

from chatops.engine.auth.digests import digest, new_secret
from chatops.engine.auth.fields import email_address, new_password
from chatops.engine.auth.nouns import Account, AccountRole, Grant
from chatops.engine.auth.passwords import Passwords
from chatops.engine.auth.ports import AccountStore
from chatops.engine.auth.registration import Registrar
from chatops.engine.errors import InvalidRequestError, NotFoundError, PermissionDeniedError
from chatops.engine.ids import new_id
from chatops.engine.messages import LOCAL_OWNER, Principal
from chatops.engine.ports import Clock, Store

MIN_PREFIX = 4
MAX_PAGE = 200
INVITATION_SECONDS = 7 * 24 * 3600
MAX_INVITATION_SECONDS = 90 * 24 * 3600


def require_admin(principal: Principal) -> None:
    """Raises `PermissionDeniedError` unless the principal is an administrator and its credentials may act as one."""
    if principal.role != "admin":
        raise PermissionDeniedError("only administrators may do this")
    principal.require("admin")


class Administration:
    """What stands in `Accounts.admin`. Every method asks for an administrator first.

    Raises, all of them:
        PermissionDeniedError: The principal is no administrator.
        NotFoundError: No such account or invitation.
        InvalidRequestError: The owner of the database: they stay, and stay an administrator.

    Args:
        forget: Told of each account whose credentials must be looked at anew.
    """

    def __init__(
        self,
        store: AccountStore,
        history: Store,
        registrar: Registrar,
        passwords: Passwords,
        clock: Clock,
        *,
        forget: Callable[[str], None],
    ) -> None:
        self._store = store
        self._history = history
        self._registrar = registrar
        self._passwords = passwords
        self._clock = clock
        self._forget = forget

    async def users(self, principal: Principal, *, after: str | None = None, limit: int = MAX_PAGE) -> list[Account]:
        """A page of accounts and shadows, by id; `after` is the last id of the page that came earlier."""
        require_admin(principal)
        return await self._store.accounts(after=after, limit=max(1, min(limit, MAX_PAGE)))

    async def find(self, principal: Principal, ref: str) -> Account:
        """An account by e-mail, id, or a unique beginning of its id."""
        require_admin(principal)
        ref = ref.strip()
        if "@" in ref:
            found = await self._store.account_by_email(email_address(ref))
            return _found(found, ref)
        if exact := await self._store.account(ref):
            return exact
        if len(ref) < MIN_PREFIX:
            raise InvalidRequestError(f"{ref!r} is too short for an account's id: give {MIN_PREFIX} characters or more")
        matching = await self._store.accounts_like(ref.lower(), limit=2)
        if len(matching) > 1:
            raise InvalidRequestError(
                f"{ref!r} fits several accounts, {matching[0].id} among them: give more of the id"
            )
        return _found(matching[0] if matching else None, ref)

    async def add(
        self, principal: Principal, *, email: str, name: str, password: str, role: AccountRole = "member"
    ) -> Account:
        """An account for somebody, whatever the settings say of registration. The first is the owner's, an admin.

        Raises:
            ConflictError: The e-mail address has an account.
            InvalidRequestError: E-mail, name or password will not do.
        """
        require_admin(principal)
        return await self._registrar.add(email, name, password, role)

    async def set_password(self, principal: Principal, user_id: str, password: str) -> None:
        """For somebody who lost theirs. Ends their sign-ins; their API tokens stay."""
        require_admin(principal)
        account = _found(await self._store.account(user_id), user_id)
        if account.email is None:
            raise InvalidRequestError("this account has no e-mail address, so it has no password")
        new_password(password, email=account.email)
        password_hash = await self._passwords.hash(password)
        _found(await self._store.update_account(user_id, password_hash=password_hash), user_id)
        await self._store.end_sessions(user_id)
        self._forget(user_id)

    async def set_role(self, principal: Principal, user_id: str, role: AccountRole) -> Account:
        account = await self._other(principal, user_id, "have another role")
        if account.is_shadow and role == "admin":
            raise InvalidRequestError("a platform user without an account cannot be an administrator: link it first")
        changed = _found(await self._store.update_account(user_id, role=role), user_id)
        self._forget(user_id)
        return changed

    async def set_disabled(self, principal: Principal, user_id: str, *, disabled: bool) -> Account:
        await self._other(principal, user_id, "be disabled")
        changed = _found(await self._store.update_account(user_id, disabled=disabled), user_id)
        if disabled:
            await self._store.end_sessions(user_id)
        self._forget(user_id)
        return changed

    async def delete(self, principal: Principal, user_id: str) -> None:
        """With its conversations, for good; what it used stays in the ledger.

        First nobody can act as the account any more, then its conversations go, then the account itself: what a crash
        leaves can be deleted again.
        """
        await self._other(principal, user_id, "be deleted")
        await self._store.update_account(user_id, disabled=True)
        await self._store.end_sessions(user_id)
        self._forget(user_id)
        for owner in (user_id, *await self._store.merged_into(user_id)):
            while page := await self._history.conversations(owner, limit=MAX_PAGE):
                for conversation in page:
                    await self._history.delete_conversation(owner, conversation.id)
        await self._store.delete_account(user_id)

    async def invite(
        self,
        principal: Principal,
        *,
        email: str | None = None,
        role: AccountRole = "member",
        expires_in: float = INVITATION_SECONDS,
    ) -> tuple[Grant, str]:
        """An invitation, and the code to register with: good once, for `expires_in` seconds, not shown again.

        With `email` it is for that address alone; otherwise for whoever has the code.
        """
        require_admin(principal)
        if not 0 < expires_in <= MAX_INVITATION_SECONDS:
            raise InvalidRequestError("an invitation expires in 1 second to 90 days")
        code, now = new_secret(), self._clock()
        grant = Grant(
            id=new_id(),
            kind="invitation",
            user_id=principal.user_id,
            created_at=now,
            expires_at=now + round(expires_in * 1000),
            role=role,
            email=None if email is None else email_address(email),
        )
        await self._store.put_grant(grant, digest(code))
        return grant, code

    async def invitations(self, principal: Principal) -> list[Grant]:
        require_admin(principal)
        return await self._store.invitations(now=self._clock())

    async def revoke_invitation(self, principal: Principal, grant_id: str) -> None:
        require_admin(principal)
        if not await self._store.delete_invitation(grant_id):
            raise NotFoundError(f"no invitation {grant_id!r}")

    async def _other(self, principal: Principal, user_id: str, what: str) -> Account:
        """Anybody's account but the owner's: it stays, so that there is always an administrator."""
        require_admin(principal)
        if user_id == LOCAL_OWNER:
            raise InvalidRequestError(f"the owner of this database cannot {what}")
        return _found(await self._store.account(user_id), user_id)


def _found(account: Account | None, ref: str) -> Account:
    if account is None:
        raise NotFoundError(f"no account {ref!r}")
    return account
