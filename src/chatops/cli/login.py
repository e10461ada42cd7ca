"""`chatops login|logout|whoami`: the server that this terminal uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatops.cli.exits import complain, guarded
from chatops.cli.flags import Debug, Json
from chatops.cli.terminal import Terminal, open_terminal, sanitize

if TYPE_CHECKING:
    from chatops.cli.remote.signin import SignInFile
    from chatops.settings import Settings


def login(
    server: Annotated[str, typer.Argument(metavar="URL", help="The server, like https://chat.example.org.")],
    *,
    email: Annotated[str | None, typer.Option("--email", metavar="EMAIL", help="None: it is asked for.")] = None,
    debug: Debug = False,
) -> None:
    """Sign in to a server: `ask`, `chat`, `history` and `usage` then work there, until `chatops logout`.

    The password is asked for, or is the first line of standard input.
    """

    def body() -> None:
        import asyncio

        from chatops.cli import asking
        from chatops.cli.remote.http import address

        terminal = open_terminal()
        url = address(server)
        settings = _settings()
        name = email or asking.line(terminal, "Email: ")
        password = asking.password(terminal)
        asyncio.run(_login(settings, url, name, password))
        complain(f"signed in to {url} as {name}")

    raise typer.Exit(guarded(body, debug=debug))


def _settings() -> Settings:
    from chatops.cli.config import current

    return current()


def _file(settings: Settings) -> SignInFile:
    from chatops.cli.remote.signin import SignInFile

    return SignInFile(settings.paths.state)


async def _login(settings: Settings, url: str, email: str, password: str) -> None:
    from chatops.cli.remote.http import Http
    from chatops.cli.remote.signin import signed_in

    file = _file(settings)
    told = await Http(url).json("POST", "/api/auth/login", {"email": email, "password": password})
    async with file.locked():
        file.write(signed_in(url, told))


def logout(*, debug: Debug = False) -> None:
    """End the sign-in, here and on the server."""

    def body() -> None:
        import asyncio

        asyncio.run(_logout(_file(_settings())))

    raise typer.Exit(guarded(body, debug=debug))


async def _logout(file: SignInFile) -> None:
    """It is forgotten here even when the server cannot be told."""
    from chatops.cli.remote.http import Http
    from chatops.engine.errors import ChatopsError

    async with file.locked():
        found = file.read()
        if found is None:
            complain("nobody was signed in")
            return
        file.write(None)
        try:
            await Http(found.server).json("POST", "/api/auth/logout", {"refresh_token": found.refresh_token})
        except ChatopsError as error:
            complain(f"signed out here; the server could not be told: {sanitize(error.message)}")
        else:
            complain(f"signed out of {found.server}")


def whoami(*, json: Json = False, debug: Debug = False) -> None:
    """Print the server that this terminal uses, and who one is there."""

    def body() -> None:
        import asyncio
        import os

        from chatops.cli.remote.opening import server_of

        settings, terminal = _settings(), open_terminal()
        server = server_of(os.environ, settings.paths.state)
        me = None if server is None else asyncio.run(_me(settings, server))
        _print(terminal, server, me, json=json)

    raise typer.Exit(guarded(body, debug=debug))


async def _me(settings: Settings, server: str) -> dict[str, Any]:
    from chatops.cli.remote.http import Http
    from chatops.cli.remote.opening import credentials

    found: dict[str, Any] = await Http(server, credentials(settings, server)).json("GET", "/api/me")
    return found


def _print(terminal: Terminal, server: str | None, me: dict[str, Any] | None, *, json: bool) -> None:
    if json:
        from chatops.cli.listing import json_text

        terminal.write(json_text(terminal, {"server": server, **(me or {})}, indent=2) + "\n")
    elif me is None:
        terminal.write("the owner of this machine's database; no server is used\n")
    else:
        terminal.write(sanitize(f"{me.get('email', me['id'])} ({me['role']}) on {server}\n"))
