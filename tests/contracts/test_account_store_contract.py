"""What every account store does: one suite over the embedded database and MongoDB."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from builders import T0, begin, conversation, finished, thread, turn
from chatops.engine.auth.copying import copy_accounts
from chatops.engine.auth.nouns import Account, ApiToken, Grant, Identity, Session
from chatops.engine.auth.ports import FIELDS, AccountStore
from chatops.engine.errors import ConflictError, NotFoundError
from chatops.engine.ids import new_id
from chatops.engine.messages import FilePart, TextPart
from chatops.engine.ports import Store
from chatops.engine.stores.mongo import MongoStore
from chatops.engine.stores.mongo_accounts import MongoAccounts
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.stores.sqlite_accounts import SqliteAccounts
from fakes import SetClock

SLACK_ANN = Identity(platform="slack", user_id="T1:U1")


@pytest.fixture
def accounts(store: Store) -> AccountStore:
    if isinstance(store, SqliteStore):
        return SqliteAccounts(store)
    assert isinstance(store, MongoStore)
    return MongoAccounts(store)


def an_account(email: str | None = "ann@example.com", **more: object) -> Account:
    return replace(Account(id=new_id(), name="Ann", role="member", created_at=T0, email=email), **more)  # type: ignore[arg-type]  # shorthand


def a_session(user_id: str, **more: object) -> Session:
    session = Session(
        id=new_id(), user_id=user_id, source="web", family=new_id(), current="c1", created_at=T0, expires_at=T0 + 1000
    )
    return replace(session, **more)  # type: ignore[arg-type]  # shorthand


def a_token(user_id: str, **more: object) -> ApiToken:
    token = ApiToken(
        id=new_id(), user_id=user_id, name="ci", scopes=frozenset({"chat"}), start="chatops_abcd", created_at=T0
    )
    return replace(token, **more)  # type: ignore[arg-type]  # shorthand


def a_grant(user_id: str, **more: object) -> Grant:
    grant = Grant(id=new_id(), kind="link", user_id=user_id, created_at=T0, expires_at=T0 + 1000)
    return replace(grant, **more)  # type: ignore[arg-type]  # shorthand


async def test_an_account_is_found_by_its_id_and_by_its_email(accounts: AccountStore) -> None:
    ann = an_account()
    await accounts.add_account(ann, password_hash="$argon2id$...")

    assert await accounts.account(ann.id) == ann
    assert await accounts.account_by_email("ann@example.com") == ann
    assert await accounts.password_hash(ann.id) == "$argon2id$..."
    assert await accounts.account("nobody") is None
    assert await accounts.account_by_email("bob@example.com") is None
    assert await accounts.password_hash("nobody") is None


@pytest.mark.parametrize("same", ["id", "email"])
async def test_an_id_and_an_email_are_taken_once(accounts: AccountStore, same: str) -> None:
    ann = an_account()
    await accounts.add_account(ann, password_hash=None)

    with pytest.raises(ConflictError, match="already"):
        await accounts.add_account(
            replace(ann, email="other@example.com") if same == "id" else an_account(ann.email), password_hash=None
        )


async def test_of_two_who_register_an_email_at_once_one_gets_it(accounts: AccountStore) -> None:
    results = await asyncio.gather(
        *(accounts.add_account(an_account(), password_hash=None) for _ in range(8)), return_exceptions=True
    )

    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, ConflictError) for result in results) == 7


async def test_any_number_of_shadows_has_no_email(accounts: AccountStore) -> None:
    shadows = [an_account(None) for _ in range(3)]
    for shadow in shadows:
        await accounts.add_account(shadow, password_hash=None)

    assert await accounts.accounts(limit=9) == shadows


async def test_accounts_are_paged_by_id_and_found_by_the_beginning_of_one(accounts: AccountStore) -> None:
    made = [an_account(f"{n}@example.com") for n in range(5)]
    for account in reversed(made):
        await accounts.add_account(account, password_hash=None)

    assert await accounts.accounts(limit=2) == made[:2]
    assert await accounts.accounts(after=made[1].id, limit=9) == made[2:]
    assert await accounts.accounts_like(made[3].id, limit=9) == [made[3]]
    assert await accounts.accounts_like(made[0].id[:4], limit=3) == made[:3]
    assert await accounts.accounts_like("ffff", limit=3) == []


async def test_names_are_told_of_those_that_have_one(accounts: AccountStore) -> None:
    ann, shadow = an_account(), an_account(None, name="Bob on Slack")
    for account in (ann, shadow):
        await accounts.add_account(account, password_hash=None)
    await accounts.merge(shadow.id, ann.id)

    assert await accounts.names([ann.id, "nobody", shadow.id]) == {ann.id: "Ann", shadow.id: "Bob on Slack"}
    assert await accounts.names([]) == {}


async def test_only_what_is_given_changes(accounts: AccountStore) -> None:
    ann = an_account()
    await accounts.add_account(ann, password_hash="old")

    assert await accounts.update_account(ann.id) == ann
    assert await accounts.update_account(ann.id, disabled=True) == replace(ann, disabled=True)
    assert await accounts.update_account(ann.id, role="admin") == replace(ann, disabled=True, role="admin")
    assert await accounts.update_account(ann.id, disabled=False, password_hash="new") == replace(ann, role="admin")
    assert await accounts.password_hash(ann.id) == "new"
    assert await accounts.update_account("nobody", role="admin") is None


async def test_a_platform_user_has_one_shadow_however_many_messages_come_at_once(accounts: AccountStore) -> None:
    shadows = [an_account(None) for _ in range(8)]
    found = await asyncio.gather(*(accounts.account_of(SLACK_ANN, shadow=shadow) for shadow in shadows))

    assert len({account.id for account in found}) == 1
    assert found[0].id in {shadow.id for shadow in shadows}
    assert await accounts.account(found[0].id) == found[0]
    assert await accounts.identities(found[0].id) == [SLACK_ANN]
    assert len(await accounts.accounts(limit=9)) == 1


async def test_the_same_id_on_another_platform_is_somebody_else(accounts: AccountStore) -> None:
    one = await accounts.account_of(SLACK_ANN, shadow=an_account(None))
    other = await accounts.account_of(replace(SLACK_ANN, platform="discord"), shadow=an_account(None))

    assert one.id != other.id


async def test_a_shadow_is_merged_once_and_no_longer_listed(accounts: AccountStore) -> None:
    shadow = await accounts.account_of(SLACK_ANN, shadow=an_account(None))

    assert await accounts.merge(shadow.id, "ann")
    assert not await accounts.merge(shadow.id, "bob")
    assert await accounts.account_of(SLACK_ANN, shadow=an_account(None)) == replace(shadow, merged_into="ann")
    assert await accounts.merged_into("ann") == [shadow.id]
    assert await accounts.merged_into("bob") == []
    assert await accounts.accounts(limit=9) == []
    assert await accounts.accounts_like(shadow.id, limit=1) == [replace(shadow, merged_into="ann")]


async def test_an_account_with_an_email_is_never_merged(accounts: AccountStore) -> None:
    ann = an_account()
    await accounts.add_account(ann, password_hash=None)

    assert not await accounts.merge(ann.id, "bob")
    assert not await accounts.merge("nobody", "bob")


async def test_a_deleted_account_takes_with_it_all_that_led_to_it(accounts: AccountStore) -> None:
    ann, bob = an_account(), an_account("bob@example.com")
    shadow = await accounts.account_of(SLACK_ANN, shadow=an_account(None))
    await accounts.merge(shadow.id, ann.id)
    for account in (ann, bob):
        await accounts.add_account(account, password_hash="x")
        await accounts.add_session(a_session(account.id, family=account.id))
        await accounts.add_token(a_token(account.id), account.id)
        await accounts.put_grant(a_grant(account.id), account.id)
    await accounts.delete_account(ann.id)
    await accounts.delete_account(ann.id)

    assert await accounts.accounts(limit=9) == [bob]
    assert await accounts.account(shadow.id) is None
    assert (await accounts.account_of(SLACK_ANN, shadow=an_account(None))).merged_into is None
    for user_id, there in ((ann.id, False), (bob.id, True)):
        assert bool(await accounts.session_of(user_id, now=T0)) == there
        assert bool(await accounts.token_of(user_id, now=T0)) == there
        assert bool(await accounts.grant("link", user_id, now=T0)) == there


async def test_a_session_is_found_until_it_expires(accounts: AccountStore) -> None:
    session = a_session("ann")
    await accounts.add_session(session)

    assert await accounts.session(session.id, now=T0 + 999) == session
    assert await accounts.session_of(session.family, now=T0 + 999) == session
    assert await accounts.session(session.id, now=T0 + 1000) is None
    assert await accounts.session_of(session.family, now=T0 + 1000) is None


async def test_a_new_session_clears_expired_ones_away_and_no_other(accounts: AccountStore) -> None:
    old, good = a_session("ann"), a_session("ann", expires_at=T0 + 9000)
    await accounts.add_session(old)
    await accounts.add_session(good)
    await accounts.add_session(a_session("bob", created_at=T0 + 5000, expires_at=T0 + 9000))

    assert await accounts.session(good.id, now=T0) == good


async def test_of_those_who_rotate_a_session_at_once_one_succeeds(accounts: AccountStore) -> None:
    session = a_session("ann")
    await accounts.add_session(session)
    done = await asyncio.gather(
        *(
            accounts.rotate_session(session.id, current="c1", new=f"new{n}", now=T0 + 7, expires_at=T0 + 2000)
            for n in range(8)
        )
    )

    rotated = await accounts.session(session.id, now=T0 + 1500)
    assert done.count(True) == 1
    new = f"new{done.index(True)}"
    assert rotated == replace(session, current=new, renewed_at=T0 + 7, expires_at=T0 + 2000)


async def test_a_session_that_is_over_is_not_rotated(accounts: AccountStore) -> None:
    one, two, other = a_session("ann"), a_session("ann"), a_session("bob")
    for session in (one, two, other):
        await accounts.add_session(session)
    await accounts.end_session(one.id)
    assert await accounts.session(two.id, now=T0) == two
    await accounts.end_sessions("ann")

    assert not await accounts.rotate_session(one.id, current="c1", new="n", now=T0, expires_at=T0)
    assert await accounts.session(two.id, now=T0) is None
    assert await accounts.session(other.id, now=T0) == other


async def test_a_token_is_found_by_its_digest_until_it_expires_and_listed_after_it(accounts: AccountStore) -> None:
    forever, brief = a_token("ann"), a_token("ann", expires_at=T0 + 10, scopes=frozenset({"chat", "admin"}))
    await accounts.add_token(forever, "d1")
    await accounts.add_token(brief, "d2")

    assert await accounts.token_of("d1", now=T0 * 2) == forever
    assert await accounts.token_of("d2", now=T0 + 9) == brief
    assert await accounts.token_of("d2", now=T0 + 10) is None
    assert await accounts.token_of("d3", now=T0) is None
    assert await accounts.tokens("ann") == [brief, forever]
    assert await accounts.tokens("bob") == []


async def test_a_token_knows_when_it_was_used_last(accounts: AccountStore) -> None:
    token = a_token("ann")
    await accounts.add_token(token, "d1")
    await accounts.touch_token(token.id, now=T0 + 5)

    assert await accounts.tokens("ann") == [replace(token, last_used_at=T0 + 5)]


async def test_nobody_revokes_anothers_token(accounts: AccountStore) -> None:
    token = a_token("ann")
    await accounts.add_token(token, "d1")

    assert not await accounts.delete_token("bob", token.id)
    assert await accounts.token_of("d1", now=T0) == token
    assert await accounts.delete_token("ann", token.id)
    assert not await accounts.delete_token("ann", token.id)
    assert await accounts.token_of("d1", now=T0) is None


async def test_a_code_is_taken_by_one_only(accounts: AccountStore) -> None:
    grant = a_grant("shadow")
    await accounts.put_grant(grant, "d1")
    assert await accounts.grant("link", "d1", now=T0) == grant
    taken = await asyncio.gather(*(accounts.take_grant("link", "d1", now=T0) for _ in range(8)))

    assert [one for one in taken if one] == [grant]
    assert await accounts.grant("link", "d1", now=T0) is None


async def test_a_code_is_good_for_its_kind_and_its_time(accounts: AccountStore) -> None:
    await accounts.put_grant(a_grant("shadow"), "d1")

    assert await accounts.take_grant("invitation", "d1", now=T0) is None
    assert await accounts.take_grant("link", "d1", now=T0 + 1000) is None
    assert await accounts.take_grant("link", "d2", now=T0) is None


async def test_a_new_link_code_replaces_the_one_before_an_invitation_does_not(accounts: AccountStore) -> None:
    for n in range(2):
        await accounts.put_grant(a_grant("ann"), f"link{n}")
        await accounts.put_grant(a_grant("ann", kind="invitation", role="admin", email="b@example.com"), f"inv{n}")

    assert await accounts.grant("link", "link0", now=T0) is None
    assert await accounts.grant("link", "link1", now=T0) is not None
    assert len(await accounts.invitations(now=T0)) == 2


async def test_invitations_are_listed_newest_first_until_they_expire_or_are_deleted(accounts: AccountStore) -> None:
    first, second, third = (
        a_grant("ann", kind="invitation", expires_at=T0 + 100 * n, email=f"{n}@example.com") for n in (1, 2, 3)
    )
    link = a_grant("ann")
    for n, grant in enumerate((first, second, third, link)):
        await accounts.put_grant(grant, f"d{n}")

    assert await accounts.invitations(now=T0 + 100) == [third, second]
    assert await accounts.delete_invitation(third.id)
    assert not await accounts.delete_invitation(third.id)
    assert not await accounts.delete_invitation(link.id)
    assert await accounts.invitations(now=T0 + 100) == [second]


async def test_what_was_one_users_becomes_anothers(store: Store, accounts: AccountStore) -> None:
    file = FilePart(name="a.png", media_type="image/png", sha256="aa", size=3)
    made = conversation("shadow")
    await store.put_blob("shadow", "aa", b"abc")
    rows = thread(made.id, *("more words" for _ in range(450)))
    rows[0] = replace(rows[0], parts=(TextPart(text="the zebra"), file))
    await store.add_messages("shadow", rows)
    await store.add_conversation(made)
    other = conversation("shadow")
    await store.add_conversation(other)
    kept = conversation("bob")
    await store.add_conversation(kept)
    while await accounts.take_over("shadow", "ann"):
        continue

    assert {one.id for one in await store.conversations("ann", limit=9)} == {made.id, other.id}
    assert await store.conversations("shadow", limit=9) == []
    assert await store.conversations("bob", limit=9) == [kept]
    assert await store.messages("ann", made.id, limit=999) == rows
    assert await store.messages("shadow", made.id, limit=999) == []
    assert [hit.message for hit in await store.search("ann", "zebra", limit=9)] == [rows[0]]
    assert await store.search("shadow", "zebra", limit=9) == []
    assert await store.blob("ann", "aa") == b"abc"
    with pytest.raises(NotFoundError):
        await store.blob("shadow", "aa")
    await store.delete_conversation("ann", made.id)
    with pytest.raises(NotFoundError):
        await store.blob("ann", "aa")


async def test_an_answer_that_runs_while_its_conversation_moves_is_stored_whole(
    store: Store, accounts: AccountStore, clock: SetClock
) -> None:
    running = await begin(store, clock, conversation("shadow"))
    while await accounts.take_over("shadow", "ann"):
        continue
    assert await store.finish_turn(finished(running, "a zebra"))

    assert (await store.message("ann", running.id)).text == "a zebra"
    assert [hit.message.id for hit in await store.search("ann", "zebra", limit=9)] == [running.id]


async def test_an_attachment_that_both_have_stays_with_each(store: Store, accounts: AccountStore) -> None:
    file = FilePart(name="a.png", media_type="image/png", sha256="aa", size=3)
    for owner in ("shadow", "ann"):
        made = conversation(owner)
        await store.put_blob(owner, "aa", b"abc")
        await store.add_messages(owner, [replace(turn(made.id)[0], seq=1, parts=(file,))])
        await store.add_conversation(made)
    while await accounts.take_over("shadow", "ann"):
        continue
    one, two = await store.conversations("ann", limit=9)
    await store.delete_conversation("ann", one.id)

    assert await store.blob("ann", "aa") == b"abc"
    await store.delete_conversation("ann", two.id)
    with pytest.raises(NotFoundError):
        await store.blob("ann", "aa")


async def test_accounts_are_copied_from_any_store_into_any_other_and_again(
    accounts: AccountStore, tmp_path: Path
) -> None:
    ann, other = an_account(), an_account(None)
    await accounts.add_account(ann, password_hash="$argon2id$...")
    shadow = await accounts.account_of(SLACK_ANN, shadow=other)
    await accounts.merge(shadow.id, ann.id)
    token = a_token("local", scopes=frozenset({"chat", "admin"}), expires_at=T0 * 2)
    await accounts.add_token(token, "d1")
    embedded = await SqliteStore.open(tmp_path / "copy.db")
    copy = SqliteAccounts(embedded)
    counts = [await copy_accounts(accounts, copy) for _ in range(2)]

    assert counts == [4, 4]
    for kind in FIELDS:
        assert await copy.rows(kind, limit=9) == await accounts.rows(kind, limit=9)
    assert await copy.password_hash(ann.id) == "$argon2id$..."
    assert await copy.account_of(SLACK_ANN, shadow=an_account(None)) == replace(shadow, merged_into=ann.id)
    assert await copy.token_of("d1", now=T0) == token
    await copy.update_account(ann.id, disabled=True)
    await copy_accounts(copy, accounts)
    assert await accounts.account(ann.id) == replace(ann, disabled=True)
    await embedded.aclose()


@pytest.mark.parametrize("same", ["id", "email"])
async def test_two_teams_accounts_do_not_merge(accounts: AccountStore, same: str) -> None:
    ann = an_account()
    await accounts.add_account(ann, password_hash="theirs")
    (row,) = await accounts.rows("accounts", limit=9)
    with pytest.raises(ConflictError, match="do not merge"):
        await accounts.put_row("accounts", {**row, **({"email": "eve@example.com"} if same == "id" else {"id": "eve"})})

    assert await accounts.rows("accounts", limit=9) == [row]
