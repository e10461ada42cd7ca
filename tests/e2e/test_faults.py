"""What a person gets from `chatops ask` when a provider misbehaves: over sockets of our own and through both SDKs."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from program import Program

PEER = Path(__file__).parents[1] / "peers" / "llm.py"
FAULTS = {
    # what the server does: exit code, what is printed, what the error says
    "401": (3, "", "answered 401: as asked"),
    "404": (4, "", "answered 404: as asked"),
    "429-a30": (5, "", "try again in 30 s"),
    "500": (4, "", "500"),
    "529": (4, "", "529"),
    "html": (4, "", "text/html"),
    "cut": (6, "one two\n", ""),
    "drop": (6, "one two\n", ""),
    "reset": (6, "one two\n", ""),
    "stall": (6, "one two\n", "sent nothing for 0.3 s"),
    "malformed": (6, "one two\n", ""),
    "overload": (4, "one two\n", ""),
}
TRANSPORTS = {
    "direct": {},
    # A proxy for other hosts sends `ask` through the SDK, since the bare transport knows no proxies.
    "sdk": {"HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1"},
}


@pytest.fixture(scope="module")
def peer() -> Iterator[str]:
    with subprocess.Popen([sys.executable, str(PEER), "0"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.kill()


@pytest.fixture(params=["openai", "anthropic"])
def provider(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


SDK_FAULTS = ("401", "429-a30", "html", "drop", "stall")
"""Enough to see that the command treats both transports alike; the contract suite has all of them for both."""


@pytest.fixture
def program(request: pytest.FixtureRequest, peer: str, tmp_path: Path) -> Program:
    env = {
        "OPENAI_BASE_URL": f"{peer}/v1",
        "ANTHROPIC_BASE_URL": peer,
        "OPENAI_API_KEY": "sk-made-up",
        "ANTHROPIC_API_KEY": "sk-made-up",
        **TRANSPORTS[getattr(request, "param", "direct")],
    }
    return Program(tmp_path, cwd=tmp_path, **env)


@pytest.mark.parametrize(
    ("program", "fault"),
    [("direct", fault) for fault in FAULTS] + [("sdk", fault) for fault in SDK_FAULTS],
    indirect=["program"],
)
def test_a_fault_is_told_truly_and_what_came_is_kept(program: Program, provider: str, fault: str) -> None:
    code, printed, said = FAULTS[fault]
    silence = "0.3" if fault == "stall" else "20"
    done = program.run("ask", "-m", f"{provider}:{fault}", "--timeout", silence, "one two")

    assert (done.code, done.out) == (code, printed), done.err
    assert said in done.err
    assert done.err.startswith("chatops: error: ")
    assert "Traceback" not in done.err
    assert "sk-made-up" not in done.err
    answer = program.last_message()
    assert (answer.status, answer.text) == ("failed", printed.rstrip("\n"))


@pytest.mark.parametrize("program", ["direct", "sdk"], indirect=True)
def test_a_whole_answer_comes_through(program: Program, provider: str) -> None:
    done = program.run("ask", "-m", f"{provider}:think", "-u", "one two")

    assert (done.code, done.out) == (0, "one two\n")
    assert "let me see" in done.err
    assert "tokens in" in done.err


def test_a_server_that_is_not_there_is_a_network_error(program: Program, provider: str) -> None:
    program.env[f"{provider.upper()}_BASE_URL"] = "http://127.0.0.1:9/v1"
    done = program.run("ask", "-m", f"{provider}:plain", "x")

    assert (done.code, done.out) == (6, "")


def test_the_transports_are_the_ones_meant(peer: str, tmp_path: Path) -> None:
    for transport, env in TRANSPORTS.items():
        program = Program(tmp_path, cwd=tmp_path, OPENAI_BASE_URL=f"{peer}/v1", OPENAI_API_KEY="x", **env)
        assert ("openai" in program.modules("ask", "-m", "openai:plain", "x")) == (transport == "sdk")
