from __future__ import annotations

import pytest

from builders import message
from chatops.engine.errors import ProviderError, ProviderRejectedError, ProviderUnavailableError
from chatops.engine.events import Finished, ProviderEvent, ReasoningDelta, TextDelta, UsageUpdated
from chatops.engine.messages import Sampling, Usage
from chatops.engine.ports import ChatRequest
from chatops.engine.providers.echo import EchoProvider


async def answered(model: str, text: str = " one\n two  ", sampling: Sampling | None = None) -> list[ProviderEvent]:
    request = ChatRequest(model=model, messages=[message("c", text)], sampling=sampling or Sampling())
    return [event async for event in EchoProvider().stream(request)]


def spoken(events: list[ProviderEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, TextDelta)]


async def test_it_says_the_last_message_back_word_by_word() -> None:
    assert await answered("plain") == [
        TextDelta(" one"),
        TextDelta("\n two"),
        TextDelta("  "),
        UsageUpdated(Usage(input_tokens=3, output_tokens=3)),
        Finished("stop", "plain"),
    ]


async def test_nothing_said_is_nothing_answered() -> None:
    assert await answered("plain", "") == [UsageUpdated(Usage()), Finished("stop", "plain")]


async def test_the_models_name_asks_for_a_number_of_words() -> None:
    assert spoken(await answered("plain-n5", "a b")) == ["a", " b", " a", " b", " a"]


async def test_the_models_name_asks_for_thoughts_and_delay() -> None:
    events = await answered("plain-r2-d1", "a")

    assert events[:3] == [ReasoningDelta("hm "), ReasoningDelta("hm "), TextDelta("a")]


async def test_the_limit_of_tokens_ends_the_answer() -> None:
    events = await answered("plain", "a b c", Sampling(max_tokens=2))

    assert (spoken(events), events[-1]) == (["a", " b"], Finished("length", "plain"))


async def test_the_models_name_cuts_the_stream() -> None:
    request = ChatRequest(model="plain-cut2", messages=[message("c", "a b c")])
    events: list[ProviderEvent] = []

    with pytest.raises(ProviderUnavailableError) as caught:
        async for event in EchoProvider("me").stream(request):
            events.append(event)  # noqa: PERF401 - what came before the error counts

    assert (spoken(events), caught.value.code, caught.value.provider) == (["a", " b"], "provider_stream_cut", "me")


@pytest.mark.parametrize(
    ("model", "kind", "code"),
    [
        ("plain-500", ProviderUnavailableError, "provider_unavailable"),
        ("plain-429", ProviderUnavailableError, "provider_rate_limited"),
        ("plain-401", ProviderRejectedError, "provider_credentials"),
        ("plain-what", ProviderRejectedError, "provider_model_missing"),
    ],
)
async def test_the_models_name_asks_for_a_refusal(model: str, kind: type[ProviderError], code: str) -> None:
    with pytest.raises(kind) as caught:
        await answered(model)

    assert caught.value.code == code


async def test_it_lists_its_model_and_shows_what_it_would_send() -> None:
    provider = EchoProvider()
    request = ChatRequest(model="plain", messages=[message("c", "hi")])

    assert await provider.models() == ["plain"]
    assert provider.payload(request) == {"model": "plain", "messages": [{"role": "user", "content": "hi"}]}
    await provider.aclose()
