"""Copies the usage ledger, allowances and what is spent of budgets into another store."""

from __future__ import annotations

from chatops.engine.errors import ConflictError
from chatops.engine.limits.ledger import EMPTY
from chatops.engine.limits.ports import MeterStore

PAGE = 1_000


async def copy_limits(source: MeterStore, target: MeterStore) -> int:
    """Rows keep their numbers and hashes. May be run again: it goes on where it was broken off, or where the source has
    more. Turns that are let in are not copied; they are the source's.

    Returns:
        How many rows were added.

    Raises:
        ConflictError: The target's ledger is not the beginning of the source's; nothing was written.
    """
    await require_beginning(source, target)
    name = key = ""
    while allowances := await source.allowances(after=name, limit=PAGE):
        for name, terms in allowances:
            await target.set_allowance(name, terms)
    count, after = 0, (await target.head()).n
    while rows := await source.rows(after=after, limit=PAGE):
        await target.put_rows(rows)
        count, after = count + len(rows), rows[-1].n
    while meters := await source.spent(after=key, limit=PAGE):
        await target.put_spent(meters)
        key = meters[-1].key
    return count


async def require_beginning(source: MeterStore, target: MeterStore) -> None:
    """Each row's hash holds those before it, so the last one tells of all. Raises `ConflictError`."""
    last = await target.head()
    if last == EMPTY:
        return
    at = await source.rows(after=last.n - 1, limit=1)
    if not at or (at[0].n, at[0].hash) != last:
        raise ConflictError(
            f"the target's usage ledger ({last.n:,} rows) is not the beginning of the source's: copy into a new one"
        )
