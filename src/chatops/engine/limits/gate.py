"""Asked before a turn where there are limits: does it fit the rate, the slots and every budget; and how long may its
answer be then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chatops.engine.errors import ChatopsError
from chatops.engine.limits import refusals
from chatops.engine.limits.admission import Admission, Asked, Means, Prepare
from chatops.engine.limits.bounds import Bound, bound, check_options
from chatops.engine.limits.counters import Counter
from chatops.engine.limits.dead import will
from chatops.engine.limits.leases import LEASE_MS
from chatops.engine.limits.money import nano
from chatops.engine.limits.policy import MINUTE, Terms, Unit
from chatops.engine.limits.ports import Hold, OpenTurn, Rate, Refusal
from chatops.engine.messages import Message, Principal
from chatops.engine.models import ModelSpec
from chatops.engine.ports import ChatRequest

if TYPE_CHECKING:
    from decimal import Decimal

    from chatops.engine.beginning import Beginning

SHORT_ANSWER = 256
"""Tokens: when not even so many fit, or the maximum that was asked for if that is less, a turn is refused."""
_DAY_MS = 86_400_000
_KEPT_MS = 31 * _DAY_MS
"""How long a meter is kept after its end: for looks at last month, and for answers that run over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A turn that asks to be let in.

    Attributes:
        answer: The assistant's row as it will begin.
        route: The model to ask, then its fallbacks; `prepare` makes the request to one of them.
        max_cost: Dollars that this turn may cost.
        recorded: Whether the answer goes into the store.
        counted: The rate has counted this turn already: it had to wait for another one.
        beginning: What it stores when it is let in, if that may be one step.
    """

    principal: Principal
    answer: Message
    route: Sequence[ModelSpec]
    prepare: Prepare
    max_cost: Decimal | None = None
    recorded: bool = True
    counted: bool = False
    beginning: Beginning | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """A request to one model, and the most that it can use."""

    request: ChatRequest
    bound: Bound

    @property
    def short(self) -> int:
        return min(SHORT_ANSWER, self.request.sampling.max_tokens or SHORT_ANSWER, self.bound.longest)

    def within(self, unit: Unit, amount: int) -> _Offer:
        return replace(self, bound=self.bound.within(unit, amount))

    def asked(self) -> Asked:
        longest = self.bound.longest
        sampling = replace(self.request.sampling, max_tokens=longest)
        return Asked(spec=self.bound.spec, request=replace(self.request, sampling=sampling), longest=longest)


class Gate:
    """Lets turns in."""

    def __init__(self, means: Means, settle: Callable[[str], Awaitable[bool]]) -> None:
        """`settle`: puts right what others hold of this person's budgets; returns whether that changed anything."""
        self._means = means
        self._settle = settle

    async def admit(self, asking: Applicant, terms: Terms, counters: Sequence[Counter]) -> Admission:
        """Holds what the turn may use. Raises what `Limits.admit` raises."""
        first = await asking.prepare(asking.route[0])
        offers: list[_Offer] = []
        if counters or asking.max_cost is not None:
            offers = await self._offers(asking, first, priced=_needs_prices(asking, counters))
            offers = _affordable(offers, asking.max_cost)
        holds = [*_slots(asking.principal, terms, self._means.clock()), *_parts(offers, counters)]
        turn = self._open_turn(asking, first, offers, holds)
        rate = _rate(asking, terms)
        granted = await self._take(asking, turn, holds, rate, counters)
        short = offers[0].short if offers else 0
        for hold in holds:
            if hold.unit != "turns":
                offers = [offer.within(hold.unit, granted[hold.key]) for offer in offers]
        offers = [*offers[:1], *(offer for offer in offers[1:] if offer.bound.longest >= short)]
        asked = [offer.asked() for offer in offers] or [Asked(spec=asking.route[0], request=first)]
        return Admission(
            self._means,
            asking.principal,
            turn=turn if holds else None,
            route=[one.spec for one in asked] if offers else asking.route,
            ready={one.spec.id: one for one in asked},
            prepare=asking.prepare,
            rate=rate,
        )

    async def _offers(self, asking: Applicant, first: ChatRequest, *, priced: bool) -> list[_Offer]:
        """An offer for each model of the route that the prompt fits into."""
        check_options(first)
        offers: list[_Offer] = []
        for spec in asking.route:
            price = self._means.prices.of(spec)
            if price is None and priced:
                raise refusals.unpriced(spec.id)
            try:
                request = first if not offers else await asking.prepare(spec)
            except ChatopsError:  # it will not be asked either
                continue
            offers.append(_Offer(request=request, bound=bound(request, spec, price)))
        return offers

    def _open_turn(
        self, asking: Applicant, first: ChatRequest, offers: Sequence[_Offer], holds: Sequence[Hold]
    ) -> OpenTurn:
        if not holds:
            return OpenTurn(id=asking.answer.id, until=0, holds=(), record={})
        spec = asking.route[0]
        bounds = [offer.bound for offer in offers] or [bound(first, spec, self._means.prices.of(spec))]
        return OpenTurn(
            id=asking.answer.id,
            until=self._means.clock() + LEASE_MS,
            holds=[(hold.key, hold.unit) for hold in holds],
            record=will(asking.principal, bounds, answer=asking.answer, recorded=asking.recorded),
        )

    async def _take(
        self,
        asking: Applicant,
        turn: OpenTurn,
        holds: Sequence[Hold],
        rate: tuple[str, Rate] | None,
        counters: Sequence[Counter],
    ) -> dict[str, int]:
        """What the store grants; what dead turns hold is given back before anybody is refused."""
        if not holds and rate is None:
            return {}
        found = await self._admitted(turn, holds, rate, asking.beginning)
        budgets = {counter.key for counter in counters}
        if isinstance(found, Refusal) and found.key in budgets and await self._settle(asking.principal.user_id):
            found = await self._admitted(turn, holds, None, asking.beginning)
        if isinstance(found, Refusal):
            said = rate and rate[1]
            raise refusals.refused(found, rate=said, holds=holds, counters=counters, now=self._means.clock())
        return found

    async def _admitted(
        self,
        turn: OpenTurn,
        holds: Sequence[Hold],
        rate: tuple[str, Rate] | None,
        beginning: Beginning | None,
    ) -> dict[str, int] | Refusal:
        """Also when the caller is cancelled meanwhile, nothing stays held."""
        meters, now = self._means.meters, self._means.clock()
        asking = asyncio.ensure_future(meters.admit(turn, holds, rate=rate, now=now, beginning=beginning))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            with suppress(ChatopsError):
                if not isinstance(await asking, Refusal) and holds:
                    await meters.release(turn)
            raise


def _rate(asking: Applicant, terms: Terms) -> tuple[str, Rate] | None:
    if terms.requests_per_minute is None or asking.counted:
        return None
    return f"turns/{asking.principal.user_id}", Rate(count=terms.requests_per_minute, seconds=MINUTE)


def _needs_prices(asking: Applicant, counters: Sequence[Counter]) -> bool:
    return asking.max_cost is not None or any(counter.budget.unit == "money" for counter in counters)


def _affordable(offers: Sequence[_Offer], max_cost: Decimal | None) -> list[_Offer]:
    """Those that leave room for an answer within what one call may cost."""
    if max_cost is None:
        return list(offers)
    most = nano(max_cost)
    first, *rest = (offer.within("money", most) for offer in offers)
    if first.bound.longest < 1:
        raise refusals.over_max(offers[0].bound, most)
    return [first, *(offer for offer in rest if offer.bound.longest >= first.short)]


def _slots(principal: Principal, terms: Terms, now: int) -> list[Hold]:
    if terms.concurrent_turns is None:
        return []
    key = f"turns/{principal.user_id}"
    limit = terms.concurrent_turns
    return [Hold(key=key, unit="turns", least=1, most=1, limit=limit, expires_at=now + 7 * _DAY_MS)]


def _parts(offers: Sequence[_Offer], counters: Sequence[Counter]) -> list[Hold]:
    """Of each budget what the dearest model may use, in an order that is the same for everybody."""
    return [
        Hold(
            key=counter.key,
            unit=counter.budget.unit,
            least=offers[0].bound.amount(counter.budget.unit, offers[0].short),
            most=max(offer.bound.amount(counter.budget.unit, offer.bound.longest) for offer in offers),
            limit=counter.budget.amount,
            expires_at=counter.renews_at + _KEPT_MS,
        )
        for counter in sorted(counters, key=lambda one: one.key)
    ]
