"""What size costs: listing, opening, searching, the first token and a whole turn, in a large database and a small one.

On each store. `MESSAGES` in the environment or `--messages N` says how large: 1,000,000 is the promise, the default
keeps `make bench` short. The large database is then copied from one store into the other and back, and compared by its
hash.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, closing
from pathlib import Path

from chatops.bootstrap import open_engine, open_store
from chatops.engine.ids import new_id, now_ms
from chatops.engine.messages import LOCAL_OWNER, Conversation, Message, Principal, TextPart
from chatops.engine.ports import Store
from chatops.engine.requests import TurnRequest
from chatops.engine.service import Engine
from chatops.engine.window import count_tokens
from chatops.settings import load
from conversations import first_token
from measure import CHATOPS, Figure, home_environment, ratios, rounds, run, show

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from peers.mongod import Mongod

ME = Principal(user_id=LOCAL_OWNER)
SMALL = 1_000
LENGTH = 100
"""Messages of a conversation: the same in both databases, so that only the database's size differs; and the small one
has 10 conversations to list."""
AT_ONCE = 10
CALLS = 10
TURNS = 32
"""Run one after the other: their messages are indexed together at every sixteenth turn's end, on SQLite."""
TEXTS = ("the capital of France is Paris", "a rare word: {n}needle", "people say many things to one another")
Work = Callable[[Engine], Awaitable[object]]


async def fill(store: Store, messages: int) -> None:
    """Makes `messages` messages in conversations of `LENGTH`, `AT_ONCE` conversations in a call."""
    for first in range(0, messages // LENGTH, AT_ONCE):
        made = [_conversation(number) for number in range(first, min(first + AT_ONCE, messages // LENGTH))]
        await store.add_messages(LOCAL_OWNER, [row for _, rows in made for row in rows])
        await asyncio.gather(*(store.add_conversation(conversation) for conversation, _ in made))


def _conversation(number: int) -> tuple[Conversation, list[Message]]:
    id_, rows = new_id(), list[Message]()
    for seq in range(1, LENGTH + 1):
        parts = (TextPart(text=TEXTS[seq % 3].format(n=number)),)
        rows.append(
            Message(
                id=new_id(),
                conversation_id=id_,
                role="user" if seq % 2 else "assistant",
                parts=parts,
                tokens=count_tokens(parts),
                created_at=now_ms(),
                seq=seq,
                parent_id=rows[-1].id if rows else None,
            )
        )
    now = now_ms()
    conversation = Conversation(
        id=id_, owner_id=LOCAL_OWNER, title=f"Talk {number}", created_at=now, updated_at=now, leaf_id=rows[-1].id
    )
    return conversation, rows


async def _list(engine: Engine) -> object:
    return await engine.history.conversations(ME, limit=10)


async def _open(engine: Engine) -> object:
    (newest,) = await engine.history.conversations(ME, limit=1)
    return [message async for message in engine.history.branch(ME, newest)]


async def _search(engine: Engine, query: str) -> object:
    return await engine.history.search(ME, query, limit=20)


WORK: Mapping[str, Work] = {
    "list 10 conversations": _list,
    "open a conversation of 100 messages": _open,
    "search two common words": lambda engine: _search(engine, "capital France "),
    "search a common word's beginning": lambda engine: _search(engine, "cap"),
    "search a rare word": lambda engine: _search(engine, "3needle "),
    "search a rare word's beginning": lambda engine: _search(engine, "3needl"),
    "search a word that nobody used": lambda engine: _search(engine, "nothing "),
}
_WHOLE = "a whole turn"


async def _timed(work: Work, engine: Engine) -> float:
    """Milliseconds of one of `CALLS` calls: the shortest take a fifth of one, less than what else a machine does."""
    begun = time.perf_counter()
    for _ in range(CALLS):
        await work(engine)
    return (time.perf_counter() - begun) * 1000 / CALLS


async def _whole(engine: Engine) -> float:
    """Milliseconds of one of `TURNS` turns, each in a conversation of its own, from the request to its stored end."""
    begun = time.perf_counter()
    for _ in range(TURNS):
        await first_token(engine, TurnRequest(text="alpha"))
    return (time.perf_counter() - begun) * 1000 / TURNS


async def measure(small: str, large: str, folder: Path, count: int) -> list[Figure]:
    """Ratios of the large database to the small one, by turns."""
    times: dict[tuple[str, str], list[float]] = {}
    async with AsyncExitStack() as stack:
        engines = {}
        for address in (small, large):
            env = {**home_environment(folder), "CHATOPS_DATABASE": address}
            engines[address] = await stack.enter_async_context(open_engine(load(env, folder), env=env))
        newest = {address: (await engine.history.conversations(ME, limit=1))[0] for address, engine in engines.items()}
        for _ in range(count + 1):
            for address, engine in engines.items():
                for name, work in WORK.items():
                    times.setdefault((name, address), []).append(await _timed(work, engine))
                request = TurnRequest(text="alpha", conversation_id=newest[address].id)
                times.setdefault(("first token", address), []).append(await first_token(engine, request))
        for _ in range(count + 1):
            for address, engine in engines.items():
                times.setdefault((_WHOLE, address), []).append(await _whole(engine))
    names = [*WORK, "first token", _WHOLE]
    return [
        Figure(f"{name}, large / small", ratios(times[name, large][1:], times[name, small][1:]), most=1.5)
        for name in names
    ] + [Figure(f"{name}, large", times[name, large][1:], "ms") for name in names]


def copied(source: str, target: str, folder: Path) -> tuple[str, float, float]:
    """Copies in a process of its own; the hash of what it copied, seconds, megabytes."""
    done = run([CHATOPS, "db", "copy", source, target, "--json"], home_environment(folder))
    here, there = (
        json.loads(_output([CHATOPS, "db", "check", address, "--json"], folder)) for address in (source, target)
    )
    if here != there:
        raise RuntimeError(f"the copy differs: {here} {there}")
    return here["sha256"], done.end / 1000, done.memory


def _output(command: list[str], folder: Path) -> str:
    env = {**os.environ, **home_environment(folder)}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


async def _fill(address: str, messages: int) -> None:
    store = await open_store(address)
    try:
        await fill(store, messages)
    finally:
        await store.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=int(os.environ.get("MESSAGES") or 20_000))
    messages = parser.parse_args().messages
    with tempfile.TemporaryDirectory() as name, closing(Mongod()) as mongod:
        mongod.start()
        folder = Path(name)
        stores = {
            "SQLite": (f"sqlite:///{folder / 'small.db'}", f"sqlite:///{folder / 'large.db'}"),
            "MongoDB": (mongod.uri("small"), mongod.uri("large")),
        }
        for kind, (small, large) in stores.items():
            for address, size in ((small, SMALL), (large, messages)):
                asyncio.run(_fill(address, size))
            figures = asyncio.run(measure(small, large, folder, rounds(9)))
            show(f"{kind}: {messages:,} messages beside {SMALL:,}", figures)
        there = copied(stores["SQLite"][1], mongod.uri("copy"), folder)
        back = copied(mongod.uri("copy"), str(folder / "back.db"), folder)
        show(
            "db copy of the large database",
            [
                Figure("SQLite to MongoDB, messages a second", [messages / there[1]], ""),
                Figure("MongoDB to SQLite, messages a second", [messages / back[1]], ""),
                Figure("peak memory", [there[2], back[2]], "MB"),
                Figure("differences by hash", [float(there[0] != back[0])], "", most=0),
            ],
        )


if __name__ == "__main__":
    main()
