"""What Tab offers."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent, Completion
from prompt_toolkit.document import Document

from chatops.cli.repl.commands import REGISTRY
from chatops.cli.repl.completion import Completing
from talk import Talk


async def offered(talk: Talk, text: str) -> list[Completion]:
    completing = Completing(talk.session, REGISTRY)
    event = CompleteEvent(completion_requested=True)
    return [one async for one in completing.get_completions_async(Document(text), event)]


async def completed(talk: Talk, text: str) -> list[str]:
    """The whole text that each offer would make."""
    return [text[: len(text) + one.start_position] + one.text for one in await offered(talk, text)]


async def test_commands_by_their_beginning_and_their_aliases(talk: Talk) -> None:
    assert await completed(talk, "/mod") == ["/model ", "/models "]
    assert await completed(talk, "/qui") == ["/exit"]
    assert await completed(talk, "//mod") == []
    assert await completed(talk, "plain text") == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("/model oth", "/model other:m"),
        ("/models f", "/models fake"),
        ("/render al", "/render always"),
        ("/set te", "/set temperature"),
        ("/help mult", "/help multiline"),
        ("/preset br", "/preset brief"),
    ],
)
async def test_arguments_of_each_kind(talk: Talk, text: str, first: str) -> None:
    from chatops.engine.models import ModelSpec
    from chatops.sections import Preset

    talk.rig.engine.catalog.known["other:m"] = ModelSpec(id="other:m")
    object.__setattr__(talk.session.settings, "presets", {"brief": Preset(system="Be brief.")})

    assert (await completed(talk, text))[:1] == [first]


async def test_conversations_by_their_titles(talk: Talk) -> None:
    await talk.say("about paris", "/new", "about rome")
    (found,) = await offered(talk, "/resume PAR")

    assert found.display_text == "about paris"
    assert found.text == (await talk.rig.engine.history.conversations(talk.session.me, limit=2))[1].id


async def test_branches_by_their_numbers(talk: Talk) -> None:
    await talk.say("one", "/edit two")

    assert [one.display_meta_text[-9:] for one in await offered(talk, "/switch ")] == ["user: two", "user: one"]


async def test_files_after_an_at_sign_and_for_commands(talk: Talk, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    (folder / "sub").mkdir(parents=True)
    for name in ("notes.md", "my file", ".hidden", "evil\x1b]0;x\x07", "rtl\u202e"):
        (folder / name).write_text("")

    assert await completed(talk, f"see @{folder}/") == [
        f'see @"{folder}/my file"',
        f"see @{folder}/notes.md",
        f"see @{folder}/sub/",
    ]
    assert await completed(talk, f"/file a.txt {folder}/m") == [f"/file a.txt '{folder}/my file'"]
    assert await completed(talk, f"@{folder}/.") == [f"@{folder}/.hidden"]
    assert await completed(talk, "mail me@") == []
    assert await completed(talk, "@/no/such/folder/") == []


async def test_titles_in_the_menu_are_clean(talk: Talk) -> None:
    await talk.rig.ask("a\x1b]0;evil\x07b\u202ec")
    (found,) = await offered(talk, "/resume a")

    assert found.display_text == "abc"
