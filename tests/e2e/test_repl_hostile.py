"""What models, titles, file names and other people's conversations hold never steers the terminal of a session.

The program writes control sequences of its own, so each attack carries a mark that is looked for: the text `EVIL`
inside a sequence, or a character that the program itself has no use for.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import builders
from chatops.engine.messages import LOCAL_OWNER
from chatops.engine.stores.sqlite import SqliteStore
from console import CTRL_C, CTRL_D, ENTER, ESC, TAB, Console, pasted
from program import Program

ATTACKS = {
    "clipboard": "\x1b]52;c;RVZJTA==\x07",
    "clipboard, C1": "\x9d52;c;RVZJTA==\x9c",
    "link": "\x1b]8;;http://EVIL\x1b\\click\x1b]8;;\x1b\\",
    "title": "\x1b]0;EVIL\x07",
    "clear": "\x1b[2;7771H",
    "cursor up": "\x1b[7771A",
    "cursor, C1": "\x9b7771A",
    "device query": "\x1bP+qEVIL\x1b\\",
    "bidi": "\u202eEVIL\u202c",
    "isolate": "\u2066EVIL\u2069",
    "zero width": "E\u200bV\u2060IL",
    "tags": "".join(chr(0xE0000 + ord(char)) for char in "EVIL"),
    "bell and backspace": "\x07\x08\x08\x7f",
}
ALL = "begin " + " ".join(ATTACKS.values()) + " end"
FORBIDDEN = (
    *("\x1b]", "\x9d", "\x9b", "\x9c", "7771H", "7771A", "\x1bP", "\x07", "\x7f"),
    *("\u202e", "\u202c", "\u2066", "\u2069", "\u200b", "\u2060", *(chr(0xE0000 + ord(char)) for char in "EVIL")),
)


def assert_clean(console: Console) -> None:
    written = console.raw.decode()
    found = [repr(text) for text in FORBIDDEN if text in written]

    assert not found


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, CHATOPS_MODEL="echo:plain")


@pytest.fixture
def stored(program: Program) -> str:
    """A conversation of somebody's export: hostile title, question and answer. Its id."""

    async def store() -> str:
        database = await SqliteStore.open(program.home / "chatops.db")
        try:
            conversation, messages = await builders.kept(
                database, f"QUESTION {ALL}", f"ANSWER {ALL}", owner_id=LOCAL_OWNER
            )
            leaf = messages[-1].id
            await database.update_conversation(LOCAL_OWNER, conversation.id, title=f"TITLE {ALL}", leaf_id=leaf)
            return conversation.id
        finally:
            await database.aclose()

    return asyncio.run(store())


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_what_a_model_says_is_stripped(program: Program, attack: str) -> None:
    with Console(program, "chat") as console:
        console.prompt()
        console.type(pasted(f"begin {attack} end"), ENTER)
        console.see("\nbegin ")
        console.prompt()
        console.type("/last", ENTER, "/history", ENTER, "/context", ENTER, "/branches", ENTER)
        console.see("there is one branch")
        console.prompt()

        assert_clean(console)
        assert program.last_message().text.startswith("begin")


@pytest.mark.parametrize("render", ["always", "never"])
def test_a_conversation_of_somebody_elses_is_stripped_wherever_it_shows(
    program: Program, stored: str, render: str
) -> None:
    with Console(program, "chat", "--cid", stored, "--render", render) as console:
        console.see("ANSWER begin")
        console.prompt()
        console.type("/resume", ENTER)
        console.see("/resume NUMBER goes on with one")
        console.type("/search QUESTION", ENTER)
        console.see("user: QUESTION")
        console.prompt()
        console.type("/resume 1", ENTER, "/context", ENTER, "/history 1", ENTER, "/last", ENTER, "/branches", ENTER)
        console.see("there is one branch")
        console.prompt()
        console.type("/resume TIT", TAB)
        console.prompt(f"> /resume {stored}")
        console.type(CTRL_C)
        console.prompt()
        console.type(ESC, ESC)
        console.see("edit> QUESTION")
        console.type(CTRL_C, CTRL_C, "/rename again", ENTER)
        console.see("renamed to again")

        assert_clean(console)


def test_a_file_whose_name_is_hostile_is_named_clean(program: Program) -> None:
    for attack in ("\x1b]0;EVIL\x07", "\u202eEVIL", "\x1b[7771A"):
        (program.cwd / f"file {attack}.txt").write_text("content")
    with Console(program, "chat") as console:
        console.prompt()
        console.type("/file fi", TAB, ENTER)
        console.see("cannot read fi")
        console.prompt()
        for attack in ("\u202eEVIL", "\x1b[7771A"):
            console.type(pasted(f"/file 'file {attack}.txt'"), CTRL_C)
        console.type(CTRL_D)
        assert console.ends() == 0
        assert_clean(console)
    with Console(program, "chat", "-f", "file \x1b]0;EVIL\x07.txt") as console:
        console.see("goes with the next prompt as text")
        console.prompt()
        console.type("go", ENTER)
        console.see("content")
        console.prompt()

        assert_clean(console)


def test_errors_that_quote_are_stripped(program: Program) -> None:
    with Console(program, "chat") as console:
        console.prompt()
        console.type("/model x\u202ey", ENTER)
        console.see("no model")
        console.prompt()

        assert "\u202e" not in console.raw.decode().partition("no model")[2]
