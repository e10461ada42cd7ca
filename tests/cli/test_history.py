"""`chatops history` over a real database, in pipes and on a terminal."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatops.engine.codec import conversation_json, message_json
from chatops.engine.ids import new_id
from chatops.engine.messages import LOCAL_OWNER, Conversation, ErrorInfo, FilePart, Message, Part, TextPart
from chatops.engine.stores.sqlite import SqliteStore
from program import Program

NOON = 1_800_000_000_000
HOSTILE = "a\x1b]0;owned\x07b\x1b[2J\x9b31mc\td\ne"


class History:
    """A database with conversations in it, and the program over it."""

    def __init__(self, home: Path) -> None:
        self.program = Program(home)
        self.file = home / "chatops.db"

    def add(self, title: str, *texts: str, at: int = NOON) -> Conversation:
        """A conversation of alternating messages, of which the last is the active leaf."""
        return self.store(title, [(TextPart(text=text),) for text in texts], at=at)

    def store(
        self, title: str, messages: Sequence[tuple[Part, ...]], *, at: int = NOON, error: ErrorInfo | None = None
    ) -> Conversation:
        """`error`: what every answer ended with, if not whole."""
        rows: list[Message] = []
        id_ = new_id()
        for seq, parts in enumerate(messages, start=1):
            rows.append(
                Message(
                    id=new_id(),
                    conversation_id=id_,
                    role="user" if seq % 2 else "assistant",
                    parts=parts,
                    created_at=at + seq,
                    seq=seq,
                    parent_id=rows[-1].id if rows else None,
                    model=None if seq % 2 else "m",
                    provider=None if seq % 2 else "fake",
                    status="interrupted" if error and not seq % 2 else "complete",
                    error=None if seq % 2 else error,
                )
            )
        conversation = Conversation(
            id=id_,
            owner_id=LOCAL_OWNER,
            title=title,
            created_at=at,
            updated_at=at,
            model="fake:m",
            leaf_id=rows[-1].id if rows else None,
        )
        asyncio.run(self.save([conversation], rows))
        return conversation

    async def save(self, conversations: Sequence[Conversation], messages: Sequence[Message] = ()) -> None:
        store = await SqliteStore.open(self.file)
        await store.add_messages(LOCAL_OWNER, messages)
        async with asyncio.TaskGroup() as together:
            for conversation in conversations:
                together.create_task(store.add_conversation(conversation))
        await store.aclose()

    def titles(self) -> list[str]:
        return [item["title"] for item in json.loads(self.program.run("history", "ls", "--json").out)]


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


def test_an_empty_history_is_an_empty_list(history: History) -> None:
    plain, as_json = history.program.run("history", "ls"), history.program.run("history", "ls", "--json")

    assert (plain.code, plain.out) == (0, "")
    assert "no conversations yet" in plain.err
    assert (as_json.code, as_json.out, as_json.err) == (0, "[]\n", "")


def test_conversations_are_listed_newest_first_in_the_documented_shape(history: History) -> None:
    old, new = history.add("Old", "hi", at=NOON), history.add("New", "hi", at=NOON + 1000)

    done = history.program.run("history", "ls", "--json")

    assert json.loads(done.out) == [conversation_json(new), conversation_json(old)]
    assert history.program.run("logs", "ls", "--json") == done


def test_a_pipe_gets_tabs_whole_ids_and_utc(history: History) -> None:
    conversation = history.add("Ünïcode  title", "hi")

    done = history.program.run("history", "ls")

    assert done.out == f"{conversation.id}\t2027-01-15T08:00:00.000Z\tfake:m\tÜnïcode title\n"


def test_a_terminal_gets_aligned_columns_cut_to_its_width(history: History) -> None:
    first = history.add("A title that is much too long for a line of forty-six columns", "hi")
    second = history.add("短い題名", "hi", at=NOON - 1)

    heading, *lines = history.program.run_on_terminal("history", "ls", width=60).out.splitlines()

    local = datetime.fromtimestamp(NOON / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    assert heading.split() == ["ID", "UPDATED", "MODEL", "TITLE"]
    width = next(width for width in (13, 18, 23, 36) if first.id[:width] != second.id[:width])
    assert lines[0].startswith(f"{first.id[:width]}  {local}  fake:m  A title")
    assert lines[0].endswith("…")
    assert len(lines[0]) <= 60
    assert lines[1].endswith("fake:m  短い題名")


def test_hostile_titles_are_harmless_in_listings(history: History) -> None:
    history.add(HOSTILE, HOSTILE)

    for args in (("history", "ls"), ("history", "search", "a")):
        for shown in (history.program.run_on_terminal(*args).out, history.program.run(*args).out):
            assert not {"\x1b", "\x07", "\x9b"} & set(shown)
            assert shown.count("\n") == shown.strip().count("\n") + 1
    assert len(history.program.run("history", "ls").out.splitlines()) == 1
    assert len(history.program.run("history", "ls").out.split("\t")) == 4
    assert history.titles() == [HOSTILE]


def test_a_limit_is_kept_and_may_pass_a_page(history: History) -> None:
    first = history.add("0")
    asyncio.run(history.save([replace(first, id=new_id(), title=str(n), updated_at=NOON + n) for n in range(1, 205)]))

    done = history.program.run("history", "ls", "-n", "203", "--json")

    assert [item["title"] for item in json.loads(done.out)] == [str(number) for number in range(204, 1, -1)]
    assert len(history.program.run("history", "ls").out.splitlines()) == 20
    assert history.program.run("history", "ls", "-n", "0").code == 2


def test_a_conversation_is_shown_as_it_was(history: History) -> None:
    conversation = history.add("T", "What?", "That.\n\n- really\n")

    done = history.program.run("history", "show", conversation.id[:18])

    assert done.code == 0
    assert done.out == (
        "## user 2027-01-15T08:00:00.001Z\nWhat?\n\n## assistant m 2027-01-15T08:00:00.002Z\nThat.\n\n- really\n"
    )


def test_json_of_a_conversation_is_the_documented_shape(history: History) -> None:
    conversation = history.add("T", "What?", "That.")

    shape = json.loads(history.program.run("history", "show", conversation.id, "--json").out)

    messages = shape.pop("messages")
    assert shape == conversation_json(conversation)
    assert [message["text"] for message in messages] == ["What?", "That."]
    assert messages[1]["parent_id"] == messages[0]["id"]
    assert set(messages[1]) == set(
        message_json(
            Message(
                id="x",
                conversation_id="x",
                role="assistant",
                parts=(TextPart(text="x"),),
                created_at=0,
                parent_id="x",
                provider="x",
                model="x",
            )
        )
    )


def test_a_conversation_without_messages_is_an_empty_array(history: History) -> None:
    conversation = history.add("T")

    assert json.loads(history.program.run("history", "show", conversation.id, "--json").out)["messages"] == []
    assert history.program.run("history", "show", conversation.id).out == ""


def test_text_is_exact_in_a_pipe_and_harmless_on_a_terminal(history: History) -> None:
    conversation = history.add("T", HOSTILE)

    assert HOSTILE in history.program.run("history", "show", conversation.id).out
    shown = history.program.run_on_terminal("history", "show", conversation.id).out
    assert not {"\x1b", "\x07", "\x9b"} & set(shown)


def test_an_answer_that_was_cut_off_says_so(history: History) -> None:
    cut = ErrorInfo(code="stopped", message="stopped by the user")
    conversation = history.store("T", [(TextPart(text="hi"),), (TextPart(text="Hel"),)], error=cut)

    out = history.program.run("history", "show", conversation.id).out

    assert out.endswith("## assistant m 2027-01-15T08:00:00.002Z [interrupted: stopped by the user]\nHel\n")


def test_files_are_named_not_shown(history: History) -> None:
    picture = FilePart(name="a.png", media_type="image/png", sha256="0" * 64, size=12345)
    conversation = history.store("T", [(picture, TextPart(text="what is it?"))])

    out = history.program.run("history", "show", conversation.id).out

    assert "\n[file a.png, image/png, 12,345 bytes]\nwhat is it?\n" in out


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("ffffffff", "no conversation 'ffffffff'"),
        ("012", "'012' is too short for a conversation id: give 4 characters or more"),
    ],
)
def test_an_id_that_fits_nothing_is_a_usage_error(history: History, ref: str, said: str) -> None:
    history.add("T", "hi")

    done = history.program.run("history", "show", ref)

    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_prefix_that_fits_several_is_refused(history: History) -> None:
    first = history.add("T", "hi")
    history.add("U", "hi")

    done = history.program.run("history", "show", first.id[:4])

    assert done.code == 2
    assert "fits several conversations" in done.err


def test_messages_are_found_by_words(history: History) -> None:
    filler = "x " * 100
    conversation = history.add("T", "why?", f"{filler}Rayleigh scattering{filler}")
    history.add("U", "unrelated")

    done = history.program.run("history", "search", "rayleigh", "scatt")

    id_, _, role, text = done.out.rstrip("\n").split("\t")
    assert (id_, role) == (conversation.id, "assistant")
    assert text.startswith("…")
    assert "Rayleigh scattering" in text
    (hit,) = json.loads(history.program.run("history", "search", "rayleigh", "--json").out)
    assert hit["conversation"]["id"] == conversation.id
    assert hit["message"]["text"].startswith("x x")
    nothing = history.program.run("history", "search", "zebra")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "nothing found\n")


def test_nothing_is_deleted_without_a_terminal_or_yes(history: History) -> None:
    conversation = history.add("T", "hi")

    done = history.program.run("history", "rm", conversation.id, stdin="y\n")

    assert (done.code, done.out) == (2, "")
    assert "nothing was changed" in done.err
    assert history.titles() == ["T"]


def test_yes_deletes_without_asking(history: History) -> None:
    first, second, third = history.add("A", "hi"), history.add("B", "hi"), history.add("C", "hi")

    done = history.program.run("history", "rm", "--yes", first.id, third.id)

    assert (done.code, done.out, done.err) == (0, "", "")
    assert history.titles() == ["B"]
    assert history.program.run("history", "show", first.id).code == 2
    assert second.title == "B"


def test_one_wrong_id_among_several_deletes_nothing(history: History) -> None:
    conversation = history.add("A", "hi")

    assert history.program.run("history", "rm", "--yes", conversation.id, "ffffffff").code == 2
    assert history.titles() == ["A"]


@pytest.mark.parametrize(("typed", "left"), [("y\n", []), ("n\n", ["T"]), ("\n", ["T"]), ("\x04", ["T"])])
def test_a_terminal_is_asked(history: History, typed: str, left: list[str]) -> None:
    conversation = history.add("T", "hi")

    done = history.program.run_on_terminal("history", "rm", conversation.id, typed=typed)

    assert done.code == 0
    assert f"Delete 'T' ({conversation.id})? [y/N]" in done.out
    assert history.titles() == left


def test_the_path_is_the_databases(history: History) -> None:
    assert history.program.run("history", "path").out == f"{history.file}\n"


def test_a_reader_that_leaves_early_is_no_error(history: History) -> None:
    conversation = history.add("T", *(f"line {number} " + "x" * 2000 for number in range(200)))

    for args in (("history", "show", conversation.id), ("history", "show", "--json", conversation.id)):
        with subprocess.Popen(
            history.program.command(*args), env=history.program.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.read(10)
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait() == 141


def test_a_database_that_cannot_be_used_is_exit_code_7(history: History) -> None:
    history.file.write_text("not a database at all, but long enough to be taken for one" * 100)

    done = history.program.run("history", "ls")

    assert (done.code, done.out) == (7, "")
    assert done.err.startswith(f"chatops: error: cannot use the database {history.file}: it is not a database")
