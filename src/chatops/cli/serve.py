"""`chatops serve`: the HTTP API."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatops.cli.exits import ExitCode, complain, guarded
from chatops.cli.flags import Debug
from chatops.cli.together import bots_of, together
from chatops.engine.errors import SettingsError

if TYPE_CHECKING:
    from aiohttp import web

    from chatops.api.access import Access
    from chatops.api.serving import Endpoints
    from chatops.engine.service import Engine
    from chatops.server_settings import ServerSettings
    from chatops.settings import Settings

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Host = Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Listen here; loopback by default.")]
Port = Annotated[int | None, typer.Option("--port", "-p", metavar="PORT", min=0, max=65535, help="0: a free one.")]
Socket = Annotated[Path | None, typer.Option("--socket", metavar="PATH", help="The unix socket, for this user alone.")]
NoLogin = Annotated[bool, typer.Option("--no-login", help="One person, on this machine only: nobody logs in.")]
With = Annotated[str | None, typer.Option("--with", metavar="BOTS", help="Bots in this process: slack,discord.")]
Proxies = Annotated[
    list[str] | None,
    typer.Option("--trusted-proxy", metavar="NETWORK", help="Believe X-Forwarded-For from here; may be repeated."),
]
Drain = Annotated[float | None, typer.Option("--drain", metavar="SECONDS", min=0, help="To end turns in, at the end.")]


def serve(
    *,
    host: Host = None,
    port: Port = None,
    socket: Socket = None,
    no_login: NoLogin = False,
    drain: Drain = None,
    with_: With = None,
    trusted_proxy: Proxies = None,
    debug: Debug = False,
) -> None:
    """Serve the HTTP API and the web page. SIGTERM or Ctrl-C lets running turns end; a second one does not wait."""

    def body() -> ExitCode:
        from chatops import logs
        from chatops.api import runtime
        from chatops.settings import load

        logs.configure_from(os.environ, tracebacks=debug)
        settings = load(os.environ, Path())
        flags: dict[str, Any] = {
            "host": host,
            "port": port,
            "socket": str(socket) if socket else None,
            "drain": drain,
            "trusted_proxies": tuple(trusted_proxy) if trusted_proxy else None,
        }
        chosen = replace(settings.server, **{name: value for name, value in flags.items() if value is not None})
        if no_login and chosen.host not in _LOOPBACK:
            raise SettingsError(
                f"--no-login serves one person on this machine, and {chosen.host} can be reached from elsewhere: "
                "leave it out, or listen on 127.0.0.1"
            )
        return runtime.run(_Serving(settings, chosen, no_login=no_login, bots=bots_of(with_)).run)

    raise typer.Exit(guarded(body, debug=debug))


class _Serving:
    """One run of the server."""

    def __init__(self, settings: Settings, chosen: ServerSettings, *, no_login: bool, bots: Sequence[str]) -> None:
        self._settings = settings
        self._chosen = chosen
        self._no_login = no_login
        self._bots = bots
        self._stop = asyncio.Event()

    async def run(self) -> ExitCode:
        """Serves until a signal comes, then lets turns end."""
        from chatops import logs
        from chatops.api.serving import listening
        from chatops.bootstrap import open_engine
        from chatops.telemetry.traces import open_traces

        async with (
            open_traces(os.environ) as traces,
            open_engine(self._settings, env=os.environ, titles=True, traces=traces) as engine,
        ):
            engine.run_turn = logs.around_turns(engine.run_turn)
            if engine.replicas is not None:
                engine.replicas.connect()
            app = self._app(engine)
            if traces is not None:
                app.middlewares.insert(1, traces.around_requests())
            async with (
                together(self._bots, engine, self._settings, app),
                listening(app, self._endpoints()) as addresses,
            ):
                await self._serve(engine, addresses)
        return ExitCode.OK

    async def _serve(self, engine: Engine, addresses: Iterable[str]) -> None:
        from chatops.api import runtime

        self._obey_signals()
        with self._announced(addresses):
            for address in addresses:
                complain(f"chatops serves {address}")
            runtime.settle_down()
            await self._stop.wait()
        complain(f"chatops stops: running answers have {self._chosen.drain:g} s to end")
        await engine.drain(self._chosen.drain)

    def _app(self, engine: Engine) -> web.Application:
        from chatops.api.app import create_app
        from chatops.api.settings import ServerLimits

        chosen = self._chosen
        return create_app(
            engine,
            self._access(engine),
            limits=engine.limits,
            bounds=ServerLimits(body=chosen.max_body, streams=chosen.max_streams, connections=chosen.max_connections),
            providers=self._offering(),
            presets=self._settings.presets,
            silence=self._settings.timeout,
            origins=chosen.origins,
            proxies=chosen.trusted_proxies,
        )

    def _access(self, engine: Engine) -> Access:
        """The machine's user is the owner over the unix socket; over TCP everybody logs in, but with --no-login."""
        from chatops.api.access import EitherAccess, LocalAccess, LoginAccess
        from chatops.engine.messages import local_principal
        from chatops.local_server import place

        local = LocalAccess(local_principal(source="api"), mark=place(self._settings, os.environ).name)
        if self._no_login:
            return local
        assert engine.accounts is not None  # noqa: S101 - `open_engine` made them for this transport
        engine.accounts.prepare()
        return EitherAccess(local, LoginAccess(engine.accounts))

    def _offering(self) -> list[str]:
        """The providers that may answer; `echo` is for tests."""
        from chatops.cli.models import asked

        return asked(self._settings, None)

    def _endpoints(self) -> Endpoints:
        from chatops import paths
        from chatops.api.serving import Endpoints

        chosen = self._chosen
        if chosen.socket is not None:
            return Endpoints(host=chosen.host, port=chosen.port, socket=paths.expand(chosen.socket, os.environ))
        socket = paths.create(self._settings.paths.state) / "chatops.sock"
        return Endpoints(host=chosen.host, port=chosen.port, socket=socket, spare_socket=True)

    def _announced(self, addresses: Iterable[str]) -> AbstractContextManager[None]:
        """The programs of this machine's user find the socket until the server begins to stop."""
        from chatops.local_server import announced

        sockets = [one.removeprefix("unix:") for one in addresses if one.startswith("unix:")]
        return announced(Path(sockets[0]), self._settings, os.environ) if sockets else nullcontext()

    def _obey_signals(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that a runner runs is in a task

        def end() -> None:
            if self._stop.is_set():
                task.cancel()
            self._stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, end)
