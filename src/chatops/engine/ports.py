"""What the engine needs from outside: a provider, a store, a log of running turns, a clock, ids.

Adapters need no base class; they are checked where `bootstrap` hands them over.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chatops.engine.events import Event, ProviderEvent
from chatops.engine.messages import Conversation, Message, Sampling, SearchHit

Clock = Callable[[], int]
"""Now, in Unix milliseconds."""

NewId = Callable[[], str]
"""A new time-ordered id."""


Sleep = Callable[[float], Awaitable[None]]
"""Waits for seconds."""

Salvage = Callable[[Message], str]
"""Keeps an answer that the store would not take, outside of it; returns where, for the person. Raises `OSError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One call of a model, in no provider's terms.

    Attributes:
        model: The provider's own name for it, without our `provider:` prefix.
        messages: Oldest first; the last one is what is to be answered.
        blobs: Bytes of the attached files, by their SHA-256 in hex.
        silence: Seconds without a byte from the provider after which it counts as gone.
        context: The model's window in tokens, where it is known.
        max_output: The most tokens this model can answer with, where it is known.
    """

    model: str
    messages: Sequence[Message]
    system: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    silence: float = 300.0
    context: int | None = None
    max_output: int | None = None


class Provider(Protocol):
    """A service or library that runs models.

    `name` is what the settings call it: the part before the colon of a model id.
    """

    name: str

    def stream(self, request: ChatRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Yields deltas, usage, and last `Finished`. Closing the generator ends the call. One attempt, no retry.

        Raises:
            ProviderUnavailableError: It may pass: connection, time-out, 429, 5xx, a stream cut short or garbled.
            ProviderRejectedError: It will not pass as it is: credentials, bad request, unknown model.
        """
        ...

    async def models(self) -> list[str]:
        """Names of the models it offers, sorted; raises what `stream` raises."""
        ...

    def payload(self, request: ChatRequest) -> dict[str, object]:
        """The request body that `stream` would send, for `--dry-run`; holds no key."""
        ...

    async def aclose(self) -> None:
        """Gives back connections and memory; may be called twice."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A batch of a running answer on its way to the store. `n` counts the turn's batches from 1."""

    n: int
    text: str = ""
    reasoning: str = ""


class Store(Protocol):
    """Conversations and their messages. Every read and write names the owner.

    A message whose row says `streaming` but whose lease ran out is returned as `interrupted` by every read, with the
    text that was journalled.

    A conversation whose `expires_at` has passed is there for no method any more, nor are its messages and the
    attachments that only they refer to; `sweep` deletes it.

    A write whose caller was cancelled is done whole or not at all, at any moment until `aclose` returns: also after one
    that was called later. A call sees what every call did that was answered before it was made.

    Every method raises `StoreError` when the database cannot be used.
    """

    async def add_conversation(self, conversation: Conversation) -> None:
        """Raises `ConflictError` when the id is taken."""
        ...

    async def put_conversation(self, conversation: Conversation) -> None:
        """Stores it as it is, in the place of what is there under its id (copy). Raises `ConflictError` when that is
        another owner's.
        """
        ...

    async def conversation(self, owner_id: str, conversation_id: str) -> Conversation:
        """Raises `NotFoundError`, also for another owner's."""
        ...

    async def conversations(
        self,
        owner_id: str,
        *,
        limit: int,
        before: Conversation | None = None,
        archived: bool | None = False,
        tag: str | None = None,
    ) -> list[Conversation]:
        """Newest update first.

        Args:
            owner_id: Whose.
            limit: The most to return.
            before: The last one of the page that came earlier.
            archived: None for all, put away or not.
            tag: Only those that carry it.
        """
        ...

    async def every_conversation(self, *, after: str | None = None, limit: int) -> list[Conversation]:
        """Everybody's, by id, past the id `after`: for copies and checks of a whole store, never for a person."""
        ...

    async def counts(self) -> tuple[int, int]:
        """About how many conversations and messages of everybody it holds: how far a copy is."""
        ...

    async def conversation_ids(self, owner_id: str, prefix: str, *, limit: int) -> list[str]:
        """Ids that begin with `prefix`, newest first."""
        ...

    async def update_conversation(
        self,
        owner_id: str,
        conversation_id: str,
        *,
        title: str | None = None,
        model: str | None = None,
        system: str | None = None,
        leaf_id: str | None = None,
        updated_at: int | None = None,
        archived: bool | None = None,
        tags: tuple[str, ...] | None = None,
        expires_at: int | None = None,
    ) -> Conversation:
        """Sets what is not None; an `expires_at` of 0 keeps it for good. Raises `NotFoundError`."""
        ...

    async def delete_conversation(self, owner_id: str, conversation_id: str) -> None:
        """With all its messages, and the attachments that no other message of this owner refers to; a turn still
        running there ends. Raises `NotFoundError`.
        """
        ...

    async def add_messages(self, owner_id: str, messages: Sequence[Message]) -> None:
        """Stores whole messages as they are, `seq` included (fork, import, copy). Needs no conversation row yet."""
        ...

    async def message(self, owner_id: str, message_id: str) -> Message:
        """Raises `NotFoundError`."""
        ...

    async def tail(
        self, owner_id: str, conversation_id: str, leaf_id: str, *, limit: int, bare: bool = False
    ) -> list[Message]:
        """The message `leaf_id` and those made before it, newest first, on whatever branch they are; a range read.
        Bare ones come without how they came about (provider, model, usage, finish reason, error, attempts), of which
        a model is told nothing.

        Raises:
            NotFoundError: No such message in this conversation.
        """
        ...

    async def messages(self, owner_id: str, conversation_id: str, *, after_seq: int = 0, limit: int) -> list[Message]:
        """A page of all branches, oldest first."""
        ...

    async def search(self, owner_id: str, query: str, *, limit: int) -> list[SearchHit]:
        """Messages that hold every word of `query`, newest first (`engine.search` says what a word is)."""
        ...

    async def begin_turn(
        self, owner_id: str, conversation: Conversation, new: Sequence[Message], *, lease_expires_at: int
    ) -> list[Message]:
        """Stores the rows of a new turn at once: its conversation if it is new, and `new`, of which the last is the
        assistant's in status `streaming`. That one becomes the conversation's leaf; title, model, system and
        `updated_at` are taken from `conversation`, and all of it when it is new.

        Returns:
            `new` with their `seq`.

        Raises:
            ConflictError: A turn with a living lease runs in this conversation.
            NotFoundError: The id belongs to another owner's conversation.
        """
        ...

    async def append_deltas(self, batches: Mapping[str, Delta], *, lease_expires_at: int) -> Collection[str]:
        """Adds a batch to each of some running answers, by message id, and renews their leases; an empty delta only
        renews. A batch that is stored already is not stored twice. When it fails, some of them may be stored.

        Returns:
            Ids of messages that are gone (their conversations were deleted).
        """
        ...

    async def finish_turn(self, message: Message) -> bool:
        """Replaces the running row by its final form and drops its batches. Safe to repeat.

        Returns:
            False when the message is gone.
        """
        ...

    async def put_blob(self, owner_id: str, sha256: str, data: bytes) -> None:
        """Keeps an attachment, once an owner, until the last message that refers to it is deleted."""
        ...

    async def blob(self, owner_id: str, sha256: str) -> bytes:
        """Raises `NotFoundError`."""
        ...

    async def sweep(self, *, limit: int) -> int:
        """Deletes up to `limit` expired conversations, with what `delete_conversation` deletes.

        Returns:
            How many; fewer than `limit` when none is left.
        """
        ...

    async def aclose(self) -> None:
        """Writes what is pending; may be called twice."""
        ...


class TurnLog(Protocol):
    """Numbered events of running and lately finished turns, for any number of readers."""

    async def append(self, turn_id: str, event: Event) -> int:
        """Adds the next event and returns its number, from 1. `TurnFinished` closes the log."""
        ...

    def read(self, turn_id: str, *, after: int = 0) -> AsyncGenerator[Sequence[Event], None]:
        """Every event past number `after`, up to `TurnFinished`: those that are there in one batch, then those that
        come, together what came together. No batch is empty.

        Raises:
            NotFoundError: No such turn, or it ended too long ago.
        """
        ...
