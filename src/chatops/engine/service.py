"""The engine's face: every front end calls this, and nothing below it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from chatops.engine.beginning import Beginning, at_once, begin
from chatops.engine.elsewhere import Elsewhere
from chatops.engine.errors import ConflictError
from chatops.engine.events import Event, Record, TurnStarted
from chatops.engine.exchange.service import Exchange
from chatops.engine.history import History
from chatops.engine.ids import new_id, now_ms
from chatops.engine.journal import Journal
from chatops.engine.journals import LEASE_MS, Journals
from chatops.engine.limits.admission import Admission
from chatops.engine.limits.limits import Limits
from chatops.engine.limits.unmetered import Unmetered
from chatops.engine.messages import LOCAL_OWNER, Attempt, Message, Principal
from chatops.engine.models import Catalog
from chatops.engine.once import Once
from chatops.engine.planning import Plan, Planner
from chatops.engine.ports import Clock, NewId, Provider, Salvage, Sleep, Store, TurnLog
from chatops.engine.readers import Readers
from chatops.engine.replica_ports import Replicas
from chatops.engine.requests import Turn, TurnRequest, check
from chatops.engine.routing import Router
from chatops.engine.turns import StopReason, TurnRun

if TYPE_CHECKING:  # not for a one-shot, which must start fast
    from chatops.engine.auth.accounts import Accounts
    from chatops.engine.inspection import ContextView
    from chatops.engine.titles import TitlePolicy, Titler


class Engine:
    """Turns for any number of principals; `accounts` says who they are, `history` has their conversations, `exchange`
    brings them in and out, `limits` says what they may use and have used.

    Made by `bootstrap.open_engine`, which also drains it and closes what it was given.
    """

    is_here = True

    def __init__(
        self,
        *,
        store: Store,
        providers: Mapping[str, Provider],
        catalog: Catalog,
        turn_log: TurnLog,
        clock: Clock = now_ms,
        ids: NewId = new_id,
        sleep: Sleep = asyncio.sleep,
        salvage: Salvage | None = None,
        limits: Limits | None = None,
        accounts: Accounts | None = None,
        titles: TitlePolicy | None = None,
        replicas: Replicas | None = None,
    ) -> None:
        self.providers = providers
        self.catalog = catalog
        self.history = History(store, clock, ids)
        self.limits = limits or Limits(meters=Unmetered(), store=store, clock=clock)
        self.accounts = accounts
        self.exchange = Exchange(store)
        self._store = store
        self._log = turn_log
        self._clock = clock
        self._planner = Planner(store, catalog, clock, ids)
        self._titler = self._namer(titles) if titles else None
        self._sleep = sleep
        self._salvage = salvage
        self._router = Router(providers, clock, sleep)
        self._journals = Journals(store, clock)
        self._runs: dict[str, TurnRun] = {}
        self._tasks: set[asyncio.Task[Message]] = set()
        self._once = Once(store)
        self._readers = Readers(turn_log, store, self._runs, replicas)
        self._elsewhere = Elsewhere(store, self._readers, self._runs, replicas)
        self.replicas = replicas
        self.watchers: list[Callable[[Mapping[str, Any]], None]] = []
        """Told of every turn that ended: the figures of its log line."""
        self.run_turn: Callable[[TurnRun], Coroutine[Any, Any, Message]] = TurnRun.run
        """What a turn's task does; ids for its log lines, and traces, are laid around it."""
        self._closing = False

    async def start_turn(self, principal: Principal, request: TurnRequest) -> Turn:
        """Stores the rows of a turn and runs it in the engine's own task: nobody needs to read along. With a
        `client_id` that made a turn before, that one is returned, however it ended.

        Raises:
            PermissionDeniedError: The principal may not chat.
            InvalidRequestError: The request cannot be run; nothing was stored.
            NotFoundError: No such conversation or message.
            ConflictError: A turn already runs in the conversation, and `request.on_busy` is `fail`.
            RateLimitError: Too many turns in this minute, or at once; `retry_after` is always there.
            BudgetExceededError: Not even a short answer fits into what is left of a budget.
            StoreError: The database cannot be used; no provider was called.
        """
        principal.require("chat")
        check(request)
        return await self._once.start(principal, request, self._start_turn)

    async def _start_turn(self, principal: Principal, request: TurnRequest) -> Turn:
        waited = False
        while True:
            if self._closing:
                raise ConflictError("chatops is shutting down and takes no new turns", code="shutdown")
            plan = await self._planner.plan(principal, request)
            beginning = at_once(plan, request, self._clock() + LEASE_MS)
            admission = await self._admit(principal, plan, request, beginning, counted=waited)
            try:
                rows = (beginning and beginning.stored) or await self._begin(plan, record=request.record)
            except BaseException as error:
                waits = isinstance(error, ConflictError) and request.on_busy == "queue"
                await admission.release(waits=waits)
                if not waits:
                    raise
                await self._elsewhere.free(plan.conversation)
                waited = True
            else:
                return await self._start(principal, plan, rows[-1], admission, request)

    async def _admit(
        self, principal: Principal, plan: Plan, request: TurnRequest, beginning: Beginning | None, *, counted: bool
    ) -> Admission:
        return await self.limits.admit(
            principal,
            plan.answer,
            plan.route,
            partial(self._planner.request_for, plan),
            max_cost=request.max_cost,
            recorded=request.record,
            counted=counted,
            beginning=beginning,
        )

    async def _begin(self, plan: Plan, *, record: bool) -> list[Message]:
        if not record:
            return list(plan.rows)
        return await begin(self._store, plan, self._clock() + LEASE_MS)

    async def _start(
        self, principal: Principal, plan: Plan, message: Message, admission: Admission, request: TurnRequest
    ) -> Turn:
        record, titled = request.record, request.titled
        attempts: list[Attempt] = []
        conversation = replace(plan.conversation, leaf_id=message.id)
        run = TurnRun(
            principal=principal,
            conversation=conversation,
            message=message,
            events=self._router.stream(admission.route, admission.request, attempts),
            attempts=attempts,
            admission=admission,
            journal=self._journal(message) if record else None,
            turn_log=self._log,
            clock=self._clock,
        )
        # Before the task: who attaches right after the start must find the turn.
        await self._log.append(run.id, TurnStarted(conversation, message))
        self._runs[run.id] = run
        task = asyncio.create_task(self.run_turn(run), name=f"turn {run.id}")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._over(run, done))
        if self._titler is not None and record and titled and plan.is_first:
            self._titler.begin(principal, conversation, plan.rows[0], run.done)
        return Turn(id=run.id, conversation=conversation, message=message)

    def _journal(self, message: Message) -> Journal:
        return Journal(self._journals, self._store, message.id, sleep=self._sleep, salvage=self._salvage)

    def _over(self, run: TurnRun, task: asyncio.Task[Message]) -> None:
        self._tasks.discard(task)
        self._runs.pop(run.id, None)
        for watch in self.watchers:
            watch(run.figures)

    def _namer(self, policy: TitlePolicy) -> Titler:
        from chatops.engine.titles import Titler  # not for a one-shot

        return Titler(self.turn, self._store, self.catalog, policy, self._log)

    def attach(self, principal: Principal, turn_id: str, *, after: int = 0) -> AsyncGenerator[Record, None]:
        """Yields the numbered events of a turn past `after`: those that were, then those that come.

        Raises:
            PermissionDeniedError: The principal may not chat.
            NotFoundError: No such turn of this person, or it ended too long ago.
            ChatopsError: After `TurnFinished`: what ended the turn short of a complete answer.
        """
        return self._readers.records(principal, turn_id, after)

    def follow(self, principal: Principal, turn_id: str, *, after: int = 0) -> AsyncGenerator[Sequence[Event], None]:
        """As `attach`, with the events that came together in one batch, and nothing raised for how the turn ended."""
        return self._readers.batches(principal, turn_id, after)

    async def latest(self, principal: Principal, conversation_id: str) -> str:
        """The id of the turn that runs in a conversation or, when none does, of its active branch's last answer.

        `follow` tells whether it can still be read along.

        Raises:
            NotFoundError: No such conversation of this person, or nothing in it.
        """
        return await self._readers.latest(principal, conversation_id)

    async def stop(self, principal: Principal, turn_id: str, reason: StopReason = "stopped") -> bool:
        """Ends a running turn, keeps its partial answer, and returns when that is stored: True. A turn that is over
        stays as it is: False. One that is just being started is stopped once it has begun.

        Raises:
            PermissionDeniedError: The principal may not chat.
            NotFoundError: No such turn of this person.
            ConflictError, StoreError: It runs in another process, which cannot be told, or has not done it yet.
        """
        await self._once.begun(turn_id)
        run = self._runs.get(turn_id)
        if run is None and reason == "stopped":
            return await self._elsewhere.stop(principal, turn_id)
        await self._readers.check_owner(principal, turn_id)
        if run is None:
            return False
        run.stop(reason)
        await run.done.wait()
        return True

    @asynccontextmanager
    async def turn(
        self, principal: Principal, request: TurnRequest
    ) -> AsyncGenerator[AsyncGenerator[Record, None], None]:
        """A turn for one reader: `async with engine.turn(...) as events`. Leaving stops it; the partial is kept."""
        started = await self.start_turn(principal, request)
        try:
            async with aclosing(self.attach(principal, started.id)) as events:
                yield events
        finally:
            run = self._runs.get(started.id)
            if run is not None:
                run.stop()
                await run.done.wait()

    async def preview(self, principal: Principal, request: TurnRequest) -> dict[str, object]:
        """The request body that a turn would send first, without keys; nothing is stored or sent."""
        principal.require("chat")
        check(request)
        plan = await self._planner.plan(principal, request)
        spec = plan.route[0]
        return self.providers[spec.provider].payload(await self._planner.request_for(plan, spec))

    async def sweep(self, *, limit: int = 100) -> int:
        """Deletes up to `limit` temporary conversations whose time is over and returns how many: fewer than `limit`
        when none is left. To be called now and then by what runs for long; nobody sees them meanwhile.
        """
        return await self._store.sweep(limit=limit)

    @property
    def open(self) -> bool:
        """Whether new turns are taken."""
        return not self._closing

    async def ping(self) -> None:
        """Reads from the store. Raises `StoreError` when it cannot be used."""
        await self._store.conversations(LOCAL_OWNER, limit=1)

    async def context(self, principal: Principal, request: TurnRequest, *, count_all: bool = False) -> ContextView:
        """What of a conversation the next call would send, were `request` (without its text) made now.

        Args:
            principal: Whose conversation it is.
            request: Its conversation, model, system prompt and answer's maximum count; `message_id` is the branch's
                end, None the active one's.
            count_all: Count also what would not be sent, which reads all of the branch.

        Raises:
            NotFoundError: No such conversation or message of this person.
            InvalidRequestError: Unknown model, or no room for a prompt.
        """
        principal.require("history:read")
        from chatops.engine.inspection import Inspector

        return await Inspector(self._store, self.catalog).context(principal, request, count_all=count_all)

    async def drain(self, grace: float = 0.0) -> None:
        """Takes no new turns, lets running ones go on for `grace` seconds, stores the rest as interrupted."""
        self._closing = True
        if self._titler is not None:
            await self._titler.aclose()
        if self._tasks and grace > 0:
            await asyncio.wait(self._tasks, timeout=grace)
        for run in list(self._runs.values()):
            run.stop("shutdown")
        if self._tasks:
            await asyncio.wait(self._tasks)
