"""A turn that was let in: how long its answer may be, its lease, and what it has used in the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from chatops.engine.errors import ChatopsError, StoreError
from chatops.engine.limits.estimates import estimate_input, estimated, outgrown
from chatops.engine.messages import Message, Principal, Usage
from chatops.engine.models import ModelSpec
from chatops.engine.ports import ChatRequest, Clock, Sleep

if TYPE_CHECKING:
    from chatops.engine.limits.leases import Leases
    from chatops.engine.limits.ledger import Entry
    from chatops.engine.limits.ports import MeterStore, OpenTurn, Rate
    from chatops.engine.limits.prices import Prices

TRIES = 8
FIRST_WAIT = 0.25
"""Seconds before a settlement is tried again, doubled each time: half a minute in all, as for the answer itself."""

Prepare = Callable[[ModelSpec], Awaitable[ChatRequest]]

log = logging.getLogger(__name__)


class Asked(NamedTuple):
    """A request of the route as it may be sent. `longest`: tokens of its answer, None when no budget bounds it."""

    spec: ModelSpec
    request: ChatRequest
    longest: int | None = None


class Means(NamedTuple):
    """What an admission works with."""

    meters: MeterStore
    prices: Prices
    clock: Clock
    sleep: Sleep
    leases: Leases


class Admission:
    """What the limits gave to one turn. Its owner has it `kept` while it answers, and ends with `settle` or `release`.

    Args:
        turn: As it lies in the store; None when it holds nothing.
        route: The models that may be asked, in their order.
        ready: Their requests, by model id, as far as they are made; `prepare` makes the others.
        rate: What counted the turn.
    """

    def __init__(
        self,
        means: Means,
        principal: Principal,
        *,
        turn: OpenTurn | None = None,
        route: Sequence[ModelSpec],
        ready: dict[str, Asked],
        prepare: Prepare,
        rate: tuple[str, Rate] | None = None,
    ) -> None:
        self.route = route
        self._means = means
        self._principal = principal
        self._turn = turn
        self._rate = rate
        self._ready = ready
        self._prepare = prepare
        self._asked: Asked | None = None
        self._size = 0

    async def request(self, spec: ModelSpec) -> ChatRequest:
        """The request to a model of the route; it is the one that answers from now on."""
        if spec.id not in self._ready:
            self._ready[spec.id] = Asked(spec=spec, request=await self._prepare(spec))
        self._asked = self._ready[spec.id]
        return self._asked.request

    def grew(self, text: str) -> bool:
        """Takes the next piece of the answer. False: it is longer than any answer that keeps to its maximum."""
        self._size += len(text.encode("utf-8", "replace"))
        longest = self._asked.longest if self._asked else None
        return longest is None or not outgrown(self._size, longest)

    def keep(self, fail: Callable[[ChatopsError], None]) -> None:
        """Has the lease renewed until `leave`.

        Args:
            fail: Told when the lease ran out for so long that others gave the turn up and settled it: what it would use
                from now on, nobody holds.
        """
        if self._turn is not None:
            self._means.leases.keep(self._turn, fail)

    def leave(self) -> None:
        """The lease is renewed no more."""
        if self._turn is not None:
            self._means.leases.leave(self._turn)

    async def release(self, *, waits: bool = False) -> None:
        """The turn never began: nothing of it counts. `waits`: it will ask again, and keeps its place in the rate."""
        await asyncio.shield(self._release(None if waits else self._rate))

    async def _release(self, rate: tuple[str, Rate] | None) -> None:
        if self._turn is not None:
            await self._means.meters.release(self._turn)
        if rate is not None:
            await self._means.meters.give_back(*rate)

    def priced(self, message: Message) -> Message:
        """The ended answer; its usage says what it cost, where that is known, no estimate, and not nothing."""
        if message.usage is None or message.status != "complete":
            return message
        cost = self._cost(message.usage)
        return replace(message, usage=replace(message.usage, cost=cost)) if cost else message

    async def settle(self, message: Message) -> None:
        """Writes the turn's row and gives back what it did not use; tries for half a minute when the store is away.

        What is held for longer is settled by whoever meets it. Never raises: the answer's end must be told.
        """
        entry = self._entry(message)
        failure = ""
        for trial in range(TRIES):
            try:
                await self._means.meters.settle(self._turn, entry)
            except StoreError as error:
                failure = error.message
                await self._means.sleep(FIRST_WAIT * 2**trial)
            except ChatopsError as error:
                failure = error.message
                break
            except Exception:
                log.exception("turn %s could not be settled", message.id)
                break
            else:
                return
        log.error("turn %s has no row in the usage ledger: %s; it would be %s", message.id, failure, entry)

    def _entry(self, message: Message) -> Entry:
        from chatops.engine.limits.ledger import Entry  # here: the answer is shown by now

        usage, guessed = self._used(message)
        return Entry(
            turn_id=message.id,
            at=self._means.clock(),
            user_id=self._principal.user_id,
            surface=self._principal.source,
            token_id=self._principal.token_id,
            provider=message.provider or "",
            model=message.model or "",
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=min(usage.cached_tokens, usage.input_tokens),
            cost=self._cost(usage),
            status=message.status,
            estimated=guessed,
        )

    def _used(self, message: Message) -> tuple[Usage, bool]:
        """What the provider told; where it told nothing or was cut off, what we take it for."""
        told = message.usage or Usage()
        if message.status == "complete" and message.usage is not None:
            return told, False
        nothing_came = message.status == "failed" and not self._size
        if self._asked is None or not message.attempts or nothing_came:
            return told, False
        output = max(told.output_tokens, estimated(self._size))
        sent = told.input_tokens or estimate_input(self._asked.request)
        return replace(told, input_tokens=sent, output_tokens=output), True

    def _cost(self, usage: Usage) -> int | None:
        price = self._means.prices.of(self._asked.spec if self._asked else self.route[0])
        return None if price is None else price.cost(usage.input_tokens, usage.output_tokens, usage.cached_tokens)
