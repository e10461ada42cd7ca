"""The small index of the newest messages beside the whole one: no search may tell that there are two."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from builders import T0, conversation, finished, message, turn
from chatops.engine.search import query_terms, terms
from chatops.engine.stores import sqlite_index as index
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.stores.sqlite_accounts import SqliteAccounts
from chatops.engine.stores.sqlite_connection import connect
from chatops.engine.stores.sqlite_index import KEPT, MOST, WAITING
from chatops.engine.stores.sqlite_schema import MIGRATIONS, migrate
from fakes import SetClock

QUERIES = [
    "common",
    "comm",
    "common ",
    "c",
    "rare7",
    "rare",
    "rare7 common",
    "third common",
    "thir",
    "even third",
    "no",
]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "a.db", clock=SetClock(T0))
    yield opened
    await opened.aclose()


def text(n: int) -> str:
    return f"common {'third ' * (n % 3 == 0)}{'even ' * (n % 2 == 0)}{f'rare{n // 100}' * (n % 100 == 0)} {n}"


def matches(body: str, query: str) -> bool:
    indexed = terms(body)
    return all(any(t.startswith(w) if prefix else t == w for t in indexed) for w, prefix in query_terms(query))


async def fill(store: SqliteStore, owner: str, first: int, last: int, *, step: int = 1, together: int = 200) -> str:
    """Messages `first` to `last`, in the order of their moments whoever they belong to; so many are added at once."""
    made = conversation(owner)
    await store.add_conversation(made)
    rows = [message(made.id, text(n), seq=n, created_at=T0 + n) for n in range(first, last, step)]
    for start in range(0, len(rows), together):
        await store.add_messages(owner, rows[start : start + together])
    return made.id


async def compare(store: SqliteStore, owner: str, numbers: list[int], *, limit: int = 30) -> None:
    for query in QUERIES:
        expected = [text(n) for n in reversed(numbers) if matches(text(n), query)]
        found = [hit.message.text for hit in await store.search(owner, query, limit=limit)]
        assert (query, found) == (query, expected[:limit])


async def newest(store: SqliteStore) -> int:
    """Messages in the small index; none of them is in the other one, or waits."""

    def docs(db: sqlite3.Connection) -> list[set[int]]:
        query = "SELECT rowid FROM {0} WHERE {0} MATCH 'common OR settled'"
        found = [query.format(index) for index in ("newest", "search")]
        return [{row[0] for row in db.execute(one)} for one in [*found, "SELECT doc FROM unindexed"]]

    small, rest, waiting = await store._writer.run(docs)
    assert not small or not rest or min(small) > max(rest)
    assert not waiting & (small | rest)
    assert len(waiting) < WAITING
    return len(small)


async def test_messages_that_come_one_by_one_are_found_at_once_and_indexed_together(store: SqliteStore) -> None:
    sizes = list[int]()
    for n in range(0, 2 * WAITING + 2, 2):
        await fill(store, "ann", n, n + 1)
        await fill(store, "bob", n + 1, n + 2)
        await compare(store, "ann", list(range(0, n + 1, 2)))
        await compare(store, "bob", list(range(1, n + 2, 2)))
        sizes.append(await newest(store))

    assert sorted(set(sizes)) == [0, WAITING, 2 * WAITING]


async def test_a_message_that_waits_may_be_added_again(store: SqliteStore) -> None:
    await fill(store, "ann", 0, 1)

    def again(db: sqlite3.Connection) -> None:
        (doc,) = db.execute("SELECT doc FROM unindexed").fetchone()
        index.add(db, doc)

    await store.write(again)
    await compare(store, "ann", [0])


async def test_the_newest_of_many_hits_come_first_whether_they_wait_or_not(store: SqliteStore) -> None:
    await fill(store, "ann", 0, WAITING, together=WAITING)
    await fill(store, "ann", WAITING, WAITING + 9)

    await compare(store, "ann", list(range(WAITING + 9)), limit=5)
    await compare(store, "ann", list(range(WAITING + 9)), limit=20)


async def test_who_waits_in_a_conversation_that_expired_or_changes_hands_is_found_by_whoever_has_it(
    store: SqliteStore,
) -> None:
    clock = store._clock
    assert isinstance(clock, SetClock)
    brief = await fill(store, "ann", 0, 3)
    await store.update_conversation("ann", brief, expires_at=T0 + 9)
    await fill(store, "ann", 3, 5)
    clock.now = T0 + 10
    await compare(store, "ann", [3, 4])
    while await SqliteAccounts(store).take_over("ann", "bob"):
        continue

    await compare(store, "ann", [])
    await compare(store, "bob", [3, 4])


async def test_results_are_the_same_whichever_index_has_them(store: SqliteStore) -> None:
    for count in (10, MOST - 100, MOST + KEPT):
        await fill(store, f"ann{count}", 0, count)
        await compare(store, f"ann{count}", list(range(count)))
    await compare(store, f"ann{count}", list(range(count)), limit=MOST)
    assert await newest(store) <= MOST


async def test_somebody_with_few_messages_finds_them_among_those_of_others(store: SqliteStore) -> None:
    total = 3 * MOST
    await fill(store, "bob", 0, 50)
    await fill(store, "ann", 50, total)
    await fill(store, "bob", total, total + 5)
    await compare(store, "bob", [*range(50), *range(total, total + 5)])
    await compare(store, "eve", [])


async def test_messages_imported_late_are_found_in_their_place(store: SqliteStore) -> None:
    await fill(store, "ann", 1, 2 * MOST, step=2)
    await fill(store, "ann", 0, 2 * MOST, step=2)

    await compare(store, "ann", list(range(2 * MOST)))


async def test_what_is_deleted_is_in_neither_index(store: SqliteStore, tmp_path: Path) -> None:
    old = await fill(store, "ann", 0, 2 * MOST)
    young = await fill(store, "ann", 2 * MOST, 2 * MOST + 300)
    await store.delete_conversation("ann", young)
    await compare(store, "ann", list(range(2 * MOST)))
    await store.delete_conversation("ann", old)

    await compare(store, "ann", [])
    with closing(sqlite3.connect(tmp_path / "a.db")) as db:
        for index in ("search", "newest"):
            db.execute(f"CREATE VIRTUAL TABLE temp.{index}_words USING fts5vocab(main, {index}, row)")
            assert db.execute(f"SELECT count(*) FROM {index}_words").fetchone() == (0,)  # noqa: S608 - ours


async def test_an_answer_that_ends_as_the_small_index_is_made_anew_is_found_once(store: SqliteStore) -> None:
    made = conversation()
    rows = [replace(one, created_at=T0 + 10**6) for one in turn(made.id)]  # after all the others
    _, running = await store.begin_turn("ann", made, rows, lease_expires_at=T0 + 10**6)
    await fill(store, "ann", 0, MOST - 1)
    await fill(store, "ann", MOST, MOST + WAITING - 1)
    await store.finish_turn(finished(running, "settled one"))
    assert await newest(store) == KEPT - 1  # the question says neither word
    await store.finish_turn(finished(running, "settled two"))

    assert [hit.message.text for hit in await store.search("ann", "settl", limit=9)] == ["settled two"]
    assert await store.search("ann", "settled one ", limit=9) == []


async def test_a_file_from_before_the_small_index_gets_it_with_the_next_message(tmp_path: Path) -> None:
    path = str(tmp_path / "old.db")
    with closing(connect(path, busy_timeout_ms=1)) as db:
        migrate(db, path, MIGRATIONS[:2])
        db.execute(
            "INSERT INTO conversations (id, owner_id, title, created_at, updated_at) VALUES ('c', 'ann', 't', 1, 1)"
        )
        for n in range(300):
            values = (n, f"m{n}", n, n, f'[{{"type":"text","text":"{text(n)}"}}]')
            db.execute(
                "INSERT INTO messages"
                " (doc, id, owner_id, conversation_id, seq, role, created_at, status, parts, tokens) VALUES"
                " (?, ?, 'ann', 'c', ?, 'user', ?, 'complete', ?, 0)",
                values,
            )
            document = " ".join(["_616e6e", *terms(text(n))])
            db.execute("INSERT INTO search (rowid, terms) VALUES (?, ?)", (n, document))
    store = await SqliteStore.open(path, clock=SetClock(T0))
    await compare(store, "ann", list(range(300)))
    assert await newest(store) == 0
    await fill(store, "ann", 300, 301)
    await compare(store, "ann", list(range(301)))
    assert await newest(store) == 0
    await fill(store, "ann", 301, 300 + WAITING)
    await compare(store, "ann", list(range(300 + WAITING)))

    assert await newest(store) == KEPT
    await store.aclose()
