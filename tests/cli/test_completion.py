"""Completion: what fits where, from this program as it is; and in real bash, zsh and fish."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatops.cli.completion.words import wanted
from exports import branched_chatgpt
from program import Program

HOSTILE = "\x1b]0;owned\x07 $(touch owned) `touch owned` \u202e"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """One with a model of its own, a preset, and a conversation, and `chatops` on its path."""
    (tmp_path / "config.toml").write_text(
        '[models."openai:my-model"]\ncontext = 1\n[aliases]\nquick = "local:x"\n'
        '[presets.poet]\nsystem = "You are a poet."\n'
    )
    program = Program(tmp_path, OPENAI_API_KEY="x")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "chatops"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m chatops "$@"\n')
    command.chmod(0o700)
    program.env["PATH"] = f"{tmp_path / 'bin'}:{program.env['PATH']}"
    (tmp_path / "c.json").write_text(json.dumps([branched_chatgpt(title=f"Rolling {HOSTILE}")]))
    program.run("history", "import", "c.json")
    return program


def words(program: Program, *typed: str) -> list[str]:
    done = program.run("complete-words", "fish", "--", *typed)
    assert (done.code, done.err) == (0, "")
    return [line.partition("\t")[0] for line in done.out.splitlines()]


def conversation(program: Program) -> str:
    (one,) = json.loads(program.run("history", "ls", "--json").out)
    return str(one["id"])


def test_commands_options_and_choices_complete(program: Program) -> None:
    assert {"ask", "history", "models"} <= set(words(program, ""))
    assert "logs" not in words(program, "")
    assert words(program, "hist") == ["history"]
    assert {"show", "import", "export"} <= set(words(program, "history", ""))
    assert words(program, "ask", "--rend") == ["--render"]
    assert words(program, "ask", "--render", "a") == ["auto", "always"]
    assert words(program, "history", "export", "--format=h") == ["--format=html"]
    assert words(program, "completion", "") == ["bash", "zsh", "fish"]
    assert words(program, "ask", "Hello", "") == []


def test_models_presets_providers_settings_and_conversations_complete(program: Program) -> None:
    assert words(program, "ask", "-m", "openai:my") == ["openai:my-model"]
    assert words(program, "ask", "-qm", "quick") == ["quick"]
    assert words(program, "ask", "--fallback", "local:") == ["local:smollm2-135m-instruct"]
    assert words(program, "ask", "-p", "") == ["poet"]
    assert words(program, "keys", "rm", "open") == ["openai"]
    assert "render" in words(program, "config", "set", "ren")
    assert words(program, "ask", "--cid", "") == [conversation(program)]
    assert words(program, "history", "rm", "0198d", "0198") == [conversation(program)]
    assert words(program, "history", "import", "") == [":files"]


def test_tags_complete(program: Program) -> None:
    id_ = conversation(program)
    program.run("history", "tag", id_, "work", "two words")
    program.run("history", "archive", id_)

    assert words(program, "history", "ls", "--tag", "") == ["two words", "work"]
    assert words(program, "history", "tag", id_, "w") == ["work"]
    assert words(program, "ask", "--temporary", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_tag_of_two_words_is_one_argument(program: Program, shell: str) -> None:
    program.run("history", "tag", conversation(program), "two words; touch owned")
    start = {"bash": [_shell("bash"), "--norc", "--noprofile", "-i"], "zsh": [_shell("zsh"), "-f", "-i"]}[shell]
    load = "autoload -Uz compinit; compinit -D; " if shell == "zsh" else ""

    typed_into(
        program,
        start,
        f"{load}source <(chatops completion {shell})",
        "chatops history ls --json --tag tw\t\n",
        '"Rolling ',
    )

    assert not (program.home / "owned").exists()


def test_titles_do_not_steer_the_terminal_and_are_cut(program: Program) -> None:
    line = program.run("complete-words", "zsh", "--", "history", "show", "").out

    assert not {"\x1b", "\x07", "\u202e"} & set(line)
    assert line.count("\n") == 1


def test_wrong_settings_complete_nothing_and_say_nothing(program: Program) -> None:
    (program.home / "config.toml").write_text("nonsense")

    done = program.run("complete-words", "bash")

    assert (done.code, done.out, done.err) == (1, "", "")


def test_a_key_press_imports_no_typer_once_the_table_is_kept(program: Program) -> None:
    words(program, "")
    loaded = {name.partition(".")[0] for name in program.modules("complete-words", "fish", "--", "ask", "-m", "")}

    assert not loaded & {"typer", "rich", "sqlite3", "tomlkit", "ijson", "openai", "aiohttp"}


def test_the_kept_table_is_made_anew_when_it_is_damaged_or_of_another_program(program: Program) -> None:
    words(program, "")
    file = program.home / "cache" / "completion.json"
    for content in ("", "[]", '{"stamp": "other", "table": {}}'):
        file.write_text(content)
        assert words(program, "hist") == ["history"]


TABLE: dict[str, Any] = {
    "help": "",
    "options": {"--help": [None, ""]},
    "arguments": [],
    "endless": False,
    "commands": {
        "go": {
            "help": "Go.",
            "commands": {},
            "arguments": ["model", "preset"],
            "endless": True,
            "options": {"-f": [None, ""], "-m": ["model", ""], "--model": ["model", ""]},
        }
    },
}


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        (["go", ""], "model"),
        (["go", "a", ""], "preset"),
        (["go", "a", "b", "c", ""], "preset"),
        (["go", "-m", ""], "model"),
        (["go", "-fm", ""], "model"),
        (["go", "-mx", "a", ""], "preset"),
        (["go", "-f", "a", ""], "preset"),
        (["go", "--model=x", "a", ""], "preset"),
        (["go", "--", "-m", ""], "preset"),
    ],
)
def test_the_place_tells_the_kind(typed: list[str], kind: str) -> None:
    assert wanted(TABLE, typed).kind == kind


def _shell(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is not installed: sh deploy/debian-packages.sh test")
    return path


def typed_into(program: Program, command: list[str], setup: str, typed: str, until: str) -> str:
    """What an interactive shell shows when this is typed after `setup`, up to `until`."""
    ours, theirs = pty.openpty()
    env = {
        **program.env,
        "PS1": "READY> ",
        "PROMPT": "READY> ",
        "TERM": "dumb",
        "BASH_SILENCE_DEPRECATION_WARNING": "1",
    }
    with subprocess.Popen(
        command, env=env, cwd=program.home, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            _read_until(ours, "READY> ")
            os.write(ours, f"{setup}; echo SET''UP\n".encode())
            _read_until(ours, "SETUP", "READY> ")
            os.write(ours, typed.encode())
            return _read_until(ours, until)
        finally:
            process.kill()
            os.close(ours)


def _read_until(terminal: int, mark: str, then: str = "", seconds: float = 30) -> str:
    screen = ""
    while mark not in screen or then not in screen.partition(mark)[2]:
        ready, _, _ = select.select([terminal], [], [], seconds)
        if not ready:
            pytest.fail(f"{mark!r} did not come; the screen: {screen!r}")
        with contextlib.suppress(OSError):
            screen += os.read(terminal, 65536).decode(errors="replace")
    return screen


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        ("chatops hist\t", "chatops history "),
        ("chatops ask -m openai:my\t", "openai:my-model "),
        ("chatops ask --preset=po\t", "--preset=poet "),
        ("chatops history show 0198\t", "{id} "),
        ("chatops history import c.js\t", "c.json "),
        ("chatops ask '$(touch owned)`touch owned`' -m openai:my\t", "openai:my-model "),
    ],
)
def test_in_bash(program: Program, typed: str, until: str) -> None:
    until = until.format(id=conversation(program)) if "{" in until else until
    command = [_shell("bash"), "--norc", "--noprofile", "-i"]

    typed_into(program, command, "source <(chatops completion bash)", typed, until)

    assert not (program.home / "owned").exists()


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        ("chatops hist\t", "chatops history "),
        ("chatops ask -m openai:my\t", "openai:my-model "),
        ("chatops ask --preset=po\t", "--preset=poet "),
        ("chatops history show 0198\t", "{id} "),
        ("chatops history import c.js\t", "c.json "),
        ("chatops ask '$(touch owned)`touch owned`' -m openai:my\t", "openai:my-model "),
    ],
)
def test_in_zsh(program: Program, typed: str, until: str) -> None:
    until = until.format(id=conversation(program)) if "{" in until else until
    setup = "autoload -Uz compinit; compinit -D; source <(chatops completion zsh)"

    typed_into(program, [_shell("zsh"), "-f", "-i"], setup, typed, until)

    assert not (program.home / "owned").exists()


@pytest.mark.parametrize(
    ("line", "wanted_line"),
    [
        ("chatops hist", "history\tConversations that were stored (alias: logs)"),
        ("chatops ask -m openai:my", "openai:my-model"),
        ("chatops ask --preset=po", "--preset=poet\tYou are a poet."),
        ("chatops history import c.js", "c.json"),
    ],
)
def test_in_fish(program: Program, line: str, wanted_line: str) -> None:
    script = f"chatops completion fish | source; complete -C '{line}'"

    done = subprocess.run(
        [_shell("fish"), "--no-config", "-c", script],
        env=program.env,
        cwd=program.home,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.decode().splitlines() == [wanted_line]
    assert done.stderr.decode() == ""
