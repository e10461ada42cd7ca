"""One run: a cluster, people, faults, a verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from chaos import faults
from chaos.clients import Person
from chaos.cluster import Cluster
from chaos.verdict import Verdict, judge


async def chaos(
    folder: Path, *, people: int, clients: int, seconds: float, pause: float, tell: Callable[[str], None]
) -> Verdict:
    """`clients` ask at once, spread over `people` accounts, while parts of the cluster are killed for `seconds`."""
    cluster = Cluster(folder)
    try:
        tokens = await cluster.start(people)
        others = [f"http://127.0.0.1:{port}" for port in cluster.ports]
        everybody = [Person(cluster.nginx.url, tokens[n % people], f"p{n}", others) for n in range(clients)]
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for person in everybody:
                group.create_task(person.ask(stop))
            await asyncio.sleep(pause)
            done = await faults.in_turn(cluster, seconds, pause=pause, tell=tell)
            stop.set()
        tell(f"{done} faults; looking at what is stored")
        return await judge(cluster, [asked for person in everybody for asked in person.asked])
    finally:
        await cluster.close()
