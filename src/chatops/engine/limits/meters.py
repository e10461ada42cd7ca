"""How much of a meter a turn gets: said once, for every store."""

from __future__ import annotations

from chatops.engine.limits.ports import Hold, Meter

BEING_STARTED = "this turn is being started by another process, or was when that died: ask again in a moment"


def grant(meter: Meter, hold: Hold) -> int | None:
    """What a meter has for a hold; None when not even the least of it is left."""
    left = hold.limit - meter.spent - meter.held
    return min(left, hold.most) if left >= hold.least else None
