"""How a command ends: exit codes, one line about an error, a hint. The one table from error codes to exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import TYPE_CHECKING

from chatops.cli.terminal import sanitize, worded
from chatops.engine.errors import ChatopsError
from chatops.logs import as_line

if TYPE_CHECKING:
    from chatops.engine.service import Engine
    from chatops.settings import Settings


class ExitCode(IntEnum):
    OK = 0
    INTERNAL = 1
    USAGE = 2
    CONFIGURATION = 3
    PROVIDER = 4
    LIMIT = 5
    NETWORK = 6
    STORAGE = 7
    FORMAT = 8
    INTERRUPTED = 130
    PIPE = 141
    TERMINATED = 143


EXIT_CODES = {
    "internal_error": ExitCode.INTERNAL,
    "invalid_request": ExitCode.USAGE,
    "not_found": ExitCode.USAGE,
    "conflict": ExitCode.USAGE,
    "invalid_settings": ExitCode.CONFIGURATION,
    "unauthenticated": ExitCode.CONFIGURATION,
    "permission_denied": ExitCode.CONFIGURATION,
    "provider_credentials": ExitCode.CONFIGURATION,
    "provider_error": ExitCode.PROVIDER,
    "provider_rejected": ExitCode.PROVIDER,
    "model_not_found": ExitCode.PROVIDER,
    "provider_model_missing": ExitCode.PROVIDER,
    "provider_unavailable": ExitCode.PROVIDER,
    "rate_limited": ExitCode.LIMIT,
    "provider_rate_limited": ExitCode.LIMIT,
    "budget_exceeded": ExitCode.LIMIT,
    "provider_unreachable": ExitCode.NETWORK,
    "provider_stream_cut": ExitCode.NETWORK,
    # The process that ran the answer is gone: what we read was cut short, though not by a network.
    "abandoned": ExitCode.NETWORK,
    "store_unavailable": ExitCode.STORAGE,
    "no_code_block": ExitCode.FORMAT,
    "too_large": ExitCode.USAGE,
    "unsupported_media_type": ExitCode.USAGE,
    "request_timeout": ExitCode.NETWORK,
    "overloaded": ExitCode.NETWORK,
    "other_settings": ExitCode.NETWORK,
    "server_unreachable": ExitCode.NETWORK,
    "server_unavailable": ExitCode.NETWORK,
    "server_settings": ExitCode.CONFIGURATION,
    "server_failed": ExitCode.INTERNAL,
    "stopped": ExitCode.INTERRUPTED,
    "shutdown": ExitCode.TERMINATED,
}
"""For every code of `engine.errors`, and those that the command line adds."""

_HINTS = {
    "invalid_settings": "`chatops config edit` opens your settings file, `chatops doctor` checks what it says",
    "provider_credentials": "`chatops keys set PROVIDER` stores a key, `chatops keys ls` tells where each comes from",
    "provider_model_missing": "`chatops models ls` lists the models of your providers",
    "provider_unreachable": "check the network and the provider's base_url; --fallback names another model",
    "provider_unavailable": "try again later; --fallback names another model to ask",
    "server_unreachable": "is the server there? CHATOPS_SERVER=local works on this machine's own database",
    "unauthenticated": "`chatops login URL` signs in; CHATOPS_TOKEN may hold an API token instead",
    "store_unavailable": "`chatops doctor` checks the database",
    "internal_error": "--debug shows the traceback",
}


_PATIENCE = 3600
"""Seconds: whoever has to wait for longer is told a day by the error itself."""


def exit_code(error: ChatopsError) -> ExitCode:
    return EXIT_CODES.get(error.code) or EXIT_CODES[type(error).code]


def report(error: BaseException, *, debug: bool = False, width: int = sys.maxsize) -> ExitCode:
    """Says on standard error what went wrong, in one line and a hint. Returns the code to exit with.

    `width`: columns that a line may take before it is broken between words.
    """
    if isinstance(error, BrokenPipeError):
        return ExitCode.PIPE  # the reader has what it wanted (head)
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    if debug:
        import traceback

        complain(sanitize("".join(traceback.format_exception(error))))
    known = error if isinstance(error, ChatopsError) else ChatopsError(_unexpected(error))
    complain(worded(f"chatops: error: {sanitize(' '.join(known.message.split()))}", width))
    hint = _hint(known)
    if hint:
        complain(worded(f"  hint: {hint}", width))
    return exit_code(known)


def _unexpected(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}{f': {error.filename}' if error.filename else ''}"
    return f"unexpected {type(error).__name__}: {error}"


def _hint(error: ChatopsError) -> str | None:
    wait = getattr(error, "retry_after", None)
    if wait is not None and wait < _PATIENCE and exit_code(error) is ExitCode.LIMIT:
        return f"try again in {wait:.0f} s"
    return _HINTS.get(error.code)


def complain(line: str) -> None:
    """A line on standard error, which may be closed; in the form of the log lines there."""
    try:
        sys.stderr.write(f"{as_line(line)}\n")
        sys.stderr.flush()
    except (OSError, AttributeError):
        pass


def guarded(body: Callable[[], ExitCode | None], *, debug: bool = False) -> ExitCode:
    """Runs the body of a command; an error is reported, and its exit code returned."""
    try:
        return body() or ExitCode.OK
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence: one line, no traceback
        return report(error, debug=debug)


def with_engine(
    body: Callable[[Engine, Settings], Awaitable[ExitCode | None]],
    *,
    debug: bool = False,
    remote: bool = False,
    warm: bool = True,
    traced: bool = False,
) -> ExitCode:
    """Runs the body of a command that needs the engine, with the settings of this environment.

    `remote`: on the server that this terminal uses, if there is one; `warm`: else by a server of this machine.
    `traced`: it lives long enough for traces.
    """

    def run() -> ExitCode | None:
        import asyncio
        from contextlib import AsyncExitStack
        from pathlib import Path

        from chatops.cli.remote.opening import may_be_warm, open_engine, server_of
        from chatops.settings import load
        from chatops.telemetry.traces import open_traces

        settings = load(os.environ, Path())
        server = server_of(os.environ, settings.paths.state) if remote else None

        async def session() -> ExitCode | None:
            async with AsyncExitStack() as stack:
                traces = await stack.enter_async_context(open_traces(os.environ)) if traced else None
                may = remote and warm and may_be_warm(os.environ)
                opened = open_engine(settings, server=server, warm=may, traces=traces)
                engine = await stack.enter_async_context(opened)
                return await body(engine, settings)

        return asyncio.run(session())

    return guarded(run, debug=debug)
