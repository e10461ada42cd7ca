"""`chatops ask`: one prompt, one answer.

Only what the request needs is imported before it is sent; what shows the answer is imported while it is awaited.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chatops import logs, presets
from chatops.cli import output, prompt
from chatops.cli.exits import ExitCode, complain, guarded
from chatops.cli.options import AskOptions
from chatops.cli.remote.opening import may_be_warm, open_engine, server_of
from chatops.cli.showing import ME, Showing
from chatops.cli.terminal import Terminal, open_terminal
from chatops.engine.errors import ConflictError, InvalidRequestError
from chatops.engine.events import Record
from chatops.engine.messages import Conversation, Message, Sampling, Usage
from chatops.engine.models import ModelSpec
from chatops.engine.requests import TurnRequest
from chatops.settings import Settings, load

if TYPE_CHECKING:
    from chatops.engine.service import Engine

_SAMPLING = ("temperature", "top_p", "stop")


def run(options: AskOptions) -> int:
    """Runs the command and returns the exit code."""
    return guarded(lambda: _run(options), debug=options.debug)


def _run(options: AskOptions) -> ExitCode:
    terminal = open_terminal()
    said = options.prompt or options.files or options.attachments or options.edit or options.preset
    if not said and terminal.stdin_is_tty:
        from chatops.cli.main import run_typer

        run_typer(["ask", "--help"])
        return ExitCode.USAGE
    logs.configure_from(os.environ, level="INFO" if options.verbose else "WARNING", tracebacks=options.debug)
    settings = load(os.environ, Path())
    stdin = None if terminal.stdin_is_tty else 0
    text = prompt.compose(options.prompt, options.files, stdin=stdin, edit=options.edit)
    return asyncio.run(_Ask(options, settings, terminal, text).run())


class _Ask:
    """One run of the command."""

    def __init__(self, options: AskOptions, settings: Settings, terminal: Terminal, text: str) -> None:
        self._options = options
        self._settings = settings
        self._terminal = terminal
        self._text = text
        self._terminated = False
        self._server = server_of(os.environ, settings.paths.state, options.server)

    async def run(self) -> ExitCode:
        self._obey_signals()
        try:
            warm = may_be_warm(os.environ, self._options.server) and not self._options.dry_run
            async with open_engine(self._settings, server=self._server, transport="direct", warm=warm) as engine:
                request = await self._request(engine)
                if self._options.key_file is not None:
                    from chatops.cli.keyfile import take_key

                    take_key(engine, await self._spec(engine, request), self._options.key_file)
                if self._options.dry_run:
                    import json

                    body = await engine.preview(ME, request)
                    self._terminal.write(json.dumps(body, ensure_ascii=False, indent=2) + "\n")
                    return ExitCode.OK
                return await self._answer(engine, request)
        except asyncio.CancelledError:
            if self._terminated:
                return ExitCode.TERMINATED
            raise

    def _obey_signals(self) -> None:
        """SIGTERM and a closed terminal end the turn as Ctrl-C does: the partial answer is stored first."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine under asyncio.run runs in a task

        def terminate() -> None:
            self._terminated = True
            task.cancel()

        with suppress(NotImplementedError, AttributeError):  # Windows has no such handlers, and no SIGHUP
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, terminate)

    async def _request(self, engine: Engine) -> TurnRequest:
        options, filled = self._options, self._filled()
        preset = filled.preset
        conversation = await self._conversation(engine)
        model = options.model or preset.model
        if conversation is None and model is None and self._server is None:
            self._say_which_model(engine.catalog.resolve(None))
        system = options.system if options.system is not None else preset.system
        if system is None and conversation is None:
            system = self._settings.system
        return TurnRequest(
            text=filled.text,
            attachments=prompt.attach(options.attachments),
            conversation_id=conversation.id if conversation else None,
            model=model,
            system=system,
            sampling=sampling_of({**preset.options, **options.options}, options.max_tokens or preset.max_tokens),
            fallbacks=options.fallbacks or None,
            silence=options.timeout or self._settings.timeout,
            record=not options.no_log,
            expires_in=options.temporary,
            max_cost=options.max_cost,
        )

    def _filled(self) -> presets.Filled:
        name = self._options.preset or self._settings.preset
        preset = presets.find(self._settings.presets, name)
        return presets.fill(name, preset, self._text, self._options.variables)

    async def _conversation(self, engine: Engine) -> Conversation | None:
        options = self._options
        if options.conversation is not None:
            conversation = await engine.history.conversation(ME, options.conversation)
        elif options.continue_last:
            newest = await engine.history.conversations(ME, limit=1)
            if not newest:
                raise InvalidRequestError("there is no conversation to continue yet (-c)")
            conversation = newest[0]
        else:
            return None
        if options.fork and not (options.dry_run or options.no_log):
            return await engine.history.fork(ME, conversation.id)
        return conversation

    def _say_which_model(self, spec: ModelSpec) -> None:
        if spec.provider == "local" and self._settings.model is None and self._settings.local_model is None:
            self._note(output.BUILT_IN)

    async def _answer(self, engine: Engine, request: TurnRequest) -> ExitCode:
        from chatops.cli.waiting import Spinner, fetch_weights

        spec = None if self._server else await self._spec(engine, request)
        if spec is not None and spec.provider == "local":
            await fetch_weights(self._settings, self._terminal)
        spinner = Spinner(self._terminal, quiet=self._options.quiet)
        thinking = output.Thinking(self._terminal.note) if self._shows_reasoning() else None
        answer = Showing(self._output(), thinking, spinner)
        begun = False
        try:
            async with spinner, AsyncExitStack() as stack:
                events = await self._start(engine, request, stack)
                await stack.enter_async_context(answer.shown.live())
                begun = True
                try:
                    async for record in events:
                        answer.take(record)
                except asyncio.CancelledError:
                    await answer.stop(engine)
                    raise
        except asyncio.CancelledError:  # the turn is over by now, and what there was of the answer is stored
            if begun and not answer.complete:
                kept = "kept: `chatops ask -c` goes on with it" if request.record else "not kept (--no-log)"
                self._note(f"stopped; the answer so far is {kept}")
            raise
        if answer.message is not None:
            self._afterwards(answer.message, spec or ModelSpec(id=answer.asked))
        return ExitCode.OK

    async def _spec(self, engine: Engine, request: TurnRequest) -> ModelSpec:
        """The model that will be asked first."""
        model = request.model
        if request.conversation_id and not model:
            model = (await engine.history.conversation(ME, request.conversation_id)).model
        return engine.catalog.resolve(model)

    async def _start(self, engine: Engine, request: TurnRequest, stack: AsyncExitStack) -> AsyncGenerator[Record, None]:
        """The turn's events; it starts behind the one that still runs in the conversation, or died a moment ago."""
        try:
            return await stack.enter_async_context(engine.turn(ME, request))
        except ConflictError:
            self._note("an answer is still being written in this conversation: waiting for its end")
            return await stack.enter_async_context(engine.turn(ME, replace(request, on_busy="queue")))

    def _shows_reasoning(self) -> bool:
        options = self._options
        return not (options.hide_reasoning or options.quiet or options.json or options.jsonl)

    def _output(self) -> output.Output:
        options, terminal = self._options, self._terminal
        to_person = options.out is None and terminal.stdout_is_tty
        write = output.to_file(options.out) if options.out is not None else terminal.write
        if to_person:
            write = output.sanitized(write)
        if options.jsonl:
            return output.Records(write)
        if options.json:
            return output.Whole(write, output.as_json)
        if options.extract:
            return output.Whole(write, output.first_code_block)
        render = options.render or self._settings.render
        if options.out is None and (render == "always" or (render == "auto" and terminal.stdout_is_tty)):
            from chatops.cli.painting import Painted

            return Painted(terminal, at_once=options.no_stream)
        return output.Whole(write, lambda message: message.text) if options.no_stream else output.Raw(write)

    def _afterwards(self, message: Message, spec: ModelSpec) -> None:
        answered = f"{message.provider}:{message.model}"
        for remark in output.remarks(message, spec, go_on="`chatops ask -c continue`"):
            self._note(remark)
        if self._options.usage and message.usage is not None:
            usage = message.usage
            cached = f", {usage.cached_tokens} of them cached" if usage.cached_tokens else ""
            complain(f"{answered}: {usage.input_tokens} tokens in{cached}, {usage.output_tokens} out{_cost(usage)}")

    def _note(self, text: str) -> None:
        if not self._options.quiet:
            self._terminal.note(f"{text}\n")


def _cost(usage: Usage) -> str:
    if usage.cost is None:
        return ""
    from chatops.engine.limits.money import shown

    return f", {shown(usage.cost)}"


def sampling_of(options: dict[str, object], max_tokens: int | None) -> Sampling:
    """Options by name: those that every provider has go to their place, the rest into the request as they are.

    Raises:
        InvalidRequestError: A value of a known option is of the wrong kind.
    """
    temperature, top_p, stop = (options.get(name) for name in _SAMPLING)
    for name, value in (("temperature", temperature), ("top_p", top_p)):
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
            raise InvalidRequestError(f"option {name} is {value!r}: it must be a number")
    stops = [stop] if isinstance(stop, str) else stop or []
    if not isinstance(stops, list) or not all(isinstance(text, str) for text in stops):
        raise InvalidRequestError("option stop must be a text, or a JSON list of texts: -o stop='[\"END\"]'")
    return Sampling(
        max_tokens=max_tokens,
        temperature=temperature,  # type: ignore[arg-type]  # checked above
        top_p=top_p,  # type: ignore[arg-type]  # checked above
        stop=tuple(stops),
        extra={name: value for name, value in options.items() if name not in _SAMPLING},
    )
