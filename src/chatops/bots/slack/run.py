"""Runs the Slack bot: over Socket Mode, or as routes of somebody's aiohttp server, or both."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackApiError

from chatops.bots.buttons import Buttons
from chatops.bots.commands import Commands
from chatops.bots.desk import GRACE, Parts, open_desk
from chatops.bots.memory import LEASE_MS, Memory
from chatops.bots.policy import Policy
from chatops.bots.ports import Records
from chatops.bots.safety import for_slack
from chatops.bots.slack.adapter import SlackAdapter
from chatops.bots.slack.calls import Clients, code_of, connecting
from chatops.bots.slack.handlers import Handlers
from chatops.bots.slack.home import Home
from chatops.bots.slack.installs import Installs, States
from chatops.bots.slack.leaving import Leaving
from chatops.engine.errors import SettingsError
from chatops.engine.ids import now_ms
from chatops.engine.service import Engine
from chatops.sections import SlackSettings

SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "im:history",
    "im:write",
    "mpim:history",
    "users:read",
)
"""As in deploy/slack-manifest.yaml."""
EVENTS, INSTALL, REDIRECT = "/slack/events", "/slack/install", "/slack/oauth_redirect"
MAX_BODY = 2 * 2**20
log = logging.getLogger(__name__)


class SlackBot:
    """A bot that was opened: `routes` for a server, `connect` for Socket Mode."""

    def __init__(self, app: AsyncApp, clients: Clients, settings: SlackSettings) -> None:
        self._app = app
        self._clients = clients
        self._settings = settings

    def add_routes(self, app: web.Application) -> None:
        """Makes an application take events, and installations where the settings have a client id.

        Raises:
            SettingsError: There is no signing secret, so that anybody could send events.
        """
        if not self._settings.signing_secret:
            raise SettingsError("without SLACK_APP_TOKEN events come over HTTP, and that needs SLACK_SIGNING_SECRET")
        app.router.add_post(EVENTS, self._events)
        if self._app.oauth_flow is not None:
            app.router.add_get(INSTALL, self._install)
            app.router.add_get(REDIRECT, self._redirect)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await self._app.async_dispatch(await to_bolt_request(request)))

    async def _install(self, request: web.Request) -> web.StreamResponse:
        flow = self._app.oauth_flow
        assert flow is not None  # noqa: S101 - the route exists only then
        return await to_aiohttp_response(await flow.handle_installation(await to_bolt_request(request)))

    async def _redirect(self, request: web.Request) -> web.StreamResponse:
        flow = self._app.oauth_flow
        assert flow is not None  # noqa: S101 - likewise
        return await to_aiohttp_response(await flow.handle_callback(await to_bolt_request(request)))

    async def serve(self, host: str, port: int, ready: Callable[[str], None] | None = None) -> None:
        """Takes events over HTTP until cancelled; `ready` is told the address.

        Raises:
            SettingsError: There is no signing secret, or the address cannot be used.
        """
        app = web.Application(client_max_size=MAX_BODY)
        self.add_routes(app)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}") from None
            if ready is not None:
                ready(f"http://{host}:{runner.addresses[0][1]}")
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def connect(self, ready: Callable[[], None] | None = None) -> None:
        """Takes events over Socket Mode until cancelled.

        Raises:
            SettingsError: There is no app token, or Slack refuses it.
        """
        token = self._settings.app_token
        if not token:
            raise SettingsError("Socket Mode needs SLACK_APP_TOKEN (xapp-...); or serve events over HTTP")
        # Its own client: the app's would send the bot's token where the app's is wanted.
        client = self._clients.made(token)
        client.retry_handlers = connecting()
        handler = AsyncSocketModeHandler(self._app, token, web_client=client)
        try:
            await handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK's
            if ready is not None:
                ready()
            await asyncio.Event().wait()
        except SlackApiError as error:
            raise SettingsError(
                f"Slack refuses the app token ({code_of(error)}): SLACK_APP_TOKEN begins with xapp- and needs the"
                " scope connections:write"
            ) from None
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]  # likewise


@asynccontextmanager
async def open_slack(
    engine: Engine,
    settings: SlackSettings,
    records: Records,
    *,
    policy: Policy,
    grace: float = GRACE,
    lease_ms: int = LEASE_MS,
) -> AsyncGenerator[SlackBot, None]:
    """A bot that takes up what was left; when it is left, running answers may go on for `grace` seconds.

    Raises:
        SettingsError: A token or key is missing, or Slack refuses it.
    """
    installs = _installs(settings, records)
    clients = Clients(settings.api_base, installs.token_for if installs else _only(settings))
    parts = Parts(
        engine=engine,
        adapter=SlackAdapter(clients, api_base=settings.api_base, pace=settings.pace),
        memory=Memory(records, "slack", now_ms, lease_ms=lease_ms),
        policy=policy,
        clean=for_slack,
    )
    try:
        app = await _app(settings, clients, installs, records)
        async with open_desk(parts, grace=grace) as desk:
            commands = Commands(desk)
            home = Home(desk, commands)
            Handlers(desk, Buttons(desk), commands, home, native=settings.native).register(app)
            home.register(app)
            Leaving(desk, installs).register(app)
            yield SlackBot(app, clients, settings)
    finally:
        await clients.aclose()


async def run_slack(
    engine: Engine,
    settings: SlackSettings,
    records: Records,
    *,
    ready: Callable[[], None] | None = None,
    **options: Any,
) -> None:
    """Answers on Slack over Socket Mode until cancelled. Options and errors are those of `open_slack`."""
    async with open_slack(engine, settings, records, **options) as bot:
        await bot.connect(ready)


def _installs(settings: SlackSettings, records: Records) -> Installs | None:
    if settings.client_id is None:
        return None
    missing = [name for name in ("client_secret", "signing_secret", "encryption_key") if not getattr(settings, name)]
    if missing:
        raise SettingsError(
            f"installing in several workspaces (slack.client_id) also needs slack.{', slack.'.join(missing)}"
        )
    return Installs(records, settings.encryption_key or "")


def _only(settings: SlackSettings) -> Any:
    """The token of the one workspace."""
    token = settings.bot_token
    if not token:
        raise SettingsError("the Slack bot needs SLACK_BOT_TOKEN (xoxb-...), from the app's page “OAuth & Permissions”")

    async def token_for(team: str, enterprise: str) -> str:  # noqa: ARG001 - one for all
        return token

    return token_for


async def _app(settings: SlackSettings, clients: Clients, installs: Installs | None, records: Records) -> AsyncApp:
    common: dict[str, Any] = {"signing_secret": settings.signing_secret or "none", "process_before_response": True}
    if installs is None:
        client = clients.made(settings.bot_token or "")
        try:
            await client.auth_test()
        except SlackApiError as error:
            raise SettingsError(f"Slack refuses the bot token ({code_of(error)}): check SLACK_BOT_TOKEN") from None
        return AsyncApp(client=client, **common)
    oauth = AsyncOAuthSettings(
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        scopes=list(SCOPES),
        installation_store=installs,
        state_store=States(records, now_ms),
        install_path=INSTALL,
        redirect_uri_path=REDIRECT,
    )
    return AsyncApp(client=clients.made(None), oauth_settings=oauth, installation_store=installs, **common)
