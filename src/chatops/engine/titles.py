"""A conversation's title by a cheap call of a model, once its first answer says enough to name it, or is over. What
fails leaves the first words there.

It runs beside everything else: no turn, reader or shutdown waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass

from chatops.engine.errors import ChatopsError, RateLimitError
from chatops.engine.events import Entitled, Record, TextDelta, TurnFinished
from chatops.engine.messages import Conversation, Message, Principal, Sampling
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.ports import Store, TurnLog
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

ENOUGH = 400
"""Characters of an answer that tell what it is about: the title may be there before the answer ends."""

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
        turn_log: Where the first answer is read, and where a title that comes before its end is told.
    """

    def __init__(self, turn: OneReader, store: Store, catalog: Catalog, policy: TitlePolicy, turn_log: TurnLog) -> None:
        self._log = turn_log
        self._turn = turn
        self._store = store
        self._catalog = catalog
        self._policy = policy
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, principal: Principal, conversation: Conversation, question: Message, over: asyncio.Event) -> None:
        """Replaces, some time, the title that was made of the first words; one that a person gave stays.

        Args:
            principal: Who asks.
            conversation: With the running answer as its leaf.
            question: The first one.
            over: Set when the answer has ended.
        """
        task = asyncio.create_task(self._name(principal, conversation, question, over))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Ends what still runs; those conversations keep their first words."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _name(
        self, principal: Principal, conversation: Conversation, question: Message, over: asyncio.Event
    ) -> None:
        try:
            spec = self._spec(conversation)
            answer = None if spec is None else await self._answer(conversation.leaf_id or "")
            if spec is None or answer is None:
                return
            try:
                title = await self._title(principal, spec, question, answer)
            except RateLimitError:  # the answer itself takes this person's one place
                await over.wait()
                title = await self._title(principal, spec, question, answer)
            await self._keep(conversation, title, over)
        except (ChatopsError, TimeoutError) as error:
            log.info("no title for conversation %s: %s", conversation.id, error)
        except Exception:
            log.exception("the title of conversation %s failed", conversation.id)

    async def _answer(self, turn_id: str) -> str | None:
        """What the answer says once that is enough, or all of it; None when it broke off before."""
        said = ""
        async with aclosing(self._log.read(turn_id)) as batches:
            async for batch in batches:
                for event in batch:
                    if isinstance(event, TextDelta):
                        said += event.text
                    if isinstance(event, TurnFinished):
                        return said if event.message.status == "complete" else None
                if len(said) >= ENOUGH:
                    return said
        return None

    async def _keep(self, conversation: Conversation, title: str, over: asyncio.Event) -> None:
        now = await self._store.conversation(conversation.owner_id, conversation.id)
        if not title or now.title != conversation.title:
            return
        await self._store.update_conversation(conversation.owner_id, conversation.id, title=title)
        if not over.is_set() and conversation.leaf_id is not None:
            await self._log.append(conversation.leaf_id, Entitled(conversation.id, title))

    async def _title(self, principal: Principal, spec: ModelSpec, question: Message, answer: str) -> str:
        async with asyncio.timeout(PATIENCE):
            return clean(await self._ask(principal, spec, question, answer))

    def _spec(self, conversation: Conversation) -> ModelSpec | None:
        if self._policy.model is not None:
            return self._catalog.resolve(self._policy.model)
        own = self._catalog.resolve(conversation.model)
        if own.provider in UNTITLED:
            return None
        return self._catalog.resolve(CHEAP.get(own.provider, own.id)) if own.id in self._catalog.known else own

    async def _ask(self, principal: Principal, spec: ModelSpec, question: Message, answer: str) -> str:
        request = TurnRequest(
            text=f"Question:\n{question.text[:EXCERPT]}\n\nAnswer:\n{answer[:EXCERPT]}",
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
