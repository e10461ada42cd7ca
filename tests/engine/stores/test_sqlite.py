"""What is SQLite's own: the file, its schema, one writer with group commit, a reader beside it, query plans."""

import asyncio
import os
import sqlite3
import stat
import threading
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from builders import LEASE, T0, conversation, finished, message, thread, turn
from chatops.engine.errors import StoreError
from chatops.engine.messages import Conversation
from chatops.engine.ports import Delta
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.stores.sqlite_connection import connect
from chatops.engine.stores.sqlite_index import KEPT, MOST
from chatops.engine.stores.sqlite_schema import MIGRATIONS, migrate
from fakes import SetClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "chatops.db"


@pytest.fixture
async def store(path: Path) -> AsyncGenerator[SqliteStore]:
    opened = await SqliteStore.open(path, clock=SetClock(T0))
    yield opened
    await opened.aclose()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes_in(folder: Path) -> dict[str, int]:
    return {file.name: mode(file) for file in folder.iterdir()}


def touch(path: Path) -> None:
    path.parent.mkdir(mode=0o755)
    path.touch(mode=0o644)


async def test_only_the_owner_may_read_the_files(path: Path) -> None:
    before = os.umask(0)
    try:
        store = await SqliteStore.open(path)
        await store.add_conversation(conversation())
        modes = modes_in(path.parent)
        await store.aclose()
    finally:
        os.umask(before)

    assert modes == {"chatops.db": 0o600, "chatops.db-wal": 0o600, "chatops.db-shm": 0o600}
    assert mode(path.parent) == 0o700


async def test_an_existing_folder_and_file_keep_their_modes(path: Path) -> None:
    touch(path)
    store = await SqliteStore.open(path)
    await store.aclose()

    assert (mode(path.parent), mode(path)) == (0o755, 0o644)


async def test_commits_are_logged_ahead_and_flushed(store: SqliteStore) -> None:
    def settings(db: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "busy_timeout")
        return [db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await store._writer.run(settings) == ["wal", 2, 5000]


async def test_what_was_stored_is_there_after_reopening(path: Path) -> None:
    made = conversation()
    messages = thread(made.id, "q", "a")
    first = await SqliteStore.open(path)
    await first.add_conversation(made)
    await first.add_messages("ann", messages)
    await first.aclose()
    again = await SqliteStore.open(path)

    assert await again.messages("ann", made.id, limit=9) == messages
    assert len(await again.search("ann", "q", limit=9)) == 1
    await again.aclose()


async def test_opening_settles_what_a_dead_process_left(path: Path) -> None:
    clock = SetClock(T0)
    made = conversation()
    dead = await SqliteStore.open(path, clock=clock)
    (_, running) = await dead.begin_turn("ann", made, turn(made.id), lease_expires_at=clock() + LEASE)
    await dead.append_deltas({running.id: Delta(n=1, text="half an answer")}, lease_expires_at=clock() + LEASE)
    await dead.aclose()
    clock.advance(LEASE)
    store = await SqliteStore.open(path, clock=clock)

    (hit,) = await store.search("ann", "half", limit=9)
    assert hit.message == await store.message("ann", running.id)
    assert (hit.message.text, hit.message.status) == ("half an answer", "interrupted")
    await store.aclose()


async def test_opening_needs_no_write_lock_when_nothing_is_left_over(path: Path) -> None:
    await (await SqliteStore.open(path)).aclose()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store = await SqliteStore.open(path, busy_timeout_ms=1)

        assert await store.conversations("ann", limit=1) == []
        await store.aclose()


def test_an_old_file_gets_the_migrations_it_misses(tmp_path: Path) -> None:
    path = str(tmp_path / "old.db")
    first = ("CREATE TABLE numbers (n)", "INSERT INTO numbers VALUES (1)")
    second = ("INSERT INTO numbers VALUES (2)",)
    with closing(connect(path, busy_timeout_ms=1)) as db:
        for migrations in ((first,), (first, second), (first, second)):
            migrate(db, path, migrations)

        assert [row[0] for row in db.execute("SELECT n FROM numbers")] == [1, 2]
        assert db.execute("PRAGMA user_version").fetchone()[0] == 2


async def test_a_file_of_the_first_version_keeps_its_conversations(path: Path) -> None:
    path.parent.mkdir()
    with closing(connect(str(path), busy_timeout_ms=1)) as db:
        migrate(db, str(path), MIGRATIONS[:1])
        db.execute("INSERT INTO conversations VALUES ('c', 'ann', 'Old', 1, 2, NULL, NULL, NULL)")
    store = await SqliteStore.open(path)

    old = Conversation(id="c", owner_id="ann", title="Old", created_at=1, updated_at=2)
    assert await store.conversations("ann", limit=9) == [old]
    await store.update_conversation("ann", "c", tags=("work",))
    assert await store.conversations("ann", limit=9, tag="work") == [replace(old, tags=("work",))]
    await store.aclose()


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = str(tmp_path / "old.db")
    with closing(connect(path, busy_timeout_ms=1)) as db:
        migrate(db, path, (("CREATE TABLE numbers (n)",),))
        with pytest.raises(sqlite3.OperationalError):
            migrate(db, path, (("CREATE TABLE numbers (n)",), ("DROP TABLE numbers", "CREATE TABLE numbers (")))

        assert db.execute("SELECT count(*) FROM numbers").fetchone()[0] == 0
        assert db.execute("PRAGMA user_version").fetchone()[0] == 1


async def test_calls_that_wait_together_share_a_commit(store: SqliteStore) -> None:
    made = conversation()
    (_, running) = await store.begin_turn("ann", made, turn(made.id), lease_expires_at=T0 + LEASE)
    statements: list[str] = []
    await store._writer.run(lambda db: db.set_trace_callback(statements.append))
    await asyncio.gather(
        *(
            store.append_deltas({running.id: Delta(n=n, text=f"{n} ")}, lease_expires_at=T0 + LEASE)
            for n in range(1, 51)
        )
    )

    assert statements.count("COMMIT") <= 10
    assert (await store.message("ann", running.id)).text == "".join(f"{n} " for n in range(1, 51))


async def test_a_long_read_does_not_hold_up_the_journal(store: SqliteStore) -> None:
    made = conversation()
    await store.conversations("ann", limit=1)
    over = threading.Event()
    long_read = asyncio.ensure_future(store.read(lambda _: over.wait(10)))
    await store.begin_turn("ann", made, turn(made.id), lease_expires_at=T0 + LEASE)

    assert not long_read.done()
    over.set()
    assert await long_read


async def test_a_read_that_nobody_waits_for_is_not_done(store: SqliteStore) -> None:
    over, done = threading.Event(), threading.Event()
    first = asyncio.ensure_future(store.read(lambda _: over.wait(10)))
    second = asyncio.ensure_future(store.read(lambda _: done.set()))
    await asyncio.sleep(0)
    second.cancel()
    over.set()
    await first
    await store.conversations("ann", limit=1)

    assert not done.is_set()


async def test_a_write_is_done_also_when_its_caller_left(store: SqliteStore) -> None:
    made = conversation()
    over = threading.Event()
    first = asyncio.ensure_future(store._writer.run(lambda _: over.wait(10)))
    second = asyncio.ensure_future(store.add_conversation(made))
    await asyncio.sleep(0)
    second.cancel()
    over.set()
    await first

    assert await store.conversation("ann", made.id) == made


async def test_nothing_is_left_of_what_was_finished_or_deleted(store: SqliteStore, path: Path) -> None:
    made = conversation()
    _, running = await store.begin_turn("ann", made, turn(made.id, "a question"), lease_expires_at=T0 + LEASE)
    await store.append_deltas({running.id: Delta(n=1, text="a draft")}, lease_expires_at=T0 + LEASE)
    await store.finish_turn(finished(running, "an answer"))
    after_end = left_in(path)
    await store.begin_turn("ann", made, turn(made.id, "again"), lease_expires_at=T0 + LEASE)
    await store.delete_conversation("ann", made.id)

    assert after_end == {"conversations": 1, "messages": 2, "runs": 0, "deltas": 0, "unindexed": 2, "words": 0}
    assert left_in(path) == dict.fromkeys(after_end, 0)


def left_in(path: Path) -> dict[str, int]:
    """Rows in each table, and different words in the index of the newest (the owner's mark is one)."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, newest, row)")
        tables = ("conversations", "messages", "runs", "deltas", "unindexed", "words")
        return {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}  # noqa: S608 - ours


async def test_the_reader_cannot_write(store: SqliteStore) -> None:
    with pytest.raises(StoreError, match="it is read-only"):
        await store.read(lambda db: db.execute("DELETE FROM messages"))


async def test_every_statement_is_served_by_an_index(store: SqliteStore, path: Path) -> None:
    made = conversation()
    await store.conversations("ann", limit=1)
    statements: list[str] = []
    for thread_ in (store._writer, store._reader):
        assert thread_ is not None
        await thread_.run(lambda db: db.set_trace_callback(statements.append))
    user, running = await store.begin_turn("ann", made, turn(made.id), lease_expires_at=T0 + LEASE)
    await store.append_deltas({running.id: Delta(n=1, text="text")}, lease_expires_at=T0 + LEASE)
    await store.message("ann", running.id)
    await store.tail("ann", made.id, running.id, limit=5)
    await store.messages("ann", made.id, after_seq=1, limit=5)
    await store.conversations("ann", limit=5)
    await store.conversations("ann", limit=5, before=made)
    for archived in (None, True, False):
        for tag in (None, "work"):
            await store.conversations("ann", limit=5, before=made, archived=archived, tag=tag)
    await store.every_conversation(limit=5)
    await store.conversation_ids("ann", made.id[:8], limit=5)
    await store.update_conversation("ann", made.id, title="New", archived=True, tags=("work",))
    await store.add_conversation(conversation(expires_at=T0))
    await store.sweep(limit=5)
    await store.search("ann", user.text, limit=5)
    await store.finish_turn(running)
    await store.add_messages("ann", [message(made.id, "more", seq=9 + n) for n in range(MOST + 1)])  # all are indexed
    await store.delete_conversation("ann", made.id)

    asked = {s for s in statements if s.startswith(("SELECT", "UPDATE", "DELETE")) and "'main'." not in s}
    with closing(sqlite3.connect(path)) as db:
        plans = {s: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {s}")] for s in asked}
    newest = f"messages ORDER BY doc DESC LIMIT {KEPT}"  # stops there
    wrong = {s: plan for s, plan in plans.items() if any(_is_slow(step) for step in plan) and not s.endswith(newest)}

    assert len(asked) > 25
    assert wrong == {}


def _is_slow(step: str) -> bool:
    """The virtual table's own plan is its index; a subquery's rows were searched for in another step; few messages wait
    for the index.
    """
    few = ("VIRTUAL TABLE", "(subquery", "SCAN unindexed")
    scans = step.startswith("SCAN ") and not any(one in step for one in few)
    return scans or "TEMP B-TREE" in step
