"""The table of the bots' records (`sqlite_bots`): a migration of `sqlite_schema`."""

from __future__ import annotations

STATEMENTS = (
    """
    CREATE TABLE bot_records (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        expires_at INTEGER,
        lease_until INTEGER,
        PRIMARY KEY (kind, key)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX bot_records_by_lease ON bot_records (kind, lease_until) WHERE lease_until IS NOT NULL",
    "CREATE INDEX bot_records_by_expiry ON bot_records (expires_at) WHERE expires_at IS NOT NULL",
)
