"""Exports and imports are the same over every store: what one wrote another takes, to the byte."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from builders import conversation, thread
from chatops.engine.exchange.service import Exchange, Format
from chatops.engine.messages import FilePart, Principal, ReasoningPart, TextPart, Usage
from chatops.engine.ports import Store
from chatops.engine.stores.sqlite import SqliteStore
from exports import PNG, branched_chatgpt, claude, claude_message, said

ANN = Principal(user_id="ann")


async def exported(store: Store, format_: Format = "archive", ids: list[str] | None = None) -> bytes:
    return b"".join([piece async for piece in Exchange(store).export(ANN, format_, ids)])


async def filled(store: Store, folder: Path) -> None:
    """Conversations of several formats, one of our own with a file, an empty one."""
    (folder / "conversations.json").write_text(
        json.dumps([branched_chatgpt(), claude(claude_message("1", "human", said("é")))])
    )
    report = await Exchange(store).import_files(ANN, [folder / "conversations.json"])
    assert (report.new, report.messages, report.faults) == (2, 6, [])
    made = conversation(tags=("work",), archived=True, system="Be brief.")
    digest = hashlib.sha256(PNG).hexdigest()
    file = FilePart(name="c.png", media_type="image/png", sha256=digest, size=len(PNG))
    question, answer = thread(made.id, "What?", "A cat.")
    question = replace(question, parts=(file, *question.parts))
    parts = (ReasoningPart(text="Hm"), TextPart(text="A cat."))
    answer = replace(answer, parts=parts, usage=Usage(input_tokens=1, output_tokens=2), provider="p", model="m")
    await store.put_blob("ann", digest, PNG)
    await store.add_messages("ann", [question, answer])
    await store.add_conversation(replace(made, leaf_id=answer.id))
    await store.add_conversation(conversation(title="Empty"))


async def test_an_archive_of_any_store_goes_into_any_other_and_comes_out_the_same(store: Store, tmp_path: Path) -> None:
    await filled(store, tmp_path)
    first = await exported(store)
    (tmp_path / "a.zip").write_bytes(first)
    other = await SqliteStore.open(":memory:")

    report = await Exchange(other).import_files(ANN, [tmp_path / "a.zip"])

    assert (report.new, report.messages, report.faults) == (4, 8, [])
    assert await exported(other) == first
    assert await exported(other, "json") == await exported(store, "json")
    assert await exported(other, "html") == await exported(store, "html")
    await other.aclose()


async def test_an_archive_of_sqlite_goes_into_any_store_and_comes_out_the_same(store: Store, tmp_path: Path) -> None:
    other = await SqliteStore.open(":memory:")
    await filled(other, tmp_path)
    first = await exported(other)
    (tmp_path / "a.zip").write_bytes(first)
    await other.aclose()

    report = await Exchange(store).import_files(ANN, [tmp_path / "a.zip"])
    again = await Exchange(store).import_files(ANN, [tmp_path / "a.zip"])

    assert (report.new, report.messages, report.faults) == (4, 8, [])
    assert (again.new, again.unchanged, again.messages) == (0, 4, 0)
    assert await exported(store) == first


async def test_a_later_export_adds_its_new_messages(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "conversations.json"
    one, two = claude_message("1", "human", said("Hi")), claude_message("2", "assistant", said("Ho"))
    file.write_text(json.dumps([claude(one)]))
    await Exchange(store).import_files(ANN, [file])
    file.write_text(json.dumps([claude(one, two)]))

    report = await Exchange(store).import_files(ANN, [file])

    assert (report.new, report.grown, report.messages) == (0, 1, 1)
    (found,) = await store.conversations("ann", limit=9)
    assert [message.text for message in await store.messages("ann", found.id, limit=9)] == ["Hi", "Ho"]
    assert (await store.message("ann", found.leaf_id or "")).text == "Ho"


async def test_where_the_person_went_on_here_a_later_export_does_not_move_them(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "conversations.json"
    one, two = claude_message("1", "human", said("Hi")), claude_message("2", "assistant", said("Ho"))
    file.write_text(json.dumps([claude(one)]))
    await Exchange(store).import_files(ANN, [file])
    (found,) = await store.conversations("ann", limit=9)
    (first,) = await store.messages("ann", found.id, limit=9)
    mine = replace(
        first, id="0199d6a3-0000-7000-8000-000000000001", seq=2, parent_id=first.id, parts=(TextPart(text="Mine"),)
    )
    await store.add_messages("ann", [mine])
    await store.update_conversation("ann", found.id, leaf_id=mine.id)
    file.write_text(json.dumps([claude(one, two)]))

    report = await Exchange(store).import_files(ANN, [file])

    assert (report.grown, report.faults) == (1, [])
    assert [message.text for message in await store.messages("ann", found.id, limit=9)] == ["Hi", "Mine", "Ho"]
    assert (await store.conversation("ann", found.id)).leaf_id == mine.id


async def test_another_persons_archive_is_taken_under_ids_of_ones_own_also_twice(store: Store, tmp_path: Path) -> None:
    await filled(store, tmp_path)
    (tmp_path / "a.zip").write_bytes(await exported(store))
    bob = Principal(user_id="bob")

    report = await Exchange(store).import_files(bob, [tmp_path / "a.zip"])
    again = await Exchange(store).import_files(bob, [tmp_path / "a.zip"])

    assert (report.new, report.messages, report.faults) == (4, 8, [])
    assert (again.new, again.unchanged, again.messages) == (0, 4, 0)
    theirs = await store.conversations("bob", limit=9, archived=None)
    ours = await store.conversations("ann", limit=9, archived=None)
    assert sorted(one.title for one in theirs) == sorted(one.title for one in ours)
    assert not {one.id for one in theirs} & {one.id for one in ours}


async def test_an_import_that_broke_off_goes_on(store: Store, tmp_path: Path) -> None:
    other = await SqliteStore.open(":memory:")
    await filled(other, tmp_path)
    (tmp_path / "a.zip").write_bytes(first := await exported(other))
    half = await other.conversations("ann", limit=9, archived=None)
    for one in half:
        found = await other.messages("ann", one.id, limit=1)
        await store.add_messages("ann", [message for message in found if not message.files])
    await other.aclose()

    report = await Exchange(store).import_files(ANN, [tmp_path / "a.zip"])

    assert (report.new, report.faults) == (4, [])
    assert await exported(store) == first
