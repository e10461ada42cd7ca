"""`chatops config`: the settings in effect, where each comes from, and changes to the user's file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatops.cli.exits import guarded
from chatops.cli.flags import Debug, Json
from chatops.cli.terminal import open_terminal, sanitize

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
    if isinstance(value, str) and key == ("redis",):
        from chatops.engine.replicas.address import without_secrets as without

        return without(value)
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


@app.command()
def get(
    key: Annotated[str, typer.Argument(metavar="KEY", help='As in the file: model, models."openai:gpt-5".context.')],
    *,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Print one setting in effect. Secrets are hidden."""
    terminal = open_terminal()

    def body() -> None:
        from chatops.cli.listing import json_text
        from chatops.editing import parse_key

        value = _found(parse_key(key), key)
        text = value if isinstance(value, str) and not json else json_text(terminal, value)
        terminal.write(f"{sanitize(text) if terminal.stdout_is_tty else text}\n")

    raise typer.Exit(guarded(body, debug=debug))


def _found(key: Key, said: str) -> Any:
    """A value in effect, or a table of them; also one inside a table of free values."""
    from chatops.engine.errors import NotFoundError

    found: Any = None
    for name, (value, _) in current().origins.items():
        if name == key:
            return visible(name, value)
        if name[: len(key)] == key:
            found = found or {}
            found[".".join(name[len(key) :])] = visible(name, value)
        elif key[: len(name)] == name and isinstance(value, dict):
            inner: Any = value
            for part in key[len(name) :]:
                inner = inner.get(part) if isinstance(inner, dict) else None
            found = inner if inner is not None else found
    if found is None:
        raise NotFoundError(f"{said} is not set: `chatops config show` lists what is")
    return found


@app.command("set")
def set_(
    key: Annotated[str, typer.Argument(metavar="KEY", help='As in the file: model, models."openai:gpt-5".context.')],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="A TOML value or a plain text; - reads standard input.")
    ],
    *,
    debug: Debug = False,
) -> None:
    """Set one setting in your settings file, whose comments stay."""

    def body() -> None:
        from chatops.editing import parse_key

        text = sys.stdin.read().rstrip("\n") if value == "-" else value
        _put(parse_key(key), text)

    raise typer.Exit(guarded(body, debug=debug))


def _put(key: Key, text: str) -> None:
    """Sets a key to what the text says as TOML, or where that is nothing for this key, to the text itself."""
    import tomllib

    from chatops.editing import change, put
    from chatops.engine.errors import SettingsError

    try:
        value = tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except tomllib.TOMLDecodeError:
        value = text
    try:
        change(os.environ, Path(), lambda document: put(document, key, value))
    except SettingsError:
        if isinstance(value, str):
            raise
        change(os.environ, Path(), lambda document: put(document, key, text))


@app.command()
def unset(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A setting, or a table with all that is in it.")],
    *,
    debug: Debug = False,
) -> None:
    """Take a setting out of your settings file."""

    def body() -> None:
        from chatops.editing import change, parse_key, remove
        from chatops.engine.errors import NotFoundError

        def edit(document: Any) -> None:
            if not remove(document, parse_key(key)):
                raise NotFoundError(f"{key} is not in your settings file")

        change(os.environ, Path(), edit)

    raise typer.Exit(guarded(body, debug=debug))


@app.command()
def edit(*, debug: Debug = False) -> None:
    """Open your settings file in $VISUAL or $EDITOR; what is wrong in it is told and not saved."""
    terminal = open_terminal()

    def body() -> None:
        from chatops import editing
        from chatops.cli.editor import edit_until_valid

        edit_until_valid(
            terminal, editing.read(os.environ), "config.toml", lambda text: editing.write(os.environ, Path(), text)
        )

    raise typer.Exit(guarded(body, debug=debug))
