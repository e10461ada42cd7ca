"""What a call can cost at most, before it is made. Pure.

A token is never shorter than one byte, so a prompt has no more tokens than bytes, and what a chat format adds. A
model's answer has at most the tokens that it was allowed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from chatops.engine.errors import InvalidRequestError
from chatops.engine.limits.options import SAFE_OPTIONS
from chatops.engine.limits.policy import Unit
from chatops.engine.limits.price import Price
from chatops.engine.messages import FilePart, Message, TextPart
from chatops.engine.models import ModelSpec
from chatops.engine.ports import ChatRequest
from chatops.engine.window import DEFAULT_CONTEXT, OUTPUT_SHARE

_MESSAGE = 16
"""Tokens around a message; `window.MESSAGE_OVERHEAD` is what they come to, this what they may."""
_FILE = 50_000
"""Most tokens of an image, whatever its bytes: gpt-4o-mini counts 2,833 and eight tiles of 5,667 (OpenAI's guide to
images, "Calculating costs"). A document may have as many as bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What one model of a route can use: tokens of input, and of its longest answer. `price` is None when unknown."""

    spec: ModelSpec
    price: Price | None
    input_tokens: int
    longest: int

    def amount(self, unit: Unit, answer: int) -> int:
        """What the input and an answer of so many tokens take of a meter."""
        if unit == "tokens":
            return self.input_tokens + answer
        assert self.price is not None  # noqa: S101 - without one no meter of money is asked
        return self.price.cost(self.input_tokens, answer)

    @property
    def most(self) -> int:
        """Nano-dollars of the longest answer, 0 without a price."""
        return 0 if self.price is None else self.price.cost(self.input_tokens, self.longest)

    def within(self, unit: Unit, amount: int) -> Bound:
        """The same with no longer an answer than an amount allows: below 0 when it does not even pay the input."""
        if unit == "tokens":
            return replace(self, longest=min(self.longest, amount - self.input_tokens))
        assert self.price is not None  # noqa: S101 - likewise
        paid = self.price.answer(amount, self.input_tokens)
        return self if paid is None else replace(self, longest=min(self.longest, paid))


def bound(request: ChatRequest, spec: ModelSpec, price: Price | None) -> Bound:
    """The bound of a request as it would be sent.

    An answer without a stated maximum may take what the model can, or of a model that no table knows a quarter of its
    window: the window leaves it so much.
    """
    extra = json.dumps(request.sampling.extra) if request.sampling.extra else ""
    most = sum(map(_most, request.messages)) + len((request.system or "").encode()) + len(extra) + 4 * _MESSAGE
    longest = request.sampling.max_tokens or spec.max_output or (spec.context or DEFAULT_CONTEXT) // OUTPUT_SHARE
    return Bound(spec=spec, price=price, input_tokens=min(most, spec.context or most), longest=longest)


def check_options(request: ChatRequest) -> None:
    """Raises `InvalidRequestError` for an option of the body that could cost what no bound knows of."""
    for name in request.sampling.extra:
        if name not in SAFE_OPTIONS:
            raise InvalidRequestError(
                f"the option {name} cannot be used under a budget: what it costs is not known beforehand"
            )


def _most(message: Message) -> int:
    total = _MESSAGE
    for part in message.parts:
        if isinstance(part, TextPart):
            total += len(part.text.encode("utf-8", "replace"))
        elif isinstance(part, FilePart):
            total += max(part.size, _FILE) if part.media_type == "application/pdf" else _FILE
    return total
