"""The face of accounts (`Engine.accounts`): who somebody is, and what they may do about it.

Every verification ends in a `Principal`, which all else in the engine asks. Calls that change how somebody gets in
(passwords, tokens, links) want a signed-in person: an API token cannot make others, or it could outlive itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from chatops.engine.auth.administration import Administration
from chatops.engine.auth.api_tokens import ApiTokens
from chatops.engine.auth.credentials import DISABLED, MAX_CREDENTIAL, REFUSED, Credentials
from chatops.engine.auth.fields import email_address, new_password
from chatops.engine.auth.identities import Identities, local_owner
from chatops.engine.auth.keys import SigningKeys
from chatops.engine.auth.links import Links, require_person
from chatops.engine.auth.nouns import (
    MEMBER_SCOPES,
    Account,
    ApiToken,
    AuthPolicy,
    PendingLink,
    Platform,
    Registration,
    SignIn,
)
from chatops.engine.auth.passwords import Hasher, Passwords
from chatops.engine.auth.ports import AccountStore, Handover
from chatops.engine.auth.registration import Registrar
from chatops.engine.auth.sessions import Sessions
from chatops.engine.auth.throttle import Throttle
from chatops.engine.auth.tokens import AccessTokens
from chatops.engine.auth.verified import Verified
from chatops.engine.errors import AuthenticationError, InvalidRequestError
from chatops.engine.ids import now_ms
from chatops.engine.limits.ports import Limiter
from chatops.engine.messages import Principal, Scope, Source
from chatops.engine.ports import Clock, Store

_WRONG = "the e-mail address or the password is wrong"


class Accounts:
    """Accounts, for any number of processes on one database; `admin` has what administrators do with other people's,
    `links` the platform users that somebody is joined with.

    Args:
        store: Where they are kept.
        history: The conversations, which go with an account that is deleted.
        limiter: Counts guesses.
        keys: Reads, or makes, the keys of access tokens; called when the first one is needed.
        policy: The `[auth]` settings.
        handovers: Who else has something of a shadow that is linked with an account; called before its conversations
            move, and whenever its person comes back.
        hasher: For tests: hashes passwords in place of Argon2.
    """

    def __init__(
        self,
        *,
        store: AccountStore,
        history: Store,
        limiter: Limiter,
        keys: Callable[[], SigningKeys],
        policy: AuthPolicy | None = None,
        handovers: Sequence[Handover] = (),
        clock: Clock = now_ms,
        hasher: Hasher | None = None,
    ) -> None:
        policy = policy or AuthPolicy()
        self._store = store
        self._verified = Verified(clock)
        self._passwords = Passwords(policy, hasher)
        self._throttle = Throttle(limiter)
        self._access = AccessTokens(keys, clock)
        self._sessions = Sessions(store, self._access, clock)
        self._api_tokens = ApiTokens(store, clock)
        self._credentials = Credentials(store, self._access, self._api_tokens, self._verified, clock)
        self._identities = Identities(store, self._throttle, handovers, clock)
        self.links = Links(self._identities)
        self._registrar = Registrar(store, self._passwords, policy.registration, clock)
        self.admin = Administration(
            store, history, self._registrar, self._passwords, clock, forget=self._verified.forget
        )

    def prepare(self) -> None:
        """Reads the signing keys, or makes them: a server calls this at its start, to fail then and not at a sign-in.

        Raises:
            SettingsError: A secret is too short, or the key file cannot be used.
        """
        self._access.prepare()

    def aclose(self) -> None:
        self._passwords.aclose()

    async def register(
        self, *, email: str, name: str, password: str, invitation: str | None = None, address: str | None = None
    ) -> Account:
        """A new account. The first one of a database is its owner and an admin; after it, the settings decide.

        `invitation` is the code that `admin.invite` returned, `address` the network address that asks.

        Raises:
            InvalidRequestError: E-mail, name or password will not do; says what is wrong.
            PermissionDeniedError: Registration is closed, or the invitation is not good.
            ConflictError: The e-mail address has an account.
            RateLimitError: Too often from this address.
        """
        await self._throttle.register(address)
        return await self._registrar.register(email, name, password, invitation)

    async def registration(self) -> Registration | Literal["first"]:
        """Who may register now; `first`: nobody has yet, and who does becomes the owner."""
        return await self._registrar.open_to()

    async def login(self, *, email: str, password: str, address: str | None = None) -> Account:
        """The account of an e-mail address and its password; `sign_in` is what to do with it.

        Exactly one hash is verified whether there is such an account or not.

        Raises:
            AuthenticationError: One of them is wrong (which, is not told), or the account was disabled.
            RateLimitError: Too often for this account or from this address.
        """
        try:
            email = email_address(email)
        except InvalidRequestError:
            email = ""  # nobody's: takes as long, and counts, like any wrong one
        await self._throttle.login(email, address)
        account = await self._store.account_by_email(email)
        stored = await self._store.password_hash(account.id if account else "")
        if not await self._passwords.verify(stored, password) or account is None or stored is None:
            raise AuthenticationError(_WRONG)
        if account.disabled:
            raise AuthenticationError(DISABLED)
        if self._passwords.is_stale(stored):
            await self._store.update_account(account.id, password_hash=await self._passwords.hash(password))
        return account

    async def sign_in(self, account: Account, *, source: Source = "api") -> SignIn:
        """Begins a sign-in: an access token, and a refresh token for when that is over.

        Raises:
            SettingsError: The signing keys cannot be used.
        """
        return await self._sessions.begin(account, source)

    async def refresh(self, refresh_token: str) -> SignIn:
        """Exchanges a refresh token, which is used up, for the next pair of tokens.

        Raises:
            AuthenticationError: It is not good. When it was used before, the whole sign-in ends: one of the two who
                had it is a thief.
        """
        if len(refresh_token) > MAX_CREDENTIAL:
            raise AuthenticationError(REFUSED)
        session = await self._sessions.find(refresh_token)
        account = await self._credentials.active(session.user_id)
        return await self._sessions.renew(account, session, refresh_token)

    async def logout(self, refresh_token: str) -> None:
        """Ends the sign-in that this refresh token is of; does nothing when there is none."""
        if len(refresh_token) > MAX_CREDENTIAL:
            return
        try:
            session = await self._sessions.find(refresh_token)
        except AuthenticationError:
            return
        await self._store.end_session(session.id)
        self._verified.forget(session.user_id)

    async def logout_everywhere(self, principal: Principal) -> None:
        """Ends all sign-ins of this person; API tokens stay. Raises `PermissionDeniedError` for an API token."""
        require_person(principal)
        await self._store.end_sessions(principal.user_id)
        self._verified.forget(principal.user_id)

    async def principal(self, credential: str, *, source: Source) -> Principal:
        """Who presents this access token or API token.

        Held for a minute, so it costs a look into a table (under 1 µs); who was disabled, signed out or lost a token
        is out within that minute, in the process that did it at once.

        Raises:
            AuthenticationError: Not valid, expired, revoked, or of a disabled account.
        """
        return await self._credentials.principal(credential, source)

    async def me(self, principal: Principal) -> Account:
        """The principal's own account. Raises `NotFoundError` when it was deleted."""
        return await self._store.account(principal.user_id) or local_owner(principal.user_id)

    async def user_ids(self, principal: Principal) -> list[str]:
        """The principal's own id and those of the shadows it took over, under which older usage is noted."""
        return [principal.user_id, *await self._store.merged_into(principal.user_id)]

    async def change_password(self, principal: Principal, *, old: str, new: str) -> None:
        """Ends all sign-ins, this one too: sign in again. API tokens stay.

        Raises:
            AuthenticationError: `old` is not the password.
            InvalidRequestError: `new` will not do, or the account has no password.
            PermissionDeniedError: For an API token.
            RateLimitError: Too many guesses.
        """
        require_person(principal)
        account = await self.me(principal)
        if account.email is None:
            raise InvalidRequestError("this account has no e-mail address and no password")
        new_password(new, email=account.email)
        await self._throttle.login(account.email, None)
        if not await self._passwords.verify(await self._store.password_hash(account.id), old):
            raise AuthenticationError("the old password is wrong")
        await self._store.update_account(account.id, password_hash=await self._passwords.hash(new))
        await self.logout_everywhere(principal)

    async def create_token(
        self, principal: Principal, *, name: str, scopes: Iterable[Scope], expires_in: float | None = None
    ) -> tuple[ApiToken, str]:
        """A personal API token, and the token itself: it cannot be shown again. `expires_in`: seconds; None: never.

        Raises:
            InvalidRequestError: Name, scopes or expiry will not do, or there are too many.
            PermissionDeniedError: A scope that the principal has not, or an API token asks.
        """
        require_person(principal)
        return await self._api_tokens.create(principal, name=name, scopes=scopes, expires_in=expires_in)

    async def tokens(self, principal: Principal) -> list[ApiToken]:
        """The principal's API tokens, newest first, expired ones too."""
        require_person(principal)
        return await self._store.tokens(principal.user_id)

    async def revoke_token(self, principal: Principal, token_id: str) -> None:
        """Raises `NotFoundError`, also for another's."""
        require_person(principal)
        await self._api_tokens.revoke(principal, token_id)
        self._verified.forget(principal.user_id)

    async def principal_for(self, platform: Platform, platform_user_id: str, *, display_name: str) -> Principal:
        """Who a platform's user is: the account they linked, else a shadow of their own, made when they are new.

        Never with an administrator's scope, whatever the account: a chat room is no place for it.
        `platform_user_id` must be unique on the platform: on Slack that is workspace and user, `T024BE7LD:U012AB3CD`.
        `display_name` is for a new shadow, and made to fit.

        Raises:
            AuthenticationError: The account was disabled.
        """
        account = await self._identities.account_for(platform, platform_user_id, display_name)
        if account.disabled:
            raise AuthenticationError(DISABLED)
        return Principal(user_id=account.id, source=platform, scopes=account.scopes & MEMBER_SCOPES, role=account.role)

    async def link_code(self, principal: Principal) -> str:
        """A code, good once and for 10 minutes, that joins this platform user with an account; an earlier one ends.

        Raises:
            ConflictError: It is linked already.
        """
        require_person(principal)
        return await self._identities.new_code(await self.me(principal))

    async def unlink(self, platform: Platform, platform_user_id: str) -> None:
        """Parts a platform user from the account that they linked: what they ask from now on is theirs alone, and what
        they asked before stays the account's. For the platform's own bot, which knows who asks.

        Raises:
            InvalidRequestError: They are linked with no account.
        """
        await self._identities.unlink(platform, platform_user_id)

    async def describe_link(self, principal: Principal, code: str) -> PendingLink:
        """Whom `link` would join with this account: show it and ask, since somebody may have sent you their code.

        Raises:
            NotFoundError: The code is wrong, used or old.
            RateLimitError: Too many guesses.
        """
        require_person(principal)
        return await self._identities.pending(await self.me(principal), code)

    async def link(self, principal: Principal, code: str) -> PendingLink:
        """Joins a platform user with this account: what they asked there, and what is left to them, is the account's.

        Raises:
            NotFoundError: The code is wrong, used or old.
            InvalidRequestError: The principal has no account either.
            RateLimitError: Too many guesses.
        """
        require_person(principal)
        return await self._identities.link(await self.me(principal), code)
