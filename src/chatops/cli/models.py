"""`chatops models`: what can be asked, and the embedded model's weights."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatops.cli.exits import ExitCode, complain, exit_code, guarded, with_engine
from chatops.cli.flags import Debug, Json
from chatops.cli.terminal import open_terminal, sanitize
from chatops.engine.errors import ChatopsError, NotFoundError
from chatops.engine.offers import offered

if TYPE_CHECKING:
    from chatops.engine.models import Catalog, ModelSpec
    from chatops.engine.service import Engine
    from chatops.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.command("ls")
def list_models(
    *,
    provider: Annotated[
        str | None, typer.Option("--provider", metavar="PROVIDER", help="Of this provider only.")
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List the models that each provider with a key offers."""
    terminal = open_terminal()

    async def body(engine: Engine, settings: Settings) -> ExitCode | None:
        from chatops.cli import listing

        names = asked(settings, provider)
        answers = await asyncio.gather(*(offered(engine.providers, name) for name in names))
        found = {name: answer for name, answer in zip(names, answers, strict=True) if isinstance(answer, list)}
        faults = [answer for answer in answers if isinstance(answer, ChatopsError)]
        shapes = [_shape(engine.catalog, f"{name}:{model}") for name, models in found.items() for model in models]
        if json:
            listing.write_json(terminal, shapes)
        else:
            listing.write_rows(terminal, [_row(shape) for shape in shapes])
        for fault in faults:
            complain(f"chatops: warning: {fault.message}")
        return exit_code(faults[0]) if faults and not found else None

    raise typer.Exit(with_engine(body, debug=debug))


def asked(settings: Settings, provider: str | None) -> list[str]:
    """The providers to ask: the one named, else those that may answer (`echo` is for tests)."""
    from chatops.engine.errors import InvalidRequestError

    if provider is None:
        return [
            one.name
            for one in settings.providers.values()
            if one.kind == "local" or (one.kind != "echo" and (one.has_key(os.environ) or one.api_key_env is None))
        ]
    if provider not in settings.providers:
        raise InvalidRequestError(f"no provider {provider!r}: there are {', '.join(settings.providers)}")
    return [provider]


def _shape(catalog: Catalog, id_: str) -> dict[str, Any]:
    """The public shape of a model: sizes in tokens, absent where they are not known."""
    spec = catalog.resolve(id_)
    shape = {
        "id": id_,
        "provider": spec.provider,
        "context": spec.context,
        "max_output": spec.max_output,
        "fallbacks": list(spec.fallbacks),
        "aliases": [alias for alias, target in catalog.aliases.items() if target == id_],
        "default": _is_default(catalog, id_),
    }
    return {key: value for key, value in shape.items() if value}


def _is_default(catalog: Catalog, id_: str) -> bool:
    with suppress(ChatopsError):  # a default that names no model of ours is told when it is used
        return catalog.resolve(None).id == id_
    return False


def _row(shape: dict[str, Any]) -> dict[str, str]:
    notes = ["default"] if shape.get("default") else []
    return {
        "model": shape["id"],
        "context": str(shape.get("context", "")),
        "max output": str(shape.get("max_output", "")),
        "notes": ", ".join([*notes, *shape.get("aliases", [])]),
    }


@app.command()
def show(
    name: Annotated[str | None, typer.Argument(metavar="MODEL", help="Id, alias or name; none: the default.")] = None,
    *,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Print what is known of a model, without asking its provider."""
    terminal = open_terminal()

    def body() -> None:
        from json import dumps

        from chatops.catalog import catalog
        from chatops.cli.config import current

        settings = current()
        models = catalog(settings, os.environ)
        spec: ModelSpec = models.resolve(name)
        shape = _shape(models, spec.id)
        if json:
            terminal.write(f"{dumps(shape, ensure_ascii=False)}\n")
            return
        for key, value in shape.items():
            text = ", ".join(value) if isinstance(value, list) else "yes" if value is True else str(value)
            terminal.write(sanitize(f"{key.replace('_', ' ')}: {text}\n"))

    raise typer.Exit(guarded(body, debug=debug))


@app.command()
def default(
    name: Annotated[str | None, typer.Argument(metavar="MODEL", help="None: print the default.")] = None,
    *,
    debug: Debug = False,
) -> None:
    """Print the default model, or set it in your settings file."""
    terminal = open_terminal()

    def body() -> None:
        from chatops.catalog import catalog
        from chatops.cli.config import current
        from chatops.editing import change, put

        models = catalog(current(), os.environ)
        id_ = models.resolve(name).id
        if name is None:
            terminal.write(sanitize(f"{id_}\n"))
            return
        said = name if name in models.aliases else id_
        change(os.environ, Path(), lambda document: put(document, ("model",), said))

    raise typer.Exit(guarded(body, debug=debug))


@app.command()
def alias(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="None: print all.")] = None,
    model: Annotated[str | None, typer.Argument(metavar="MODEL", help="What it stands for.")] = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", "-d", help="Take it away.")] = False,
    debug: Debug = False,
) -> None:
    """Print the short names of models, give one, or take one away."""
    terminal = open_terminal()

    def body() -> None:
        from chatops.catalog import catalog
        from chatops.cli import listing
        from chatops.cli.config import current
        from chatops.editing import change, put
        from chatops.editing import remove as take_out

        models = catalog(current(), os.environ)
        if name is None:
            listing.write_rows(terminal, [{"alias": one, "model": to} for one, to in sorted(models.aliases.items())])
        elif model is not None and not remove:
            id_ = models.resolve(model).id
            change(os.environ, Path(), lambda document: put(document, ("aliases", name), id_))
        elif name not in models.aliases:
            raise NotFoundError(f"there is no alias {name}")
        elif remove:
            change(os.environ, Path(), lambda document: take_out(document, ("aliases", name)))
        else:
            terminal.write(sanitize(f"{models.aliases[name]}\n"))

    raise typer.Exit(guarded(body, debug=debug))


@app.command()
def pull(*, debug: Debug = False) -> None:
    """Fetch the embedded model's weights (98 MB), which then answers without a key or a network."""
    terminal = open_terminal()

    def body() -> None:
        from chatops.cli.config import current
        from chatops.cli.waiting import fetch_shown
        from chatops.engine.providers import weights

        folder = current().paths.models
        place = weights.find(folder)
        if place is not None and weights.intact(place):
            complain("the weights are here already")
        else:
            place = asyncio.run(fetch_shown(folder, terminal))
        terminal.write(f"{place}\n")

    raise typer.Exit(guarded(body, debug=debug))
