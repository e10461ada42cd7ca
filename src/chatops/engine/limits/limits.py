"""The face of the limits (`Engine.limits`): who may use how much, and what was used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from chatops.engine.errors import PermissionDeniedError
from chatops.engine.limits import ledger
from chatops.engine.limits.admission import Admission, Means
from chatops.engine.limits.gate import Applicant, Gate
from chatops.engine.limits.ledger import By, Line, Row, Verdict
from chatops.engine.limits.policy import MINUTE, Counter, Policy, Terms, counter, terms_from, terms_record
from chatops.engine.limits.ports import Meter, MeterStore, Rate
from chatops.engine.limits.prices import Prices
from chatops.engine.limits.rates import LocalLimiter
from chatops.engine.messages import Principal
from chatops.engine.ports import Clock, Sleep, Store

REMEMBERED_MS = 5_000
"""How long other processes go on with what an administrator said for a person before."""
MAX_REMEMBERED = 10_000
SWEEP_MS = 60_000
_PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """A budget as it stands: amounts in nano-dollars or tokens; `held` by answers that are being written."""

    counter: Counter
    spent: int
    held: int

    @property
    def left(self) -> int:
        return max(0, self.counter.budget.amount - self.spent - self.held)


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
    ) -> None:
        self.policy = policy or Policy()
        self.prices = prices or Prices()
        self._meters = meters
        self._clock = clock
        self._gate = Gate(Means(meters=meters, prices=self.prices, clock=clock, sleep=sleep), store)
        self._local = LocalLimiter(clock)
        self._allowances: dict[str, tuple[int, Terms]] = {}
        self._swept = clock()

    def check_request(self, principal: Principal) -> None:
        """Counts one request of a person to this process. Raises `RateLimitError`, with `retry_after`."""
        self._check(f"user/{principal.user_id}", self.policy.http_requests_per_minute)

    def check_address(self, address: str) -> None:
        """Counts one request of whoever has not logged in to this process. Raises as `check_request`."""
        self._check(f"address/{address}", self.policy.address_requests_per_minute)

    def _check(self, key: str, most: int | None) -> None:
        if most is not None:
            self._local.hit(key, Rate(count=most, seconds=MINUTE))

    async def admit(self, asking: Applicant) -> Admission:
        """Lets a turn in, before anything of it is stored, and holds what it may use.

        Raises:
            RateLimitError: Too many turns in this minute, or at once; `retry_after` is always there.
            BudgetExceededError: Not even a short answer fits into what is left; says what is, and when more comes.
            InvalidRequestError: A budget of money, and nobody said what a model costs; or an option without a bound.
            StoreError: The database cannot be used.
        """
        terms = await self.terms(asking.principal)
        counters = self._counters(asking.principal, terms)
        if counters and self._clock() - self._swept >= SWEEP_MS:
            await self._sweep()
        return await self._gate.admit(asking, terms, counters)

    async def terms(self, principal: Principal) -> Terms:
        """What holds for a person: what an administrator said for them, over their role's, over everybody's."""
        now = self._clock()
        said_at, said = self._allowances.get(principal.user_id, (0, Terms()))
        if not 0 <= now - said_at < REMEMBERED_MS:
            said = terms_from(await self._meters.allowance(principal.user_id) or {})
            if len(self._allowances) >= MAX_REMEMBERED:
                self._allowances.clear()
            self._allowances[principal.user_id] = (now, said)
        return said.over(self.policy.terms(principal.role))

    def _counters(self, principal: Principal, terms: Terms) -> list[Counter]:
        now = self._clock()
        found = []
        if terms.budget is not None:
            found.append(counter("user", principal.user_id, terms.budget, now))
        shared = self.policy.surfaces.get(principal.source)
        if shared is not None:
            found.append(counter("surface", principal.source, shared, now))
        if self.policy.token is not None and principal.token_id is not None:
            found.append(counter("token", principal.token_id, self.policy.token, now))
        return found

    async def set_limit(self, principal: Principal, user_id: str, terms: Terms | None) -> Terms:
        """Says for one person what differs from their role's; what `terms` leave open stays as it was said before.
        None takes all of it back. Other processes follow within `REMEMBERED_MS`.

        Returns:
            What is said for the person now.

        Raises:
            PermissionDeniedError: The principal is no administrator.
        """
        _require_admin(principal)
        said = Terms()
        if terms is not None:
            said = terms.over(terms_from(await self._meters.allowance(user_id) or {}))
        await self._meters.set_allowance(user_id, terms_record(said) or None)
        self._allowances.pop(user_id, None)
        return said

    async def remaining(self, principal: Principal) -> list[Remaining]:
        """The budgets that hold for a principal here and now: their own, the surface's, the token's."""
        counters = self._counters(principal, await self.terms(principal))
        if not counters:
            return []
        await self._sweep()
        found = await self._meters.meters([one.key for one in counters])
        meters = [(one, found.get(one.key, Meter())) for one in counters]
        return [Remaining(counter=one, spent=meter.spent, held=meter.held) for one, meter in meters]

    async def usage(self, principal: Principal, *, since: int = 0, by: By = "model") -> list[Line]:
        """Sums of what was used from `since` on, Unix milliseconds: everybody's for administrators, else one's own.

        Raises:
            PermissionDeniedError: The principal may not read its history.
        """
        principal.require("history:read")
        await self._sweep()
        whose = None if _is_admin(principal) else principal.user_id
        return await self._meters.usage(whose, since=since, by=by)

    async def verify(self, principal: Principal) -> Verdict:
        """Reads the whole ledger: is every row as it was written, and is none missing?

        Raises:
            PermissionDeniedError: The principal is no administrator.
        """
        _require_admin(principal)
        head = await self._meters.head()
        async with aclosing(self._rows()) as rows:
            return await ledger.verify(rows, head)

    async def _rows(self) -> AsyncGenerator[Row, None]:
        after = 0
        while page := await self._meters.rows(after=after, limit=_PAGE):
            for row in page:
                yield row
            after = page[-1].n

    async def _sweep(self) -> None:
        self._swept = self._clock()
        await self._gate.sweep()


def _is_admin(principal: Principal) -> bool:
    return principal.role == "admin" and "admin" in principal.scopes


def _require_admin(principal: Principal) -> None:
    if not _is_admin(principal):
        raise PermissionDeniedError("this is for administrators")
