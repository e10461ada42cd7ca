"""What a model costs. Whole nano-dollars, so that sums are exact. Loaded by every command: no `decimal` here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

NANO = 1_000_000_000
MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a model costs: nano-dollars for a million tokens.

    `input` holds for what is not read from the provider's cache, `cached` for what is. Some models cost more for a
    request whose input has more than `above` tokens, all of it: then `long` is the price.
    """

    input: int
    output: int
    cached: int
    above: int = 0
    long: Price | None = None

    @classmethod
    def of(cls, input_: Decimal, output: Decimal, cached: Decimal | None = None) -> Price:
        """From dollars for a million tokens; without a price for cached input it costs what any input does."""
        return cls(
            input=_up(input_),
            output=_up(output),
            cached=_up(input_ if cached is None else cached),
        )

    def cost(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> int:
        """Nano-dollars of a call, rounded up. `cached_tokens` are among the input."""
        rate = self.for_input(input_tokens)
        cached = min(cached_tokens, input_tokens)
        exact = (input_tokens - cached) * rate.input + cached * rate.cached + output_tokens * rate.output
        return -(-exact // MILLION)

    def answer(self, amount: int, input_tokens: int) -> int | None:
        """Answer tokens that `amount` pays for after the input; below 0 when it does not pay that, None: any number."""
        rate = self.for_input(input_tokens)
        left = amount * MILLION - input_tokens * rate.input
        if left < 0:
            return -1
        return left // rate.output if rate.output else None

    def for_input(self, input_tokens: int) -> Price:
        """The rates of a call with so much input."""
        return self.long if self.long is not None and input_tokens > self.above else self


FREE = Price(input=0, output=0, cached=0)


def _up(value: Decimal) -> int:
    return int((value * NANO).to_integral_value("ROUND_CEILING"))
