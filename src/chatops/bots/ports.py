"""What the reply machine needs from outside: a place to write, a memory. Adapters need no base class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from chatops.bots.gates import Lane
from chatops.bots.markup import Limit, Part
from chatops.engine.requests import Attachment

Platform = Literal["slack", "discord"]
Value = Mapping[str, Any]
"""What JSON can carry."""
Controls = Literal["none", "stop", "again"]
"""The buttons under a message: none, Stop, or Regenerate with both thumbs."""
PLACEHOLDER = "Thinking …"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One message as it should look now.

    Attributes:
        number: Which of the answer's messages it is, from 0.
        part: What it shows of the answer; its `closing` is there for display and goes when the answer grows.
        note: A sentence below the answer: why it ended early.
        open: Whether more text is to come in this message.
        file: The whole answer, for a message that is a file; it says `note`, and is never edited.
    """

    turn_id: str
    number: int
    part: Part
    note: str = ""
    controls: Controls = "none"
    open: bool = False
    file: str = field(default="", repr=False)

    @property
    def text(self) -> str:
        """The whole message; never empty."""
        return (self.part.text + self.note) or PLACEHOLDER


class Surface(Protocol):
    """A place on a platform where one answer appears, in one or more messages."""

    waits_for_text: bool
    """Whether nothing is posted before the first word: the platform shows in another way that work goes on."""
    most: int
    """Messages of one answer; a longer one's end is in a file that has the whole."""
    aside: str
    """A sentence that stands below what is written here: why here, and not where it was asked. Mostly empty."""

    @property
    def limit(self) -> Limit:
        """How much one message holds."""
        ...

    def lane(self, ref: str | None, view: View) -> Lane:
        """The rate limit that showing this view comes under; `ref` None: it will be posted."""
        ...

    async def post(self, view: View) -> str:
        """Posts a message and returns the platform's reference to it. Called again after a failure, it does not
        post twice where the platform can tell.

        Raises:
            SurfaceError: One of `bots.surfaces`.
        """
        ...

    async def edit(self, ref: str, view: View) -> None:
        """Makes a message look like this. Raises like `post`."""
        ...

    async def delete(self, ref: str) -> None:
        """Takes a message away that is no longer needed. Raises like `post`."""
        ...

    def fallback(self) -> Surface | None:
        """Where to write when this place cannot be written to any more: the asker's direct messages."""
        ...

    def address(self) -> Value:
        """What a later process needs to write here again."""
        ...


class Records(Protocol):
    """The bots' memory: small values under a kind and a key, each changed atomically. Times: Unix milliseconds.

    A value that expired is not there. A lease marks work: who claims it does it; when it runs out another may.
    Every method raises `StoreError` when the database cannot be used.
    """

    async def add(
        self, kind: str, key: str, value: Value, *, expires_at: int | None = None, lease_until: int | None = None
    ) -> bool:
        """False, and nothing changed, when there is one."""
        ...

    async def put(
        self, kind: str, key: str, value: Value, *, expires_at: int | None = None, lease_until: int | None = None
    ) -> None:
        """Adds or replaces, lease and expiry too."""
        ...

    async def get(self, kind: str, key: str) -> dict[str, Any] | None: ...

    async def take(self, kind: str, key: str) -> dict[str, Any] | None:
        """Deletes it and returns it: of two who take, one gets it."""
        ...

    async def claim(self, kind: str, key: str, *, until: int) -> dict[str, Any] | None:
        """The value, leased to the caller; None when it is gone, has no lease, or another's still lives."""
        ...

    async def renew(self, kind: str, key: str, *, until: int) -> None:
        """Makes a lease longer; nothing when there is none."""
        ...

    async def due(self, kind: str, *, limit: int) -> list[str]:
        """Keys whose lease ran out, the oldest first."""
        ...

    async def find(self, kind: str, prefix: str = "", *, limit: int) -> list[tuple[str, dict[str, Any]]]:
        """Those whose key begins so, by key."""
        ...

    async def sweep(self) -> int:
        """Deletes what expired and returns how many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on a platform. `id`: Discord's user id, or Slack's `TEAM:USER`."""

    id: str
    name: str
    roles: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was said.

    Attributes:
        key: Names the conversation held here: a thread, or a direct-message channel.
        team: Slack's workspace or Discord's server; empty in Discord's direct messages.
        channels: The channel, and for Discord the thread's channel and category, for the policy.
        is_direct: Only the person and the bot read along.
    """

    key: str
    team: str = ""
    channels: Sequence[str] = ()
    is_direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something a person asked.

    Attributes:
        id: The same for every delivery of this event, so that it is answered once.
        address: Where the answer goes (`Surface.address`).
        files: The platform's descriptions of the files that came with it.
    """

    id: str
    platform: Platform
    person: Person
    place: Place
    text: str
    address: Value
    files: Sequence[Value] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Files of a question, fetched: images and PDF as attachments, text as text for the prompt."""

    attachments: tuple[Attachment, ...] = ()
    text: str = field(default="", repr=False)


class Adapter(Protocol):
    """A platform, as the desk sees it."""

    name: Platform

    def surface(self, address: Value) -> Surface:
        """The place at an address that this platform gave out."""
        ...

    async def fetch(self, question: Question) -> Received:
        """The question's files.

        Raises:
            InvalidRequestError: One is too large, of a kind that models do not take, or cannot be had.
        """
        ...
