"""What a server answers instead of what was asked for, as the errors that the engine here would raise."""

from __future__ import annotations

from typing import Any

from chatops.engine.errors import (
    AuthenticationError,
    BudgetExceededError,
    ChatopsError,
    ConflictError,
    InterruptedTurnError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ProviderError,
    RateLimitError,
    SettingsError,
    StoreError,
)
from chatops.engine.messages import Message

UNREACHABLE = "server_unreachable"
UNAVAILABLE = "server_unavailable"
_CLASSES: dict[str, type[ChatopsError]] = {
    kind.code: kind
    for kind in (
        AuthenticationError,
        PermissionDeniedError,
        InvalidRequestError,
        NotFoundError,
        ConflictError,
        StoreError,
        SettingsError,
    )
}
_REFUSED = {"shutdown", "overloaded", "too_large", "other_settings"}
_LATER = {"shutdown", "overloaded", "request_timeout"}
_SERVERS_OWN = {"invalid_settings": "server_settings", "internal_error": "server_failed"}
"""What somebody has to mend there: the same exit codes as here, and no hint to look at this machine."""


class NotTakenError(ChatopsError):
    """The server has begun nothing of what it was asked for: there is no connection, or it takes no more now."""


def unreachable(server: str, why: str) -> ChatopsError:
    """A connection that broke: what was asked for may have been done."""
    return ChatopsError(f"no connection to {server}: {why}", code=UNREACHABLE)


def unconnected(server: str, why: str) -> NotTakenError:
    return NotTakenError(f"no connection to {server}: {why}", code=UNREACHABLE)


def error_from(told: Any, status: int, server: str, *, ours: bool = False) -> ChatopsError:
    """The error in `{"error": {"code", "message", "retry_after"?}}`; another body is not chatops's.

    `ours`: the server has this machine's settings, so that its troubles are ours.
    """
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("code"), str):
        return ChatopsError(
            f"{server} answers {status}, and not as chatops does: is its address right?", code=UNAVAILABLE
        )
    wait = error.get("retry_after")
    wait = wait if isinstance(wait, int | float) else None
    return error_of(error["code"], str(error.get("message", "")), wait, server=None if ours else server)


def error_of(code: str, message: str, retry_after: float | None = None, *, server: str | None) -> ChatopsError:
    """The error of a code, of the class that a front end knows it by. `server`: whose it is, None: this machine's."""
    if code == RateLimitError.code:
        return RateLimitError(message, retry_after=retry_after)
    if code == BudgetExceededError.code:
        return BudgetExceededError(message, retry_after=retry_after)
    if code.startswith("provider_"):
        return ProviderError(message, provider="", code=code, retry_after=retry_after)
    named = message if server is None else f"{server}: {message}"
    if code in _REFUSED | _LATER:
        kind = NotTakenError if code in _REFUSED else ChatopsError
        return kind(named, code=UNAVAILABLE if code in _LATER else code)
    if code in _SERVERS_OWN and server is not None:
        return ChatopsError(named, code=_SERVERS_OWN[code])
    return (_CLASSES.get(code) or ChatopsError)(message, code=code)


def raise_for(message: Message, server: str | None) -> None:
    """Raises what ended a turn short of a complete answer, as `Engine.attach` does.

    A server that shut down has ended the answer, not this program: it counts as one that is gone.
    """
    error = message.error
    if error is None:
        return
    if message.status == "interrupted":
        code = "abandoned" if error.code == "shutdown" else error.code
        raise InterruptedTurnError(error.message, code=code)
    raise error_of(error.code, error.message, error.retry_after, server=server)
