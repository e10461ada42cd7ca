"""A process that runs N turns on MongoDB until it is killed: `python turns_process.py URI N PROMPT`.

It prints each thing after the store has acknowledged it: `begun TURN CONVERSATION`, then `kept TURN CHARACTERS` for
what is journalled of its answer so far.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping
from typing import ClassVar

from chatops.engine.messages import Principal
from chatops.engine.models import Catalog, ModelSpec
from chatops.engine.ports import Delta
from chatops.engine.providers.echo import EchoProvider
from chatops.engine.requests import TurnRequest
from chatops.engine.service import Engine
from chatops.engine.stores.mongo import MongoStore
from chatops.engine.turnlogs.memory import MemoryTurnLog

ANN = Principal(user_id="ann")


class TellingStore(MongoStore):
    """The real store, which says what it has acknowledged."""

    kept: ClassVar[Counter[str]] = Counter()

    async def append_deltas(self, batches: Mapping[str, Delta], *, lease_expires_at: int) -> list[str]:
        gone = await super().append_deltas(batches, lease_expires_at=lease_expires_at)
        for message_id, delta in batches.items():
            self.kept[message_id] += len(delta.text)
            say(f"kept {message_id} {self.kept[message_id]}")
        return gone


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is how it tells the test


async def main(uri: str, count: str, prompt: str) -> None:
    store = await TellingStore.open(uri)
    providers = {"echo": EchoProvider()}
    spec = ModelSpec(id="echo:plain-d5-n100000", context=10**6)
    engine = Engine(
        store=store,
        providers=providers,
        catalog=Catalog(providers=providers, default=spec.id, specs=[spec]),
        turn_log=MemoryTurnLog(),
    )

    async def turn() -> None:
        begun = await engine.start_turn(ANN, TurnRequest(text=prompt))
        say(f"begun {begun.id} {begun.conversation.id}")

    await asyncio.gather(*(turn() for _ in range(int(count))))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
