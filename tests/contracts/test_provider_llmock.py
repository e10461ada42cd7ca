"""Our adapters against a mock of the services that we did not write: PyPI `llmock`, with its own faults."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import pytest

from chatops.engine.ports import Provider
from peers.adapters import KINDS, adapter, asking, outcome

if TYPE_CHECKING:
    from llmock.pytest_plugin import LLMock


SAID = "one two three four five six seven eight nine ten"


@pytest.fixture(params=KINDS)
async def provider(request: pytest.FixtureRequest, llmock: LLMock) -> AsyncGenerator[Provider, None]:
    kind: str = request.param
    root = llmock.url if kind.startswith("openai") else llmock.base_url("anthropic")
    provider = adapter(kind, root)
    yield provider
    await provider.aclose()


async def test_a_scripted_answer_comes_whole(provider: Provider, llmock: LLMock) -> None:
    llmock.reply("Paris, of course.")

    answer = await outcome(provider, asking("gpt-4o", "The capital of France?"))

    assert (answer.error, answer.text) == (None, "Paris, of course.")
    assert [event.reason for event in answer.finished] == ["stop"]
    assert answer.usage is not None
    assert answer.usage.output_tokens > 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("disconnect", "provider_stream_cut"),
        ("truncate", "provider_stream_cut"),
        ("corrupt", "provider_stream_cut"),
        ("stall", "provider_unreachable"),
    ],
)
async def test_a_broken_stream_is_an_error_after_its_partial(
    provider: Provider, llmock: LLMock, fault: str, code: str
) -> None:
    llmock.reply(SAID)
    getattr(llmock, fault)(after_chunks=6, times=None)

    answer = await outcome(provider, asking("gpt-4o", silence=0.5 if fault == "stall" else 5.0))

    assert answer.error is not None
    assert (answer.error.code, answer.finished) == (code, [])
    assert SAID.startswith(answer.text)
    assert answer.text


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "provider_rejected"),
        (401, "provider_credentials"),
        (404, "provider_model_missing"),
        (429, "provider_rate_limited"),
        (500, "provider_unavailable"),
        (503, "provider_unavailable"),
        (529, "provider_unavailable"),
    ],
)
async def test_a_refusal_is_told_once_and_not_retried(
    provider: Provider, llmock: LLMock, status: int, code: str
) -> None:
    llmock.fail(status, times=None, retry_after=0.25)

    answer = await outcome(provider, asking("gpt-4o"))

    assert answer.error is not None
    assert (answer.error.code, answer.text) == (code, "")
    assert answer.error.retry_after == (0.25 if status in {429, 500, 503, 529} else None)
    assert len(llmock.requests) == 1


async def test_a_prompt_that_is_too_long_is_rejected(provider: Provider, llmock: LLMock) -> None:
    llmock.context_overflow()

    answer = await outcome(provider, asking("gpt-4o"))

    assert answer.error is not None
    assert answer.error.code == "provider_rejected"
    assert "maximum context length" in answer.error.message


async def test_models_are_listed(provider: Provider) -> None:
    assert await provider.models()
