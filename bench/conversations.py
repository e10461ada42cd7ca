"""What a turn costs in a short conversation and in a very long one.

A turn reads history until the model's window is full. So like is held against like: conversations that fill a small
window, or a large one. What a full large window costs beside ten messages is shown too; it is the window's price, and
no length of history changes it. `ROUNDS` says how often.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from chatops.bootstrap import open_engine
from chatops.engine.events import TextDelta
from chatops.engine.ids import new_id, now_ms
from chatops.engine.messages import LOCAL_OWNER, Conversation, Message, Principal, TextPart
from chatops.engine.requests import TurnRequest
from chatops.engine.service import Engine
from chatops.engine.stores.sqlite import SqliteStore
from chatops.engine.window import count_tokens
from chatops.sections import ModelSettings
from chatops.settings import load
from measure import CHATOPS, Figure, Run, home_environment, in_turn, ratios, rounds, run, show

ME = Principal(user_id=LOCAL_OWNER)
SHORT, MIDDLE, LONG = SIZES = (10, 1_000, 100_000)
TEXT = "What people say to one another in a long conversation about nothing much, sixty words or so. " * 4
PROMPT = "alpha and so on to omega"
WINDOWS = {"echo:small": 2_048, "echo:large": 128_000}
"""The first is the embedded model's: ten of these messages fill it. 1,000 fill the second."""
TURNS_A_ROUND = 5
Times = dict[tuple[str, int], list[float]]


async def fill(home: Path, size: int) -> None:
    """Makes a database with one conversation of `size` messages."""
    now, parts = now_ms(), (TextPart(text=TEXT),)
    made = Conversation(id=new_id(), owner_id=LOCAL_OWNER, title="t", created_at=now, updated_at=now)
    ids = [new_id() for _ in range(size)]
    messages = [
        Message(
            id=id_,
            conversation_id=made.id,
            role="user" if seq % 2 else "assistant",
            parts=parts,
            tokens=count_tokens(parts),
            created_at=now,
            seq=seq,
            parent_id=parent_id,
        )
        for seq, (id_, parent_id) in enumerate(zip(ids, [None, *ids], strict=False), 1)
    ]
    store = await SqliteStore.open(home / "chatops.db")
    try:
        for start in range(0, size, 1000):
            await store.add_messages(LOCAL_OWNER, messages[start : start + 1000])
        await store.add_conversation(replace(made, leaf_id=ids[-1]))
    finally:
        await store.aclose()


async def first_token(engine: Engine, request: TurnRequest) -> float:
    """Milliseconds from the request to the first word, in this process; the turn is then run to its end."""
    begun = time.perf_counter()
    async with engine.turn(ME, request) as events:
        moments = [time.perf_counter() async for _, event in events if isinstance(event, TextDelta)]
    return (moments[0] - begun) * 1000


async def in_process(homes: dict[int, Path], count: int) -> Times:
    """Times to the first token by window and length, by turns; a first round only warms up."""
    times: Times = {arm: [] for arm in itertools.product(WINDOWS, SIZES)}
    models = {name: ModelSettings(context=context) for name, context in WINDOWS.items()}
    async with AsyncExitStack() as stack:
        engines: dict[int, Engine] = {}
        for size, home in homes.items():
            env = home_environment(home)
            settings = replace(load(env, home), models=models)
            engines[size] = await stack.enter_async_context(open_engine(settings, env=env))
        ids = {size: (await engine.history.conversations(ME, limit=1))[0].id for size, engine in engines.items()}
        for _ in range(count + 1):
            for model, size in times:
                request = TurnRequest(text=PROMPT, conversation_id=ids[size], model=model)
                times[model, size].append(await first_token(engines[size], request))
    return {arm: each[1:] for arm, each in times.items()}


def as_process(homes: dict[int, Path], count: int) -> dict[int, list[Run]]:
    """`chatops ask -c` in each of the conversations, by turns."""
    command = [CHATOPS, "ask", "-c", "-m", "echo:plain", PROMPT]
    arms = {size: partial(run, command, home_environment(home), first="alpha") for size, home in homes.items()}
    return in_turn(arms, count)


def engine_figures(times: Times) -> list[Figure]:
    small, large = WINDOWS
    return [
        Figure("10 messages", times[small, SHORT], "ms"),
        Figure("100,000 / 10, both fill a window of 2,048", ratios(times[small, LONG], times[small, SHORT]), most=1.2),
        Figure("100,000 / 1,000, both fill one of 128,000", ratios(times[large, LONG], times[large, MIDDLE]), most=1.2),
        Figure("100,000 / 10, window of 128,000: 800 more read", ratios(times[large, LONG], times[large, SHORT])),
    ]


def program_figures(runs: dict[int, list[Run]]) -> list[Figure]:
    first = {size: [one.first for one in each] for size, each in runs.items()}
    memory = {size: [one.memory for one in each] for size, each in runs.items()}
    return [
        Figure("10 messages", first[SHORT], "ms"),
        Figure("100,000 / 10", ratios(first[LONG], first[SHORT]), most=1.2),
        Figure("100,000 / 1,000", ratios(first[LONG], first[MIDDLE]), most=1.2),
        Figure("peak memory, 10 messages", memory[SHORT], "MB"),
        Figure("peak memory, 100,000 / 10", ratios(memory[LONG], memory[SHORT]), most=1.2),
    ]


def main() -> None:
    count = rounds(9)
    with tempfile.TemporaryDirectory() as folder:
        homes = {size: Path(folder, str(size)) for size in SIZES}
        for size, home in homes.items():
            home.mkdir()
            asyncio.run(fill(home, size))
        times = asyncio.run(in_process(homes, count * TURNS_A_ROUND))
        runs = as_process(homes, count)
    show("First token by length of conversation, in the engine", engine_figures(times))
    show("The same, chatops ask -c, window of 128,000", program_figures(runs))


if __name__ == "__main__":
    main()
