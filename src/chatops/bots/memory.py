"""What the bots remember, in their own terms: who asked what where, which answers are on their way, what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from chatops.bots.ports import Person, Place, Platform, Question, Records, Value
from chatops.engine.ports import Clock

LEASE_MS = 20_000
"""Work that nobody renewed for so long is another's to take up."""
DAY_MS = 86_400_000
STOP_MS = 60_000
"""How long a wish to stop is kept for the process that it concerns; it looks every five seconds."""
ANSWER_DAYS = 30
"""How long buttons work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The conversation that is held in a place, and the person it belongs to (`Person.id`, name)."""

    conversation: str
    person: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An answer and where it goes. `person` owns the conversation, `asker` asked; `refs`: its messages so far."""

    turn: str
    platform: Platform
    conversation: str
    person: str
    name: str
    asker: str
    place: str
    address: Value
    refs: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A person's model and system prompt; None: the settings'."""

    model: str | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A conversation that is or was held in a place for a person."""

    person: str
    place: str
    conversation: str


class Memory:
    """Typed access to `Records` for one platform."""

    def __init__(self, records: Records, platform: Platform, clock: Clock, *, lease_ms: int = LEASE_MS) -> None:
        self._records = records
        self._platform = platform
        self._clock = clock
        self._lease_ms = lease_ms

    def _until(self, ms: int) -> int:
        return self._clock() + ms

    # -- questions: each is stored before the platform is told that it arrived

    async def arrived(self, question: Question) -> bool:
        """Stores a question that came in; False when it did before."""
        return await self._records.add(
            f"{self._platform} question",
            question.id,
            asdict(question),
            expires_at=self._until(DAY_MS),
            lease_until=self._until(self._lease_ms),
        )

    async def seen(self, event_id: str) -> bool:
        """Marks any other event; True when it came before."""
        kind = f"{self._platform} question"
        return not await self._records.add(kind, event_id, {}, expires_at=self._until(DAY_MS))

    async def answered(self, question_id: str, turn: str | None) -> None:
        """The question's turn is stored, or it was refused: from now on only its mark is kept, not its text."""
        await self._records.put(
            f"{self._platform} question", question_id, {"turn": turn}, expires_at=self._until(DAY_MS)
        )

    async def turn_of(self, question_id: str) -> str | None:
        found = await self._records.get(f"{self._platform} question", question_id)
        return found.get("turn") if found else None

    async def withdrawn(self, question_id: str) -> str | None:
        """Marks a question whose message was deleted and drops its text; returns its turn, if there is one."""
        kind = f"{self._platform} question"
        found = await self._records.get(kind, question_id)
        if found is None:
            return None
        turn = found.get("turn")
        await self._records.put(kind, question_id, {"turn": turn, "withdrawn": True}, expires_at=self._until(DAY_MS))
        return turn

    async def is_withdrawn(self, question_id: str) -> bool:
        found = await self._records.get(f"{self._platform} question", question_id)
        return bool(found and found.get("withdrawn"))

    async def left_questions(self) -> list[Question]:
        """Questions that a dead process left unanswered; they are ours now."""
        kind = f"{self._platform} question"
        found = [await self._claim(kind, key) for key in await self._records.due(kind, limit=100)]
        return [_question(value) for value in found if value and "text" in value]

    async def renew_question(self, question_id: str) -> None:
        await self._records.renew(f"{self._platform} question", question_id, until=self._until(self._lease_ms))

    # -- answers on their way

    async def deliver(self, delivery: Delivery, *, done: bool = False) -> None:
        """Keeps an answer's state: with a lease while it is on its way, for its buttons when it arrived."""
        await self._records.put(
            f"{self._platform} answer",
            delivery.turn,
            asdict(delivery),
            expires_at=self._until(ANSWER_DAYS * DAY_MS),
            lease_until=None if done else self._until(self._lease_ms),
        )

    async def delivery(self, turn: str) -> Delivery | None:
        found = await self._records.get(f"{self._platform} answer", turn)
        return Delivery(**found) if found else None

    async def left_deliveries(self) -> list[Delivery]:
        """Answers that a dead process did not bring to their end; they are ours now."""
        kind = f"{self._platform} answer"
        found = [await self._claim(kind, key) for key in await self._records.due(kind, limit=100)]
        return [Delivery(**value) for value in found if value]

    async def renew_delivery(self, turn: str) -> None:
        await self._records.renew(f"{self._platform} answer", turn, until=self._until(self._lease_ms))

    async def want_stop(self, turn: str) -> None:
        """Asks whatever process writes an answer to end it."""
        await self._records.put(f"{self._platform} stop", turn, {}, expires_at=self._until(STOP_MS))

    async def wanted_stops(self) -> list[str]:
        """The answers that are to be ended."""
        return [turn for turn, _ in await self._records.find(f"{self._platform} stop", limit=1000)]

    async def stopped(self, turn: str) -> None:
        await self._records.take(f"{self._platform} stop", turn)

    async def _claim(self, kind: str, key: str) -> dict[str, Any] | None:
        return await self._records.claim(kind, key, until=self._until(self._lease_ms))

    # -- conversations and choices

    async def thread(self, place: str) -> Thread | None:
        found = await self._records.get(f"{self._platform} thread", place)
        return Thread(**found) if found else None

    async def hold(self, place: str, thread: Thread) -> None:
        await self._records.put(f"{self._platform} thread", place, asdict(thread))
        await self._records.put(
            f"{self._platform} own",
            f"{thread.person}/{thread.conversation}",
            {"place": place, "conversation": thread.conversation},
        )

    async def let_go(self, place: str) -> bool:
        """The next question in this place begins a conversation; False when none was held."""
        return await self._records.take(f"{self._platform} thread", place) is not None

    async def join_chain(self, refs: Sequence[str], place: str) -> None:
        """Remembers messages of ours: who replies to one goes on with its conversation."""
        for ref in refs:
            await self._records.put(
                f"{self._platform} chain", ref, {"place": place}, expires_at=self._until(ANSWER_DAYS * DAY_MS)
            )

    async def chain(self, ref: str) -> str | None:
        """The place whose conversation a message of ours belongs to."""
        found = await self._records.get(f"{self._platform} chain", ref)
        return found["place"] if found else None

    async def choices(self, person: str) -> Choices:
        found = await self._records.get(f"{self._platform} choices", person)
        return Choices(**found) if found else Choices()

    async def choose(self, person: str, **changes: str | None) -> Choices:
        chosen = replace(await self.choices(person), **changes)
        await self._records.put(f"{self._platform} choices", person, asdict(chosen))
        return chosen

    async def rate(self, turn: str, person: str, verdict: str) -> None:
        """Keeps a thumb; a person's later one replaces it."""
        await self._records.put(
            f"{self._platform} feedback", f"{person}/{turn}", {"verdict": verdict, "at": self._clock()}
        )

    async def join_grid(self, enterprise: str, team: str) -> None:
        """Remembers that a workspace is of an organisation (Slack's Enterprise Grid)."""
        await self._records.put(f"{self._platform} grid", f"{enterprise}/{team}", {"team": team})

    async def teams_of(self, enterprise: str) -> list[str]:
        """The workspaces of an organisation that were ever heard of."""
        found = await self._records.find(f"{self._platform} grid", f"{enterprise}/", limit=10_000)
        return [value["team"] for _, value in found]

    # -- forgetting

    async def owned(self, prefix: str) -> list[Owned]:
        """A page of the conversations that were ever held for people whose id begins so; `disown` makes room."""
        found = await self._records.find(f"{self._platform} own", prefix, limit=100)
        return [
            Owned(person=key.rpartition("/")[0], place=value["place"], conversation=value["conversation"])
            for key, value in found
        ]

    async def held_in(self, prefix: str) -> list[tuple[str, Thread]]:
        """A page of the places whose key begins so, with what is held there; `let_go` makes room."""
        found = await self._records.find(f"{self._platform} thread", prefix, limit=100)
        return [(place, Thread(**value)) for place, value in found]

    async def disown(self, owned: Owned) -> None:
        """Forgets a conversation, and that it is held in its place."""
        held = await self.thread(owned.place)
        if held is not None and held.conversation == owned.conversation:
            await self.let_go(owned.place)
        await self._records.take(f"{self._platform} own", f"{owned.person}/{owned.conversation}")

    async def drop_delivery(self, turn: str) -> None:
        """Forgets where an answer stands: its buttons work no more, replies to it are no follow-ups."""
        found = await self._records.take(f"{self._platform} answer", turn)
        for ref in found["refs"] if found else ():
            await self._records.take(f"{self._platform} chain", ref)

    async def forget_choices(self, prefix: str) -> None:
        """Forgets the choices and thumbs of people whose id begins so."""
        for kind in (f"{self._platform} choices", f"{self._platform} feedback"):
            while found := await self._records.find(kind, prefix, limit=100):
                for key, _ in found:
                    await self._records.take(kind, key)

    async def sweep(self) -> int:
        return await self._records.sweep()


def _question(value: dict[str, Any]) -> Question:
    return Question(**{**value, "person": Person(**value["person"]), "place": Place(**value["place"])})
