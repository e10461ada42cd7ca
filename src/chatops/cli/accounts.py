"""What the commands about accounts share: who acts, and how an id is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Literal, Protocol, TypeVar

import typer

from chatops.cli.exits import with_engine

if TYPE_CHECKING:
    from chatops.engine.auth.accounts import Accounts
    from chatops.engine.messages import Principal
    from chatops.engine.service import Engine
    from chatops.settings import Settings

RoleName = Literal["admin", "member"]
Role = Annotated[RoleName, typer.Option("--role", help="What they may do.")]


class _Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Named)
MIN_PREFIX = 4


def one_of(items: Iterable[T], ref: str, what: str) -> T:
    """The item with this id, or with the only id that begins so.

    Raises:
        NotFoundError: None has.
        InvalidRequestError: Too short, or it fits several.
    """
    from chatops.engine.errors import InvalidRequestError, NotFoundError

    if len(ref) < MIN_PREFIX:
        raise InvalidRequestError(f"{ref!r} is too short for an id: give {MIN_PREFIX} characters or more")
    found = [item for item in items if item.id.startswith(ref.lower())]
    if not found:
        raise NotFoundError(f"no {what} {ref!r}")
    if len(found) > 1:
        raise InvalidRequestError(f"{ref!r} fits several, {found[0].id} among them: give more of the id")
    return found[0]


def with_accounts(body: Callable[[Accounts, Principal], Awaitable[None]], *, debug: bool) -> int:
    """Runs a body with the accounts of this database, as its owner."""

    async def run(engine: Engine, _: Settings) -> None:
        from chatops.engine.errors import SettingsError
        from chatops.engine.messages import local_principal

        if engine.accounts is None:
            raise SettingsError("accounts are not open here")
        await body(engine.accounts, local_principal())

    return with_engine(run, debug=debug)
