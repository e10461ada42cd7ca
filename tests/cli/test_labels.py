"""`chatops history archive|unarchive|tag` and what `ls` lists of it."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program(tmp_path, CHATOPS_MODEL="echo:plain")
    program.run("ask", "one")
    program.run("ask", "two")
    return program


def listed(program: Program, *args: str) -> dict[str, str]:
    """Titles and ids."""
    return {one["title"]: one["id"] for one in json.loads(program.run("history", "ls", "--json", *args).out)}


def test_what_is_put_away_leaves_the_list_and_can_be_brought_back(program: Program) -> None:
    ids = listed(program)
    assert program.run("history", "archive", ids["one"]).code == 0

    assert listed(program) == {"two": ids["two"]}
    assert listed(program, "--archived") == {"one": ids["one"]}
    program.run("history", "unarchive", ids["one"])
    assert listed(program) == ids
    assert program.run("history", "ls", "--archived").err == "no such conversations\n"


def test_temporary_conversations_are_told_and_can_be_kept(program: Program) -> None:
    assert program.run("ask", "--temporary=2h", "three").out == "three\n"
    ids = listed(program)
    (temporary,) = [
        one for one in json.loads(program.run("history", "ls", "--json").out) if one.get("expires_at") is not None
    ]

    assert temporary["title"] == "three"
    seconds = datetime.fromisoformat(temporary["expires_at"]) - datetime.fromisoformat(temporary["created_at"])
    assert seconds == timedelta(hours=2)
    assert "UNTIL" in program.run_on_terminal("history", "ls").out
    assert program.run("history", "keep", ids["three"], ids["one"]).code == 0
    assert "UNTIL" not in program.run_on_terminal("history", "ls").out
    assert program.run("chat", "--temporary", stdin="four\n").out == "four\n"
    assert program.run("ask", "--temporary", "-c", "five").code == 2


def test_tags_are_added_taken_off_and_listed(program: Program) -> None:
    ids = listed(program)
    assert program.run("history", "tag", ids["one"], "Work", "#two  words").out == "two words\nwork\n"
    assert program.run("history", "tag", ids["one"], "home").out == "home\ntwo words\nwork\n"
    assert program.run("history", "tag", "-d", ids["one"], "WORK", "home").out == "two words\n"

    assert listed(program, "--tag", "Two Words") == {"one": ids["one"]}
    assert listed(program, "--tag", "work") == {}
    assert program.run("history", "tag", ids["two"]).err == "no tags\n"


@pytest.mark.parametrize("tag", ["", "#", "x" * 51, "a\x1bb"])
def test_a_tag_that_is_none_is_refused(program: Program, tag: str) -> None:
    done = program.run("history", "tag", listed(program)["one"], tag)

    assert (done.code, done.out) == (2, "")
    assert "tag" in done.err
