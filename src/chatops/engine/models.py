"""Model ids (`provider:model`), what is known of them, aliases and the default.

Windows and answer maxima: the providers' public model pages and the public table of litellm 1.109.1, read 2026-11-22.
A model that is not listed is passed to its provider as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chatops.engine.errors import InvalidRequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """What is known of a model; None where it is not known. Sizes in tokens.

    Attributes:
        images: Whether it takes images and PDFs. A model that nobody knows is asked: its provider will say.
    """

    id: str
    context: int | None = None
    max_output: int | None = None
    fallbacks: tuple[str, ...] = ()
    images: bool = True

    @property
    def provider(self) -> str:
        return self.id.partition(":")[0]

    @property
    def name(self) -> str:
        """The provider's own name for it."""
        return self.id.partition(":")[2]


LOCAL_MODEL = "local:smollm2-135m-instruct"
DEFAULTS = {
    "openai": "openai:gpt-6.1-sol",
    "anthropic": "anthropic:claude-sonnet-5-5",
    "local": LOCAL_MODEL,
    "echo": "echo:plain",
}
"""The model of a provider that is named without one, or chosen because it has a key."""

_OPENAI = {
    "gpt-6-astra": (922_000, 128_000),
    "gpt-6.1-sol": (922_000, 128_000),
    "gpt-6.1-terra": (922_000, 128_000),
    "gpt-6-luna": (922_000, 128_000),
    "gpt-5.5": (1_050_000, 128_000),
    "gpt-5.4": (1_050_000, 128_000),
    "gpt-5.4-mini": (272_000, 128_000),
    "gpt-5": (272_000, 128_000),
    "gpt-5-mini": (272_000, 128_000),
    "gpt-5-nano": (272_000, 128_000),
    "gpt-4.1": (1_047_576, 32_768),
    "gpt-4.1-mini": (1_047_576, 32_768),
    "gpt-4o": (128_000, 16_384),
    "gpt-4o-mini": (128_000, 16_384),
    "o3": (200_000, 100_000),
    "o4-mini": (200_000, 100_000),
}
_ANTHROPIC = {
    "claude-opus-5-5": (1_000_000, 128_000),
    "claude-sonnet-5-5": (1_000_000, 128_000),
    "claude-haiku-5-5": (1_000_000, 128_000),
    "claude-fable-5-1": (1_000_000, 128_000),
    "claude-opus-5": (1_000_000, 128_000),
    "claude-sonnet-5": (1_000_000, 128_000),
    "claude-sonnet-4-6": (1_000_000, 128_000),
    "claude-sonnet-4-5": (200_000, 64_000),
    "claude-haiku-4-5": (200_000, 64_000),
}


def _known() -> dict[str, ModelSpec]:
    sizes = {f"openai:{name}": size for name, size in _OPENAI.items()}
    sizes |= {f"anthropic:{name}": size for name, size in _ANTHROPIC.items()}
    # The embedded model's slot holds 2,048 tokens; longer prompts cost seconds of prefill on a processor (measured).
    sizes[LOCAL_MODEL] = (2048, 1024)
    sizes["echo:plain"] = (128_000, 128_000)
    return {
        id_: ModelSpec(id=id_, context=context, max_output=most, images=id_ != LOCAL_MODEL)
        for id_, (context, most) in sizes.items()
    }


class Catalog:
    """Resolves what people type to a `ModelSpec`.

    Args:
        providers: Names of the configured providers.
        default: The model to use when none is named.
        aliases: Short names for model ids.
        specs: What the settings say of models; it replaces the shipped facts.
    """

    def __init__(
        self,
        *,
        providers: Iterable[str],
        default: str,
        aliases: Mapping[str, str] | None = None,
        specs: Iterable[ModelSpec] = (),
    ) -> None:
        self.providers = tuple(providers)
        self.default = default
        self.aliases = dict(aliases or {})
        self.known = {id_: spec for id_, spec in _known().items() if spec.provider in self.providers}
        self.known |= {spec.id: spec for spec in specs}

    def resolve(self, name: str | None) -> ModelSpec:
        """The model meant by an id, an alias, a provider's or a known model's bare name; None means the default.

        Raises:
            InvalidRequestError: It names no provider of ours.
        """
        wanted = (name or self.default).strip()
        wanted = self.aliases.get(wanted, wanted)
        wanted = DEFAULTS[wanted] if wanted in DEFAULTS and wanted in self.providers else wanted
        provider, colon, model = wanted.partition(":")
        if not colon:
            matches = [id_ for id_ in self.known if id_.endswith(f":{wanted}")]
            if len(matches) == 1:
                return self.known[matches[0]]
            raise InvalidRequestError(self._unknown(wanted))
        if provider not in self.providers or not model:
            raise InvalidRequestError(self._unknown(wanted))
        return self.known.get(wanted) or ModelSpec(id=wanted, images=provider != "local")

    def _unknown(self, wanted: str) -> str:
        from difflib import get_close_matches

        names = [*self.known, *self.aliases, *(spec.name for spec in self.known.values())]
        close = get_close_matches(wanted, names, n=1)
        hint = f"did you mean {close[0]}?" if close else "write provider:model"
        return f"no model {wanted!r}: {hint} (providers: {', '.join(self.providers)})"
