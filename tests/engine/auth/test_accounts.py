"""Registering, signing in, and what a credential is worth."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from auth_rig import CHEAP, MINUTE, OWNER, PASSWORD, AuthRig, open_auth
from chatops.engine.auth import api_tokens
from chatops.engine.auth.nouns import Account, ApiToken, Session
from chatops.engine.auth.throttle import LOGIN_PER_ACCOUNT, LOGIN_PER_ADDRESS, REGISTER_PER_ADDRESS
from chatops.engine.errors import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    SettingsError,
)
from chatops.engine.limits.rates import StoredLimiter
from chatops.engine.messages import LOCAL_OWNER, Principal
from chatops.engine.stores.sqlite_meter import SqliteMeter


async def register(rig: AuthRig, email: str = "ann@example.com", **more: Any) -> Account:
    return await rig.accounts.register(email=email, name="Ann", password=PASSWORD, **more)


async def login(rig: AuthRig, email: str = "ann@example.com", password: str = PASSWORD, **more: Any) -> Account:
    return await rig.accounts.login(email=email, password=password, **more)


async def test_the_first_account_is_the_owner_of_the_database_and_an_admin(rig: AuthRig) -> None:
    first = await register(rig, "Ann@Example.com")

    assert (first.id, first.role, first.email) == (LOCAL_OWNER, "admin", "ann@example.com")
    assert not first.is_shadow
    assert await login(rig, " ANN@example.com") == first


async def test_of_many_who_register_first_at_once_one_is_the_owner(rig: AuthRig) -> None:
    results = await asyncio.gather(*(register(rig, f"{n}@example.com") for n in range(5)), return_exceptions=True)

    assert sum(isinstance(result, Account) for result in results) == 1
    assert sum(isinstance(result, ConflictError | PermissionDeniedError) for result in results) == 4


async def test_after_the_first_account_registration_is_closed(rig: AuthRig) -> None:
    await register(rig)
    with pytest.raises(PermissionDeniedError, match="you need an administrator who adds you"):
        await register(rig, "bob@example.com")
    _, code = await rig.accounts.admin.invite(OWNER)

    with pytest.raises(PermissionDeniedError, match="not open"):
        await register(rig, "bob@example.com", invitation=code)


async def test_where_registration_is_open_everybody_may_be_a_member(tmp_path: Path) -> None:
    async with open_auth(tmp_path, registration="open") as rig:
        await register(rig)
        bob = await register(rig, "bob@example.com")

        assert bob.role == "member"
        with pytest.raises(ConflictError, match="already"):
            await register(rig, "bob@example.com")


async def test_an_invitation_is_good_once_for_its_address_and_its_role(tmp_path: Path) -> None:
    async with open_auth(tmp_path, registration="invite") as rig:
        await register(rig)
        with pytest.raises(PermissionDeniedError, match="you need an invitation"):
            await register(rig, "bob@example.com")
        grant, code = await rig.accounts.admin.invite(OWNER, email="Bob@example.com", role="admin")
        with pytest.raises(PermissionDeniedError, match="another e-mail"):
            await register(rig, "eve@example.com", invitation=code)
        with pytest.raises(PermissionDeniedError, match="wrong"):
            await register(rig, "bob@example.com", invitation=code[:-1])
        assert await rig.accounts.admin.invitations(OWNER) == [grant]
        bob = await register(rig, "bob@example.com", invitation=f" {code}\n")
        with pytest.raises(PermissionDeniedError, match="was used"):
            await register(rig, "carl@example.com", invitation=code)

        assert bob.role == "admin"
        assert await rig.accounts.admin.invitations(OWNER) == []


async def test_of_many_with_one_invitation_one_gets_in(tmp_path: Path) -> None:
    async with open_auth(tmp_path, registration="invite") as rig:
        await register(rig)
        _, code = await rig.accounts.admin.invite(OWNER)
        results = await asyncio.gather(
            *(register(rig, f"{n}@example.com", invitation=code) for n in range(5)), return_exceptions=True
        )

        assert sum(isinstance(result, Account) for result in results) == 1


async def test_a_registration_that_fails_leaves_the_invitation_good(tmp_path: Path) -> None:
    async with open_auth(tmp_path, registration="invite") as rig:
        await register(rig)
        grant, code = await rig.accounts.admin.invite(OWNER)
        with pytest.raises(ConflictError):
            await register(rig, "ann@example.com", invitation=f" {code} ")

        assert await rig.accounts.admin.invitations(OWNER) == [grant]
        assert (await register(rig, "bob@example.com", invitation=code)).email == "bob@example.com"


async def test_an_invitation_expires_and_can_be_revoked(tmp_path: Path) -> None:
    async with open_auth(tmp_path, registration="invite") as rig:
        await register(rig)
        _, late = await rig.accounts.admin.invite(OWNER, expires_in=60)
        grant, revoked = await rig.accounts.admin.invite(OWNER)
        rig.clock.advance(MINUTE)
        await rig.accounts.admin.revoke_invitation(OWNER, grant.id)
        for code in (late, revoked):
            with pytest.raises(PermissionDeniedError, match="has expired"):
                await register(rig, "bob@example.com", invitation=code)
        with pytest.raises(NotFoundError):
            await rig.accounts.admin.revoke_invitation(OWNER, grant.id)


async def test_an_unknown_address_a_wrong_password_and_no_password_are_answered_alike(rig: AuthRig) -> None:
    await register(rig)
    shadow = await rig.accounts.principal_for("slack", "T:U", display_name="Bob")
    answers = set()
    for email, password in [
        ("ann@example.com", "wrong horse"),
        ("ann@example.com", ""),
        ("ann@example.com", "\ud800"),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        (shadow.user_id, PASSWORD),
        ("", PASSWORD),
    ]:
        with pytest.raises(AuthenticationError) as refused:
            await login(rig, email, password)
        answers.add(refused.value.message)

    assert answers == {"the e-mail address or the password is wrong"}


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com", "no address"])
async def test_every_login_verifies_exactly_one_hash(rig: AuthRig, email: str) -> None:
    await register(rig)
    counted: list[str] = []
    argon2 = rig.accounts._passwords._argon2()

    class Counting:
        def hash(self, password: bytes) -> str:
            return argon2.hash(password)

        def verify(self, hash: str, password: bytes) -> bool:  # noqa: A002 - the port's name
            counted.append(hash)
            return argon2.verify(hash, password)

        def check_needs_rehash(self, hash: str) -> bool:  # noqa: A002 - the port's name
            return argon2.check_needs_rehash(hash)

    rig.accounts._passwords._hasher = Counting()
    with pytest.raises(AuthenticationError):
        await login(rig, email, "wrong horse")

    assert len(counted) == 1


async def test_a_failed_login_does_the_same_work_whether_there_is_an_account_or_not(tmp_path: Path) -> None:
    """Hashes and statements, in their order: what takes time. `make bench` compares the times themselves."""
    async with open_auth(tmp_path) as rig:
        await register(rig)
        done: list[str] = []
        argon2 = rig.accounts._passwords._argon2()

        class Noting:
            hash, check_needs_rehash = argon2.hash, argon2.check_needs_rehash

            def verify(self, hash: str, password: bytes) -> bool:  # noqa: A002 - the port's name
                done.append(f"verify {hash.rsplit('$', 2)[0]}")
                return argon2.verify(hash, password)

        rig.accounts._passwords._hasher = Noting()
        rig.accounts._throttle._limiter = StoredLimiter(SqliteMeter(rig.history), rig.clock)
        for run in (rig.history.read, rig.history.write):
            await run(lambda db: db.set_trace_callback(lambda sql: done.append(re.sub(r"'[^']*'|[0-9]+", "?", sql))))
        traces = []
        for email in ("ann@example.com", "nobody@example.com", "bob@example.com", "ann@example.com"):
            done.clear()
            with pytest.raises(AuthenticationError):
                await login(rig, email, "wrong horse", address="192.0.2.1")
            traces.append([step for step in done if not step.startswith("DELETE FROM rates")])

        assert len(traces[0]) > 6
        assert [step.partition(" ")[0] for step in traces[0]].count("verify") == 1
        assert traces[1:] == [traces[0]] * 3


async def test_a_hash_is_made_anew_at_login_when_the_settings_got_stronger(rig: AuthRig) -> None:
    ann = await register(rig)
    before = await rig.store.password_hash(ann.id)
    async with open_auth(rig.folder, rig.clock, argon2_time_cost=2) as stronger:
        with pytest.raises(AuthenticationError):
            await login(stronger, password="wrong horse")
        assert await rig.store.password_hash(ann.id) == before
        await login(stronger)
        after = await rig.store.password_hash(ann.id)
        await login(stronger)

    assert "t=1," in (before or "")
    assert "t=2," in (after or "")
    assert await rig.store.password_hash(ann.id) == after


async def test_a_disabled_account_is_told_so_only_with_its_password(rig: AuthRig) -> None:
    ann = await rig.add()
    await rig.accounts.admin.set_disabled(OWNER, ann.id, disabled=True)

    with pytest.raises(AuthenticationError, match="wrong"):
        await login(rig, password="wrong horse")
    with pytest.raises(AuthenticationError, match="disabled"):
        await login(rig)
    await rig.accounts.admin.set_disabled(OWNER, ann.id, disabled=False)
    assert await login(rig) == ann


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
async def test_guesses_are_counted_by_account_whether_there_is_one_or_not(rig: AuthRig, email: str) -> None:
    await register(rig)
    for n in range(LOGIN_PER_ACCOUNT.count):
        with pytest.raises(AuthenticationError):
            await login(rig, email, "wrong horse", address=f"10.0.0.{n}")
    with pytest.raises(RateLimitError) as refused:
        await login(rig, email.upper(), address="10.0.0.99")

    assert refused.value.retry_after == LOGIN_PER_ACCOUNT.seconds


async def test_guesses_are_counted_by_address(rig: AuthRig) -> None:
    await register(rig)
    for n in range(LOGIN_PER_ADDRESS.count):
        with pytest.raises(AuthenticationError):
            await login(rig, f"{n}@example.com", address=f"2001:db8:1:2::{n}")  # one customer's network

    with pytest.raises(RateLimitError):
        await login(rig, address="2001:db8:1:2:ffff::1")
    assert (await login(rig, address="2001:db8:1:3::1")).id == LOCAL_OWNER


async def test_registrations_are_counted_by_address(tmp_path: Path) -> None:
    async with open_auth(tmp_path, registration="open") as rig:
        for n in range(REGISTER_PER_ADDRESS.count):
            await register(rig, f"{n}@example.com", address="10.0.0.1")
        with pytest.raises(RateLimitError):
            await register(rig, "x@example.com", address="::ffff:10.0.0.1")


async def test_a_sign_in_acts_with_the_scopes_of_the_role(rig: AuthRig) -> None:
    ann = await rig.add()
    owner = await login(rig, "owner@example.com")

    assert await rig.act(ann) == Principal(user_id=ann.id, source="api")
    assert await rig.act(owner) == Principal(user_id=LOCAL_OWNER, source="api", role="admin", scopes=OWNER.scopes)
    assert await rig.accounts.me(await rig.act(ann)) == ann


async def test_no_secret_shows_in_a_repr(rig: AuthRig) -> None:
    signed_in = await rig.sign_in(await rig.add())
    session = await rig.accounts._sessions.find(signed_in.refresh_token)

    for value in (signed_in, session):
        assert signed_in.access_token not in repr(value)
        assert signed_in.refresh_token.partition(".")[2] not in repr(value)
        assert session.current not in repr(value)


async def test_secrets_are_not_in_the_database(rig: AuthRig) -> None:
    ann = await rig.add()
    signed_in = await rig.sign_in(ann)
    _, token = await rig.accounts.create_token(await rig.act(ann), name="ci", scopes={"chat"})
    _, invitation = await rig.accounts.admin.invite(OWNER)
    shadow = await rig.accounts.principal_for("slack", "T:U", display_name="Bob")
    code = await rig.accounts.link_code(shadow)
    stored = b"".join(file.read_bytes() for file in rig.folder.glob("chatops.db*"))

    for secret in (PASSWORD, token, invitation, code, *signed_in.refresh_token.split("."), signed_in.access_token):
        assert secret.encode() not in stored
    assert ann.name.encode() in stored


@pytest.mark.parametrize("credential", ["", "x", "a.b.c", "chatops_", "chatops_x", "\ud800", "\0", "x" * 5000, "é.é.é"])
async def test_what_is_no_credential_is_refused(rig: AuthRig, credential: str) -> None:
    with pytest.raises(AuthenticationError):
        await rig.accounts.principal(credential, source="api")


async def test_a_disabled_user_is_out_at_once_here_and_within_a_minute_elsewhere(rig: AuthRig) -> None:
    ann = await rig.add()
    access = (await rig.sign_in(ann)).access_token
    _, token = await rig.accounts.create_token(await rig.act(ann), name="ci", scopes={"chat"})
    async with open_auth(rig.folder, rig.clock) as elsewhere:
        for one in (rig, elsewhere):
            await one.accounts.principal(access, source="api")
            await one.accounts.principal(token, source="api")
        await rig.accounts.admin.set_disabled(OWNER, ann.id, disabled=True)
        for credential in (access, token):
            with pytest.raises(AuthenticationError):
                await rig.accounts.principal(credential, source="api")
        assert (await elsewhere.accounts.principal(access, source="api")).user_id == ann.id
        rig.clock.advance(MINUTE)
        for credential in (access, token):
            with pytest.raises(AuthenticationError):
                await elsewhere.accounts.principal(credential, source="api")


async def test_a_warm_verification_asks_neither_signature_nor_database(rig: AuthRig) -> None:
    access = (await rig.sign_in(await rig.add())).access_token
    first = await rig.accounts.principal(access, source="api")
    await rig.history.aclose()

    assert await rig.accounts.principal(access, source="api") is first


async def test_each_surface_has_its_own_principal(rig: AuthRig) -> None:
    access = (await rig.sign_in(await rig.add())).access_token

    assert (await rig.accounts.principal(access, source="api")).source == "api"
    assert (await rig.accounts.principal(access, source="web")).source == "web"


async def test_a_new_role_counts_at_once(rig: AuthRig) -> None:
    ann = await rig.add()
    access = (await rig.sign_in(ann)).access_token
    await rig.accounts.principal(access, source="api")
    await rig.accounts.admin.set_role(OWNER, ann.id, "admin")

    assert "admin" in (await rig.accounts.principal(access, source="api")).scopes


async def test_a_changed_password_ends_every_sign_in(rig: AuthRig) -> None:
    ann = await rig.add()
    access, me = (await rig.sign_in(ann)).access_token, await rig.act(ann)
    with pytest.raises(AuthenticationError, match="old password"):
        await rig.accounts.change_password(me, old="wrong horse", new="battery staple")
    with pytest.raises(InvalidRequestError, match="at least"):
        await rig.accounts.change_password(me, old=PASSWORD, new="short")
    await rig.accounts.change_password(me, old=PASSWORD, new="battery staple")

    with pytest.raises(AuthenticationError):
        await rig.accounts.principal(access, source="api")
    with pytest.raises(AuthenticationError):
        await login(rig)
    assert await login(rig, password="battery staple") == ann


async def test_the_old_password_cannot_be_guessed_either(rig: AuthRig) -> None:
    me = await rig.act(await rig.add())
    for _ in range(LOGIN_PER_ACCOUNT.count):
        with pytest.raises(AuthenticationError):
            await rig.accounts.change_password(me, old="wrong horse", new="battery staple")

    with pytest.raises(RateLimitError):
        await rig.accounts.change_password(me, old=PASSWORD, new="battery staple")


async def test_who_has_no_password_cannot_change_it(rig: AuthRig) -> None:
    shadow = await rig.accounts.principal_for("slack", "T:U", display_name="Bob")

    for principal in (OWNER, shadow):
        with pytest.raises(InvalidRequestError, match="no password"):
            await rig.accounts.change_password(principal, old="x", new="battery staple")


async def create(rig: AuthRig, me: Principal, **more: Any) -> tuple[ApiToken, str]:
    return await rig.accounts.create_token(me, **{"name": "ci", "scopes": {"chat"}, **more})


async def test_a_token_acts_with_its_own_scopes(rig: AuthRig) -> None:
    me = await rig.act(await rig.add())
    token, secret = await create(rig, me, scopes={"chat", "history:read"}, expires_in=3600)
    principal = await rig.accounts.principal(secret, source="api")

    assert secret.startswith(token.start)
    assert len(token.start) == 12
    assert principal == Principal(
        user_id=me.user_id, source="api", scopes=frozenset({"chat", "history:read"}), token_id=token.id
    )
    assert [one.id for one in await rig.accounts.tokens(me)] == [token.id]


async def test_a_token_expires(rig: AuthRig) -> None:
    me = await rig.act(await rig.add())
    _, secret = await create(rig, me, expires_in=30)
    await rig.accounts.principal(secret, source="api")
    rig.clock.advance(30_000)

    with pytest.raises(AuthenticationError, match="expired"):
        await rig.accounts.principal(secret, source="api")


async def test_a_revoked_token_is_out(rig: AuthRig) -> None:
    ann, bob = await rig.act(await rig.add()), await rig.act(await rig.add("bob"))
    token, secret = await create(rig, ann)
    await rig.accounts.principal(secret, source="api")
    with pytest.raises(NotFoundError):
        await rig.accounts.revoke_token(bob, token.id)
    await rig.accounts.revoke_token(ann, token.id)

    with pytest.raises(AuthenticationError, match="revoked"):
        await rig.accounts.principal(secret, source="api")
    with pytest.raises(NotFoundError):
        await rig.accounts.revoke_token(ann, token.id)


async def test_a_token_is_noted_as_used_once_a_minute(rig: AuthRig) -> None:
    me = await rig.act(await rig.add())
    _, secret = await create(rig, me)

    async def used(after_ms: int) -> int | None:
        rig.clock.advance(after_ms)
        async with open_auth(rig.folder, rig.clock) as another:  # nothing verified before
            await another.accounts.principal(secret, source="api")
        (token,) = await rig.accounts.tokens(me)
        return token.last_used_at

    start = rig.clock.now
    assert [await used(0), await used(MINUTE - 1), await used(1)] == [start, start, start + MINUTE]


async def test_nobody_gives_a_token_more_than_they_have(rig: AuthRig) -> None:
    ann = await rig.act(await rig.add())

    with pytest.raises(PermissionDeniedError, match="scope admin"):
        await create(rig, ann, scopes={"chat", "admin"})
    for wrong, says in (({"root"}, "no scope 'root'"), (set(), "needs a scope")):
        with pytest.raises(InvalidRequestError, match=says):
            await create(rig, ann, scopes=wrong)
    for seconds in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InvalidRequestError, match="expires in"):
            await create(rig, ann, expires_in=seconds)
    with pytest.raises(InvalidRequestError, match="the token's name"):
        await create(rig, ann, name="\x1b[2J")


async def test_an_admin_who_is_one_no_more_has_no_admin_tokens(rig: AuthRig) -> None:
    ann = await rig.add(role="admin")
    _, secret = await create(rig, await rig.act(ann), scopes={"admin", "chat"})
    assert "admin" in (await rig.accounts.principal(secret, source="api")).scopes
    await rig.accounts.admin.set_role(OWNER, ann.id, "member")

    assert (await rig.accounts.principal(secret, source="api")).scopes == {"chat"}


async def test_a_token_cannot_outlive_itself(rig: AuthRig) -> None:
    ann = await rig.add(role="admin")
    _, secret = await create(rig, await rig.act(ann), scopes=OWNER.scopes)
    by_token = await rig.accounts.principal(secret, source="api")
    accounts = rig.accounts
    for call in (
        create(rig, by_token),
        accounts.tokens(by_token),
        accounts.revoke_token(by_token, "x"),
        accounts.change_password(by_token, old=PASSWORD, new="battery staple"),
        accounts.link(by_token, "x"),
        accounts.describe_link(by_token, "x"),
        accounts.link_code(by_token),
        accounts.logout_everywhere(by_token),
    ):
        with pytest.raises(PermissionDeniedError, match="an API token cannot"):
            await call


async def test_the_local_owner_has_tokens_without_an_account(rig: AuthRig) -> None:
    token, secret = await create(rig, OWNER, scopes={"chat", "admin"})

    principal = await rig.accounts.principal(secret, source="api")
    assert (principal.user_id, principal.role, principal.token_id) == (LOCAL_OWNER, "admin", token.id)


async def test_an_account_has_a_bounded_number_of_tokens(rig: AuthRig) -> None:
    for n in range(api_tokens.MAX_TOKENS):
        await create(rig, OWNER, name=str(n))

    with pytest.raises(InvalidRequestError, match="revoke one first"):
        await create(rig, OWNER)


def test_the_shipped_cost_of_a_hash_is_not_the_tests() -> None:
    assert CHEAP.argon2_memory_kib < 1024


async def test_a_server_that_prepares_fails_at_its_start_and_not_at_a_sign_in(rig: AuthRig) -> None:
    rig.env["CHATOPS_JWT_SECRET"] = "short"
    with pytest.raises(SettingsError, match="can be guessed"):
        rig.accounts.prepare()
    rig.env.clear()
    rig.accounts.prepare()

    assert (rig.folder / "jwt-keys").exists()


async def test_what_an_account_was_known_by_ends_with_it(rig: AuthRig) -> None:
    ann = await rig.add()
    access = (await rig.sign_in(ann)).access_token
    session = (await rig.accounts._sessions.begin(ann, "web")).access_token
    await rig.store.delete_account(ann.id)
    await rig.store.add_session(
        Session(
            id="s", user_id=ann.id, source="web", family="f", current="c", created_at=0, expires_at=rig.clock.now * 2
        )
    )
    orphan = rig.accounts._access.issue(ann.id, "s")

    for credential in (access, session, orphan):
        with pytest.raises(AuthenticationError):
            await rig.accounts.principal(credential, source="api")
