"""Platform users: a shadow each, until a code joins them with an account."""

from __future__ import annotations

import asyncio

import pytest

from auth_rig import OWNER, T0, AuthRig, open_auth
from builders import conversation, thread
from chatops.engine.auth.digests import CODE_ALPHABET
from chatops.engine.auth.identities import CODE_MS
from chatops.engine.auth.nouns import MEMBER_SCOPES as MEMBER
from chatops.engine.auth.nouns import Identity, PendingLink
from chatops.engine.auth.throttle import LINK_IN_ALL, LINK_PER_ACCOUNT
from chatops.engine.errors import (
    AuthenticationError,
    ChatopsError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RateLimitError,
)
from chatops.engine.messages import LOCAL_OWNER, Principal


async def slack(rig: AuthRig, user: str = "T1:U1", name: str = "Ann on Slack") -> Principal:
    return await rig.accounts.principal_for("slack", user, display_name=name)


async def keep(rig: AuthRig, owner_id: str, text: str = "zebra") -> str:
    made = conversation(owner_id)
    await rig.history.add_messages(owner_id, thread(made.id, text))
    await rig.history.add_conversation(made)
    return made.id


async def test_an_unknown_platform_user_gets_a_shadow_of_their_own(rig: AuthRig) -> None:
    first, again, other = await slack(rig), await slack(rig), await slack(rig, "T1:U2")

    assert first == Principal(user_id=first.user_id, source="slack", scopes=MEMBER, role="member")
    assert again == first
    assert other.user_id != first.user_id
    account = await rig.accounts.me(first)
    assert (account.is_shadow, account.name, account.email) == (True, "Ann on Slack", None)


async def test_a_strange_name_is_made_to_fit_and_a_strange_id_is_refused(rig: AuthRig) -> None:
    assert (await rig.accounts.me(await slack(rig, name="\x1b[2J\0" * 50))).name == "[2J" * 20
    assert (await rig.accounts.me(await slack(rig, "T:U9", name=""))).name == "slack user"
    for bad in ("", "x" * 129, "a\0b", "\ud800"):
        with pytest.raises(InvalidRequestError):
            await slack(rig, bad)


async def test_a_link_makes_the_platform_user_the_account_with_all_they_asked(rig: AuthRig) -> None:
    ann = await rig.act(await rig.add())
    shadow = await slack(rig)
    asked = await keep(rig, shadow.user_id)
    code = await rig.accounts.link_code(shadow)
    pending = await rig.accounts.describe_link(ann, code)
    linked = await rig.accounts.link(ann, code)

    assert (
        pending
        == linked
        == PendingLink(shadow=linked.shadow, identities=(Identity(platform="slack", user_id="T1:U1"),))
    )
    assert await slack(rig) == Principal(user_id=ann.user_id, source="slack", scopes=MEMBER)
    assert [one.id for one in await rig.history.conversations(ann.user_id, limit=9)] == [asked]
    assert [hit.message.text for hit in await rig.history.search(ann.user_id, "zebra", limit=9)] == ["zebra"]
    assert await rig.accounts.user_ids(ann) == [ann.user_id, shadow.user_id]


async def test_two_platforms_lead_to_one_account(rig: AuthRig) -> None:
    ann = await rig.act(await rig.add())
    on_slack = await slack(rig)
    on_discord = await rig.accounts.principal_for("discord", "42", display_name="ann")
    for shadow in (on_slack, on_discord):
        await rig.accounts.link(ann, await rig.accounts.link_code(shadow))

    assert (await slack(rig)).user_id == ann.user_id
    assert (await rig.accounts.principal_for("discord", "42", display_name="ann")).user_id == ann.user_id


async def test_the_local_owner_links_without_an_account(rig: AuthRig) -> None:
    shadow = await slack(rig)
    await rig.accounts.link(OWNER, await rig.accounts.link_code(shadow))

    assert await slack(rig) == Principal(user_id=LOCAL_OWNER, source="slack", role="admin", scopes=MEMBER)


async def test_who_else_has_something_of_the_shadow_hands_it_over_first(rig: AuthRig) -> None:
    handed: list[tuple[str, str, str]] = []

    async def hand_over(from_id: str, to_id: str) -> None:
        if not handed:  # once: this, too, is a person who comes back
            handed.append((from_id, to_id, (await slack(rig)).user_id))

    rig.accounts._identities._handovers = (hand_over,)
    ann, shadow = await rig.act(await rig.add()), await slack(rig)
    await rig.accounts.link(ann, await rig.accounts.link_code(shadow))

    assert handed[0] == (shadow.user_id, ann.user_id, shadow.user_id)


async def test_what_a_turn_spent_that_ran_through_the_link_is_handed_over_when_its_person_comes_back(
    rig: AuthRig,
) -> None:
    handed: list[tuple[str, str]] = []

    async def hand_over(from_id: str, to_id: str) -> None:
        handed.append((from_id, to_id))

    ann, shadow = await rig.act(await rig.add()), await slack(rig)
    await rig.accounts.link(ann, await rig.accounts.link_code(shadow))
    rig.accounts._identities._handovers = (hand_over,)
    await slack(rig)

    assert handed == [(shadow.user_id, ann.user_id)]


async def test_what_a_turn_stored_for_the_shadow_after_the_link_follows(rig: AuthRig) -> None:
    ann, shadow = await rig.act(await rig.add()), await slack(rig)
    await rig.accounts.link(ann, await rig.accounts.link_code(shadow))
    late = await keep(rig, shadow.user_id)  # by a process that had not heard of it
    await slack(rig)

    assert [one.id for one in await rig.history.conversations(ann.user_id, limit=9)] == [late]


async def test_a_link_that_a_crash_cut_off_is_completed(rig: AuthRig) -> None:
    ann, shadow = await rig.act(await rig.add()), await slack(rig)
    kept = {await keep(rig, shadow.user_id) for _ in range(3)}
    await rig.store.merge(shadow.user_id, ann.user_id)
    await rig.store.take_over(shadow.user_id, ann.user_id)  # and then the power failed
    await slack(rig)

    assert {one.id for one in await rig.history.conversations(ann.user_id, limit=9)} == kept


async def test_a_code_is_good_once(rig: AuthRig) -> None:
    ann, bob = await rig.act(await rig.add()), await rig.act(await rig.add("bob"))
    code = await rig.accounts.link_code(await slack(rig))
    async with open_auth(rig.folder, rig.clock) as elsewhere:
        results = await asyncio.gather(
            rig.accounts.link(ann, code), elsewhere.accounts.link(bob, code), return_exceptions=True
        )
    refused = [result for result in results if isinstance(result, NotFoundError)]

    assert len(refused) == 1
    assert "was used" in refused[0].message
    assert (await slack(rig)).user_id in {ann.user_id, bob.user_id}


async def test_a_code_is_good_for_ten_minutes(rig: AuthRig) -> None:
    ann = await rig.act(await rig.add())
    code = await rig.accounts.link_code(await slack(rig))
    rig.clock.advance(CODE_MS)

    with pytest.raises(NotFoundError, match="older than 10 minutes"):
        await rig.accounts.link(ann, code)


async def test_a_new_code_ends_the_one_before(rig: AuthRig) -> None:
    ann = await rig.act(await rig.add())
    shadow = await slack(rig)
    old, new = await rig.accounts.link_code(shadow), await rig.accounts.link_code(shadow)

    with pytest.raises(NotFoundError):
        await rig.accounts.link(ann, old)
    await rig.accounts.link(ann, new)


async def test_a_code_is_short_enough_to_type_and_taken_as_it_is_typed(rig: AuthRig) -> None:
    ann = await rig.act(await rig.add())
    code = await rig.accounts.link_code(await slack(rig))

    assert len(code) == 9
    assert set(code) <= {*CODE_ALPHABET, "-"}
    await rig.accounts.link(ann, f" {code.lower().replace('-', ' ')}\n")


async def test_guessed_codes_are_throttled_by_account_and_in_all(rig: AuthRig) -> None:
    code = await rig.accounts.link_code(await slack(rig))
    ann = await rig.act(await rig.add())
    for n in range(LINK_PER_ACCOUNT.count):
        with pytest.raises(NotFoundError):
            await (rig.accounts.link if n % 2 else rig.accounts.describe_link)(ann, f"GUESS{n}")
    for call in (rig.accounts.link, rig.accounts.describe_link):
        with pytest.raises(RateLimitError):
            await call(ann, code)
    others = [Principal(user_id=LOCAL_OWNER)] + [await rig.act(await rig.add(f"u{n}")) for n in range(20)]
    refused: list[type[ChatopsError]] = []
    for other in others:
        for n in range(LINK_PER_ACCOUNT.count):
            with pytest.raises((NotFoundError, RateLimitError)) as error:
                await rig.accounts.link(other, f"GUESS{n}")
            refused.append(error.type)

    assert refused.count(NotFoundError) == LINK_IN_ALL.count - LINK_PER_ACCOUNT.count
    assert (await slack(rig)).user_id not in {one.user_id for one in others}


@pytest.mark.parametrize("guess", ["", "-", "\0", "\ud800", "' OR 1=1", "x" * 10_000])
async def test_what_is_no_code_is_wrong(rig: AuthRig, guess: str) -> None:
    with pytest.raises(NotFoundError, match="this code is wrong"):
        await rig.accounts.link(OWNER, guess)


async def test_a_shadow_cannot_take_another_one(rig: AuthRig) -> None:
    one, two = await slack(rig), await slack(rig, "T1:U2")
    code = await rig.accounts.link_code(one)

    with pytest.raises(InvalidRequestError, match="needs an account"):
        await rig.accounts.link(two, code)
    assert (await rig.accounts.link(OWNER, code)).shadow.id == one.user_id


async def test_who_is_linked_needs_no_code(rig: AuthRig) -> None:
    ann = await rig.act(await rig.add())
    await rig.accounts.link(ann, await rig.accounts.link_code(await slack(rig)))

    for principal in (await slack(rig), ann, OWNER):
        with pytest.raises(ConflictError, match="already"):
            await rig.accounts.link_code(principal)


async def test_a_disabled_account_is_shut_out_on_every_platform(rig: AuthRig) -> None:
    ann = await rig.add()
    shadow = await slack(rig)
    await rig.accounts.admin.set_disabled(OWNER, shadow.user_id, disabled=True)
    with pytest.raises(AuthenticationError, match="disabled"):
        await slack(rig)
    await rig.accounts.admin.set_disabled(OWNER, shadow.user_id, disabled=False)
    await rig.accounts.link(await rig.act(ann), await rig.accounts.link_code(shadow))
    await rig.accounts.admin.set_disabled(OWNER, ann.id, disabled=True)

    with pytest.raises(AuthenticationError, match="disabled"):
        await slack(rig)


async def test_a_code_of_a_shadow_that_was_deleted_is_wrong(rig: AuthRig) -> None:
    shadow = await slack(rig)
    code = await rig.accounts.link_code(shadow)
    await rig.accounts.admin.delete(OWNER, shadow.user_id)

    with pytest.raises(NotFoundError):
        await rig.accounts.link(OWNER, code)
    assert (await slack(rig)).user_id != shadow.user_id
    assert rig.clock.now == T0
