"""Reads the fields of records that other programs wrote. A field of the wrong kind is an absent one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chatops.engine.codec import storable

Json = dict[str, Any]

_LAST = 253_402_300_799_999
"""The end of the year 9999, in Unix milliseconds: what can be shown as ISO 8601."""
_SECONDS_END = 100_000_000_000
"""A number below this is seconds (up to the year 5138), above it milliseconds (from 1973 on)."""


def clean(text: str) -> str:
    """A text that every store takes: no NUL, no lone surrogates."""
    return storable(text).replace("\0", "\ufffd")


def text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def table(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def tables(value: object) -> list[Json]:
    """The tables in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def instant(value: object) -> int | None:
    """A time in Unix milliseconds, None when there is none or it makes no sense.

    Args:
        value: ISO 8601 (without a zone it is UTC), seconds or milliseconds since 1970, or one of these as MongoDB's
            extended JSON wraps it: {"$date": ...}, {"$numberLong": "..."}.
    """
    match value:
        case {"$date": inner} | {"$numberLong": inner}:
            return instant(inner)
        case bool():
            return None
        case int() | float():
            return _in_range(value if value >= _SECONDS_END else value * 1000)
        case str() if value.isascii() and value.isdigit():
            return instant(int(value[:18]))
        case str():
            return _parsed(value)
    return None


def _parsed(value: str) -> int | None:
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return _in_range(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _in_range(ms: float) -> int | None:
    return round(ms) if 0 <= ms <= _LAST else None
