"""Presets: variables, and the files of other programs."""

from __future__ import annotations

import json

import pytest

from chatops.engine.errors import InvalidRequestError
from chatops.presetfiles import read
from chatops.presets import fill, variables
from chatops.sections import Preset

PRESET = Preset(
    system="You are {{role}}, {{ mood }}.", prompt="In {{language}}: {{input}}!", variables={"mood": "kind"}
)


def test_variables_get_their_values_the_given_before_the_presets_own() -> None:
    filled = fill("x", PRESET, "Hello", {"role": "a poet", "language": "French"})

    assert (filled.preset.system, filled.text) == ("You are a poet, kind.", "In French: Hello!")
    assert fill("x", PRESET, "", {"role": "a", "mood": "b", "language": "c"}).preset.system == "You are a, b."
    assert variables(PRESET) == ("role", "mood", "language")


def test_missing_variables_are_all_named() -> None:
    with pytest.raises(
        InvalidRequestError, match=r"preset x needs values for role, language: -V role=... -V language=..."
    ):
        fill("x", PRESET, "Hello", {})


def test_a_value_for_no_variable_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="preset x has no variable tone: it has role, mood, language"):
        fill("x", PRESET, "Hello", {"tone": "a"})
    with pytest.raises(InvalidRequestError, match="belong to no preset: name one with -p"):
        fill(None, Preset(), "Hello", {"tone": "a"})


def test_what_is_put_in_is_not_looked_at_again_and_an_escaped_one_is_text() -> None:
    preset = Preset(prompt=r"\{{a}} {{a}} {{input}} {{ no-name }}")

    assert fill("x", preset, "{{a}}", {"a": "{{input}}"}).text == "{{a}} {{input}} {{a}} {{ no-name }}"


def test_without_input_in_it_a_prompt_comes_before_what_is_asked() -> None:
    assert fill("x", Preset(prompt="Summarise:"), "text", {}).text == "Summarise:\n\ntext"
    assert fill("x", Preset(prompt="Tell a joke."), "", {}).text == "Tell a joke."


def test_a_preset_of_librechat_is_read() -> None:
    record = {
        "presetId": "1",
        "title": "Creative Writer!",
        "endpoint": "anthropic",
        "model": "claude-sonnet-5",
        "promptPrefix": "You write for {{current_user}}.",
        "temperature": 0.9,
        "topK": 5,
        "stop": [],
        "maxOutputTokens": 2000,
        "tools": ["x"],
    }

    (found,) = read("file", json.dumps(record))

    assert (found.name, found.left_out) == ("creative-writer", ("tools",))
    assert found.table == {
        "system": "You write for {{current_user}}.",
        "model": "anthropic:claude-sonnet-5",
        "max_tokens": 2000,
        "options": {"temperature": 0.9, "top_k": 5},
    }
    assert [one.name for one in read("file", json.dumps([record, {"endpoint": "openAI", "title": "B"}]))] == [
        "creative-writer",
        "b",
    ]


def test_a_template_of_llm_is_read() -> None:
    (found,) = read(
        "steampunk",
        "system: In $tone\nprompt: >\n  Costs $$5 in ${place}: $input {{x}}\nmodel: gpt-4o\n"
        "defaults:\n  tone: a whisper\noptions:\n  temperature: 1.8\n  max_tokens: 10\ntools: [llm_time]\n",
    )

    assert (found.name, found.left_out) == ("steampunk", ("tools",))
    assert found.table == {
        "system": "In {{tone}}",
        "prompt": "Costs $5 in {{place}}: {{input}} \\{{x}}\n",
        "model": "gpt-4o",
        "max_tokens": 10,
        "options": {"temperature": 1.8},
        "variables": {"tone": "a whisper"},
    }
    assert read("short", "'Summarise: $input'")[0].table == {"prompt": "Summarise: {{input}}"}


@pytest.mark.parametrize("content", ["a: [", "{}", "[]", "5", "name: x", "!!python/object:os.system {}"])
def test_other_files_are_refused_by_name(content: str) -> None:
    with pytest.raises(InvalidRequestError, match="mine is "):
        read("mine", content)
