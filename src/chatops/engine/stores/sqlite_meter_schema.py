"""The tables of limits, budgets and the usage ledger: one migration. Amounts are nano-dollars or tokens."""

from __future__ import annotations

METER = (
    # tat: microseconds (engine.limits.rates).
    "CREATE TABLE rates (key TEXT PRIMARY KEY, tat INTEGER NOT NULL) STRICT",
    "CREATE INDEX rates_by_tat ON rates (tat)",
    "CREATE TABLE meters (key TEXT PRIMARY KEY, spent INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT",
    "CREATE INDEX meters_by_end ON meters (expires_at)",
    """
    CREATE TABLE holds (
        key TEXT NOT NULL,
        turn_id TEXT NOT NULL,
        amount INTEGER NOT NULL,
        PRIMARY KEY (key, turn_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX holds_by_turn ON holds (turn_id)",
    "CREATE TABLE open_turns (turn_id TEXT PRIMARY KEY, until INTEGER NOT NULL, record TEXT NOT NULL) STRICT",
    "CREATE INDEX open_turns_by_lease ON open_turns (until)",
    "CREATE TABLE allowances (user_id TEXT PRIMARY KEY, terms TEXT NOT NULL) STRICT",
    """
    CREATE TABLE ledger (
        n INTEGER PRIMARY KEY,
        turn_id TEXT NOT NULL UNIQUE,
        at INTEGER NOT NULL,
        user_id TEXT NOT NULL,
        surface TEXT NOT NULL,
        token_id TEXT,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cached_tokens INTEGER NOT NULL,
        cost INTEGER,
        status TEXT NOT NULL,
        estimated INTEGER NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX ledger_by_time ON ledger (at)",
    "CREATE INDEX ledger_by_user ON ledger (user_id, at)",
    # The last row once more, so that cutting rows off the end shows.
    "CREATE TABLE ledger_head (id INTEGER PRIMARY KEY CHECK (id = 1), n INTEGER NOT NULL, hash TEXT NOT NULL) STRICT",
)
