"""A server of this machine does the work of the programs beside it, and nobody can tell but by the time it takes."""

import asyncio
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from program import Done, Program
from serving import Serving, serving


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, CHATOPS_MODEL="echo:plain")


async def run(program: Program, *args: str, stdin: str = "") -> Done:
    return await asyncio.to_thread(lambda: program.run(*args, stdin=stdin))


async def asked(server: Serving) -> int:
    """Ends the server; how many turns it was asked for."""
    server.process.send_signal(signal.SIGCONT)
    server.process.send_signal(signal.SIGTERM)
    return (await server.rest()).count("route=/api/chat status=")


_DIFFERING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9T:.-]{23}Z")
COMMANDS = (
    ("ask", "hello there"),
    ("ask", "--json", "-c", "again"),
    ("ask", "-m", "echo:plain-cut1", "one two three"),
    ("ask", "-m", "nobody:x", "hi"),
    ("ask", "--no-log", "-u", "not kept"),
    ("history", "ls"),
    ("history", "search", "hello"),
    ("usage", "--by", "surface"),
)


def told(done: Done) -> tuple[int, str, str]:
    """What a command ended with, without what no two runs have in common."""
    return done.code, _DIFFERING.sub("...", done.out), done.err


async def test_commands_say_the_same_with_a_server_beside_them_which_does_the_work(tmp_path: Path) -> None:
    for name in ("cold", "warm"):
        (tmp_path / name).mkdir()
    cold, warm = (Program(tmp_path / name, CHATOPS_MODEL="echo:plain") for name in ("cold", "warm"))

    alone = [told(await run(cold, *command)) for command in COMMANDS]
    async with serving(warm) as server:
        beside = [told(await run(warm, *command)) for command in COMMANDS]
        # Where somebody else knows nothing, the work is done here: other settings, or a log that is wanted.
        for env in ({"CHATOPS_MODEL": "echo:plain-n2"}, {"OPENAI_API_KEY": "x"}, {"CHATOPS_SERVER": "local"}):
            other = Program(warm.home)
            other.env = {**warm.env, **env}
            assert (await run(other, "ask", "one two")).code == 0
        assert "turn" in (await run(warm, "ask", "-v", "one two")).err
        assert (await run(warm, "ask", "--dry-run", "one two")).code == 0
        count = await asked(server)

    assert alone == beside
    assert count == 4


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_server_that_is_dead_or_hangs_is_passed_over_in_silence(program: Program, end: signal.Signals) -> None:
    async with serving(program) as server:
        server.process.send_signal(end)
        if end == signal.SIGKILL:
            await server.process.wait()
        (link,) = (program.home / "state" / "servers").iterdir()
        assert link.is_symlink()

        done = await run(program, "ask", "hello")

    assert (done.code, done.out, done.err) == (0, "hello\n", "")


async def test_the_announcement_goes_with_the_server_and_others_may_not_open_the_socket(program: Program) -> None:
    folder = program.home / "state" / "servers"
    async with serving(program) as server:
        (link,) = folder.iterdir()
        link.resolve().chmod(0o666)
        assert (await run(program, "ask", "hello")).out == "hello\n"
        assert await asked(server) == 0

    assert list(folder.iterdir()) == []


async def test_a_session_goes_on_when_the_server_goes(program: Program) -> None:
    async with serving(program) as server:
        session = await asyncio.create_subprocess_exec(
            *program.command("chat"),
            env=program.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert session.stdin is not None
        assert session.stdout is not None
        session.stdin.write(b"first question\n")
        assert await session.stdout.readline() == b"first question\n"
        assert await asked(server) == 1

        session.stdin.write(b"second question\n/branches\n/context\n")
        session.stdin.write_eof()
        out, err = await session.communicate()

    assert session.returncode == 0, err
    assert b"second question" in out
    assert b"4 messages" in out
    listed = json.loads((await run(program, "history", "ls", "--json")).out)
    assert len(listed) == 1


async def test_ctrl_c_keeps_what_was_shown_and_leaves_no_turn_behind(program: Program) -> None:
    async with serving(program) as server:
        process = await asyncio.create_subprocess_exec(
            *program.command("ask", "-m", "echo:plain-d20", "word " * 500),
            env=program.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        shown = await process.stdout.readexactly(20)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
        assert process.returncode == 130
        assert b"kept" in err
        message = await asyncio.to_thread(program.last_message)
        assert (message.status, message.error and message.error.code) == ("interrupted", "stopped")
        assert message.text.startswith(shown.decode())
        assert message.text.startswith((shown + out).decode().rstrip())
        assert await asked(server) == 1


def test_what_an_answer_depends_on_makes_another_place(tmp_path: Path) -> None:
    from chatops.local_server import place
    from chatops.settings import load

    def of(**env: str) -> Path:
        env = {"CHATOPS_HOME": str(tmp_path), **env}
        return place(load(env, tmp_path), env)

    plain = of()
    assert plain == of(CHATOPS_SYSTEM="be brief", CHATOPS_RENDER="never", EDITOR="vi")
    others = [
        of(CHATOPS_MODEL="echo:plain"),
        of(CHATOPS_DATABASE="sqlite:///other.db"),
        of(OPENAI_API_KEY="made-up"),
        of(OPENAI_BASE_URL="http://127.0.0.1/v1"),
        of(HTTPS_PROXY="http://proxy"),
    ]
    (tmp_path / "keys.json").write_text("{}")
    others.append(of())
    assert len({plain, *others}) == 1 + len(others)
    assert "made-up" not in os.fspath(others[2])


async def test_what_a_dead_server_announced_does_not_lead_to_one_with_other_settings(program: Program) -> None:
    async with serving(program) as first:
        first.process.kill()
        await first.process.wait()
    (link,) = (program.home / "state" / "servers").iterdir()
    other = Program(program.home, CHATOPS_MODEL="echo:plain-n2")
    async with serving(other) as second:
        assert not link.is_symlink()
        link.symlink_to(program.home / "state" / "chatops.sock")  # as if it could not be taken away

        assert (await run(program, "ask", "one two three")).out == "one two three\n"
        assert (await run(other, "ask", "one two three")).out == "one two\n"
        assert await asked(second) == 1
