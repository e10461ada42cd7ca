"""Public prices, in US dollars for a million tokens: input, output, cached input; for long prompts also where those
begin and what they cost.

Source: the providers' public price pages as collected in the table that litellm 1.110.2 ships (PyPI), read 2026-11-25.
Standard tier, text. Prices move: `[models."provider:model"] price` in the settings says better. Model ids are those of
the providers' usual names in the settings: `openai`, `anthropic`, `groq`, `mistral`, `deepseek`, `google`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from chatops.engine.limits.price import FREE, Price
from chatops.engine.models import ModelSpec

_PLAIN = {
    "openai:gpt-5.4-mini": "0.75 4.5 0.075",
    "openai:gpt-5.4-nano": "0.2 1.25 0.02",
    "openai:gpt-5": "1.25 10 0.125",
    "openai:gpt-5-mini": "0.25 2 0.025",
    "openai:gpt-5-nano": "0.05 0.4 0.005",
    "openai:gpt-4.1": "2 8 0.5",
    "openai:gpt-4.1-mini": "0.4 1.6 0.1",
    "openai:gpt-4.1-nano": "0.1 0.4 0.025",
    "openai:gpt-4o": "2.5 10 1.25",
    "openai:gpt-4o-mini": "0.15 0.6 0.075",
    "openai:o3": "2 8 0.5",
    "openai:o4-mini": "1.1 4.4 0.275",
    "anthropic:claude-opus-5-5": "4 20 0.2",
    "anthropic:claude-sonnet-5-5": "2 10 0.1",
    "anthropic:claude-fable-5-1": "10 50 0.25",
    "anthropic:claude-opus-5": "5 25 0.5",
    "anthropic:claude-sonnet-5": "2 10 0.2",
    "anthropic:claude-sonnet-4-6": "3 15 0.3",
    "anthropic:claude-sonnet-4-5": "3 15 0.3",
    "anthropic:claude-haiku-4-5": "1 5 0.1",
    "anthropic:claude-opus-4-5": "5 25 0.5",
    "groq:openai/gpt-oss-120b": "0.15 0.6 0.075",
    "groq:openai/gpt-oss-20b": "0.075 0.3 0.0375",
    "mistral:mistral-large-latest": "0.5 1.5 0.05",
    "mistral:mistral-medium-latest": "1.5 7.5 0.15",
    "mistral:mistral-small-latest": "0.15 0.6 0.015",
    "mistral:codestral-latest": "0.3 0.9 0.03",
    "mistral:ministral-8b-latest": "0.15 0.15 0.015",
    "deepseek:deepseek-chat": "0.28 0.42 0.028",
    "deepseek:deepseek-reasoner": "0.28 0.42 0.028",
    "google:gemini-2.5-flash": "0.3 2.5 0.03",
    "google:gemini-2.5-flash-lite": "0.1 0.4 0.01",
    "google:gemini-3.5-flash": "1.5 9 0.15",
    "google:gemini-3.8-flash": "0.75 3.75 0.075",
    "google:gemini-3.1-flash-lite": "0.25 1.5 0.025",
}
_TIERED = {
    "openai:gpt-6-astra": ("10 50 1", 272_000, "20 75 2"),
    "openai:gpt-6.1-sol": ("2 10 0.1", 272_000, "4 15 0.2"),
    "openai:gpt-6.1-terra": ("1 5 0.05", 272_000, "2 7.5 0.1"),
    "openai:gpt-6-luna": ("0.1 0.5 0.01", 272_000, "0.2 0.75 0.02"),
    "openai:gpt-5.5": ("5 30 0.5", 272_000, "10 45 1"),
    "openai:gpt-5.4": ("2.5 15 0.25", 272_000, "5 22.5 0.5"),
    "anthropic:claude-haiku-5-5": ("0.1 0.5 0.01", 100_000, "0.5 2.5 0.05"),
    "google:gemini-2.5-pro": ("1.25 10 0.125", 200_000, "2.5 15 0.25"),
    "google:gemini-3.1-pro-preview": ("2 12 0.2", 200_000, "4 18 0.4"),
}


def shipped(model_id: str) -> Price | None:
    """The public price of a model; None when this version knows none."""
    if model_id in _TIERED:
        short, above, long = _TIERED[model_id]
        return replace(_parsed(short), above=above, long=_parsed(long))
    return _parsed(_PLAIN[model_id]) if model_id in _PLAIN else None


def _parsed(row: str) -> Price:
    from decimal import Decimal  # here: most commands ask no model that has a price

    return Price.of(*map(Decimal, row.split()))


class Prices:
    """What models cost here.

    Args:
        said: Prices of the settings, by model id; they replace the shipped ones.
        free: Names of the providers that run on this machine and cost nothing.
    """

    def __init__(self, said: Mapping[str, Price] | None = None, free: Collection[str] = ()) -> None:
        self._said = said or {}
        self._free = free

    def of(self, spec: ModelSpec) -> Price | None:
        """None: nobody said what it costs."""
        said = self._said.get(spec.id)
        if said is not None:
            return said
        return FREE if spec.provider in self._free else shipped(spec.id)
