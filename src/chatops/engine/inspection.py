"""What the next call of a model would be sent, part by part: for a person who wants to know where a window goes."""

from __future__ import annotations

from dataclasses import dataclass

from chatops.engine.branches import fill, to_root
from chatops.engine.messages import Conversation, Message, Principal
from chatops.engine.models import Catalog
from chatops.engine.ports import Store
from chatops.engine.requests import TurnRequest
from chatops.engine.window import DEFAULT_CONTEXT, Window, estimate_tokens, input_budget


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextView:
    """A window as the next prompt would find it. Sizes in tokens, counted as the engine counts them.

    Attributes:
        model: Id of the model that would be asked.
        window: Its size; a guess unless `is_known`.
        reserve: Set aside for the answer.
        system: Taken by the system prompt.
        messages: The history that would be sent, oldest first.
        is_cut: The window is too small for the rest of the branch, or for what follows its last summary.
        passed_over: Messages of the branch that would not be sent, and their tokens; None: nobody counted them.
    """

    model: str
    window: int
    is_known: bool
    reserve: int
    system: int
    messages: tuple[Message, ...]
    is_cut: bool
    passed_over: tuple[int, int] | None

    @property
    def used(self) -> int:
        return self.system + sum(message.tokens for message in self.messages)

    @property
    def left(self) -> int:
        """What the next prompt may take before older messages make room for it."""
        return max(self.window - self.reserve - self.used, 0)


class Inspector:
    """Reads the store, writes nothing."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog

    async def context(self, principal: Principal, request: TurnRequest, *, count_all: bool) -> ContextView:
        """As `Engine.context`."""
        conversation = None
        if request.conversation_id is not None:
            conversation = await self._store.conversation(principal.user_id, request.conversation_id)
        spec = self._catalog.resolve(request.model or (conversation.model if conversation else None))
        system = request.system if request.system is not None or conversation is None else conversation.system
        room = input_budget(context=spec.context, max_output=spec.max_output, asked=request.sampling.max_tokens)
        size = estimate_tokens(system or "")
        end = request.message_id or (conversation.leaf_id if conversation else None)
        window = await self._filled(conversation, end, room - size)
        messages = window.messages()
        leaf_id = messages[0].parent_id if messages else end
        passed_over = None
        if leaf_id is None or count_all:
            passed_over = await self._counted(conversation, leaf_id)
        total = spec.context or DEFAULT_CONTEXT
        return ContextView(
            model=spec.id,
            window=total,
            is_known=spec.context is not None,
            reserve=total - room,
            system=size,
            messages=tuple(messages),
            is_cut=window.dropped,
            passed_over=passed_over,
        )

    async def _filled(self, conversation: Conversation | None, leaf_id: str | None, budget: int) -> Window:
        window = Window(leaf_id, budget)
        if conversation is not None:
            await fill(window, self._store, conversation)
        return window

    async def _counted(self, conversation: Conversation | None, leaf_id: str | None) -> tuple[int, int]:
        if conversation is None or leaf_id is None:
            return 0, 0
        sizes = [message.tokens async for message in to_root(self._store, conversation, leaf_id)]
        return len(sizes), sum(sizes)
