"""Workspaces that installed the app (OAuth), in the bots' records. Tokens are encrypted: a copy of the database alone
does not speak for anybody's workspace.
"""

from __future__ import annotations

import json
import logging
import secrets
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from chatops.bots.ports import Records
from chatops.engine.errors import SettingsError
from chatops.engine.ports import Clock

KIND, STATES = "slack install", "slack oauth state"
STATE_MS = 600_000
"""How long an installation may take from the button to Slack's answer."""
log = logging.getLogger(__name__)


class Installs(AsyncInstallationStore):
    """Installations by enterprise and team; an org-wide one (Enterprise Grid) has no team.

    Args:
        key: A Fernet key: 32 bytes, URL-safe Base64.

    Raises:
        SettingsError: It is none.
    """

    def __init__(self, records: Records, key: str) -> None:
        self._records = records
        try:
            self._fernet = Fernet(key)
        except ValueError:
            raise SettingsError(
                "the encryption key of the Slack installs is malformed; make one with: python -c"
                " 'import base64,os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
            ) from None

    @property
    def logger(self) -> logging.Logger:
        return log

    async def async_save(self, installation: Installation) -> None:
        await self._put(installation.enterprise_id, installation.team_id, installation)

    async def async_save_bot(self, bot: Bot) -> None:
        found = await self._get(bot.enterprise_id, bot.team_id)
        if found is not None:  # a rotated token
            changed = {"bot_token": bot.bot_token, "bot_refresh_token": bot.bot_refresh_token}
            expires = {"bot_token_expires_at": bot.bot_token_expires_at}
            await self._put(bot.enterprise_id, bot.team_id, Installation(**{**found, **changed, **expires}))

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        found = await self.async_find_installation(
            enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
        )
        return found.to_bot() if found else None

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,  # noqa: ARG002 - bots only: whoever installed it last
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        found = None if is_enterprise_install else await self._get(enterprise_id, team_id)
        if found is None and enterprise_id:
            found = await self._get(enterprise_id, None)
        return Installation(**found) if found else None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self._records.take(KIND, _key(enterprise_id, team_id))

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        if user_id is None:
            await self._records.take(KIND, _key(enterprise_id, team_id))

    async def token_for(self, team: str, enterprise: str) -> str:
        """The workspace's bot token; empty when the app is not installed there."""
        bot = await self.async_find_bot(enterprise_id=enterprise or None, team_id=team or None)
        return bot.bot_token if bot else ""

    async def _put(self, enterprise_id: str | None, team_id: str | None, installation: Installation) -> None:
        said = {name: value for name, value in vars(installation).items() if value is not None and name != "_metadata"}
        sealed = self._fernet.encrypt(json.dumps(said, default=str).encode()).decode()
        team = None if installation.is_enterprise_install else team_id
        await self._records.put(KIND, _key(enterprise_id, team), {"sealed": sealed})

    async def _get(self, enterprise_id: str | None, team_id: str | None) -> dict[str, Any] | None:
        found = await self._records.get(KIND, _key(enterprise_id, team_id))
        if found is None:
            return None
        try:
            said: dict[str, Any] = json.loads(self._fernet.decrypt(found["sealed"]))
        except InvalidToken:
            raise SettingsError(
                "the encryption key is not the one that the Slack installs were encrypted with; set the old one, or"
                " install the app anew"
            ) from None
        said.pop("custom_values", None)
        return said


def _key(enterprise_id: str | None, team_id: str | None) -> str:
    return f"{enterprise_id or '-'}/{team_id or '-'}"


class States(AsyncOAuthStateStore):
    """Numbers that tell our own installations from forged ones; each is good once, for ten minutes."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    @property
    def logger(self) -> logging.Logger:
        return log

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:  # noqa: ARG002 - the SDK's form
        state = secrets.token_urlsafe(32)
        await self._records.put(STATES, state, {}, expires_at=self._clock() + STATE_MS)
        return state

    async def async_consume(self, state: str) -> bool:
        return await self._records.take(STATES, state) is not None
