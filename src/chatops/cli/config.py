"""`chatops config`: the settings in effect, and where each comes from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from chatops.cli.exits import guarded
from chatops.cli.flags import Debug, Json
from chatops.cli.terminal import open_terminal

if TYPE_CHECKING:
    from chatops.schema import Key
    from chatops.settings import Settings

app = typer.Typer(no_args_is_help=True)


def current() -> Settings:
    """The settings of this environment and folder. Raises `SettingsError`."""
    from chatops.settings import load

    return load(os.environ, Path())


@app.command()
def show(*, json: Json = False, debug: Debug = False) -> None:
    """Print each setting with its origin. Secrets are hidden."""
    terminal = open_terminal()

    def body() -> None:
        from json import dumps

        from chatops import schema
        from chatops.cli import listing

        found = [(schema.shown(key), visible(key, value), origin) for key, (value, origin) in current().origins.items()]
        found.sort()
        if json:
            listing.write_json(
                terminal, ({"key": key, "value": value, "origin": origin} for key, value, origin in found)
            )
        else:
            rows = [
                {"setting": key, "from": origin, "value": dumps(value, ensure_ascii=False)}
                for key, value, origin in found
            ]
            listing.write_rows(terminal, rows, cut=False)

    raise typer.Exit(guarded(body, debug=debug))


def visible(key: Key, value: object) -> object:
    """A value without what may be secret in it: passwords in addresses, the arguments of commands."""
    import re

    from chatops.schema import SECRETS

    if key[-1] == "api_key_cmd":
        program, *arguments = str(value).split(maxsplit=1)
        return f"{program} ***" if arguments else program
    if key[-1] in SECRETS:
        return "***"
    if isinstance(value, str) and key == ("database",):
        from chatops.engine.stores.mongo_address import without_secrets

        return value if value.startswith("sqlite:") else without_secrets(value)
    if isinstance(value, str) and key[-1] == "base_url":
        return re.sub(r"//.*@", "//***@", value)
    return value


@app.command()
def path(*, debug: Debug = False) -> None:
    """Print the path of your settings file, whether it exists or not."""

    def body() -> None:
        from chatops.settings import config_file

        open_terminal().write(f"{config_file(os.environ)}\n")

    raise typer.Exit(guarded(body, debug=debug))
