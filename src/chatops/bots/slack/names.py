"""What people are called on Slack: events have ids alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_sdk.errors import SlackApiError

from chatops.bots.slack.calls import code_of

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

PATIENCE = 0.4
"""Seconds that a question waits for names: Slack wants to hear within three that it arrived."""
KEPT = 5000
MOST = 8
"""Names that are asked for at once: who wrote, and whom they mention first."""
_FOR_GOOD = {"user_not_found", "user_not_visible", "users_not_found", "missing_scope"}
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")


def mentioned(text: str, bot_user: str) -> list[str]:
    """The ids of those whom a text mentions, each once, but for ours."""
    return [user for user in dict.fromkeys(_MENTION.findall(text)) if user != bot_user]


class Names:
    """Names by workspace and user id; those asked for longest ago are forgotten first."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    async def of(self, client: AsyncWebClient, team: str, users: Iterable[str]) -> dict[str, str]:
        """The names that are known, or that Slack says in time; whose is not said is not among them."""
        wanted = list(users)[:MOST]
        missing = [user for user in wanted if (team, user) not in self._known]
        if missing:
            tasks = [asyncio.ensure_future(self._ask(client, team, user)) for user in missing]
            _, late = await asyncio.wait(tasks, timeout=PATIENCE)
            for task in late:
                task.cancel()
        return {user: self._known[team, user] for user in wanted if (team, user) in self._known}

    async def _ask(self, client: AsyncWebClient, team: str, user: str) -> None:
        try:
            found: dict[str, Any] = (await client.users_info(user=user)).get("user") or {}
        except SlackApiError as error:
            if code_of(error) not in _FOR_GOOD:
                return
            found = {"name": user}
        except (aiohttp.ClientError, OSError, TimeoutError):
            return  # it is asked for again next time
        profile = found.get("profile") or {}
        names = (profile.get("display_name"), profile.get("real_name"), found.get("real_name"), found.get("name"))
        if name := next(filter(None, names), None):
            self._known[team, user] = str(name)
            while len(self._known) > KEPT:
                del self._known[next(iter(self._known))]
