"""The face of the limits (`Engine.limits`): who may use how much, and what was used.

Every command loads this; what only limits need is loaded where there are some. Without any, a turn costs its row in the
ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chatops.engine.errors import ConflictError, PermissionDeniedError
from chatops.engine.limits.admission import Admission, Asked, Means, Prepare
from chatops.engine.limits.leases import Leases
from chatops.engine.limits.prices import Prices
from chatops.engine.messages import Message, Principal, Source
from chatops.engine.models import ModelSpec
from chatops.engine.ports import Clock, Sleep, Store

if TYPE_CHECKING:
    from decimal import Decimal

    from chatops.engine.beginning import Beginning
    from chatops.engine.limits.counters import Counter, Remaining
    from chatops.engine.limits.ledger import By
    from chatops.engine.limits.policy import Policy, Terms
    from chatops.engine.limits.ports import MeterStore, People
    from chatops.engine.limits.rates import LocalLimiter
    from chatops.engine.limits.reports import Line, Verdict

REMEMBERED_MS = 5_000
"""How long other processes go on with what an administrator said for a person before."""
MAX_REMEMBERED = 10_000
SWEEP_MS = 60_000
_PLATFORMS: tuple[Source, ...] = ("slack", "discord")
"""Where people may be shadows."""
ADDRESS_REQUESTS_PER_MINUTE = 300
"""Of one address that nobody has logged in from, to one process, when the settings say nothing."""


class Limits:
    """Rates, slots, budgets and the ledger, for any number of principals."""

    def __init__(
        self,
        *,
        meters: MeterStore,
        store: Store,
        clock: Clock,
        policy: Policy | None = None,
        prices: Prices | None = None,
        sleep: Sleep = asyncio.sleep,
        people: Callable[[], People] | None = None,
    ) -> None:
        """`policy`: what the settings say; None: nothing, so only what an administrator said for a person holds.
        `people`: who has an account, made when it is first asked; None: nobody.
        """
        self.policy = policy
        self.prices = prices or Prices()
        self._meters = meters
        self._store = store
        self._people = people
        self._clock = clock
        self._means = Means(meters, self.prices, clock, sleep, Leases(meters, clock))
        self._local: LocalLimiter | None = None
        self._allowances: dict[str, tuple[int, Mapping[str, Any] | None]] = {}
        self._swept = clock()

    def check_request(self, principal: Principal) -> None:
        """Counts one request of a person to this process. Raises `RateLimitError`, with `retry_after`."""
        if self.policy is not None:
            self._check(f"user/{principal.user_id}", self.policy.http_requests_per_minute)

    def check_address(self, address: str) -> None:
        """Counts one request of whoever has not logged in to this process. Raises as `check_request`."""
        said = self.policy.address_requests_per_minute if self.policy else None
        self._check(f"address/{address}", said or ADDRESS_REQUESTS_PER_MINUTE)

    def _check(self, key: str, most: int | None) -> None:
        from chatops.engine.limits.policy import MINUTE
        from chatops.engine.limits.ports import Rate
        from chatops.engine.limits.rates import LocalLimiter

        if most is not None:
            self._local = self._local or LocalLimiter(self._clock)
            self._local.hit(key, Rate(count=most, seconds=MINUTE))

    async def admit(
        self,
        principal: Principal,
        answer: Message,
        route: Sequence[ModelSpec],
        prepare: Prepare,
        *,
        max_cost: Decimal | None = None,
        recorded: bool = True,
        counted: bool = False,
        beginning: Beginning | None = None,
    ) -> Admission:
        """Lets a turn in, before anything of it is stored, and holds what it may use. A platform user who was linked
        with an account meanwhile is let in as nobody: their budget is the account's.

        Args:
            principal: Who asks.
            answer: The assistant's row as it will begin.
            route: The model to ask, then its fallbacks.
            prepare: Makes the request to one of them.
            max_cost: Dollars that this turn may cost.
            recorded: Whether the answer goes into the store.
            counted: The rate has counted this turn already: it had to wait for another one.
            beginning: What the turn stores; when it is not `stored` after, that is the caller's to do.

        Raises:
            RateLimitError: Too many turns in this minute, or at once; `retry_after` is always there.
            BudgetExceededError: Not even a short answer fits into what is left; says what is, and when more comes.
            InvalidRequestError: A budget of money, and nobody said what a model costs; or an option without a bound.
            ConflictError: The platform user was linked a moment ago.
            StoreError: The database cannot be used.
            ChatopsError: What `Store.begin_turn` raises.
        """
        said = await self._allowance(principal.user_id)
        if self.policy is None and said is None and max_cost is None:
            first = Asked(spec=route[0], request=await prepare(route[0]))
            return Admission(self._means, principal, route=route, ready={route[0].id: first}, prepare=prepare)
        from chatops.engine.limits.gate import Applicant, Gate

        terms = await self.terms(principal)
        counters = self._counters(principal, terms)
        if counters and self._clock() - self._swept >= SWEEP_MS:
            await self._sweep()
        asking = Applicant(
            principal=principal,
            answer=answer,
            route=route,
            prepare=prepare,
            max_cost=max_cost,
            recorded=recorded,
            counted=counted,
            beginning=_own(principal, beginning),
        )
        admission = await Gate(self._means, self._settle).admit(asking, terms, counters)
        if await self._is_linked(principal):
            await admission.release()
            raise ConflictError("this user was linked with an account a moment ago: ask again")
        return admission

    async def _is_linked(self, principal: Principal) -> bool:
        """Asked after the hold: what was held before the link went with it, and what comes after it is let in as the
        account's, or the shadow would have a budget of its own once more.
        """
        if self._people is None or principal.source not in _PLATFORMS:
            return False
        person = await self._people().account(principal.user_id)
        return person is not None and person.merged_into is not None

    async def _allowance(self, user_id: str) -> Mapping[str, Any] | None:
        now = self._clock()
        if user_id in self._allowances:
            at, said = self._allowances[user_id]
            if 0 <= now - at < REMEMBERED_MS:
                return said
        said = await self._meters.allowance(user_id)
        if len(self._allowances) >= MAX_REMEMBERED:
            self._allowances.clear()
        self._allowances[user_id] = (now, said)
        return said

    async def terms(self, principal: Principal) -> Terms:
        """What holds for a person: what an administrator said for them, over their role's, over everybody's."""
        from chatops.engine.limits.policy import Terms, terms_from

        base = self.policy.terms(principal.role) if self.policy else Terms()
        return terms_from(await self._allowance(principal.user_id) or {}).over(base)

    def _counters(self, principal: Principal, terms: Terms) -> list[Counter]:
        from chatops.engine.limits.counters import counter

        now, found = self._clock(), []
        if terms.budget is not None:
            found.append(counter("user", principal.user_id, terms.budget, now))
        shared = self.policy.surfaces.get(principal.source) if self.policy else None
        if shared is not None:
            found.append(counter("surface", principal.source, shared, now))
        if self.policy and self.policy.token is not None and principal.token_id is not None:
            found.append(counter("token", principal.token_id, self.policy.token, now))
        return found

    async def said_for(self, principal: Principal, user_id: str) -> Terms:
        """What is said for one person alone. Raises `PermissionDeniedError`: the principal is no administrator."""
        from chatops.engine.limits.policy import terms_from

        _require_admin(principal)
        return terms_from(await self._meters.allowance(user_id) or {})

    async def set_limit(self, principal: Principal, user_id: str, terms: Terms | None, *, whole: bool = False) -> Terms:
        """Says for one person what differs from their role's; what `terms` leave open stays as it was said before, or
        with `whole` is taken back. None takes all of it back. Other processes follow within `REMEMBERED_MS`.

        Returns:
            What is said for the person now.

        Raises:
            PermissionDeniedError: The principal is no administrator.
        """
        from chatops.engine.limits.policy import Terms, terms_from, terms_record

        _require_admin(principal)
        said = Terms()
        if terms is not None:
            said = terms if whole else terms.over(terms_from(await self._meters.allowance(user_id) or {}))
        await self._meters.set_allowance(user_id, terms_record(said) or None)
        self._allowances.pop(user_id, None)
        return said

    async def hand_over(self, from_id: str, to_id: str) -> None:
        """What one person has spent and holds in the periods that run now is another's from here on; what an
        administrator said for the first is forgotten, and the other's stays. Their rows in the ledger stay as they were
        written. May be repeated at any time, also after a crash. Raises `StoreError`.
        """
        from chatops.engine.limits.counters import keys_of

        now = self._clock()
        await self._meters.hand_over(from_id, list(zip(keys_of(from_id, now), keys_of(to_id, now), strict=True)))
        self._allowances.pop(from_id, None)

    async def remaining(self, principal: Principal) -> list[Remaining]:
        """The budgets that hold for a principal here and now: their own, the surface's, the token's."""
        from chatops.engine.limits.counters import Remaining
        from chatops.engine.limits.ports import Meter

        counters = self._counters(principal, await self.terms(principal))
        if not counters:
            return []
        await self._settle(principal.user_id)
        found = await self._meters.meters([one.key for one in counters])
        meters = [(one, found.get(one.key, Meter())) for one in counters]
        return [Remaining(counter=one, spent=meter.spent, held=meter.held) for one, meter in meters]

    async def usage(self, principal: Principal, *, since: int = 0, by: By = "model") -> list[Line]:
        """Sums of what was used from `since` on, Unix milliseconds: everybody's for administrators, else one's
        own and of the platform users that were linked with one. By user, accounts come with their names.

        Raises:
            PermissionDeniedError: The principal may not read its history.
        """
        principal.require("history:read")
        await self._sweep()
        whose = None if _is_admin(principal) else [principal.user_id, *await self._shadows(principal.user_id)]
        lines = await self._meters.usage(whose, since=since, by=by)
        if by != "user" or self._people is None:
            return lines
        names = await self._people().names([line.key for line in lines])
        return [replace(line, name=names.get(line.key)) for line in lines]

    async def _shadows(self, user_id: str) -> Sequence[str]:
        return await self._people().merged_into(user_id) if self._people else ()

    async def verify(self, principal: Principal) -> Verdict:
        """Reads the whole ledger: is every row as it was written, and is none missing?

        Raises:
            PermissionDeniedError: The principal is no administrator.
        """
        from chatops.engine.limits.reports import read_over

        _require_admin(principal)
        return await read_over(self._meters)

    async def _settle(self, user_id: str) -> bool:
        """Puts right what others hold of a person's budgets: the dead, and turns that ended since their platform's
        user was linked. False: it is as it was.
        """
        shadows = await self._shadows(user_id)
        dead = await self._sweep()
        for shadow in shadows:
            await self.hand_over(shadow, user_id)
        return bool(dead or shadows)

    async def _sweep(self) -> int:
        from chatops.engine.limits.dead import settle_dead

        self._swept = self._clock()
        return await settle_dead(self._meters, self._store, self._swept)


def _own(principal: Principal, beginning: Beginning | None) -> Beginning | None:
    """In one's own conversation alone; and who may have been linked meanwhile begins after one more look."""
    theirs = beginning is not None and beginning.conversation.owner_id == principal.user_id
    return beginning if theirs and principal.source not in _PLATFORMS else None


def _is_admin(principal: Principal) -> bool:
    return principal.role == "admin" and "admin" in principal.scopes


def _require_admin(principal: Principal) -> None:
    if not _is_admin(principal):
        raise PermissionDeniedError("this is for administrators")
