"""What is done with the whole conversation: tags, putting it away, how long it stays, deleting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.cli.repl.commands import REGISTRY
from chatops.cli.repl.toolbar import toolbar
from rig import ME
from talk import Talk

if TYPE_CHECKING:
    import pytest


async def offered(talk: Talk, name: str, argument: str) -> list[str]:
    complete = REGISTRY.find(name).complete
    assert complete is not None
    return [choice.text for choice in await complete(talk.session, argument)]


async def test_tags_are_put_on_taken_off_and_completed(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    assert await talk.say("one", "/tag", '/tag Work "two words"', "/tag -work later") == (
        "Hello\nno tags\n#two words #work\n#later #two words\n"
    )
    assert (await talk.rig.last()).tags == ("later", "two words")
    await talk.say("/new", "two")
    assert await offered(talk, "tag", "") == ["later", "'two words'"]
    assert await offered(talk, "tag", "x la") == ["x later"]
    assert await offered(talk, "tag", "-") == []
    await talk.say('/tag "open', '/tag ""')
    told = capsys.readouterr().err
    assert "No closing quotation" in told
    assert "a tag is empty" in told


async def test_a_conversation_is_put_away_and_brought_back(talk: Talk) -> None:
    await talk.say("one", "/archive")
    assert "no conversations yet" in await talk.say("/resume")
    assert "brought back" in await talk.say("/archive")
    assert "1  20" in await talk.say("/resume")


async def test_temporary_conversations_are_deleted_by_themselves_unless_they_are_kept(
    talk: Talk, capsys: pytest.CaptureFixture[str]
) -> None:
    told = await talk.say("/temporary 2h", "one", "/temporary")
    assert "the next prompt begins a conversation that is deleted after 2h" in told
    assert "this conversation is deleted at 20" in told
    assert " · temporary · one" in toolbar(talk.session, 80)
    await talk.say("/new", "two")
    assert (await talk.rig.last()).expires_at == talk.rig.clock.now + 7_200_000
    assert "this conversation stays" in await talk.say("/temporary -")
    assert "conversations that begin here stay" in await talk.say("/temporary -", "/new", "three")
    assert (await talk.rig.last()).expires_at is None
    assert "/new begins a conversation that is deleted after 1d" in await talk.say("/temporary")
    talk.rig.clock.now += 7_300_000
    await talk.rig.engine.sweep()
    left = await talk.rig.engine.history.conversations(ME, limit=9)
    assert [one.title for one in left] == ["three", "two"]
    await talk.say("/temporary soon")
    assert "'soon' is no span of time" in capsys.readouterr().err


async def test_a_conversation_is_deleted_after_it_was_said_twice(
    talk: Talk, capsys: pytest.CaptureFixture[str]
) -> None:
    await talk.say("one", "/delete")
    assert "/delete yes deletes 'one' with all its branches, for good" in capsys.readouterr().err
    assert "deleted; the next prompt begins" in await talk.say("/delete yes")
    assert await talk.rig.engine.history.conversations(ME, limit=9) == []
    await talk.say("two")
    assert await talk.rig.texts() == ["two", "Hello"]
