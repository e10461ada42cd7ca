"""The full-text index: what `engine.search` calls the terms of a message, under its `doc`.

Every settled message is in the index, no running one. An owner's messages carry a term of their own, so that a word
that everybody uses is still found quickly by somebody with few messages.
"""

from __future__ import annotations

import sqlite3

from chatops.engine.messages import Message
from chatops.engine.search import query_terms, terms


def _owner_term(owner_id: str) -> str:
    """No word has an underscore (engine.search), so it cannot be one."""
    return "_" + owner_id.encode().hex()


def _document(owner_id: str, text: str) -> str | None:
    words = terms(text)
    return " ".join([_owner_term(owner_id), *words]) if words else None


def add(connection: sqlite3.Connection, doc: int, owner_id: str, message: Message) -> None:
    if document := _document(owner_id, message.text):
        connection.execute("INSERT INTO search (rowid, terms) VALUES (?, ?)", (doc, document))


def remove(connection: sqlite3.Connection, doc: int, owner_id: str, message: Message) -> None:
    """`message` must hold the text it was added with: the index keeps no copy."""
    if document := _document(owner_id, message.text):
        connection.execute("INSERT INTO search (search, rowid, terms) VALUES ('delete', ?, ?)", (doc, document))


def expression(owner_id: str, query: str) -> str | None:
    """The FTS5 query for all of a query's words; None when it has none. Quoted, a term is never an operator."""
    words = [f'"{term}"{"*" if prefix else ""}' for term, prefix in query_terms(query)]
    return " AND ".join([f'"{_owner_term(owner_id)}"', *words]) if words else None
