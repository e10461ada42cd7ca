"""Slack's Web API as the reply machine sees it: one client a workspace, errors as `bots.surfaces`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from chatops.bots.surfaces import BrokenError, ClosedError, LimitedError, MissingError, SurfaceError, TooLongError

TIMEOUT = 15
"""Seconds a call may take before it counts as failed."""
_MISSING = {"message_not_found", "cant_update_message", "edit_window_closed", "cant_delete_message"}
_TOO_LONG = {"msg_too_long", "msg_blocks_too_long"}
_CLOSED = {
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "is_inactive",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel",
    "thread_locked",
    "messages_tab_disabled",
    "access_denied",
    "no_permission",
    "account_inactive",
    "invalid_auth",
    "token_revoked",
    "token_expired",
    "not_authed",
    "missing_scope",
}
NOT_STREAMING = {"message_not_in_streaming_state", "streaming_state_conflict", "message_not_found"}
STOPPED = "stopped_by_user"
_PASSING = {
    "",
    "ratelimited",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
}

TokenFor = Callable[[str, str], Awaitable[str]]
"""The bot token of a workspace: team id, enterprise id (empty outside of Grid)."""


def code_of(error: SlackApiError) -> str:
    """Slack's own word for what went wrong; empty when its answer was none of Slack's."""
    data = getattr(error.response, "data", error.response)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def is_refusal(error: SlackApiError) -> bool:
    """Whether Slack does not do this here at all: no passing trouble, and the place itself is open."""
    return code_of(error) not in _PASSING | _CLOSED | _MISSING | _TOO_LONG


@contextmanager
def explained() -> Generator[None, None, None]:
    """Raises what the SDK raised as one of `bots.surfaces`; never with its text, which may quote what was sent."""
    try:
        yield
    except SurfaceError:
        raise
    except SlackApiError as error:
        raise _meaning(error) from None
    except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise BrokenError(type(error).__name__) from None


def _meaning(error: SlackApiError) -> SurfaceError:
    code = code_of(error)
    headers = getattr(error.response, "headers", None) or {}
    if code == "ratelimited" or getattr(error.response, "status_code", 200) == 429:  # noqa: PLR2004 - too many requests
        return LimitedError("ratelimited", float(headers.get("Retry-After") or headers.get("retry-after") or 30))
    if code in _MISSING:
        return MissingError(code)
    if code in _TOO_LONG:
        return TooLongError(code)
    return ClosedError(code) if code in _CLOSED else BrokenError(code or "no answer of Slack's")


class Clients:
    """A Web API client for each workspace, with its own token. A refused call is never sent again by the SDK: it would
    carry old text.
    """

    def __init__(self, api_base: str, token_for: TokenFor) -> None:
        self._api_base = api_base
        self._token_for = token_for
        self._session: aiohttp.ClientSession | None = None

    async def get(self, team: str, enterprise: str) -> AsyncWebClient:
        """Raises `ClosedError` when the app is not installed there (any more)."""
        token = await self._token_for(team, enterprise)
        if not token:
            raise ClosedError("not_installed")
        return self.made(token)

    def made(self, token: str | None) -> AsyncWebClient:
        return AsyncWebClient(
            token=token, base_url=self._api_base, timeout=TIMEOUT, session=self.session, retry_handlers=[]
        )

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


def connecting() -> list[Any]:
    """Retries for what is no edit: one more try when the connection broke."""
    return [AsyncConnectionErrorRetryHandler(max_retry_count=1)]
