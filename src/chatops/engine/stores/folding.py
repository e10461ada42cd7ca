"""A running answer as readers see it: its row and the batches journalled since, put together. Pure; for every store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from chatops.engine.messages import ErrorInfo, FilePart, Message, Part, ReasoningPart, TextPart
from chatops.engine.ports import Delta
from chatops.engine.window import count_tokens

ABANDONED = ErrorInfo(
    code="abandoned",
    message="This answer was cut off: the program that was receiving it stopped without finishing it.",
)


def _pieces(delta: Delta) -> list[Part]:
    pieces: list[Part] = []
    if delta.reasoning:
        pieces.append(ReasoningPart(text=delta.reasoning))
    if delta.text:
        pieces.append(TextPart(text=delta.text))
    return pieces


def fold(parts: Iterable[Part], deltas: Iterable[Delta]) -> tuple[Part, ...]:
    """`parts` and then the batches in their order; neighbours of the same kind become one part. Linear in the text."""
    pieces = [*parts, *(piece for delta in deltas for piece in _pieces(delta))]
    folded: list[Part] = []
    for kind, run in groupby(pieces, key=type):
        if kind is FilePart:
            folded += run
        else:
            folded.append(kind(text="".join(part.text for part in run if not isinstance(part, FilePart))))
    return tuple(folded)


def abandon(message: Message) -> Message:
    """A folded message whose lease ran out: interrupted, with the tokens of what there is."""
    return replace(message, status="interrupted", error=ABANDONED, tokens=count_tokens(message.parts))
