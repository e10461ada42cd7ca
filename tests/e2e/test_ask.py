"""`chatops ask` as a person or a script uses it, in a process of its own."""

import json
import subprocess
from pathlib import Path

import pytest

from peers.local_model import weights
from program import Program

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home, cwd=tmp_path, CHATOPS_MODEL="echo:plain")


def test_the_embedded_model_knows_the_capital_of_france(tmp_path: Path) -> None:
    models = tmp_path / "cache" / "models"
    models.mkdir(parents=True)
    (models / weights().name).symlink_to(weights())
    program = Program(tmp_path)
    first = program.run("ask", "What is the capital of France?")
    second = program.run("ask", "-c", "and why?", "-u")

    assert "Paris" in first.out
    assert "no API key: using the built-in SmolLM2-135M" in first.err
    assert second.code == 0
    assert "tokens in" in second.err
    assert "no API key" not in second.err


def test_the_answer_alone_is_on_standard_output(program: Program) -> None:
    done = program.run("ask", "*hello*", "  there")

    assert (done.code, done.out, done.err) == (0, "*hello*   there\n", "")


def test_json_is_one_object_with_id_text_usage_and_status(program: Program) -> None:
    done = program.run("ask", "what is x?", "--json", stdin="x=1\n")
    answer = json.loads(done.out)

    assert answer["text"] == "x=1\n\nwhat is x?"
    assert answer["status"] == "complete"
    assert answer["usage"] == {"input_tokens": 4, "output_tokens": 4, "cost": "0"}
    assert {"id", "conversation_id", "created_at", "model", "provider", "finish_reason"} <= answer.keys()
    shown = json.loads(program.run("history", "show", answer["conversation_id"], "--json").out)
    assert shown["messages"][-1] == {key: value for key, value in answer.items() if key != "conversation_id"}


def test_jsonl_writes_the_stream_records(program: Program) -> None:
    records = [json.loads(line) for line in program.run("ask", "--jsonl", "a b").out.splitlines()]

    assert [record["type"] for record in records] == [
        "start",
        "data-conversation",
        "text-start",
        "text-delta",
        "text-delta",
        "data-usage",
        "text-end",
        "finish",
    ]


def test_a_broken_answer_is_told_in_json_too(program: Program) -> None:
    done = program.run("ask", "-m", "echo:plain-cut1", "--json", "a b")
    answer = json.loads(done.out)

    assert done.code == 6
    assert (answer["text"], answer["status"], answer["error"]["code"]) == ("a", "failed", "provider_stream_cut")


def test_the_first_code_block_can_be_taken_alone(program: Program) -> None:
    done = program.run("ask", "-x", stdin="Here:\n\n```python\nprint(1)\n```\nand\n```\nno\n```")

    assert (done.code, done.out) == (0, "print(1)\n")


def test_an_answer_without_a_code_block_is_an_error_of_its_own(program: Program) -> None:
    done = program.run("ask", "-x", "no code")

    assert (done.code, done.out) == (8, "")
    assert "no code block" in done.err


def test_the_answer_can_go_to_a_file_which_stays_as_it_was_when_none_comes(program: Program) -> None:
    out = program.cwd / "answer.txt"
    out.write_text("old and longer than the new")

    assert program.run("ask", "-m", "echo:plain-500", "--out", "answer.txt", "new").code == 4
    assert out.read_text() == "old and longer than the new"
    assert program.run("ask", "--out", "answer.txt", "new").out == ""
    assert out.read_text() == "new\n"
    assert program.run("ask", "--out", "no/such/folder", "x").code == 2


def test_a_conversation_goes_on_and_can_be_forked(program: Program) -> None:
    program.run("ask", "one")
    cid = json.loads(program.run("ask", "-c", "two", "--json").out)["conversation_id"]
    fork = json.loads(program.run("ask", "--cid", cid[:18], "--fork", "three", "--json").out)["conversation_id"]

    def texts(conversation: str) -> list[str]:
        shown = json.loads(program.run("history", "show", conversation, "--json").out)
        return [message["text"] for message in shown["messages"]]

    assert texts(cid) == ["one", "one", "two", "two"]
    assert texts(fork) == ["one", "one", "two", "two", "three", "three"]


def test_no_log_stores_nothing(program: Program) -> None:
    assert program.run("ask", "-n", "psst").out == "psst\n"
    assert json.loads(program.run("history", "ls", "--json").out) == []
    program.run("ask", "stored")
    assert program.run("ask", "-n", "-c", "--fork", "psst").out == "psst\n"
    assert len(json.loads(program.run("history", "ls", "--json").out)) == 1


def test_reasoning_goes_to_standard_error_unless_it_is_hidden(program: Program) -> None:
    shown = program.run("ask", "-m", "echo:plain-r2", "x")
    hidden = program.run("ask", "-R", "-m", "echo:plain-r2", "x")

    assert (shown.out, shown.err) == ("x\n", "hm hm \n\n")
    assert (hidden.out, hidden.err) == ("x\n", "")


def test_files_and_standard_input_are_context_before_the_prompt(program: Program) -> None:
    (program.cwd / "notes.md").write_text("a ``` fence\n")
    done = program.run("ask", "-f", "notes.md", "what?", stdin="piped\n")

    assert done.out == "notes.md:\n````\na ``` fence\n````\n\npiped\n\nwhat?\n"


@pytest.mark.parametrize("args", [("-",), ("-f", "-")])
def test_standard_input_alone_is_a_prompt(program: Program, args: tuple[str, ...]) -> None:
    assert program.run("ask", *args, stdin="only this").out == "only this\n"


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("-f", "missing.txt", "x"), "missing.txt"),
        (("-a", "binary", "x"), "no PNG"),
        (("-a", "image", "-m", "local", "x"), "takes no images and no PDFs, so it cannot read image"),
        (("-f", "binary", "x"), "not UTF-8"),
        (("-p", "nobody", "x"), "no preset 'nobody'"),
        (("-m", "nobody:x", "x"), "no model 'nobody:x'"),
        (("-c", "x"), "no conversation to continue"),
        (("--cid", "0000", "x"), "no conversation '0000'"),
        (("-o", "temperature=hot", "x"), "must be a number"),
        (("-o", "stop=1", "x"), "stop must be"),
        ((" ",), "empty"),
        (("-f", ".", "x"), "cannot read ."),
    ],
)
def test_bad_input_is_refused_with_what_and_where(program: Program, args: tuple[str, ...], complaint: str) -> None:
    (program.cwd / "notes.md").write_text("text")
    (program.cwd / "binary").write_bytes(b"\xff\xfe")
    (program.cwd / "image").write_bytes(b"\x89PNG\r\n\x1a\n")
    done = program.run("ask", *args)

    assert (done.code, done.out) == (2, "")
    assert complaint in done.err
    assert len([line for line in done.err.splitlines() if line.startswith("chatops: error: ")]) == 1


def test_a_dry_run_prints_the_request_and_stores_nothing(program: Program) -> None:
    (program.cwd / "a.png").write_bytes(PNG)
    args = ("ask", "--dry-run", "-m", "openai:gpt-5", "-a", "a.png", "-o", "seed=1", "-o", "temperature=0.5", "look")
    program.env["OPENAI_API_KEY"] = "sk-very-secret"
    done = program.run(*args)
    body = json.loads(done.out)

    assert (body["model"], body["seed"], body["temperature"]) == ("gpt-5", 1, 0.5)
    assert "sk-very-secret" not in done.out
    assert json.loads(program.run("history", "ls", "--json").out) == []


def test_a_preset_sets_model_system_and_options_and_flags_win(program: Program) -> None:
    (program.home / "config.toml").write_text(
        '[presets.brief]\nmodel = "openai:gpt-5"\nsystem = "Be brief."\nmax_tokens = 9\noptions = {seed = 7}\n'
    )
    body = json.loads(program.run("ask", "--dry-run", "-p", "brief", "x").out)
    other = json.loads(program.run("ask", "--dry-run", "-p", "brief", "-s", "Be long.", "--max-tokens", "8", "x").out)

    assert body["messages"][0]["content"] == "Be brief."
    assert (body["max_completion_tokens"], body["seed"]) == (9, 7)
    assert other["messages"][0]["content"] == "Be long."
    assert other["max_completion_tokens"] == 8


def test_the_prompt_can_be_written_in_an_editor(program: Program) -> None:
    program.env["EDITOR"] = "sed -i s/draft/final/"

    assert program.run("ask", "-e", "a draft").out == "a final\n"
    program.env["EDITOR"] = "false"
    assert program.run("ask", "-e", "a draft").code == 2
    program.env["EDITOR"] = "/no/such/editor"
    assert "cannot start the editor" in program.run("ask", "-e", "a draft").err


def test_a_fallback_that_answered_is_told(program: Program) -> None:
    done = program.run("ask", "-m", "echo:plain-503", "--fallback", "echo:plain", "x")

    assert (done.code, done.out) == (0, "x\n")
    assert "echo:plain-503 could not answer; this is echo:plain" in done.err


def test_an_answer_cut_at_its_maximum_says_so(program: Program) -> None:
    done = program.run("ask", "--max-tokens", "1", "one two")

    assert (done.code, done.out) == (0, "one\n")
    assert "maximum length" in done.err
    assert program.run("ask", "-q", "--max-tokens", "1", "one two").err == ""


def test_a_missing_key_says_which_variable_to_set(program: Program) -> None:
    done = program.run("ask", "-m", "anthropic", "x")

    assert done.code == 3
    assert "ANTHROPIC_API_KEY" in done.err


def test_nothing_to_ask_on_a_terminal_is_help_and_exit_2(program: Program) -> None:
    done = program.run_on_terminal("ask")

    assert done.code == 2
    assert "--continue" in done.out


def test_a_pipe_that_holds_nothing_is_an_empty_prompt(program: Program) -> None:
    done = program.run("ask")

    assert done.code == 2
    assert "empty" in done.err


def test_control_sequences_of_a_model_never_reach_a_terminal(program: Program) -> None:
    hostile = "a\x1b]52;c;ZXZpbA==\x07b\x1b[2Jc\x9b31md\u202ee"
    for args in ((), ("--render", "never"), ("--no-stream",), ("--json",), ("--jsonl",)):
        screen = program.run_on_terminal("ask", *args, hostile).out
        assert "]52" not in screen.replace("\\u001b]52", ""), args
        assert "\x1b[2J" not in screen, args
        assert "\x9b" not in screen, args
        assert "\u202e" not in screen, args


def test_a_pipe_gets_the_text_byte_for_byte(program: Program) -> None:
    text = "a\x1b]52;c;x\x07 é\u202e\tb"

    assert program.run("ask", stdin=text).out == text + "\n"


def test_an_answer_on_a_terminal_is_rendered_once(program: Program) -> None:
    done = program.run_on_terminal("ask", "# Title\n\nSome **bold** text.")

    assert done.code == 0
    assert "# Title" not in done.out
    assert "\x1b[1m" in done.out


def test_one_shots_import_no_third_party_package(program: Program) -> None:
    third_party = {"typer", "rich", "click", "pydantic", "openai", "anthropic", "httpx2", "aiohttp", "xllamacpp"}

    assert not third_party & program.modules("ask", "hello")


def test_help_is_shown_for_ask(program: Program) -> None:
    done = program.run("ask", "--help")

    assert done.code == 0
    assert "--dry-run" in done.out


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_do_no_harm(program: Program, closed: str) -> None:
    """`>&-` gives the next file the number of standard output: the answer must not go into the database."""
    command = " ".join(program.command("ask", "hello"))
    shell = ["/bin/sh", "-c", f"{command} {closed}"]
    done = subprocess.run(shell, env=program.env, cwd=program.cwd, capture_output=True, check=False)

    assert done.returncode == 0
    assert done.stdout == (b"" if ">&-" in closed.split() else b"hello\n")
    assert [found["title"] for found in json.loads(program.run("history", "ls", "--json").out)] == ["hello"]


def test_a_full_disk_behind_standard_output_is_told_and_the_answer_is_stored(program: Program) -> None:
    command = " ".join(program.command("ask", "hello"))
    shell = ["/bin/sh", "-c", f"{command} > /dev/full"]
    done = subprocess.run(shell, env=program.env, cwd=program.cwd, capture_output=True, check=False)

    assert done.returncode == 1
    assert b"No space left on device: standard output" in done.stderr
    assert len(json.loads(program.run("history", "ls", "--json").out)) == 1
