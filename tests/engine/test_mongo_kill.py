"""chatops dies under running turns on MongoDB: what was acknowledged is there, and every conversation goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from builders import begin, finished
from chatops.engine.ids import now_ms
from chatops.engine.journals import LEASE_MS
from chatops.engine.stores.mongo import MongoStore

HERE = Path(__file__).parent
TURNS = 50
PROMPT = "all of this is said again and again"
ANSWER = " ".join([PROMPT] * 20_000)
BATCHES = 400
"""Said by the process before it is killed: each turn has journalled several times."""


def until_killed(uri: str) -> Iterator[list[str]]:
    """What the process said, line by line, in words; it is killed in the midst of it."""
    folders = [HERE, HERE.parent, HERE.parents[1] / "src"]
    process = subprocess.Popen(
        [sys.executable, HERE / "turns_process.py", uri, str(TURNS), PROMPT],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
    )
    assert process.stdout is not None
    with process, process.stdout as lines:
        for _ in range(BATCHES):
            yield next(lines).split()
        process.send_signal(signal.SIGKILL)
        rest = lines.read().splitlines()
    yield from (line.split() for line in rest[:-1])  # the last line may be cut


@pytest.mark.slow
async def test_a_kill_under_fifty_turns_loses_nothing_that_was_acknowledged(mongo_uri: str) -> None:
    begun: dict[str, str] = {}
    kept: dict[str, int] = {}
    for kind, turn_id, said in until_killed(mongo_uri):
        if kind == "begun":
            begun[turn_id] = said
        else:
            kept[turn_id] = int(said)
    store = await MongoStore.open(mongo_uri, driver="pymongo", clock=lambda: now_ms() + LEASE_MS)

    assert (len(begun), len(kept)) == (TURNS, TURNS)
    for turn_id, conversation_id in begun.items():
        question, answer = await store.messages("ann", conversation_id, limit=9)
        assert (question.text, question.status) == (PROMPT, "complete")
        assert (answer.id, answer.status) == (turn_id, "interrupted")
        assert ANSWER.startswith(answer.text)
        assert len(answer.text) >= kept[turn_id] > 0
        made = await store.conversation("ann", conversation_id)
        assert made.leaf_id == turn_id
        again = await begin(store, lambda: now_ms() + LEASE_MS, made, "go on")
        await store.finish_turn(finished(again, "a new answer"))
        assert replace(made, leaf_id=again.id) == await store.conversation("ann", conversation_id)
    assert len(await store.search("ann", "a new answer", limit=99)) == TURNS
    await store.aclose()
