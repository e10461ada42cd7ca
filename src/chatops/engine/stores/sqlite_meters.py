"""Jobs of meters: letting a turn in, its lease, and what is left of those that died."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from chatops.engine.errors import ConflictError
from chatops.engine.limits.ledger import Entry
from chatops.engine.limits.meters import BEING_STARTED, grant
from chatops.engine.limits.ports import Hold, Meter, OpenTurn, Rate, Refusal
from chatops.engine.limits.rates import Pace
from chatops.engine.stores import sqlite_rates as rates

_PURGE = 2
"""Meters past their end that go for each new one."""


def admit(
    connection: sqlite3.Connection,
    turn: OpenTurn,
    holds: Sequence[Hold],
    *,
    rate: tuple[str, Rate] | None,
    now: int,
) -> dict[str, int] | Refusal:
    if rate is not None:
        key, said = rate
        wait = rates.hit(connection, key, Pace.of(said), now * 1000)
        if wait:
            return Refusal(key=key, wait=wait / 1_000_000)
    if not holds:
        return {}
    _make_room(connection, turn, now)
    granted: dict[str, int] = {}
    for hold in holds:
        meter = _turns(connection, hold.key, now) if hold.unit == "turns" else _meter(connection, hold.key)
        amount = grant(meter, hold)
        if amount is None:
            return Refusal(key=hold.key, meter=meter)
        granted[hold.key] = amount
    # Nothing is written before all fit: the rate alone must stay counted when one does not.
    for hold in holds:
        _take(connection, hold, turn.id, granted[hold.key], now)
    record = json.dumps({"holds": turn.holds, **turn.record})
    connection.execute("INSERT INTO open_turns VALUES (?, ?, ?)", (turn.id, turn.until, record))
    return granted


def _make_room(connection: sqlite3.Connection, turn: OpenTurn, now: int) -> None:
    """Takes away what a process left which died before the turn began."""
    left = connection.execute("SELECT until FROM open_turns WHERE turn_id = ?", (turn.id,)).fetchone()
    if left is None:
        return
    if left[0] > now:
        raise ConflictError(BEING_STARTED)
    release(connection, turn)


def _turns(connection: sqlite3.Connection, key: str, now: int) -> Meter:
    (running,) = connection.execute(
        "SELECT count(*) FROM holds JOIN open_turns USING (turn_id) WHERE key = ? AND until > ?", (key, now)
    ).fetchone()
    return Meter(held=running)


def _meter(connection: sqlite3.Connection, key: str) -> Meter:
    spent = connection.execute("SELECT spent FROM meters WHERE key = ?", (key,)).fetchone()
    (held,) = connection.execute("SELECT coalesce(sum(amount), 0) FROM holds WHERE key = ?", (key,)).fetchone()
    return Meter(spent[0] if spent else 0, held)


def _take(connection: sqlite3.Connection, hold: Hold, turn_id: str, amount: int, now: int) -> None:
    connection.execute("INSERT INTO holds VALUES (?, ?, ?)", (hold.key, turn_id, amount))
    if hold.unit != "turns":
        made = connection.execute("INSERT OR IGNORE INTO meters VALUES (?, 0, ?)", (hold.key, hold.expires_at))
        if made.rowcount:
            past = "SELECT key FROM meters WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"
            connection.execute(f"DELETE FROM meters WHERE key IN ({past})", (now, _PURGE))  # noqa: S608 - the text above


def renew(connection: sqlite3.Connection, turns: Sequence[OpenTurn]) -> set[str]:
    renewal = "UPDATE open_turns SET until = ? WHERE turn_id = ?"
    return {turn.id for turn in turns if not connection.execute(renewal, (turn.until, turn.id)).rowcount}


def charge(connection: sqlite3.Connection, turn: OpenTurn, entry: Entry) -> None:
    """Moves the turn's holds to spent, as its row in the ledger says."""
    for key, unit in turn.holds:
        held = connection.execute("DELETE FROM holds WHERE key = ? AND turn_id = ?", (key, turn.id))
        if held.rowcount and unit != "turns":
            connection.execute("UPDATE meters SET spent = spent + ? WHERE key = ?", (entry.charge(unit), key))
    connection.execute("DELETE FROM open_turns WHERE turn_id = ?", (turn.id,))


def release(connection: sqlite3.Connection, turn: OpenTurn) -> None:
    connection.execute("DELETE FROM holds WHERE turn_id = ?", (turn.id,))
    connection.execute("DELETE FROM open_turns WHERE turn_id = ?", (turn.id,))


def dead(connection: sqlite3.Connection, before: int, *, limit: int) -> list[OpenTurn]:
    found = connection.execute("SELECT * FROM open_turns WHERE until < ? ORDER BY until LIMIT ?", (before, limit))
    return [_open_turn(row) for row in found]


def held(connection: sqlite3.Connection, turn: OpenTurn) -> dict[str, int]:
    return dict(connection.execute("SELECT key, amount FROM holds WHERE turn_id = ?", (turn.id,)).fetchall())


def _open_turn(row: sqlite3.Row) -> OpenTurn:
    record = json.loads(row["record"])
    holds = [(key, unit) for key, unit in record.pop("holds")]
    return OpenTurn(id=row["turn_id"], until=row["until"], holds=holds, record=record)


def meters(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Meter]:
    found = {key: _meter(connection, key) for key in keys}
    return {key: meter for key, meter in found.items() if meter != Meter()}
