"""The tables behind a person's list of conversations, as the second migration makes them.

A list is read from an index in its own order. What is archived, and each tag, begins an index of its own, so that a
page costs the same however many conversations lie beside those that are asked for. `tagged` has a row for each tag of
a conversation; triggers keep it, since four statements write conversations.
"""

from __future__ import annotations

import sqlite3

from chatops.engine.messages import Conversation
from chatops.engine.stores.listing import newest_first
from chatops.engine.stores.sqlite_rows import conversation_from

_TAG = (
    "INSERT INTO tagged (owner_id, tag, archived, updated_at, id)"
    " SELECT new.owner_id, value, new.archived, new.updated_at, new.id FROM json_each(new.tags);"
)
_UNTAG = (
    "DELETE FROM tagged WHERE owner_id = old.owner_id AND tag IN (SELECT value FROM json_each(old.tags))"
    " AND archived = old.archived AND updated_at = old.updated_at AND id = old.id;"
)
LISTING = (
    "ALTER TABLE conversations ADD COLUMN archived INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE conversations ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE conversations ADD COLUMN expires_at INTEGER",
    "DROP INDEX conversations_by_update",
    "CREATE INDEX conversations_by_update ON conversations (owner_id, archived, updated_at, id)",
    "CREATE INDEX conversations_by_expiry ON conversations (expires_at) WHERE expires_at IS NOT NULL",
    """
    CREATE TABLE tagged (
        owner_id TEXT NOT NULL,
        tag TEXT NOT NULL,
        archived INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (owner_id, tag, archived, updated_at, id)
    ) STRICT, WITHOUT ROWID
    """,
    f"CREATE TRIGGER tags_made AFTER INSERT ON conversations WHEN new.tags <> '[]' BEGIN {_TAG} END",
    f"""
    CREATE TRIGGER tags_changed AFTER UPDATE OF tags, archived, updated_at ON conversations
    WHEN old.tags <> '[]' OR new.tags <> '[]' BEGIN {_UNTAG} {_TAG} END
    """,
    f"CREATE TRIGGER tags_gone AFTER DELETE ON conversations WHEN old.tags <> '[]' BEGIN {_UNTAG} END",
)

_PLACES = "SELECT * FROM conversations AS place WHERE place.owner_id = :owner_id AND place.archived = :archived"
_TAGGED = (
    "SELECT conversations.* FROM tagged AS place CROSS JOIN conversations USING (id)"
    " WHERE place.owner_id = :owner_id AND place.tag = :tag AND place.archived = :archived"
)
_BEFORE = " AND (place.updated_at, place.id) < (:updated_at, :id)"
_NEWEST = " AND (expires_at IS NULL OR expires_at > :now) ORDER BY place.updated_at DESC, place.id DESC LIMIT :limit"


def conversations(
    connection: sqlite3.Connection,
    owner_id: str,
    *,
    limit: int,
    before: Conversation | None,
    archived: bool | None,
    tag: str | None,
    now: int,
) -> list[Conversation]:
    wanted = (_PLACES if tag is None else _TAGGED) + ("" if before is None else _BEFORE) + _NEWEST
    values: dict[str, str | int | None] = {"owner_id": owner_id, "tag": tag, "limit": limit, "now": now}
    if before is not None:
        values |= {"updated_at": before.updated_at, "id": before.id}
    kinds = (False, True) if archived is None else (archived,)
    found = [row for kind in kinds for row in connection.execute(wanted, {**values, "archived": int(kind)})]
    return newest_first([conversation_from(row) for row in found], limit)
