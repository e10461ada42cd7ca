from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from builders import message
from chatops.engine.messages import FilePart, Part, ReasoningPart, TextPart
from chatops.engine.ports import Delta
from chatops.engine.stores.folding import abandon, fold
from chatops.engine.window import count_tokens

texts = st.text(max_size=5)
parts = st.one_of(
    texts.map(lambda text: TextPart(text=text)),
    texts.map(lambda text: ReasoningPart(text=text)),
    st.just(FilePart(name="f", media_type="image/png", sha256="00", size=1)),
)
deltas = st.builds(lambda text, reasoning: Delta(n=1, text=text, reasoning=reasoning), texts, texts)


@given(st.lists(deltas))
def test_folding_batches_is_joining_their_text(batches: list[Delta]) -> None:
    folded = message("c", parts=fold((), batches))

    assert folded.text == "".join(batch.text for batch in batches)
    assert folded.reasoning == "".join(batch.reasoning for batch in batches)
    assert all(part.text for part in folded.parts if not isinstance(part, FilePart))


@given(st.lists(parts), st.lists(deltas), st.lists(deltas))
def test_folding_in_two_steps_is_folding_at_once(first: list[Part], one: list[Delta], two: list[Delta]) -> None:
    assert fold(fold(first, one), two) == fold(first, [*one, *two])


@given(st.lists(parts), st.lists(deltas))
def test_neighbours_of_one_kind_are_one_part_and_files_stay(first: list[Part], batches: list[Delta]) -> None:
    kinds = [type(part) for part in fold(first, batches)]

    assert kinds.count(FilePart) == sum(isinstance(part, FilePart) for part in first)
    assert not any(a is b and a is not FilePart for a, b in pairwise(kinds))


def test_within_a_batch_reasoning_comes_before_text() -> None:
    folded = fold((TextPart(text="a"),), [Delta(n=1, text="c", reasoning="b"), Delta(n=2, text="d")])

    assert folded == (TextPart(text="a"), ReasoningPart(text="b"), TextPart(text="cd"))


def test_an_abandoned_answer_says_so_and_counts_what_there_is() -> None:
    running = message("c", "some text", role="assistant", status="streaming", model="m")
    given_up = abandon(running)

    assert (given_up.status, given_up.text, given_up.model) == ("interrupted", "some text", "m")
    assert given_up.error is not None
    assert given_up.error.code == "abandoned"
    assert given_up.tokens == count_tokens(running.parts)
