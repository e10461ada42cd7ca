"""A request's body and query as checked values: bounded in size, time and depth before anything is made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from chatops.api.errors import BadBodyError
from chatops.engine.errors import InvalidRequestError

T = TypeVar("T")
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_MAX_FIELDS = 64
_SHOWN = 3
"""Problems named in one answer."""


_adapters: dict[Any, TypeAdapter[Any]] = {}


def adapter(shape: Any) -> TypeAdapter[Any]:
    """What checks values of a shape; made once, since making one takes milliseconds."""
    if shape not in _adapters:
        _adapters[shape] = TypeAdapter(shape)
    return _adapters[shape]


async def read_body(request: web.Request, *, most: int, seconds: float) -> bytes:
    """The whole body.

    Raises:
        BadBodyError: More than `most` bytes (after decompression), or not all there within `seconds`.
    """
    if (request.content_length or 0) > most:
        raise _too_large(most)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            while chunk := await request.content.readany():
                chunks.append(chunk)
                size += len(chunk)
                if size > most:
                    raise _too_large(most)
    except TimeoutError:
        raise BadBodyError(f"the body did not come within {seconds:g} s", code="request_timeout") from None
    except web.RequestPayloadError:
        raise BadBodyError("the body is not what its Content-Length or Content-Encoding says") from None
    return b"".join(chunks)


def _too_large(most: int) -> BadBodyError:
    return BadBodyError(f"the body has more than {most:,} bytes", code="too_large")


def parse(shape: type[T], body: bytes, content_type: str) -> T:
    """The checked body: JSON, or a form whose fields are the top level's keys (`curl -d`).

    Raises:
        BadBodyError: Neither of the two.
        InvalidRequestError: It is not what `shape` says; names each field.
    """
    if not body:
        return checked(shape, {}, "the body, which is empty")
    is_form = content_type == FORM
    if not is_form and content_type != JSON:
        told = content_type[:100] or "none"
        raise BadBodyError(f"the Content-Type is {told}: send {JSON} or {FORM}", code="unsupported_media_type")
    try:
        # `curl -d '{...}'` calls JSON a form.
        if is_form and not body.lstrip().startswith(b"{"):
            value: T = adapter(shape).validate_python(_fields(body), strict=False)
        else:
            value = adapter(shape).validate_json(body)
    except ValidationError as error:
        raise InvalidRequestError(_problems(error, "the body")) from None
    return value


def checked(shape: type[T], value: object, where: str) -> T:
    """A value that is parsed already. Raises `InvalidRequestError` that names `where` and each field."""
    try:
        result: T = adapter(shape).validate_python(value)
    except ValidationError as error:
        raise InvalidRequestError(_problems(error, where)) from None
    return result


def parse_query(shape: type[T], request: web.Request) -> T:
    """The checked query. Raises `InvalidRequestError` for a parameter that is unknown, doubled or wrong."""
    fields: dict[str, str] = {}
    for name, value in request.query.items():
        if name in fields:
            raise InvalidRequestError(f"the query names {name[:50]} twice")
        fields[name] = value
    return checked(shape, fields, "the query")


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except ValueError:
        raise InvalidRequestError("the body is no form: send name=value pairs joined by &, or JSON") from None
    return dict(pairs)


def _problems(error: ValidationError, where: str) -> str:
    """One sentence; values are left out, since they may be secret."""
    found: Sequence[Mapping[str, Any]] = error.errors(include_url=False, include_input=False, include_context=False)
    said = list(dict.fromkeys(_problem(one, where) for one in found))
    more = len(said) - _SHOWN
    return "; ".join(said[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _problem(one: Mapping[str, Any], where: str) -> str:
    # Members of a union stand in the path too; a person looks for keys.
    path = ".".join(str(part) for part in one["loc"] if not str(part).startswith("function-"))
    message = str(one["msg"]).removeprefix("Value error, ")
    return f"{where}: {path}: {message}" if path else f"{where}: {message}"
