"""`chatops keys`: the providers' keys. A key is read from a prompt or standard input, never from the command line."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatops.cli.exits import ExitCode, complain, exit_code, guarded
from chatops.cli.flags import Debug, Json
from chatops.cli.terminal import Terminal, open_terminal, sanitize

if TYPE_CHECKING:
    from chatops.keys import Place
    from chatops.sections import ProviderSettings
    from chatops.settings import Settings

app = typer.Typer(no_args_is_help=True)
_PATIENCE = 20.0
"""Seconds that a provider has to answer: more than for a listing, since the answer is all that is wanted."""
Provider = Annotated[str, typer.Argument(metavar="PROVIDER", help="Its name in the settings: openai, anthropic ...")]


def _provider(settings: Settings, name: str) -> ProviderSettings:
    from chatops.engine.errors import InvalidRequestError

    if name not in settings.providers:
        raise InvalidRequestError(f"no provider {name!r}: there are {', '.join(settings.providers)}")
    return settings.providers[name]


@app.command("set")
def set_(
    provider: Provider,
    *,
    keyring: Annotated[
        bool | None, typer.Option("--keyring/--file", help="Where; not said: the keyring, if there is one.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Store a key, which is asked for, or read from standard input when that is piped."""
    terminal = open_terminal()

    def body() -> None:
        from chatops.cli.config import current
        from chatops.sections import usable_key

        settings = current()
        chosen = _provider(settings, provider)
        key = usable_key(_asked(terminal, provider), provider)
        place: Place | None = None if keyring is None else "keyring" if keyring else "file"
        where = settings.keys.store(provider, key, place)
        complain(f"stored in {'the keyring' if where == 'keyring' else settings.keys.path}")
        before = chosen.key_source(os.environ)
        if before not in {"keyring", "file"}:
            complain(f"chatops: warning: {before} comes before it")

    raise typer.Exit(guarded(body, debug=debug))


def _asked(terminal: Terminal, provider: str) -> str:
    import sys
    from getpass import getpass

    from chatops.engine.errors import InvalidRequestError

    if terminal.stdin_is_tty:
        key = getpass(f"Key of {sanitize(provider)} (it is not shown): ").strip()
    else:
        key = sys.stdin.readline(16384).strip()
    if not key:
        raise InvalidRequestError("no key was given: nothing was stored")
    return key


@app.command("ls")
def list_keys(*, json: Json = False, debug: Debug = False) -> None:
    """List the providers and where each one's key comes from. No key is shown."""
    terminal = open_terminal()

    def body() -> None:
        from chatops.cli import listing
        from chatops.cli.config import current

        found = [
            (one.name, one.key_source(os.environ))
            for one in current().providers.values()
            if one.kind in {"openai", "anthropic"}
        ]
        if json:
            listing.write_json(terminal, ({"provider": name, "key": source} for name, source in found))
        else:
            listing.write_rows(terminal, [{"provider": name, "key": source or "none"} for name, source in found])

    raise typer.Exit(guarded(body, debug=debug))


@app.command("rm")
def remove(provider: Provider, *, debug: Debug = False) -> None:
    """Forget a stored key."""

    def body() -> None:
        from chatops.cli.config import current
        from chatops.engine.errors import NotFoundError

        if not current().keys.remove(provider):
            raise NotFoundError(f"no key of {provider!r} is stored: `chatops keys ls` tells where keys come from")

    raise typer.Exit(guarded(body, debug=debug))


@app.command("test")
def try_(
    provider: Annotated[
        str | None, typer.Argument(metavar="PROVIDER", help="None: each provider that has a key.")
    ] = None,
    *,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Ask providers for their list of models with their keys: the cheapest real call, it costs no tokens."""
    terminal = open_terminal()

    def body() -> ExitCode | None:
        from chatops.cli import listing
        from chatops.cli.config import current
        from chatops.engine.errors import ChatopsError, InvalidRequestError

        settings = current()
        names = [_provider(settings, provider).name] if provider else _with_keys(settings)
        if not names:
            raise InvalidRequestError("no provider has a key: `chatops keys set PROVIDER` stores one")
        answers = dict(zip(names, asyncio.run(_try(settings, names)), strict=True))
        shapes = [_outcome(name, answer) for name, answer in answers.items()]
        if json:
            listing.write_json(terminal, shapes)
        else:
            listing.write_rows(
                terminal, [{"provider": one["provider"], "result": one.get("error") or "works"} for one in shapes]
            )
        faults = [answer for answer in answers.values() if isinstance(answer, ChatopsError)]
        return exit_code(faults[0]) if faults else None

    raise typer.Exit(guarded(body, debug=debug))


def _with_keys(settings: Settings) -> list[str]:
    return [one.name for one in settings.providers.values() if one.key_source(os.environ)]


async def _try(settings: Settings, names: list[str]) -> list[Any]:
    from chatops.bootstrap import Providers
    from chatops.engine.offers import offered

    providers = Providers(settings, os.environ, "direct")  # no SDK to import: that takes seconds on a busy machine
    try:
        return await asyncio.gather(*(offered(providers, name, patience=_PATIENCE) for name in names))
    finally:
        await providers.aclose()


def _outcome(name: str, answer: object) -> dict[str, Any]:
    from chatops.engine.errors import ChatopsError

    if isinstance(answer, ChatopsError):
        return {"provider": name, "works": False, "code": answer.code, "error": answer.message}
    return {"provider": name, "works": True}
