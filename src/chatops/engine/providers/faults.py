"""Every error of a provider is made here, so that none can show a key, markup or a screenful of a server's text.

Codes that providers name: platform.openai.com/docs/guides/error-codes and docs.claude.com/en/api/errors.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatops.engine.errors import (
    PROVIDER_CREDENTIALS,
    PROVIDER_MODEL_MISSING,
    PROVIDER_RATE_LIMITED,
    PROVIDER_STREAM_CUT,
    PROVIDER_UNREACHABLE,
    ProviderError,
    ProviderRejectedError,
    ProviderUnavailableError,
)

MAX_ERROR_BODY = 64 * 1024
"""Bytes of an error's body that are read."""

_SHOWN = 300
_LOOKED_AT = 2000
_MIN_SECRET = 6

# Compiled when there is an error to show, not at every start.
_TITLE = r"(?i)<title[^<>]*>([^<>]*)"
_TAG = r"<[^<>]*>"
# Keys as servers echo them, whole or starred out ("sk-ab****yz").
_KEY_LIKE = r"\b(?:sk|pk|rk|gsk|xai)[-_][\w.*-]{6,}|[\w.-]*\*{3,}[\w.*-]*|(?<=Bearer )\S+"

_STATUS = {
    "api_error": 500,
    "authentication_error": 401,
    "billing_error": 402,
    "context_length_exceeded": 400,
    "exceed_context_size_error": 400,
    "insufficient_quota": 402,
    "invalid_api_key": 401,
    "invalid_request_error": 400,
    "model_not_found": 404,
    "not_found_error": 404,
    "overloaded_error": 529,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "request_too_large": 413,
    "server_error": 500,
    "timeout_error": 504,
}
"""What a named error would have been as an HTTP status; used when the name says more than the status, or alone."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the server asks: `retry-after-ms`, or `Retry-After` in seconds or as a date."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            seconds = float(value) / unit
        except ValueError:
            continue
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    return _until(headers["retry-after"]) if headers.get("retry-after") else None


def _until(date: str) -> float | None:
    from email.utils import parsedate_to_datetime
    from time import time

    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - time())
    except (ValueError, OverflowError):
        return None


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


TOO_EARLY = "it was closed too early"
_TOO_EARLY = frozenset(
    {
        "ClientConnectionResetError",
        "ClientOSError",
        "ClientPayloadError",
        "ContentLengthError",
        "IncompleteReadError",
        "ServerDisconnectedError",
        "TransferEncodingError",
    }
)
"""What asyncio and aiohttp call it when the other side ends a connection that was still needed."""


def reason(error: BaseException) -> str:
    """The system's own words for what went wrong with a connection, else ours, else the innermost error's kind."""
    chain = list(causes(error))
    words = [
        cause.strerror for cause in chain if isinstance(cause, OSError) and cause.errno is not None and cause.strerror
    ]
    kinds = [type(cause).__name__ for cause in chain]
    return words[-1] if words else TOO_EARLY if _TOO_EARLY & set(kinds) else kinds[-1]


@dataclass(frozen=True, slots=True)
class Faults:
    """Makes the errors of one provider.

    Attributes:
        provider: Its name in the settings.
        key: What no message may show.
    """

    provider: str
    key: str | None = field(default=None, repr=False)

    def clean(self, text: str) -> str:
        """One short printable line without a key."""
        text = self._without_key(text)[:_LOOKED_AT]
        text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
        text = re.sub(_KEY_LIKE, "[key]", text)
        return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

    def _plain(self, text: str) -> str:
        """What a server says, without markup: a page's title says it best."""
        text = self._without_key(text)[:_LOOKED_AT]
        title = re.search(_TITLE, text)
        return title.group(1) if title is not None else re.sub(_TAG, " ", text)

    def _without_key(self, text: str) -> str:
        """Always done before a text is shortened, lest a part of the key stays."""
        return text if self.key is None or len(self.key) < _MIN_SECRET else text.replace(self.key, "[key]")

    def unreachable(self, why: str) -> ProviderUnavailableError:
        """No connection, or one that ended before an answer."""
        return self._unavailable(f"cannot be reached: {why}", PROVIDER_UNREACHABLE)

    def silent(self, seconds: float) -> ProviderUnavailableError:
        return self._unavailable(f"sent nothing for {seconds:g} s", PROVIDER_UNREACHABLE)

    def cut(self, what: str) -> ProviderUnavailableError:
        """The answer broke off, or turned to garbage; `what` goes on after the provider's name."""
        return self._unavailable(what, PROVIDER_STREAM_CUT)

    def _unavailable(self, what: str, code: str) -> ProviderUnavailableError:
        return ProviderUnavailableError(self.clean(f"{self.provider} {what}"), provider=self.provider, code=code)

    def rejected(self, what: str, *, code: str | None = None) -> ProviderRejectedError:
        return ProviderRejectedError(self.clean(f"{self.provider} {what}"), provider=self.provider, code=code)

    def refused(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """The error for an HTTP answer that is none.

        Args:
            status: 300 to 599.
            headers: Names in lower case.
            body: JSON in the shape of either API, a proxy's HTML, or anything.
        """
        named, message, spoke = _explained(body[:MAX_ERROR_BODY].decode("utf-8", "replace"))
        said = f"answered {status}: {self._plain(message)}"
        if 300 <= status < 400:  # noqa: PLR2004 - the redirects
            return self.rejected(f"redirects to {headers.get('location', 'nowhere')}: is its base_url right?")
        if status == 404 and not spoke:  # noqa: PLR2004 - no such page, rather than no such model
            return self.rejected(f"{said}; is its base_url right?")
        if status in {400, 403, 429} and named in {"insufficient_quota", "billing_error", "invalid_api_key"}:
            status = _STATUS[named]
        return self._by_status(status, said, retry_after(headers))

    def inband(self, error: object) -> ProviderError:
        """The error that a server sends as an event of a stream it had begun with status 200."""
        named, message = _details(error)
        return self._by_status(_status_of(error, named), f"broke off: {self._plain(message)}", None)

    def _by_status(self, status: int, what: str, wait: float | None) -> ProviderError:
        code = {401: PROVIDER_CREDENTIALS, 403: PROVIDER_CREDENTIALS, 404: PROVIDER_MODEL_MISSING}.get(status)
        if status in {408, 409, 425, 429} or status >= 500:  # noqa: PLR2004 - may pass when asked again
            code = PROVIDER_RATE_LIMITED if status == 429 else None  # noqa: PLR2004 - too many requests
            text = self.clean(f"{self.provider} {what}")
            return ProviderUnavailableError(text, provider=self.provider, code=code, retry_after=wait)
        return self.rejected(what, code=code)


def _explained(text: str) -> tuple[str, str, bool]:
    """The error's name and message in a body, and whether it is an API that speaks there."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return "", text or "no explanation", False
    spoke = isinstance(data, dict) and "error" in data
    return *_details(data["error"] if spoke else data), spoke


def _details(error: object) -> tuple[str, str]:
    if not isinstance(error, dict):
        return "", str(error)
    names = [name for name in (error.get("code"), error.get("type")) if isinstance(name, str)]
    known = [name for name in names if name in _STATUS]
    message = error.get("message") or error.get("detail") or " ".join(names) or "no explanation"
    return (known or names or [""])[0], str(message)


def _status_of(error: object, named: str) -> int:
    """Gateways give the status of their own upstream as `code`; others only a name; unknown may pass."""
    code: Any = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else _STATUS.get(named, 500)  # noqa: PLR2004 - HTTP
