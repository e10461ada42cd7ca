"""`chatops users limit`: what one person may use, where it differs from their role."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatops.cli.exits import with_engine
from chatops.cli.flags import Debug, Json
from chatops.cli.terminal import open_terminal

if TYPE_CHECKING:
    from chatops.engine.limits.policy import Budget, Terms
    from chatops.engine.messages import Principal
    from chatops.engine.service import Engine
    from chatops.settings import Settings

_BUDGET = re.compile(r"\$?(?P<amount>[0-9]+(?:\.[0-9]+)?) *(?P<tokens>tokens)? */ *(?P<period>day|month)")


def limit(
    user: Annotated[str, typer.Argument(metavar="USER", help="E-mail address or id; the id's first characters do.")],
    *,
    budget: Annotated[
        str | None, typer.Option(metavar="5/month", help="Dollars or tokens: 5/month, 0.50/day, '200000 tokens/day'.")
    ] = None,
    requests_per_minute: Annotated[int | None, typer.Option(metavar="N", min=1, help="Turns a minute.")] = None,
    concurrent_turns: Annotated[int | None, typer.Option(metavar="N", min=1, help="Turns at once.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Take back all that was said for this person.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what one person may use, over the settings; without options, show it."""
    terminal = open_terminal()

    async def body(engine: Engine, _: Settings) -> None:
        from chatops.engine.limits.policy import Terms
        from chatops.engine.messages import local_principal

        me = local_principal()
        who = await _id_of(engine, me, user)

        said: Terms | None = Terms(
            requests_per_minute=requests_per_minute,
            concurrent_turns=concurrent_turns,
            budget=None if budget is None else parse_budget(budget),
        )
        if reset:
            await engine.limits.set_limit(me, who, None)
        said = await engine.limits.set_limit(me, who, said)
        terminal.write(_shown(user, said, json=json))

    raise typer.Exit(with_engine(body, debug=debug))


async def _id_of(engine: Engine, me: Principal, user: str) -> str:
    """The owner has limits before there are accounts."""
    if user == me.user_id or engine.accounts is None:
        return user
    return (await engine.accounts.admin.find(me, user)).id


def parse_budget(text: str) -> Budget:
    """`5/month`, `$0.50/day` or `200000 tokens/day`.

    Raises:
        InvalidRequestError: It is none of these.
    """
    from decimal import Decimal

    from chatops.engine.errors import InvalidRequestError
    from chatops.limit_settings import budget, check_budget

    match = _BUDGET.fullmatch(text.strip().lower())
    table: dict[str, Any] = {}
    if match is not None:
        amount = match["amount"]
        whole = match["tokens"] and "." not in amount
        table = {"tokens": int(amount)} if whole else {} if match["tokens"] else {"cost": Decimal(amount)}
        table["period"] = match["period"]
    try:
        check_budget(table)
    except ValueError:
        raise InvalidRequestError(
            f"--budget {text!r} is no budget: write dollars or tokens, 5/month, 0.50/day, '200000 tokens/day'"
        ) from None
    return budget(table)


def _shown(user: str, terms: Terms, *, json: bool) -> str:
    if json:
        from json import dumps

        from chatops.engine.limits.shapes import terms_json

        return dumps({"user": user, **terms_json(terms)}) + "\n"
    told = [
        f"{terms.requests_per_minute} turns a minute" if terms.requests_per_minute else "",
        f"{terms.concurrent_turns} at once" if terms.concurrent_turns else "",
        str(terms.budget) if terms.budget else "",
    ]
    found = ", ".join(one for one in told if one)
    return f"{user}: {found or 'what the settings say'}\n"
