"""The full-text index: what `engine.search` calls the terms of a message, under its `doc`.

Every settled message is in it, or waits for it (`unindexed`); no running one is. They wait for each other, `WAITING` at
most: together they cost a third of one by one, and no question waits for that. A search reads those that wait. An
owner's messages carry a term of their own, so that a word that everybody uses is still found quickly by somebody with
few messages.

FTS5 gathers all messages with a word's beginning before it yields the newest, and looks at each of its segments for
every word: what most people search for would take longer the more there is. So the newest messages, `KEPT` to `MOST`
of them, are in a small index of their own, `newest`, which is asked first and mostly has enough; all others are in
`search`. Each is in one of the two alone: `search_newest` says from which `doc` on it is the small one, and how many
were added there. They move on many at a time, which costs less than a commit of the large index for each.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from chatops.engine.messages import Message
from chatops.engine.search import terms
from chatops.engine.stores.sqlite_rows import text_of

WAITING = 32
KEPT = 120
MOST = 440
"""Moving `MOST` - `KEPT` messages on takes 3 to 12 ms, without its commit."""

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
"""`added` is NULL where all that there is lies in `search`: the next message makes the small index of the newest."""
APART = (
    "INSERT INTO newest (newest) VALUES ('delete-all')",
    """
    UPDATE search_newest SET first_doc = (SELECT coalesce(max(doc) + 1, 0) FROM messages),
        added = (SELECT iif(max(doc) IS NULL, 0, NULL) FROM messages)
    """,
)
"""Before, `search` held the newest too."""
UNINDEXED = (
    "CREATE TABLE unindexed (doc INTEGER PRIMARY KEY) STRICT",
    "INSERT INTO search (search, rank) VALUES ('automerge', 0)",
)
"""Before, a message was indexed with its own commit, and FTS5 merged as much as it saw fit behind one (`catch_up`)."""
_ROWS = "SELECT doc, owner_id, status, parts FROM messages"
# CROSS JOIN: left to choose, SQLite reads the whole of `messages` to find those that wait.
_WAITING_ROWS = "SELECT doc, owner_id, status, parts FROM unindexed CROSS JOIN messages USING (doc) ORDER BY doc"
_INSERT = {name: f"INSERT INTO {name} (rowid, terms) VALUES (?, ?)" for name in ("search", "newest")}  # noqa: S608 - ours
_DELETE = {name: f"INSERT INTO {name} ({name}, rowid, terms) VALUES ('delete', ?, ?)" for name in ("search", "newest")}  # noqa: S608 - likewise


def owner_term(owner_id: str) -> str:
    """No word has an underscore (engine.search), so it cannot be one."""
    return "_" + owner_id.encode().hex()


def add(connection: sqlite3.Connection, doc: int) -> None:
    """A settled message: from now on a search finds it, as its row says. One that waits already goes on waiting."""
    connection.execute("INSERT OR IGNORE INTO unindexed VALUES (?)", (doc,))


def catch_up(connection: sqlite3.Connection) -> None:
    """Indexes what waits, when it is enough."""
    (waiting,) = connection.execute("SELECT count(*) FROM unindexed").fetchone()
    if waiting < WAITING:
        return
    documents = _settled(connection.execute(_WAITING_ROWS))
    connection.execute("DELETE FROM unindexed")
    first, added = connection.execute("SELECT first_doc, added FROM search_newest WHERE id = 1").fetchone()
    newest = [row for row in documents if row[0] >= first]
    connection.executemany(_INSERT["search"], [row for row in documents if row[0] < first])
    if newest and (added is None or added + len(newest) > MOST):
        _move_on(connection, first)
    else:
        connection.executemany(_INSERT["newest"], newest)
        connection.execute("UPDATE search_newest SET added = added + ? WHERE id = 1", (len(newest),))
    # A little at each time: left alone, FTS5 now and then holds everybody up to merge much.
    connection.execute("INSERT INTO search (search, rank) VALUES ('merge', ?)", (2 * len(documents),))


def remove(connection: sqlite3.Connection, doc: int, owner_id: str, message: Message) -> None:
    """`message` must hold the text it was added with: the index keeps no copy."""
    remove_all(connection, owner_id, [(doc, message)])


def remove_all(connection: sqlite3.Connection, owner_id: str, messages: Iterable[tuple[int, Message]]) -> None:
    """Likewise; cheapest in the order of their `doc`: the index writes itself to disk whenever numbers go down."""
    waiting = "DELETE FROM unindexed WHERE doc = ?"
    indexed = [one for one in messages if not connection.execute(waiting, one[:1]).rowcount]
    gone = _documents((doc, owner_id, message.text) for doc, message in indexed)
    first = first_doc(connection)
    connection.executemany(_DELETE["search"], [row for row in gone if row[0] < first])
    connection.executemany(_DELETE["newest"], [row for row in gone if row[0] >= first])


def first_doc(connection: sqlite3.Connection) -> int:
    """From here on all messages are in `newest`; nothing is before 0."""
    (doc,) = connection.execute("SELECT first_doc FROM search_newest WHERE id = 1").fetchone()
    return int(doc)


def _document(owner_id: str, text: str) -> str | None:
    words = terms(text)
    return " ".join([owner_term(owner_id), *words]) if words else None


def _documents(messages: Iterable[tuple[int, str, str]]) -> list[tuple[int, str]]:
    """The index's rows of messages, given as `doc`, owner and text."""
    found = ((doc, _document(owner_id, text)) for doc, owner_id, text in messages)
    return [(doc, document) for doc, document in found if document]


def _settled(rows: Iterable[sqlite3.Row]) -> list[tuple[int, str]]:
    return _documents((row["doc"], row["owner_id"], text_of(row)) for row in rows if row["status"] != "streaming")


def _move_on(connection: sqlite3.Connection, first: int) -> None:
    """Leaves the newest messages alone in the small index, which began at `first`."""
    kept = connection.execute(f"{_ROWS} ORDER BY doc DESC LIMIT ?", (KEPT,)).fetchall()[::-1]
    begins = kept[0]["doc"]
    between = f"{_ROWS} WHERE doc >= ? AND doc < ? ORDER BY doc"
    connection.executemany(_INSERT["search"], _settled(connection.execute(between, (first, begins))))
    # Where many of the small index were deleted, it takes some back.
    connection.executemany(_DELETE["search"], _settled(connection.execute(between, (begins, first))))
    connection.execute("INSERT INTO newest (newest) VALUES ('delete-all')")
    connection.executemany(_INSERT["newest"], _settled(kept))
    connection.execute("UPDATE search_newest SET first_doc = ?, added = ? WHERE id = 1", (begins, len(kept)))
