"""What a person is told when a limit stops a turn: what, how much is left, and when it passes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from chatops.engine.errors import BudgetExceededError, ChatopsError, InvalidRequestError, RateLimitError
from chatops.engine.limits.bounds import Bound
from chatops.engine.limits.counters import Counter
from chatops.engine.limits.money import shown
from chatops.engine.limits.policy import measured
from chatops.engine.limits.ports import Hold, Rate, Refusal
from chatops.engine.limits.rates import over

SOON = 5.0
"""Seconds after which to ask again when only running answers are in the way."""


def refused(
    refusal: Refusal, *, rate: Rate | None, holds: Sequence[Hold], counters: Sequence[Counter], now: int
) -> ChatopsError:
    """The error for what a store refused."""
    if rate is not None and refusal.wait:
        return over(rate, refusal.wait, "turns")
    hold = next(hold for hold in holds if hold.key == refusal.key)
    if hold.unit == "turns":
        return RateLimitError(
            f"{hold.limit} of your answers are being written, as many as may be at once: wait for one, or stop it",
            retry_after=SOON,
        )
    return _over_budget(refusal, hold, next(one for one in counters if one.key == refusal.key), now)


def _over_budget(refusal: Refusal, hold: Hold, counter: Counter, now: int) -> ChatopsError:
    spent, held = refusal.meter
    needed = f"this prompt and a short answer may need {measured(hold.unit, hold.least)}"
    if hold.least > hold.limit:
        return BudgetExceededError(
            f"{needed}, and {counter.whose} is {counter.budget}: send less, or choose a cheaper model"
        )
    if spent + hold.least <= hold.limit:
        return BudgetExceededError(
            f"{needed}, and the rest of {counter.whose} ({counter.budget}) is held by answers that are being written"
            f" ({measured(hold.unit, held)}): try again when one has ended",
            retry_after=SOON,
        )
    renews = datetime.fromtimestamp(counter.renews_at / 1000, UTC)
    left = measured(hold.unit, max(0, hold.limit - spent), down=True)
    return BudgetExceededError(
        f"{needed}, and of {counter.whose} ({counter.budget}) {left} is left; it renews on {renews:%Y-%m-%d} (UTC)",
        retry_after=max(0.0, (counter.renews_at - now) / 1000),
    )


def unpriced(model_id: str) -> ChatopsError:
    """A budget of money cannot hold for a model of which nobody said what it costs."""
    return InvalidRequestError(
        f"nobody said what {model_id} costs, so it cannot be used under a budget of money: set"
        f' [models."{model_id}"] price = {{ input = ..., output = ... }} (dollars for a million tokens)'
    )


def over_max(first: Bound, most: int) -> ChatopsError:
    """The prompt alone may cost more than `most` nano-dollars, all that the call may."""
    needed = first.amount("money", 0)
    return BudgetExceededError(
        f"the prompt alone may cost {shown(needed)} with {first.spec.id}, and this call may cost {shown(most)}:"
        " send less, choose a cheaper model, or allow more"
    )
