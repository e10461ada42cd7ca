"""The commands in the manuals are such that the program takes them."""

import re
import shlex
from pathlib import Path

import pytest

from chatops import secretfiles
from deploy.commands import options_of

DOCS = Path(__file__).parents[2] / "docs"


def commands(name: str) -> list[str]:
    """Every command of ours, in a block or between backticks; without what a shell does with it."""
    text = (DOCS / name).read_text()
    blocks = "\n".join(re.findall(r"^ *```sh\n(.*?)```", text, re.DOTALL | re.MULTILINE))
    inline = re.findall(r"`([^`\n]+)`", text)
    lines = [*blocks.splitlines(), *inline]
    found = [re.search(r"(?:^|[ /])chatops ((?:[a-z]+)(?: [^|>&#;]*)?)", line) for line in lines]
    return sorted({match[1].strip() for match in found if match})


@pytest.mark.parametrize("command", commands("operations.md"))
def test_a_command_of_the_manual_is_one_that_there_is(command: str) -> None:
    assert options_of(shlex.split(command)) is not None


def test_the_manual_has_commands() -> None:
    assert len(commands("operations.md")) > 12


def test_every_secret_that_may_come_from_a_file_is_told() -> None:
    text = (DOCS / "operations.md").read_text()

    assert {name for name in secretfiles.NAMES if name not in text and not name.startswith("SLACK_")} == {
        "CHATOPS_TOKEN"
    }
