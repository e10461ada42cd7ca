"""Which model answers, and how it is asked."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from chatops.cli.ask import sampling_of
from chatops.cli.flagtable import named_texts, positive_int
from chatops.cli.repl.registry import Choice, Command
from chatops.engine.errors import InvalidRequestError

if TYPE_CHECKING:
    from chatops.cli.repl.session import Session

_OPTIONS = ("temperature", "top_p", "max_tokens", "stop", "seed")


async def model(session: Session, argument: str) -> None:
    if argument:
        session.asking.model = session.engine.catalog.resolve(argument).id
        await session.measure()
    spec = session.engine.catalog.resolve(session.asking.model)
    sizes = f", window {spec.context:,} tokens" if spec.context else ""
    session.note(f"{spec.id} answers{sizes}")


async def offer_models(session: Session, argument: str) -> list[Choice]:
    """Known models and aliases that hold what was typed, those that begin with it first."""
    catalog = session.engine.catalog
    names = {**catalog.aliases, **dict.fromkeys(catalog.known, "")}
    wanted = argument.lower()
    fitting = [Choice(name, about) for name, about in names.items() if wanted in name.lower()]
    return sorted(fitting, key=lambda choice: (not choice.text.lower().startswith(wanted), choice.text))


async def models(session: Session, argument: str) -> None:
    """Asks each provider that can answer, as `chatops models ls` does."""
    import asyncio

    from chatops.cli.models import asked
    from chatops.engine.errors import ChatopsError
    from chatops.engine.offers import offered

    if session.engine.is_here:
        names = asked(session.settings, argument or None)
    else:
        names = [name for name in session.engine.providers if argument in {"", name}]
    answers = await asyncio.gather(*(offered(session.engine.providers, name) for name in names))
    for name, answer in zip(names, answers, strict=True):
        if isinstance(answer, ChatopsError):
            session.note(answer.message)
            continue
        for one in answer:
            mark = "*" if f"{name}:{one}" == session.asking.model else " "
            session.show(f"{mark} {name}:{one}")


async def _offer_providers(session: Session, argument: str) -> list[Choice]:
    return [Choice(name) for name in session.engine.catalog.providers if name.startswith(argument)]


async def system(session: Session, argument: str) -> None:
    if argument:
        session.asking.system = "" if argument == "-" else argument
        if session.conversation is None:
            session.asking.first_system = session.asking.system
        await session.measure()
    now = session.asking.system
    if now is None and session.conversation is not None:
        now = (await session.current()).system
    session.show(now or "no system prompt")
    if argument:
        session.note("goes with the next prompt")


async def preset(session: Session, argument: str) -> None:
    from chatops.cli.repl.opening import session_preset

    if not argument:
        for name, one in session.settings.presets.items():
            session.row(f"{name}  {one.model or ''}  {one.system or ''}")
        session.note("/preset NAME takes one" if session.settings.presets else "there are no presets in the settings")
        return
    try:
        name, *pairs = [argument] if argument in session.settings.presets else shlex.split(argument)
        variables = named_texts(pairs)
    except ValueError as error:
        raise InvalidRequestError(f"/preset NAME [VARIABLE=TEXT ...]: {error}") from None
    chosen = session_preset(session.settings, name, variables)
    asking = session.asking
    sampling_of(dict(chosen.options), chosen.max_tokens)  # a wrong value is told before anything changes
    if chosen.model is not None:
        asking.model = session.engine.catalog.resolve(chosen.model).id
    if chosen.system is not None:
        asking.system = asking.first_system = chosen.system
    asking.options, asking.max_tokens = dict(chosen.options), chosen.max_tokens
    await session.measure()
    session.note(f"{name}: {asking.model} answers")


async def _offer_presets(session: Session, argument: str) -> list[Choice]:
    found = session.settings.presets.items()
    return [Choice(name, one.model or "") for name, one in found if name.startswith(argument)]


async def set_option(session: Session, argument: str) -> None:
    """`/set`, `/set temperature 0.2`, `/set temperature -`."""
    name, _, said = argument.replace("=", " ", 1).partition(" ")
    said = said.strip()
    asking = session.asking
    if name and not said:
        raise InvalidRequestError(f"/set {name} needs a value, or - for none")
    if name == "max_tokens":
        asking.max_tokens = None if said == "-" else _tokens(said)
    elif said == "-":
        asking.options.pop(name, None)
    elif name:
        changed = {**asking.options, name: _value(said)}
        sampling_of(changed, None)
        asking.options = changed
    now = {**asking.options, **({"max_tokens": asking.max_tokens} if asking.max_tokens else {})}
    session.show(
        "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in now.items()) or "none set"
    )


def _tokens(said: str) -> int:
    try:
        return positive_int(said)
    except ValueError as error:
        raise InvalidRequestError(f"max_tokens {error}") from None


def _value(said: str) -> object:
    """JSON, or else a text."""
    try:
        value: object = json.loads(said)
    except ValueError:
        return said
    return value


async def _offer_options(session: Session, argument: str) -> list[Choice]:
    names = dict.fromkeys([*_OPTIONS, *session.asking.options])
    return [Choice(name) for name in names if name.startswith(argument)]


COMMANDS = (
    Command(name="model", run=model, argument="[MODEL]", complete=offer_models, help="Show or choose who answers."),
    Command(
        name="models",
        run=models,
        argument="[PROVIDER]",
        complete=_offer_providers,
        help="List the models that your providers offer.",
    ),
    Command(name="system", run=system, argument="[TEXT|-]", help="Show, set or (-) remove the system prompt."),
    Command(
        name="preset", run=preset, argument="[NAME]", complete=_offer_presets, help="Take a preset of the settings."
    ),
    Command(
        name="set",
        run=set_option,
        argument="[NAME VALUE]",
        complete=_offer_options,
        help="Set an option (temperature 0.2), - for none.",
    ),
)
