"""A turn is let in and begins in one step of the embedded database: all of it happens, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builders import LEASE, T0, conversation, turn
from chatops.engine.beginning import Beginning
from chatops.engine.errors import ConflictError, NotFoundError
from chatops.engine.limits.ports import Meter, Rate, Refusal
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.stores.sqlite_meter import SqliteMeter
from metering import hold, opened

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from chatops.engine.messages import Conversation

ONE_A_MINUTE = ("turns/ann", Rate(count=1, seconds=60))
HOLD = hold("tokens/x", most=100, limit=150)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore, None]:
    store = await SqliteStore.open(tmp_path / "x.db", clock=lambda: T0)
    yield store
    await store.aclose()


def beginning(made: Conversation) -> Beginning:
    return Beginning(conversation=made, rows=turn(made.id), lease_expires_at=T0 + LEASE)


async def let_in(store: SqliteStore, begun: Beginning, turn_id: str = "t") -> dict[str, int] | Refusal:
    meter = SqliteMeter(store)
    open_turn = opened(turn_id, HOLD, until=T0 + LEASE)
    return await meter.admit(open_turn, [HOLD], rate=ONE_A_MINUTE, now=T0, beginning=begun)


async def nothing_was_counted(store: SqliteStore, held: int = 0) -> None:
    meter = SqliteMeter(store)
    assert await meter.hit(*ONE_A_MINUTE, now=T0) == 0
    assert await meter.meters([HOLD.key]) == ({HOLD.key: Meter(0, held)} if held else {})


async def test_who_is_let_in_has_begun(store: SqliteStore) -> None:
    made = conversation()
    begun = beginning(made)

    assert await let_in(store, begun) == {HOLD.key: 100}
    assert begun.stored is not None
    assert [row.seq for row in begun.stored] == [1, 2]
    assert await store.messages("ann", made.id, limit=9) == begun.stored
    with pytest.raises(ConflictError, match="still being written"):
        await store.begin_turn("ann", made, turn(made.id), lease_expires_at=T0 + LEASE)


async def test_who_is_refused_has_begun_nothing(store: SqliteStore) -> None:
    meter = SqliteMeter(store)
    await meter.admit(opened("other", HOLD, until=T0 + LEASE), [HOLD], rate=None, now=T0)
    await meter.admit(opened("third", HOLD, until=T0 + LEASE), [HOLD], rate=None, now=T0)
    begun = beginning(conversation())

    found = await let_in(store, begun)
    assert isinstance(found, Refusal)
    assert begun.stored is None
    assert await store.counts() == (0, 0)


async def test_where_a_turn_runs_already_nothing_is_held_and_nothing_counted(store: SqliteStore) -> None:
    made = conversation()
    await store.begin_turn("ann", made, turn(made.id), lease_expires_at=T0 + LEASE)
    begun = beginning(made)

    with pytest.raises(ConflictError, match="still being written"):
        await let_in(store, begun)
    assert begun.stored is None
    assert len(await store.messages("ann", made.id, limit=9)) == 2
    assert await SqliteMeter(store).dead(T0 + 10 * LEASE, limit=9) == []
    await nothing_was_counted(store)


async def test_in_another_persons_conversation_nothing_is_held(store: SqliteStore) -> None:
    made = conversation("bob")
    await store.add_conversation(made)

    with pytest.raises(NotFoundError):
        await let_in(store, beginning(conversation("ann", id=made.id)))
    await nothing_was_counted(store)
