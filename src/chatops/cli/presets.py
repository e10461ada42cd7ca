"""`chatops presets`: system prompts, models and parameters under a name, kept in the user's settings file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatops.cli.exits import complain, guarded
from chatops.cli.flags import Debug, Json, Yes
from chatops.cli.terminal import open_terminal, sanitize

if TYPE_CHECKING:
    from chatops.sections import Preset

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="PRESET", help="Its name.")]


def _shape(name: str, preset: Preset) -> dict[str, Any]:
    from chatops.presets import variables

    said = {key: value for key, value in asdict(preset).items() if value not in (None, {})}
    named = {one: preset.variables.get(one) for one in variables(preset)}
    return {"name": name, **said, "variables": named} if named else {"name": name, **said}


@app.command("ls")
def list_presets(*, json: Json = False, debug: Debug = False) -> None:
    """List the presets. A variable with a `*` needs a value (-V NAME=TEXT)."""
    terminal = open_terminal()

    def body() -> None:
        from chatops.cli import listing
        from chatops.cli.config import current

        shapes = [_shape(name, preset) for name, preset in sorted(current().presets.items())]
        if json:
            listing.write_json(terminal, shapes)
            return
        listing.write_rows(terminal, [_row(shape) for shape in shapes])
        if not shapes:
            complain('no presets yet: chatops presets save NAME -s "You are ..." makes one')

    raise typer.Exit(guarded(body, debug=debug))


def _row(shape: Mapping[str, Any]) -> dict[str, str]:
    named = shape.get("variables", {})
    return {
        "preset": shape["name"],
        "model": shape.get("model", ""),
        "variables": " ".join(f"{name}{'*' if value is None else ''}" for name, value in named.items()),
        "text": shape.get("system", "") or shape.get("prompt", ""),
    }


@app.command()
def show(name: Name, *, json: Json = False, debug: Debug = False) -> None:
    """Print a preset: as the settings file has it, or as JSON."""
    terminal = open_terminal()

    def body() -> None:
        from chatops.cli.config import current
        from chatops.cli.listing import json_text
        from chatops.presets import find

        preset = find(current().presets, name)
        text = f"{json_text(terminal, _shape(name, preset))}\n" if json else _toml(_table(preset))
        terminal.write(sanitize(text) if terminal.stdout_is_tty else text)

    raise typer.Exit(guarded(body, debug=debug))


def _table(preset: Preset) -> dict[str, object]:
    return {key: value for key, value in asdict(preset).items() if value not in (None, {})}


def _toml(table: Mapping[str, object]) -> str:
    import tomlkit

    return tomlkit.dumps(table)


@app.command()
def save(
    name: Name,
    *,
    system: Annotated[
        str | None, typer.Option("-s", "--system", metavar="TEXT", help="System prompt; - reads it.")
    ] = None,
    prompt: Annotated[
        str | None,
        typer.Option("--prompt", metavar="TEXT", help="Around what is asked, which is {{input}}; - reads it."),
    ] = None,
    model: Annotated[str | None, typer.Option("-m", "--model", metavar="MODEL", help="Model.")] = None,
    max_tokens: Annotated[int | None, typer.Option("--max-tokens", metavar="N", min=1, help="Longest answer.")] = None,
    options: Annotated[
        list[str] | None, typer.Option("-o", "--option", metavar="NAME=VALUE", help="Parameter; repeatable.")
    ] = None,
    variables: Annotated[
        list[str] | None, typer.Option("-V", "--var", metavar="NAME=TEXT", help="Value of {{NAME}}; repeatable.")
    ] = None,
    yes: Yes = False,
    debug: Debug = False,
) -> None:
    """Save a preset in your settings file. {{name}} in its texts is a variable."""

    def body() -> None:
        from chatops.engine.errors import InvalidRequestError

        table = {
            "system": _read(system),
            "prompt": _read(prompt),
            "model": model,
            "max_tokens": max_tokens,
            "options": _pairs(options, as_json=True),
            "variables": _pairs(variables, as_json=False),
        }
        said = {key: value for key, value in table.items() if value not in (None, {})}
        if not said:
            raise InvalidRequestError("an empty preset: give it a system prompt (-s), a model (-m) or parameters (-o)")
        _store(name, said, overwrite=yes)

    raise typer.Exit(guarded(body, debug=debug))


def _read(text: str | None) -> str | None:
    import sys

    return sys.stdin.read().strip() if text == "-" else text


def _pairs(texts: list[str] | None, *, as_json: bool) -> dict[str, object]:
    from chatops.cli.flagtable import named_texts, named_values
    from chatops.engine.errors import InvalidRequestError

    try:
        return named_values(texts or []) if as_json else dict(named_texts(texts or []))
    except ValueError as error:
        raise InvalidRequestError(f"{' '.join(texts or [])}: {error}") from None


def _store(name: str, table: Mapping[str, object], *, overwrite: bool) -> None:
    from chatops.cli.config import current
    from chatops.editing import change, put
    from chatops.engine.errors import InvalidRequestError

    if name in current().presets and not overwrite:
        raise InvalidRequestError(f"there is a preset {name} already: replace it with --yes, or `presets edit {name}`")
    change(os.environ, Path(), lambda document: put(document, ("presets", name), dict(table)))


@app.command()
def edit(name: Name, *, debug: Debug = False) -> None:
    """Open a preset in $VISUAL or $EDITOR, as the settings file has it. A new one begins empty."""
    terminal = open_terminal()

    def body() -> None:
        from chatops.cli.config import current
        from chatops.cli.editor import edit_until_valid
        from chatops.sections import Preset

        preset = current().presets.get(name, Preset())
        edit_until_valid(
            terminal,
            _toml(_table(preset)) or '# system = "You are {{role}}."\n# model = "..."\n',
            f"{name}.toml",
            lambda text: _store(name, _parsed(text), overwrite=True),
        )

    raise typer.Exit(guarded(body, debug=debug))


def _parsed(text: str) -> dict[str, object]:
    import tomllib

    from chatops.engine.errors import SettingsError

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"no TOML: {error}") from None


@app.command("rm")
def remove(name: Name, *, debug: Debug = False) -> None:
    """Take a preset out of your settings file."""

    def body() -> None:
        from chatops.cli.config import current
        from chatops.editing import change
        from chatops.editing import remove as take_out
        from chatops.presets import find

        find(current().presets, name)
        change(os.environ, Path(), lambda document: take_out(document, ("presets", name)))

    raise typer.Exit(guarded(body, debug=debug))


@app.command("import")
def import_(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="LibreChat's presets (JSON), llm's templates (YAML).")
    ],
    *,
    yes: Yes = False,
    debug: Debug = False,
) -> None:
    """Import presets of LibreChat and templates of llm, and print their names; --yes replaces."""
    terminal = open_terminal()

    def body() -> None:
        from chatops.cli.prompt import read_text
        from chatops.presetfiles import read

        for path in paths:
            for found in read(Path(path).stem, read_text(path)):
                _store(found.name, found.table, overwrite=yes)
                terminal.write(f"{found.name}\n")
                if found.left_out:
                    complain(f"chatops: warning: {found.name}: left out {', '.join(map(sanitize, found.left_out))}")

    raise typer.Exit(guarded(body, debug=debug))
