"""Whether a command runs here or on a server: `--server`, `CHATOPS_SERVER`, then the sign-in; `local` is here."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, cast

from chatops.engine.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from chatops.bootstrap import Transport
    from chatops.cli.remote.http import Credentials
    from chatops.engine.service import Engine
    from chatops.settings import Settings
    from chatops.telemetry.traces import Traces

HERE = "local"
_PROBE_SECONDS = 1.0
"""A server of this machine that takes longer to say that it is well is no gain."""


def server_of(env: Mapping[str, str], state: Path, said: str | None = None) -> str | None:
    """The server to use, None for this machine's own database.

    Raises:
        InvalidRequestError: It is no address, or not a safe one.
        SettingsError: The stored sign-in cannot be read.
    """
    chosen = said or env.get("CHATOPS_SERVER") or None
    if chosen is None and (state / "signin.json").exists():
        from chatops.cli.remote.signin import SignInFile

        stored = SignInFile(state).read()
        chosen = stored.server if stored else None
    if not chosen or chosen == HERE:
        return None
    from chatops.cli.remote.http import address

    return address(chosen)


def credentials(settings: Settings, server: str) -> Credentials:
    """`CHATOPS_TOKEN`, else the sign-in to this server, if that is the one of this terminal."""
    from chatops.cli.remote.signin import GivenToken, SignInFile, StoredSignIn

    token = os.environ.get("CHATOPS_TOKEN")
    if token is not None and not (token.isascii() and token.isprintable() and token):
        raise SettingsError("CHATOPS_TOKEN holds no API token")
    return GivenToken(token) if token else StoredSignIn(SignInFile(settings.paths.state), server)


def may_be_warm(env: Mapping[str, str], said: str | None = None) -> bool:
    """Whether a server of this machine may do this program's work: not when it was told to do it itself, nor when its
    own log is wanted.
    """
    import logging

    return (said or env.get("CHATOPS_SERVER")) != HERE and not logging.getLogger("chatops").isEnabledFor(logging.INFO)


async def _warm(settings: Settings, here: Callable[[], Awaitable[Engine]], *, titled: bool) -> Engine | None:
    """The server of this machine that has these settings, if it is there and well."""
    from chatops import local_server

    found = local_server.find(settings, os.environ)
    if found is None:
        return None
    from chatops.cli.remote.engine import RemoteEngine
    from chatops.cli.remote.http import Http
    from chatops.engine.errors import ChatopsError

    http = Http("http://localhost", local=found)
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await http.json("GET", "/readyz")
    except (ChatopsError, TimeoutError):
        return None
    from chatops.cli.remote.warm import WarmEngine

    return cast("Engine", WarmEngine(RemoteEngine(http, patience=0), settings, here, titled=titled))


@asynccontextmanager
async def open_engine(
    settings: Settings,
    *,
    server: str | None,
    transport: Transport = "sdk",
    titles: bool = False,
    models: bool = False,
    warm: bool = False,
    traces: Traces | None = None,
) -> AsyncGenerator[Engine, None]:
    """The engine here, as `bootstrap.open_engine`, or a server's.

    Args:
        settings: This machine's.
        server: What `server_of` found.
        transport: As in `bootstrap.open_engine`.
        titles: Likewise.
        models: A server's models must be known.
        warm: A server of this machine may do the work, when it would do the same; see `local_server`.
        traces: As in `bootstrap.open_engine`.

    Raises:
        ChatopsError: It cannot be opened or reached.
    """
    if server is None:
        async with AsyncExitStack() as stack:

            async def here() -> Engine:
                from chatops import bootstrap

                return await stack.enter_async_context(
                    bootstrap.open_engine(settings, transport=transport, titles=titles, traces=traces)
                )

            yield (await _warm(settings, here, titled=titles) if warm else None) or await here()
        return
    from chatops.cli.remote.engine import RemoteEngine
    from chatops.cli.remote.http import Http

    engine = RemoteEngine(Http(server, credentials(settings, server)))
    if models:
        await engine.know_models()
    yield cast("Engine", engine)  # what it lacks of one says so itself
