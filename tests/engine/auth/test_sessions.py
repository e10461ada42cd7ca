"""Refresh tokens: new at each use; one that is used twice ends the sign-in."""

from __future__ import annotations

import asyncio

import pytest

from auth_rig import AuthRig, open_auth
from chatops.engine.auth import keys
from chatops.engine.auth.nouns import SignIn
from chatops.engine.auth.sessions import GRACE_MS, IDLE_MS, LIFE_MS
from chatops.engine.errors import AuthenticationError

DAY = 24 * 3600 * 1000


async def is_over(rig: AuthRig, signed_in: SignIn) -> bool:
    for what in (
        rig.accounts.refresh(signed_in.refresh_token),
        rig.accounts.principal(signed_in.access_token, source="api"),
    ):
        with pytest.raises(AuthenticationError):
            await what
    return True


async def test_a_refresh_gives_the_next_pair_for_the_same_account(rig: AuthRig) -> None:
    ann = await rig.add()
    first = await rig.sign_in(ann)
    second = await rig.accounts.refresh(first.refresh_token)

    assert second.account == ann
    assert second.expires_in == 900
    assert second.refresh_token != first.refresh_token
    assert second.access_token != first.access_token
    assert (await rig.accounts.principal(second.access_token, source="api")).user_id == ann.id


async def test_a_refresh_token_that_was_used_before_ends_the_sign_in_and_no_other(rig: AuthRig) -> None:
    ann = await rig.add()
    first, other = await rig.sign_in(ann), await rig.sign_in(ann)
    second = await rig.accounts.refresh(first.refresh_token)
    third = await rig.accounts.refresh(second.refresh_token)
    with pytest.raises(AuthenticationError, match="used before"):
        await rig.accounts.refresh(first.refresh_token)

    assert await is_over(rig, third)
    await rig.accounts.refresh(other.refresh_token)


async def test_a_refresh_token_used_twice_at_once_ends_the_sign_in(rig: AuthRig) -> None:
    signed_in = await rig.sign_in(await rig.add(), source="api")
    async with open_auth(rig.folder, rig.clock) as elsewhere:
        results = await asyncio.gather(
            *(one.accounts.refresh(signed_in.refresh_token) for one in (rig, elsewhere) * 4), return_exceptions=True
        )
    new = [result for result in results if isinstance(result, SignIn)]

    assert len(new) <= 1
    assert all(isinstance(result, AuthenticationError) for result in results if not isinstance(result, SignIn))
    assert await is_over(rig, signed_in)
    for one in new:
        assert await is_over(rig, one)


async def test_tabs_of_a_browser_that_renew_at_once_all_get_the_one_next_token(rig: AuthRig) -> None:
    signed_in = await rig.sign_in(await rig.add())
    async with open_auth(rig.folder, rig.clock) as elsewhere:
        results = await asyncio.gather(*(one.accounts.refresh(signed_in.refresh_token) for one in (rig, elsewhere) * 4))

    assert len({one.refresh_token for one in results}) == 1
    assert results[0].refresh_token != signed_in.refresh_token
    for one in results:
        await rig.accounts.principal(one.access_token, source="web")
    await rig.accounts.refresh(results[0].refresh_token)


async def test_a_page_that_was_closed_before_the_answer_came_is_told_it_again(rig: AuthRig) -> None:
    signed_in = await rig.sign_in(await rig.add())
    lost = await rig.accounts.refresh(signed_in.refresh_token)
    rig.clock.advance(GRACE_MS - 1)
    keys.rotate(rig.env, rig.folder)
    async with open_auth(rig.folder, rig.clock) as elsewhere:  # signs with the new key
        again = await elsewhere.accounts.refresh(signed_in.refresh_token)

    assert again.refresh_token == lost.refresh_token
    await rig.accounts.refresh(again.refresh_token)


async def test_after_the_grace_a_browsers_token_that_was_used_ends_the_sign_in(rig: AuthRig) -> None:
    signed_in = await rig.sign_in(await rig.add())
    second = await rig.accounts.refresh(signed_in.refresh_token)
    rig.clock.advance(GRACE_MS)
    with pytest.raises(AuthenticationError, match="used before"):
        await rig.accounts.refresh(signed_in.refresh_token)

    assert await is_over(rig, second)


async def test_asking_again_prolongs_no_grace(rig: AuthRig) -> None:
    signed_in = await rig.sign_in(await rig.add())
    await rig.accounts.refresh(signed_in.refresh_token)
    for _ in range(2):
        rig.clock.advance(GRACE_MS // 3)
        await rig.accounts.refresh(signed_in.refresh_token)
    rig.clock.advance(GRACE_MS // 3 + 1)

    with pytest.raises(AuthenticationError, match="used before"):
        await rig.accounts.refresh(signed_in.refresh_token)


async def test_the_thief_of_a_browsers_token_and_its_owner_are_parted_by_the_next_renewal(rig: AuthRig) -> None:
    stolen = (await rig.sign_in(await rig.add())).refresh_token
    owner = await rig.accounts.refresh(stolen)
    thief = await rig.accounts.refresh(stolen)
    rig.clock.advance(15 * 60 * 1000)
    owner = await rig.accounts.refresh(owner.refresh_token)
    rig.clock.advance(GRACE_MS)
    with pytest.raises(AuthenticationError, match="used before"):
        await rig.accounts.refresh(thief.refresh_token)

    assert await is_over(rig, owner)


async def test_a_sign_out_with_the_last_token_but_one_still_ends_the_sign_in(rig: AuthRig) -> None:
    signed_in = await rig.sign_in(await rig.add())
    second = await rig.accounts.refresh(signed_in.refresh_token)
    await rig.accounts.logout(signed_in.refresh_token)

    assert await is_over(rig, second)


async def test_who_never_had_a_token_of_the_family_ends_nothing(rig: AuthRig) -> None:
    signed_in = await rig.sign_in(await rig.add())
    family, _, secret = signed_in.refresh_token.partition(".")
    for guess in ("", ".", f".{secret}", f"x.{secret}", f"{family[:-1]}.{secret}", "\ud800.x", "x" * 5000):
        with pytest.raises(AuthenticationError):
            await rig.accounts.refresh(guess)

    await rig.accounts.refresh(signed_in.refresh_token)


async def test_a_sign_in_that_nobody_uses_ends(rig: AuthRig) -> None:
    signed_in = await rig.sign_in(await rig.add())
    rig.clock.advance(IDLE_MS)

    assert await is_over(rig, signed_in)


async def test_a_sign_in_ends_some_day_however_often_it_is_used(rig: AuthRig) -> None:
    signed_in = await rig.sign_in(await rig.add())
    for _ in range(LIFE_MS // (29 * DAY)):
        rig.clock.advance(29 * DAY)
        signed_in = await rig.accounts.refresh(signed_in.refresh_token)
    rig.clock.advance(29 * DAY)

    assert await is_over(rig, signed_in)


async def test_a_logout_ends_this_sign_in_and_no_other(rig: AuthRig) -> None:
    ann = await rig.add()
    one, two = await rig.sign_in(ann), await rig.sign_in(ann)
    await rig.accounts.principal(one.access_token, source="api")
    for _ in range(2):
        await rig.accounts.logout(one.refresh_token)
    for nothing in ("", "x.y", "x" * 5000):
        await rig.accounts.logout(nothing)

    assert await is_over(rig, one)
    await rig.accounts.refresh(two.refresh_token)


async def test_a_logout_everywhere_ends_all_of_them(rig: AuthRig) -> None:
    ann, bob = await rig.add(), await rig.add("bob")
    mine = [await rig.sign_in(ann) for _ in range(2)]
    others = await rig.sign_in(bob)
    await rig.accounts.logout_everywhere(await rig.act(ann))

    for one in mine:
        assert await is_over(rig, one)
    await rig.accounts.refresh(others.refresh_token)


async def test_a_disabled_account_is_not_refreshed(rig: AuthRig) -> None:
    ann = await rig.add()
    signed_in = await rig.sign_in(ann)
    await rig.store.update_account(ann.id, disabled=True)

    with pytest.raises(AuthenticationError, match="disabled"):
        await rig.accounts.refresh(signed_in.refresh_token)
