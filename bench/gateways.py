"""The servers that `bench/streaming.py` measures, each in a process of its own on one core."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from measure import CHATOPS, ROOT

TASKSET = shutil.which("taskset") or "/usr/bin/taskset"
SERVER_CORE, LOAD_CORE = "1", "0"
_PEERS = ROOT / ".venv-bench"
_PATIENCE = 90.0
_MARGIN = 1_000_000
_SIGNED_IN = 600.0
"""Seconds: no load takes the other five minutes, and signing in for each would be refused as guessing."""
_SETTINGS = """model = "up:c1-d1"
titles = false
[providers.up]
kind = "openai"
base_url = "http://127.0.0.1:{upstream}/v1"
[limits]
requests_per_minute = {margin}
http_requests_per_minute = {margin}
concurrent_turns = {margin}
budget = {{ tokens = 1000000000000, period = "month" }}
[server]
max_streams = 5000
max_connections = 5000
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A running server: how it is asked, and what it has cost so far."""

    pid: int
    port: int
    path: str
    body: Mapping[str, Any]
    sign_in: Callable[[], Mapping[str, str]] = dict
    """Headers that say who asks, good for the next load."""

    def cpu(self) -> float:
        """Microseconds of processor time, of all its threads."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1000

    def memory(self) -> int:
        """KiB that are resident."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def process(core: str, *command: str, port: int, **env: str) -> Iterator[int]:
    """Runs a server on one core until left. Yields its id once it takes connections."""
    with subprocess.Popen(
        [TASKSET, "-c", core, *command],
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _wait_for(port, server)
            yield server.pid
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{server.args!r} does not listen on port {port}")


@contextmanager
def upstream() -> Iterator[int]:
    """The model server. Yields its port."""
    port = free_port()
    with process(LOAD_CORE, sys.executable, str(ROOT / "bench" / "upstream.py"), str(port), port=port):
        yield port


@contextmanager
def relay(upstream_port: int) -> Iterator[Gateway]:
    port = free_port()
    command = (sys.executable, str(ROOT / "bench" / "relay.py"), str(port), str(upstream_port))
    with process(SERVER_CORE, *command, port=port) as pid:
        yield Gateway(pid=pid, port=port, path="/v1/chat/completions", body=_completion(""))


@contextmanager
def chatops(folder: Path, upstream_port: int) -> Iterator[Gateway]:
    """Ours with everything on: login, limits, a budget, history, journal, a line in the log for each turn."""
    folder.mkdir()
    (folder / "config.toml").write_text(_SETTINGS.format(upstream=upstream_port, margin=_MARGIN), encoding="utf-8")
    port = free_port()
    with process(SERVER_CORE, CHATOPS, "serve", "--port", str(port), port=port, CHATOPS_HOME=str(folder)) as pid:
        account = {"email": "bench@example.com", "password": "long enough to be one"}
        _bearer(port, "register", {**account, "name": "Bench"})
        signed_in = SignedIn(partial(_bearer, port, "login", account))
        body = {"message": {"text": "hello there, tell me a story"}, "model": "up:"}
        yield Gateway(pid=pid, port=port, path="/api/chat", body=body, sign_in=signed_in)


class SignedIn:
    """Headers of one access token, which lasts a quarter of an hour; LiteLLM's rounds may take longer."""

    def __init__(self, sign_in: Callable[[], Mapping[str, str]]) -> None:
        self._sign_in = sign_in
        self._headers: Mapping[str, str] = {}
        self._until = 0.0

    def __call__(self) -> Mapping[str, str]:
        if time.monotonic() >= self._until:
            self._headers, self._until = self._sign_in(), time.monotonic() + _SIGNED_IN
        return self._headers


def _bearer(port: int, way: str, account: Mapping[str, str]) -> Mapping[str, str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/auth/{way}",
        data=json.dumps(account).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
        return {"Authorization": f"Bearer {json.load(answer)['access_token']}"}


def below(ours: Gateway, count: int) -> Gateway:
    """The same, each question asked below the same `count` stored messages, an even number."""
    conversation, parent = f"history-{count}", None
    body: dict[str, Any] = {**ours.body, "id": conversation, "model": "up:c1-d1"}
    headers = {"Content-Type": "application/json", **ours.sign_in()}
    for _ in range(count // 2):
        request = urllib.request.Request(
            f"http://127.0.0.1:{ours.port}{ours.path}",
            data=json.dumps(body).encode(),
            headers=headers,
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
            answer.read()
            parent = answer.headers["X-Turn-Id"]
    return replace(ours, body={**ours.body, "id": conversation, "parent_id": parent})


@contextmanager
def litellm(folder: Path, upstream_port: int) -> Iterator[Gateway]:
    """PyPI's `litellm[proxy]` as its documentation starts it, with one worker and no database."""
    program = _PEERS / "bin" / "litellm"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(_PEERS)], check=True)
        pip = [str(_PEERS / "bin" / "python"), "-m", "pip", "install", "--quiet", "litellm[proxy]"]
        subprocess.run(pip, check=True)
    base = f"http://127.0.0.1:{upstream_port}/v1"
    model = {"model": "openai/*", "api_base": base, "api_key": "none"}
    config = folder / "litellm.json"
    config.write_text(json.dumps({"model_list": [{"model_name": "*", "litellm_params": model}]}), encoding="utf-8")
    port = free_port()
    command = (str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1")
    key = "sk-" + "0" * 60  # it refuses to start without one
    with process(SERVER_CORE, *command, port=port, LITELLM_LOG="ERROR", LITELLM_MASTER_KEY=key) as pid:
        headers = {"Authorization": f"Bearer {key}"}
        yield Gateway(pid=pid, port=port, path="/v1/chat/completions", body=_completion(""), sign_in=lambda: headers)


def _completion(prefix: str) -> dict[str, Any]:
    message = {"role": "user", "content": "hello there, tell me a story"}
    return {"model": prefix, "stream": True, "messages": [message]}
