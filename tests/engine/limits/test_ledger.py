"""The chained ledger: whoever alters, removes or swaps rows is told where."""

import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from typing import Any

import pytest
from pymongo import MongoClient

from builders import T0
from chatops.bootstrap import open_meter, open_store
from chatops.engine.limits.ledger import EMPTY, Entry, Head, Row, chain
from chatops.engine.limits.reports import Verdict, verify


def entry(n: int, **fields: Any) -> Entry:
    values: dict[str, Any] = {
        "turn_id": f"turn-{n}",
        "at": T0 + n,
        "user_id": "ann",
        "surface": "cli",
        "token_id": None,
        "provider": "fake",
        "model": "m",
        "input_tokens": n,
        "output_tokens": 5,
        "cached_tokens": 0,
        "cost": None,
        "status": "complete",
        "estimated": False,
    }
    return Entry(**{**values, **fields})


def written(count: int = 5) -> list[Row]:
    rows: list[Row] = []
    head = EMPTY
    for n in range(1, count + 1):
        rows.append(chain(head, entry(n)))
        head = Head(n, rows[-1].hash)
    return rows


async def found(rows: list[Row], head: Head | None = None) -> Verdict:
    async def read() -> AsyncGenerator[Row, None]:
        for row in rows:
            yield row

    whole = written()
    return await verify(read(), head or Head(5, whole[-1].hash))


async def test_an_untouched_ledger_is_whole_also_an_empty_one() -> None:
    assert await found(written()) == Verdict(rows=5, fault=None)
    assert await found([], EMPTY) == Verdict(rows=0, fault=None)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda rows: rows.pop(2), "row 3 is missing: row 4 comes after row 2"),
        (lambda rows: rows.pop(0), "row 1 is missing: row 2 comes after row 0"),
        (lambda rows: rows.pop(), "row 5 is missing: 5 were written"),
        (lambda rows: rows.clear(), "row 1 is missing: 5 were written"),
        (lambda rows: rows.insert(1, rows.pop(2)), "row 2 is missing: row 3 comes after row 1"),
    ],
)
async def test_rows_that_are_gone_or_moved_are_missed(change: Callable[[list[Row]], object], fault: str) -> None:
    rows = written()
    change(rows)

    assert (await found(rows)).fault == fault


@pytest.mark.parametrize("field", ["at", "user_id", "input_tokens", "cost", "status", "estimated", "turn_id"])
async def test_every_field_is_sealed(field: str) -> None:
    rows = written()
    other = {"user_id": "bob", "status": "failed", "turn_id": "x"}.get(field, 1)
    rows[2] = rows[2]._replace(entry=entry(3, **{field: other}))

    assert (await found(rows)).fault == f"row 3 was altered (turn {rows[2].entry.turn_id})"


async def test_a_row_with_a_seal_of_its_own_does_not_follow() -> None:
    rows = written()
    rows[2] = chain(Head(2, "0" * 64), entry(3, cost=1))
    assert (await found(rows)).fault == "row 3 does not follow from row 2: one of them was put in the place of another"

    rows = written()
    rows[4] = chain(Head(4, rows[3].hash), entry(5, cost=1))
    assert (await found(rows)).fault == "row 5 is not the one that was written"


async def fill(database: str, *numbers: int) -> None:
    store = await open_store(database)
    for n in numbers:
        await open_meter(store).settle(None, entry(n))
    await store.aclose()


async def verdict(database: str) -> Verdict:
    store = await open_store(database)
    meter = open_meter(store)
    rows = await meter.rows(after=0, limit=99)
    head = await meter.head()
    await store.aclose()
    return await found(rows, head)


def tamper(database: str, statement: str, job: Callable[[Any], object]) -> None:
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as db, db:
            db.execute(statement)
        return
    with MongoClient[dict[str, Any]](database) as client:
        job(client.get_default_database().ledger)


async def test_an_altered_database_is_found_out(database: str) -> None:
    await fill(database, 1, 2, 3)
    assert await verdict(database) == Verdict(rows=3, fault=None)
    tamper(
        database,
        "UPDATE ledger SET output_tokens = 4 WHERE n = 2",
        lambda rows: rows.update_one({"_id": 2}, {"$set": {"output_tokens": 4}}),
    )

    assert (await verdict(database)).fault == "row 2 was altered (turn turn-2)"


async def test_the_last_row_is_missed_also_when_others_were_written_since(database: str) -> None:
    await fill(database, 1, 2, 3)
    tamper(database, "DELETE FROM ledger WHERE n = 3", lambda rows: rows.delete_one({"_id": 3}))
    assert (await verdict(database)).fault == "row 3 is missing: 3 were written"

    await fill(database, 4, 5)
    assert (await verdict(database)).fault == "row 3 is missing: row 4 comes after row 2"
