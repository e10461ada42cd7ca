"""What a turn leaves and asks for: the inputs of docs/scale.md. `TURNS` says how many (2,000 unless said).

Whole turns through the engine, ten to a conversation, twenty at once, with 150 words each way (about 2 kB of text);
the model is the echo, so that nothing but us and the database is measured. Sizes are those on disk, after a checkpoint.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from chatops.bootstrap import open_engine
from chatops.engine.messages import local_principal
from chatops.engine.requests import TurnRequest
from chatops.engine.service import Engine
from chatops.settings import load
from measure import Figure, home_environment, show
from store import CUMULATED, VOCABULARY, rng

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from peers.mongod import Mongod

ME = local_principal(source="api")
WORDS, A_CONVERSATION, AT_ONCE = 150, 10, 20
KIB, TICKS = 1024, os.sysconf("SC_CLK_TCK")


async def talk(engine: Engine) -> None:
    """One conversation."""
    conversation: str | None = None
    for _ in range(A_CONVERSATION):
        text = " ".join(rng.choices(VOCABULARY, cum_weights=CUMULATED, k=WORDS))
        turn = await engine.start_turn(ME, TurnRequest(text=text, conversation_id=conversation))
        conversation = turn.conversation.id
        async for _event in engine.attach(ME, turn.id):
            pass


async def turns(address: str, folder: Path, count: int) -> None:
    env = {**home_environment(folder), "CHATOPS_DATABASE": address}
    async with open_engine(load(env, folder), env=env) as engine:
        for _ in range(count // A_CONVERSATION // AT_ONCE):
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(talk(engine))


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def asked(client: MongoClient[dict[str, Any]]) -> dict[str, int]:
    counters: dict[str, int] = client.admin.command("serverStatus")["opcounters"]
    return counters


def main() -> None:
    count = int(os.environ.get("TURNS") or 2000)
    with tempfile.TemporaryDirectory() as name, closing(Mongod()) as mongod:
        folder = Path(name)
        begun = cpu_seconds(os.getpid())
        asyncio.run(turns(f"sqlite:///{folder / 'a.db'}", folder, count))
        show(
            "SQLite",
            [
                Figure("a turn on disk", [(folder / "a.db").stat().st_size / count / KIB], "KiB"),
                Figure("a turn's processor time", [(cpu_seconds(os.getpid()) - begun) / count * 1e3], "ms"),
            ],
        )
        mongod.start()
        with MongoClient[dict[str, Any]](mongod.uri()) as client:
            pid: int = client.admin.command("serverStatus")["pid"]
            before, ops, ours = cpu_seconds(pid), asked(client), cpu_seconds(os.getpid())
            asyncio.run(turns(mongod.uri("sizing"), folder, count))
            after, done, now = cpu_seconds(pid), asked(client), cpu_seconds(os.getpid())
            client.admin.command("fsync")
            size = client["sizing"].command("dbStats")
        show(
            "MongoDB, one member",
            [
                Figure("a turn's documents, packed", [size["storageSize"] / count / KIB], "KiB"),
                Figure("a turn's share of indexes", [size["indexSize"] / count / KIB], "KiB"),
                Figure("a turn's processor time in mongod", [(after - before) / count * 1e3], "ms"),
                Figure("a turn's processor time here", [(now - ours) / count * 1e3], "ms"),
                *(
                    Figure(f"a turn's {kind}s", [(done[kind] - ops[kind]) / count], "")
                    for kind in ("insert", "query", "update", "delete")
                ),
            ],
        )


if __name__ == "__main__":
    main()
