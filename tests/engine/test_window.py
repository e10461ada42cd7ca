import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.errors import InvalidRequestError
from chatops.engine.messages import FilePart, Message, ReasoningPart, Role, TextPart
from chatops.engine.window import (
    DEFAULT_CONTEXT,
    IMAGE_TOKENS,
    MESSAGE_OVERHEAD,
    Window,
    count_tokens,
    estimate_tokens,
    input_budget,
)


def message(n: int, *, tokens: int = 10, parent: int | None = None, role: Role | None = None) -> Message:
    return Message(
        id=str(n),
        conversation_id="c",
        role=role or ("user" if n % 2 else "assistant"),
        parts=(TextPart(text=f"text {n}"),),
        created_at=n,
        seq=n,
        parent_id=str(n - 1 if parent is None else parent) if n > 1 and parent != 0 else None,
        tokens=tokens,
    )


def filled(window: Window, messages: list[Message], batch: int = 3) -> list[str]:
    """Shows the window a conversation as a store would: batches, newest first, from what is wanted."""
    while window.wanted is not None:
        newest = next(i for i, m in enumerate(messages) if m.id == window.wanted)
        window.take(messages[max(0, newest - batch + 1) : newest + 1][::-1])
    return [m.id for m in window.messages()]


def test_a_short_conversation_is_taken_whole_oldest_first() -> None:
    assert filled(Window("4", 1000), [message(n) for n in range(1, 5)]) == ["1", "2", "3", "4"]


def test_no_leaf_means_no_history() -> None:
    window = Window(None, 100)

    assert window.wanted is None
    assert window.messages() == []


def test_the_oldest_go_first_and_a_cut_window_begins_with_a_question() -> None:
    window = Window("8", 55)

    assert filled(window, [message(n) for n in range(1, 9)]) == ["5", "6", "7", "8"]
    assert window.dropped


def test_other_branches_are_passed_over() -> None:
    tree = [message(1), message(2), message(3), message(4), message(5, parent=2), message(6)]

    assert filled(Window("6", 1000), tree) == ["1", "2", "5", "6"]


def test_a_message_larger_than_the_window_ends_it() -> None:
    tree = [message(1), message(2, tokens=500), message(3), message(4)]

    assert filled(Window("4", 100), tree) == ["3", "4"]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.integers(0, 600), st.integers(1, 9))
def test_the_window_is_the_longest_tail_that_fits_whatever_the_batches(
    sizes: list[int], budget: int, batch: int
) -> None:
    tree = [message(n, tokens=size) for n, size in enumerate(sizes, 1)]

    kept = filled(Window(str(len(tree)), budget), tree, batch)

    total, fits = 0, 0
    for size in reversed(sizes):
        if total + size > budget:
            break
        total, fits = total + size, fits + 1
    expected = [m.id for m in tree[len(tree) - fits :]]
    if fits < len(tree) and expected and int(expected[0]) % 2 == 0:
        expected = expected[1:]
    assert expected == kept


def test_tokens_are_estimated_from_bytes_and_rounded_up() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1
    assert estimate_tokens("hello world!") == 4
    assert estimate_tokens("東京") == 2


def test_files_count_and_reasoning_does_not() -> None:
    image = FilePart(name="a.png", media_type="image/png", sha256="0", size=10)
    book = FilePart(name="a.pdf", media_type="application/pdf", sha256="0", size=1_000_000)

    assert count_tokens([ReasoningPart(text="long thoughts")]) == MESSAGE_OVERHEAD
    assert count_tokens([image]) == MESSAGE_OVERHEAD + IMAGE_TOKENS
    assert count_tokens([book]) == MESSAGE_OVERHEAD + 50_000


def test_room_for_the_answer_is_set_aside() -> None:
    assert input_budget(context=1000, max_output=900, asked=100) == 1000 - 100
    assert input_budget(context=1000, max_output=900, asked=None) == 1000 - 250
    assert input_budget(context=1000, max_output=50, asked=None) == 1000 - 50
    assert input_budget(context=None, max_output=None, asked=None) == DEFAULT_CONTEXT * 3 // 4


def test_an_answer_as_large_as_the_window_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="window of 1000"):
        input_budget(context=1000, max_output=None, asked=1000)
