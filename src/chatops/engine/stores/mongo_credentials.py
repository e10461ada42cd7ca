"""Jobs on what an account is proved by: sign-ins and API tokens."""

from __future__ import annotations

from typing import Any

from chatops.engine.auth.nouns import ApiToken, Session
from chatops.engine.stores.mongo_accounts_rows import date
from chatops.engine.stores.mongo_rows import Document


async def add_session(db: Any, session: Session) -> None:
    await db.sessions.insert_one(
        {
            "_id": session.id,
            "user_id": session.user_id,
            "source": session.source,
            "family": session.family,
            "current": session.current,
            "created_at": session.created_at,
            "expires_at": session.expires_at,
            "expires": date(session.expires_at),
        }
    )


def _session(row: Document | None) -> Session | None:
    if row is None:
        return None
    fields = ("user_id", "source", "family", "current", "created_at", "expires_at")
    return Session(id=row["_id"], renewed_at=row.get("renewed_at", 0), **{field: row[field] for field in fields})


async def session(db: Any, session_id: str, now: int) -> Session | None:
    return _session(await db.sessions.find_one({"_id": session_id, "expires_at": {"$gt": now}}))


async def session_of(db: Any, family: str, now: int) -> Session | None:
    return _session(await db.sessions.find_one({"family": family, "expires_at": {"$gt": now}}))


async def rotate_session(db: Any, session_id: str, *, current: str, new: str, now: int, expires_at: int) -> bool:
    done = await db.sessions.update_one(
        {"_id": session_id, "current": current},
        {"$set": {"current": new, "renewed_at": now, "expires_at": expires_at, "expires": date(expires_at)}},
    )
    return bool(done.matched_count)


async def end_session(db: Any, session_id: str) -> None:
    await db.sessions.delete_one({"_id": session_id})


async def end_sessions(db: Any, user_id: str) -> None:
    await db.sessions.delete_many({"user_id": user_id})


async def add_token(db: Any, token: ApiToken, digest: str) -> None:
    await db.api_tokens.insert_one(
        {
            "_id": token.id,
            "user_id": token.user_id,
            "digest": digest,
            "name": token.name,
            "scopes": sorted(token.scopes),
            "start": token.start,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
            "last_used_at": token.last_used_at,
        }
    )


def _token(row: Document) -> ApiToken:
    fields = ("user_id", "name", "start", "created_at", "expires_at", "last_used_at")
    return ApiToken(id=row["_id"], scopes=frozenset(row["scopes"]), **{field: row[field] for field in fields})


async def token_of(db: Any, digest: str, now: int) -> ApiToken | None:
    row = await db.api_tokens.find_one({"digest": digest})
    if row is None or (row["expires_at"] is not None and row["expires_at"] <= now):
        return None
    return _token(row)


async def tokens(db: Any, user_id: str) -> list[ApiToken]:
    return [_token(row) async for row in db.api_tokens.find({"user_id": user_id}).sort("_id", -1)]


async def touch_token(db: Any, token_id: str, now: int) -> None:
    await db.api_tokens.update_one({"_id": token_id}, {"$set": {"last_used_at": now}})


async def delete_token(db: Any, user_id: str, token_id: str) -> bool:
    done = await db.api_tokens.delete_one({"_id": token_id, "user_id": user_id})
    return bool(done.deleted_count)
