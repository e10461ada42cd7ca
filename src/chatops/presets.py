r"""Presets: what `{{variables}}` in them stand for. `\{{name}}` is none, and what is put in is not looked at again.

`{{input}}` in a preset's prompt is what the person asked; without it, that comes after the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from chatops.engine.errors import InvalidRequestError
from chatops.sections import Preset

INPUT = "input"
_VARIABLE = re.compile(r"(\\?)\{\{\s*([A-Za-z_]\w*)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A preset with everything put in: the text to send, and what goes with it."""

    text: str
    preset: Preset


def variables(preset: Preset) -> tuple[str, ...]:
    """The names of its variables, in the order in which they first occur; `input` is none of them."""
    found = (match for text in (preset.system, preset.prompt) for match in _VARIABLE.finditer(text or ""))
    names = dict.fromkeys(name for mark, name in (match.groups() for match in found) if not mark)
    return tuple(name for name in names if name != INPUT)


def find(presets: Mapping[str, Preset], name: str | None) -> Preset:
    """The preset of that name; None is an empty one. Raises `InvalidRequestError` when there is none."""
    if name is None:
        return Preset()
    if name not in presets:
        known = ", ".join(presets) or "none yet"
        raise InvalidRequestError(f"no preset {name!r} in the settings: there are {known}")
    return presets[name]


def fill(name: str | None, preset: Preset, text: str, given: Mapping[str, str]) -> Filled:
    """A preset as it is used for one prompt.

    Args:
        name: Its name, for error messages.
        preset: The preset.
        text: What the person asked.
        given: Values of its variables; they come before those that the preset itself has.

    Raises:
        InvalidRequestError: A variable has no value, or a value belongs to no variable; names them all.
    """
    names = variables(preset)
    unknown = [one for one in given if one not in names]
    if unknown and name is None:
        raise InvalidRequestError(f"the variables {', '.join(unknown)} belong to no preset: name one with -p")
    if unknown:
        raise InvalidRequestError(
            f"preset {name} has no variable {', '.join(unknown)}: it has {', '.join(names) or 'none'}"
        )
    missing = [one for one in names if one not in given and one not in preset.variables]
    if missing:
        example = " ".join(f"-V {one}=..." for one in missing)
        raise InvalidRequestError(f"preset {name} needs values for {', '.join(missing)}: {example}")
    values = {**preset.variables, **given}
    system = None if preset.system is None else _filled(preset.system, values)
    if preset.prompt is None:
        return Filled(text=text, preset=replace(preset, system=system))
    whole = _filled(preset.prompt, {**values, INPUT: text})
    has_input = any(match[2] == INPUT and not match[1] for match in _VARIABLE.finditer(preset.prompt))
    if not has_input and text:
        whole = f"{whole}\n\n{text}"
    return Filled(text=whole, preset=replace(preset, system=system))


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: match[0][1:] if match[1] else values.get(match[2], match[0]), template)
