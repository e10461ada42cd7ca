"""Presets of other programs: LibreChat's preset (JSON, one or a list), a template of `llm` (YAML)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatops.engine.errors import InvalidRequestError

_PROVIDERS = {"openAI": "openai", "anthropic": "anthropic"}
_LIBRECHAT_OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "topP": "top_p",
    "topK": "top_k",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "stop": "stop",
    "reasoning_effort": "reasoning_effort",
}
_LLM_KNOWN = frozenset({"name", "prompt", "system", "model", "defaults", "options"})
_DOLLAR = re.compile(r"\$(?:(\$)|\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A preset as its table in the settings file will be, and what of it cannot be kept."""

    name: str
    table: Mapping[str, object]
    left_out: tuple[str, ...] = ()


def read(name: str, content: str) -> list[Found]:
    """The presets in a file.

    Args:
        name: The file's name without its ending: that of a template, which does not name itself.
        content: What it says.

    Raises:
        InvalidRequestError: It is neither form.
    """
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return [_llm(name, _yaml(name, content))]
    records = data if isinstance(data, list) else [data]
    if not records or not all(isinstance(one, dict) and "endpoint" in one for one in records):
        raise InvalidRequestError(f"{name} is no preset of LibreChat: it has no `endpoint`")
    return [_librechat(name, one) for one in records]


def slug(title: str) -> str:
    """A name that can be typed: letters, digits and hyphens."""
    return re.sub(r"[^\w]+", "-", title.casefold()).strip("-_") or "preset"


def _librechat(name: str, record: Mapping[str, Any]) -> Found:
    provider = _PROVIDERS.get(str(record["endpoint"]), str(record.get("endpoint")))
    model = record.get("model")
    options = {ours: record[theirs] for theirs, ours in _LIBRECHAT_OPTIONS.items() if record.get(theirs) is not None}
    most = record.get("max_tokens") or record.get("maxOutputTokens")
    table = {
        "system": record.get("promptPrefix") or record.get("system"),
        "model": f"{provider}:{model}" if isinstance(model, str) and model else None,
        "max_tokens": most if isinstance(most, int) and most > 0 else None,
        "options": {key: value for key, value in options.items() if value != []},
    }
    left_out = tuple(sorted(key for key in ("tools", "agent_id", "assistant_id", "files") if record.get(key)))
    return Found(name=slug(str(record.get("title") or name)), table=_said(table), left_out=left_out)


def _yaml(name: str, content: str) -> Any:
    import yaml  # here: nothing else needs it

    try:
        return yaml.safe_load(content)
    except (yaml.YAMLError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where is not None else ""
        raise InvalidRequestError(f"{name} is neither JSON nor YAML{line}") from None


def _llm(name: str, data: Any) -> Found:
    if isinstance(data, str):
        data = {"prompt": data}
    if not isinstance(data, dict) or not data.keys() & {"prompt", "system", "model"}:
        raise InvalidRequestError(f"{name} is no template of llm: it has no `prompt`, `system` or `model`")
    defaults, options = data.get("defaults"), data.get("options")
    options = dict(options) if isinstance(options, dict) else {}
    table = {
        "system": _variables(data.get("system")),
        "prompt": _variables(data.get("prompt")),
        "model": data.get("model"),
        "max_tokens": options.pop("max_tokens", None),
        "options": options,
        "variables": {key: str(value) for key, value in defaults.items()} if isinstance(defaults, dict) else None,
    }
    left_out = tuple(sorted(str(key) for key in data if key not in _LLM_KNOWN))
    return Found(name=slug(str(data.get("name") or name)), table=_said(table), left_out=left_out)


def _variables(template: object) -> object:
    """`$name` and `${name}` as `{{name}}`, `$$` as `$`; what looks like a variable of ours stays text."""
    if not isinstance(template, str):
        return None
    literal = re.sub(r"\{\{(?=\s*[A-Za-z_]\w*\s*\}\})", r"\\{{", template)
    return _DOLLAR.sub(lambda match: "$" if match[1] else f"{{{{{match[2] or match[3]}}}}}", literal)


def _said(table: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in table.items() if value not in (None, "", {})}
