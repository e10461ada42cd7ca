"""What can go wrong, as seen by the one who can act on it.

ChatopsError                     code
├── AuthenticationError          unauthenticated         who are you?
├── PermissionDeniedError        permission_denied       you may not
├── InvalidRequestError          invalid_request         the input is wrong: what, where, what to do
├── NotFoundError                not_found               also for another owner's things: existence is not told
├── ConflictError                conflict                somebody else is at it (a turn already runs here)
├── RateLimitError               rate_limited            try again in `retry_after` seconds
├── BudgetExceededError          budget_exceeded         more comes in `retry_after` seconds
├── InterruptedTurnError         stopped | shutdown | abandoned     the answer was cut off on our side
├── ProviderError                provider_error          the model's side; `provider` names it
│   ├── ProviderUnavailableError provider_unavailable    5xx: may pass, retried before the first token
│   │   ├── (code)               provider_unreachable    no connection, time-out, silence
│   │   ├── (code)               provider_stream_cut     the stream ended without its finish reason, or broke
│   │   └── (code)               provider_rate_limited   429, with `retry_after` when it was told
│   └── ProviderRejectedError    provider_rejected       4xx: will not pass as it is
│       ├── (code)               provider_credentials    401, 403, or no key at all
│       └── (code)               provider_model_missing  404: no such model
├── StoreError                   store_unavailable       the database
└── SettingsError                invalid_settings        configuration, key or file on this machine

`code` is a stable string. Each surface maps it in one small table: HTTP status, exit code, a bot's sentence.
"""

from __future__ import annotations


class ChatopsError(Exception):
    """Base of every error that a front end shows.

    Args:
        message: One sentence for the person: what is wrong, where, what to do. Never a secret.
        code: A stable string that replaces the class's own, for the finer cases named in the tree above.
    """

    code = "internal_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class AuthenticationError(ChatopsError):
    code = "unauthenticated"


class PermissionDeniedError(ChatopsError):
    code = "permission_denied"


class InvalidRequestError(ChatopsError):
    code = "invalid_request"


class NotFoundError(ChatopsError):
    code = "not_found"


class ConflictError(ChatopsError):
    code = "conflict"


class RateLimitError(ChatopsError):
    code = "rate_limited"

    def __init__(self, message: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        """`retry_after`: seconds until it may pass; None when unknown."""
        super().__init__(message, code=code)
        self.retry_after = retry_after


class BudgetExceededError(ChatopsError):
    code = "budget_exceeded"

    def __init__(self, message: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        """`retry_after`: seconds until there is more; None when waiting does not help."""
        super().__init__(message, code=code)
        self.retry_after = retry_after


class InterruptedTurnError(ChatopsError):
    code = "stopped"


class ProviderError(ChatopsError):
    code = "provider_error"

    def __init__(
        self, message: str, *, provider: str, code: str | None = None, retry_after: float | None = None
    ) -> None:
        """`provider`: its name in the settings. `retry_after`: seconds, when the provider said so."""
        super().__init__(message, code=code)
        self.provider = provider
        self.retry_after = retry_after


class ProviderUnavailableError(ProviderError):
    code = "provider_unavailable"


class ProviderRejectedError(ProviderError):
    code = "provider_rejected"


class StoreError(ChatopsError):
    code = "store_unavailable"


class SettingsError(ChatopsError):
    code = "invalid_settings"


PROVIDER_UNREACHABLE = "provider_unreachable"
PROVIDER_STREAM_CUT = "provider_stream_cut"
PROVIDER_RATE_LIMITED = "provider_rate_limited"
PROVIDER_CREDENTIALS = "provider_credentials"
PROVIDER_MODEL_MISSING = "provider_model_missing"
