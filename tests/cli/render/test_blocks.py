"""Where a growing text is cut, and what is painted of it."""

from __future__ import annotations

import pytest

from chatops.cli.render.blocks import Fence, cut, undecided


@pytest.mark.parametrize(
    ("source", "complete"),
    [
        ("para\n", ""),
        ("para\n\n", "para\n\n"),
        ("para\nmore\n# Title\n", "para\nmore\n# Title\n"),
        ("para\n- item\n", "para\n"),
        ("Title\n===\n", "Title\n===\n"),
        ("- a\n- b\n- c\n", "- a\n- b\n"),
        ("- a\n\n- b\n  - nested\n", "- a\n\n"),
        ("1. a\n2. b\n\npara\n", "1. a\n2. b\n\n"),
        ("- a\n\n", ""),
        ("| a | b |\n", ""),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", ""),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\n", "| a | b |\n|---|---|\n| 1 | 2 |\n\n"),
        ("para\na | b\n", ""),
        ("para\na | b\n---|---\n", "para\n"),
        ("> quote\n", ""),
        ("> quote\n\n", "> quote\n\n"),
        ("    code\n\n", ""),
        ("---\n", "---\n"),
        ("\n\n", "\n\n"),
    ],
)
def test_all_blocks_but_the_last_are_complete(source: str, complete: str) -> None:
    assert source[: cut(source).end] == complete


def test_a_cut_stops_at_the_first_fence() -> None:
    source = "para\n  ~~~~ python x\ncode\n~~~~\n# Title\n\npara\n"
    found = cut(source)
    assert source[: found.end] == "para\n"
    assert source[found.rest :].startswith("code")
    assert found.fence == Fence(mark="~~~~", info="python x", indent=2)


def test_items_of_a_list_are_joined_unless_a_blank_line_parts_them() -> None:
    assert cut("- a\n- b\n").joined
    assert not cut("- a\n\n- b\n").joined
    assert not cut("- a\n* b\n").joined


@pytest.mark.parametrize(
    ("mark", "line", "closes"),
    [
        ("```", "```", True),
        ("```", "   `````  ", True),
        ("```", "    ```", False),
        ("```", "\t```", False),
        ("```", "``` x", False),
        ("```", "~~~", False),
        ("````", "```", False),
        ("~~~", "~~~~", True),
    ],
)
def test_a_fence_closes_with_its_own_mark_at_least_as_long(mark: str, line: str, closes: bool) -> None:
    assert Fence(mark=mark, info="", indent=0).closes(line) is closes


def test_a_fences_indentation_is_taken_from_its_lines() -> None:
    fence = Fence(mark="```", info="", indent=2)
    assert [fence.strip(line) for line in ("    x", "  x", " x", "x")] == ["  x", "x", "x", "x"]


@pytest.mark.parametrize(
    "line", ["", "-", "- ", "**", "#", "===", "---", "12", "3.", "> ", "> -", "|--", "| :-", "```"]
)
def test_marks_alone_are_undecided(line: str) -> None:
    assert undecided(line)


@pytest.mark.parametrize("line", ["a", "- a", "# T", "> q", "| a", "1. x", "1234567890", "```py", "é"])
def test_a_line_with_text_is_decided(line: str) -> None:
    assert not undecided(line)
