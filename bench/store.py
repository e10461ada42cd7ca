"""What the embedded store costs: `python bench/store.py [--messages N]`.

Makes one conversation of N messages (100,000 unless said) beside small ones, then prints, as medians: appends a
second from 50 coroutines, the cost of a turn by the conversation's length, searches, and opening. The words are
random but as uneven as in a language (Zipf), so that common ones are in most messages.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from chatops.engine.ids import new_id, now_ms
from chatops.engine.messages import Conversation, Message, TextPart
from chatops.engine.ports import Delta
from chatops.engine.stores.sqlite import SqliteStore

OWNER = "ann"
WORDS_IN_A_MESSAGE = 60
LEASE_MS = 60_000
START = """
import asyncio, time
from chatops.engine import codec, events, ids, messages, ports
begun = time.perf_counter()
from chatops.engine.stores.sqlite import SqliteStore
async def main():
    store = await SqliteStore.open(PATH)
    now = ids.now_ms()
    made = messages.Conversation(id=ids.new_id(), owner_id="x", title="t", created_at=now, updated_at=now)
    row = messages.Message(id=ids.new_id(), conversation_id=made.id, role="assistant", parts=(), created_at=now,
                           status="streaming")
    await store.begin_turn("x", made, [row], lease_expires_at=0)
    print((time.perf_counter() - begun) * 1000)
    await store.aclose()
asyncio.run(main())
"""

rng = random.Random(7)  # noqa: S311 - the same words in every run
VOCABULARY = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 10))) for _ in range(30_000)]
CUMULATED = list(itertools.accumulate(1 / rank for rank in range(1, len(VOCABULARY) + 1)))


def text() -> str:
    return " ".join(rng.choices(VOCABULARY, cum_weights=CUMULATED, k=WORDS_IN_A_MESSAGE))


def conversation() -> Conversation:
    return Conversation(id=new_id(), owner_id=OWNER, title="t", created_at=now_ms(), updated_at=now_ms())


async def fill(store: SqliteStore, made: Conversation, count: int) -> float:
    """Adds `count` messages; returns seconds."""
    begun = time.perf_counter()
    await store.add_conversation(made)
    for first in range(1, count + 1, 1000):
        batch = [
            Message(
                id=new_id(),
                conversation_id=made.id,
                role="user",
                parts=(TextPart(text=text()),),
                created_at=now_ms(),
                seq=seq,
            )
            for seq in range(first, min(first + 1000, count + 1))
        ]
        await store.add_messages(OWNER, batch)
    return time.perf_counter() - begun


async def turn(store: SqliteStore, made: Conversation) -> None:
    """Begin, five batches, end."""
    user = Message(
        id=new_id(), conversation_id=made.id, role="user", parts=(TextPart(text=text()),), created_at=now_ms()
    )
    answer = Message(
        id=new_id(), conversation_id=made.id, role="assistant", parts=(), created_at=now_ms(), status="streaming"
    )
    begun = await store.begin_turn(OWNER, made, [user, answer], lease_expires_at=now_ms() + LEASE_MS)
    for n in range(1, 6):
        await store.append_deltas({answer.id: Delta(n=n, text="x" * 200)}, lease_expires_at=now_ms() + LEASE_MS)
    end = Message(
        id=answer.id,
        conversation_id=made.id,
        role="assistant",
        parts=(TextPart(text=text()),),
        created_at=answer.created_at,
        seq=begun[-1].seq,
    )
    await store.finish_turn(end)
    await store.tail(OWNER, made.id, end.id, limit=50)


async def appends_per_second(store: SqliteStore, *, writers: int = 50, each: int = 100) -> float:
    made = [conversation() for _ in range(writers)]
    rows = [
        Message(
            id=new_id(), conversation_id=one.id, role="assistant", parts=(), created_at=now_ms(), status="streaming"
        )
        for one in made
    ]
    lease = now_ms() + LEASE_MS
    for one, row in zip(made, rows, strict=True):
        await store.begin_turn(OWNER, one, [row], lease_expires_at=lease)

    async def append(message_id: str) -> None:
        for n in range(1, each + 1):
            await store.append_deltas({message_id: Delta(n=n, text="x" * 100)}, lease_expires_at=lease)

    begun = time.perf_counter()
    await asyncio.gather(*(append(row.id) for row in rows))
    rate = writers * each / (time.perf_counter() - begun)
    for row in rows:
        await store.finish_turn(row)
    return rate


async def median_ms(call: Callable[[], Awaitable[object]], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        await call()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


async def report_turns(store: SqliteStore, large: Conversation, count: int) -> None:
    small, middle = conversation(), conversation()
    await fill(store, small, 10)
    await fill(store, middle, 1000)
    sizes = {10: small, 1000: middle, count: large}
    costs: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(7):  # in turn, so that a slow moment of the machine meets all three
        for size, made in sizes.items():
            costs[size].append(await median_ms(lambda made=made: turn(store, made), 10))  # type: ignore[misc]  # bound at once
    first = statistics.median(costs[10])
    for size, times in costs.items():
        cost = statistics.median(times)
        print(f"turn at {size:>9,} messages     {cost:8.2f} ms   {cost / first:5.2f} x")


async def report_searches(store: SqliteStore) -> None:
    queries = {
        "the commonest word": f"{VOCABULARY[0]} ",
        "a rare word": f"{VOCABULARY[25_000]} ",
        "common and middling": f"{VOCABULARY[0]} {VOCABULARY[300]} ",
        "a word's beginning": VOCABULARY[300][:3],
        "one letter": "a",
        "commonest, as beginning": VOCABULARY[0],
        "a word nobody used": "0 ",
        "somebody with nothing": f"{VOCABULARY[0]} ",
    }
    for name, query in queries.items():
        owner = "bob" if name.startswith("somebody") else OWNER
        cost = await median_ms(lambda owner=owner, query=query: store.search(owner, query, limit=20), 9)  # type: ignore[misc]  # bound at once
        print(f"search {name:<24} {cost:8.2f} ms")


async def report_deletion(store: SqliteStore) -> None:
    made = conversation()
    await fill(store, made, 1000)
    cost = await median_ms(lambda: store.delete_conversation(OWNER, made.id), 1)
    print(f"deleting     1,000 messages  {cost:8.0f} ms")


def report_starts(path: Path) -> None:
    for name, target in {"a new file": None, "this file": path}.items():
        times = []
        for n in range(9):
            file = target or path.with_name(f"new{n}.db")
            code = START.replace("PATH", repr(str(file)))
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            times.append(float(done.stdout))
        print(f"import, open, begin: {name:<11} {statistics.median(times):8.2f} ms")


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chatops.db"
        store = await SqliteStore.open(path)
        print(f"appends, 50 at once          {await appends_per_second(store):8,.0f} a second")
        large = conversation()
        seconds = await fill(store, large, count)
        print(f"import of {count:>9,} messages  {seconds / count * 1e6:8.0f} us each")
        print(f"appends, 50 at once          {await appends_per_second(store):8,.0f} a second")
        await report_turns(store, large, count)
        await report_searches(store)
        await report_deletion(store)
        await store.aclose()
        print(f"size of the file             {path.stat().st_size / 1e6:8,.0f} MB")
        report_starts(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    asyncio.run(main(parser.parse_args().messages))
