"""The drill of docs/operations.md, line by line in a shell: backup, loss, restore, and the same content."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from program import Program

MANUAL = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
LOSS = "# Here the database is lost."


def drill() -> tuple[str, str]:
    """The commands before the loss, and those after it."""
    (block,) = [text for text in re.findall(r"```sh\n(.*?)```", MANUAL, re.DOTALL) if LOSS in text]
    before, _, after = block.partition(LOSS)
    return before, after


def shell(program: Program, script: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{program.env['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", script],
        env={**program.env, "PATH": path},
        cwd=program.home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def filled(home: Path, database: str) -> Program:
    """A database with people, a token, a branch and an attachment."""
    program = Program(home, CHATOPS_DATABASE=database, CHATOPS_MODEL="echo:plain")
    (home / "notes.txt").write_text("attached words")
    for args, stdin in (
        (("users", "add", "ann@example.org"), "correct horse battery\n"),
        (("tokens", "create", "ci"), ""),
        (("ask", "-q", "-f", "notes.txt", "one"), ""),
        (("ask", "-q", "-c", "two"), ""),
    ):
        done = program.run(*args, stdin=stdin)
        assert done.code == 0, done.err
    return program


def seen(program: Program) -> list[str]:
    """What `db check` does not look at."""
    return [program.run(*words, "--json").out for words in (("users", "ls"), ("tokens", "ls"))]


def prove(program: Program, lose: Callable[[], None]) -> None:
    before, after = drill()
    was = seen(program)
    shell(program, before)
    lose()
    assert "two" not in program.run("history", "search", "two").out
    shell(program, after)

    assert "two" in program.run("history", "search", "two").out
    assert seen(program) == was


def test_a_sqlite_database_comes_back_from_its_backup_as_it_was(tmp_path: Path) -> None:
    program = filled(tmp_path, f"sqlite:///{tmp_path}/live.db")

    def lose() -> None:
        for file in tmp_path.glob("live.db*"):
            file.unlink()

    prove(program, lose)


@pytest.mark.slow
def test_a_mongodb_database_comes_back_from_its_backup_as_it_was(tmp_path: Path, mongo_uri: str) -> None:
    from pymongo import MongoClient
    from pymongo.uri_parser import parse_uri

    def lose() -> None:
        with MongoClient[dict[str, Any]](mongo_uri) as client:
            client.drop_database(parse_uri(mongo_uri)["database"])

    prove(filled(tmp_path, mongo_uri), lose)
