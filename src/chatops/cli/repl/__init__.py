"""`chatops chat`, and `chatops` alone on a terminal: a session that goes on until it is left.

prompt-toolkit is imported when a person types, and only then; a script on standard input needs none of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chatops import logs
from chatops.cli.exits import ExitCode, guarded
from chatops.cli.options import ChatOptions
from chatops.cli.remote.opening import may_be_warm, open_engine, server_of
from chatops.cli.terminal import Terminal, open_terminal
from chatops.settings import Settings, load

if TYPE_CHECKING:
    from chatops.cli.repl.session import Session
    from chatops.engine.service import Engine


def run(options: ChatOptions) -> int:
    """Runs a session and returns the exit code."""
    return guarded(lambda: _run(options), debug=options.debug)


def _run(options: ChatOptions) -> ExitCode:
    terminal = open_terminal()
    logs.configure_from(os.environ, level="INFO" if options.verbose else "WARNING", tracebacks=options.debug)
    return asyncio.run(_session(options, load(os.environ, Path()), terminal))


async def _session(options: ChatOptions, settings: Settings, terminal: Terminal) -> ExitCode:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine under asyncio.run runs in a task
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        task.cancel()

    for name in ("SIGTERM", "SIGHUP"):
        with suppress(NotImplementedError, AttributeError):  # Windows has no such handlers, and no SIGHUP
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), terminate)
    interactive = terminal.stdin_is_tty and terminal.stdout_is_tty
    try:
        server = server_of(os.environ, settings.paths.state, options.server)
        warm = may_be_warm(os.environ, options.server)
        async with open_engine(
            settings, server=server, transport="direct", titles=interactive, models=True, warm=warm
        ) as engine:
            return await _chat(engine, settings, terminal, options, interactive=interactive)
    except asyncio.CancelledError:
        if terminated:
            return ExitCode.TERMINATED
        raise


async def _chat(
    engine: Engine, settings: Settings, terminal: Terminal, options: ChatOptions, *, interactive: bool
) -> ExitCode:
    from chatops.cli.repl.commands import REGISTRY
    from chatops.cli.repl.loop import Loop
    from chatops.cli.repl.opening import open_session
    from chatops.cli.repl.reader import Reader, Typing
    from chatops.cli.repl.script import Script

    session = await open_session(engine, settings, terminal, options, interactive=interactive)
    if options.key_file is not None:
        from chatops.cli.keyfile import take_key

        take_key(engine, engine.catalog.resolve(session.asking.model), options.key_file)
    session.has_keyboard = interactive and not terminal.is_dumb
    reader: Reader = Typing(session, REGISTRY) if session.has_keyboard else Script(terminal, asks=interactive)
    warming = asyncio.create_task(_warm(session)) if interactive else None
    try:
        with reader.held():
            return await Loop(session, reader, REGISTRY).run()
    finally:
        if warming is not None:
            warming.cancel()
            await asyncio.gather(warming, return_exceptions=True)


async def _warm(session: Session) -> None:
    """Imports what the first turn needs while the person types it."""
    from chatops.cli.render import import_ahead

    await asyncio.sleep(0.05)  # the prompt comes first
    await asyncio.to_thread(import_ahead)
    provider = session.engine.catalog.resolve(session.asking.model).provider
    if provider in session.engine.providers:
        # What is wrong with it is told when it is asked.
        with suppress(Exception):
            await asyncio.to_thread(session.engine.providers.__getitem__, provider)
