"""The promise, with real processes: what was shown is what is stored, whatever ends the program."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from program import Program

PROMPT = " ".join(f"word{n}" for n in range(400))
SLOW = "echo:plain-d1"
BATCH = 1024 + 250 * len("word399 ")
"""The most that may be missing: a batch that is full, and 250 ms of an answer of one word in 1 ms."""
KILLS = 20


def start(program: Program, *args: str, model: str = SLOW) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        program.command("ask", "-m", model, *args, PROMPT),
        env=program.env,
        cwd=program.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def read_at_least(process: subprocess.Popen[bytes], size: int) -> bytes:
    assert process.stdout is not None
    seen = b""
    while len(seen) < size:
        chunk = os.read(process.stdout.fileno(), 65536)
        assert chunk, "the answer ended too early for this test"
        seen += chunk
    return seen


def rest(process: subprocess.Popen[bytes]) -> tuple[str, str]:
    out, err = process.communicate(timeout=30)
    return out.decode(), err.decode()


def conversations(program: Program) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(program.run("history", "ls", "--json").out)
    return listed


def last_answer(program: Program) -> dict[str, Any]:
    shown = json.loads(program.run("history", "show", conversations(program)[0]["id"], "--json").out)
    message: dict[str, Any] = shown["messages"][-1]
    return message


def expire_leases(program: Program) -> None:
    """Makes the dead process's lease run out now instead of in 15 seconds."""
    with sqlite3.connect(program.home / "chatops.db") as db:
        db.execute("UPDATE runs SET lease_expires_at = 1 WHERE lease_expires_at IS NOT NULL")
    db.close()


@pytest.mark.slow
def test_kill_9_at_any_moment_loses_at_most_one_batch(tmp_path: Path) -> None:
    program = Program(tmp_path)
    moments = random.Random(2026)  # noqa: S311 - a repeatable choice, no secret
    for _ in range(KILLS):
        process = start(program)
        shown = read_at_least(process, moments.randrange(1, len(PROMPT) * 3 // 4))
        process.kill()
        out, _err = rest(process)
        printed = shown.decode() + out
        expire_leases(program)

        answer = program.last_message()
        assert (answer.role, answer.status) == ("assistant", "interrupted")
        assert answer.error is not None
        assert answer.error.code == "abandoned"
        assert printed.startswith(answer.text)
        assert len(printed) - len(answer.text) <= BATCH

    assert len(conversations(program)) == KILLS
    again = program.run("ask", "-c", "-m", "echo:plain", "go on")
    assert (again.code, again.out) == (0, "go on\n")


def test_a_conversation_whose_turn_was_killed_goes_on_when_its_lease_ran_out(tmp_path: Path) -> None:
    program = Program(tmp_path)
    process = start(program)
    read_at_least(process, 1)
    process.kill()
    rest(process)
    waiting = start(program, "-c", model="echo:plain")
    assert waiting.stderr is not None
    assert b"waiting for its end" in waiting.stderr.readline()
    expire_leases(program)

    out, _err = rest(waiting)
    assert (waiting.returncode, out) == (0, PROMPT + "\n")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_a_signal_keeps_exactly_what_was_printed(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    program = Program(tmp_path)
    process = start(program)
    printed = read_at_least(process, 100)
    process.send_signal(sent)
    out, err = rest(process)

    assert process.returncode == code
    assert "kept" in err
    assert "Traceback" not in err
    answer = last_answer(program)
    assert (answer["status"], answer["error"]["code"]) == ("interrupted", "stopped")
    assert printed.decode() + out == answer["text"] + "\n"


def test_ctrl_c_prints_the_partial_also_where_the_answer_is_printed_at_its_end(tmp_path: Path) -> None:
    program = Program(tmp_path)
    process = start(program, "--json")
    begun = time.monotonic() + 20
    while not (batches(program) or time.monotonic() > begun):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, _err = rest(process)

    assert process.returncode == 130
    printed = json.loads(out)
    answer = last_answer(program)
    assert (printed["status"], printed["text"]) == ("interrupted", answer["text"])
    assert printed["text"].startswith("word0 ")


def batches(program: Program) -> bool:
    """Whether something of an answer is stored."""
    file = program.home / "chatops.db"
    if not file.exists():
        return False
    with closing(sqlite3.connect(file)) as database:
        made = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'deltas'").fetchone()
        return bool(made and database.execute("SELECT 1 FROM deltas LIMIT 1").fetchone())


def test_a_reader_that_leaves_is_no_error_and_loses_nothing(tmp_path: Path) -> None:
    program = Program(tmp_path)
    process = start(program)
    printed = read_at_least(process, 100)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        err = process.stderr.read()
    process.wait(30)

    assert (process.returncode, err) == (141, b"")
    answer = last_answer(program)
    assert answer["status"] == "interrupted"
    assert answer["text"].startswith(printed.decode())


def test_an_answer_cut_by_the_provider_is_printed_stored_and_told(tmp_path: Path) -> None:
    program = Program(tmp_path)
    done = program.run("ask", "-m", "echo:plain-cut2", "one two three")

    assert (done.code, done.out) == (6, "one two\n")
    assert done.err.startswith("chatops: error: ")
    assert last_answer(program)["status"] == "failed"


@pytest.mark.slow
def test_processes_asking_at_once_on_one_file_lose_nothing(tmp_path: Path) -> None:
    program = Program(tmp_path)
    rounds, at_once = 3, 4
    for _ in range(rounds):
        running = [start(program, model="echo:plain") for _ in range(at_once)]
        for process in running:
            out, err = rest(process)
            assert (process.returncode, out, err) == (0, PROMPT + "\n", "")

    found = conversations(program)
    assert len(found) == rounds * at_once
    for conversation in found:
        shown = json.loads(program.run("history", "show", conversation["id"], "--json").out)
        assert [(m["text"], m["status"]) for m in shown["messages"]] == [(PROMPT, "complete")] * 2


def test_nothing_is_stored_when_the_database_cannot_be_used_and_no_provider_is_called(tmp_path: Path) -> None:
    (tmp_path / "chatops.db").write_bytes(b"this is no database, but it is longer than a header" * 100)
    done = Program(tmp_path).run("ask", "-m", "echo:plain", "hello")

    assert (done.code, done.out) == (7, "")
    assert str(tmp_path / "chatops.db") in done.err
