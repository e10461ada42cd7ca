"""Errors as one sentence for a chat: what happened, and what to do."""

from __future__ import annotations

from chatops.engine.errors import PROVIDER_MODEL_MISSING, ChatopsError
from chatops.engine.messages import Message

LONGEST = 600
"""Characters: a provider may answer an error with a page."""
_SENTENCES = {
    "rate_limited": "you are asking faster than you may",
    "conflict": "an answer is already running here; stop it or wait for its end",
    "provider_rate_limited": "the model's provider is busy",
    "provider_unavailable": "the model's provider has a problem; press Regenerate, or choose another: /chatops model",
    "provider_unreachable": "the model's provider cannot be reached; press Regenerate in a moment",
    "provider_stream_cut": "the provider broke off here; what came is kept, press Regenerate for a new answer",
    "provider_credentials": "the model's key is missing or was refused; tell who runs this bot (`chatops doctor`)",
    "store_unavailable": "the database cannot be used right now; ask again in a moment",
    "internal_error": "something failed inside; who runs this bot finds it in the log",
    "abandoned": "the answer was cut off because the bot was restarted; press Regenerate for a new one",
    "shutdown": "the answer was cut off because the bot is restarting; press Regenerate for a new one",
    "stopped": "stopped",
}
_OWN_WORDS = {
    "invalid_request",
    "not_found",
    "permission_denied",
    "budget_exceeded",
    "unauthenticated",
    "invalid_settings",
}
"""Their message is about the person's own request and says what to do."""


def of_error(error: ChatopsError) -> str:
    """One line for the person, without a full stop at its end where it is no sentence of its own."""
    return sentence(error.code, error.message, getattr(error, "retry_after", None))


def sentence(code: str, message: str, retry_after: float | None = None) -> str:
    if code == PROVIDER_MODEL_MISSING:
        # The provider knows why: a name that it has not, or weights that nobody fetched yet.
        message = f"{message}; choose another with /chatops model"
    said = message if code in _OWN_WORDS else _SENTENCES.get(code, message)
    said = said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
    wait = f"; try again in {_wait(retry_after)}" if retry_after else ""
    return " ".join(f"{said}{wait}".split())


def _wait(seconds: float) -> str:
    if seconds < 90:  # noqa: PLR2004 - a minute and a half reads better in seconds
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{round(minutes / 60)} h"  # noqa: PLR2004 - likewise


def note_of(message: Message) -> str:
    """What stands below an answer that did not end by itself; empty for a complete one."""
    if message.error is not None:
        said = sentence(message.error.code, message.error.message, message.error.retry_after)
        return f"{'⏹' if message.error.code == 'stopped' else '⚠'} {said}"
    if message.status == "interrupted":
        return f"⚠ {_SENTENCES['abandoned']}"
    if message.finish_reason == "length":
        return "⚠ the model's limit of output was reached; say “go on” for the rest"
    if message.finish_reason == "content_filter":
        return "⚠ the provider's filter ended this answer"
    return "" if message.text.strip() else "⚠ the model answered with nothing; press Regenerate"
