"""The tables of accounts: a migration of `sqlite_schema`."""

from __future__ import annotations

ACCOUNTS = (
    """
    CREATE TABLE accounts (
        id TEXT PRIMARY KEY,
        email TEXT UNIQUE,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        password_hash TEXT,
        created_at INTEGER NOT NULL,
        disabled INTEGER NOT NULL DEFAULT 0,
        merged_into TEXT
    ) STRICT
    """,
    "CREATE INDEX accounts_by_merger ON accounts (merged_into) WHERE merged_into IS NOT NULL",
    """
    CREATE TABLE identities (
        platform TEXT NOT NULL,
        platform_user_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        PRIMARY KEY (platform, platform_user_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX identities_by_user ON identities (user_id)",
    """
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        source TEXT NOT NULL,
        family TEXT NOT NULL UNIQUE,
        current TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX sessions_by_user ON sessions (user_id)",
    "CREATE INDEX sessions_by_expiry ON sessions (expires_at)",
    """
    CREATE TABLE api_tokens (
        id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL,
        digest TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        scopes TEXT NOT NULL,
        start TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        last_used_at INTEGER
    ) STRICT
    """,
    "CREATE INDEX api_tokens_by_user ON api_tokens (user_id, id)",
    """
    CREATE TABLE grants (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        digest TEXT NOT NULL,
        user_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        role TEXT NOT NULL,
        email TEXT,
        UNIQUE (kind, digest)
    ) STRICT
    """,
    "CREATE INDEX grants_by_user ON grants (kind, user_id)",
    "CREATE INDEX grants_by_expiry ON grants (expires_at)",
)

RENEWALS = ("ALTER TABLE sessions ADD COLUMN renewed_at INTEGER NOT NULL DEFAULT 0",)
