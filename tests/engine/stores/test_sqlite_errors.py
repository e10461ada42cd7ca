"""What cannot be used is named, with what to do about it, and left as it was."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from builders import LEASE, T0, begin, conversation, message
from chatops.engine.errors import StoreError
from chatops.engine.ports import Delta
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.stores.sqlite_schema import MIGRATIONS
from fakes import SetClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "chatops.db"


def content(path: Path) -> bytes:
    return path.read_bytes()


def damage(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))


async def test_a_newer_file_is_refused_and_left_alone(path: Path) -> None:
    await (await SqliteStore.open(path)).aclose()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = content(path)
    with pytest.raises(StoreError, match=r"newer chatops.*Upgrade chatops") as caught:
        await SqliteStore.open(path)

    assert str(path) in caught.value.message
    assert content(path) == before


async def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE bookmarks (url)")
    before = content(path)
    with pytest.raises(StoreError, match=r"another program's database.*setting `database`"):
        await SqliteStore.open(path)

    assert content(path) == before


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 100)
    with pytest.raises(StoreError, match=r"notes\.txt: it is not a database; move"):
        await SqliteStore.open(path)

    assert path.read_text() == "Dear diary, " * 100


async def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened; check"):
        await SqliteStore.open(tmp_path)


async def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot create the database .*chatops\.db: .*check the folder"):
        await SqliteStore.open(tmp_path / "file" / "chatops.db")


async def test_a_folder_without_permission_is_refused(path: Path) -> None:
    path.parent.mkdir(mode=0o500)
    if is_root := os.geteuid() == 0:
        os.seteuid(65534)  # root may write everywhere
    try:
        with pytest.raises(StoreError, match="Permission denied; check the folder"):
            await SqliteStore.open(path)
    finally:
        if is_root:
            os.seteuid(0)


async def test_a_damaged_file_is_told_as_such(path: Path) -> None:
    store = await SqliteStore.open(path)
    made = conversation()
    await store.add_messages("ann", [message(made.id, "x" * 500, seq=n) for n in range(1, 200)])
    await store.aclose()
    damage(path)

    with pytest.raises(StoreError, match="it is damaged; check it with `chatops db check`"):
        store = await SqliteStore.open(path)
        try:
            await store.messages("ann", made.id, limit=999)
        finally:
            await store.aclose()


async def test_a_file_that_stays_locked_is_an_error_for_writes_only(path: Path) -> None:
    store = await SqliteStore.open(path, busy_timeout_ms=10)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another program keeps it locked; try again"):
            await store.add_conversation(conversation())

        assert await store.conversations("ann", limit=1) == []
    await store.add_conversation(conversation())
    await store.aclose()


async def test_making_a_file_waits_for_another_process_that_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "chatops.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        opening = asyncio.ensure_future(SqliteStore.open(path))
        await asyncio.sleep(0.03)
        assert not opening.done()
        other.execute("ROLLBACK")
        await (await opening).aclose()


async def test_making_a_file_that_stays_locked_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "chatops.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another program keeps it locked"):
            await SqliteStore.open(path, busy_timeout_ms=10)


async def test_reads_fail_only_as_long_as_the_file_cannot_be_opened(path: Path) -> None:
    store = await SqliteStore.open(path)
    made = conversation()
    await store.add_conversation(made)
    away = path.parent.rename(path.parent.with_name("away"))
    with pytest.raises(StoreError, match="cannot be opened"):
        await store.conversation("ann", made.id)
    away.rename(path.parent)

    assert await store.conversation("ann", made.id) == made
    await store.aclose()


async def test_a_full_disk_fails_the_call_that_fills_it_and_no_other(path: Path) -> None:
    store = await SqliteStore.open(path, clock=SetClock(T0))
    running = await begin(store, SetClock(T0))
    await store._writer.run(lambda db: db.execute("PRAGMA max_page_count = 200").fetchone())
    calls = [
        store.append_deltas({running.id: Delta(n=1, text="before ")}, lease_expires_at=T0 + LEASE),
        store.put_blob("ann", "big", bytes(10_000_000)),
        store.append_deltas({running.id: Delta(n=2, text="after")}, lease_expires_at=T0 + LEASE),
    ]
    before, full, after = await asyncio.gather(*calls, return_exceptions=True)

    assert (before, after) == ([], [])
    assert isinstance(full, StoreError)
    assert "the disk is full; free some space" in full.message
    assert (await store.message("ann", running.id)).text == "before after"
    await store.aclose()


async def test_a_sqlite_that_lacks_something_is_named(path: Path) -> None:
    store = await SqliteStore.open(path)
    with pytest.raises(StoreError, match=r"no such module: fts99 \(SQLite 3\.[\d.]+; needed is 3\.37 or newer"):
        await store._writer.run(lambda db: db.execute("CREATE VIRTUAL TABLE new USING fts99(x)"))
    await store.aclose()
