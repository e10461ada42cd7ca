"""A process that uses up limits; run by the tests as `python meter_process.py DATABASE MODE ...`.

It opens the database, says that it is ready, and waits for a line on standard input.
`rates KEY COUNT TRIES` tries a rate of COUNT a day and prints how often it passed.
"""

import asyncio
import sys

from chatops.bootstrap import open_meter, open_store
from chatops.engine.ids import now_ms
from chatops.engine.limits.ports import Rate, RateStore


async def rates(meter: RateStore, key: str, count: str, tries: str) -> None:
    rate = Rate(count=int(count), seconds=86_400)
    waits = await asyncio.gather(*(meter.hit(key, rate, now=now_ms()) for _ in range(int(tries))))
    print(waits.count(0), flush=True)  # noqa: T201 - this is how it tells the test


async def main(database: str, mode: str, *args: str) -> None:
    assert mode == "rates"
    store = await open_store(database)
    print("ready", flush=True)  # noqa: T201 - likewise
    await asyncio.to_thread(sys.stdin.readline)
    await rates(open_meter(store), *args)
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
