"""Every error is one sentence; none is left without."""

import pytest

from chatops.bots.sentences import note_of, of_error, sentence
from chatops.cli.exits import EXIT_CODES
from chatops.engine.errors import BudgetExceededError, RateLimitError


@pytest.mark.parametrize("code", sorted(EXIT_CODES))
def test_every_code_has_its_sentence_on_one_line(code: str) -> None:
    said = sentence(code, "the message\nof the engine", 30)

    assert "\n" not in said
    assert said.endswith("; try again in 30 s")


def test_the_wait_is_said_in_the_unit_that_fits() -> None:
    assert of_error(RateLimitError("x", retry_after=0.2)) == "you are asking faster than you may; try again in 1 s"
    assert sentence("rate_limited", "", 600).endswith("10 min")
    assert sentence("rate_limited", "", 86_400).endswith("24 h")


def test_a_spent_budget_says_what_the_engine_says() -> None:
    assert of_error(BudgetExceededError("5.00 of 5.00 spent; it renews on 1 December")).startswith("5.00 of 5.00 spent")


def test_an_answer_at_its_limit_and_one_of_nothing_have_notes() -> None:
    from builders import message

    assert "go on" in note_of(message("c", "x", role="assistant", finish_reason="length"))
    assert "with nothing" in note_of(message("c", "", role="assistant", finish_reason="stop"))
    assert note_of(message("c", "x", role="assistant", finish_reason="stop")) == ""


def test_a_model_that_is_missing_is_told_in_the_providers_words_and_what_to_do() -> None:
    said = sentence("provider_model_missing", "The built-in model is not here yet: run `chatops models pull`")

    assert said.endswith("`chatops models pull`; choose another with /chatops model")


def test_a_page_instead_of_an_error_is_cut() -> None:
    assert len(sentence("provider_rejected", "x" * 10_000)) == 600
