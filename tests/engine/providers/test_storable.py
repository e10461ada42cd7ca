from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.providers.storable import Joiner, storable

ANY_TEXT = st.text(st.characters() | st.sampled_from("\ud83d\ude00\ud800\udfff\0é😀"))


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert storable("a\ud83d\ude00b") == "a😀b"


def test_a_lone_surrogate_and_nul_are_replaced_one_for_one() -> None:
    assert storable("\ude00a\ud83d\0") == "\ufffda\ufffd\ufffd"


@given(ANY_TEXT)
def test_whatever_comes_out_can_be_stored_and_does_not_change_again(text: str) -> None:
    safe = storable(text)

    assert safe.encode().decode() == safe
    assert "\0" not in safe
    assert storable(safe) == safe


@given(st.text())
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert storable(text) == text.replace("\0", "\ufffd")


@given(st.lists(ANY_TEXT))
def test_pieces_joined_are_the_whole_made_storable(pieces: list[str]) -> None:
    joiner = Joiner()

    assert "".join([*map(joiner.feed, pieces), joiner.end()]) == storable("".join(pieces))


def test_text_is_not_held_back_without_need() -> None:
    joiner = Joiner()

    assert [joiner.feed("a\ud83d"), joiner.feed("\ude00b"), joiner.end()] == ["a", "😀b", ""]


def test_half_a_character_at_the_end_is_replaced() -> None:
    joiner = Joiner()

    assert [joiner.feed("a\ud83d"), joiner.end(), joiner.end()] == ["a", "\ufffd", ""]
