"""A conversation's title by a cheap call of a model, after its first turn. What fails leaves the first words there.

It runs beside everything else: no turn, reader or shutdown waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace

from chatops.engine.errors import ChatopsError
from chatops.engine.events import TextDelta
from chatops.engine.ids import new_id
from chatops.engine.messages import Conversation, Message, Sampling, TextPart
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.ports import ChatRequest, Provider, Store
from chatops.engine.requests import TITLE_CHARS, title_of

CHEAP = {"openai": "openai:gpt-5-nano", "anthropic": "anthropic:claude-haiku-5-5"}
"""Asked for titles where the conversation's own model is a listed one of the same provider."""
UNTITLED = frozenset({"local", "echo"})
"""Providers that are not asked unless the settings name a model: one is too small for it, the other for tests."""
PATIENCE = 30.0
MOST_TOKENS = 512
"""Enough for a reasoning model to think a little; a title takes a dozen."""
EXCERPT = 2000
"""Characters of question and answer that are shown: the call must stay cheap."""

_SYSTEM = (
    "You name conversations. Answer with a title of three to six words for the exchange you are shown, in its "
    "language. No quotes, no full stop, nothing else."
)

log = logging.getLogger(__name__)


class Titler:
    """Names conversations.

    Args:
        model: The model to ask; None: a cheap one of the conversation's provider, else its own.
    """

    def __init__(
        self, store: Store, providers: Mapping[str, Provider], catalog: Catalog, *, model: str | None = None
    ) -> None:
        self._store = store
        self._providers = providers
        self._catalog = catalog
        self._model = model

    async def name(self, conversation: Conversation, question: Message, answer: Message) -> None:
        """Replaces the title that was made of the first words; one that a person gave stays. Never raises."""
        try:
            spec = self._spec(conversation)
            if spec is None:
                return
            async with asyncio.timeout(PATIENCE):
                title = clean(await self._ask(spec, question, answer))
            now = await self._store.conversation(conversation.owner_id, conversation.id)
            if title and now.title == conversation.title:
                await self._store.update_conversation(conversation.owner_id, conversation.id, title=title)
        except (ChatopsError, TimeoutError) as error:
            log.info("no title for conversation %s: %s", conversation.id, error)
        except Exception:
            log.exception("the title of conversation %s failed", conversation.id)

    def _spec(self, conversation: Conversation) -> ModelSpec | None:
        if self._model is not None:
            return self._catalog.resolve(self._model)
        own = self._catalog.resolve(conversation.model)
        if own.provider in UNTITLED:
            return None
        return self._catalog.resolve(CHEAP.get(own.provider, own.id)) if own.id in self._catalog.known else own

    async def _ask(self, spec: ModelSpec, question: Message, answer: Message) -> str:
        shown = f"Question:\n{question.text[:EXCERPT]}\n\nAnswer:\n{answer.text[:EXCERPT]}"
        prompt = replace(question, id=new_id(), parts=(TextPart(text=shown),))
        request = ChatRequest(
            model=spec.name,
            messages=(prompt,),
            system=_SYSTEM,
            sampling=Sampling(max_tokens=MOST_TOKENS),
            silence=PATIENCE,
            context=spec.context,
            max_output=spec.max_output,
        )
        said = ""
        # A provider's client may be made here, and that may run a command for its key.
        provider = await asyncio.to_thread(self._providers.__getitem__, spec.provider)
        async with aclosing(provider.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    said += event.text
                if len(said) > 4 * TITLE_CHARS:
                    break
        return said


def clean(said: str) -> str:
    """A title out of what a model said: its first line, without the decoration that models like, shortened."""
    lines = [line for line in said.splitlines() if line.strip()]
    line = "".join(char if char.isprintable() else " " for char in lines[0]) if lines else ""
    line = line.strip().strip("#*_`\"'“”„«»").removeprefix("Title:").strip().strip("#*_`\"'“”„«»").strip()
    return title_of(line.rstrip(".")) if line.rstrip(".") else ""
