"""What administrators do, and that nobody else does."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import pytest

from auth_rig import OWNER, PASSWORD, AuthRig
from builders import conversation
from chatops.engine.auth.administration import Administration
from chatops.engine.errors import AuthenticationError, InvalidRequestError, NotFoundError, PermissionDeniedError
from chatops.engine.messages import LOCAL_OWNER, Principal

VALUES: dict[str, Any] = {
    "user_id": "nobody",
    "ref": "nobody",
    "role": "admin",
    "disabled": True,
    "password": PASSWORD,
    "email": "eve@example.com",
    "name": "Eve",
    "grant_id": "none",
}


def calls() -> list[str]:
    """Every public method: one that is added is tested too."""
    return [name for name, _ in inspect.getmembers(Administration, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("name", calls())
@pytest.mark.parametrize(
    "principal",
    [
        Principal(user_id="eve"),
        Principal(user_id="eve", scopes=OWNER.scopes),
        Principal(user_id="ann", role="admin"),
        Principal(user_id="ann", role="admin", scopes=frozenset({"chat"}), token_id="t"),
    ],
)
async def test_only_an_admin_with_the_scope_may_call_it(rig: AuthRig, name: str, principal: Principal) -> None:
    method = getattr(rig.accounts.admin, name)
    given = {
        parameter.name: VALUES[parameter.name]
        for parameter in inspect.signature(method).parameters.values()
        if parameter.name != "principal" and parameter.default is parameter.empty
    }
    with pytest.raises(PermissionDeniedError):
        await method(principal, **given)

    assert await rig.accounts.admin.users(OWNER) == []


async def test_accounts_are_listed_in_pages_and_found_by_email_and_id(rig: AuthRig) -> None:
    ann, bob = await rig.add(), await rig.add("bob")
    admin = rig.accounts.admin
    everybody = await admin.users(OWNER)

    assert [account.email for account in everybody] == ["ann@example.com", "bob@example.com", "owner@example.com"]
    assert await admin.users(OWNER, limit=1) == [ann]
    assert await admin.users(OWNER, after=ann.id, limit=1) == [bob]
    assert await admin.find(OWNER, "Ann@example.com") == ann
    assert await admin.find(OWNER, bob.id) == bob
    # Ids of one millisecond may differ in their last digit only.
    unique = next(bob.id[:size] for size in range(8, 37) if not ann.id.startswith(bob.id[:size]))
    assert await admin.find(OWNER, f" {unique.upper()} ") == bob
    assert (await admin.find(OWNER, LOCAL_OWNER)).email == "owner@example.com"
    for wrong in ("nobody@example.com", "ffffffff"):
        with pytest.raises(NotFoundError):
            await admin.find(OWNER, wrong)
    with pytest.raises(InvalidRequestError, match="too short"):
        await admin.find(OWNER, "0")
    with pytest.raises(InvalidRequestError, match="fits several"):
        await admin.find(OWNER, ann.id[:6])


async def test_the_first_account_is_the_owners_whatever_role_was_asked_for(rig: AuthRig) -> None:
    first = await rig.accounts.admin.add(OWNER, email="a@example.com", name="A", password=PASSWORD, role="member")
    second = await rig.accounts.admin.add(OWNER, email="b@example.com", name="B", password=PASSWORD)

    assert (first.id, first.role) == (LOCAL_OWNER, "admin")
    assert second.role == "member"


async def test_the_owner_stays_an_admin(rig: AuthRig) -> None:
    await rig.add()
    admin = rig.accounts.admin
    for call in (
        admin.set_role(OWNER, LOCAL_OWNER, "member"),
        admin.set_disabled(OWNER, LOCAL_OWNER, disabled=True),
        admin.delete(OWNER, LOCAL_OWNER),
    ):
        with pytest.raises(InvalidRequestError, match="the owner of this database cannot"):
            await call


async def test_a_shadow_is_no_admin(rig: AuthRig) -> None:
    shadow = await rig.accounts.principal_for("slack", "T:U", display_name="Bob")

    with pytest.raises(InvalidRequestError, match="link it first"):
        await rig.accounts.admin.set_role(OWNER, shadow.user_id, "admin")
    with pytest.raises(InvalidRequestError, match="no e-mail address"):
        await rig.accounts.admin.set_password(OWNER, shadow.user_id, PASSWORD)


async def test_a_password_that_an_admin_sets_ends_the_sign_ins(rig: AuthRig) -> None:
    ann = await rig.add()
    signed_in = await rig.sign_in(ann)
    await rig.accounts.principal(signed_in.access_token, source="api")
    await rig.accounts.admin.set_password(OWNER, ann.id, "battery staple")

    with pytest.raises(AuthenticationError):
        await rig.accounts.principal(signed_in.access_token, source="api")
    with pytest.raises(AuthenticationError):
        await rig.accounts.refresh(signed_in.refresh_token)
    assert await rig.accounts.login(email="ann@example.com", password="battery staple") == ann


@pytest.mark.parametrize("name", ["set_role", "set_disabled", "set_password", "delete"])
async def test_nobody_is_not_found(rig: AuthRig, name: str) -> None:
    given: dict[str, dict[str, Any]] = {
        "set_role": {"role": "admin"},
        "set_disabled": {"disabled": True},
        "set_password": {"password": PASSWORD},
    }

    with pytest.raises(NotFoundError):
        await getattr(rig.accounts.admin, name)(OWNER, "nobody", **given.get(name, {}))


async def test_an_account_is_deleted_with_its_conversations_and_all_that_led_to_it(rig: AuthRig) -> None:
    ann, bob = await rig.add(), await rig.add("bob")
    shadow = await rig.accounts.principal_for("slack", "T:U", display_name="Ann")
    me = await rig.act(ann)
    await rig.accounts.link(me, await rig.accounts.link_code(shadow))
    _, token = await rig.accounts.create_token(me, name="ci", scopes={"chat"})
    for owner in (ann.id, ann.id, shadow.user_id, bob.id):
        await rig.history.add_conversation(conversation(owner))
    signed_in = await rig.sign_in(ann)
    await rig.accounts.admin.delete(OWNER, ann.id)

    for credential in (signed_in.access_token, token):
        with pytest.raises(AuthenticationError):
            await rig.accounts.principal(credential, source="api")
    with pytest.raises(AuthenticationError):
        await rig.accounts.login(email="ann@example.com", password=PASSWORD)
    assert await rig.accounts.principal_for("slack", "T:U", display_name="Ann") != shadow
    assert await rig.history.conversations(ann.id, limit=9) == []
    assert await rig.history.conversations(shadow.user_id, limit=9) == []
    assert len(await rig.history.conversations(bob.id, limit=9)) == 1
    assert (await rig.add()).id != ann.id


@pytest.mark.parametrize("seconds", [0, -1, 91 * 86400, float("nan"), float("inf")])
async def test_an_invitation_has_a_sensible_end(rig: AuthRig, seconds: float) -> None:
    with pytest.raises(InvalidRequestError, match="expires in"):
        await rig.accounts.admin.invite(OWNER, expires_in=seconds)


async def test_an_admin_may_be_any_account(rig: AuthRig) -> None:
    ann = await rig.add(role="admin")
    bob = await rig.add("bob")

    changed = await rig.accounts.admin.set_role(await rig.act(ann), bob.id, "admin")
    assert changed == replace(bob, role="admin")
