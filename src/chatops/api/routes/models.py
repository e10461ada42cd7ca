"""The models that can be asked."""

from __future__ import annotations

from typing import Any

from chatops.api.keys import OFFERS, PRESETS
from chatops.api.operations import Answer, Call, Json, Nothing, Operation, Reply, operation
from chatops.api.shapes import Models
from chatops.engine.models import ModelSpec
from chatops.sections import Preset


@operation(
    "GET",
    "/api/models",
    summary="Models that can be asked",
    tag="Models",
    answers={200: Answer(says="What the configured providers offer.", shape=Models)},
)
async def models(call: Call[Nothing, Nothing]) -> Reply:
    """A model that is not listed is passed to its provider as it is: `provider:model`."""
    call.principal.require("chat")
    catalog = call.engine.catalog
    found = await call.request.config_dict[OFFERS].models()
    presets = call.request.config_dict[PRESETS]
    return {
        "models": [_shape(spec) for spec in found],
        "aliases": catalog.aliases,
        "default": catalog.default,
        "presets": [_preset(name, preset) for name, preset in presets.items()],
    }


def _preset(name: str, preset: Preset) -> Json:
    shape = {"name": name, "model": preset.model, "system": preset.system}
    return {key: value for key, value in shape.items() if value is not None}


def _shape(spec: ModelSpec) -> Json:
    shape = {"id": spec.id, "provider": spec.provider, "context": spec.context, "max_output": spec.max_output}
    return {key: value for key, value in shape.items() if value is not None}


OPERATIONS: tuple[Operation[Any, Any], ...] = (models,)
