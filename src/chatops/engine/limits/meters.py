"""How much of a meter a turn gets: said once, for every store."""

from __future__ import annotations

from chatops.engine.limits.ports import Hold, Meter


def grant(meter: Meter, hold: Hold) -> int | None:
    """What a meter has for a hold; None when not even the least of it is left."""
    left = hold.limit - meter.spent - meter.held
    return min(left, hold.most) if left >= hold.least else None
