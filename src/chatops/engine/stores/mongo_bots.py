"""The bots' records in MongoDB: a document each, its value as JSON text (`chatops.bots.ports.Records` says what each
method does). Every change is one atomic write of one document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chatops.engine.ids import now_ms
from chatops.engine.ports import Clock
from chatops.engine.stores.mongo import MongoStore

COLLECTION = "bot_records"
Document = dict[str, Any]
_NUMBER = {"$type": "number"}
"""As the partial indexes say it: else the server does not know that they hold all that is asked for."""


class MongoBots:
    """`Records` over an open store."""

    def __init__(self, store: MongoStore, clock: Clock = now_ms) -> None:
        self._store = store
        self._clock = clock

    async def add(
        self,
        kind: str,
        key: str,
        value: Mapping[str, Any],
        *,
        expires_at: int | None = None,
        lease_until: int | None = None,
    ) -> bool:
        from pymongo.errors import DuplicateKeyError

        row, now = _row(kind, value, expires_at, lease_until), self._clock()

        async def job(db: Any) -> bool:
            try:
                await db[COLLECTION].insert_one({"_id": _id(kind, key), **row})
            except DuplicateKeyError:
                dead = {"_id": _id(kind, key), "expires_at": {"$lte": now}}
                return bool((await db[COLLECTION].replace_one(dead, row)).modified_count)
            return True

        return await self._store.write(job)

    async def put(
        self,
        kind: str,
        key: str,
        value: Mapping[str, Any],
        *,
        expires_at: int | None = None,
        lease_until: int | None = None,
    ) -> None:
        from pymongo.errors import DuplicateKeyError

        row, where = _row(kind, value, expires_at, lease_until), {"_id": _id(kind, key)}

        async def job(db: Any) -> None:
            try:
                await db[COLLECTION].replace_one(where, row, upsert=True)
            except DuplicateKeyError:  # another one added it in the same moment: ours comes after it
                await db[COLLECTION].replace_one(where, row)

        await self._store.write(job)

    async def get(self, kind: str, key: str) -> Document | None:
        where = {"_id": _id(kind, key), **_lives(self._clock())}
        return _value(await self._store.read(lambda db: db[COLLECTION].find_one(where)))

    async def take(self, kind: str, key: str) -> Document | None:
        where = {"_id": _id(kind, key), **_lives(self._clock())}
        return _value(await self._store.write(lambda db: db[COLLECTION].find_one_and_delete(where)))

    async def claim(self, kind: str, key: str, *, until: int) -> Document | None:
        now = self._clock()
        where = {"_id": _id(kind, key), "lease_until": {"$lte": now}, **_lives(now)}
        change = {"$set": {"lease_until": until}}
        return _value(await self._store.write(lambda db: db[COLLECTION].find_one_and_update(where, change)))

    async def renew(self, kind: str, key: str, *, until: int) -> None:
        where = {"_id": _id(kind, key), "lease_until": _NUMBER}
        await self._store.write(lambda db: db[COLLECTION].update_one(where, {"$set": {"lease_until": until}}))

    async def due(self, kind: str, *, limit: int) -> list[str]:
        where = {"kind": kind, "lease_until": {**_NUMBER, "$lte": self._clock()}}

        async def job(db: Any) -> list[str]:
            found = db[COLLECTION].find(where, {"_id": 1}).sort("lease_until", 1).limit(limit)
            return [row["_id"][len(kind) + 1 :] for row in await found.to_list(limit)]

        return await self._store.read(job)

    async def find(self, kind: str, prefix: str = "", *, limit: int) -> list[tuple[str, Document]]:
        first = _id(kind, prefix)
        where = {"_id": {"$gte": first, "$lt": first + "\U0010ffff"}, **_lives(self._clock())}

        async def job(db: Any) -> list[tuple[str, Document]]:
            rows = await db[COLLECTION].find(where).sort([("_id", 1)]).limit(limit).to_list(limit)
            return [(row["_id"][len(kind) + 1 :], json.loads(row["value"])) for row in rows]

        return await self._store.read(job)

    async def sweep(self) -> int:
        where = {"expires_at": {**_NUMBER, "$lte": self._clock()}}
        done = await self._store.write(lambda db: db[COLLECTION].delete_many(where))
        return int(done.deleted_count)


def _id(kind: str, key: str) -> str:
    return f"{kind}/{key}"


def _row(kind: str, value: Mapping[str, Any], expires_at: int | None, lease_until: int | None) -> Document:
    return {
        "kind": kind,
        "value": json.dumps(value, ensure_ascii=True, separators=(",", ":")),
        "expires_at": expires_at,
        "lease_until": lease_until,
    }


def _lives(now: int) -> Document:
    return {"$or": [{"expires_at": None}, {"expires_at": {"$gt": now}}]}


def _value(row: Document | None) -> Document | None:
    if row is None:
        return None
    value: Document = json.loads(row["value"])
    return value
