"""What every store finds: exactly what `engine.search` calls a match, newest first, and never more than words."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import conversation, message, thread
from chatops.engine.messages import Conversation, ReasoningPart, TextPart
from chatops.engine.ports import Store
from chatops.engine.search import query_terms, terms

TEXT = "The Café in Zürich serves naïve 咖啡 and 東京 tea; call 555-0199, C++ or user_name. สวัสดี हिन्दी Ελλάς 𞤢𞤣𞤤 𓀀 🎉"


async def kept(store: Store, *texts: str, owner_id: str = "ann") -> Conversation:
    made = conversation(owner_id)
    await store.add_conversation(made)
    await store.add_messages(owner_id, thread(made.id, *texts))
    return made


async def found(store: Store, query: str, *, owner_id: str = "ann", limit: int = 99) -> list[str]:
    return [hit.message.text for hit in await store.search(owner_id, query, limit=limit)]


@pytest.mark.parametrize(
    "query",
    [
        "cafe",
        "CAFÉ zurich",
        "caf",
        "the tea",
        "咖啡",
        "啡",
        "東京",
        "555",
        "0199",
        "c",
        "user",
        "สวัสดี",
        "हिन्दी",
        "ελλασ",
        "naive tea ",
        "𞤢𞤣",  # Adlam, in Unicode since 2016: younger than the tables of some databases
    ],
)
async def test_words_are_found_without_case_and_accents_the_last_by_its_beginning(store: Store, query: str) -> None:
    await kept(store, TEXT, "something else")

    assert await found(store, query) == [TEXT]


@pytest.mark.parametrize("query", ["caf zurich", "te ", "啡咖", "coffee", "the coffee", "199", "rich"])
async def test_a_word_that_is_not_there_is_not_found(store: Store, query: str) -> None:
    await kept(store, TEXT)

    assert await found(store, query) == []


@pytest.mark.parametrize("query", ["", " ", "?!", "\n", '"', "*", "-", "🎉", "\x00", "\ud83d"])
async def test_a_query_without_words_finds_nothing(store: Store, query: str) -> None:
    await kept(store, TEXT, '" * - 🎉')

    assert await found(store, query) == []


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ('"', False),
        ('"tea', True),
        ('tea"*', True),
        ("te* ", False),
        ("*", False),
        ("-tea", True),
        ("NOT tea", False),
        ("tea OR nothing", False),
        ("tea AND serves", True),
        ("NEAR(tea serves)", False),
        ("terms:tea", False),
        ("{terms} : tea", False),
        ("^the", True),
        ("tea + serves", True),
        ("$where tea", False),
        ("'; DROP TABLE messages; --", False),
        ("_616e6e", False),
    ],
)
async def test_no_query_is_a_program(store: Store, query: str, finds: bool) -> None:
    await kept(store, TEXT)

    assert await found(store, query) == ([TEXT] if finds else [])


async def test_the_newest_come_first_and_no_more_than_asked(store: Store) -> None:
    first = await kept(store, "note one", "note two")
    second = await kept(store, "note three")

    hits = await store.search("ann", "note", limit=2)
    assert [(hit.conversation, hit.message.text) for hit in hits] == [(second, "note three"), (first, "note two")]
    assert await found(store, "note") == ["note three", "note two", "note one"]


async def test_newest_means_made_last_also_for_messages_that_were_imported_later(store: Store) -> None:
    await kept(store, "note new")
    made = conversation()
    await store.add_conversation(made)
    await store.add_messages("ann", [message(made.id, f"note old {n}", created_at=1000 + n, seq=n) for n in (3, 1, 2)])

    assert await found(store, "note") == ["note new", "note old 3", "note old 2", "note old 1"]


async def test_many_messages_of_one_millisecond_are_all_found(store: Store) -> None:
    made = conversation()
    await store.add_conversation(made)
    same = [message(made.id, f"note {n}", created_at=5, seq=n) for n in range(5000)]
    await store.add_messages("ann", [*same, message(made.id, "note last", created_at=6, seq=5000)])

    assert len(await found(store, "note", limit=9999)) == 5001


async def test_reasoning_is_not_searched(store: Store) -> None:
    made = conversation()
    await store.add_conversation(made)
    parts = (ReasoningPart(text="hidden thought"), TextPart(text="open word"))
    await store.add_messages("ann", [message(made.id, role="assistant", parts=parts)])

    assert await found(store, "thought") == []
    assert await found(store, "word") == ["open word"]


async def test_a_message_without_its_conversation_is_not_found(store: Store) -> None:
    made = conversation()
    await store.add_messages("ann", thread(made.id, "note"))
    assert await found(store, "note") == []

    await store.add_conversation(made)
    assert await found(store, "note") == ["note"]


async def test_each_owner_finds_the_own_messages_only(store: Store) -> None:
    await kept(store, "note of ann")
    await kept(store, "note of bob", owner_id="bob")

    assert await found(store, "note") == ["note of ann"]
    assert await found(store, "note", owner_id="bob") == ["note of bob"]
    assert await found(store, "note", owner_id="_*") == []


async def test_a_megabyte_of_text_is_found_by_its_last_word(store: Store) -> None:
    text = " ".join(f"word{n}" for n in range(100_000)) + " 終わり"
    await kept(store, text)

    assert [text] == await found(store, "word99999 終わり")


letters = st.sampled_from("aAbÀßﬁ𝐀ς1²٣日本語ー한กำिक्ç'\"*-_ \n")
texts = st.text(letters | st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(texts, min_size=1, max_size=5), query=texts)
async def test_a_search_finds_what_the_engine_calls_a_match(store: Store, bodies: list[str], query: str) -> None:
    made = conversation()
    await store.add_conversation(made)
    await store.add_messages(made.owner_id, thread(made.id, *bodies))

    expected = [body for body in reversed(bodies) if query_terms(query) and _matches(body, query)]
    assert await found(store, query) == expected
    await store.delete_conversation(made.owner_id, made.id)
    assert await found(store, query) == []


def _matches(text: str, query: str) -> bool:
    indexed = terms(text)
    return all(any(t.startswith(w) if prefix else t == w for t in indexed) for w, prefix in query_terms(query))


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_text_has_the_terms_that_it_has_beside_other_letters(text: str) -> None:
    assert terms(f"{text} ж") == [*terms(text), "ж"]


async def test_a_hit_holds_the_whole_message(store: Store) -> None:
    made = conversation()
    await store.add_conversation(made)
    stored = replace(message(made.id, "note", role="assistant"), model="m", tokens=3)
    await store.add_messages("ann", [stored])

    (hit,) = await store.search("ann", "note", limit=1)
    assert (hit.conversation, hit.message) == (made, stored)
