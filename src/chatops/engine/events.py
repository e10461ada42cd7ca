"""The verbs: what a provider tells the engine, and what a turn tells its readers.

A provider yields `TextDelta | ReasoningDelta | UsageUpdated | Finished`. A turn's readers get the same deltas, and
perhaps an `Entitled`, between one `TurnStarted` and one `TurnFinished`, each numbered from 1 by its place in the turn's
log (`Record`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from chatops.engine.messages import Conversation, FinishReason, Message, Usage


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next piece of the model's reasoning; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class UsageUpdated:
    """Tokens so far; the last one of a turn is what counts."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Finished:
    """The provider ended the answer. A stream without this is an error, never a complete answer.

    `model` is the name the provider answered with, when it told one.
    """

    reason: FinishReason
    model: str | None = None


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """Both rows are stored. `message` is the assistant's; it has text already when an interrupted answer goes on."""

    conversation: Conversation
    message: Message


@dataclass(frozen=True, slots=True)
class Entitled:
    """The conversation has got its title, while its first answer is still being written."""

    conversation_id: str
    title: str


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """The last event of every turn, sent after the message is stored durably."""

    message: Message


ProviderEvent = TextDelta | ReasoningDelta | UsageUpdated | Finished
Event = TurnStarted | TextDelta | ReasoningDelta | UsageUpdated | Entitled | TurnFinished


class Record(NamedTuple):
    """An event with its number in the turn: 1, 2, 3, ..."""

    seq: int
    event: Event
