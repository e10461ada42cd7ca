"""Colours of code, line by line."""

from __future__ import annotations

import pytest

from chatops.cli.render.highlight import Memo, _Lexed, coloring
from chatops.cli.render.look import COLOR, PLAIN
from chatops.cli.render.rows import Runs, plain

PYTHON = [
    "def f(x):",
    '    """Says what it',
    "    does: def class return",
    "",
    '    and more."""',
    '    return "text"  # comment',
    "x = 1",
]


def colored(info: str, lines: list[str]) -> list[Runs]:
    maker = coloring(info, COLOR)
    return [maker.line(line) for line in lines]


def test_lines_keep_their_text() -> None:
    assert [plain(runs) for runs in colored("python", PYTHON)] == PYTHON


def test_a_string_over_several_lines_is_one_string() -> None:
    runs = colored("python", PYTHON)
    assert runs[0][0] == ("def", "35")
    assert {style for line in runs[2:4] for _, style in line} == {"32"}
    assert ("return", "35") in runs[5]
    assert runs[5][-1] == ("# comment", "2")


def test_the_line_that_is_being_written_has_the_colour_of_where_it_stands() -> None:
    maker = coloring("python", COLOR)
    assert maker.partial("def f")[0] == ("def", "35")
    maker.line("def f():")
    maker.line('    """Says')
    assert maker.partial("    def f") == (("    def f", "32"),)


@pytest.mark.parametrize("info", ["python", "py title=x", "{.python}", "Python"])
def test_the_language_is_the_first_word(info: str) -> None:
    assert colored(info, ["def f(): pass"])[0][0] == ("def", "35")


@pytest.mark.parametrize("info", ["", "text", "nosuchlanguage", "../../etc/passwd", "\x00", "a" * 1000])
def test_unknown_languages_get_one_colour(info: str) -> None:
    assert colored(info, ["def f(): pass"]) == [(("def f(): pass", "36"),)]


def test_without_colour_there_is_none() -> None:
    assert coloring("python", PLAIN).line("def f(): pass") == (("def f(): pass", ""),)


def test_a_long_line_is_data() -> None:
    assert colored("json", ["[" + "1," * 1000]) == [(("[" + "1," * 1000, ""),)]


@pytest.mark.parametrize("line", ["    x = call(1, 2)  # body", "def f(): return 1", "    text in a string"])
def test_what_is_read_again_for_a_line_is_bounded(line: str) -> None:
    maker = coloring("python", COLOR)
    assert isinstance(maker, _Lexed)
    maker.line('"""' if "string" in line else "")
    most = 0
    for _ in range(300):
        maker.line(line)
        most = max(most, sum(map(len, maker._window)))
    assert most < 4100


def test_php_needs_no_opening_tag_and_tabs_become_spaces() -> None:
    assert ("function", "35") in colored("php", ["function f() {"])[0]
    assert plain(colored("make", ["\tcc x.c"])[0]) == "    cc x.c"


def test_blocks_that_are_painted_again_are_coloured_once() -> None:
    memo = Memo()
    first = memo.colored("python", PYTHON[:3], COLOR, partial=False)
    longer = memo.colored("python", PYTHON, COLOR, partial=False)
    assert longer[:3] == first
    assert longer[0] is first[0]
    assert longer == colored("python", PYTHON)
    assert memo.colored("python", ["def f"], COLOR, partial=True) == [coloring("python", COLOR).partial("def f")]
