"""`chatops usage`: what was used, by whom and for how much; and whether the ledger is as it was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from chatops.cli.exits import complain, with_engine
from chatops.cli.flags import Debug, Json
from chatops.cli.terminal import open_terminal

if TYPE_CHECKING:
    from chatops.engine.limits.reports import Line
    from chatops.engine.service import Engine
    from chatops.settings import Settings

app = typer.Typer()
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@app.callback(invoke_without_command=True)
def usage(
    context: typer.Context,
    *,
    since: Annotated[str, typer.Option(metavar="TIME", help="12h, 7d, 4w, or a day: 2026-11-01 (UTC).")] = "30d",
    by: Annotated[str, typer.Option(metavar="model|day|user|surface", help="What to add up by.")] = "model",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what was used: turns, tokens and cost."""
    if context.invoked_subcommand is not None:
        return
    terminal = open_terminal()

    async def body(engine: Engine, _: Settings) -> None:
        from chatops.cli import listing
        from chatops.engine.messages import local_principal

        kind = _kind(by)
        lines = await engine.limits.usage(local_principal(), since=_begin(since), by=kind)
        if json:
            listing.write_json(terminal, [line.as_json(kind) for line in lines])
            return
        listing.write_rows(terminal, [_row(line, by) for line in lines])
        if not lines:
            complain("nothing was used in this time")
        for budget in await engine.limits.remaining(local_principal()):
            complain(str(budget))

    raise typer.Exit(with_engine(body, debug=debug, remote=True))


@app.command()
def verify(*, json: Json = False, debug: Debug = False) -> None:
    """Check that no row of the usage ledger was altered, removed or moved."""
    terminal = open_terminal()

    async def body(engine: Engine, _: Settings) -> None:
        from chatops.engine.errors import StoreError
        from chatops.engine.messages import local_principal

        verdict = await engine.limits.verify(local_principal())
        if json:
            from json import dumps

            fault = {} if verdict.fault is None else {"fault": verdict.fault}
            terminal.write(dumps({"rows": verdict.rows, **fault}) + "\n")
        if verdict.fault is not None:
            raise StoreError(f"the usage ledger is not as it was written: {verdict.fault}")
        if not json:
            terminal.write(f"all {verdict.rows:,} rows are as they were written\n")

    raise typer.Exit(with_engine(body, debug=debug, remote=True, warm=False))


def _begin(text: str) -> int:
    """The moment that `--since` means, Unix milliseconds."""
    from chatops.engine.errors import InvalidRequestError

    count, unit = text[:-1], _UNITS.get(text[-1:])
    try:
        if unit is not None and count.isascii() and count.isdigit():
            at = datetime.now(UTC) - timedelta(**{unit: int(count)})
        else:
            at = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        return max(0, int(at.timestamp() * 1000))
    except (ValueError, OverflowError):
        raise InvalidRequestError(f"--since {text!r} is no time: write 12h, 7d, 4w, or a day like 2026-11-01") from None


def _kind(text: str) -> Any:
    from chatops.engine.errors import InvalidRequestError
    from chatops.engine.limits.ledger import By

    if text not in get_args(By):
        raise InvalidRequestError(f"--by {text!r} is not known: it is one of {', '.join(get_args(By))}")
    return text


def _row(line: Line, by: str) -> dict[str, str]:
    from chatops.engine.limits.money import shown

    unpriced = f" and {line.unpriced} without a price" if line.unpriced else ""
    return {
        by: line.key,
        **({"name": line.name or ""} if by == "user" else {}),
        "turns": str(line.turns),
        "in": str(line.input_tokens),
        "cached": str(line.cached_tokens),
        "out": str(line.output_tokens),
        "cost": f"{shown(line.cost)}{unpriced}",
    }
