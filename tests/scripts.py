"""Scripts of the tests in processes of their own, started together."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import chatops

FOLDERS = (Path(__file__).parent, Path(chatops.__file__).parents[1])


def start(script: Path, *args: str | Path) -> subprocess.Popen[str]:
    """A process that has said `ready`."""
    process = subprocess.Popen(
        [sys.executable, script, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, FOLDERS))},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


async def outputs(*processes: subprocess.Popen[str]) -> list[str]:
    """What each printed, once all have ended well."""
    found = [await asyncio.to_thread(process.communicate) for process in processes]
    assert [(process.returncode, err) for process, (_, err) in zip(processes, found, strict=True)] == [(0, "")] * len(
        processes
    )
    return [out for out, _ in found]
