"""Whole processes with the embedded model: how they start, and above all how they end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from peers import local_model

LONG_PROMPT = "word and another thing " * 380
CHILD = Path(__file__).with_name("local_child.py")


@pytest.fixture(scope="module")
def weights() -> Path:
    return local_model.weights()


def run_child(weights: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    env = {"PYTHONPATH": f"{path}:{Path(__file__).parents[3] / 'src'}"}
    command = [sys.executable, str(CHILD), str(weights.parent), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_a_fresh_process_answers_and_prints_nothing_of_its_own(weights: Path) -> None:
    done = run_child(weights, "What is the capital of France?")

    assert (done.stdout, done.stderr, done.returncode) == ("The capital of France is Paris.", "", 0)


def test_a_model_that_is_closed_as_soon_as_it_is_loaded_does_not_hang(weights: Path) -> None:
    done = run_child(weights, "", "reload")

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("prompt", ["Write a long story about ships.", LONG_PROMPT], ids=["answering", "reading"])
@pytest.mark.parametrize("way", ["return", "exit"])
def test_a_process_that_ends_in_the_middle_of_an_answer_ends_cleanly(weights: Path, prompt: str, way: str) -> None:
    done = run_child(weights, prompt, way)

    assert (done.stderr, done.returncode) == ("", {"return": 0, "exit": 3}[way])


@pytest.mark.parametrize("prompt", ["Write a long story about ships.", LONG_PROMPT], ids=["answering", "reading"])
def test_ctrl_c_in_the_middle_of_an_answer_ends_the_process_cleanly(weights: Path, prompt: str) -> None:
    done = run_child(weights, prompt, "interrupt")

    assert done.returncode == -signal.SIGINT
    assert done.stderr.splitlines()[-1] == "KeyboardInterrupt"


def test_a_machine_without_the_runtime_is_told_three_ways_out(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "xllamacpp.py").write_text(
        "raise ImportError('libgomp.so.1: cannot open shared object file: No such file or directory')"
    )

    done = run_child(weights, "Hello", path=str(tmp_path))

    assert done.stdout.startswith("invalid_settings: ")
    for needed in ("libgomp.so.1", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "base_url", "apt-get install libgomp1"):
        assert needed in done.stdout
