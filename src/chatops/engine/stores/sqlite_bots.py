"""The bots' records in SQLite: small JSON values under a kind and a key (`chatops.bots.ports.Records` says what each
method does). Shares the store's connection, so a record is as durable as a message.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from chatops.engine.ids import now_ms
from chatops.engine.ports import Clock
from chatops.engine.stores.sqlite import SqliteStore

_PUT = (
    "INSERT INTO bot_records (kind, key, value, expires_at, lease_until) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at,"
    " lease_until = excluded.lease_until"
)
_LIVES = "(expires_at IS NULL OR expires_at > ?)"


class SqliteBots:
    """`Records` over an open store."""

    def __init__(self, store: SqliteStore, clock: Clock = now_ms) -> None:
        self._store = store
        self._clock = clock

    async def add(
        self,
        kind: str,
        key: str,
        value: Mapping[str, Any],
        *,
        expires_at: int | None = None,
        lease_until: int | None = None,
    ) -> bool:
        row, now = (kind, key, _dump(value), expires_at, lease_until), self._clock()

        def job(db: sqlite3.Connection) -> bool:
            done = db.execute(f"{_PUT} WHERE expires_at <= ?", (*row, now))
            return done.rowcount > 0

        return await self._store.write(job)

    async def put(
        self,
        kind: str,
        key: str,
        value: Mapping[str, Any],
        *,
        expires_at: int | None = None,
        lease_until: int | None = None,
    ) -> None:
        row = (kind, key, _dump(value), expires_at, lease_until)
        await self._store.write(lambda db: db.execute(_PUT, row).rowcount)

    async def get(self, kind: str, key: str) -> dict[str, Any] | None:
        sql = f"SELECT value FROM bot_records WHERE kind = ? AND key = ? AND {_LIVES}"  # noqa: S608 - constants
        now = self._clock()
        return await self._store.read(lambda db: _value(db.execute(sql, (kind, key, now)).fetchone()))

    async def take(self, kind: str, key: str) -> dict[str, Any] | None:
        sql = f"DELETE FROM bot_records WHERE kind = ? AND key = ? AND {_LIVES} RETURNING value"  # noqa: S608 - constants
        return await self._change(sql, (kind, key, self._clock()))

    async def claim(self, kind: str, key: str, *, until: int) -> dict[str, Any] | None:
        sql = (
            "UPDATE bot_records SET lease_until = ? WHERE kind = ? AND key = ? AND lease_until <= ?"  # noqa: S608 - constants
            f" AND {_LIVES} RETURNING value"
        )
        now = self._clock()
        return await self._change(sql, (until, kind, key, now, now))

    async def renew(self, kind: str, key: str, *, until: int) -> None:
        sql = "UPDATE bot_records SET lease_until = ? WHERE kind = ? AND key = ? AND lease_until IS NOT NULL"
        await self._store.write(lambda db: db.execute(sql, (until, kind, key)).rowcount)

    async def due(self, kind: str, *, limit: int) -> list[str]:
        sql = "SELECT key FROM bot_records WHERE kind = ? AND lease_until <= ? ORDER BY lease_until, key LIMIT ?"
        now = self._clock()
        rows = await self._store.read(lambda db: db.execute(sql, (kind, now, limit)).fetchall())
        return [row["key"] for row in rows]

    async def find(self, kind: str, prefix: str = "", *, limit: int) -> list[tuple[str, dict[str, Any]]]:
        sql = (
            f"SELECT key, value FROM bot_records WHERE kind = ? AND key >= ? AND key < ? AND {_LIVES}"  # noqa: S608 - constants
            " ORDER BY key LIMIT ?"
        )
        asked = (kind, prefix, prefix + "\U0010ffff", self._clock(), limit)
        rows = await self._store.read(lambda db: db.execute(sql, asked).fetchall())
        return [(row["key"], json.loads(row["value"])) for row in rows]

    async def sweep(self) -> int:
        now = self._clock()
        sql = "DELETE FROM bot_records WHERE expires_at <= ?"
        return await self._store.write(lambda db: db.execute(sql, (now,)).rowcount)

    async def _change(self, sql: str, values: tuple[object, ...]) -> dict[str, Any] | None:
        # All rows are fetched: a statement that is left open would hold its transaction.
        rows = await self._store.write(lambda db: db.execute(sql, values).fetchall())
        return _value(rows[0] if rows else None)


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _value(row: sqlite3.Row | None) -> dict[str, Any] | None:
    if row is None:
        return None
    value: dict[str, Any] = json.loads(row["value"])
    return value
