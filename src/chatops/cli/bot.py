"""`chatops bot`: runs a chat platform's bot until it is told to end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatops.cli.exits import ExitCode, complain, with_engine
from chatops.cli.flags import Debug
from chatops.engine.errors import SettingsError

if TYPE_CHECKING:
    from chatops.bots.policy import Policy
    from chatops.bots.slack.run import SlackBot
    from chatops.engine.service import Engine
    from chatops.sections import BotRules
    from chatops.settings import Settings

app = typer.Typer(no_args_is_help=True)
Run = Callable[["Engine", "Settings"], Awaitable[None]]


@app.command()
def discord(*, debug: Debug = False) -> None:
    """Answer on Discord: mentions, direct messages, threads, /ask. Needs DISCORD_TOKEN."""
    raise typer.Exit(_until_told(run_discord, debug=debug))


async def run_discord(engine: Engine, settings: Settings) -> None:
    """Answers on Discord until cancelled. Raises `SettingsError` when its token or its library is missing."""
    from chatops.bootstrap import bot_records

    token = settings.discord.token
    if not token:
        raise SettingsError("the Discord bot needs DISCORD_TOKEN, from the app's page “Bot” in Discord's portal")
    run = _imported("chatops.bots.discord.run", "discord").run_discord
    policy = policy_of(lambda found: found.discord)
    await run(engine, settings.discord, token, bot_records(engine), policy=policy, ready=lambda: ready("Discord"))


@app.command()
def slack(
    *,
    host: Annotated[str, typer.Option(help="Where events over HTTP are taken, without SLACK_APP_TOKEN.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Likewise.", min=0, max=65535)] = 3000,
    debug: Debug = False,
) -> None:
    """Answer on Slack: over Socket Mode with SLACK_APP_TOKEN, else over HTTP. Needs SLACK_BOT_TOKEN."""

    async def run(engine: Engine, settings: Settings) -> None:
        async with open_slack(engine, settings) as bot:
            if settings.slack.app_token:
                await bot.connect(lambda: ready("Slack"))
            else:
                await bot.serve(host, port, lambda address: ready(f"Slack, {address}/slack/events"))

    raise typer.Exit(_until_told(run, debug=debug))


def open_slack(engine: Engine, settings: Settings) -> AbstractAsyncContextManager[SlackBot]:
    """The Slack bot of the settings. Raises `SettingsError` when a token or its library is missing."""
    from chatops.bootstrap import bot_records

    module = _imported("chatops.bots.slack.run", "slack")
    policy = policy_of(lambda found: found.slack)
    opened: AbstractAsyncContextManager[SlackBot] = module.open_slack(
        engine, settings.slack, bot_records(engine), policy=policy
    )
    return opened


def policy_of(section: Callable[[Settings], BotRules]) -> Policy:
    """The rules of a section of the settings, read again when the settings file changes."""
    from chatops.bots.policy import Policy
    from chatops.settings import config_file, load

    return Policy(lambda: section(load(os.environ, Path())), config_file(os.environ))


def _imported(module: str, extra: str) -> Any:
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        raise SettingsError(
            f"the {extra.capitalize()} bot needs {error.name or 'a package'}, which is not installed:"
            f" pip install 'chatops[{extra}]'"
        ) from None


def ready(where: str) -> None:
    complain(f"chatops: on {where}; Ctrl-C ends it, when running answers are finished")


def _until_told(run: Run, *, debug: bool) -> ExitCode:
    """Runs until Ctrl-C or SIGTERM; the bot then finishes its answers."""

    async def body(engine: Engine, settings: Settings) -> ExitCode:
        engine.run_turn = around_turns(engine.run_turn)
        told: list[signal.Signals] = []
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this runs in one

        def tell(sent: signal.Signals) -> None:
            told.append(sent)
            if len(told) == 1:
                task.cancel()

        if engine.replicas is not None:
            engine.replicas.connect()
        loop = asyncio.get_running_loop()
        for sent in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sent, tell, sent)
        try:
            await run(engine, settings)
        except asyncio.CancelledError:
            if not told:
                raise
            task.uncancel()
        if not told:
            return ExitCode.OK
        return ExitCode.INTERRUPTED if told[0] is signal.SIGINT else ExitCode.TERMINATED

    from chatops.logs import around_turns, configure_from

    try:
        configure_from(os.environ, tracebacks=debug)
    except SettingsError as error:
        from chatops.cli.exits import report

        return report(error)
    return with_engine(body, debug=debug, traced=True)
