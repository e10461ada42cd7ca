"""Spans of time as people write them: `90d`, `12h`, `30m`, `45s`, `2w`."""

from __future__ import annotations

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds(text: str) -> int:
    """Raises `InvalidRequestError` when it is no span of time."""
    from chatops.engine.errors import InvalidRequestError

    number, unit = text.strip()[:-1], text.strip()[-1:].lower()
    if not (number.isascii() and number.isdigit() and unit in _SECONDS and int(number[:9]) > 0):
        raise InvalidRequestError(f"{text!r} is no span of time: write 30m, 12h, 7d or 2w")
    return int(number[:9]) * _SECONDS[unit]
