"""Turns whose process died: what they held is settled by whoever meets them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from chatops.engine.errors import NotFoundError
from chatops.engine.journal import BATCH_BYTES
from chatops.engine.limits.bounds import Bound
from chatops.engine.limits.ledger import Entry
from chatops.engine.limits.policy import Unit
from chatops.engine.limits.ports import MeterStore, OpenTurn
from chatops.engine.limits.price import Price
from chatops.engine.messages import Message, Principal, ReasoningPart, TextPart, Usage
from chatops.engine.ports import Store

GRACE_MS = 60_000
"""How long after its lease a turn is given up: a database that was away for half a minute must not end answers."""
BATCH = 50

log = logging.getLogger(__name__)


def will(principal: Principal, bounds: Sequence[Bound], *, answer: Message, recorded: bool) -> dict[str, Any]:
    """What an open turn leaves, so that others can settle it.

    Args:
        principal: Who is charged.
        bounds: What each model of the route can use; the dearest one counts.
        answer: The answer's row as it begins: it may hold the text of one that is continued, paid for already.
        recorded: Whether it is in the store.
    """
    dearest = max(bounds, key=lambda one: (one.most, one.input_tokens + one.longest))
    rate = dearest.price and dearest.price.for_input(dearest.input_tokens)
    return {
        "user_id": principal.user_id,
        "surface": principal.source,
        "token_id": principal.token_id,
        "provider": bounds[0].spec.provider,
        "model": bounds[0].spec.name,
        "input_tokens": dearest.input_tokens,
        "longest": dearest.longest,
        "price": [rate.input, rate.output, rate.cached] if rate else None,
        "begins_with": _size(answer),
        "recorded": recorded,
    }


async def settle_dead(meters: MeterStore, store: Store, now: int) -> int:
    """Settles turns that were given up, to what their stored answers can have cost. Returns how many."""
    settled = 0
    for turn in await meters.dead(now - GRACE_MS, limit=BATCH):
        settled += await _settle(meters, store, turn, now)
    return settled


async def _settle(meters: MeterStore, store: Store, turn: OpenTurn, now: int) -> bool:
    message: Message | None = None
    if turn.record["recorded"]:
        try:
            message = await store.message(turn.record["user_id"], turn.id)
        except NotFoundError:  # it died before it began: no provider was called
            await meters.release(turn)
            return True
        if message.status == "streaming":  # it lives; only its lease here was not renewed
            return False
    await meters.settle(turn, _entry(turn, await meters.held(turn), message, now))
    log.warning("turn %s was given up and settled", turn.id)
    return True


def _entry(turn: OpenTurn, held: Mapping[str, int], message: Message | None, now: int) -> Entry:
    will_ = turn.record
    usage, cost, guessed = _used(turn, held, message)
    return Entry(
        turn_id=turn.id,
        at=now,
        user_id=will_["user_id"],
        surface=will_["surface"],
        token_id=will_["token_id"],
        provider=(message and message.provider) or will_["provider"],
        model=(message and message.model) or will_["model"],
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        cost=cost,
        status="abandoned" if message is None or message.status == "interrupted" else message.status,
        estimated=guessed,
    )


def _used(turn: OpenTurn, held: Mapping[str, int], message: Message | None) -> tuple[Usage, int | None, bool]:
    """Tokens and nano-dollars: those told, when only the settlement was missing. Else the most that it can have been:
    tokens are no more than bytes, the last batch may not have been stored; and never more than was held.
    """
    will_ = turn.record
    price = will_["price"] and Price(input=will_["price"][0], output=will_["price"][1], cached=will_["price"][2])
    if message is not None and message.status == "complete" and message.usage is not None:
        told = message.usage
        cost = price.cost(told.input_tokens, told.output_tokens, told.cached_tokens) if price else None
        return told, told.cost if told.cost is not None else cost, False
    longest: int = will_["longest"]
    if message is not None:
        longest = min(longest, max(0, _size(message) - will_["begins_with"]) + BATCH_BYTES)
    most = {
        unit: min((held[key] for key, said in turn.holds if said == unit and key in held), default=None)
        for unit in _UNITS
    }
    sent = min(will_["input_tokens"], most["tokens"] or will_["input_tokens"])
    output = min(longest, most["tokens"] - sent) if most["tokens"] else longest
    cost = price.cost(sent, output) if price else None
    if cost is not None and most["money"] is not None:
        cost = min(cost, most["money"])
    return Usage(input_tokens=sent, output_tokens=output), cost, True


_UNITS: tuple[Unit, ...] = ("money", "tokens")


def _size(message: Message) -> int:
    texts = (part.text for part in message.parts if isinstance(part, TextPart | ReasoningPart))
    return sum(len(text.encode("utf-8", "replace")) for text in texts)
