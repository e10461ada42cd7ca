"""The links between an account and users of chat platforms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chatops.api.operations import Answer, Call, Json, Nothing, Operation, Reply, operation
from chatops.api.routes.auth import accounts
from chatops.api.routes.conversations import FORBID
from chatops.api.shapes import Identity as IdentityShape
from chatops.api.shapes import Link
from chatops.engine.auth.nouns import Identity, PendingLink

TAG = "Links"


@operation(
    "GET",
    "/api/link",
    summary="The Slack and Discord users that are joined with my account",
    tag=TAG,
    answers={200: Answer(says="By platform and id.", shape=list[IdentityShape])},
)
async def listed(call: Call[Nothing, Nothing]) -> Reply:
    return [_shown(one) for one in await accounts(call).links.all(call.principal)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCode:
    """`confirm` false only says whom the code would join with this account: somebody may have sent you theirs."""

    __pydantic_config__ = FORBID

    code: str = field(repr=False)
    confirm: bool = False


@operation(
    "POST",
    "/api/link",
    summary="Join a Slack or Discord user with my account",
    tag=TAG,
    body=LinkCode,
    answers={200: Answer(says="Whom it joins.", shape=Link)},
    errors=(404,),
)
async def link(call: Call[Nothing, LinkCode]) -> Reply:
    """The code is what `/chatops link` gave there."""
    act = accounts(call).link if call.body.confirm else accounts(call).describe_link
    found: PendingLink = await act(call.principal, call.body.code)
    identities = [_shown(one) for one in found.identities]
    return {"name": found.shadow.name, "identities": identities, "linked": call.body.confirm}


@operation(
    "DELETE",
    "/api/link/{platform}/{user_id}",
    summary="Part a Slack or Discord user from my account",
    tag=TAG,
    answers={204: Answer(says="They are parted; what was asked before stays mine.")},
    errors=(404,),
)
async def unlink(call: Call[Nothing, Nothing]) -> Reply:
    await accounts(call).links.end(call.principal, call.path("platform"), call.path("user_id"))
    return None


def _shown(identity: Identity) -> Json:
    return {"platform": identity.platform, "user_id": identity.user_id}


OPERATIONS: tuple[Operation[Any, Any], ...] = (listed, link, unlink)
