"""Several processes on one file, and processes that die."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chatops.engine.stores.sqlite import SqliteStore

HERE = Path(__file__).parent


def start(mode: str, path: Path, number: int = 0) -> subprocess.Popen[str]:
    """A writer that is ready to go."""
    folders = [HERE.parents[1], HERE.parents[2] / "src"]
    process = subprocess.Popen(
        [sys.executable, HERE / "writer_process.py", mode, path, str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


@pytest.mark.slow
async def test_processes_that_make_and_write_one_file_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "chatops.db"
    processes = [start("turns", path, number) for number in range(4)]
    go(*processes)
    outcomes = [await asyncio.to_thread(process.communicate) for process in processes]

    assert [(process.returncode, stderr) for process, (_, stderr) in zip(processes, outcomes, strict=True)] == [
        (0, "")
    ] * 4
    store = await SqliteStore.open(path)
    shared = await store.messages("ann", "shared", limit=99)
    ids = await store.conversation_ids("ann", "own-", limit=999)
    own = [message for id_ in ids for message in await store.messages("ann", id_, limit=9)]
    found = await store.search("ann", "whole answer", limit=999)
    await store.aclose()

    assert [message.seq for message in shared] == list(range(1, 41))
    assert len(own) == 200
    answers = {message.id for message in [*own, *shared] if message.role == "assistant"}
    assert {message.status for message in [*own, *shared]} == {"complete"}
    assert {hit.message.id for hit in found} == answers


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(3))
async def test_a_killed_process_loses_nothing_that_was_acknowledged(tmp_path: Path, round_: int) -> None:
    path = tmp_path / "chatops.db"
    process = start("forever", path, round_)
    go(process)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline() for _ in range(200 * (round_ + 1))]
    process.send_signal(signal.SIGKILL)
    # Not `communicate`: that reads past what `readline` has taken ahead. The last line may be cut.
    acknowledged += process.stdout.read().splitlines()[:-1]
    process.communicate()
    last = {id_: int(n) for id_, n in (line.split() for line in acknowledged)}
    with closing(sqlite3.connect(path)) as db:
        verdict = db.execute("PRAGMA integrity_check").fetchone()[0]
    store = await SqliteStore.open(path)
    texts = {id_: (await store.message("ann", id_)).text for id_ in last}
    await store.aclose()

    assert verdict == "ok"
    assert len(texts) == 8
    for id_, n in last.items():
        journalled = texts[id_].split(",")[:-1]
        assert journalled == [str(batch) for batch in range(1, len(journalled) + 1)]
        assert len(journalled) >= n


def test_a_program_that_forgets_to_close_exits_all_the_same(tmp_path: Path) -> None:
    process = start("careless", tmp_path / "chatops.db")
    go(process)

    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 0


def test_importing_the_store_loads_nothing_heavy() -> None:
    code = (
        "import asyncio, sys; import chatops.engine.stores.sqlite;"
        " print({'pathlib', 'uuid', 'pydantic', 'hashlib', 'tempfile', 'openai'} & sys.modules.keys())"
    )
    process = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[2] / "src")},
    )

    assert process.stdout == "set()\n"
