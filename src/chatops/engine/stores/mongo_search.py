"""Search: every settled message holds what `engine.search` calls its terms, in an index of owner, term and time.

A word that is written out is read from that index newest first, so a search ends with its last hit. A beginning is a
range of words, which the server would sort; when many messages have it, they are met soon enough by walking back in
time, or among those with the other words. So it is counted first: among the newest, where a common one fills a page,
then among all, up to `MANY`.

A message of too many different words for that is marked `vast` instead, and read: there are few, and the results stay
those of every store.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from heapq import merge
from typing import Any

from chatops.engine.messages import Conversation, SearchHit
from chatops.engine.search import query_terms, terms
from chatops.engine.stores.mongo_rows import Document, alive, conversation_from, message_from, shown

_AFTER_EVERY_TERM = "\U0010ffff"
_NEWEST = [("created_at", -1), ("_id", -1)]
_AT_ONCE = 100
MANY = 1_000
"""Messages that are sorted in some 5 ms; counting so many takes 1 ms."""
_WINDOW = 500

Words = list[tuple[str, bool]]


def _begins(word: str) -> Document:
    """A range: no pattern, so nothing to escape."""
    return {"terms": {"$elemMatch": {"$gte": word, "$lt": word + _AFTER_EVERY_TERM}}}


def _begins_unindexed(word: str) -> Document:
    """The same, in a form that the server does not look up in an index."""
    begins = {"$and": [{"$gte": ["$$this", word]}, {"$lt": ["$$this", word + _AFTER_EVERY_TERM]}]}
    return {"$expr": {"$gt": [{"$size": {"$filter": {"input": "$terms", "cond": begins}}}, 0]}}


async def _is_common(db: Any, owner_id: str, matching: Document, size: int) -> bool:
    """Whether walking back in time soon fills a page of `size`: surely when the newest messages alone do."""
    last = db.messages.find({"owner_id": owner_id}, {"created_at": 1}).sort(_NEWEST).skip(_WINDOW).hint("by_time")
    rows = await last.limit(1).to_list(1)
    since = {"created_at": {"$gte": rows[0]["created_at"]}} if rows else {}
    newest = {"owner_id": owner_id, **since, **matching}
    if await db.messages.count_documents(newest, limit=size, hint="by_time") == size:
        return True
    return bool(await db.messages.count_documents({"owner_id": owner_id, **matching}, limit=MANY) == MANY)


async def _plan(db: Any, owner_id: str, words: Words, size: int) -> tuple[Document, str | None]:
    """The filter for messages that hold all of these words, and the index to use, where that is not left to the
    server.
    """
    whole: list[Document] = [{"terms": word} for word, prefix in words if not prefix]
    beginning = next((word for word, prefix in words if prefix), None)
    if beginning is None:
        return {"owner_id": owner_id, "$and": whole}, None
    range_ = _begins(beginning)
    many = await _is_common(db, owner_id, range_, size)
    if many and whole:
        range_ = _begins_unindexed(beginning)
    return {"owner_id": owner_id, "$and": [*whole, range_]}, "by_time" if many and not whole else None


async def find(db: Any, owner_id: str, query: str, *, limit: int, now: int) -> list[SearchHit]:
    words = query_terms(query)
    hits: list[SearchHit] = []
    if not words or limit < 1:
        return hits
    rows = _newest_first(db, owner_id, words, limit)
    known: dict[str, Conversation | None] = {}
    async with aclosing(rows):
        async for page in rows:
            ids = {row["conversation_id"] for row in page} - known.keys()
            known |= dict.fromkeys(ids)
            if ids:
                wanted = {"_id": {"$in": sorted(ids)}, "owner_id": owner_id, **alive(now)}
                known |= {row["_id"]: conversation_from(row) async for row in db.conversations.find(wanted)}
            for row in page:
                conversation = known[row["conversation_id"]]
                if conversation is not None:  # else it is still to come (imports), or expired
                    hits.append(SearchHit(conversation=conversation, message=message_from(row)))
            if len(hits) >= limit:
                break
    return hits[:limit]


async def _newest_first(db: Any, owner_id: str, words: Words, limit: int) -> AsyncGenerator[list[Document], None]:
    """Pages of messages that match. Each page begins behind the last message of the one before."""
    before: Document = {}
    size = min(limit, _AT_ONCE)
    wanted, index = await _plan(db, owner_id, words, size)
    while True:
        cursor = db.messages.find({**wanted, **before}, shown()).sort(_NEWEST).limit(size)
        found: list[Document] = await (cursor.hint(index) if index else cursor).to_list(size)
        full = len(found) == size
        vast = await _vast(db, {"owner_id": owner_id, "vast": True, **before}, words, found[-1] if full else None)
        page = list(merge(found, vast, key=_moment, reverse=True))
        yield page
        if not full:
            return
        last = found[-1]
        before = {
            "created_at": {"$lte": last["created_at"]},
            "$or": [{"created_at": {"$lt": last["created_at"]}}, {"_id": {"$lt": last["_id"]}}],
        }


async def _vast(db: Any, query: Document, words: Words, end: Document | None) -> list[Document]:
    """The vast messages that match, down to the moment where the page ends."""
    matching: list[Document] = []
    async for row in db.messages.find(query, shown()).sort(_NEWEST):
        if end is not None and _moment(row) < _moment(end):
            break
        if _matches(row, words):
            matching.append(row)
    return matching


def _matches(row: Document, words: Words) -> bool:
    there = set(terms(message_from(row).text))
    return all(any(term.startswith(word) for term in there) if prefix else word in there for word, prefix in words)


def _moment(row: Document) -> tuple[int, str]:
    return row["created_at"], row["_id"]
