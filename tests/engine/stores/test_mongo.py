"""What is MongoDB's own: indexes, crashes between the steps of a turn, several processes, deletions cut off."""

import asyncio
import random
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from builders import LEASE, T0, append, begin, conversation, finished, kept, message, thread, turn
from chatops.engine.errors import ConflictError, InvalidRequestError, NotFoundError, StoreError
from chatops.engine.messages import FilePart, Message, TextPart
from chatops.engine.ports import Delta
from chatops.engine.stores import mongo_turns as turns
from chatops.engine.stores.mongo import MongoStore
from chatops.engine.stores.mongo_history import conversation as stored_conversation
from chatops.engine.stores.mongo_rows import MAX_TERM_BYTES, message_row
from chatops.engine.stores.mongo_search import MANY
from fakes import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock(T0)


@pytest.fixture
async def store(mongo_uri: str, clock: SetClock) -> AsyncGenerator[MongoStore]:
    opened = await MongoStore.open(mongo_uri, driver="pymongo", clock=clock)
    yield opened
    await opened.aclose()


async def test_every_query_is_served_by_an_index(store: MongoStore, clock: SetClock) -> None:
    """Asked of the server's profiler: the plan of each statement that was run, and whether it had to sort."""
    file = FilePart(name="a", media_type="image/png", sha256="digest", size=1)
    made, (first, *_) = await kept(store, *(f"word{n} here" for n in range(30)))
    await store._db.command({"profile": 2})
    await store.add_conversation(conversation())
    dead = await begin(store, clock)
    clock.advance(LEASE)
    running = await begin(store, clock, made)
    await append(store, clock, dead, 1, "late")
    await append(store, clock, running, 1, "text")
    await store.message("ann", running.id)
    await store.tail("ann", made.id, running.id, limit=5)
    await store.messages("ann", made.id, after_seq=1, limit=5)
    await store.conversations("ann", limit=5)
    await store.conversations("ann", limit=5, before=made)
    for archived in (None, True, False):
        for tag in (None, "work"):
            await store.conversations("ann", limit=5, before=made, archived=archived, tag=tag)
    await store.every_conversation(limit=5)
    await store.conversation_ids("ann", made.id[:8], limit=5)
    await store.update_conversation("ann", made.id, title="New", archived=True, tags=("work",))
    await store.add_conversation(conversation(expires_at=clock()))
    await store.sweep(limit=5)
    await store.search("ann", "here ", limit=5)
    await store.search("ann", "word1 here ", limit=5)
    await store.finish_turn(finished(running, "end"))
    await store.add_messages("ann", [message(made.id, "more", seq=99, parts=(file,))])
    with pytest.raises(ConflictError):
        await store.add_messages("ann", [first])
    await store.put_blob("ann", "digest", b"x")
    await store.blob("ann", "digest")
    await store.delete_conversation("ann", made.id)
    await store._prepare(store._db)
    await store._db.command({"profile": 0})

    plans = [row async for row in store._db["system.profile"].find({"planSummary": {"$exists": True}})]
    assert {row["ns"].partition(".")[2] for row in plans} >= {"conversations", "messages", "blobs", "chatops"}
    assert len(plans) > 40
    assert [row["command"] for row in plans if "COLLSCAN" in row["planSummary"]] == []
    assert [row["command"] for row in plans if row.get("hasSortStage")] == []


@pytest.mark.parametrize("query", ["word", "here word", "here 2499", "word2499", "here ", "rare", "word rare"])
async def test_a_search_in_many_messages_sorts_few(store: MongoStore, query: str) -> None:
    """Whether the last word's beginning is in nearly all messages or in a handful."""
    bodies = [f"word{n} here {n} {'rarely' if n % 500 == 0 else ''}" for n in range(MANY + 500)]
    await kept(store, *bodies)
    await store._db.command({"profile": 2})
    hits = await store.search("ann", query, limit=5)
    await store._db.command({"profile": 0})

    whole, _, beginning = query.rpartition(" ")
    matching = [
        body
        for body in reversed(bodies)
        if any(word.startswith(beginning) for word in body.split()) and (not whole or f" {whole} " in f" {body} ")
    ]
    assert [hit.message.text for hit in hits] == matching[:5]
    plans = [row async for row in store._db["system.profile"].find({"command.find": "messages"})]
    assert plans
    for plan in plans:
        assert plan["planSummary"].startswith("IXSCAN")
        assert plan["docsExamined"] <= max(5, len(matching) if len(matching) < MANY else 5)


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("steps", [1, 2, 3])
async def test_a_crash_between_the_steps_of_a_beginning_leaves_a_whole_conversation(
    store: MongoStore, clock: SetClock, *, is_new: bool, steps: int
) -> None:
    """Each step of `mongo_turns.begin`, and then nothing more, as after a kill."""
    made = conversation()
    before: list[Message] = []
    if not is_new:
        await store.finish_turn(finished(await begin(store, clock, made), "one"))
        made = await store.conversation("ann", made.id)
        before = await store.messages("ann", made.id, limit=9)
    db, (question, answer) = store._db, turn(made.id, "lost words", parent_id=made.leaf_id)
    claim = {"run_id": answer.id, "run_until": clock() + LEASE}
    last = await turns._claim(db, "ann", made.id, claim, count=2, now=clock())
    rows = [replace(question, seq=last - 1), replace(answer, seq=last)]
    if steps > 1:  # a server that dies between two rows has stored the first
        await turns.insert(db, "ann", rows[: steps - 1], lease_expires_at=clock() + LEASE)

    with pytest.raises(ConflictError):
        await begin(store, clock, made)
    if is_new:
        with pytest.raises(NotFoundError):
            await stored_conversation(db, "ann", made.id, now=clock())
        assert await store.conversations("ann", limit=9) == []
        assert await store.search("ann", "lost", limit=9) == []
    else:
        assert await store.conversation("ann", made.id) == made
        assert (await store.tail("ann", made.id, made.leaf_id or "", limit=9))[::-1] == before
    clock.advance(LEASE)
    again = await begin(store, clock, replace(made, title="Goes on"))
    assert (await store.conversation("ann", made.id)).leaf_id == again.id
    assert again.seq > last
    statuses = [one.status for one in await store.messages("ann", made.id, limit=9)]
    assert statuses.count("streaming") == 1


@pytest.mark.parametrize("rows", [1, 2], ids=["question", "question and answer"])
async def test_what_died_before_it_was_shown_makes_room_for_the_same_turn(
    store: MongoStore, clock: SetClock, rows: int
) -> None:
    """A turn with a name has the same ids whoever is asked for it, and another conversation each time."""
    first, again = conversation(), conversation()
    question, answer = turn(first.id, "said once")
    await turns._claim(
        store._db, "ann", first.id, {"run_id": answer.id, "run_until": clock() + LEASE}, count=2, now=clock()
    )
    died = [replace(question, seq=1), replace(answer, seq=2)][:rows]
    await turns.insert(store._db, "ann", died, lease_expires_at=clock() + LEASE)
    same = [replace(one, conversation_id=again.id) for one in (question, answer)]

    with pytest.raises(ConflictError):
        await store.begin_turn("ann", again, same, lease_expires_at=clock() + LEASE)
    clock.advance(LEASE)
    await store.begin_turn("ann", again, same, lease_expires_at=clock() + LEASE)

    assert [one.id for one in await store.messages("ann", again.id, limit=9)] == [question.id, answer.id]
    assert await store._db.conversations.count_documents({}) == 1
    assert await store._db.messages.count_documents({}) == 2
    for other in (conversation(), again):  # a turn that was shown stays
        with pytest.raises(ConflictError):
            moved = [replace(one, conversation_id=other.id) for one in same]
            await store.begin_turn("ann", other, moved, lease_expires_at=clock() + 2 * LEASE)
        clock.advance(LEASE)


async def test_a_beginning_that_took_longer_than_its_lease_gives_way(store: MongoStore, clock: SetClock) -> None:
    made = conversation()
    slow = turn(made.id)
    claim = {"run_id": slow[-1].id, "run_until": clock() + LEASE}
    await turns._claim(store._db, "ann", made.id, claim, count=2, now=clock())
    clock.advance(LEASE)
    winner = await begin(store, clock, made)

    assert not await turns._show(store._db, "ann", replace(made, leaf_id=slow[-1].id))
    assert (await store.conversation("ann", made.id)).leaf_id == winner.id


async def test_of_a_hundred_turns_from_two_processes_one_wins(mongo_uri: str, clock: SetClock) -> None:
    """Two clients, as two processes have; on a new conversation, and on one whose last turn died."""
    one = await MongoStore.open(mongo_uri, driver="motor", clock=clock)
    two = await MongoStore.open(mongo_uri, driver="pymongo", clock=clock)
    made = conversation()
    for _ in range(2):
        tries = await asyncio.gather(
            *(begin(store, clock, made) for _ in range(50) for store in (one, two)), return_exceptions=True
        )
        assert sum(isinstance(won, Message) for won in tries) == 1
        assert sum(isinstance(lost, ConflictError) for lost in tries) == 99
        clock.advance(LEASE)

    assert len(await two.messages("ann", made.id, limit=99)) == 4
    await one.aclose()
    await two.aclose()


async def test_a_batch_sent_again_by_many_at_once_is_stored_once(store: MongoStore, clock: SetClock) -> None:
    running = await begin(store, clock)
    sent = [Delta(n=n, text=f"{n} ") for n in range(1, 21) for _ in range(3)]
    await asyncio.gather(*(store.append_deltas({running.id: one}, lease_expires_at=clock() + LEASE) for one in sent))

    assert (await store.message("ann", running.id)).text == "".join(f"{n} " for n in range(1, 21))


async def test_a_run_that_comes_back_while_it_is_given_up_loses_nothing(store: MongoStore, clock: SetClock) -> None:
    running = await begin(store, clock)
    for n in range(1, 40, 2):
        await append(store, clock, running, n, f"{n} ")
        clock.advance(LEASE)
        await asyncio.gather(
            append(store, clock, running, n + 1, f"{n + 1} "), begin(store, clock), begin(store, clock)
        )

    assert (await store.message("ann", running.id)).text == "".join(f"{n} " for n in range(1, 41))


async def test_opening_ends_a_deletion_that_was_cut_off(mongo_uri: str, store: MongoStore, clock: SetClock) -> None:
    made, _ = await kept(store, "words")
    file = FilePart(name="a.png", media_type="image/png", sha256="digest", size=5)
    await store.put_blob("ann", "digest", b"bytes")
    await store.add_messages("ann", [message(made.id, seq=2, parts=(file,))])
    await store._db.conversations.update_one(
        {"_id": made.id}, {"$set": {"deleting": True, "files": ["digest"]}, "$unset": {"updated_at": ""}}
    )
    await store._db.messages.delete_one({"conversation_id": made.id, "seq": 2})

    assert await store.conversations("ann", limit=9) == []
    with pytest.raises(NotFoundError):
        await begin(store, clock, made)
    again = await MongoStore.open(mongo_uri, driver="pymongo", clock=clock)
    await again.aclose()
    assert await counts(store) == {"conversations": 0, "messages": 0, "blobs": 0}


async def test_a_turn_that_begins_while_its_conversation_is_deleted_leaves_nothing(
    store: MongoStore, clock: SetClock
) -> None:
    for _ in range(20):
        made, _ = await kept(store, "words")
        begun, _ = await asyncio.gather(
            begin(store, clock, made), store.delete_conversation("ann", made.id), return_exceptions=True
        )
        if isinstance(begun, Message):  # it was quicker, and went with the rest; or came after and made it anew
            with pytest.raises(NotFoundError):
                await store.delete_conversation("ann", made.id)
                await store.message("ann", begun.id)

    assert await counts(store) == {"conversations": 0, "messages": 0, "blobs": 0}


async def test_nothing_is_left_of_what_was_refused_or_finished(store: MongoStore, clock: SetClock) -> None:
    taken = await begin(store, clock)
    with pytest.raises(ConflictError):
        await store.add_messages("ann", [message("other", seq=1), taken])
    assert await counts(store) == {"conversations": 1, "messages": 2, "blobs": 0}

    await append(store, clock, taken, 1, "text")
    await store.finish_turn(finished(taken, "end"))
    row = await store._db.messages.find_one({"_id": taken.id})
    assert not row.keys() & {"deltas", "lease_expires_at", "folded"}


async def counts(store: MongoStore) -> dict[str, int]:
    return {name: await store._db[name].count_documents({}) for name in ("conversations", "messages", "blobs")}


async def test_messages_of_more_words_than_a_document_holds_are_found_like_others(store: MongoStore) -> None:
    letters = random.Random(5)  # noqa: S311 - repeatable, no secret
    bodies = [f"note {n}" for n in range(250)]
    vast = "".join(chr(letters.randrange(0x4E00, 0x9FA0)) for _ in range(MAX_TERM_BYTES // 20))
    for place in (20, 120, 249):
        bodies[place] = f"note {place} {vast} 終わり"
    assert message_row("ann", message("c", bodies[20]), lease_expires_at=0).get("vast")
    await kept(store, *bodies)

    hits = await store.search("ann", "note", limit=1000)
    assert [hit.message.text for hit in hits] == bodies[::-1]
    assert [hit.message.text for hit in await store.search("ann", "note", limit=140)] == bodies[:-141:-1]
    assert [hit.message.seq for hit in await store.search("ann", "終わり 120", limit=9)] == [121]


async def test_numbers_that_no_database_holds_are_refused_in_words(store: MongoStore) -> None:
    with pytest.raises(InvalidRequestError, match="cannot hold this value"):
        await store.add_conversation(conversation(created_at=2**63))
    with pytest.raises(InvalidRequestError, match="cannot hold this value"):
        await store.add_messages("ann", [message("c", parts=(TextPart(text="x" * (16 * 2**20)),))])


async def test_an_attachment_of_ten_megabytes_is_kept(store: MongoStore) -> None:
    data = random.Random(1).randbytes(10 * 2**20)  # noqa: S311 - repeatable, no secret
    await store.put_blob("ann", "digest", data)

    assert await store.blob("ann", "digest") == data


async def test_a_database_of_the_first_version_keeps_its_conversations(mongo_uri: str, store: MongoStore) -> None:
    old, _ = await kept(store, "words")
    await store._db.conversations.drop_index("by_tag")
    await store._db.conversations.create_index([("owner_id", 1), ("updated_at", -1), ("_id", -1)], name="by_update")
    await store._db.chatops.update_one({}, {"$set": {"version": 1}})
    again = await MongoStore.open(mongo_uri, driver="pymongo")

    assert await again.conversations("ann", limit=9) == [old]
    indexes: dict[str, Any] = await store._db.conversations.index_information()
    assert indexes.keys() == {"_id_", "listed", "by_tag", "by_expiry", "by_id", "deleting"}
    await again.aclose()


async def test_another_programs_database_is_left_alone(mongo_uri: str, store: MongoStore) -> None:
    await store._db.client.drop_database(store._db.name)
    await store._db.messages.insert_one({"theirs": 1})

    with pytest.raises(StoreError, match="another program's collections"):
        await MongoStore.open(mongo_uri, driver="pymongo")
    assert [name async for name in names(store)] == ["messages"]


async def names(store: MongoStore) -> AsyncGenerator[str]:
    for name in await store._db.list_collection_names():
        yield name


async def test_many_who_open_a_new_database_at_once_make_it_together(mongo_uri: str, store: MongoStore) -> None:
    await store._db.client.drop_database(store._db.name)
    opened = await asyncio.gather(*(MongoStore.open(mongo_uri, driver="pymongo") for _ in range(5)))
    for one in opened:
        await one.aclose()

    indexes: dict[str, Any] = await store._db.messages.index_information()
    assert indexes.keys() == {"_id_", "by_seq", "by_lease", "by_term", "by_time", "vast", "by_file"}
    await store.add_messages("ann", thread("c", "one", "two"))
