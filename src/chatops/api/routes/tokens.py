"""API tokens for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from chatops.api.operations import Answer, Call, Nothing, Operation, Reply, operation
from chatops.api.routes.auth import accounts
from chatops.api.routes.conversations import FORBID
from chatops.api.shapes import ApiToken, NewApiToken
from chatops.engine.auth.nouns import MEMBER_SCOPES
from chatops.engine.auth.shapes import token_json

TAG = "Accounts"


@operation(
    "GET",
    "/api/tokens",
    summary="My API tokens",
    tag=TAG,
    answers={200: Answer(says="Newest first, expired ones too.", shape=list[ApiToken])},
)
async def listed(call: Call[Nothing, Nothing]) -> Reply:
    return [token_json(token) for token in await accounts(call).tokens(call.principal)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """`expires_in`: seconds; none: it does not expire. `scopes`: none: all but `admin`."""

    __pydantic_config__ = FORBID

    name: str
    scopes: tuple[Literal["chat", "history:read", "history:write", "admin"], ...] | None = None
    expires_in: Annotated[float, Field(gt=0)] | None = None


@operation(
    "POST",
    "/api/tokens",
    summary="Make an API token",
    tag=TAG,
    body=NewToken,
    answers={201: Answer(says="The token; it is not shown again.", shape=NewApiToken)},
)
async def create(call: Call[Nothing, NewToken]) -> Reply:
    """Whoever signed in may; a token cannot make tokens."""
    body = call.body
    scopes = MEMBER_SCOPES if body.scopes is None else body.scopes
    token, secret = await accounts(call).create_token(
        call.principal, name=body.name, scopes=scopes, expires_in=body.expires_in
    )
    return {**token_json(token), "token": secret}


@operation(
    "DELETE",
    "/api/tokens/{id}",
    summary="Revoke an API token",
    tag=TAG,
    answers={204: Answer(says="Whoever uses it is out within a minute.")},
    errors=(404,),
)
async def revoke(call: Call[Nothing, Nothing]) -> Reply:
    await accounts(call).revoke_token(call.principal, call.path("id"))
    return None


OPERATIONS: tuple[Operation[Any, Any], ...] = (listed, create, revoke)
