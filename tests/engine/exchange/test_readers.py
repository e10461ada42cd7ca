"""The readers of other programs' exports: pure, from a record to a tree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.exchange import formats
from chatops.engine.exchange.trees import BadRecordError, Tree, plant
from chatops.engine.messages import Message, ReasoningPart, TextPart
from exports import (
    PNG,
    Json,
    T,
    branched_chatgpt,
    chatgpt,
    chatgpt_message,
    claude,
    claude_message,
    librechat,
    librechat_message,
    said,
)


def planted(record: object, files: dict[str, bytes] | None = None, owner: str = "ann") -> Tree:
    return plant(formats.read(record, (files or {}).get), owner)


def messages(tree: Tree) -> list[Message]:
    return list(tree.messages)


def shape(tree: Tree) -> dict[str, str | None]:
    """Each text with that of its parent."""
    texts = {message.id: message.text for message in tree.messages}
    return {message.text: texts[message.parent_id] if message.parent_id else None for message in tree.messages}


def test_chatgpts_branches_models_and_times_are_kept() -> None:
    tree = planted(branched_chatgpt())

    assert shape(tree) == {"How?": None, "So.": "How?", "Thus.": "How?", "How then?": None, "Like this.": "How then?"}
    assert [message.seq for message in tree.messages] == [1, 2, 3, 4, 5]
    found = {message.text: message for message in tree.messages}
    assert (found["So."].provider, found["So."].model, found["So."].created_at) == ("openai", "gpt-4o", (T + 2) * 1000)
    assert (found["Thus."].model, found["How?"].model) == ("gpt-5-thinking", None)
    conversation = tree.conversation
    assert (conversation.title, conversation.created_at) == ("Rolling back", T * 1000 + 250)
    assert (conversation.updated_at, conversation.leaf_id) == ((T + 100) * 1000 + 500, found["Thus."].id)
    assert conversation.model == "openai:gpt-5-thinking"
    assert not tree.faults


def test_ids_are_the_same_at_every_import_and_others_for_another_person() -> None:
    one, again, other = (
        planted(branched_chatgpt()),
        planted(branched_chatgpt()),
        planted(branched_chatgpt(), owner="bob"),
    )

    assert one.conversation == again.conversation
    assert messages(one) == messages(again)
    assert one.conversation.id != other.conversation.id
    assert not {message.id for message in one.messages} & {message.id for message in other.messages}


def test_the_steps_to_an_answer_of_chatgpt_are_its_reasoning() -> None:
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "Search", "content": "I look it up."}]}
    call = {"content_type": "code", "language": "python", "text": "print(1)"}
    output = {"content_type": "execution_output", "text": "1"}
    tree = planted(
        chatgpt(
            ("q", None, chatgpt_message("user", "One?")),
            ("t", "q", chatgpt_message("assistant", content=thoughts)),
            ("c", "t", chatgpt_message("assistant", content=call, recipient="python")),
            ("o", "c", chatgpt_message("tool", content=output)),
            ("a", "o", chatgpt_message("assistant", "It is 1.")),
            ("b", "o", chatgpt_message("assistant", "One.")),
        )
    )

    assert shape(tree) == {"One?": None, "It is 1.": "One?", "One.": "One?"}
    wanted = "Search\nI look it up.\n\n```python\nprint(1)\n```\n\n```\n1\n```"
    assert [message.reasoning for message in tree.messages] == ["", wanted, wanted]


def test_a_step_of_chatgpt_that_led_to_nothing_is_an_interrupted_answer() -> None:
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "Hm", "content": ""}]}
    tree = planted(
        chatgpt(
            ("q", None, chatgpt_message("user", "One?")), ("t", "q", chatgpt_message("assistant", content=thoughts))
        )
    )

    question, answer = messages(tree)
    assert (answer.parts, answer.status) == ((ReasoningPart(text="Hm"),), "interrupted")
    assert tree.conversation.leaf_id == answer.id != question.id


def test_images_of_chatgpt_come_along_when_the_export_has_them() -> None:
    pieces = [{"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-abc"}, "What is it?"]
    about = {"attachments": [{"id": "file-abc", "name": "cat.png"}, {"id": "file-x", "name": "gone.pdf"}]}
    question = chatgpt_message("user", content={"content_type": "multimodal_text", "parts": pieces}, metadata=about)
    record = chatgpt(("q", None, question))

    with_file, without = planted(record, {"file-abc": PNG}), planted(record)

    (file,) = messages(with_file)[0].files
    assert (file.name, file.media_type, file.size) == ("cat.png", "image/png", len(PNG))
    assert with_file.blob(file.sha256) == PNG
    assert messages(with_file)[0].text == "[file gone.pdf]\n\nWhat is it?"
    assert messages(without)[0].text == "[file cat.png]\n[file gone.pdf]\n\nWhat is it?"


def test_marks_of_sources_in_chatgpts_answers_become_what_they_stood_for() -> None:
    about = {"content_references": [{"matched_text": "\ue200cite\ue202a\ue201", "alt": "([a](https://a.test))"}]}
    answer = chatgpt_message("assistant", "Yes \ue200cite\ue202a\ue201.\ue200x\ue201", metadata=about)

    tree = planted(chatgpt(("a", None, answer)))

    assert messages(tree)[0].text == "Yes ([a](https://a.test))."


def test_claudes_messages_follow_one_another_and_files_come_as_their_text() -> None:
    file = {"file_name": "notes.txt", "extracted_content": "Ünïcode", "file_size": 9, "file_type": "txt"}
    tree = planted(
        claude(
            claude_message("1", "human", said("Hi"), attachments=[file], files=[{"file_name": "cat.png"}]),
            claude_message(
                "2",
                "assistant",
                {"type": "thinking", "thinking": "Hm."},
                said("Hello"),
                said("there"),
                stop_reason="end_turn",
            ),
            claude_message("3", "human", text="old form", content=[]),
        )
    )

    first, second, third = messages(tree)
    (attached,) = first.files
    assert (first.text, attached.media_type, tree.blob(attached.sha256).decode()) == (
        "[file cat.png]\nHi",
        "text/plain",
        "Ünïcode",
    )
    assert second.parts == (ReasoningPart(text="Hm."), TextPart(text="Hello\n\nthere"))
    assert (second.provider, second.finish_reason, second.parent_id) == ("anthropic", "stop", first.id)
    assert (third.text, third.parent_id, tree.conversation.leaf_id) == ("old form", second.id, third.id)
    assert tree.conversation.created_at == 1_756_000_000_123


def test_claudes_tree_is_kept_where_messages_name_their_parents() -> None:
    tree = planted(
        claude(
            claude_message("1", "human", said("Hi"), parent_message_uuid="00000000-0000-4000-8000-000000000000"),
            claude_message("2", "assistant", said("A"), parent_message_uuid="1"),
            claude_message("3", "assistant", said("B"), parent_message_uuid="1"),
            current_leaf_message_uuid="2",
        )
    )

    assert shape(tree) == {"Hi": None, "A": "Hi", "B": "Hi"}
    assert {message.id: message.text for message in tree.messages}[tree.conversation.leaf_id or ""] == "A"


def test_librechats_flat_and_nested_exports_are_the_same_tree() -> None:
    q = librechat_message("q", None, "Tell", by_user=True)
    a = librechat_message("aa", "q", "Once", by_user=False, finish_reason="stop")
    b = librechat_message("bbb", "q", "Twice", by_user=False, unfinished=True)
    nested = {**q, "children": [{**a, "children": []}, {**b, "children": []}]}

    flat, tree = planted(librechat(q, a, b)), planted(librechat(messagesTree=[nested], messages=None, recursive=True))

    assert shape(flat) == {"Tell": None, "Once": "Tell", "Twice": "Tell"}
    assert messages(flat) == messages(tree)
    assert (flat.conversation.system, flat.conversation.model) == ("You tell stories.", "openai:gpt-4o")
    assert [message.status for message in flat.messages] == ["complete", "complete", "interrupted"]


def test_a_conversation_of_librechat_may_be_nested_deeper_than_python_recurses() -> None:
    deepest: Json = {**librechat_message("m3000", None, "3000", by_user=True), "children": []}
    for number in range(2999, 0, -1):
        deepest = {**librechat_message(f"m{number}", None, str(number), by_user=True), "children": [deepest]}

    tree = planted(librechat(deepest, recursive=True))

    assert len(messages(tree)) == 3000
    assert shape(tree)["3000"] == "2999"


def test_librechats_content_parts_errors_and_tags_are_kept() -> None:
    content = [
        {"type": "think", "think": "Hm."},
        {"type": "text", "text": {"value": "Well."}},
        {"type": "tool_call", "tool_call": {"name": "search", "args": '{"q": 1}', "output": "found"}},
    ]
    failed = [{"type": "error", "error": "no credit"}]
    tree = planted(
        librechat(
            librechat_message("a", None, "", by_user=False, content=content, endpoint="azureOpenAI"),
            librechat_message("bb", "a", "", by_user=False, content=failed),
            tags=["Work", ""],
            isArchived=True,
        )
    )

    one, two = messages(tree)
    assert (one.text, one.provider) == ("Well.", "azureOpenAI")
    assert one.reasoning == 'Hm.search:\n```\n{"q": 1}\n```\n```\nfound\n```'
    assert two.error is not None
    assert (two.status, two.error.message) == ("failed", "no credit")
    assert (tree.conversation.tags, tree.conversation.archived) == (("work",), True)
    assert tree.faults == ["a tag is empty"]


def test_bad_messages_are_named_and_their_answers_kept() -> None:
    tree = planted(claude(claude_message("1", "human", said("Hi")), {"no": "message"}, claude_message("3", "robot")))

    assert [message.text for message in tree.messages] == ["Hi"]
    assert tree.faults == ["message 2: it has no uuid", "message 3: it is by 'robot': it must be by human or assistant"]


@pytest.mark.parametrize("record", [[], None, {}, {"mapping": {}}, {"title": "x"}, {"chat_messages": {}}])
def test_a_record_of_no_format_is_refused(record: object) -> None:
    with pytest.raises(BadRecordError):
        planted(record)


def test_a_circle_of_parents_is_named_and_broken() -> None:
    tree = planted(chatgpt(("a", "b", chatgpt_message("user", "A")), ("b", "a", chatgpt_message("assistant", "B"))))

    assert shape(tree) == {"A": None, "B": "A"}
    assert tree.faults == ["message 'a' comes before itself: it was taken as a first message"]


def test_a_text_that_is_too_long_is_refused_by_name() -> None:
    with pytest.raises(BadRecordError, match=r"message 'a' is 4,194,305 bytes, 4,194,304 at most"):
        planted(chatgpt(("a", None, chatgpt_message("user", "x" * (4 * 2**20 + 1)))))


def test_what_no_database_takes_is_replaced() -> None:
    tree = planted(claude(claude_message("1", "human", said("a\0b\ud800c")), name="t\0"))

    assert messages(tree)[0].text == "a\ufffdb\ufffdc"
    assert tree.conversation.title == "t\ufffd"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.data())
def test_no_value_in_any_place_is_more_than_a_bad_record(data: st.DataObject) -> None:
    """Hostile exports: any field of any record may be anything."""
    record: Any = data.draw(
        st.sampled_from(
            [
                branched_chatgpt(),
                claude(claude_message("1", "human", said("Hi"), attachments=[{"file_name": "a"}])),
                librechat(librechat_message("q", None, "Tell", by_user=True, content=[said("x")])),
            ]
        )
    )
    at = record
    while isinstance(at, dict | list) and at:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if data.draw(st.booleans()) or not isinstance(at[key], dict | list):
            at[key] = data.draw(JSON)
            break
        at = at[key]
    try:
        tree = planted(record)
    except BadRecordError:
        return
    seen: set[str | None] = {None}
    for message in tree.messages:
        assert message.parent_id in seen
        seen.add(message.id)
    assert tree.conversation.leaf_id in seen


@given(st.lists(st.tuples(st.integers(0, 10), st.none() | st.integers(0, 2_000_000_000)), max_size=12))
def test_every_tree_keeps_its_shape_and_has_parents_first(nodes: list[tuple[int, int | None]]) -> None:
    """Each node hangs below one that was made before it; times are in any order."""
    made = [
        (str(n), str(parent % n) if n else None, chatgpt_message("user", str(n), at=at))
        for n, (parent, at) in enumerate(nodes)
    ]

    tree = planted(chatgpt(*made)) if made else None

    if tree is not None:
        assert shape(tree) == {id_: parent for id_, parent, _ in made}
        seen: set[str | None] = {None}
        for seq, message in enumerate(tree.messages, 1):
            assert (message.parent_id in seen, message.seq) == (True, seq)
            seen.add(message.id)
