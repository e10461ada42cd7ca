"""A process that writes to a shared database; run by the tests as `python writer_process.py MODE FILE NUMBER`.

It says that it is ready, waits for a line on standard input, and then opens the file.
`turns` runs whole turns, some in a conversation that all processes share. `forever` journals until it is killed and
prints each batch after the store has acknowledged it. `careless` leaves without closing.
"""

import asyncio
import sys
from itertools import count

from builders import conversation, finished, turn
from chatops.engine.errors import ConflictError
from chatops.engine.ids import now_ms
from chatops.engine.messages import Message
from chatops.engine.ports import Delta, Store
from chatops.engine.stores.sqlite import SqliteStore

SHARED = conversation(id="shared", title="Shared")
LEASE = 60_000


async def begin(store: Store, conversation_id: str) -> Message:
    made = conversation(id=conversation_id)
    rows = await store.begin_turn("ann", made, turn(made.id), lease_expires_at=now_ms() + LEASE)
    return rows[-1]


async def whole_turn(store: Store, conversation_id: str) -> None:
    running = await begin(store, conversation_id)
    for n in range(1, 6):
        await store.append_deltas({running.id: Delta(n=n, text=f"{n} ")}, lease_expires_at=now_ms() + LEASE)
    await store.finish_turn(finished(running, f"whole answer {running.id}"))


async def turns(store: Store, number: str) -> None:
    for n in range(25):
        await whole_turn(store, f"own-{number}-{n}")
    done = 0
    while done < 5:
        try:
            await whole_turn(store, SHARED.id)
        except ConflictError:
            continue
        done += 1


async def journal(store: Store, conversation_id: str) -> None:
    running = await begin(store, conversation_id)
    for n in count(1):
        await store.append_deltas({running.id: Delta(n=n, text=f"{n},")}, lease_expires_at=now_ms() + LEASE)
        print(running.id, n, flush=True)  # noqa: T201 - this is how it tells the test


async def main(mode: str, path: str, number: str) -> None:
    store = await SqliteStore.open(path)
    if mode == "turns":
        await turns(store, number)
        await store.aclose()
    elif mode == "forever":
        await asyncio.gather(*(journal(store, f"{number}-{n}") for n in range(8)))
    else:
        pending = asyncio.ensure_future(begin(store, number))
        await asyncio.sleep(0)
        pending.cancel()


if __name__ == "__main__":
    print("ready", flush=True)  # noqa: T201 - likewise
    sys.stdin.readline()
    asyncio.run(main(*sys.argv[1:]))
