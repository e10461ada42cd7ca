"""The OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.0), made from the declared operations alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter

from chatops import __version__
from chatops.api.bodies import FORM, JSON, adapter
from chatops.api.operations import Answer, Nothing, Operation

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]

_REF = "#/components/schemas/{model}"
_SAYS = {
    400: "The request is wrong; says what.",
    401: "No credential, or none that is good.",
    403: "The credential may not do this.",
    404: "Not there, or another's.",
    408: "The body did not come in time.",
    409: "Somebody else is at it.",
    413: "The body is too large.",
    415: "The body is of a wrong kind.",
    422: "The request is wrong; says what.",
    429: "Too often, or no budget left; says when to come back.",
    500: "A defect of the server; the request id is in its log.",
    502: "The model's side failed.",
    503: "Not now: shutting down, overloaded, or no database.",
}


def document(operations: Iterable[Operation[Any, Any]]) -> Json:
    """The document of these operations."""
    operations = list(operations)
    schemas, definitions = TypeAdapter.json_schemas(
        [(key, mode, adapter(shape)) for key, mode, shape in _shapes(operations)], ref_template=_REF
    )
    paths: Json = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "chatops",
            "version": __version__,
            "description": "AI conversations over HTTP: one conversation across terminal, Slack, Discord and web.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token (from login) or an API token. Not needed with `serve --no-login`.",
                }
            },
        },
    }


def _shapes(operations: Iterable[Operation[Any, Any]]) -> Iterator[tuple[str, Mode, Any]]:
    """Every shape once; answers under their own mode."""
    seen: set[tuple[str, Mode]] = set()
    found: list[tuple[Mode, Any]] = []
    for one in operations:
        found.append(("serialization", one.error_shape))
        found += [("validation", shape) for shape in (one.body, one.query) if shape is not Nothing]
        found += [("serialization", answer.shape) for answer in one.answers.values() if answer.shape is not None]
    for mode, shape in found:
        if (_key(shape), mode) not in seen:
            seen.add((_key(shape), mode))
            yield _key(shape), mode, shape


def _key(shape: Any) -> str:
    return f"{getattr(shape, '__module__', '')}.{shape}"


def _operation(one: Operation[Any, Any], schemas: Mapping[Any, Json]) -> Json:
    made: Json = {
        "operationId": f"{one.tag.lower()}_{one.name}",
        "summary": one.summary,
        "tags": [one.tag],
        "responses": _responses(one, schemas),
        "security": [{"bearer": []}] if one.account else [],
    }
    if one.about:
        made["description"] = " ".join(one.about.split())
    if parameters := [*_in_path(one), *_in_query(one), *_in_headers(one)]:
        made["parameters"] = parameters
    if one.body is not Nothing:
        schema = schemas[_key(one.body), "validation"]
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
        if one.form:
            made["requestBody"]["content"][FORM] = {"schema": schema}
    if one.upload:
        schema = {"type": "string", "format": "binary"}
        made["requestBody"] = {"required": True, "content": {kind: {"schema": schema} for kind in one.upload}}
    return made


def _in_path(one: Operation[Any, Any]) -> list[Json]:
    names = re.findall(r"{(\w+)}", one.path)
    schema = {"type": "string", "minLength": 1, "maxLength": 128}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _in_query(one: Operation[Any, Any]) -> list[Json]:
    if one.query is Nothing:
        return []
    schema = adapter(one.query).json_schema(ref_template=_REF)
    return [{"name": name, "in": "query", "schema": about} for name, about in schema.get("properties", {}).items()]


def _in_headers(one: Operation[Any, Any]) -> list[Json]:
    return [
        {"name": name, "in": "header", "description": about, "schema": {"type": "string"}}
        for name, about in one.headers.items()
    ]


def _responses(one: Operation[Any, Any], schemas: Mapping[Any, Json]) -> Json:
    found = {str(status): _answer(answer, schemas) for status, answer in one.answers.items()}
    error = {JSON: {"schema": schemas[_key(one.error_shape), "serialization"]}}
    for status in sorted(_error_statuses(one)):
        found.setdefault(str(status), {"description": _SAYS[status], "content": error})
    return found


def _answer(answer: Answer, schemas: Mapping[Any, Json]) -> Json:
    content: Json = {kind: {"schema": {}} for kind in answer.content_types}
    if answer.shape is not None:
        content[JSON] = {"schema": schemas[_key(answer.shape), "serialization"]}
    return {"description": answer.says, "content": content} if content else {"description": answer.says}


def _error_statuses(one: Operation[Any, Any]) -> set[int]:
    statuses = {*one.errors, 403, 429, 500, 503}
    if one.account:
        statuses.add(401)
    if one.query is not Nothing or "{" in one.path:
        statuses.add(422)
    if one.body is not Nothing:
        statuses |= {408, 413, 415, 422}
    if one.upload:
        statuses |= {408, 413, 422}
    return statuses
