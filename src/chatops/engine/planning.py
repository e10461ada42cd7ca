"""From a request to rows and a prompt: what a turn stores, and what the model is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from chatops.engine import given
from chatops.engine.branches import fill
from chatops.engine.errors import InvalidRequestError, NotFoundError
from chatops.engine.messages import (
    Conversation,
    Message,
    Principal,
    Sampling,
    TextPart,
)
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.ports import ChatRequest, Clock, NewId, Store
from chatops.engine.requests import TurnRequest, answer_id, every_attachment, question_id, title_of
from chatops.engine.sniffing import TEXT
from chatops.engine.window import Window, count_tokens, estimate_tokens, input_budget

GO_ON = "Your last answer was cut off. Go on exactly where it stopped. Repeat nothing of it and do not comment on this."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A turn before it starts.

    Attributes:
        conversation: As it will be stored.
        rows: What to store, the assistant's message last.
        given: What was said before, where the caller gave it: it is shown in place of what is stored.
        history_leaf: The message after which the prompt comes.
        prompt: What the model is shown after the history, whatever the room: the question, and for an answer that
            goes on its partial text and the word to go on.
        route: The model to ask, then its fallbacks.
    """

    conversation: Conversation
    rows: tuple[Message, ...]
    given: tuple[Message, ...] | None
    history_leaf: str | None
    prompt: tuple[Message, ...]
    route: tuple[ModelSpec, ...]
    sampling: Sampling
    silence: float
    blobs: Mapping[str, bytes]

    @property
    def answer(self) -> Message:
        return self.rows[-1]

    @property
    def is_first(self) -> bool:
        """It begins its conversation."""
        return self.conversation.leaf_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Branch:
    """Where an answer goes: below which question, and after which partial of itself."""

    question: Message
    is_new: bool = False
    partial: Message | None = None
    given: tuple[Message, ...] | None = None


class Planner:
    """Makes plans and provider requests. Reads the store, writes nothing."""

    def __init__(self, store: Store, catalog: Catalog, clock: Clock, new_id: NewId) -> None:
        self._store = store
        self._catalog = catalog
        self._clock = clock
        self._new_id = new_id

    async def plan(self, principal: Principal, request: TurnRequest) -> Plan:
        """Decides what a request means now.

        Raises:
            InvalidRequestError: Unknown model, or nothing there to continue, edit or regenerate.
            NotFoundError: No such conversation or message of this person.
        """
        now = self._clock()
        conversation = await self._conversation(principal, request, now)
        spec = self._catalog.resolve(request.model or conversation.model)
        names = spec.fallbacks if request.fallbacks is None else request.fallbacks
        route = (spec, *(self._catalog.resolve(name) for name in names))
        _check_images(request, route)
        conversation = replace(
            conversation,
            model=spec.id,
            system=conversation.system if request.system is None else (request.system or None),
            updated_at=now,
        )
        branch = await self._branch(conversation, request, now)
        answer = Message(
            id=answer_id(principal.user_id, request) or self._new_id(),
            conversation_id=conversation.id,
            parent_id=branch.question.id,
            role="assistant",
            parts=branch.partial.parts if branch.partial else (),
            status="streaming",
            provider=spec.provider,
            model=spec.name,
            created_at=now,
        )
        new = (branch.question, answer) if branch.is_new else (answer,)
        return Plan(
            conversation=conversation,
            rows=(*branch.given, *new) if branch.given and conversation.leaf_id is None else new,
            given=branch.given,
            history_leaf=branch.question.parent_id,
            prompt=self._prompt(branch),
            route=route,
            sampling=request.sampling,
            silence=request.silence,
            blobs={given.digest(one): one.data for one in every_attachment(request)},
        )

    async def _conversation(self, principal: Principal, request: TurnRequest, now: int) -> Conversation:
        if request.conversation_id is not None:
            with suppress(NotFoundError):
                conversation = await self._store.conversation(principal.user_id, request.conversation_id)
                if request.expires_in is not None:
                    raise InvalidRequestError("only a new conversation can be a temporary one")
                return conversation
            if not request.create:
                raise NotFoundError(f"no conversation {request.conversation_id}")
        if request.kind != "submit":
            raise InvalidRequestError(f"{request.kind} needs a conversation")
        return Conversation(
            id=request.conversation_id or self._new_id(),
            owner_id=principal.user_id,
            title=title_of(request.text or request.attachments[0].name),
            created_at=now,
            updated_at=now,
            expires_at=None if request.expires_in is None else now + request.expires_in * 1000,
        )

    async def _branch(self, conversation: Conversation, request: TurnRequest, now: int) -> _Branch:
        match request.kind:
            case "submit":
                parent_id = conversation.leaf_id
                if request.message_id is not None:
                    parent_id = (await self._message(conversation, request.message_id)).id
                said = request.history
                before = None if said is None else given.messages(said, conversation, now, self._new_id)
                if before and parent_id is None:
                    parent_id = before[-1].id
                question = self._user(conversation, request, parent_id, now)
                return _Branch(question=question, is_new=True, given=before)
            case "edit":
                old = await self._target(conversation, request, "user")
                return _Branch(question=self._user(conversation, request, old.parent_id, now), is_new=True)
            case "regenerate":
                return _Branch(question=await self._target(conversation, request, "user"))
            case "continue":
                partial = await self._target(conversation, request, "assistant")
                if partial.status == "complete" and partial.finish_reason != "length":
                    raise InvalidRequestError("the last answer is complete: there is nothing to continue")
                question = await self._message(conversation, partial.parent_id or "")
                return _Branch(question=question, partial=partial if partial.text else None)

    def _prompt(self, branch: _Branch) -> tuple[Message, ...]:
        if branch.partial is None:
            return (branch.question,)
        parts = (TextPart(text=GO_ON),)
        go_on = replace(branch.question, id=self._new_id(), parts=parts, tokens=count_tokens(parts))
        return (branch.question, branch.partial, go_on)

    def _user(self, conversation: Conversation, request: TurnRequest, parent: str | None, now: int) -> Message:
        parts = given.parts(request.text, request.attachments)
        named = request.client_id and question_id(conversation.owner_id, request.client_id)
        return Message(
            id=named or self._new_id(),
            conversation_id=conversation.id,
            parent_id=parent,
            role="user",
            parts=parts,
            tokens=count_tokens(parts),
            created_at=now,
        )

    async def _target(self, conversation: Conversation, request: TurnRequest, role: str) -> Message:
        """The message asked for, or the last of that role on the active branch."""
        message_id = request.message_id or conversation.leaf_id
        while message_id is not None:
            message = await self._message(conversation, message_id)
            if message.role == role:
                return message
            if request.message_id is not None and role == "assistant":
                break
            message_id = message.parent_id
        raise InvalidRequestError(f"there is no {role} message to {request.kind}")

    async def _message(self, conversation: Conversation, message_id: str) -> Message:
        owner_id = conversation.owner_id
        for known_as in (message_id, question_id(owner_id, message_id)):  # a client may have its own name for it
            with suppress(NotFoundError):
                message = await self._store.message(owner_id, known_as)
                if message.conversation_id == conversation.id:
                    return message
        raise NotFoundError(f"no message {message_id} in this conversation")

    async def request_for(self, plan: Plan, spec: ModelSpec) -> ChatRequest:
        """The request to one model of the route, with as much history as its window holds.

        Raises:
            InvalidRequestError: The prompt alone does not fit.
        """
        system = plan.conversation.system
        room = input_budget(context=spec.context, max_output=spec.max_output, asked=plan.sampling.max_tokens)
        needed = estimate_tokens(system or "") + sum(message.tokens for message in plan.prompt)
        if needed > room:
            raise InvalidRequestError(
                f"the prompt is about {needed:,} tokens and {spec.id} has room for {room:,}: "
                "send less, or choose a model with a larger window"
            )
        messages = [*await self._history(plan, room - needed), *plan.prompt]
        return ChatRequest(
            model=spec.name,
            messages=messages,
            system=system,
            sampling=plan.sampling,
            blobs=await self._blobs(plan, messages, spec),
            silence=plan.silence,
            context=spec.context,
            max_output=spec.max_output,
        )

    async def _history(self, plan: Plan, budget: int) -> Sequence[Message]:
        if plan.given is not None:
            window = Window(plan.given[-1].id if plan.given else None, budget)
            window.take(plan.given[::-1])
            return window.messages()
        window = Window(plan.history_leaf, budget)
        await fill(window, self._store, plan.conversation)
        return window.messages()

    async def _blobs(self, plan: Plan, messages: Sequence[Message], spec: ModelSpec) -> dict[str, bytes]:
        """The files' bytes. A model that cannot see images of earlier turns gets their names."""
        blobs = dict(plan.blobs)
        for message in messages:
            for part in message.files:
                if part.sha256 not in blobs and (spec.images or part.media_type == TEXT):
                    blobs[part.sha256] = await self._store.blob(plan.conversation.owner_id, part.sha256)
        return blobs


def _check_images(request: TurnRequest, route: Sequence[ModelSpec]) -> None:
    """Raises `InvalidRequestError` when a file would go to a model that cannot see it."""
    seen = [attachment for attachment in every_attachment(request) if attachment.media_type != TEXT]
    blind = next((spec for spec in route if not spec.images), None)
    if seen and blind is not None:
        raise InvalidRequestError(
            f"{blind.id} takes no images and no PDFs, so it cannot read {seen[0].name}: choose another model (-m)"
        )
