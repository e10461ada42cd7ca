"""A workspace takes the app away: what the bot keeps of it goes.

Done before Slack is told that the event arrived: should we die in its middle, Slack sends it again, and all of it may
be repeated.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext  # noqa: TC002 - Bolt looks at them

from chatops.bots.desk import Desk
from chatops.bots.forgetting import forget_team
from chatops.bots.slack.installs import Installs

log = logging.getLogger(__name__)
Body = Mapping[str, Any]


class Leaving:
    """`installs` None: the app has one workspace, whose token the settings have."""

    def __init__(self, desk: Desk, installs: Installs | None) -> None:
        self._desk = desk
        self._installs = installs

    def register(self, app: AsyncApp) -> None:
        app.event("app_uninstalled")(self.uninstalled)
        app.event("team_access_revoked")(self.access_revoked)
        app.event("tokens_revoked")(self.tokens_revoked)

    async def uninstalled(self, context: AsyncBoltContext) -> None:
        """A workspace, or a whole organisation (Enterprise Grid), uninstalled the app."""
        team, enterprise = context.team_id or "", context.enterprise_id or ""
        whole = bool(enterprise) and (context.is_enterprise_install or team in {"", enterprise})
        teams = await self._desk.memory.teams_of(enterprise) if whole else [team]
        if self._installs is not None:
            await self._installs.async_delete_installation(
                enterprise_id=enterprise or None, team_id=None if whole else team
            )
        await self._forget(teams)

    async def access_revoked(self, event: Body) -> None:
        """An organisation's app was taken from some of its workspaces; its token stays good for the others."""
        await self._forget([str(team) for team in event.get("team_ids") or []])

    async def tokens_revoked(self, event: Body, context: AsyncBoltContext) -> None:
        """The bot's token is good no more. Conversations stay: an admin may be exchanging one that leaked."""
        if self._installs is not None and (event.get("tokens") or {}).get("bot"):
            await self._installs.async_delete_bot(enterprise_id=context.enterprise_id, team_id=context.team_id)

    async def _forget(self, teams: list[str]) -> None:
        for team in filter(None, teams):
            count = await forget_team(self._desk, team)
            log.info("Slack workspace %s: the app was uninstalled, %d conversations are deleted", team, count)
