"""The splitter: parts fit, lose nothing, and each stands alone."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatops.bots.markup import Limit, Part, split

PIECES = st.sampled_from(
    [
        "word ",
        "A sentence. ",
        "\n",
        "\n\n",
        "```python\n",
        "```\n",
        "````markdown\n",
        "````\n",
        "~~~\n",
        "- item\n",
        "  - nested\n",
        "12. twelfth\n",
        "# Heading\n",
        "| a | b |\n|---|---|\n",
        "| 1 | 2 |\n",
        "漢字かな交じり文。",
        "👩‍👩‍👧‍👦",
        "🇩🇪🇫🇷",
        "e\u0301",
        "👍🏽",
        "x" * 300,
        "    indented\n",
        "`code` ",
    ]
)
TEXTS = st.one_of(st.text(max_size=600), st.lists(PIECES, max_size=120).map("".join))
LIMITS = st.builds(Limit, st.integers(16, 400), st.sampled_from(["characters", "bytes"]))
FENCE = re.compile(r"^[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]?)*(`{3,}|~{3,})[ \t]*[^\s`]*[^\n`]*$")


@given(TEXTS, LIMITS)
def test_every_part_fits_and_the_bodies_are_the_answer(text: str, limit: Limit) -> None:
    parts = split(text, limit)

    assert "".join(part.body for part in parts) == text.rstrip()
    assert all(limit.measure(part.text) <= limit.size for part in parts)
    assert all(part.body for part in parts)


@given(TEXTS, TEXTS, LIMITS)
@example("00000000 ```" + "0" * 14, "0", Limit(17))  # the line that opens a fence is still growing
@example("00000000 ```" + "0" * 12 + "\n0", "0", Limit(17))  # what must close it does not fit
def test_the_parts_of_a_growing_answer_stay(text: str, more: str, limit: Limit) -> None:
    early, late = split(text, limit), split(text.rstrip() + more, limit)

    assert [part.body for part in early[:-1]] == [part.body for part in late[: max(len(early) - 1, 0)]]


@given(TEXTS, st.builds(Limit, st.integers(120, 500)))
def test_what_was_added_is_fences_and_table_heads_alone(text: str, limit: Limit) -> None:
    for part in split(text, limit):
        for line in (part.opening + part.closing).splitlines():
            assert not line.strip() or FENCE.match(line) or "|" in line


def open_fence(part: Part) -> str:
    """The marker of the fence that is open at the end of a part; empty when all are closed."""
    marker = ""
    for line in part.text.splitlines():
        match = FENCE.match(line)
        if marker:
            stripped = line.strip()
            if len(stripped) >= len(marker) and set(stripped) == {marker[0]}:
                marker = ""
        elif match:
            marker = match[1]
    return marker


LINES = st.lists(
    st.sampled_from(["text", "```python", "```", "````md", "````", "- item", "", "| a | b |", "|---|---|", "code()"]),
    max_size=150,
).map("\n".join)


@given(LINES, st.builds(Limit, st.integers(60, 300)))
def test_no_part_leaves_a_fence_open(text: str, limit: Limit) -> None:
    assert [open_fence(part) for part in split(text, limit)] == [""] * len(split(text, limit))


def test_a_fence_is_closed_and_opened_again_with_its_language() -> None:
    code = "".join(f"print({n})\n" for n in range(40))
    first, *rest = split(f"Look:\n\n```python\n{code}```\nDone.", Limit(200))

    assert first.text.startswith("Look:\n\n```python\nprint(0)\n")
    assert first.text.endswith("\n```")
    assert all(part.text.startswith("```python\nprint(") for part in rest)


def test_a_nested_fence_does_not_close_its_outer_one() -> None:
    inner = "```python\nprint()\n```\n" * 12
    parts = split(f"````markdown\n{inner}````", Limit(120))

    assert len(parts) > 2
    assert all(part.text.startswith("````markdown\n") for part in parts)
    assert all(part.text.endswith("\n````") for part in parts)


def test_a_table_says_its_head_again_and_no_row_is_torn() -> None:
    rows = "".join(f"| row {n} | {n * n} |\n" for n in range(30))
    parts = split(f"| name | square |\n|---|--:|\n{rows}", Limit(160))

    assert len(parts) > 3
    assert all(part.text.startswith("| name | square |\n|---|--:|\n| row") for part in parts)
    assert all(line.count("|") == 3 for part in parts for line in part.text.splitlines())


def test_lists_are_cut_between_items() -> None:
    items = "".join(f"- item {n} has a few words\n  and a second line\n" for n in range(20))
    parts = split(items, Limit(200))

    assert all(part.text.startswith("- item") for part in parts)


def test_paragraphs_are_kept_together_where_they_fit() -> None:
    paragraph = "Some words that make a sentence. " * 3
    parts = split("\n\n".join([paragraph.strip()] * 6), Limit(250))

    assert all(part.text.strip().split("\n\n") == [paragraph.strip()] * 2 for part in parts)


@pytest.mark.parametrize("cluster", ["👩‍👩‍👧‍👦", "🇩🇪", "e\u0301", "👍🏽", "❤️"])
def test_no_character_is_torn(cluster: str) -> None:
    parts = split(cluster * 100, Limit(50))

    assert len(parts) > 1
    assert all(len(part.body) % len(cluster) == 0 for part in parts)


def test_a_line_of_10_000_characters_is_cut_at_words() -> None:
    line = "word " * 2000
    parts = split(line, Limit(1900))

    assert "".join(part.body for part in parts) == line.rstrip()
    assert all(part.body.endswith(" ") for part in parts[:-1])


def test_bytes_are_counted_where_a_platform_counts_bytes() -> None:
    parts = split("漢" * 1000, Limit(100, "bytes"))

    assert {len(part.text.encode()) for part in parts[:-1]} == {99}


def test_an_empty_answer_has_no_parts() -> None:
    assert split(" \n\n ", Limit(100)) == []
