"""`chatops presets`, and `ask -p`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from program import Done, Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, CHATOPS_MODEL="echo:plain")


def _body(done: Done) -> dict[str, object]:
    assert (done.code, done.err) == (0, "")
    body: dict[str, object] = json.loads(done.out)
    return body


def test_a_preset_is_saved_listed_shown_used_and_removed(program: Program) -> None:
    args = ("-s", "Answer in {{language}}.", "-m", "openai:gpt-5", "-o", "temperature=0.2", "--max-tokens", "50")
    assert program.run("presets", "save", "tutor", *args) == Done(0, "")

    assert program.run("presets", "ls").out == "tutor\topenai:gpt-5\tlanguage*\tAnswer in {{language}}.\n"
    shown = json.loads(program.run("presets", "show", "tutor", "--json").out)
    assert shown == {
        "name": "tutor",
        "system": "Answer in {{language}}.",
        "model": "openai:gpt-5",
        "max_tokens": 50,
        "options": {"temperature": 0.2},
        "variables": {"language": None},
    }
    body = _body(program.run("ask", "-p", "tutor", "-V", "language=French", "--dry-run", "Hi"))
    assert (body["model"], body["temperature"]) == ("gpt-5", 0.2)
    assert body["messages"] == [
        {"role": "system", "content": "Answer in French."},
        {"role": "user", "content": "Hi"},
    ]
    assert program.run("presets", "rm", "tutor").code == 0
    assert program.run("presets", "ls", "--json").out == "[]\n"
    assert program.run("presets", "show", "tutor").code == 2


def test_missing_variables_are_named_before_anything_is_sent(program: Program) -> None:
    program.run("presets", "save", "x", "--prompt", "{{a}} {{b}} {{input}}", "-V", "b=2")

    done = program.run("ask", "-p", "x", "Hi")

    assert (done.code, done.out) == (2, "")
    assert "preset x needs values for a: -V a=..." in done.err
    assert program.run("history", "ls", "--json").out == "[]\n"
    assert "belong to no preset" in program.run("ask", "-V", "a=1", "Hi").err
    assert "must be NAME=TEXT" in program.run("ask", "-V", "a", "Hi").err


def test_a_preset_with_a_prompt_needs_no_other(program: Program) -> None:
    program.run("presets", "save", "joke", "--prompt", "Tell a joke.")

    assert program.run("ask", "-p", "joke").out == "Tell a joke.\n"
    assert program.run("ask", "-p", "joke", stdin="about cats").out == "Tell a joke.\n\nabout cats\n"


def test_saving_over_a_preset_needs_yes_and_nonsense_is_not_saved(program: Program) -> None:
    program.run("presets", "save", "x", "-s", "-", stdin="One\n")

    assert "there is a preset x already" in program.run("presets", "save", "x", "-s", "Two").err
    assert program.run("presets", "show", "x").out == 'system = "One"\n'
    assert program.run("presets", "save", "x", "-s", "Two", "--yes").code == 0
    assert program.run("presets", "show", "x").out == 'system = "Two"\n'
    assert program.run("presets", "save", "y").code == 2
    assert program.run("presets", "save", "y", "-o", "temperature").code == 2


def test_a_preset_is_edited_as_the_file_has_it(program: Program) -> None:
    editor = program.home / "editor.sh"
    editor.write_text("#!/bin/sh\necho 'max_tokens = 7' >> \"$1\"\n")
    editor.chmod(0o700)
    program.run("presets", "save", "x", "-s", "One")

    assert Program(program.home, EDITOR=str(editor)).run("presets", "edit", "x").code == 0
    assert json.loads(program.run("presets", "show", "x", "--json").out)["max_tokens"] == 7
    editor.write_text("#!/bin/sh\necho 'nonsense = 7' >> \"$1\"\n")
    assert "unknown key presets.x.nonsense" in Program(program.home, EDITOR=str(editor)).run("presets", "edit", "x").err


def test_presets_of_other_programs_are_imported(program: Program) -> None:
    (program.home / "writer.json").write_text(json.dumps({"endpoint": "openAI", "title": "Writer", "model": "gpt-5"}))
    (program.home / "short.yaml").write_text("prompt: 'Summarise: $input'\ntools: [x]\n")

    done = program.run("presets", "import", "writer.json", "short.yaml")

    assert (done.code, done.out) == (0, "writer\nshort\n")
    assert "short: left out tools" in done.err
    assert program.run("ask", "-p", "short", "this").out == "Summarise: this\n"
