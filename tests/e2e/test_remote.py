"""The command line on a server in a process of its own: the same output and exit codes as without one."""

import asyncio
import json
import re
import signal
import socket
import stat
import subprocess
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from program import Program
from remote import EMAIL, PASSWORD, fine, home, serving


@pytest.fixture
def owner(tmp_path: Path) -> Program:
    """The server's machine."""
    return home(tmp_path / "server")


@pytest.fixture
def open_url(owner: Program) -> Generator[str]:
    with serving(owner, "--no-login") as url:
        yield url


def bare(text: str) -> Any:
    """A JSON object without what no two runs have in common."""
    differing = {"id", "parent_id", "conversation_id", "created_at"}
    return {key: value for key, value in json.loads(text).items() if key not in differing}


def test_ask_prints_through_a_server_what_it_prints_without_one(tmp_path: Path, open_url: str) -> None:
    here, there = home(tmp_path / "here"), home(tmp_path / "there", server=open_url)

    assert fine(here.run("ask", "hello there")) == fine(there.run("ask", "hello there"))
    assert bare(fine(here.run("ask", "--json", "hi"))) == bare(fine(there.run("ask", "--json", "hi")))
    ours, theirs = (fine(one.run("ask", "--jsonl", "hi")).splitlines() for one in (here, there))
    types = [[json.loads(line)["type"] for line in lines] for lines in (ours, theirs)]
    assert types[0] == types[1]
    assert not (there.home / "chatops.db").exists()


def test_history_usage_and_scripts_work_on_the_server(tmp_path: Path, owner: Program, open_url: str) -> None:
    there = home(tmp_path / "there", server=open_url)
    fine(there.run("ask", "the sky is blue"))
    fine(there.run("ask", "-c", "and the sea"))
    fine(there.run("chat", "a script", stdin="one\ntwo\n"))

    listed = json.loads(fine(there.run("history", "ls", "--json")))
    assert [one["title"] for one in listed] == ["a script", "the sky is blue"]
    id_ = listed[1]["id"]
    exports = [["export", id_], ["export", "--all"], ["export", id_, "--format", "html"]]
    for command in (["ls", "--json"], ["show", "--json", id_], ["show", id_], *exports):
        assert fine(owner.run("history", *command)) == fine(there.run("history", *command)), command
    fine(there.run("chat", "--cid", id_, stdin="/export archive talk.zip\n"))
    fine(owner.run("history", "export", id_, "--out", "talk.zip"))
    assert (owner.home / "talk.zip").read_bytes() == (there.home / "talk.zip").read_bytes()
    found = fine(there.run("history", "search", "--json", "sea"))
    assert len(json.loads(found)) == 2
    assert found == fine(owner.run("history", "search", "--json", "sea"))
    assert fine(there.run("history", "show", id_[:23])) == fine(there.run("history", "show", id_))
    fine(there.run("history", "rename", id_, "colours"))
    assert json.loads(fine(owner.run("history", "show", "--json", id_)))["title"] == "colours"
    for options in (["--json"], ["--by", "user"]):
        assert fine(owner.run("usage", *options)) == fine(there.run("usage", *options))
    fine(there.run("history", "rm", "--yes", id_))
    assert there.run("history", "show", id_).code == 2


ENDINGS = {
    ("--cid", "none-such", "hi"): 2,
    ("-m", "nobody:x", "hi"): 2,
    ("-m", "echo:plain-500", "one two three"): 4,
    ("-m", "echo:plain-429", "one two three"): 5,
    ("-m", "echo:plain-401", "one two three"): 3,
    ("-m", "echo:plain-cut1", "one two three"): 6,
    ("-x", "no code"): 8,
    ("--no-log", "a", "b"): 0,
    ("-m", "echo:plain-500", "--fallback", "echo:plain", "a b"): 0,
    ("-o", "seed=7", "-o", "stop=END", "--timeout", "9", "--max-cost", "1", "hi"): 0,
}


def test_errors_end_with_the_codes_that_they_have_here(tmp_path: Path, open_url: str) -> None:
    there = home(tmp_path / "there", server=open_url)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        gone = f"http://127.0.0.1:{unused.getsockname()[1]}"

    assert there.run("ask", "--server", gone, "hi").code == 6
    assert there.run("ask", "--server", "http://chat.example.org", "hi").code == 2
    assert there.run("ask", "--dry-run", "hi").code == 2
    here = home(tmp_path / "here")
    for args, code in ENDINGS.items():
        ours, theirs = (one.run("ask", *args) for one in (here, there))
        assert (ours.code, theirs.code) == (code, code), (args, ours, theirs)
        assert ours.out == theirs.out, args
        assert ours.err == theirs.err, args
    assert fine(there.run("ask", "--server", "local", "hi")) == "hi\n"


def test_a_stopped_answer_is_kept_on_the_server(tmp_path: Path, owner: Program, open_url: str) -> None:
    there = home(tmp_path / "there", server=open_url)
    with subprocess.Popen(
        there.command("ask", "-m", "echo:plain-d20", "word " * 500),
        env=there.env,
        cwd=there.cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.read(20)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
        assert process.returncode == 130, told
    message = owner.last_message()
    assert message.status == "interrupted"
    assert message.text.startswith("word word")


@pytest.fixture
def accounts_url(owner: Program) -> Generator[str]:
    fine(owner.run("users", "add", EMAIL, "--name", "Ada", stdin=f"{PASSWORD}\n"))
    with serving(owner) as url:
        yield url


def test_a_sign_in_is_private_and_lasts_until_it_is_ended(tmp_path: Path, accounts_url: str) -> None:
    there = home(tmp_path / "there")
    assert there.run("ask", "--server", accounts_url, "hi").code == 3
    assert there.run("login", accounts_url, "--email", EMAIL, stdin="wrong\n").code == 3
    fine(there.run("login", accounts_url, "--email", EMAIL, stdin=f"{PASSWORD}\n"))

    file = there.home / "state" / "signin.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert fine(there.run("whoami")).startswith(EMAIL)
    assert fine(there.run("ask", "hi")) == "hi\n"
    (line,) = json.loads(fine(there.run("usage", "--by", "user", "--json")))
    assert (line["user"], line["name"]) == ("local", "Ada")
    fine(there.run("logout"))
    assert not file.exists()
    assert "no server" in fine(there.run("whoami"))


async def _both(program: Program) -> list[int | None]:
    processes = [
        await asyncio.create_subprocess_exec(
            *program.command("whoami"), env=program.env, cwd=program.cwd, stdout=subprocess.DEVNULL
        )
        for _ in range(4)
    ]
    return [await process.wait() for process in processes]


def test_processes_that_renew_at_once_use_a_refresh_token_once(tmp_path: Path, accounts_url: str) -> None:
    there = home(tmp_path / "there")
    fine(there.run("login", accounts_url, "--email", EMAIL, stdin=f"{PASSWORD}\n"))
    file = there.home / "state" / "signin.json"
    before = json.loads(file.read_bytes())
    file.write_text(json.dumps({**before, "expires_at": int(time.time() * 1000)}))

    assert asyncio.run(_both(there)) == [0, 0, 0, 0]
    assert json.loads(file.read_bytes())["refresh_token"] != before["refresh_token"]
    assert fine(there.run("ask", "hi")) == "hi\n"


@asynccontextmanager
async def _cutting(url: str, cut: int) -> AsyncGenerator[tuple[int, list[bytes]], None]:
    """A relay to a server that breaks the first connection after `cut` bytes of an answer: its port, and the requests
    it saw.
    """
    seen: list[bytes] = []
    relaying: set[asyncio.Task[None]] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, upstream = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        try:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            upstream.write(seen[-1])
            if length := re.search(rb"content-length: ([0-9]+)", seen[-1]):
                upstream.write(await reader.readexactly(int(length[1])))
            left = cut if len(seen) == 1 else 2**40
            while left > 0 and (data := await there.read(min(left, 65536))):
                writer.write(data)
                await writer.drain()
                left -= len(data)
        finally:
            upstream.transport.abort()
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relaying.add(asyncio.create_task(relay(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], seen
        for one in relaying:  # one whose connection is kept waits for what never comes
            one.cancel()
        await asyncio.gather(*relaying, return_exceptions=True)


@pytest.mark.parametrize("cut", [1, 400, 1500, 4000])
async def test_an_answer_whose_connection_breaks_is_read_on_to_its_end(
    tmp_path: Path, owner: Program, open_url: str, cut: int
) -> None:
    words = " ".join(map(str, range(100)))
    async with _cutting(open_url, cut) as (port, seen):
        there = home(tmp_path / "there", server=f"http://127.0.0.1:{port}")
        process = await asyncio.create_subprocess_exec(
            *there.command("ask", "-m", "echo:plain-d5", words),
            env=there.env,
            cwd=there.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        out, _ = await process.communicate()

    assert out.decode() == f"{words}\n"
    assert process.returncode == 0
    assert len(seen) >= 3  # broken, gone on with, and the stored message
    listed = await asyncio.to_thread(owner.run, "history", "ls", "--json")
    assert len(json.loads(listed.out)) == 1


def test_a_limit_of_the_server_ends_with_its_own_code(tmp_path: Path, owner: Program) -> None:
    (owner.home / "config.toml").write_text("[limits]\nrequests_per_minute = 1\n")
    fine(owner.run("users", "add", EMAIL, "--name", "Ada", stdin=f"{PASSWORD}\n"))
    there = home(tmp_path / "there")
    with serving(owner) as url:
        fine(there.run("login", url, "--email", EMAIL, stdin=f"{PASSWORD}\n"))
        fine(there.run("ask", "hi"))
        refused = there.run("ask", "hi")

    assert refused.code == 5, refused.err
    assert "try again in" in refused.err
