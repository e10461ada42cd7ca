"""The collections and their indexes, made once by whoever comes first.

`chatops` holds one document: whose database this is, and the version of what it holds. It is written before any index
is made, so that two who begin at once know each other; making an index that is there does nothing.
A change of `engine.search.terms` needs a new version that indexes the messages anew.
"""

from __future__ import annotations

from typing import Any

from chatops.engine.errors import StoreError
from chatops.engine.stores import mongo_accounts_schema as accounts
from chatops.engine.stores import mongo_meter_schema as meter
from chatops.engine.stores.mongo_address import MongoAddress

VERSION = 5
COLLECTIONS = ("conversations", "messages", "blobs", "bot_records", *accounts.COLLECTIONS, *meter.COLLECTIONS)
_ID = "schema"


async def prepare(db: Any, address: MongoAddress) -> None:
    """Makes what is missing; one read when nothing is.

    Raises:
        StoreError: It is a newer chatops' database, or holds another program's collections.
    """
    version = await version_of(db)
    if version is None:
        await _claim(db, address)
    if version is not None and version > VERSION:
        raise StoreError(
            f"the database {address} was made by a newer chatops (schema {version}, this one knows {VERSION});"
            " nothing was changed. Upgrade chatops"
        )
    if version != VERSION:
        await _make_indexes(db)
        await _drop_index(db.conversations, "by_update")  # version 1's
        await meter.make_indexes(db)
        await accounts.make_indexes(db)
        await db.chatops.update_one({"_id": _ID}, {"$max": {"version": VERSION}})


async def _drop_index(collection: Any, name: str) -> None:
    if name in await collection.index_information():
        await collection.drop_index(name)


async def version_of(db: Any) -> int | None:
    """None: not ours, or not yet. 0: somebody is making it, or began to."""
    row = await db.chatops.find_one({"_id": _ID})
    return None if row is None else int(row["version"])


async def _claim(db: Any, address: MongoAddress) -> None:
    names = set(await db.list_collection_names())
    if names & set(COLLECTIONS) and await version_of(db) is None:  # asked again: another process may be making it
        raise StoreError(
            f"{address} holds another program's collections; nothing was changed. Name another database with the"
            " setting `database`: the last part of its address"
        )
    await db.chatops.update_one({"_id": _ID}, {"$setOnInsert": {"version": 0}}, upsert=True)


async def _make_indexes(db: Any) -> None:
    from pymongo import ASCENDING, DESCENDING, IndexModel

    await _make_bot_indexes(db)

    there: dict[str, Any] = {"$exists": True}
    listed = [("updated_at", DESCENDING), ("_id", DESCENDING)]
    await db.conversations.create_indexes(
        [
            IndexModel([("owner_id", ASCENDING), ("archived", ASCENDING), *listed], name="listed"),
            IndexModel(
                [("owner_id", ASCENDING), ("tags", ASCENDING), ("archived", ASCENDING), *listed],
                name="by_tag",
                partialFilterExpression={"tags": there},
            ),
            IndexModel([("expires_at", ASCENDING)], name="by_expiry", partialFilterExpression={"expires_at": there}),
            IndexModel([("owner_id", ASCENDING), ("_id", DESCENDING)], name="by_id"),
            IndexModel([("deleting", ASCENDING)], name="deleting", partialFilterExpression={"deleting": there}),
        ]
    )
    newest = [("created_at", DESCENDING), ("_id", DESCENDING)]
    await db.messages.create_indexes(
        [
            IndexModel([("conversation_id", ASCENDING), ("seq", ASCENDING)], name="by_seq", unique=True),
            IndexModel(
                [("lease_expires_at", ASCENDING)], name="by_lease", partialFilterExpression={"lease_expires_at": there}
            ),
            IndexModel(
                [("owner_id", ASCENDING), ("terms", ASCENDING), *newest],
                name="by_term",
                partialFilterExpression={"terms": there},
            ),
            IndexModel([("owner_id", ASCENDING), *newest], name="by_time"),
            IndexModel(
                [("owner_id", ASCENDING), ("vast", ASCENDING), *newest],
                name="vast",
                partialFilterExpression={"vast": there},
            ),
            IndexModel(
                [("owner_id", ASCENDING), ("files", ASCENDING)],
                name="by_file",
                partialFilterExpression={"files": there},
            ),
        ]
    )


async def _make_bot_indexes(db: Any) -> None:
    """Of the bots' records (`mongo_bots`): what is due, what expired."""
    from pymongo import ASCENDING, IndexModel

    number: dict[str, Any] = {"$type": "number"}
    by_lease = [("kind", ASCENDING), ("lease_until", ASCENDING)]
    await db.bot_records.create_indexes(
        [
            IndexModel(by_lease, name="by_lease", partialFilterExpression={"lease_until": number}),
            IndexModel([("expires_at", ASCENDING)], name="by_expiry", partialFilterExpression={"expires_at": number}),
        ]
    )
