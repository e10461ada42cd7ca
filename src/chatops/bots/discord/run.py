"""Runs the Discord bot until it is cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from chatops.bots.buttons import Buttons
from chatops.bots.commands import Commands
from chatops.bots.desk import GRACE, Parts, open_desk
from chatops.bots.discord.client import DiscordAdapter, Handlers
from chatops.bots.discord.wire import Wire
from chatops.bots.memory import Memory
from chatops.bots.policy import Policy
from chatops.bots.ports import Records
from chatops.bots.safety import for_discord
from chatops.engine.errors import SettingsError
from chatops.engine.ids import now_ms
from chatops.engine.service import Engine
from chatops.sections import DiscordSettings

LEASE_MS = 20_000
_REFUSED = "Discord refuses the token: copy it anew from the app's page “Bot” into DISCORD_TOKEN"
_SHARDS = "Discord wants this bot to have more connections, for its many servers: set a larger `shards` in [discord]"
_CLOSED = {4004: _REFUSED, 4010: _SHARDS, 4011: _SHARDS}
"""The gateway's close codes that a setting mends (Discord's documentation, “Gateway Close Event Codes”)."""
log = logging.getLogger(__name__)


async def run_discord(
    engine: Engine,
    settings: DiscordSettings,
    token: str,
    records: Records,
    *,
    policy: Policy,
    grace: float = GRACE,
    lease_ms: int = LEASE_MS,
    ready: Callable[[], None] | None = None,
) -> None:
    """Answers on Discord until cancelled; then running answers may go on for `grace` seconds.

    `ready` is called when the bot is connected.

    Raises:
        SettingsError: Discord refuses the token.
    """
    memory = Memory(records, "discord", now_ms, lease_ms=lease_ms)
    content = True
    while True:
        wire = Wire()
        client = client_of(settings, wire, content=content)
        adapter = DiscordAdapter(client, wire, pace=settings.pace)
        handlers = Handlers(client, threads=settings.threads)
        parts = Parts(
            engine=engine,
            adapter=adapter,
            memory=memory,
            policy=policy,
            clean=for_discord,
        )
        try:
            await _connected(client, handlers, parts, token, grace=grace, ready=ready)
        except* discord.PrivilegedIntentsRequired:
            content = False
            log.warning(
                "this Discord app may not read message contents (its privileged intent is off): the bot answers"
                " mentions, direct messages and /ask; in threads it needs a mention each time"
            )
        except* discord.LoginFailure:
            raise SettingsError(_REFUSED) from None
        except* discord.ConnectionClosed as closed:
            raise _meaning(closed) from None
        finally:
            await wire.aclose()


def _meaning(closed: BaseExceptionGroup[discord.ConnectionClosed]) -> Exception:
    """Why the gateway ended for good; what else closes it, the library mends by itself."""
    first: BaseException = closed
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, discord.ConnectionClosed)  # noqa: S101 - what was caught
    said = _CLOSED.get(first.code or 0)
    return SettingsError(said) if said else first


async def _connected(
    client: discord.Client,
    handlers: Handlers,
    parts: Parts,
    token: str,
    *,
    grace: float,
    ready: Callable[[], None] | None,
) -> None:
    async with client:
        await client.login(token)
        async with open_desk(parts, grace=grace) as desk:
            handlers.desk = desk
            handlers.buttons = Buttons(desk)
            handlers.commands = Commands(desk)
            telling = asyncio.ensure_future(_tell(client, ready))
            try:
                await client.connect()
            finally:
                telling.cancel()


async def _tell(client: discord.Client, ready: Callable[[], None] | None) -> None:
    await client.wait_until_ready()
    if ready is not None:
        ready()


def client_of(settings: DiscordSettings, wire: Wire, *, content: bool) -> discord.Client:
    """A client that keeps little: no members, no messages."""
    Route.BASE = settings.api_base.rstrip("/")
    if settings.gateway is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway)
    intents = discord.Intents.none()
    intents.guilds = intents.guild_messages = intents.dm_messages = True
    intents.message_content = content
    options: dict[str, Any] = {
        "intents": intents,
        "member_cache_flags": discord.MemberCacheFlags.none(),
        "chunk_guilds_at_startup": False,
        "max_messages": None,
        "guild_ready_timeout": 0.2,  # nothing here waits for the list of servers to be complete
        "http_trace": wire.trace,
        "allowed_mentions": discord.AllowedMentions.none(),
    }
    if settings.shards is None:
        client = discord.Client(**options)
    else:
        client = discord.AutoShardedClient(shard_count=settings.shards, **options)
    if settings.gateway is not None:
        client.before_identify_hook = _at_once  # type: ignore[method-assign]  # the library's own hook
    return client


async def _at_once(shard_id: int | None, *, initial: bool = False) -> None:
    """Discord wants five seconds between two identifications; another gateway, a proxy, has its own rules."""
