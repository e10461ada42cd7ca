"""What administrators do with accounts, over HTTP. Everybody else is refused by the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from chatops.api.administration_shapes import Terms as TermsShape
from chatops.api.administration_shapes import Users
from chatops.api.operations import Answer, Call, Json, Nothing, Operation, Reply, operation
from chatops.api.routes.auth import accounts
from chatops.api.routes.conversations import FORBID
from chatops.api.shapes import User
from chatops.engine.auth.administration import MAX_PAGE
from chatops.engine.auth.shapes import account_json
from chatops.engine.errors import InvalidRequestError
from chatops.engine.limits.policy import Budget, Terms
from chatops.engine.limits.shapes import terms_json

TAG = "Administration"
Role = Literal["admin", "member"]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersQuery:
    __pydantic_config__ = FORBID

    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE - 1)] = 100


@operation(
    "GET",
    "/api/users",
    summary="Accounts, and platform users who have none",
    tag=TAG,
    query=UsersQuery,
    answers={200: Answer(says="A page, by id.", shape=Users)},
)
async def listed(call: Call[UsersQuery, Nothing]) -> Reply:
    """Of a platform's user there is no `email`; `merged_into` names the account that they were joined with."""
    query = call.query
    found = await accounts(call).admin.users(call.principal, after=query.cursor, limit=query.limit + 1)
    reply: Json = {"users": [account_json(one) for one in found[: query.limit]]}
    if len(found) > query.limit:
        reply["next_cursor"] = found[query.limit - 1].id
    return reply


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    __pydantic_config__ = FORBID

    email: str
    name: str
    password: str = field(repr=False)
    role: Role = "member"


@operation(
    "POST",
    "/api/users",
    summary="Make an account for somebody",
    tag=TAG,
    body=NewUser,
    answers={201: Answer(says="The account.", shape=User)},
    errors=(409,),
)
async def add(call: Call[Nothing, NewUser]) -> Reply:
    """Whatever the settings say of registration."""
    body = call.body
    made = await accounts(call).admin.add(
        call.principal, email=body.email, name=body.name, password=body.password, role=body.role
    )
    return account_json(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanges:
    """What is absent stays. A new `password`, and `disabled`, end the account's sign-ins."""

    __pydantic_config__ = FORBID

    role: Role | None = None
    disabled: bool | None = None
    password: str | None = field(default=None, repr=False)


@operation(
    "PATCH",
    "/api/users/{id}",
    summary="Change an account's role or password, or shut it out",
    tag=TAG,
    body=UserChanges,
    answers={200: Answer(says="The account.", shape=User)},
    errors=(404,),
)
async def change(call: Call[Nothing, UserChanges]) -> Reply:
    """The owner of the database stays, and stays an administrator."""
    admin, body = accounts(call).admin, call.body
    account = await admin.find(call.principal, call.path("id"))
    if body.password is not None:
        await admin.set_password(call.principal, account.id, body.password)
    if body.role is not None:
        account = await admin.set_role(call.principal, account.id, body.role)
    if body.disabled is not None:
        account = await admin.set_disabled(call.principal, account.id, disabled=body.disabled)
    return account_json(account)


@operation(
    "DELETE",
    "/api/users/{id}",
    summary="Delete an account",
    tag=TAG,
    answers={204: Answer(says="It is gone, with its conversations.")},
    errors=(404,),
)
async def delete(call: Call[Nothing, Nothing]) -> Reply:
    """For good; `disabled` keeps everything."""
    admin = accounts(call).admin
    await admin.delete(call.principal, (await admin.find(call.principal, call.path("id"))).id)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetBody:
    """Either `cost` in dollars or `tokens`."""

    __pydantic_config__ = FORBID

    period: Literal["day", "month"]
    cost: Annotated[Decimal, Field(ge=0)] | None = None
    tokens: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsBody:
    """All that is said for one person; what is absent, the settings say."""

    __pydantic_config__ = FORBID

    requests_per_minute: Count | None = None
    concurrent_turns: Count | None = None
    budget: BudgetBody | None = None


LIMITS = {200: Answer(says="What is said for this person, over the settings.", shape=TermsShape)}


@operation("GET", "/api/users/{id}/limits", summary="One person's limits", tag=TAG, answers=LIMITS, errors=(404,))
async def limits(call: Call[Nothing, Nothing]) -> Reply:
    account = await accounts(call).admin.find(call.principal, call.path("id"))
    return terms_json(await call.engine.limits.said_for(call.principal, account.id))


@operation(
    "PATCH",
    "/api/users/{id}/limits",
    summary="Say what one person may use",
    tag=TAG,
    body=TermsBody,
    answers=LIMITS,
    errors=(404,),
)
async def limit(call: Call[Nothing, TermsBody]) -> Reply:
    """In place of all that was said for them before: `{}` takes it back."""
    account = await accounts(call).admin.find(call.principal, call.path("id"))
    body = call.body
    terms = Terms(
        requests_per_minute=body.requests_per_minute,
        concurrent_turns=body.concurrent_turns,
        budget=None if body.budget is None else _budget(body.budget),
    )
    return terms_json(await call.engine.limits.set_limit(call.principal, account.id, terms, whole=True))


def _budget(body: BudgetBody) -> Budget:
    from chatops.limit_settings import budget, check_budget

    amounts = {name: value for name in ("cost", "tokens") if (value := getattr(body, name)) is not None}
    said = {**amounts, "period": body.period}
    try:
        check_budget(said)
    except ValueError as error:
        raise InvalidRequestError(f"budget: {error}") from None
    return budget(said)


OPERATIONS: tuple[Operation[Any, Any], ...] = (listed, add, change, delete, limits, limit)
