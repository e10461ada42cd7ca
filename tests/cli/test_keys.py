"""`chatops keys`: where keys lie, in which order they are looked for, and that none is ever shown."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from program import Done, Program

KEY, OTHER = "sk-very-secret-123", "sk-other-456"
NO_RING = "keyring.backends.fail.Keyring"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, PYTHON_KEYRING_BACKEND=NO_RING)


@pytest.fixture
def ring(tmp_path: Path) -> Program:
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    program = Program(tmp_path, PYTHON_KEYRING_BACKEND="peers.ring.Ring")
    program.env["PYTHONPATH"] = os.pathsep.join([path, program.env["PYTHONPATH"]])
    return program


_CHUNK = {"choices": [{"index": 0, "delta": {"content": "yes"}, "finish_reason": "stop"}]}


class _Guarded(BaseHTTPRequestHandler):
    """Lists its models to who has the key, and says yes to them."""

    def do_GET(self) -> None:
        self._answer(json.dumps({"data": [{"id": "m"}]}), "application/json")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer(f"data: {json.dumps(_CHUNK)}\n\ndata: [DONE]\n\n", "text/event-stream")

    def _answer(self, text: str, kind: str) -> None:
        right = KEY in self.headers.get("authorization", "")
        body = (text if right else json.dumps({"error": {"message": "bad key", "type": "x"}})).encode()
        self.send_response(200 if right else 401)
        self.send_header("content-type", kind if right else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def server() -> Generator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Guarded) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/v1"
        listening.shutdown()
        thread.join()


def sources(program: Program) -> dict[str, str | None]:
    done = program.run("keys", "ls", "--json")
    assert KEY not in str(done)
    return {item["provider"]: item["key"] for item in json.loads(done.out)}


def test_without_a_keyring_a_key_is_stored_in_a_file_for_its_owner_alone(program: Program) -> None:
    done = program.run("keys", "set", "openai", stdin=f"{KEY}\n")

    file = program.home / "keys.json"
    assert done == Done(0, "", f"stored in {file}\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text()) == {"openai": {"key": KEY}}
    assert sources(program) == {"openai": "file", "anthropic": None}
    assert program.run("models", "default").out.startswith("openai:")


def test_a_keyring_takes_the_key_and_the_file_only_says_so(ring: Program) -> None:
    assert ring.run("keys", "set", "openai", stdin=KEY) == Done(0, "", "stored in the keyring\n")

    assert json.loads((ring.home / "ring.json").read_text()) == {"chatops/openai": KEY}
    assert KEY not in (ring.home / "keys.json").read_text()
    assert sources(ring)["openai"] == "keyring"
    assert ring.run("keys", "set", "openai", "--file", stdin=OTHER).code == 0
    assert json.loads((ring.home / "ring.json").read_text()) == {}
    assert json.loads((ring.home / "keys.json").read_text()) == {"openai": {"key": OTHER}}


def test_a_keyring_that_refuses_is_told_when_it_was_asked_for(ring: Program) -> None:
    ring.env["PYTHON_KEYRING_BACKEND"] = "peers.ring.Locked"

    asked, left_open = (
        ring.run("keys", "set", "openai", "--keyring", stdin=KEY),
        ring.run("keys", "set", "openai", stdin=KEY),
    )

    assert (asked.code, "the key was not stored: the keyring does not take it (RuntimeError)" in asked.err) == (3, True)
    assert left_open.err == f"stored in {ring.home}/keys.json\n"


def test_the_order_is_environment_command_stored(program: Program, server: str) -> None:
    def settings(*lines: str) -> None:
        (program.home / "config.toml").write_text("\n".join(["[providers.openai]", f'base_url = "{server}"', *lines]))

    settings()
    program.run("keys", "set", "openai", stdin=KEY)
    assert program.run("keys", "test", "openai").out == "openai\tworks\n"
    settings(f"api_key_cmd = 'echo {OTHER}'")
    assert sources(program)["openai"] == "api_key_cmd"
    assert program.run("keys", "test", "openai").code == 3
    with_env = Program(program.home, OPENAI_API_KEY=KEY)
    assert sources(with_env)["openai"] == "environment OPENAI_API_KEY"
    assert with_env.run("keys", "test").out == "openai\tworks\n"
    said = with_env.run("keys", "set", "openai", stdin=OTHER).err
    assert "warning: environment OPENAI_API_KEY comes before it" in said


def test_a_key_from_the_keyring_is_used(ring: Program, server: str) -> None:
    (ring.home / "config.toml").write_text(f'[providers.openai]\nbase_url = "{server}"')
    ring.run("keys", "set", "openai", stdin=KEY)

    assert ring.run("keys", "test").out == "openai\tworks\n"
    ring.env["PYTHON_KEYRING_BACKEND"] = "peers.ring.Locked"
    done = ring.run("keys", "test")
    assert (done.code, "the keyring does not give the key of openai (RuntimeError)" in done.out) == (3, True)


def test_a_wrong_key_is_told_without_it(program: Program, server: str) -> None:
    (program.home / "config.toml").write_text(f'[providers.openai]\nbase_url = "{server}"')
    program.run("keys", "set", "openai", stdin=OTHER)

    done = program.run("keys", "test", "--json")

    (result,) = json.loads(done.out)
    assert (done.code, result["works"], result["code"]) == (3, False, "provider_credentials")
    assert OTHER not in str(done)


def test_a_key_of_a_file_comes_before_every_other(program: Program, server: str) -> None:
    (program.home / "config.toml").write_text(f'[providers.openai]\nbase_url = "{server}"')
    (program.home / "work.key").write_text(f"{KEY}\nand a note\n")
    other = Program(program.home, OPENAI_API_KEY=OTHER)

    assert other.run("ask", "-m", "openai:m", "hi").code == 3
    assert other.run("ask", "-m", "openai:m", "--key-file", "work.key", "hi") == Done(0, "yes\n")
    assert other.run("ask", "-c", "--key-file", "~/work.key", "and?") == Done(0, "yes\n")
    talk = other.run("chat", "-m", "openai:m", "--key-file", "work.key", stdin="hi\n/models openai\n")
    assert talk == Done(0, "yes\n* openai:m\n")
    shown = other.run("ask", "-m", "openai:m", "--key-file", "work.key", "--dry-run", "hi")
    assert KEY not in str(shown)


@pytest.mark.parametrize(
    ("content", "model", "said"),
    [
        (None, "openai:m", "cannot read the key in k: No such file or directory"),
        ("\n", "openai:m", "the first line of k is empty"),
        (f"{KEY} \x1b[2J", "openai:m", "the key of provider openai holds a space or a character outside ASCII"),
        (KEY, "echo:plain", "provider echo takes no key"),
        (KEY, None, "provider local takes no key: name a model of the provider that the key is for"),
    ],
)
def test_a_key_file_that_is_no_use_is_told_without_its_content(
    program: Program, content: str | None, model: str | None, said: str
) -> None:
    if content is not None:
        (program.home / "k").write_text(content)
    done = program.run("ask", "--key-file", "k", *(["-m", model] if model else []), "hi")

    assert said in done.err
    assert done.code in {2, 3}
    assert KEY not in str(done)


def test_a_key_is_asked_for_on_a_terminal_and_not_shown(program: Program) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        program.command("keys", "set", "openai"),
        env=program.env,
        cwd=program.home,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        screen = b""
        while b"shown): " not in screen:  # what was typed before the question is thrown away
            screen += os.read(ours, 1000)
        os.write(ours, f"{KEY}\n".encode())
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 1000):
                screen += piece
        assert process.wait(60) == 0
    os.close(ours)

    assert KEY not in screen.decode()
    assert json.loads((program.home / "keys.json").read_text()) == {"openai": {"key": KEY}}


@pytest.mark.parametrize("key", ["", "two words", "ключ"])
def test_what_is_no_key_is_refused_and_not_quoted(program: Program, key: str) -> None:
    done = program.run("keys", "set", "openai", stdin=f"{key}\n")

    assert done.code in {2, 3}
    assert not key or key not in done.err
    assert not (program.home / "keys.json").exists()


def test_a_file_that_others_may_read_is_refused_with_the_remedy(program: Program) -> None:
    program.run("keys", "set", "openai", stdin=KEY)
    (program.home / "keys.json").chmod(0o644)

    done = program.run("keys", "ls")

    assert (done.code, f"chmod 600 {program.home}/keys.json" in done.err) == (3, True)


def test_a_damaged_file_is_told_without_what_it_holds(program: Program) -> None:
    file = program.home / "keys.json"
    file.write_text(f'{{"openai": "{KEY}"')
    file.chmod(0o600)

    done = program.run("keys", "ls", "--debug")

    assert (done.code, "keys.json is damaged" in done.err) == (3, True)
    assert KEY not in done.err


def test_a_key_is_forgotten(ring: Program) -> None:
    ring.run("keys", "set", "openai", stdin=KEY)

    assert ring.run("keys", "rm", "openai").code == 0
    assert sources(ring)["openai"] is None
    assert json.loads((ring.home / "ring.json").read_text()) == {}
    assert ring.run("keys", "rm", "openai").code == 2
    assert ring.run("keys", "set", "nobody", stdin=KEY).code == 2


def test_looking_for_a_stored_key_wakes_no_keyring_before_it_is_needed(ring: Program) -> None:
    ring.run("keys", "set", "openai", stdin=KEY)

    assert "keyring" not in ring.modules("models", "default")
