"""Who asks."""

from __future__ import annotations

from typing import Any

from chatops.api.operations import Answer, Call, Nothing, Operation, Reply, operation
from chatops.api.shapes import User


@operation(
    "GET",
    "/api/me",
    summary="Who asks",
    tag="Accounts",
    answers={200: Answer(says="The account behind the credential; without login, the local owner.", shape=User)},
)
async def me(call: Call[Nothing, Nothing]) -> Reply:
    principal, accounts = call.principal, call.engine.accounts
    if accounts is None:
        return {"id": principal.user_id, "name": principal.user_id, "role": principal.role}
    account = await accounts.me(principal)
    shape = {"id": account.id, "name": account.name, "email": account.email, "role": account.role}
    return {key: value for key, value in shape.items() if value is not None}


OPERATIONS: tuple[Operation[Any, Any], ...] = (me,)
