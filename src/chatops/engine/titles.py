"""A conversation's title by a cheap call of a model, after its first turn. What fails leaves the first words there.

It runs beside everything else: no turn, reader or shutdown waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from chatops.engine.errors import ChatopsError
from chatops.engine.events import Record, TextDelta
from chatops.engine.messages import Conversation, Message, Principal, Sampling
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.ports import Store
from chatops.engine.requests import TITLE_CHARS, TurnRequest, title_of

OneReader = Callable[[Principal, TurnRequest], AbstractAsyncContextManager[AsyncGenerator[Record, None]]]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class TitlePolicy:
    """`model`: the model to ask; None: a cheap one of the conversation's provider, else its own."""

    model: str | None = None


class Titler:
    """Names conversations.

    Args:
        turn: `Engine.turn`: a title is asked for as any answer is, under the person's limits, and has its row in the
            ledger; it is not recorded.
    """

    def __init__(self, turn: OneReader, store: Store, catalog: Catalog, policy: TitlePolicy) -> None:
        self._turn = turn
        self._store = store
        self._catalog = catalog
        self._policy = policy
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, principal: Principal, conversation: Conversation, question: Message, answer: Message) -> None:
        """Replaces, some time, the title that was made of the first words; one that a person gave stays."""
        task = asyncio.create_task(self._name(principal, conversation, question, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Ends what still runs; those conversations keep their first words."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _name(self, principal: Principal, conversation: Conversation, question: Message, answer: Message) -> None:
        try:
            spec = self._spec(conversation)
            if spec is None:
                return
            async with asyncio.timeout(PATIENCE):
                title = clean(await self._ask(principal, spec, question, answer))
            now = await self._store.conversation(conversation.owner_id, conversation.id)
            if title and now.title == conversation.title:
                await self._store.update_conversation(conversation.owner_id, conversation.id, title=title)
        except (ChatopsError, TimeoutError) as error:
            log.info("no title for conversation %s: %s", conversation.id, error)
        except Exception:
            log.exception("the title of conversation %s failed", conversation.id)

    def _spec(self, conversation: Conversation) -> ModelSpec | None:
        if self._policy.model is not None:
            return self._catalog.resolve(self._policy.model)
        own = self._catalog.resolve(conversation.model)
        if own.provider in UNTITLED:
            return None
        return self._catalog.resolve(CHEAP.get(own.provider, own.id)) if own.id in self._catalog.known else own

    async def _ask(self, principal: Principal, spec: ModelSpec, question: Message, answer: Message) -> str:
        request = TurnRequest(
            text=f"Question:\n{question.text[:EXCERPT]}\n\nAnswer:\n{answer.text[:EXCERPT]}",
            model=spec.id,
            system=_SYSTEM,
            sampling=Sampling(max_tokens=MOST_TOKENS),
            fallbacks=(),
            silence=PATIENCE,
            record=False,
        )
        said = ""
        async with self._turn(principal, request) as records:
            async for _, event in records:
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
