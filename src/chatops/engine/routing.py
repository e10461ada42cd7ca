"""Which model answers: tries, waits between them, and fallbacks, up to the first token.

Before the first token a passing failure (connection, time-out, 429, 5xx) is tried again, then the next model of the
route is asked. After it nothing is tried: the partial answer stands, and the error is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing

from chatops.engine.errors import ProviderError, ProviderUnavailableError
from chatops.engine.events import ProviderEvent, ReasoningDelta, TextDelta
from chatops.engine.messages import Attempt, ErrorInfo
from chatops.engine.models import ModelSpec
from chatops.engine.ports import ChatRequest, Clock, Provider, Sleep

TRIES = 3
FIRST_WAIT = 0.5
MAX_WAIT = 8.0
"""Seconds between tries: doubled each time, with full jitter, so that clients do not come back in step (AWS
Architecture Blog, "Exponential Backoff And Jitter")."""
MAX_RETRY_AFTER = 20.0
"""A provider that asks for more patience than this is passed over: a person waits."""

Prepare = Callable[[ModelSpec], Awaitable[ChatRequest]]


class Router:
    """Runs a request along a route of models.

    Args:
        providers: By name.
        clock: Unix milliseconds.
        sleep: Waits for seconds; another one for tests.
    """

    def __init__(self, providers: Mapping[str, Provider], clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._providers = providers
        self._clock = clock
        self._sleep = sleep

    async def stream(
        self, route: Sequence[ModelSpec], prepare: Prepare, attempts: list[Attempt]
    ) -> AsyncGenerator[ProviderEvent, None]:
        """Yields the events of the first model that answers.

        Args:
            route: The model to ask, then its fallbacks.
            prepare: Makes the request for one of them.
            attempts: Gets a record of every call, in order.

        Raises:
            ProviderError: The last failure, when none answered or an answer broke off.
        """
        failure: ProviderError | None = None
        for spec in route:
            request = await prepare(spec)
            for trial in range(TRIES):
                attempt = _Attempt(spec, self._clock)
                try:
                    async with aclosing(self._providers[spec.provider].stream(request)) as events:
                        async for event in events:
                            attempt.saw(event)
                            yield event
                except ProviderUnavailableError as error:
                    attempt.error = failure = error
                    if attempt.first_token_at is not None:
                        raise
                except ProviderError as error:
                    attempt.error = error
                    raise
                else:
                    return
                finally:
                    attempts.append(attempt.record())
                wait = _wait_before_next(trial, failure.retry_after)
                # A model that was silent all the time may have answered at a cost, and the person has waited enough.
                silent = attempt.lasted >= request.silence * 1000
                if trial + 1 == TRIES or wait is None or silent:
                    break
                await self._sleep(wait)
        assert failure is not None  # noqa: S101 - a route is never empty
        raise failure


def _wait_before_next(trial: int, retry_after: float | None) -> float | None:
    """Seconds to wait, None when the provider asked for too many."""
    if retry_after is not None:
        return retry_after if retry_after <= MAX_RETRY_AFTER else None
    import random  # here: with its parts it costs 2 ms of a command's start

    return random.uniform(0, min(FIRST_WAIT * 2**trial, MAX_WAIT))  # noqa: S311 - jitter, no secret


class _Attempt:
    """One call while it runs."""

    def __init__(self, spec: ModelSpec, clock: Clock) -> None:
        self._spec = spec
        self._clock = clock
        self._started_at = clock()
        self.first_token_at: int | None = None
        self.error: ProviderError | None = None

    def saw(self, event: ProviderEvent) -> None:
        if self.first_token_at is None and isinstance(event, TextDelta | ReasoningDelta):
            self.first_token_at = self._clock()

    @property
    def lasted(self) -> int:
        """Milliseconds since the call began."""
        return self._clock() - self._started_at

    def record(self) -> Attempt:
        error = self.error
        return Attempt(
            provider=self._spec.provider,
            model=self._spec.name,
            started_at=self._started_at,
            duration_ms=self.lasted,
            ttft_ms=None if self.first_token_at is None else self.first_token_at - self._started_at,
            error=ErrorInfo(code=error.code, message=error.message, retry_after=error.retry_after) if error else None,
        )
