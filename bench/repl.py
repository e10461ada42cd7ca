"""What a session at the prompt costs: to its first prompt, and from Enter to the first word of an answer.

Beside bare prompt-toolkit for the one, beside the server's own time and `llm chat` for the other, all in turn. The
server is on loopback and answers at once. `ROUNDS` says how often. Wall time grows with whatever else the machine does;
the processor's time beside it, as the kernel's scheduler counts it for all threads, hardly does.
"""

from __future__ import annotations

import http.client
import json
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import llm_peer
from measure import CHATOPS, Figure, in_turn, model_server, ratios, rounds, show

MODEL = "plain-n4"
SAID, ANSWERED = "alpha beta", b"betaalpha"
"""The server says the words of the prompt over and over: where they meet is in no prompt."""
TURNS = 6
"""The first, and five of which the middle one counts."""
READY_SECONDS = 2.0
"""How long a person takes for the first prompt at least: what a program imports meanwhile costs nobody time."""
BARE = "from prompt_toolkit import PromptSession; PromptSession().prompt('> ')"
_DRAWN = b"\x1b[0m>"
"""The prompt as prompt-toolkit draws it."""
_PATIENCE = 60.0
_CURSOR_ASKED, _CURSOR_TOLD = b"\x1b[6n", b"\x1b[1;1R"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """Milliseconds to the first prompt, and from each Enter to the first words of its answer; megabytes at the end.

    `cpu`: milliseconds of the processor, to the first prompt, then from each Enter to the first words.
    """

    painted: float
    answered: list[float]
    cpu: list[float]
    memory: float

    @property
    def first(self) -> float:
        return self.answered[0]

    @property
    def later(self) -> float:
        """The middle one of those after the first."""
        return sorted(self.answered[1:])[len(self.answered[1:]) // 2]

    @property
    def worked(self) -> float:
        """The processor's time for the middle one of the turns after the first."""
        return sorted(self.cpu[2:])[len(self.cpu[2:]) // 2]

    @property
    def quickest(self) -> float:
        """The one that was disturbed least by whatever else the machine does."""
        return min(self.answered[1:])


class _Screen:
    """The other end of a program's terminal."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        basics = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            command, env={**basics, **env}, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self.seen = b""

    def wait(self, text: bytes) -> float:
        """Reads until the text came since the last `type`; the moment it did."""
        end = time.perf_counter() + _PATIENCE
        while text not in self.seen:
            if time.perf_counter() > end:
                raise RuntimeError(f"{text!r} never came: {self.seen[-2000:]!r}")
            self._read(0.5)
        return time.perf_counter()

    def _read(self, seconds: float) -> bool:
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        data = os.read(self._ours, 65536)
        self.seen += data
        if _CURSOR_ASKED in data:
            os.write(self._ours, _CURSOR_TOLD)
        return True

    def settle(self, seconds: float) -> None:
        """Reads until nothing came for a while."""
        while self._read(seconds):
            pass

    def cpu(self) -> float:
        """Milliseconds on a processor so far, of all threads that still run."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e6

    def type(self, text: str) -> float:
        """Types and returns when that was; what came before is forgotten."""
        self.seen = b""
        os.write(self._ours, text.encode())
        return time.perf_counter()

    def close(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self._ours)


def sit(command: Sequence[str], env: Mapping[str, str], *, prompt: bytes, turns: int = TURNS) -> Sitting:
    """Runs a program on a terminal, says something as often as `turns` says, and ends it.

    `prompt` is how its own looks.
    """
    screen = _Screen(command, env)
    try:
        painted = screen.wait(prompt) - screen.begun
        cpu, answered = [screen.cpu()], []
        for turn in range(turns):
            screen.settle(READY_SECONDS if turn == 0 else 0.15)
            screen.type(SAID)
            screen.settle(0.15)
            before = screen.cpu()
            entered = screen.type("\r")
            answered.append((screen.wait(ANSWERED) - entered) * 1000)
            cpu.append(screen.cpu() - before)
        status = Path(f"/proc/{screen.process.pid}/status").read_text(encoding="ascii")
    finally:
        screen.close()
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return Sitting(painted=painted * 1000, answered=answered, cpu=cpu, memory=kilobytes / 1024)


def server_time(base_url: str) -> Sitting:
    """The same turns over a bare connection that stays open: what no program can do without."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc)
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": SAID}], "stream": True})
    answered = []
    for _ in range(TURNS):
        begun = time.perf_counter()
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.readline()
        answered.append((time.perf_counter() - begun) * 1000)
        response.read()
    connection.close()
    return Sitting(painted=0.0, answered=answered, cpu=[], memory=0.0)


def measure(folder: Path, base_url: str, count: int) -> dict[str, list[Sitting]]:
    """Every program by turns."""
    home = {"HOME": str(folder), "CHATOPS_HOME": str(folder / "chatops")}
    ours = {**home, "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "made-up"}
    llm, theirs = llm_peer.install(), llm_peer.configure(folder / "llm", base_url, (MODEL,))
    chat = [CHATOPS, "chat", "-m", f"openai:{MODEL}"]
    # A title would be one more request to the server that is measured.
    (folder / "chatops").mkdir()
    (folder / "chatops" / "config.toml").write_text("titles = false\n", encoding="utf-8")
    return in_turn(
        {
            "bare": partial(sit, [sys.executable, "-c", BARE], home, prompt=_DRAWN, turns=0),
            "server": partial(server_time, base_url),
            "chatops": partial(sit, chat, ours, prompt=_DRAWN),
            "llm": partial(sit, [llm, "chat", "-m", MODEL], theirs, prompt=b"\n> "),
        },
        count,
    )


def main() -> None:
    count = rounds(5)
    with tempfile.TemporaryDirectory() as folder, model_server() as base_url:
        sat = measure(Path(folder), base_url, count)
    painted = {name: [one.painted for one in runs] for name, runs in sat.items()}
    talkers = {name: runs for name, runs in sat.items() if name != "bare"}
    later = {name: [one.later for one in runs] for name, runs in talkers.items()}
    first = {name: [one.first for one in runs] for name, runs in talkers.items()}
    quick = {name: [one.quickest for one in runs] for name, runs in talkers.items()}
    begun = {name: [one.cpu[0] for one in runs] for name, runs in sat.items() if name != "server"}
    worked = {name: [one.worked for one in sat[name]] for name in ("chatops", "llm")}
    memory = {name: [one.memory for one in runs] for name, runs in sat.items()}
    show(
        f"The first prompt: medians of {count} rounds in turn",
        [
            Figure("chatops", painted["chatops"], "ms"),
            Figure("chatops / bare prompt-toolkit", ratios(painted["chatops"], painted["bare"]), most=2),
            Figure("chatops / llm chat", ratios(painted["chatops"], painted["llm"]), most=1),
            Figure("processor: chatops", begun["chatops"], "ms"),
            Figure("processor: chatops / bare prompt-toolkit", ratios(begun["chatops"], begun["bare"]), most=2),
            Figure("processor: chatops / llm chat", ratios(begun["chatops"], begun["llm"]), most=1),
        ],
    )
    show(
        f"Enter to the first words: medians of {count} sessions of {TURNS} turns",
        [
            Figure("chatops, over the server's own time", over(later), "ms", most=15),
            Figure("the same, the quickest turn of a session", over(quick), "ms", most=15),
            Figure("the server's own time", later["server"], "ms"),
            Figure("chatops / llm chat", ratios(later["chatops"], later["llm"]), most=1),
            Figure("processor: chatops", worked["chatops"], "ms", most=15),
            Figure("processor: chatops / llm chat", ratios(worked["chatops"], worked["llm"]), most=1),
            Figure(f"the first turn, {READY_SECONDS:g} s after the prompt", first["chatops"], "ms"),
            Figure("the first turn / llm chat", ratios(first["chatops"], first["llm"]), most=1),
            Figure("peak memory", memory["chatops"], "MB", most=50),
            Figure("peak memory / llm chat", ratios(memory["chatops"], memory["llm"]), most=1),
        ],
    )


def over(took: Mapping[str, Sequence[float]]) -> list[float]:
    """What chatops adds to the server's own time, round by round."""
    return [ours - server for ours, server in zip(took["chatops"], took["server"], strict=True)]


if __name__ == "__main__":
    main()
