"""Jobs on accounts, and on what leads to them: e-mail addresses, platform users, one-time codes.

A new shadow is two writes: the identity names the account, then the account is made. Whoever finds an identity whose
account is not there yet makes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from chatops.engine.auth.nouns import Account, Grant, Identity
from chatops.engine.errors import ConflictError
from chatops.engine.stores.mongo_rows import Document

_AFTER_EVERY_ID = "\U0010ffff"
_UNSEEN = {"password_hash": 0}
_BY_USER = ("sessions", "api_tokens", "identities")


def date(ms: int) -> datetime:
    """For the server, which clears away by date."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def _account(row: Document | None) -> Account | None:
    if row is None:
        return None
    return Account(
        id=row["_id"],
        name=row["name"],
        role=row["role"],
        created_at=row["created_at"],
        email=row.get("email"),
        disabled=row["disabled"],
        merged_into=row.get("merged_into"),
    )


async def add_account(db: Any, account: Account, password_hash: str | None) -> None:
    from pymongo.errors import DuplicateKeyError

    row: Document = {
        "_id": account.id,
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "password_hash": password_hash,
        "created_at": account.created_at,
        "disabled": account.disabled,
        "merged_into": account.merged_into,
    }
    try:
        await db.accounts.insert_one({key: value for key, value in row.items() if value is not None})
    except DuplicateKeyError:
        raise ConflictError("there is an account with this e-mail address already") from None


async def account(db: Any, user_id: str) -> Account | None:
    return _account(await db.accounts.find_one({"_id": user_id}, _UNSEEN))


async def account_by_email(db: Any, email: str) -> Account | None:
    return _account(await db.accounts.find_one({"email": email}, _UNSEEN))


async def accounts(db: Any, after: str | None, limit: int) -> list[Account]:
    return await _some(db, {"_id": {"$gt": after or ""}, "merged_into": None}, limit)


async def accounts_like(db: Any, prefix: str, limit: int) -> list[Account]:
    return await _some(db, {"_id": {"$gte": prefix, "$lt": prefix + _AFTER_EVERY_ID}}, limit)


async def _some(db: Any, which: Document, limit: int) -> list[Account]:
    found = db.accounts.find(which, _UNSEEN).sort("_id", 1).limit(limit)
    return [account async for row in found if (account := _account(row))]


async def merged_into(db: Any, user_id: str) -> list[str]:
    return sorted([row["_id"] async for row in db.accounts.find({"merged_into": user_id}, {"_id": 1})])


async def names(db: Any, user_ids: Sequence[str]) -> dict[str, str]:
    found = db.accounts.find({"_id": {"$in": list(user_ids)}}, {"name": 1})
    return {row["_id"]: row["name"] async for row in found}


async def password_hash(db: Any, user_id: str) -> str | None:
    row = await db.accounts.find_one({"_id": user_id}, {"password_hash": 1})
    return None if row is None else row.get("password_hash")


async def update_account(db: Any, user_id: str, changes: Document) -> Account | None:
    from pymongo import ReturnDocument

    given = {field: value for field, value in changes.items() if value is not None}
    if not given:  # an empty $set is refused by older servers
        return await account(db, user_id)
    row = await db.accounts.find_one_and_update(
        {"_id": user_id}, {"$set": given}, projection=_UNSEEN, return_document=ReturnDocument.AFTER
    )
    return _account(row)


async def merge(db: Any, shadow_id: str, user_id: str) -> bool:
    done = await db.accounts.update_one(
        {"_id": shadow_id, "merged_into": None, "email": None}, {"$set": {"merged_into": user_id}}
    )
    return bool(done.matched_count)


async def delete_account(db: Any, user_id: str) -> None:
    """The account last: what a crash leaves is found by it again."""
    for gone in (*await merged_into(db, user_id), user_id):
        for name in _BY_USER:
            await db[name].delete_many({"user_id": gone})
        await db.grants.delete_many({"kind": {"$in": ["link", "invitation"]}, "user_id": gone})
        await db.accounts.delete_one({"_id": gone})


async def account_of(db: Any, identity: Identity, shadow: Account) -> Account:
    user_id = await _user_of(db, identity, shadow.id)
    found = await account(db, user_id)
    if found is not None:
        return found
    with suppress(ConflictError):  # somebody made it in this moment
        await add_account(db, _with_id(shadow, user_id), None)
    return await account(db, user_id) or shadow


def _with_id(shadow: Account, user_id: str) -> Account:
    return Account(id=user_id, name=shadow.name, role=shadow.role, created_at=shadow.created_at)


async def _user_of(db: Any, identity: Identity, fresh: str) -> str:
    from pymongo.errors import DuplicateKeyError

    key = _key(identity)
    row = await db.identities.find_one(key)
    if row is None:
        try:
            await db.identities.insert_one({**key, "user_id": fresh})
        except DuplicateKeyError:
            row = await db.identities.find_one(key)
    return fresh if row is None else str(row["user_id"])


def _key(identity: Identity) -> Document:
    return {"_id": f"{identity.platform}/{identity.user_id}"}


async def forget_identity(db: Any, identity: Identity) -> None:
    await db.identities.delete_one(_key(identity))


async def identities(db: Any, user_id: str) -> list[Identity]:
    return [_identity(key) for key in sorted([row["_id"] async for row in db.identities.find({"user_id": user_id})])]


def _identity(key: str) -> Identity:
    platform, _, platform_user_id = key.partition("/")
    return Identity(platform="slack" if platform == "slack" else "discord", user_id=platform_user_id)


async def put_grant(db: Any, grant: Grant, digest: str) -> None:
    """A user's link code has a place of its own, so that a new one replaces the old in one write."""
    from pymongo.errors import DuplicateKeyError

    place = f"link/{grant.user_id}" if grant.kind == "link" else grant.id
    row: Document = {
        "id": grant.id,
        "kind": grant.kind,
        "digest": digest,
        "user_id": grant.user_id,
        "created_at": grant.created_at,
        "expires_at": grant.expires_at,
        "expires": date(grant.expires_at),
        "role": grant.role,
        "email": grant.email,
    }
    try:
        await db.grants.replace_one({"_id": place}, row, upsert=True)
    except DuplicateKeyError:  # two at once made the place
        await db.grants.replace_one({"_id": place}, row)


def _good(kind: str, digest: str, now: int) -> Document:
    return {"kind": kind, "digest": digest, "expires_at": {"$gt": now}}


def _grant(row: Document | None) -> Grant | None:
    if row is None:
        return None
    fields = ("id", "kind", "user_id", "created_at", "expires_at", "role", "email")
    return Grant(**{field: row[field] for field in fields})


async def grant(db: Any, kind: str, digest: str, now: int) -> Grant | None:
    return _grant(await db.grants.find_one(_good(kind, digest, now)))


async def take_grant(db: Any, kind: str, digest: str, now: int) -> Grant | None:
    return _grant(await db.grants.find_one_and_delete(_good(kind, digest, now)))


async def invitations(db: Any, now: int) -> list[Grant]:
    found = db.grants.find({"kind": "invitation", "expires_at": {"$gt": now}})
    grants = [grant async for row in found if (grant := _grant(row))]
    return sorted(grants, key=lambda grant: grant.id, reverse=True)


async def delete_invitation(db: Any, grant_id: str) -> bool:
    done = await db.grants.delete_one({"_id": grant_id, "kind": "invitation"})
    return bool(done.deleted_count)
