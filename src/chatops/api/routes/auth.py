"""Accounts: register, log in, stay logged in, and who one is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from chatops.api.access import is_browser, source_of
from chatops.api.keys import ADDRESS
from chatops.api.operations import Answer, Call, Json, Nothing, Operation, Reply, encode, operation
from chatops.api.routes.conversations import FORBID
from chatops.api.sessions import cookie_token, drop_cookie, give_cookie
from chatops.api.shapes import Entry, Me, SignedIn
from chatops.engine.auth.accounts import Accounts
from chatops.engine.auth.nouns import SignIn
from chatops.engine.auth.shapes import account_json
from chatops.engine.errors import AuthenticationError, NotFoundError

TAG = "Accounts"


def accounts(call: Call[Any, Any]) -> Accounts:
    """Raises `NotFoundError` where the server has none."""
    found = call.engine.accounts
    if found is None:
        raise NotFoundError("this server has no accounts")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """`invitation`: the code of one, where registration is by invitation."""

    __pydantic_config__ = FORBID

    email: str
    name: str
    password: str = field(repr=False)
    invitation: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    __pydantic_config__ = FORBID

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """Without a token here, the browser's cookie is used."""

    __pydantic_config__ = FORBID

    refresh_token: str | None = field(default=None, repr=False)


@operation(
    "GET",
    "/api/auth",
    summary="Who may register",
    tag=TAG,
    answers={200: Answer(says="What a page that asks to sign in has to know.", shape=Entry)},
    account=False,
)
async def entry(call: Call[Nothing, Nothing]) -> Reply:
    return {"registration": await accounts(call).registration()}


@operation(
    "POST",
    "/api/auth/register",
    summary="Make an account and sign in",
    tag=TAG,
    body=Register,
    answers={201: Answer(says="The account, signed in.", shape=SignedIn)},
    errors=(403, 409),
    account=False,
)
async def register(call: Call[Nothing, Register]) -> Reply:
    """The first account of a server is its owner and administrator; after it the settings say who may register."""
    body, address = call.body, call.request.config_dict[ADDRESS].of(call.request)
    account = await accounts(call).register(
        email=body.email, name=body.name, password=body.password, invitation=body.invitation, address=address
    )
    return _signed_in(call, await accounts(call).sign_in(account, source=source_of(call.request)), status=201)


@operation(
    "POST",
    "/api/auth/login",
    summary="Sign in",
    tag=TAG,
    body=Login,
    answers={200: Answer(says="Signed in.", shape=SignedIn)},
    errors=(401,),
    account=False,
)
async def login(call: Call[Nothing, Login]) -> Reply:
    address = call.request.config_dict[ADDRESS].of(call.request)
    account = await accounts(call).login(email=call.body.email, password=call.body.password, address=address)
    return _signed_in(call, await accounts(call).sign_in(account, source=source_of(call.request)))


@operation(
    "POST",
    "/api/auth/refresh",
    summary="Exchange the refresh token for a new pair",
    tag=TAG,
    body=Refresh,
    answers={200: Answer(says="Signed in as before.", shape=SignedIn)},
    errors=(401, 403),
    account=False,
)
async def refresh(call: Call[Nothing, Refresh]) -> Reply:
    """Each refresh token is good once. One that comes twice ends the whole sign-in; a browser's may come again for half
    a minute, and gets the same answer.
    """
    token = call.body.refresh_token or cookie_token(call.request)
    if token is None:
        raise AuthenticationError("there is no refresh token: log in")
    return _signed_in(call, await accounts(call).refresh(token))


@operation(
    "POST",
    "/api/auth/logout",
    summary="End the sign-in",
    tag=TAG,
    body=Refresh,
    answers={204: Answer(says="It has ended.")},
    errors=(403,),
    account=False,
)
async def logout(call: Call[Nothing, Refresh]) -> Reply:
    token = call.body.refresh_token or cookie_token(call.request)
    if token is not None:
        await accounts(call).logout(token)
    response = web.Response(status=204)
    drop_cookie(response)
    return response


@operation("GET", "/api/me", summary="Who I am", tag=TAG, answers={200: Answer(says="The account.", shape=Me)})
async def me(call: Call[Nothing, Nothing]) -> Reply:
    principal = call.principal
    shape: Json = {"id": principal.user_id, "role": principal.role}
    if call.engine.accounts is not None:
        shape = account_json(await call.engine.accounts.me(principal))
    return {**shape, "scopes": sorted(principal.scopes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChange:
    __pydantic_config__ = FORBID

    old: str = field(repr=False)
    new: str = field(repr=False)


@operation(
    "POST",
    "/api/auth/password",
    summary="Change the password",
    tag=TAG,
    body=PasswordChange,
    answers={204: Answer(says="It is changed; every sign-in has ended.")},
)
async def password(call: Call[Nothing, PasswordChange]) -> Reply:
    await accounts(call).change_password(call.principal, old=call.body.old, new=call.body.new)
    return None


@operation(
    "POST",
    "/api/auth/logout-everywhere",
    summary="End all my sign-ins",
    tag=TAG,
    answers={204: Answer(says="They have ended, this one too; API tokens stay.")},
)
async def logout_everywhere(call: Call[Nothing, Nothing]) -> Reply:
    await accounts(call).logout_everywhere(call.principal)
    response = web.Response(status=204)
    drop_cookie(response)
    return response


def _signed_in(call: Call[Any, Any], signed: SignIn, status: int = 200) -> web.Response:
    """A browser keeps the refresh token where no script of a page can read it; others get it in the body."""
    body: Json = {
        "access_token": signed.access_token,
        "token_type": "Bearer",
        "expires_in": signed.expires_in,
        "user": account_json(signed.account),
    }
    if not is_browser(call.request):
        body["refresh_token"] = signed.refresh_token
    response = web.json_response(body, status=status, dumps=encode)
    give_cookie(call.request, response, signed.refresh_token)
    return response


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    entry,
    register,
    login,
    refresh,
    logout,
    me,
    password,
    logout_everywhere,
)
