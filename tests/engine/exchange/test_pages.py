"""Conversations as text to read: Markdown, JSON, a web page."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from builders import conversation, thread
from chatops.engine.codec import conversation_json, message_json
from chatops.engine.errors import NotFoundError, PermissionDeniedError
from chatops.engine.exchange.service import Exchange, Format
from chatops.engine.messages import Conversation, ErrorInfo, FilePart, Message, Principal, ReasoningPart, TextPart
from chatops.engine.stores.sqlite import SqliteStore
from exports import PNG

ANN = Principal(user_id="ann")
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>&amp;'


@pytest.fixture
async def store() -> AsyncGenerator[SqliteStore]:
    opened = await SqliteStore.open(":memory:")
    yield opened
    await opened.aclose()


async def keep(store: SqliteStore, *texts: str, **fields: Any) -> tuple[Conversation, list[Message]]:
    made = conversation(**fields)
    messages = thread(made.id, *texts)
    made = replace(made, leaf_id=messages[-1].id if messages else None)
    await store.add_messages("ann", messages)
    await store.add_conversation(made)
    return made, messages


async def exported(store: SqliteStore, format_: Format, *ids: str) -> str:
    pieces = [piece async for piece in Exchange(store).export(ANN, format_, ids or None)]
    return b"".join(pieces).decode()


async def test_json_is_an_array_of_the_shape_of_history_show(store: SqliteStore) -> None:
    old, first = await keep(store, "Hi", "Ho", title="Old")
    new, second = await keep(store, title="New")

    text = await exported(store, "json")

    assert json.loads(text) == [
        {**conversation_json(new), "messages": [message_json(message) for message in second]},
        {**conversation_json(old), "messages": [message_json(message) for message in first]},
    ]
    assert json.loads(await exported(store, "json", old.id))[0]["title"] == "Old"


async def test_no_conversations_are_an_empty_array_and_an_empty_page(store: SqliteStore) -> None:
    assert await exported(store, "json") == "[]\n"
    assert await exported(store, "markdown") == ""
    assert "</html>" in await exported(store, "html")


async def test_markdown_has_a_heading_for_each_message_and_what_was_said_as_it_was_written(store: SqliteStore) -> None:
    made, (question, answer) = await keep(store, "What?", "```\ncode\n```", title="A\ntitle", system="Be brief.")
    file = FilePart(name="c.png", media_type="image/png", sha256="0" * 64, size=1234)
    await store.finish_turn(replace(question, parts=(file, *question.parts)))
    error = ErrorInfo(code="abandoned", message="It was cut off.")
    parts = (ReasoningPart(text="Hm."), *answer.parts)
    await store.finish_turn(replace(answer, parts=parts, model="m", provider="p", status="interrupted", error=error))

    text = await exported(store, "markdown", made.id)

    assert re.sub(r"20\d\d-[^ ,*]*Z", "TIME", text) == (
        f"# A title\n\n*{made.id}, TIME to TIME*\n\n## system\n\nBe brief.\n"
        "\n## user, TIME\n\n*[file c.png, image/png, 1,234 bytes]*\n\nWhat?\n"
        "\n## assistant, p:m, TIME, interrupted\n\n<details><summary>Reasoning</summary>\n\nHm.\n\n</details>\n\n"
        "```\ncode\n```\n\n*It was cut off.*\n"
    )


class _Elements(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


async def test_nothing_that_people_or_models_say_becomes_markup_of_the_page(store: SqliteStore) -> None:
    links = "[a](javascript:alert(1)) [b](https://ok.test) ![i](https://spy.test/x.png) <b>bold</b>"
    _, (question, answer) = await keep(store, HOSTILE, f"{HOSTILE}\n\n{links}", title=HOSTILE, system=HOSTILE)
    file = FilePart(name=HOSTILE, media_type=f"image/png{HOSTILE}", sha256="0" * 64, size=1)
    await store.finish_turn(replace(question, parts=(file, *question.parts)))
    error = ErrorInfo(code="x", message=HOSTILE)
    parts = (ReasoningPart(text=HOSTILE), *answer.parts)
    await store.finish_turn(replace(answer, parts=parts, model=HOSTILE, provider=HOSTILE, status="failed", error=error))

    page = await exported(store, "html")

    elements = _Elements()
    elements.feed(page)
    tags = {tag for tag, _ in elements.found}
    assert not tags & {"script", "img", "b", "iframe", "object", "form"}
    assert not [name for _, attributes in elements.found for name in attributes if name.startswith("on")]
    assert [attributes["href"] for tag, attributes in elements.found if tag == "a"] == [
        "https://ok.test",
        "https://spy.test/x.png",
    ]


async def test_the_pages_policy_allows_its_own_style_and_its_own_images_alone(store: SqliteStore) -> None:
    await keep(store, "Hi")

    page = await exported(store, "html")

    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    elements = _Elements()
    elements.feed(page)
    policy = next(a["content"] for tag, a in elements.found if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


async def test_images_are_in_the_page_and_what_only_says_it_is_one_is_not(store: SqliteStore) -> None:
    _, (question,) = await keep(store, "Hi")
    files = []
    for name, data in (("cat.png", PNG), ("fake.png", b"<svg onload=alert(1)>")):
        digest = hashlib.sha256(data).hexdigest()
        await store.put_blob("ann", digest, data)
        files.append(FilePart(name=name, media_type="image/png", sha256=digest, size=len(data)))
    await store.finish_turn(replace(question, parts=(*files, TextPart(text="Hi"))))

    elements = _Elements()
    elements.feed(await exported(store, "html"))

    (image,) = [attributes for tag, attributes in elements.found if tag == "img"]
    assert image["alt"] == "cat.png"
    assert b64decode((image["src"] or "").removeprefix("data:image/png;base64,")) == PNG


async def test_several_conversations_are_listed_at_the_head_of_the_page(store: SqliteStore) -> None:
    one, _ = await keep(store, "Hi", title="One")
    two, _ = await keep(store, "Hi", title="Two")

    page = await exported(store, "html")

    assert re.findall(r'<a href="#([^"]*)" dir="auto">(\w*)<', page) == [(two.id, "Two"), (one.id, "One")]
    assert page.count("<article ") == 2


async def test_another_persons_conversation_is_not_exported(store: SqliteStore) -> None:
    made, _ = await keep(store, "Hi")

    with pytest.raises(NotFoundError):
        await anext(Exchange(store).export(Principal(user_id="bob"), "json", [made.id]))
    assert [p async for p in Exchange(store).export(Principal(user_id="bob"), "json")] == [b"[]\n"]


async def test_each_way_needs_its_scope(store: SqliteStore) -> None:
    nobody = Principal(user_id="ann", scopes=frozenset())

    with pytest.raises(PermissionDeniedError):
        await anext(Exchange(store).export(nobody, "json"))
    with pytest.raises(PermissionDeniedError):
        await Exchange(store).import_files(nobody, [])
