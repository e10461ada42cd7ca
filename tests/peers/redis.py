"""A real Redis for tests: Debian's `redis-server` on a free port of this machine, killed and started again at will."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from peers.mongod import free_port

_SECONDS = 20
PASSWORD = "p@ss/wörd"
"""Of the server that asks for one."""


def binary() -> str:
    """The server's program. Raises `RuntimeError` when it is not there: tests fail then, they are never skipped."""
    found = shutil.which("redis-server")
    if found is None:
        raise RuntimeError("no redis-server: deploy/debian-packages.sh test (Debian: apt-get install redis-server)")
    return found


@dataclass
class RedisServer:
    """One server, which keeps nothing on disk: what a kill takes is gone. `password`: it asks for `PASSWORD`."""

    password: bool = False
    port: int = field(default_factory=free_port)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="chatops-redis-")))
    _process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, database: int = 0) -> str:
        """Without a password."""
        return f"redis://{self.address}/{database}"

    def start(self) -> None:
        """Starts it, again after a kill, and waits until it answers."""
        command = [
            binary(),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
            *("--save", "", "--appendonly", "no", "--databases", "64"),
        ]
        if self.password:
            command += ["--requirepass", PASSWORD]
        with (self.folder / "out").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.01)
        raise RuntimeError(f"redis-server does not come up: {(self.folder / 'out').read_text('utf-8', 'replace')}")

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False

    def client(self, database: int = 0) -> Redis:
        """For looks from outside; blocks."""
        return Redis(port=self.port, db=database, password=PASSWORD if self.password else None, socket_timeout=_SECONDS)

    def ask(self, *command: Any, database: int = 0) -> Any:
        with self.client(database) as client:
            return client.execute_command(*command)

    def kill(self) -> None:
        """As a crash would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(_SECONDS)

    def freeze(self) -> None:
        """It keeps its connections and says nothing any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
