"""About how much a call used, for a provider that does not tell. Loaded by every command."""

from __future__ import annotations

from chatops.engine.ports import ChatRequest
from chatops.engine.window import BYTES_PER_TOKEN, count_tokens, estimate_tokens

BYTES_AT_MOST = 8
"""No real answer has more bytes a token from end to end: English has 4.5, code with its indents 3 to 6."""
SLACK_BYTES = 1024


def estimate_input(request: ChatRequest) -> int:
    """About how many tokens a request is, for a provider that does not tell."""
    return sum(count_tokens(message.parts) for message in request.messages) + estimate_tokens(request.system or "")


def outgrown(size: int, longest: int) -> bool:
    """Whether an answer of so many bytes has clearly more tokens than it was allowed: its server does not obey."""
    return size > longest * BYTES_AT_MOST + SLACK_BYTES


def estimated(size: int) -> int:
    """About how many tokens so many bytes of answer are."""
    return -(-size // BYTES_PER_TOKEN)
