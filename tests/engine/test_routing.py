import asyncio
from contextlib import aclosing

import pytest

from chatops.engine.errors import (
    PROVIDER_RATE_LIMITED,
    PROVIDER_STREAM_CUT,
    ProviderError,
    ProviderRejectedError,
    ProviderUnavailableError,
)
from chatops.engine.events import TextDelta
from chatops.engine.messages import Attempt
from chatops.engine.models import ModelSpec
from chatops.engine.ports import ChatRequest
from chatops.engine.routing import MAX_RETRY_AFTER, MAX_WAIT, TRIES, Router
from fakes import ScriptedProvider, SetClock, Step, answer

DOWN = ProviderUnavailableError("down", provider="fake")
WRONG = ProviderRejectedError("wrong", provider="fake")


def limited(seconds: float) -> ProviderUnavailableError:
    return ProviderUnavailableError("slow down", provider="fake", code=PROVIDER_RATE_LIMITED, retry_after=seconds)


class Run:
    """One routed request: what came, what was waited, what was recorded."""

    def __init__(self, *scripts: list[Step], other: list[Step] | None = None) -> None:
        self.provider = ScriptedProvider(scripts)
        self.other = ScriptedProvider([other or answer("other")], name="other")
        self.waits: list[float] = []
        self.attempts: list[Attempt] = []
        self.text = ""
        self.clock = SetClock()

    async def go(self, *route: str) -> None:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        async def prepare(spec: ModelSpec) -> ChatRequest:
            return ChatRequest(model=spec.name, messages=[])

        router = Router({"fake": self.provider, "other": self.other}, self.clock, sleep)
        specs = [ModelSpec(id=id_) for id_ in route or ("fake:m",)]
        async with aclosing(router.stream(specs, prepare, self.attempts)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    self.text += event.text


async def test_a_passing_failure_is_tried_again_and_every_call_is_recorded() -> None:
    run = Run([DOWN], [DOWN], answer("at ", "last"))
    await run.go()

    assert run.text == "at last"
    assert len(run.waits) == 2
    assert all(0 <= wait <= MAX_WAIT for wait in run.waits)
    assert [attempt.error.code if attempt.error else None for attempt in run.attempts] == [
        "provider_unavailable",
        "provider_unavailable",
        None,
    ]


async def test_tries_are_bounded_and_the_last_failure_is_told() -> None:
    run = Run([DOWN])
    with pytest.raises(ProviderUnavailableError, match="down"):
        await run.go()

    assert len(run.attempts) == TRIES


async def test_the_wait_that_the_provider_asks_for_is_kept() -> None:
    run = Run([limited(3)], answer("ok"))
    await run.go()

    assert run.waits == [3]


async def test_a_provider_that_asks_for_too_much_patience_is_passed_over() -> None:
    run = Run([limited(MAX_RETRY_AFTER + 1)])
    await run.go("fake:m", "other:n")

    assert run.text == "other"
    assert run.waits == []
    assert [attempt.provider for attempt in run.attempts] == ["fake", "other"]


async def test_after_all_tries_the_fallbacks_are_asked_in_order() -> None:
    run = Run([DOWN], other=[ProviderUnavailableError("also down", provider="other")])
    with pytest.raises(ProviderError, match="also down"):
        await run.go("fake:m", "other:n")

    assert [attempt.model for attempt in run.attempts] == ["m"] * TRIES + ["n"] * TRIES


async def test_what_will_not_pass_is_not_tried_again_nor_sent_elsewhere() -> None:
    run = Run([WRONG])
    with pytest.raises(ProviderRejectedError):
        await run.go("fake:m", "other:n")

    assert len(run.attempts) == 1


async def test_after_the_first_token_nothing_is_tried_again() -> None:
    cut = ProviderUnavailableError("cut", provider="fake", code=PROVIDER_STREAM_CUT)
    run = Run([TextDelta("half"), cut], answer("never"))
    with pytest.raises(ProviderUnavailableError, match="cut"):
        await run.go("fake:m", "other:n")

    assert run.text == "half"
    assert len(run.attempts) == 1
    assert run.attempts[0].ttft_ms == 0


async def test_a_call_that_is_cancelled_is_closed_and_recorded() -> None:
    never = asyncio.Event()
    run = Run([TextDelta("half"), never])
    task = asyncio.create_task(run.go())
    while not run.text:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert run.provider.closed == 1
    assert [attempt.error for attempt in run.attempts] == [None]


async def test_a_provider_that_was_silent_for_the_whole_time_is_not_asked_again() -> None:
    run = Run(answer("never"))
    silent = ProviderUnavailableError("silent", provider="fake", code="provider_unreachable")
    run.provider.scripts = [[lambda: run.clock.advance(300_000), silent]]
    await run.go("fake:m", "other:n")

    assert run.text == "other"
    assert [attempt.provider for attempt in run.attempts] == ["fake", "other"]
