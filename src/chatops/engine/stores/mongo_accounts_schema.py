"""The collections of accounts and their indexes: a part of `mongo_schema`."""

from __future__ import annotations

from typing import Any

COLLECTIONS = ("accounts", "identities", "sessions", "api_tokens", "grants")


async def make_indexes(db: Any) -> None:
    from pymongo import ASCENDING, DESCENDING, IndexModel

    there: dict[str, Any] = {"$exists": True}
    # Every read asks for `expires_at` itself; the server clears away what is past it within a minute or so.
    expiry = IndexModel([("expires", ASCENDING)], name="expiry", expireAfterSeconds=0)
    await db.accounts.create_indexes(
        [
            IndexModel([("email", ASCENDING)], name="by_email", unique=True, partialFilterExpression={"email": there}),
            IndexModel([("merged_into", ASCENDING)], name="by_merger", partialFilterExpression={"merged_into": there}),
        ]
    )
    await db.identities.create_indexes([IndexModel([("user_id", ASCENDING)], name="by_user")])
    await db.sessions.create_indexes(
        [
            IndexModel([("family", ASCENDING)], name="by_family", unique=True),
            IndexModel([("user_id", ASCENDING)], name="by_user"),
            expiry,
        ]
    )
    await db.api_tokens.create_indexes(
        [
            IndexModel([("digest", ASCENDING)], name="by_digest", unique=True),
            IndexModel([("user_id", ASCENDING), ("_id", DESCENDING)], name="by_user"),
        ]
    )
    await db.grants.create_indexes(
        [
            IndexModel([("kind", ASCENDING), ("digest", ASCENDING)], name="by_digest", unique=True),
            IndexModel([("kind", ASCENDING), ("user_id", ASCENDING)], name="by_user"),
            expiry,
        ]
    )
