"""A session whose standard input is no terminal: a script, one prompt a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from program import Program

HEAVY = {"typer", "click", "pydantic", "openai", "anthropic", "httpx2", "aiohttp", "rich", "prompt_toolkit"}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, CHATOPS_MODEL="echo:plain")


def test_each_line_is_a_turn_and_only_answers_are_on_standard_output(program: Program) -> None:
    done = program.run("chat", stdin="one\n\n  two  \n/retry\n//slash\nthe *last*")

    assert (done.code, done.out, done.err) == (0, "one\ntwo\ntwo\n/slash\nthe *last*\n", "")


def test_a_script_ends_at_its_first_error_with_its_exit_code(program: Program) -> None:
    assert program.run("chat", stdin="one\n/bogus\ntwo").out == "one\n"
    assert program.run("chat", stdin="one\n/bogus\ntwo").code == 2
    assert program.run("chat", "-m", "echo:plain-503", stdin="one\n").code == 4
    cut = program.run("chat", "-m", "echo:plain-cut1", stdin="one two\nmore\n")
    assert (cut.code, cut.out) == (6, "one\n")


def test_what_needs_a_person_is_refused_in_a_script(program: Program) -> None:
    for line in ("/editor", "/vi", "/multiline"):
        assert "needs a person at a terminal" in program.run("chat", stdin=line).err
    assert "/edit needs the new text here" in program.run("chat", stdin="one\n/edit\n").err
    assert program.run("chat", stdin="one\n/edit two\n").out == "one\ntwo\n"


def test_a_script_may_not_be_text_of_another_encoding(program: Program) -> None:
    path = program.cwd / "script"
    path.write_bytes(b"caf\xe9\n")
    import subprocess

    with path.open("rb") as file:
        done = subprocess.run(
            program.command("chat"), env=program.env, cwd=program.cwd, stdin=file, capture_output=True, check=False
        )

    assert done.returncode == 2
    assert b"not UTF-8 (byte 3 of a line)" in done.stderr


def test_a_mention_in_a_script_reaches_for_no_file(program: Program) -> None:
    (program.cwd / "secret").write_text("s3cret")

    assert program.run("chat", stdin="see @secret\n").out == "see @secret\n"


def test_a_conversation_is_gone_on_with_by_flag_title_and_id(program: Program) -> None:
    program.run("chat", "my", "plans", stdin="one\n")
    program.run("chat", "MY PLANS", stdin="two\n")
    program.run("chat", "-c", stdin="three\n")
    (listed,) = json.loads(program.run("history", "ls", "--json").out)
    program.run("chat", "--cid", listed["id"], "--fork", stdin="four\n")
    program.run("chat", listed["id"], stdin="five\n")
    texts = [m["text"] for m in json.loads(program.run("history", "show", listed["id"], "--json").out)["messages"]]

    assert listed["title"] == "my plans"
    assert texts[::2] == ["one", "two", "three", "five"]
    assert len(json.loads(program.run("history", "ls", "--json").out)) == 2


def test_flags_say_how_to_ask(program: Program) -> None:
    (program.cwd / "notes.md").write_text("a note")
    (program.home / "config.toml").write_text('[presets.brief]\nsystem = "Be brief."\nmax_tokens = 2\n')
    done = program.run("chat", "-p", "brief", "-f", "notes.md", stdin="what?\n/system\n/context\n")

    assert done.out.startswith("notes.md:\n```\nBe brief.\n")
    assert "with the next prompt as text" in done.err
    assert program.run("chat", "-q", "-f", "notes.md", stdin="what?\n").err == ""


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("-c",), "no conversation to continue yet"),
        (("--cid", "0000"), "no conversation '0000'"),
        (("-m", "nobody:x"), "no model 'nobody:x'"),
        (("-p", "nobody"), "no preset 'nobody'"),
        (("-f", "missing"), "cannot read missing"),
        (("-o", "temperature=hot"), "must be a number"),
        (("--fork",), "--fork"),
        (("-c", "name"), "cannot be combined"),
        (("--max-tokens", "0"), "--max-tokens"),
    ],
)
def test_bad_flags_are_refused_before_anything_is_asked(
    program: Program, args: tuple[str, ...], complaint: str
) -> None:
    done = program.run("chat", *args, stdin="one\n")

    assert (done.code, done.out) == (2, "")
    assert complaint in done.err


def test_a_script_imports_no_third_party_package(program: Program) -> None:
    loaded = {name.partition(".")[0] for name in program.modules("chat", stdin="hello\n")}

    assert not HEAVY & loaded


def test_chatops_alone_in_a_pipe_is_help_and_exit_2(program: Program) -> None:
    done = program.run()

    assert done.code == 2
    assert "chatops ask" in done.out + done.err


def test_a_reader_that_is_gone_ends_the_script(program: Program) -> None:
    import subprocess

    command = " ".join(program.command("chat"))
    shell = f"yes word | head -100000 | {command} | head -1"
    done = subprocess.run(
        ["/bin/sh", "-c", shell], env=program.env, cwd=program.cwd, capture_output=True, check=False, timeout=60
    )

    assert done.stdout == b"word\n"
    assert b"Traceback" not in done.stderr


def test_a_script_that_waits_for_its_next_line_ends_when_it_is_told_to(program: Program) -> None:
    import signal
    import subprocess

    with subprocess.Popen(
        program.command("chat"), env=program.env, cwd=program.cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"one\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"one\n"
        process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 143


def test_models_are_listed_and_the_one_that_answers_is_marked(program: Program) -> None:
    assert program.run("chat", stdin="/models echo\n").out == "* echo:plain\n"
    assert "no provider 'nobody'" in program.run("chat", stdin="/models nobody\n").err
