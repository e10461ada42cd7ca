"""The tables, and how a database file comes to hold them: made or migrated when it is opened, only ever forward.

`PRAGMA user_version` counts the migrations that a file has had. A change of `engine.search.terms` needs a migration
too: what the search index holds of a message is found again by its terms.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from chatops.engine.errors import StoreError
from chatops.engine.stores import sqlite_bots_schema as bot_tables
from chatops.engine.stores.sqlite_accounts_schema import ACCOUNTS, RENEWALS
from chatops.engine.stores.sqlite_connection import log_ahead, transaction
from chatops.engine.stores.sqlite_index import APART, NEWEST, SEARCH, UNINDEXED
from chatops.engine.stores.sqlite_listing import LISTING
from chatops.engine.stores.sqlite_meter_schema import METER

APPLICATION_ID = 0x63686F70
"""`chop`: tells our files from other programs' (sqlite.org/fileformat.html, offset 68)."""

_FIRST = (
    """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY,
        owner_id TEXT NOT NULL,
        title TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        model TEXT,
        system TEXT,
        leaf_id TEXT
    ) STRICT
    """,
    "CREATE INDEX conversations_by_update ON conversations (owner_id, updated_at, id)",
    "CREATE INDEX conversations_by_id ON conversations (owner_id, id)",
    # `doc` grows with created_at, so that the search index yields the newest first (sqlite_rows.new_doc).
    """
    CREATE TABLE messages (
        doc INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        owner_id TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        parent_id TEXT,
        role TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        status TEXT NOT NULL,
        parts TEXT NOT NULL,
        tokens INTEGER NOT NULL,
        provider TEXT,
        model TEXT,
        usage TEXT,
        finish_reason TEXT,
        error TEXT,
        attempts TEXT,
        UNIQUE (conversation_id, seq)
    ) STRICT
    """,
    # Apart from the message, so that renewing a lease does not rewrite a long text.
    # lease_expires_at: NULL once the run was given up; `folded`: the last batch that went into the message then.
    """
    CREATE TABLE runs (
        doc INTEGER PRIMARY KEY,
        conversation_id TEXT NOT NULL,
        lease_expires_at INTEGER,
        folded INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "CREATE INDEX runs_by_conversation ON runs (conversation_id)",
    "CREATE INDEX runs_by_lease ON runs (lease_expires_at)",
    """
    CREATE TABLE deltas (
        doc INTEGER NOT NULL,
        n INTEGER NOT NULL,
        reasoning TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (doc, n)
    ) STRICT, WITHOUT ROWID
    """,
    SEARCH,
    """
    CREATE TABLE blobs (
        owner_id TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (owner_id, sha256)
    ) STRICT
    """,
    # Which messages refer to a blob: it goes with the last of them.
    """
    CREATE TABLE attachments (
        owner_id TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        doc INTEGER NOT NULL,
        PRIMARY KEY (owner_id, sha256, doc)
    ) STRICT, WITHOUT ROWID
    """,
)
MIGRATIONS: Sequence[Sequence[str]] = (
    _FIRST,
    LISTING,
    NEWEST,
    METER,
    ACCOUNTS,
    bot_tables.STATEMENTS,
    RENEWALS,
    APART,
    UNINDEXED,
)


def migrate(connection: sqlite3.Connection, path: str, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Brings the file up to this version; does nothing to a file that is not ours to change.

    Raises:
        StoreError: The file is a newer chatops', or another program's.
    """
    with transaction(connection, writes=False):  # one snapshot: another process may be making the file just now
        missing = _missing(connection, path, migrations)
    if missing:
        log_ahead(connection)
        with transaction(connection, writes=True):
            # Asked again under the lock: another process may have been quicker.
            for statements in _missing(connection, path, migrations):
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _missing(connection: sqlite3.Connection, path: str, migrations: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (application or version or objects):
        raise StoreError(
            f"{path} is another program's database; nothing was changed. Name another file with the setting `database`"
        )
    if version > len(migrations):
        raise StoreError(
            f"the database {path} was made by a newer chatops (schema {version}, this one knows {len(migrations)});"
            " nothing was changed. Upgrade chatops"
        )
    return migrations[version:]
