"""Bots in the server's own process: `serve --with slack,discord`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from chatops.engine.errors import ChatopsError, InvalidRequestError

if TYPE_CHECKING:
    from aiohttp import web

    from chatops.engine.service import Engine
    from chatops.settings import Settings

BOTS = ("discord", "slack")


def bots_of(text: str | None) -> tuple[str, ...]:
    """The bots that a list names. Raises `InvalidRequestError` for one that there is not."""
    names = [name.strip().lower() for name in (text or "").split(",") if name.strip()]
    unknown = [name for name in names if name not in BOTS]
    if unknown:
        raise InvalidRequestError(f"--with {', '.join(unknown)}: there are {' and '.join(BOTS)}")
    return tuple(dict.fromkeys(names))


@asynccontextmanager
async def together(
    names: Sequence[str], engine: Engine, settings: Settings, app: web.Application
) -> AsyncGenerator[None, None]:
    """Runs bots beside what the caller does; on leaving, each finishes its answers. Slack's events come over its own
    connection, or to `app` where there is no app token.

    Raises:
        SettingsError: A bot's token is missing or refused, also while the caller runs.
    """
    try:
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            running = [await _start(name, engine, settings, app=app, stack=stack, group=group) for name in names]
            try:
                yield
            finally:
                for task in running:
                    if task is not None:
                        task.cancel()
    except BaseExceptionGroup as failures:
        first, _ = failures.split(ChatopsError)
        if first is None:
            raise
        raise _one(first) from None


async def _start(
    name: str,
    engine: Engine,
    settings: Settings,
    *,
    app: web.Application,
    stack: AsyncExitStack,
    group: asyncio.TaskGroup,
) -> asyncio.Task[None] | None:
    from chatops.cli import bot

    if name == "discord":
        return group.create_task(bot.run_discord(engine, settings), name="discord")
    slack = await stack.enter_async_context(bot.open_slack(engine, settings))
    if settings.slack.app_token:
        return group.create_task(slack.connect(lambda: bot.ready("Slack")), name="slack")
    slack.add_routes(app)
    bot.ready("Slack, /slack/events")
    return None


def _one(failures: BaseException) -> BaseException:
    while isinstance(failures, BaseExceptionGroup):
        failures = failures.exceptions[0]
    return failures
