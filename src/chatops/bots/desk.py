"""Takes questions from a platform, has them answered, and sees to it that every answer arrives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from chatops import logs
from chatops.bots import sentences
from chatops.bots.lines import Lines
from chatops.bots.memory import Delivery, Memory, Thread
from chatops.bots.policy import Policy
from chatops.bots.ports import Adapter, Person, Question
from chatops.bots.showing import Shows, Tasks
from chatops.engine.auth.accounts import Accounts
from chatops.engine.errors import ChatopsError, ConflictError, NotFoundError
from chatops.engine.messages import Principal
from chatops.engine.requests import Turn, TurnRequest
from chatops.engine.service import Engine

TEND_SECONDS = 5.0
"""How often leases are renewed and left work is looked for; a quarter of a lease."""
SWEEP_SECONDS = 3600.0
GRACE = 20.0
"""Seconds that running answers may go on when the bot is told to end."""
LAST_CALLS = 10.0
"""Seconds after that for their last form to reach the platform; the outbox has the rest."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a desk works with."""

    engine: Engine
    adapter: Adapter
    memory: Memory
    policy: Policy
    clean: Callable[[str], str]


class Desk:
    """One platform's desk. Use within `open_desk`."""

    def __init__(self, parts: Parts, tasks: Tasks) -> None:
        self.engine = parts.engine
        self.memory = parts.memory
        self.policy = parts.policy
        self.platform = parts.adapter.name
        self.spawn = tasks.spawn
        self._adapter = parts.adapter
        self._tasks = tasks
        self._shows = Shows(parts.engine, parts.adapter, parts.memory, tasks, clean=parts.clean)
        self._lines = Lines()
        self._questions: set[str] = set()
        self._running: dict[str, Delivery] = {}

    async def receive(self, question: Question) -> bool:
        """Takes a question over: when this returns it is stored, and will be answered whatever happens to us.

        Returns False when the same question came before: it is answered once.
        """
        if not await self.memory.arrived(question):
            return False
        self._take_up(question)
        return True

    def _take_up(self, question: Question) -> None:
        self._questions.add(question.id)
        with logs.naming(platform=question.platform, question_id=question.id):
            self.spawn(self._answer(question))

    async def _answer(self, question: Question) -> None:
        turn_id: str | None = None
        try:
            self.policy.check(question.person, question.place)
            if await self._is_stopped_by(question):
                await self.memory.answered(question.id, None)
                return
            async with self._lines.place(question.place.key):
                if await self.memory.is_withdrawn(question.id):
                    return
                principal, turn, thread = await self._start(question)
                turn_id = turn.id
                delivery = Delivery(
                    turn=turn.id,
                    platform=question.platform,
                    conversation=turn.conversation.id,
                    person=thread.person,
                    name=thread.name,
                    asker=question.person.id,
                    place=question.place.key,
                    address=question.address,
                )
                await self.memory.deliver(delivery)
                await self.memory.answered(question.id, turn.id)
                self._running[question.place.key] = delivery
                await self._shows.follow(principal, delivery)
        except ChatopsError as error:
            if turn_id is None:
                await self.memory.answered(question.id, None)
                await self._shows.say(
                    self._adapter.surface(question.address), f"⚠ {sentences.of_error(error)}", question.id
                )
            else:
                raise
        finally:
            self._questions.discard(question.id)
            if turn_id is not None:
                self._running.pop(question.place.key, None)

    async def _is_stopped_by(self, question: Question) -> bool:
        """Whether this is a person's word “stop” to their own running answer, and stops it: not every surface can show
        a button while an answer grows.
        """
        if question.text.strip(" .!").lower() != "stop":
            return False
        running = self._running.get(question.place.key) or await self._running_elsewhere(question)
        if running is None or running.asker != question.person.id:
            return False
        if not await self.stop(running.turn):
            await self.memory.want_stop(running.turn)
        return True

    async def _running_elsewhere(self, question: Question) -> Delivery | None:
        """The answer that another process writes in the question's place."""
        held = await self.memory.thread(question.place.key)
        if held is None:
            return None
        principal = await self.principal(held.person, held.name)
        try:
            turn = await self.engine.latest(principal, held.conversation)
            message = await self.engine.history.message(principal, turn)
        except NotFoundError:
            return None
        return await self.memory.delivery(turn) if message.status == "streaming" else None

    async def stop(self, turn: str) -> bool:
        """Ends an answer that runs in this process; False when none does. Whose it was when it began counts: they may
        have linked an account since. Raises `StoreError`.
        """
        principal = self._shows.turns.get(turn)
        try:
            return principal is not None and await self.engine.stop(principal, turn)
        except NotFoundError:
            return False

    async def _start(self, question: Question) -> tuple[Principal, Turn, Thread]:
        """Begins the turn in the place's conversation, or in a new one where there is none (any more)."""
        held = await self.memory.thread(question.place.key)
        if held is not None and held.person != question.person.id and not self.policy.rules.guests:
            raise ConflictError("this thread is somebody else's; mention me in a message of your own", code="not_found")
        thread = held or Thread(conversation="", person=question.person.id, name=question.person.name)
        principal = await self.principal(thread.person, thread.name)
        request = await self._request(question, thread)
        try:
            turn = await self.engine.start_turn(principal, request)
        except NotFoundError:
            if held is None:
                raise
            # The conversation was deleted elsewhere: this place goes on with a new one, of whoever asks.
            await self.memory.let_go(question.place.key)
            return await self._start(question)
        if turn.conversation.id != thread.conversation:
            thread = replace(thread, conversation=turn.conversation.id)
            await self.memory.hold(question.place.key, thread)
        return principal, turn, thread

    async def _request(self, question: Question, thread: Thread) -> TurnRequest:
        choices = await self.memory.choices(question.person.id)
        received = await self._adapter.fetch(question)
        name = f"{question.person.name}: " if thread.person != question.person.id else ""
        text = "\n\n".join(filter(None, [question.text and name + question.text, received.text]))
        return TurnRequest(
            text=text,
            attachments=received.attachments,
            conversation_id=thread.conversation or None,
            model=choices.model,
            system=choices.system,
            on_busy="queue",
        )

    async def withdraw(self, question_id: str) -> None:
        """Somebody deleted their question: its answer stops, and one that was not begun is not."""
        turn = await self.memory.withdrawn(question_id)
        if turn is not None and not await self.stop(turn):
            await self.memory.want_stop(turn)

    @property
    def accounts(self) -> Accounts:
        assert self.engine.accounts is not None  # noqa: S101 - whatever lives on has accounts (`bootstrap`)
        return self.engine.accounts

    async def principal(self, person: str, name: str) -> Principal:
        """Whose a person's questions are: the account that they linked, else one that is theirs alone."""
        return await self.accounts.principal_for(self.platform, person, display_name=name)

    async def again(self, old: Delivery, asker: Person) -> None:
        """Answers an answer's question once more, below it."""
        principal = await self.principal(old.person, old.name)
        request = TurnRequest(kind="regenerate", conversation_id=old.conversation, message_id=old.turn)
        turn = await self.engine.start_turn(principal, request)
        delivery = replace(old, turn=turn.id, asker=asker.id, refs=())
        await self.memory.deliver(delivery)
        self._shows.follow(principal, delivery)

    async def tend(self) -> None:
        """Renews what is being worked on, takes up what dead processes left; for ever."""
        loop = asyncio.get_running_loop()
        swept = loop.time() - SWEEP_SECONDS
        while True:
            try:
                await self.look_around()
                if loop.time() - swept >= SWEEP_SECONDS:
                    swept = loop.time()
                    await self.memory.sweep()
            except ChatopsError as error:
                log.warning("the bots' records: %s", error)
            await asyncio.sleep(TEND_SECONDS)

    async def look_around(self) -> None:
        """Once of that. Also ends what somebody stopped at another process."""
        await self._renew()
        for turn_id in await self.memory.wanted_stops():
            if turn_id in self._shows.turns:
                await self.memory.stopped(turn_id)
                await self.stop(turn_id)
        await self._take_over()

    async def _renew(self) -> None:
        for question_id in list(self._questions):
            await self.memory.renew_question(question_id)
        for turn_id in list(self._shows.turns):
            await self.memory.renew_delivery(turn_id)

    async def _take_over(self) -> None:
        for question in await self.memory.left_questions():
            if question.id not in self._questions:
                self._take_up(question)
        for delivery in await self.memory.left_deliveries():
            if delivery.turn not in self._shows.turns:
                principal = await self.principal(delivery.person, delivery.name)
                with logs.naming(platform=delivery.platform, turn_id=delivery.turn):
                    self._shows.follow(principal, delivery, taken_over=True)

    async def finish(self, grace: float) -> None:
        """Lets running answers end; stops those that do not, and waits for their last form to be shown."""
        await self._tasks.wait(grace)
        for turn_id, principal in list(self._shows.turns.items()):
            try:
                await self.engine.stop(principal, turn_id, "shutdown")
            except ChatopsError as error:
                log.info("turn %s: %s", turn_id, error)
        await self._tasks.wait(LAST_CALLS)
        self._tasks.cancel()


@asynccontextmanager
async def open_desk(parts: Parts, *, grace: float = GRACE) -> AsyncGenerator[Desk, None]:
    """A desk that takes up what was left, and lets its answers end when it is left."""
    async with asyncio.TaskGroup() as group:
        desk = Desk(parts, Tasks(group))
        tending = group.create_task(desk.tend())
        try:
            yield desk
        finally:
            tending.cancel()
            await desk.finish(grace)
