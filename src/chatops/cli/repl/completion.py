"""What Tab offers: commands that are valid now, their arguments, files after `@`."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion

from chatops.cli.repl import mentions
from chatops.cli.repl.session import Session
from chatops.cli.sanitize import sanitize
from chatops.engine.errors import ChatopsError

if TYPE_CHECKING:
    from prompt_toolkit.document import Document

    from chatops.cli.repl.registry import Registry

_AT = re.compile(r'(?:^|[\s(\[{])@("?)([^\s"]*)$')


class Completing(Completer):
    """Completes the text before the cursor. What it offers comes from models and other people: it is sanitised."""

    def __init__(self, session: Session, registry: Registry) -> None:
        self._session = session
        self._registry = registry

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002 - prompt-toolkit's signature
        """Not used: everything comes from `get_completions_async`."""
        return ()

    async def get_completions_async(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - prompt-toolkit's signature
    ) -> AsyncGenerator[Completion, None]:
        """As `Completer.get_completions_async`."""
        text = document.text_before_cursor
        mention = _AT.search(text)
        if text.startswith("/") and not text.startswith("//"):
            found = await self._command(text)
        elif mention:
            found = _files(mention[2])
        else:
            found = []
        for completion in found:
            yield completion

    async def _command(self, text: str) -> list[Completion]:
        name, space, argument = text[1:].partition(" ")
        if not space:
            return [
                Completion(f"/{one.name}{' ' if one.argument else ''}", -len(text), one.usage, one.help)
                for one in self._registry.named(name, self._session)
            ]
        try:
            command = self._registry.find(name)
            choices = await command.complete(self._session, argument) if command.complete else []
        except ChatopsError:
            return []
        return [
            Completion(
                choice.text, -len(argument), _line(choice.shown or choice.text), display_meta=_line(choice.about)
            )
            for choice in choices
        ]


def _line(text: str) -> str:
    return sanitize(" ".join(text.split()))


def _files(prefix: str) -> list[Completion]:
    return [
        Completion(f'@"{path}"' if " " in path else f"@{path}", -len(prefix) - 1, sanitize(path))
        for path in mentions.paths(prefix)
    ]
