"""`chatops users invite|invitations|uninvite`: codes that somebody registers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chatops.cli.accounts import Role, one_of, with_accounts
from chatops.cli.exits import complain
from chatops.cli.flags import Debug, Json
from chatops.cli.terminal import open_terminal

if TYPE_CHECKING:
    from chatops.engine.auth.accounts import Accounts
    from chatops.engine.auth.nouns import Grant
    from chatops.engine.messages import Principal


def invite(
    email: Annotated[str | None, typer.Argument(metavar="EMAIL", help="None: whoever has the code.")] = None,
    *,
    role: Role = "member",
    expires: Annotated[str, typer.Option("--expires", metavar="SPAN", help="Good for so long: 12h, 7d.")] = "7d",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Print a code that somebody can register with, once. Needs registration = "invite" (or "open")."""
    terminal = open_terminal()

    async def body(accounts: Accounts, me: Principal) -> None:
        from chatops.cli import durations, listing
        from chatops.engine.auth.shapes import invitation_json

        grant, code = await accounts.admin.invite(me, email=email, role=role, expires_in=durations.seconds(expires))
        if json:
            listing.write_object(terminal, {**invitation_json(grant), "code": code})
        else:
            terminal.write(f"{code}\n")
            complain("this code is not shown again")

    raise typer.Exit(with_accounts(body, debug=debug))


def invitations(*, json: Json = False, debug: Debug = False) -> None:
    """List invitations that nobody has used yet."""
    terminal = open_terminal()

    async def body(accounts: Accounts, me: Principal) -> None:
        from chatops.cli import listing
        from chatops.engine.auth.shapes import invitation_json

        found = await accounts.admin.invitations(me)
        if json:
            listing.write_json(terminal, map(invitation_json, found))
            return
        listing.write_rows(terminal, [_row(grant) for grant in found])
        if not found:
            complain("no invitations")

    raise typer.Exit(with_accounts(body, debug=debug))


def _row(grant: Grant) -> dict[str, str]:
    from chatops.engine.codec import iso

    return {"id": grant.id, "expires": iso(grant.expires_at), "role": grant.role, "e-mail": grant.email or "anybody"}


def uninvite(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Of the invitation; the first characters do.")],
    *,
    debug: Debug = False,
) -> None:
    """Take an invitation back."""

    async def body(accounts: Accounts, me: Principal) -> None:
        found = one_of(await accounts.admin.invitations(me), id_, "invitation")
        await accounts.admin.revoke_invitation(me, found.id)

    raise typer.Exit(with_accounts(body, debug=debug))
