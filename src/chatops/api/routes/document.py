"""The API's own description: for programs and for people."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import TYPE_CHECKING, Any

from aiohttp import web

from chatops.api.keys import DOCUMENT
from chatops.api.operations import Answer, Call, Nothing, Operation, Reply, operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TAG = "Document"
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 0.9em/1.4 ui-monospace, monospace; }
pre { overflow: auto; padding: 0.75rem; border: 1px solid #8884; border-radius: 6px; max-height: 30rem; }
details { border-top: 1px solid #8884; padding: 0.5rem 0; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 4.5rem; }
table { border-collapse: collapse; } td, th { text-align: left; padding: 0.15rem 1rem 0.15rem 0; vertical-align: top; }
"""


@operation(
    "GET",
    "/openapi.json",
    summary="This API as an OpenAPI 3.1 document",
    tag=TAG,
    answers={200: Answer(says="The document.", shape=dict[str, Any])},
    account=False,
)
async def openapi(call: Call[Nothing, Nothing]) -> Reply:
    return call.request.config_dict[DOCUMENT]


@operation(
    "GET",
    "/docs",
    summary="This API as a page to read",
    tag=TAG,
    answers={200: Answer(says="The page.", content_types=("text/html",))},
    account=False,
)
async def docs(call: Call[Nothing, Nothing]) -> Reply:
    """It needs nothing from elsewhere and runs no script."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"
    document = call.request.config_dict[DOCUMENT]
    text = "".join(_page(document))
    return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    info = document["info"]
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])} API</title>"
    yield '<meta name=viewport content="width=device-width">'
    yield f"<style>{_STYLE}</style><h1>{escape(info['title'])} API {escape(info['version'])}</h1>"
    yield f"<p>{escape(info['description'])} <a href=/openapi.json>openapi.json</a></p>"
    chapters: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            chapters.setdefault(one["tags"][0], []).append((method.upper(), path, one))
    for chapter, operations in chapters.items():
        yield f"<h2>{escape(chapter)}</h2>"
        for method, path, one in operations:
            yield from _section(method, path, one)
    yield "<h2>Shapes</h2>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"<details id='{escape(name)}'><summary><code>{escape(name)}</code></summary>{_code(schema)}</details>"


def _section(method: str, path: str, one: Mapping[str, Any]) -> Iterator[str]:
    yield f"<details><summary><b>{method}</b> <code>{escape(path)}</code> {escape(one['summary'])}</summary>"
    if "description" in one:
        yield f"<p>{escape(one['description'])}</p>"
    if not one["security"]:
        yield "<p>Needs no account.</p>"
    if "parameters" in one:
        yield "<table><tr><th>Parameter<th>In<th>Shape"
        for parameter in one["parameters"]:
            schema = escape(json.dumps(parameter["schema"]))
            yield f"<tr><td><code>{escape(parameter['name'])}</code><td>{parameter['in']}<td><code>{schema}</code>"
        yield "</table>"
    if "requestBody" in one:
        yield f"<p>Body</p>{_code(one['requestBody']['content'])}"
    yield "<table><tr><th>Status<th>Answer"
    for status, answer in one["responses"].items():
        yield f"<tr><td>{status}<td>{escape(answer['description'])}"
    yield "</table></details>"


def _code(schema: object) -> str:
    return f"<pre>{escape(json.dumps(schema, indent=2))}</pre>"


OPERATIONS: tuple[Operation[Any, Any], ...] = (openapi, docs)
