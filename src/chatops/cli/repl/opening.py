"""How a session begins: the flags, the preset, the conversation that it goes on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops import __version__
from chatops.cli.ask import sampling_of
from chatops.cli.output import BUILT_IN
from chatops.cli.repl import mentions
from chatops.cli.repl.exchange import show_exchanges
from chatops.cli.repl.finding import by_id, by_title
from chatops.cli.repl.session import Asking, Look, Session
from chatops.cli.showing import ME
from chatops.cli.terminal import Terminal
from chatops.engine.errors import ChatopsError, InvalidRequestError
from chatops.engine.messages import Conversation
from chatops.engine.models import LOCAL_MODEL
from chatops.sections import Preset
from chatops.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatops.cli.options import ChatOptions
    from chatops.engine.service import Engine


async def open_session(
    engine: Engine, settings: Settings, terminal: Terminal, options: ChatOptions, *, interactive: bool
) -> Session:
    """A session as the flags and settings want it; on a terminal it is greeted, and a conversation's last words shown.

    Raises:
        ChatopsError: No such preset, model, conversation or file.
    """
    conversation = await _conversation(engine, options)
    asking = _asking(engine, settings, options, conversation)
    look = Look(
        render=options.render or settings.render,  # type: ignore[arg-type]  # the table checked it
        vi=options.vi,
        reasoning=not (options.hide_reasoning or options.quiet),
        quiet=options.quiet,
    )
    session = Session(engine, settings, terminal, asking=asking, look=look, interactive=interactive)
    session.debug = options.debug
    session.expires_in = options.temporary
    if interactive:
        session.note(f"chatops {__version__} · {asking.model} · /help lists the commands, Ctrl-D leaves")
    if (
        asking.model == LOCAL_MODEL
        and engine.is_here
        and settings.model is None
        and settings.local_model is None
        and not options.model
    ):
        session.note(BUILT_IN)
    if conversation is not None:
        system = asking.system
        await session.enter(conversation)
        asking.system = system
        if interactive:
            await show_exchanges(session, 1)
    elif options.name:
        session.title = " ".join(options.name)
    for name in options.files:
        session.note(mentions.attach(session.pending, name))
    for name in options.attachments:
        session.note(mentions.attach(session.pending, name, text_too=False))
    return session


async def _conversation(engine: Engine, options: ChatOptions) -> Conversation | None:
    found: Conversation | None = None
    if options.conversation is not None:
        found = await engine.history.conversation(ME, options.conversation)
    elif options.continue_last:
        newest = await engine.history.conversations(ME, limit=1)
        if not newest:
            raise InvalidRequestError("there is no conversation to continue yet (-c)")
        found = newest[0]
    elif options.name:
        said = " ".join(options.name)
        found = await by_title(engine, ME, said) or await by_id(engine, ME, said)
    if found is not None and options.fork:
        return await engine.history.fork(ME, found.id)
    return found


def _asking(engine: Engine, settings: Settings, options: ChatOptions, conversation: Conversation | None) -> Asking:
    preset = session_preset(settings, options.preset or settings.preset, options.variables)
    system = options.system if options.system is not None else preset.system
    first = system if system is not None else settings.system
    sampling_of({**preset.options, **options.options}, None)  # a wrong value is told now
    return Asking(
        model=_model(engine, options.model or preset.model, conversation),
        system=first if conversation is None else system,
        first_system=first,
        options={**preset.options, **options.options},
        max_tokens=options.max_tokens or preset.max_tokens,
        fallbacks=options.fallbacks or None,
        silence=options.timeout or settings.timeout,
    )


def _model(engine: Engine, said: str | None, conversation: Conversation | None) -> str:
    if said is None and conversation is not None and conversation.model is not None:
        try:
            return engine.catalog.resolve(conversation.model).id
        except ChatopsError:  # its provider is not set up any more
            pass
    return engine.catalog.resolve(said).id


def session_preset(settings: Settings, name: str | None, variables: Mapping[str, str]) -> Preset:
    """A preset of the settings with its variables put in; None is an empty one. Its prompt is for one-shots.

    Raises:
        InvalidRequestError: There is none of that name, or a variable has no value.
    """
    from chatops import presets

    return presets.fill(name, presets.find(settings.presets, name), "", variables).preset
