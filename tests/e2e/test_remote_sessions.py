"""A session on a server: every command that goes along the tree, and what comes in and goes out."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from program import Program
from remote import fine, home, serving


@pytest.fixture
def owner(tmp_path: Path) -> Program:
    return home(tmp_path / "server")


@pytest.fixture
def there(tmp_path: Path, owner: Program) -> Generator[Program]:
    with serving(owner, "--no-login") as url:
        yield home(tmp_path / "there", server=url)


SESSION = """first question
second question
/undo
/redo
/edit another question
/branches
/switch 2
/context
/compact
/context
/models echo
/search another
"""


def test_a_session_says_the_same_there_as_here(tmp_path: Path, there: Program) -> None:
    here = home(tmp_path / "here")

    ours, theirs = (one.run("chat", stdin=SESSION) for one in (here, there))

    assert ours.code == theirs.code == 0, theirs.err
    assert ours.err == theirs.err
    assert _without_times(ours.out) == _without_times(theirs.out)
    assert "another question" in theirs.out


def _without_times(text: str) -> list[str]:
    """Minutes may turn between two runs."""
    return [
        " ".join(word for word in line.split() if ":" not in word or word.endswith(":")) for line in text.splitlines()
    ]


def test_conversations_come_from_a_server_and_go_there(tmp_path: Path, owner: Program, there: Program) -> None:
    here = home(tmp_path / "here")
    fine(here.run("ask", "kept here"))
    archive = str(tmp_path / "ours.zip")
    fine(here.run("history", "export", "--all", "--out", archive))

    assert "1 conversations" in fine(there.run("history", "import", archive))
    assert "1 there already" in fine(there.run("history", "import", archive))
    assert there.run("history", "import", str(tmp_path)).code == 2
    (id_,) = [one["id"] for one in json.loads(fine(there.run("history", "ls", "--json")))]
    for more in (["--format", "json", id_], ["--format", "markdown", "--all"]):
        assert fine(there.run("history", "export", *more)) == fine(here.run("history", "export", *more))
    fine(there.run("history", "tag", id_[:23], "Work"))
    fine(there.run("history", "archive", id_))
    (found,) = json.loads(fine(owner.run("history", "ls", "--archived", "--tag", "work", "--json")))
    assert found["id"] == id_
    assert "rows are as they were written" in fine(there.run("usage", "verify"))
