"""The slash commands, each as a person meets it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from chatops.cli.exits import ExitCode
from chatops.cli.repl.commands import REGISTRY
from chatops.engine.events import TextDelta
from chatops.engine.window import SUMMARISE
from chatops.sections import Preset
from fakes import answer
from rig import ME
from talk import Talk


async def branch(talk: Talk) -> list[str]:
    return await talk.rig.texts()


async def test_a_prompt_is_answered_and_the_next_goes_on(talk: Talk) -> None:
    assert await talk.say("one", "two") == "Hello\nHello\n"
    assert await branch(talk) == ["one", "Hello", "two", "Hello"]


async def test_two_slashes_send_one(talk: Talk) -> None:
    await talk.say("//help me")

    assert await branch(talk) == ["/help me", "Hello"]


@pytest.mark.parametrize("line", ["/bogus", "/retyr", "/", "/usr/bin/env python: not found"])
async def test_what_is_no_command_is_never_sent(talk: Talk, capsys: pytest.CaptureFixture[str], line: str) -> None:
    await talk.say(line)

    told = capsys.readouterr().err
    assert "Nothing was sent; // sends a text that begins with /" in told
    assert ("did you mean /retry?" in told) == (line == "/retyr")
    assert talk.rig.provider.requests == []


@pytest.mark.parametrize("command", [one for one in REGISTRY if one.needs == "conversation"], ids=lambda one: one.name)
async def test_what_needs_a_conversation_says_so(
    talk: Talk, capsys: pytest.CaptureFixture[str], command: object
) -> None:
    name = command.name  # type: ignore[attr-defined]  # a Command
    await talk.say(f"/{name}")

    assert f"/{name}: there is no conversation yet" in capsys.readouterr().err


def test_no_two_commands_share_a_name() -> None:
    names = [name for one in REGISTRY for name in (one.name, *one.aliases)]

    assert len(names) == len(set(names))


async def test_every_command_that_was_promised_is_there_and_in_the_help(talk: Talk) -> None:
    promised = (
        "/help /exit /new /model /models /system /preset /set /file /attach /retry /continue /undo /redo /edit /fork "
        "/branches /switch /resume /history /search /rename /save /export /copy /code /usage /context /compact "
        "/multiline /vi /render /editor /last"
    )
    shown = await talk.say("/help")

    for name in promised.split():
        assert f"  {name}" in shown
    assert max(map(len, shown.splitlines())) < 80


async def test_help_for_one_command_says_more(talk: Talk) -> None:
    shown = await talk.say("/help retry", "/help /exit")

    assert "/retry [MODEL]" in shown
    assert "/regenerate" in shown
    assert "Not now: there is no conversation yet" in shown
    assert "/quit" in shown


async def test_a_retry_is_a_sibling_and_may_ask_another_model(talk: Talk) -> None:
    assert await talk.say("one", "/retry other:m") == "Hello\nother\n"
    assert await branch(talk) == ["one", "other"]
    await talk.say("two")
    assert await branch(talk) == ["one", "other", "two", "Hello"]


async def test_undo_and_redo_go_back_and_forth(talk: Talk) -> None:
    await talk.say("one", "two", "three")
    assert await talk.say("/undo 2") == "> one\nHello\n"
    assert await branch(talk) == ["one", "Hello"]
    assert await talk.say("/redo") == "> three\nHello\n"
    assert (await branch(talk))[-2:] == ["three", "Hello"]


async def test_undo_to_the_beginning_leaves_a_branch_that_can_be_gone_back_to(
    talk: Talk, capsys: pytest.CaptureFixture[str]
) -> None:
    await talk.say("one", "/undo", "/context")
    assert await talk.say("/history") == ""
    await talk.say("/undo")
    assert "there are 0 questions" in capsys.readouterr().err
    await talk.say("/redo", "two")
    assert await branch(talk) == ["one", "Hello", "two", "Hello"]
    await talk.say("/undo 2", "anew")
    assert await branch(talk) == ["anew", "Hello"]
    assert "user: one" in await talk.say("/branches")


async def test_there_is_nothing_to_redo_after_a_new_prompt(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    await talk.say("one", "two", "/undo", "three", "/redo")

    assert "nothing to go forward to" in capsys.readouterr().err


async def test_an_edit_is_offered_and_takes_the_questions_place(talk: Talk) -> None:
    await talk.say("one", "two", "/edit 2", "ONE")

    assert talk.reader.offered[3] == ("one", True)
    assert talk.reader.offered[4] == ("", False)
    assert await branch(talk) == ["ONE", "Hello"]


async def test_an_edit_can_be_said_at_once_or_called_off(talk: Talk) -> None:
    await talk.say("one", "/edit 1 uno", "/edit due words")
    assert await branch(talk) == ["due words", "Hello"]
    await talk.say("/edit", KeyboardInterrupt, "more")
    assert await branch(talk) == ["due words", "Hello", "more", "Hello"]


async def test_one_can_switch_to_any_branch(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    await talk.say("one", "/edit two")
    shown = await talk.say("/branches")
    assert [line[:4] for line in shown.splitlines()[:2]] == ["*  1", "   2"]
    assert await talk.say("/switch 2") == "> one\nHello\n"
    assert await branch(talk) == ["one", "Hello"]
    await talk.say("/switch 3", "/switch x")
    told = capsys.readouterr().err
    assert "there are 2 branches" in told
    assert "'x' is no branch" in told


async def test_a_fork_leaves_the_other_as_it_was(talk: Talk) -> None:
    await talk.say("one", "/fork A copy", "two")
    first, second = await talk.rig.engine.history.conversations(ME, limit=9)

    assert first.title == "A copy"
    assert await branch(talk) == ["one", "Hello", "two", "Hello"]
    assert len(await talk.rig.engine.history.recent(ME, second, limit=9)) == 2


async def test_an_answer_that_was_cut_off_goes_on(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    talk.rig.provider.scripts = [[TextDelta("half "), RuntimeError("broken")], answer("whole")]
    await talk.say("one", "/continue")

    assert await branch(talk) == ["one", "half whole"]
    assert "chatops: error: " in capsys.readouterr().err
    await talk.say("/continue")
    assert "nothing to continue" in capsys.readouterr().err


async def test_a_compacted_past_is_read_undone_and_not_sent(talk: Talk) -> None:
    await talk.say("one", "/compact the names", "two")
    sent = [message.text for message in talk.rig.provider.requests[-1].messages]
    shown = await talk.say("/context")

    assert sent == [f"{SUMMARISE}\n\nAbove all: the names", "Hello", "two"]
    assert "2 older messages" in shown
    assert "a summary stands for them" in shown
    await talk.say("/undo 2")
    assert await branch(talk) == ["one", "Hello"]


async def test_the_context_is_told_part_by_part(talk: Talk) -> None:
    await talk.say("/system Be brief.", "one")
    shown = await talk.say("/context")

    assert "fake:m: about 17 of 10,000 tokens, 0 %" in shown
    assert "        3  system prompt" in shown
    assert "user: one" in shown
    assert "    1,000  kept free for the answer" in shown


async def test_a_conversation_is_found_by_number_title_words_and_id(
    talk: Talk, capsys: pytest.CaptureFixture[str]
) -> None:
    await talk.say("about paris", "/new", "about rome")
    rome = await talk.rig.last()
    listed = await talk.say("/resume")
    assert "*  1" in listed.replace("   1", "*  1", 1)
    assert "about paris" in listed
    assert "> about paris\nHello" in await talk.say("/resume 2")
    assert "> about rome" in await talk.say(f"/resume {rome.id}")
    assert "> about paris" in await talk.say("/resume PARIS")
    await talk.say("/resume nowhere")
    assert "no conversation 'nowhere'" in capsys.readouterr().err


async def test_a_new_conversation_may_have_a_title_from_the_start(talk: Talk) -> None:
    await talk.say("/new Holiday plans", "one")
    assert (await talk.rig.last()).title == "Holiday plans"
    await talk.say("/rename Trips")
    assert (await talk.rig.last()).title == "Trips"


async def test_words_are_found_in_all_conversations(talk: Talk) -> None:
    await talk.say("the capital of France", "/new", "something else")
    shown = await talk.say("/search capital", "/resume 1")

    assert "user: the capital of France" in shown
    assert "> the capital of France" in shown
    assert "nothing found" in await talk.say("/search zebra")


async def test_the_last_exchanges_are_shown_again(talk: Talk) -> None:
    await talk.say("one", "two", "three", "four")

    assert await talk.say("/history 2") == "> three\nHello\n> four\nHello\n"
    assert await talk.say("/last") == "Hello\n"


async def test_options_are_set_checked_and_sent(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    await talk.say("/set temperature 0.5", "/set max_tokens 7", "/set seed=3", "/set temperature hot", "/set nothing")
    told = capsys.readouterr().err
    assert "option temperature is 'hot'" in told
    assert "/set nothing needs a value" in told
    await talk.say("one")
    sampling = talk.rig.provider.requests[-1].sampling
    assert (sampling.temperature, sampling.max_tokens, sampling.extra) == (0.5, 7, {"seed": 3})
    await talk.say("/set seed -", "/set max_tokens -", "/set max_tokens x")
    assert talk.session.asking.options == {"temperature": 0.5}
    assert talk.session.asking.max_tokens is None
    assert "max_tokens must be a whole number" in capsys.readouterr().err


async def test_a_system_prompt_goes_with_the_next_prompt_and_can_be_removed(talk: Talk) -> None:
    await talk.say("one", "/system Be brief.", "two", "three")
    assert [request.system for request in talk.rig.provider.requests] == [None, "Be brief.", "Be brief."]
    assert "Be brief." in await talk.say("/system")
    await talk.say("/system -", "four")
    assert talk.rig.provider.requests[-1].system is None


async def test_models_are_chosen_and_listed(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    assert "other:m answers" in await talk.say("/model other:m")
    await talk.say("one", "/model nobody:m")
    assert (await branch(talk))[-1] == "other"
    assert "no model 'nobody:m'" in capsys.readouterr().err
    assert "fake:m answers, window 10,000 tokens" in await talk.say("/model fake:m")


async def test_answers_and_code_are_written_to_new_files_only(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers, script = tmp_path / "answer.md", tmp_path / "run.sh"
    talk.rig.provider.scripts = [answer("Here:\n\n```python\nprint(1)\n```\n\n```sh\nls\n```\n")]
    await talk.say("one", f"/save {answers}", f"/code 2 {script}", f"/save {answers}", "/code 3", "/save no/such/x")
    told = capsys.readouterr().err

    assert answers.read_text().startswith("Here:")
    assert script.read_text() == "ls\n"
    assert "answer.md exists: give another name" in told
    assert "holds 2 code blocks" in told
    assert "cannot write no/such/x" in told
    assert await talk.say("/code") == "print(1)\n"


async def test_a_conversation_is_exported_in_every_format_as_the_command_line_does(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = [f"/export {tmp_path}/talk.{end}" for end in ("md", "json", "html", "zip")]
    await talk.say("one", "/retry", *named, f'/export json "{tmp_path}/a b"', "/new", "another")
    await talk.say(f"/export {tmp_path}/talk.md", "/export md no/such/folder/x", "/export pdf x", "/export a b c")
    told = capsys.readouterr().err
    (shape,) = json.loads((tmp_path / "talk.json").read_text())
    lines = zipfile.ZipFile(tmp_path / "talk.zip").read("conversations.jsonl").decode()

    assert (tmp_path / "talk.md").read_text().startswith("# one\n")
    assert (tmp_path / "talk.html").read_text().startswith("<!DOCTYPE html>")
    assert [message["text"] for message in shape["messages"]] == ["one", "Hello"]
    assert [shape] == json.loads((tmp_path / "a b").read_text())
    assert lines.count("Hello") == 2  # also the branch that is not active
    assert "talk.md exists: give another name" in told
    assert "cannot write no/such/folder/x: No such file or directory" in told
    assert "no format 'pdf': there are markdown, json, html, archive" in told
    assert "put a name with spaces into quotes" in told


async def test_files_go_with_the_next_prompt_alone(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes, chart = tmp_path / "my notes.md", tmp_path / "chart.png"
    notes.write_text("a note\n")
    chart.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    await talk.say(f"/file '{notes}'", f"/attach {chart}", "compare", "and now?")
    first, second = (request.messages[-1] for request in talk.rig.provider.requests)
    assert f"{notes}:\n```\na note\n```\n\ncompare" in first.text
    assert [file.name for file in first.files] == ["chart.png"]
    assert second.text == "and now?"
    (tmp_path / "program").write_bytes(b"\x7fELF\x00\xff")
    await talk.say(
        f"/attach '{tmp_path}/program'", "/file /no/such", "/file 'open", f"/attach {chart}", "/file -", "last"
    )
    told = capsys.readouterr().err
    assert "is no PNG" in told
    assert "cannot read /no/such" in told
    assert "No closing quotation" in told
    assert talk.rig.provider.requests[-1].messages[-1].files == ()


async def test_a_mentioned_file_goes_with_the_prompt(talk: Talk, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("content")
    await talk.say(f"see @{tmp_path}/a.txt, and @nobody's")
    sent = talk.rig.provider.requests[-1].messages[-1].text

    assert "content" in sent
    assert sent.endswith(f"see @{tmp_path}/a.txt, and @nobody's")


async def test_what_was_spent_is_told_by_model(talk: Talk) -> None:
    assert "nothing was asked" in await talk.say("/usage")
    await talk.say("one", "two", "/retry other:m")

    assert await talk.say("/cost") == ("fake:m  2 turns, 2 tokens in, 10 out\nother:m  1 turn, 0 tokens in, 0 out\n")


async def test_how_things_look_can_be_changed(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    await talk.say("/render always", "/vi", "/multiline", "/render maybe")
    look = talk.session.look

    assert (look.render, look.vi, look.multiline) == ("always", True, True)
    assert "/render takes auto, always, never" in capsys.readouterr().err
    await talk.say("/vi", "/multiline")
    assert (look.vi, look.multiline) == (False, False)


@pytest.mark.parametrize("leave", ["/exit", "/quit", "/q"])
async def test_leaving_is_a_command(talk: Talk, leave: str) -> None:
    assert await talk.run(leave, "never said") is ExitCode.OK
    assert talk.rig.provider.requests == []


async def test_two_ctrl_c_on_an_empty_prompt_leave(talk: Talk) -> None:
    assert await talk.run(KeyboardInterrupt, "one", KeyboardInterrupt, KeyboardInterrupt, "two") is ExitCode.OK
    assert await branch(talk) == ["one", "Hello"]


async def test_a_conversation_that_went_on_elsewhere_goes_on_from_there(talk: Talk) -> None:
    await talk.say("one")
    await talk.rig.ask("from the web", conversation_id=(await talk.rig.last()).id)
    await talk.say("two")

    assert await branch(talk) == ["one", "Hello", "from the web", "Hello", "two", "Hello"]


async def test_a_presets_variables_are_put_in_or_asked_for(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    preset = Preset(system="Answer in {{language}}.")
    object.__setattr__(talk.session.settings, "presets", {"in": preset})
    await talk.say("/preset in", "/preset in language", "/preset in 'language=Old Norse'", "hi")

    told = capsys.readouterr().err
    assert "preset in needs values for language" in told
    assert "/preset NAME [VARIABLE=TEXT ...]: must be NAME=TEXT" in told
    assert talk.rig.provider.requests[0].system == "Answer in Old Norse."
