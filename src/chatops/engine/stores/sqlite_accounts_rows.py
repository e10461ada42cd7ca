"""Jobs on accounts, and on what leads to them: e-mail addresses, platform users, one-time codes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from chatops.engine.auth.nouns import Account, Grant, Identity
from chatops.engine.errors import ConflictError

_ACCOUNT = "SELECT id, email, name, role, created_at, disabled, merged_into FROM accounts"
_GRANT = "SELECT id, kind, user_id, created_at, expires_at, role, email FROM grants"
_AFTER_EVERY_ID = "\U0010ffff"
_PURGED = 100
"""Expired rows that a new one clears away: bounded, so that no sign-in pays for a year."""


def _account(row: sqlite3.Row | None) -> Account | None:
    return None if row is None else Account(**{**dict(row), "disabled": bool(row["disabled"])})


def _accounts(rows: sqlite3.Cursor) -> list[Account]:
    return [account for row in rows if (account := _account(row))]


def add_account(connection: sqlite3.Connection, account: Account, password_hash: str | None) -> None:
    try:
        connection.execute(
            "INSERT INTO accounts (id, email, name, role, password_hash, created_at, disabled, merged_into)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                account.id,
                account.email,
                account.name,
                account.role,
                password_hash,
                account.created_at,
                account.disabled,
                account.merged_into,
            ),
        )
    except sqlite3.IntegrityError:
        raise ConflictError("there is an account with this e-mail address already") from None


def account(connection: sqlite3.Connection, user_id: str) -> Account | None:
    return _account(connection.execute(f"{_ACCOUNT} WHERE id = ?", (user_id,)).fetchone())


def account_by_email(connection: sqlite3.Connection, email: str) -> Account | None:
    return _account(connection.execute(f"{_ACCOUNT} WHERE email = ?", (email,)).fetchone())


def accounts(connection: sqlite3.Connection, after: str | None, limit: int) -> list[Account]:
    rows = connection.execute(
        f"{_ACCOUNT} WHERE id > ? AND merged_into IS NULL ORDER BY id LIMIT ?", (after or "", limit)
    )
    return _accounts(rows)


def accounts_like(connection: sqlite3.Connection, prefix: str, limit: int) -> list[Account]:
    rows = connection.execute(
        f"{_ACCOUNT} WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", (prefix, prefix + _AFTER_EVERY_ID, limit)
    )
    return _accounts(rows)


def merged_into(connection: sqlite3.Connection, user_id: str) -> list[str]:
    rows = connection.execute("SELECT id FROM accounts WHERE merged_into = ? ORDER BY id", (user_id,))
    return [row["id"] for row in rows]


def names(connection: sqlite3.Connection, user_ids: Sequence[str]) -> dict[str, str]:
    chosen = "SELECT value FROM json_each(?)"
    rows = connection.execute(f"SELECT id, name FROM accounts WHERE id IN ({chosen})", (json.dumps(list(user_ids)),))  # noqa: S608 - the text above
    return {row["id"]: row["name"] for row in rows}


def password_hash(connection: sqlite3.Connection, user_id: str) -> str | None:
    row = connection.execute("SELECT password_hash FROM accounts WHERE id = ?", (user_id,)).fetchone()
    return None if row is None else row["password_hash"]


def update_account(
    connection: sqlite3.Connection, user_id: str, changes: Mapping[str, str | bool | None]
) -> Account | None:
    connection.execute(
        "UPDATE accounts SET role = coalesce(:role, role), disabled = coalesce(:disabled, disabled),"
        " password_hash = coalesce(:password_hash, password_hash) WHERE id = :id",
        {**changes, "id": user_id},
    )
    return account(connection, user_id)


def merge(connection: sqlite3.Connection, shadow_id: str, user_id: str) -> bool:
    done = connection.execute(
        "UPDATE accounts SET merged_into = ? WHERE id = ? AND merged_into IS NULL AND email IS NULL",
        (user_id, shadow_id),
    )
    return done.rowcount == 1


def delete_account(connection: sqlite3.Connection, user_id: str) -> None:
    for gone in (*merged_into(connection, user_id), user_id):
        for table in ("sessions", "api_tokens", "identities", "grants"):
            connection.execute(f"DELETE FROM {table} WHERE user_id = ?", (gone,))  # noqa: S608 - named above
        connection.execute("DELETE FROM accounts WHERE id = ?", (gone,))


def account_of(connection: sqlite3.Connection, identity: Identity) -> Account | None:
    row = connection.execute(
        f"{_ACCOUNT} JOIN identities ON accounts.id = identities.user_id"
        " WHERE identities.platform = ? AND identities.platform_user_id = ?",
        (identity.platform, identity.user_id),
    )
    return _account(row.fetchone())


def add_shadow(connection: sqlite3.Connection, identity: Identity, shadow: Account) -> Account:
    found = account_of(connection, identity)
    if found is None:
        add_account(connection, shadow, None)
        connection.execute(
            "INSERT INTO identities (platform, platform_user_id, user_id) VALUES (?, ?, ?)",
            (identity.platform, identity.user_id, shadow.id),
        )
    return found or shadow


def forget_identity(connection: sqlite3.Connection, identity: Identity) -> None:
    connection.execute(
        "DELETE FROM identities WHERE platform = ? AND platform_user_id = ?", (identity.platform, identity.user_id)
    )


def identities(connection: sqlite3.Connection, user_id: str) -> list[Identity]:
    rows = connection.execute(
        "SELECT platform, platform_user_id AS user_id FROM identities WHERE user_id = ? ORDER BY 1, 2", (user_id,)
    )
    return [Identity(**dict(row)) for row in rows]


def put_grant(connection: sqlite3.Connection, grant: Grant, digest: str) -> None:
    purge(connection, "grants", grant.created_at)
    if grant.kind == "link":
        connection.execute("DELETE FROM grants WHERE kind = 'link' AND user_id = ?", (grant.user_id,))
    connection.execute(
        "INSERT INTO grants (id, kind, digest, user_id, created_at, expires_at, role, email)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            grant.id,
            grant.kind,
            digest,
            grant.user_id,
            grant.created_at,
            grant.expires_at,
            grant.role,
            grant.email,
        ),
    )


def purge(connection: sqlite3.Connection, table: str, now: int) -> None:
    """Clears away some rows that have expired."""
    connection.execute(
        f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expires_at <= ? LIMIT ?)",  # noqa: S608 - ours
        (now, _PURGED),
    )


def grant(connection: sqlite3.Connection, kind: str, digest: str, now: int) -> Grant | None:
    row = connection.execute(
        f"{_GRANT} WHERE kind = ? AND digest = ? AND expires_at > ?", (kind, digest, now)
    ).fetchone()
    return None if row is None else Grant(**dict(row))


def take_grant(connection: sqlite3.Connection, kind: str, digest: str, now: int) -> Grant | None:
    found = grant(connection, kind, digest, now)
    if found is not None:
        connection.execute("DELETE FROM grants WHERE id = ?", (found.id,))
    return found


def invitations(connection: sqlite3.Connection, now: int) -> list[Grant]:
    rows = connection.execute(f"{_GRANT} WHERE kind = 'invitation' AND expires_at > ? ORDER BY id DESC", (now,))
    return [Grant(**dict(row)) for row in rows]


def delete_invitation(connection: sqlite3.Connection, grant_id: str) -> bool:
    done = connection.execute("DELETE FROM grants WHERE kind = 'invitation' AND id = ?", (grant_id,))
    return done.rowcount == 1
