"""What of a conversation fits into a model's context window. Pure: it reads nothing, it is shown batches.

Token counts are estimated once, when a message is stored, and kept with it; a provider's own count replaces the
estimate of an answer. Nothing is tokenised again when a turn starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatops.engine.errors import InvalidRequestError
from chatops.engine.messages import FilePart, Message, Part, TextPart

BYTES_PER_TOKEN = 3
"""Measured: 100 KB of mixed text and code are 31,500 tokens of o200k (3.2 bytes each). Rounded to the safe side."""
MESSAGE_OVERHEAD = 4
"""Tokens that a chat format adds to a message: role and separators (OpenAI's cookbook counts 3 to 4)."""
IMAGE_TOKENS = 1600
"""The most that Anthropic counts for one image (its vision guide); OpenAI's high detail stays below."""
DOCUMENT_BYTES_PER_TOKEN = 20
"""A guess for PDF: about 50 kB and 2,500 tokens a page."""
DEFAULT_CONTEXT = 32_000
"""Tokens assumed for a model that no table knows; `[models."provider:model"] context` says better."""
OUTPUT_SHARE = 4
"""Without a stated maximum an answer may take a quarter of the window."""
SUMMARISE = (
    "Summarise our conversation so far, so that you can go on from the summary alone: what was asked, what was found "
    "and decided, names, numbers and code that are still needed, and what is open."
)
"""A question that begins with this asks for a summary, and a window ends there: what lies before it is in the answer.
Stored conversations hold it: never change it."""


def estimate_tokens(text: str) -> int:
    """About how many tokens a text is, rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def count_tokens(parts: Iterable[Part]) -> int:
    """What a message with these parts takes of a window. Reasoning is never sent back, so it counts nothing."""
    total = MESSAGE_OVERHEAD
    for part in parts:
        if isinstance(part, TextPart):
            total += estimate_tokens(part.text)
        elif isinstance(part, FilePart):
            is_text = part.media_type.startswith("text/")
            total += (
                -(-part.size // BYTES_PER_TOKEN)
                if is_text
                else max(IMAGE_TOKENS, part.size // DOCUMENT_BYTES_PER_TOKEN)
            )
    return total


def input_budget(*, context: int | None, max_output: int | None, asked: int | None) -> int:
    """Tokens left for system prompt, history and prompt when room for the answer is set aside.

    Args:
        context: The model's window, None when unknown.
        max_output: The most the model can answer with, None when unknown.
        asked: The answer's maximum that the person set.
    """
    window = context or DEFAULT_CONTEXT
    share = window // OUTPUT_SHARE
    reserve = asked if asked is not None else min(max_output or share, share)
    if reserve >= window:
        raise InvalidRequestError(
            f"a maximum of {reserve} answer tokens leaves no room in this model's window of {window}: ask for fewer"
        )
    return window - reserve


class Window:
    """Collects a branch from its leaf towards the root until the budget is full.

    The caller shows it batches (newest first, each beginning with `wanted`) while `wanted` is not None.

    Attributes:
        dropped: It was full before the branch ended, or before a summary.
    """

    def __init__(self, leaf_id: str | None, budget: int) -> None:
        self.wanted = leaf_id
        self.left = budget
        self.dropped = False
        self._kept: list[Message] = []

    def take(self, batch: Sequence[Message]) -> None:
        """Keeps what of the batch lies on the branch and fits; a message that does not fit ends the window."""
        for message in batch:
            if message.id != self.wanted:
                continue
            if message.tokens > self.left:
                self.wanted, self.dropped = None, True
                return
            self.left -= message.tokens
            summarised = asks_for_summary(message) and bool(self._kept) and self._kept[-1].status == "complete"
            self._kept.append(message)
            self.wanted = None if summarised else message.parent_id

    def messages(self) -> list[Message]:
        """Oldest first. A window that was cut begins with a user's message: an answer without its question misleads."""
        kept = self._kept[::-1]
        while self.dropped and kept and kept[0].role == "assistant":
            del kept[0]
        return kept


def asks_for_summary(message: Message) -> bool:
    """Whether the answer to this message stands for all that was said before it, once it is complete."""
    return message.role == "user" and message.text.startswith(SUMMARISE)
