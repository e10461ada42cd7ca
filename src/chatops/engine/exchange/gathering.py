"""Puts the documents of LibreChat's collections `conversations` and `messages` together, a conversation each.

They come in any order, from several files, and may be more than memory holds, so they lie in a temporary database in
between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from json import dumps, loads

from chatops.engine.exchange.fields import Json


class Gathered:
    """Documents until all have been read. Close it after use."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", check_same_thread=False)  # "": a file that SQLite removes by itself
        self._connection.execute("CREATE TABLE documents (conversation TEXT, is_message INT, body TEXT)")

    def take(self, record: object) -> bool:
        """Keeps a document of one of the two collections; False when it is anything else."""
        if not isinstance(record, dict) or not isinstance(record.get("conversationId"), str):
            return False
        is_message = isinstance(record.get("messageId"), str)
        if not is_message and not ("endpoint" in record and "user" in record):
            return False
        row = (record["conversationId"], is_message, dumps(record, default=str))
        self._connection.execute("INSERT INTO documents VALUES (?, ?, ?)", row)
        return True

    def conversations(self) -> Iterator[tuple[str, Json]]:
        """Each conversation's id with its record as LibreChat's own export has it."""
        self._connection.execute("CREATE INDEX by_conversation ON documents (conversation, is_message)")
        for (id_,) in self._connection.execute("SELECT DISTINCT conversation FROM documents ORDER BY conversation"):
            record: Json = {"conversationId": id_}
            messages: list[Json] = []
            found = self._connection.execute(
                "SELECT is_message, body FROM documents WHERE conversation = ? ORDER BY is_message, rowid", (id_,)
            )
            for is_message, body in found:
                if is_message:
                    messages.append(loads(body))
                else:  # its `messages` are mere ids
                    record = loads(body)
            yield id_, {**record, "messages": messages}

    def close(self) -> None:
        self._connection.close()
