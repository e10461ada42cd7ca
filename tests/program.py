"""Runs the real program in a process of its own, in a pipe or on a pseudo-terminal."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

import chatops
from chatops.engine.messages import LOCAL_OWNER, Message
from chatops.engine.stores.sqlite import SqliteStore

_KEPT = ("PATH", "PYTHONPATH")
_SECONDS = 60


@dataclass(frozen=True)
class Done:
    """How it ended. On a terminal `out` is all that it showed, standard error too."""

    code: int
    out: str
    err: str = ""


class Program:
    """chatops with its files in `home`, started in `cwd`. `env` is all it gets beyond what Python itself needs."""

    def __init__(self, home: Path, *, cwd: Path | None = None, **env: str) -> None:
        self.home = home
        self.cwd = cwd or home
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        source = str(Path(chatops.__file__).parents[1])
        kept["PYTHONPATH"] = os.pathsep.join([kept.get("PYTHONPATH", ""), source]).strip(os.pathsep)
        self.env = {**kept, "HOME": str(home), "CHATOPS_HOME": str(home), "LANG": "C.UTF-8", "TERM": "xterm", **env}

    def command(self, *args: str, python: tuple[str, ...] = ()) -> list[str]:
        return [sys.executable, *python, "-m", "chatops", *args]

    def run(self, *args: str, stdin: str = "", python: tuple[str, ...] = ()) -> Done:
        """Runs it to its end with pipes."""
        done = subprocess.run(
            self.command(*args, python=python),
            env=self.env,
            cwd=self.cwd,
            input=stdin.encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def run_on_terminal(self, *args: str, typed: str = "", width: int = 80) -> Done:
        """Runs it to its end on a terminal of its own, where `typed` was typed ahead."""
        ours, theirs = pty.openpty()
        try:
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
            with subprocess.Popen(
                self.command(*args), env=self.env, cwd=self.cwd, stdin=theirs, stdout=theirs, stderr=theirs
            ) as process:
                os.close(theirs)
                os.write(ours, typed.encode())
                screen = _read_all(ours)
                return Done(process.wait(_SECONDS), screen.decode().replace("\r\n", "\n"))
        finally:
            os.close(ours)

    def last_message(self) -> Message:
        """The newest message of its SQLite database, read as another process would."""

        async def read() -> Message:
            store = await SqliteStore.open(self.home / "chatops.db")
            try:
                (newest,) = await store.conversations(LOCAL_OWNER, limit=1)
                return await store.message(LOCAL_OWNER, newest.leaf_id or "")
            finally:
                await store.aclose()

        return asyncio.run(read())

    def modules(self, *args: str, stdin: str = "") -> set[str]:
        """Every module that a run imports, beyond those of any `python -m`."""
        bare = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "__hello__"],
            env=self.env,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
        run = self.run(*args, stdin=stdin, python=("-X", "importtime"))
        return _imported(run.err) - _imported(bare.stderr.decode())


def _imported(report: str) -> set[str]:
    lines = (line for line in report.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}


def _read_all(terminal: int) -> bytes:
    screen = b""
    with contextlib.suppress(OSError):  # Linux says EIO when the program has closed its end
        while chunk := os.read(terminal, 65536):
            screen += chunk
    return screen
