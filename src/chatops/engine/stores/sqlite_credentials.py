"""Jobs on what an account is proved by: sign-ins and API tokens."""

from __future__ import annotations

import json
import sqlite3

from chatops.engine.auth.nouns import ApiToken, Session
from chatops.engine.stores.sqlite_accounts_rows import purge

_TOKEN = "SELECT id, user_id, name, scopes, start, created_at, expires_at, last_used_at FROM api_tokens"  # noqa: S105


def add_session(connection: sqlite3.Connection, session: Session) -> None:
    purge(connection, "sessions", session.created_at)
    connection.execute(
        "INSERT INTO sessions (id, user_id, source, family, current, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            session.id,
            session.user_id,
            session.source,
            session.family,
            session.current,
            session.created_at,
            session.expires_at,
        ),
    )


def _session(row: sqlite3.Row | None) -> Session | None:
    return None if row is None else Session(**dict(row))


def session(connection: sqlite3.Connection, session_id: str, now: int) -> Session | None:
    found = connection.execute("SELECT * FROM sessions WHERE id = ? AND expires_at > ?", (session_id, now))
    return _session(found.fetchone())


def session_of(connection: sqlite3.Connection, family: str, now: int) -> Session | None:
    found = connection.execute("SELECT * FROM sessions WHERE family = ? AND expires_at > ?", (family, now))
    return _session(found.fetchone())


def rotate_session(
    connection: sqlite3.Connection, session_id: str, *, current: str, new: str, now: int, expires_at: int
) -> bool:
    done = connection.execute(
        "UPDATE sessions SET current = ?, renewed_at = ?, expires_at = ? WHERE id = ? AND current = ?",
        (new, now, expires_at, session_id, current),
    )
    return done.rowcount == 1


def end_session(connection: sqlite3.Connection, session_id: str) -> None:
    connection.execute("DELETE FROM sessions WHERE id = ?", (session_id,))


def end_sessions(connection: sqlite3.Connection, user_id: str) -> None:
    connection.execute("DELETE FROM sessions WHERE user_id = ?", (user_id,))


def add_token(connection: sqlite3.Connection, token: ApiToken, digest: str) -> None:
    connection.execute(
        "INSERT INTO api_tokens (id, user_id, digest, name, scopes, start, created_at, expires_at, last_used_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            token.id,
            token.user_id,
            digest,
            token.name,
            json.dumps(sorted(token.scopes)),
            token.start,
            token.created_at,
            token.expires_at,
            token.last_used_at,
        ),
    )


def _token(row: sqlite3.Row) -> ApiToken:
    return ApiToken(**{**dict(row), "scopes": frozenset(json.loads(row["scopes"]))})


def token_of(connection: sqlite3.Connection, digest: str, now: int) -> ApiToken | None:
    row = connection.execute(
        f"{_TOKEN} WHERE digest = ? AND (expires_at IS NULL OR expires_at > ?)", (digest, now)
    ).fetchone()
    return None if row is None else _token(row)


def tokens(connection: sqlite3.Connection, user_id: str) -> list[ApiToken]:
    rows = connection.execute(f"{_TOKEN} WHERE user_id = ? ORDER BY id DESC", (user_id,))
    return [_token(row) for row in rows]


def touch_token(connection: sqlite3.Connection, token_id: str, now: int) -> None:
    connection.execute("UPDATE api_tokens SET last_used_at = ? WHERE id = ?", (now, token_id))


def delete_token(connection: sqlite3.Connection, user_id: str, token_id: str) -> bool:
    done = connection.execute("DELETE FROM api_tokens WHERE user_id = ? AND id = ?", (user_id, token_id))
    return done.rowcount == 1
