"""`chatops serve` in a process of its own."""

import asyncio
import re
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from program import Program


class Serving:
    """A server that runs, and where."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.url = ""
        self._told = ""

    async def begin(self) -> None:
        """Waits for the line that says where it listens."""
        assert self.process.stderr is not None
        while not self.url:
            line = (await self.process.stderr.readline()).decode()
            assert line, self._told
            self._told += line
            if found := re.search(r"chatops serves (http://[^\s\"]+)", line):
                self.url = found[1]

    async def rest(self) -> str:
        """Waits for its end; all that it told."""
        assert self.process.stderr is not None
        self._told += (await self.process.stderr.read()).decode()
        await self.process.wait()
        return self._told


@asynccontextmanager
async def serving(program: Program, *args: str) -> AsyncGenerator[Serving, None]:
    process = await asyncio.create_subprocess_exec(
        *program.command("serve", "--port", "0", *args),
        env=program.env,
        cwd=program.cwd,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    server = Serving(process)
    try:
        await server.begin()
        yield server
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
