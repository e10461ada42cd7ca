"""Shows turns where they belong, until their final form stands; keeps account of what is on its way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from chatops.bots.answer import Answer, follow
from chatops.bots.gates import Gates, Together
from chatops.bots.memory import Delivery, Memory
from chatops.bots.ports import Adapter, Surface
from chatops.bots.reply import Reply
from chatops.engine.errors import ChatopsError
from chatops.engine.messages import Principal
from chatops.engine.service import Engine

log = logging.getLogger(__name__)


class Tasks:
    """Work that goes on by itself, in a group that waits for it; what goes wrong in one ends no other."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[None]:
        task = self._group.create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def wait(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def cancel(self) -> None:
        for task in list(self._tasks):
            task.cancel()


async def _guarded(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except ChatopsError as error:
        log.warning("%s", error)
    except Exception:
        log.exception("a bot's task failed")


class Shows:
    """`turns`: those on their way to the platform, with whose they are."""

    def __init__(
        self, engine: Engine, adapter: Adapter, memory: Memory, tasks: Tasks, *, clean: Callable[[str], str]
    ) -> None:
        self.turns: dict[str, Principal] = {}
        self._engine = engine
        self._adapter = adapter
        self._memory = memory
        self._tasks = tasks
        self._clean = clean
        replicas = engine.replicas
        together = Together(lanes=replicas.lanes, prefix=adapter.name, spawn=tasks.spawn) if replicas else None
        self._gates = Gates(together)

    def follow(self, principal: Principal, delivery: Delivery, *, taken_over: bool = False) -> asyncio.Task[None]:
        """Shows a turn where it belongs. Returns the task that ends with the turn; showing may take longer."""
        answer = Answer(delivery.turn)
        self.turns[delivery.turn] = principal
        following = self._tasks.spawn(follow(self._engine, principal, answer))
        self._tasks.spawn(self._show(answer, principal, delivery, following, taken_over=taken_over))
        return following

    async def _show(
        self,
        answer: Answer,
        principal: Principal,
        delivery: Delivery,
        following: asyncio.Task[None],
        *,
        taken_over: bool,
    ) -> None:
        # A reply that another process began may have posted more than it could note.
        resumed = {"resumed": "yes"} if taken_over else {}
        surface = self._adapter.surface({**delivery.address, **resumed})
        latest = delivery

        async def saved(where: Surface, refs: Sequence[str]) -> None:
            nonlocal latest
            latest = replace(delivery, address=where.address(), refs=tuple(refs))
            await self._memory.deliver(latest)
            if "chain" in delivery.address:
                await self._memory.join_chain(refs[-1:], delivery.place)

        reply = Reply(
            answer,
            surface,
            self._gates,
            clean=self._clean,
            saved=saved,
            stop=lambda: self._engine.stop(principal, delivery.turn),
            refs=delivery.refs,
            resumed=taken_over,
        )
        try:
            if await reply.run():
                await self._memory.deliver(latest, done=True)
            else:
                log.warning("turn %s: the platform does not take its answer; it will be tried again", delivery.turn)
        finally:
            if not answer.over:
                following.cancel()
            self.turns.pop(delivery.turn, None)

    async def say(self, surface: Surface, text: str, key: str) -> None:
        """Shows one sentence of our own."""
        notice = Answer(key, pressable=False)
        notice.close(text)

        async def unsaved(where: Surface, refs: Sequence[str]) -> None:
            """A notice that is lost is no answer that is lost."""

        async def nothing() -> None:
            """Nothing runs."""

        await Reply(notice, surface, self._gates, clean=self._clean, saved=unsaved, stop=nothing).run()
