"""A file, a connection and a transaction, as this store wants them."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager

MEMORY = ":memory:"
_STATEMENTS = 128


def create_file(path: str) -> None:
    """Makes an empty file that only its owner may read; SQLite gives its -wal and -shm files the same mode.

    An existing file is not even opened: closing it would drop the locks that this process holds on it
    (sqlite.org/howtocorrupt.html, section 2.2).
    """
    folder = os.path.dirname(path) or "."  # noqa: PTH120 - pathlib costs 4 ms of a command's start
    os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - likewise
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return


def connect(path: str, *, busy_timeout_ms: int) -> sqlite3.Connection:
    """A connection whose commits are on disk when they return, also when the power fails (synchronous=FULL)."""
    connection = sqlite3.connect(
        path, timeout=busy_timeout_ms / 1000, isolation_level=None, cached_statements=_STATEMENTS
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def log_ahead(connection: sqlite3.Connection) -> None:
    """Switches the file to a write-ahead log, for good: readers and the writer do not wait for each other.

    SQLite does not wait for others who open the file in the same moment, so it is tried again until the time is up.
    """
    (busy_timeout_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    deadline = time.monotonic() + busy_timeout_ms / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.002)
        else:
            return


@contextmanager
def transaction(connection: sqlite3.Connection, *, writes: bool) -> Generator[None, None, None]:
    """All or nothing. One that writes takes the lock at once: a reader that turns writer cannot wait for it."""
    connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk ends it by itself
            connection.execute("ROLLBACK")
        raise
