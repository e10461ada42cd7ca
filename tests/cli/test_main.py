"""The door: three tiers, help, usage errors, and what each of them may import."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from chatops import __version__
from program import Program

HEAVY = {"openai", "anthropic", "aiohttp", "xllamacpp", "sqlite3", "rich", "pydantic", "httpx2", "prompt_toolkit"}
ENGINE = {"chatops.bootstrap", "chatops.engine.service", "chatops.engine.stores", "chatops.engine.providers"}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def test_the_version_is_printed(program: Program) -> None:
    done = program.run("--version")

    assert (done.code, done.out, done.err) == (0, f"chatops {__version__}\n", "")
    assert program.run("--version", "-h").out == done.out


def test_the_version_imports_nothing_but_our_package(program: Program) -> None:
    assert program.modules("--version") == {"chatops"}


def _packages(loaded: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in loaded}


def test_help_imports_no_sdk_no_server_no_engine_and_no_driver(program: Program) -> None:
    loaded = program.modules("--help")

    assert "typer" in loaded
    assert _packages(loaded) & HEAVY == set()
    assert {name for name in loaded for part in ENGINE if name == part or name.startswith(f"{part}.")} == set()


def test_a_one_shot_in_a_pipe_imports_neither_typer_nor_rendering_nor_an_sdk(program: Program) -> None:
    loaded = program.modules("ask", "-m", "echo", "hi")

    assert "chatops.engine.service" in loaded
    assert _packages(loaded) & {*HEAVY - {"sqlite3"}, "typer", "tomllib", "platformdirs", "argparse"} == set()


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_printed_on_standard_output(program: Program, flag: str) -> None:
    done = program.run(flag)

    assert done.code == 0
    assert done.err == ""
    for command in ("ask", "chat", "history", "models", "config", "doctor"):
        assert f"\n  {command} " in done.out
    assert "logs" not in done.out.partition("Commands:")[2].replace("(alias: logs)", "")


@pytest.mark.parametrize(
    "args", [("ask",), ("chat",), ("history",), ("logs", "ls"), ("models", "ls"), ("config", "show"), ("doctor",)]
)
def test_every_command_has_help_under_both_flags(program: Program, args: tuple[str, ...]) -> None:
    short, long = program.run(*args, "-h"), program.run(*args, "--help")

    assert (short.code, long.code) == (0, 0)
    assert short.out == long.out
    assert short.out.startswith(f"Usage: chatops {' '.join(args)} ")


def test_the_name_alone_prints_short_help_and_is_a_usage_error(program: Program) -> None:
    done = program.run()

    assert (done.code, done.out) == (2, "")
    assert "Usage: chatops" in done.err


@pytest.mark.parametrize(
    ("args", "suggestion"),
    [
        (("hello",), "chatops ask hello"),
        (("why is the sky blue?",), "chatops ask 'why is the sky blue?'"),
        (("histroy", "ls"), "chatops history ls"),
        (("\x1b]0;hi\x07",), "chatops ask"),
    ],
)
def test_an_unknown_command_is_a_usage_error_with_a_suggestion(
    program: Program, args: tuple[str, ...], suggestion: str
) -> None:
    done = program.run(*args)

    assert (done.code, done.out) == (2, "")
    assert f"Did you mean: {suggestion}" in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize(
    "args", [("ask", "--servers", "x", "hi"), ("ask", "-m"), ("--nope",), ("history", "ls", "--nope")]
)
def test_an_unknown_option_is_a_usage_error(program: Program, args: tuple[str, ...]) -> None:
    done = program.run(*args)

    assert (done.code, done.out) == (2, "")
    assert "Error: " in done.err
    assert "Traceback" not in done.err


def test_a_wrong_value_of_an_option_is_named(program: Program) -> None:
    done = program.run("ask", "--render", "maybe", "hi")

    assert done.code == 2
    assert "Invalid value for '--render': must be auto, always or never" in done.err


def test_a_full_disk_is_told_and_not_passed_over(program: Program) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            program.command("--version"), env=program.env, stdout=full, stderr=subprocess.PIPE, check=False, text=True
        )

    assert done.returncode == 1
    assert done.stderr == "chatops: error: cannot write the output: No space left on device\n"
