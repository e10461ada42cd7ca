"""`chatops history export|import|rename|fork`, and that nothing imported steers the terminal that shows it."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from exports import branched_chatgpt, claude, claude_message, said
from program import Done, Program

ATTACKS = {
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "link": "\x1b]8;;https://evil.test\x1b\\click\x1b]8;;\x1b\\",
    "title": "\x1b]0;owned\x07",
    "cursor": "\x1b[2J\x1b[1;1H\x1b[8m",
    "C1": "\x9b31m\x9d0;owned\x9c\x90x\x9c",
    "bidi": "\u202egnp.exe\u2066\u2069",
    "invisible": "a\u200bd\u2060m\ufeffin\U000e0041",
    "line": "a\rb\x08\x7fc",
}
FORBIDDEN = set("\x1b\x07\x08\x7f\x9b\x9d\x9c\x90\u202e\u2066\u2069\u200b\u2060\ufeff\U000e0041")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def put(program: Program, *records: object, name: str = "conversations.json") -> str:
    (program.home / name).write_text(json.dumps(records))
    return name


def ids(program: Program) -> list[str]:
    return [item["id"] for item in json.loads(program.run("history", "ls", "--json").out)]


def test_an_import_says_what_it_did_and_doing_it_again_adds_nothing(program: Program) -> None:
    file = put(program, branched_chatgpt(), claude(claude_message("1", "human", said("Hi"))))

    first, second = program.run("history", "import", file), program.run("history", "import", file)

    assert first == Done(0, "imported 2 conversations; 6 messages\n")
    assert second == Done(0, "imported 0 conversations, 2 there already; 0 messages\n")
    exported = json.loads(program.run("history", "export", "--all", "--format", "json").out)
    texts = {one["title"]: [message["text"] for message in one["messages"]] for one in exported}
    assert texts == {"Rolling back": ["How?", "Thus."], "Anchovies": ["Hi"]}


def test_bad_records_are_told_on_standard_error_with_exit_code_8(program: Program) -> None:
    file = put(
        program, {"x": "\x1b]0;owned\x07"}, claude(claude_message("1", "human", said("Hi"))), {"chat_messages": [1]}
    )

    done, as_json = program.run("history", "import", file), program.run("history", "import", "--json", file)

    assert (done.code, done.out) == (8, "imported 1 conversations, 2 faults; 1 messages\n")
    assert "chatops: warning: conversations.json, record 1: it is no conversation of" in done.err
    assert (as_json.code, json.loads(as_json.out)["unchanged"], json.loads(as_json.out)["faulty"]) == (8, 1, 2)


@pytest.mark.parametrize(("form", "place"), [("json", b"standard input"), ("zip", b"conversations.json")])
def test_an_export_is_imported_from_standard_input(program: Program, form: str, place: bytes) -> None:
    exported = json.dumps([branched_chatgpt(), {"x": 1}]).encode()
    if form == "zip":
        with ZipFile(program.home / "c.zip", "w") as archive:
            archive.writestr("conversations.json", exported)
        exported = (program.home / "c.zip").read_bytes()
    command = program.command("history", "import", "-")
    done = subprocess.run(command, env=program.env, input=exported, capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (8, b"imported 1 conversations, 1 faults; 5 messages\n")
    assert b"chatops: warning: %b, record 2: it is no conversation" % place in done.stderr


def test_an_import_from_a_terminal_waits_for_nothing(program: Program) -> None:
    done = program.run_on_terminal("history", "import", "-")

    assert (done.code, "nothing is piped into this command" in done.out) == (2, True)


def test_a_missing_file_is_a_usage_error(program: Program) -> None:
    done = program.run("history", "import", "gone.zip")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("chatops: error: cannot read gone.zip: No such file or directory")


def test_a_dry_run_tells_and_stores_nothing(program: Program) -> None:
    done = program.run("history", "import", "--dry-run", put(program, branched_chatgpt()))

    assert (done.code, done.out) == (0, "would import 1 conversations; 5 messages\n")
    assert ids(program) == []


def test_an_archive_is_written_to_a_private_file_and_read_back_to_the_byte(program: Program, tmp_path: Path) -> None:
    program.run("history", "import", put(program, branched_chatgpt()))
    other = Program(tmp_path / "other", cwd=tmp_path)
    other.home.mkdir()

    done = program.run("history", "export", "--all", "--out", "a.zip")

    assert done == Done(0, "")
    assert stat.S_IMODE((program.home / "a.zip").stat().st_mode) == 0o600
    assert other.run("history", "import", "a.zip").out == "imported 1 conversations; 5 messages\n"
    other.run("history", "export", "--all", "--out", "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert [path.name for path in tmp_path.glob(".*zip*")] == []


def test_the_format_is_told_by_the_files_name_or_said(program: Program) -> None:
    program.run("history", "import", put(program, branched_chatgpt()))
    (id_,) = ids(program)

    assert program.run("history", "export", id_[:8]).out.startswith("# Rolling back\n")
    assert program.run("history", "export", id_, "--format", "html").out.startswith("<!DOCTYPE html>")
    program.run("history", "export", id_, "--out", "x.json")
    assert json.loads((program.home / "x.json").read_text()) == json.loads(
        program.run("history", "export", "--all", "--format", "json").out
    )
    assert program.run("history", "export", id_, "--format", "pdf").code == 2


def test_a_file_that_is_there_is_replaced_only_with_yes(program: Program) -> None:
    program.run("history", "import", put(program, branched_chatgpt()))
    (program.home / "x.md").write_text("mine")

    refused = program.run("history", "export", "--all", "--out", "x.md")

    assert (refused.code, (program.home / "x.md").read_text()) == (2, "mine")
    assert "x.md exists" in refused.err
    assert program.run("history", "export", "--all", "--out", "x.md", "--yes").code == 0
    assert (program.home / "x.md").read_text().startswith("# Rolling back")


def test_what_to_export_must_be_said_and_an_archive_is_not_for_a_terminal(program: Program) -> None:
    assert "say which conversations" in program.run("history", "export").err
    assert "say which conversations" in program.run("history", "export", "abcd", "--all").err
    done = program.run_on_terminal("history", "export", "--all", "--format", "archive")
    assert (done.code, "name a file with --out" in done.out) == (2, True)


def test_rename_and_fork(program: Program) -> None:
    program.run("history", "import", put(program, branched_chatgpt()))
    (id_,) = ids(program)

    assert program.run("history", "rename", id_[:13], "A", "new", "title").code == 0
    copy = program.run("history", "fork", id_).out.strip()

    listed = json.loads(program.run("history", "ls", "--json").out)
    assert {item["id"]: item["title"] for item in listed} == {id_: "A new title", copy: "A new title"}
    assert program.run("history", "rename", id_, " ").code == 2


def test_nothing_in_an_import_steers_the_terminal_that_shows_it(program: Program) -> None:
    attack = "word " + " ".join(ATTACKS.values())
    file = {"file_name": f"{attack}.txt", "extracted_content": "x"}
    message = claude_message("1", "human", said(attack), attachments=[file])
    reply = claude_message("2", "assistant", {"type": "thinking", "thinking": attack}, said(attack), model=attack)
    record = claude(message, reply, {"uuid": attack, "sender": attack}, name=attack, model=attack)
    program.env["NO_COLOR"] = "1"  # no bar: that moves the cursor
    imported = program.run_on_terminal("history", "import", put(program, record, {attack: 1}))
    del program.env["NO_COLOR"]
    (id_,) = ids(program)

    commands: list[tuple[str, ...]] = [
        ("ls",),
        ("ls", "--json"),
        ("show", id_),
        ("show", id_, "--json"),
        ("search", "word"),
        ("search", "word", "--json"),
        ("export", id_),
        ("export", id_, "--format", "json"),
        ("export", id_, "--format", "html"),
        ("rm", id_),
    ]
    shown = [imported, *(program.run_on_terminal("history", *args, typed="n\n", width=400) for args in commands)]

    for done in shown:
        text = (
            done.out.replace("\x1b[K", "")
            if done is imported
            else done.out.replace("\x1b[2m", "").replace("\x1b[0m", "")
        )
        assert not FORBIDDEN & set(text), done.out
        assert "\r" not in text.replace("\r\n", "") or done is imported
    assert all("word" in done.out for done in shown[1:])
