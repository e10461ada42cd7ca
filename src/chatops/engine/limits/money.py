"""Money in whole nano-dollars, so that sums are exact; `Decimal` dollars where people read and write it."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from chatops.engine.limits.price import NANO

MAX_DOLLARS = Decimal(1_000_000_000)
"""A billion: a tenth of what 64 bits hold, so that sums fit too."""


def nano(dollars: Decimal) -> int:
    """Dollars as nano-dollars, rounded down: a limit is never more than was said."""
    return int((dollars * NANO).to_integral_value(ROUND_FLOOR))


def shown(amount: int, *, down: bool = False) -> str:
    """Nano-dollars for a person: `$1.25`, with as many digits as small amounts need. Rounded up, what is left down."""
    exact = Decimal(amount).scaleb(-9)
    digits = 2 if exact >= 1 or exact * 100 % 1 == 0 else 4 if exact >= Decimal("0.001") else 6
    return f"${exact.quantize(Decimal(1).scaleb(-digits), ROUND_FLOOR if down else ROUND_CEILING)}"
