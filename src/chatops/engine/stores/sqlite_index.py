"""The full-text index: what `engine.search` calls the terms of a message, under its `doc`.

Every settled message is in the index `search`, no running one. An owner's messages carry a term of their own, so that
a word that everybody uses is still found quickly by somebody with few messages.

FTS5 gathers all messages with a word's beginning before it yields the newest, and looks at each of its segments for
every word: what most people search for would take longer the more there is. So the newest messages, `KEPT` to `MOST`
of them, are in a small index besides, `newest`, which is asked first and mostly has enough. `search_newest` says from
which `doc` on it holds everything, and how many were added since; `added` is NULL when it holds nothing yet.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from chatops.engine.messages import Message
from chatops.engine.search import terms
from chatops.engine.stores.sqlite_rows import message_from

KEPT = 500
MOST = 1_500
"""Making the small index anew takes some 20 ms, once in `MOST` - `KEPT` messages."""

_TABLE = """
    CREATE VIRTUAL TABLE {name} USING fts5(
        terms, content='', detail=none, columnsize=0, tokenize="ascii tokenchars '_'"
    )
    """
"""`ascii` takes every character of our terms as it is; a term's place is never asked for."""
SEARCH = _TABLE.format(name="search")
NEWEST = (
    _TABLE.format(name="newest"),
    "CREATE TABLE search_newest (id INTEGER PRIMARY KEY, first_doc INTEGER NOT NULL, added INTEGER) STRICT",
    "INSERT INTO search_newest SELECT 1, coalesce(max(doc) + 1, 0), iif(max(doc) IS NULL, 0, NULL) FROM messages",
)


def owner_term(owner_id: str) -> str:
    """No word has an underscore (engine.search), so it cannot be one."""
    return "_" + owner_id.encode().hex()


def add(connection: sqlite3.Connection, doc: int, owner_id: str, message: Message) -> None:
    document = _document(owner_id, message.text)
    if document is None:
        return
    connection.execute("INSERT INTO search (rowid, terms) VALUES (?, ?)", (doc, document))
    first_doc, added = connection.execute("SELECT first_doc, added FROM search_newest WHERE id = 1").fetchone()
    if added is None or added >= MOST:
        _renew(connection)
    elif doc >= first_doc:
        connection.execute("INSERT INTO newest (rowid, terms) VALUES (?, ?)", (doc, document))
        connection.execute("UPDATE search_newest SET added = added + 1 WHERE id = 1")


def remove(connection: sqlite3.Connection, doc: int, owner_id: str, message: Message) -> None:
    """`message` must hold the text it was added with: the index keeps no copy."""
    remove_all(connection, owner_id, [(doc, message)])


def remove_all(connection: sqlite3.Connection, owner_id: str, messages: Iterable[tuple[int, Message]]) -> None:
    """Likewise; cheapest in the order of their `doc`: the index writes itself to disk whenever numbers go down."""
    documents = [(doc, _document(owner_id, message.text)) for doc, message in messages]
    gone = [(doc, document) for doc, document in documents if document]
    first = first_doc(connection)
    connection.executemany("INSERT INTO search (search, rowid, terms) VALUES ('delete', ?, ?)", gone)
    connection.executemany(
        "INSERT INTO newest (newest, rowid, terms) VALUES ('delete', ?, ?)", [row for row in gone if row[0] >= first]
    )


def first_doc(connection: sqlite3.Connection) -> int:
    """From here on all messages are in `newest`; nothing is before 0."""
    (doc,) = connection.execute("SELECT first_doc FROM search_newest WHERE id = 1").fetchone()
    return int(doc)


def _document(owner_id: str, text: str) -> str | None:
    words = terms(text)
    return " ".join([owner_term(owner_id), *words]) if words else None


def _renew(connection: sqlite3.Connection) -> None:
    """Fills the small index with the newest messages alone."""
    connection.execute("INSERT INTO newest (newest) VALUES ('delete-all')")
    rows = connection.execute("SELECT * FROM messages ORDER BY doc DESC LIMIT ?", (KEPT,)).fetchall()[::-1]
    for row in rows:
        document = None if row["status"] == "streaming" else _document(row["owner_id"], message_from(row).text)
        if document:
            connection.execute("INSERT INTO newest (rowid, terms) VALUES (?, ?)", (row["doc"], document))
    connection.execute("UPDATE search_newest SET first_doc = ?, added = ? WHERE id = 1", (rows[0]["doc"], len(rows)))
