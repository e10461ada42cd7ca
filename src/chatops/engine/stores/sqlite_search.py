"""Searching: the small index of the newest messages first, then the whole one, and what waits for either
(`sqlite_index`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from heapq import merge
from itertools import islice
from operator import itemgetter

from chatops.engine.messages import Conversation, SearchHit
from chatops.engine.search import holds, query_terms
from chatops.engine.stores.sqlite_index import first_doc, owner_term
from chatops.engine.stores.sqlite_rows import conversation_from, message_from, text_of

_PATIENCE = 200
"""Messages of others to meet, at 3 µs each, before the index is asked for the owner's alone: at every hit that costs
more, in a database that is mostly one person's."""

# CROSS JOIN keeps the order of the index, so that the newest come first; rows are read as they are asked for.
_FOUND = (
    "SELECT messages.*, conversations.owner_id IS :owner_id AND messages.owner_id = :owner_id"
    " AND (conversations.expires_at IS NULL OR conversations.expires_at > :now) AS is_theirs"
    " FROM {index} CROSS JOIN messages ON messages.doc = {index}.rowid"
    " LEFT JOIN conversations ON conversations.id = messages.conversation_id"
    " WHERE {index} MATCH :wanted {part} ORDER BY {index}.rowid DESC"
)
_NEWEST = _FOUND.format(index="newest", part="")
_OLDER = _FOUND.format(index="search", part="AND search.rowid < :before")


_WAITING = (
    "SELECT messages.* FROM unindexed CROSS JOIN messages ON messages.doc = unindexed.doc"
    " CROSS JOIN conversations ON conversations.id = messages.conversation_id"
    " WHERE messages.owner_id = :owner_id AND conversations.owner_id = :owner_id"
    " AND (conversations.expires_at IS NULL OR conversations.expires_at > :now) ORDER BY unindexed.doc DESC"
)


def find(connection: sqlite3.Connection, owner_id: str, query: str, *, limit: int, now: int) -> list[SearchHit]:
    wanted = query_terms(query)
    if not wanted:
        return []
    waiting = connection.execute(_WAITING, {"owner_id": owner_id, "now": now})
    unindexed = (row for row in waiting if holds(text_of(row), wanted))
    indexed = _rows(connection, owner_id, _expression(wanted), now)
    rows = islice(merge(unindexed, indexed, key=itemgetter("doc"), reverse=True), max(limit, 0))
    return [SearchHit(conversation=_conversation(connection, row), message=message_from(row)) for row in rows]


def _expression(wanted: Sequence[tuple[str, bool]]) -> str:
    """The FTS5 query for all of these terms. Quoted, a term is never an operator."""
    return " AND ".join(f'"{term}"{"*" if prefix else ""}' for term, prefix in wanted)


def _rows(connection: sqlite3.Connection, owner_id: str, words: str, now: int) -> Generator[sqlite3.Row, None, None]:
    theirs = f'"{owner_term(owner_id)}" AND {words}'
    values = {"owner_id": owner_id, "now": now, "before": first_doc(connection)}
    yield from _theirs(connection.execute(_NEWEST, {**values, "wanted": theirs}))
    if values["before"] == 0:
        return
    others = 0
    for row in connection.execute(_OLDER, {**values, "wanted": words}):
        others += not row["is_theirs"]
        if others == _PATIENCE:
            break
        if row["is_theirs"]:
            yield row
            values["before"] = row["doc"]
    else:
        return
    yield from _theirs(connection.execute(_OLDER, {**values, "wanted": theirs}))


def _theirs(rows: sqlite3.Cursor) -> Generator[sqlite3.Row, None, None]:
    return (row for row in rows if row["is_theirs"])


def _conversation(connection: sqlite3.Connection, row: sqlite3.Row) -> Conversation:
    return conversation_from(
        connection.execute("SELECT * FROM conversations WHERE id = ?", (row["conversation_id"],)).fetchone()
    )
