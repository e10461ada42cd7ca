"""Turns, holds and rows for tests of a `MeterStore`."""

from typing import Any

from builders import LEASE, T0
from chatops.engine.limits.ledger import Entry
from chatops.engine.limits.ports import Hold, MeterStore, OpenTurn, Rate, Refusal

LATER = 30 * 86_400_000


def entry(turn_id: str = "t", **fields: Any) -> Entry:
    values: dict[str, Any] = {
        "turn_id": turn_id,
        "at": T0,
        "user_id": "ann",
        "surface": "cli",
        "token_id": None,
        "provider": "fake",
        "model": "m",
        "input_tokens": 10,
        "output_tokens": 5,
        "cached_tokens": 0,
        "cost": 70,
        "status": "complete",
        "estimated": False,
    }
    return Entry(**{**values, **fields})


def hold(key: str = "money/x", *, least: int = 10, most: int = 100, limit: int = 250, **fields: Any) -> Hold:
    values = {"unit": "turns" if key.startswith("turns") else key.partition("/")[0], "expires_at": T0 + LATER}
    return Hold(key=key, least=least, most=most, limit=limit, **{**values, **fields})


def slot(limit: int = 2) -> Hold:
    return hold("turns/ann", least=1, most=1, limit=limit)


def opened(turn_id: str, *holds: Hold, until: int = T0 + LEASE) -> OpenTurn:
    return OpenTurn(id=turn_id, until=until, holds=[(one.key, one.unit) for one in holds], record={"user_id": "ann"})


async def admit(
    meter: MeterStore, turn_id: str, *holds: Hold, now: int = T0, rate: tuple[str, Rate] | None = None
) -> dict[str, int] | Refusal:
    return await meter.admit(opened(turn_id, *holds, until=now + LEASE), holds, rate=rate, now=now)
