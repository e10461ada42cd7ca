"""Copies and checks of whole stores."""

import hashlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from builders import append, conversation, finished, kept, message, turn
from chatops.engine.errors import NotFoundError
from chatops.engine.ids import now_ms
from chatops.engine.messages import FilePart, TextPart
from chatops.engine.ports import Store
from chatops.engine.stores import copy as copying
from chatops.engine.stores.sqlite import SqliteStore

DATA = b"bytes of an image"
FILE = FilePart(name="a.png", media_type="image/png", sha256=hashlib.sha256(DATA).hexdigest(), size=len(DATA))


@pytest.fixture
async def source(tmp_path: Path) -> AsyncGenerator[Store]:
    store = await SqliteStore.open(tmp_path / "source.db")
    await kept(store, "one", "two", "three")
    await kept(store, *[f"text {n}" for n in range(copying.PAGE * 2 + 1)], owner_id="bob")
    with_file = conversation()
    await store.put_blob("ann", FILE.sha256, DATA)
    await store.add_conversation(with_file)
    await store.update_conversation("ann", with_file.id, archived=True, tags=("work",), expires_at=now_ms() + 10**9)
    await store.add_messages("ann", [message(with_file.id, seq=1, parts=(FILE, TextPart(text="look")))])
    yield store
    await store.aclose()


@pytest.fixture
async def target(tmp_path: Path) -> AsyncGenerator[Store]:
    store = await SqliteStore.open(tmp_path / "target.db")
    yield store
    await store.aclose()


async def test_a_copy_holds_everything_of_everybody(source: Store, target: Store) -> None:
    before = await copying.survey(source)
    seen: list[tuple[int, int]] = []
    found = await copying.copy(source, target, lambda *done: seen.append(done))

    assert found == before == await copying.survey(target)
    assert (found.conversations, found.messages, found.faults) == (3, copying.PAGE * 2 + 5, ())
    assert seen[-1] == (found.conversations, found.messages)
    assert await target.blob("ann", FILE.sha256) == DATA


async def test_copying_again_brings_the_target_up_to_date(source: Store, target: Store) -> None:
    await copying.copy(source, target)
    (newest,) = await source.conversations("ann", limit=1)
    rows = turn(newest.id, "later", parent_id=newest.leaf_id)
    await source.begin_turn("ann", replace(newest, title="Renamed"), rows, lease_expires_at=now_ms() + 60_000)
    await append(source, now_ms, rows[-1], 1, "half")
    await copying.copy(source, target)
    running = await target.message("ann", rows[-1].id)
    assert (running.text, running.status) == ("half", "interrupted")

    await source.finish_turn(finished(rows[-1], "half and half"))
    (away,) = await source.conversations("ann", limit=1, archived=True)
    await source.update_conversation("ann", away.id, archived=False, tags=(), expires_at=0)
    found = await copying.copy(source, target)
    assert found.faults == ()
    assert found.sha256 == (await copying.survey(source)).sha256 == (await copying.survey(target)).sha256
    assert (await target.message("ann", rows[-1].id)).text == "half and half"


async def test_a_copy_that_broke_off_goes_on(source: Store, target: Store) -> None:
    """What a killed copy leaves: some messages, no conversation row yet."""
    (bobs,) = await source.conversations("bob", limit=1)
    await target.add_messages("bob", await source.messages("bob", bobs.id, limit=10))
    found = await copying.copy(source, target)

    assert found.faults == ()
    assert found.sha256 == (await copying.survey(target)).sha256


async def test_what_else_the_target_holds_stays(source: Store, target: Store) -> None:
    other, _messages = await kept(target, "mine", owner_id="eve")
    await copying.copy(source, target)

    assert await target.conversation("eve", other.id) == other


async def test_a_check_names_what_is_not_whole(target: Store) -> None:
    made = conversation(leaf_id="nowhere")
    orphan = message(made.id, seq=1, parent_id="nobody")
    pictured = message(made.id, seq=2, parts=(FILE,))
    await target.add_conversation(made)
    await target.add_messages("ann", [orphan, pictured])
    found = await copying.survey(target)

    assert found.faults == (
        f"message {orphan.id} has no parent nobody before it",
        f"attachment a.png of message {pictured.id} is missing or damaged",
        f"conversation {made.id} ends in a message that is not there",
    )


async def test_what_was_taken_out_is_taken_out_of_the_copy(source: Store, target: Store) -> None:
    (made,) = await source.conversations("bob", limit=1)
    await source.update_conversation("bob", made.id, model="fake:m", system="Be brief.", tags=("work",))
    await copying.copy(source, target)
    await source.put_conversation(made)
    found = await copying.copy(source, target)

    assert found.faults == ()
    assert await target.conversation("bob", made.id) == made


async def test_what_differs_after_all_is_named(source: Store, target: Store) -> None:
    await copying.copy(source, target)
    (made,) = await target.conversations("bob", limit=1)
    await target.add_messages("bob", [message(made.id, "only here", seq=10**6)])
    (pictured,) = await source.conversations("ann", limit=1, archived=True)
    await source.add_messages("ann", [message(pictured.id, seq=2, parts=(replace(FILE, sha256="gone"),))])
    found = await copying.copy(source, target)

    assert set(found.faults) == {
        f"conversation {made.id} changed while it was copied",
        "attachment a.png (gone) is missing or damaged",
    }


async def test_a_copy_that_cannot_be_says_why(source: Store, target: Store) -> None:
    (made,) = await source.conversations("bob", limit=1)
    await target.add_conversation(replace(made, owner_id="eve"))

    with pytest.raises(NotFoundError, match=made.id):
        await copying.copy(source, target)


async def test_any_difference_changes_the_hash(source: Store, target: Store) -> None:
    same = (await copying.copy(source, target)).sha256
    (newest,) = await target.conversations("ann", limit=1)
    await target.update_conversation("ann", newest.id, title="Another title")

    assert (await copying.survey(target)).sha256 != same
