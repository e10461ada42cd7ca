"""Copies accounts from one store into another: a part of copying a database."""

from __future__ import annotations

from chatops.engine.auth.ports import FIELDS, AccountStore

PAGE = 200


async def copy_accounts(source: AccountStore, target: AccountStore) -> int:
    """Brings the accounts of `source` into `target`, with passwords, platform users and API tokens; what else the
    target holds stays. Sign-ins are not copied: people sign in anew. May be run again.

    Returns:
        How many accounts, platform users and API tokens there were.

    Raises:
        ConflictError: The target has another account under an id or an e-mail address of the source's.
    """
    count = 0
    for kind in FIELDS:
        after: str | None = None
        while page := await source.rows(kind, after=after, limit=PAGE):
            for row in page:
                await target.put_row(kind, row)
            count += len(page)
            after = page[-1]["id"]
    return count
