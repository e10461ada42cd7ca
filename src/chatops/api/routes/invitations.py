"""Invitations: codes that somebody registers with, where registration is by invitation (or open)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from chatops.api.administration_shapes import Invitation, NewInvitation
from chatops.api.operations import Answer, Call, Nothing, Operation, Reply, operation
from chatops.api.routes.auth import accounts
from chatops.api.routes.conversations import FORBID
from chatops.engine.auth.administration import INVITATION_SECONDS, MAX_INVITATION_SECONDS
from chatops.engine.auth.shapes import invitation_json

TAG = "Invitations"


@operation(
    "GET",
    "/api/invitations",
    summary="Invitations that nobody has used yet",
    tag=TAG,
    answers={200: Answer(says="Newest first, without their codes.", shape=list[Invitation])},
)
async def listed(call: Call[Nothing, Nothing]) -> Reply:
    return [invitation_json(one) for one in await accounts(call).admin.invitations(call.principal)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """`email`: for that address alone; none: for whoever has the code. `expires_in`: seconds."""

    __pydantic_config__ = FORBID

    email: str | None = None
    role: Literal["admin", "member"] = "member"
    expires_in: Annotated[float, Field(gt=0, le=MAX_INVITATION_SECONDS)] = INVITATION_SECONDS


@operation(
    "POST",
    "/api/invitations",
    summary="Invite somebody",
    tag=TAG,
    body=Invite,
    answers={201: Answer(says="The invitation and its code, which is not shown again.", shape=NewInvitation)},
)
async def invite(call: Call[Nothing, Invite]) -> Reply:
    body = call.body
    grant, code = await accounts(call).admin.invite(
        call.principal, email=body.email, role=body.role, expires_in=body.expires_in
    )
    return {**invitation_json(grant), "code": code}


@operation(
    "DELETE",
    "/api/invitations/{id}",
    summary="Take an invitation back",
    tag=TAG,
    answers={204: Answer(says="Its code is good no more.")},
    errors=(404,),
)
async def revoke(call: Call[Nothing, Nothing]) -> Reply:
    await accounts(call).admin.revoke_invitation(call.principal, call.path("id"))
    return None


OPERATIONS: tuple[Operation[Any, Any], ...] = (listed, invite, revoke)
