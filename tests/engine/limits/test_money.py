"""Prices and bounds: exact, and never too low."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.codec import dollars
from chatops.engine.errors import InvalidRequestError
from chatops.engine.limits.bounds import Bound, bound, check_options
from chatops.engine.limits.counters import counter, period
from chatops.engine.limits.estimates import outgrown
from chatops.engine.limits.money import nano, shown
from chatops.engine.limits.policy import Budget, Terms, terms_from, terms_record
from chatops.engine.limits.price import FREE, NANO, Price
from chatops.engine.limits.prices import _PLAIN as PLAIN
from chatops.engine.limits.prices import _TIERED as TIERED
from chatops.engine.limits.prices import Prices, shipped
from chatops.engine.messages import FilePart, Message, Sampling, TextPart
from chatops.engine.models import ModelSpec
from chatops.engine.ports import ChatRequest

rates = st.decimals(0, 100, places=4)
prices = st.builds(Price.of, rates, rates)
tokens = st.integers(0, 2_000_000)
SPEC = ModelSpec(id="openai:gpt-5", context=272_000, max_output=128_000)


def test_a_price_of_a_million_is_exact_and_a_single_token_is_rounded_up() -> None:
    price = Price.of(Decimal("0.0375"), Decimal("0.3"), Decimal("0.01"))

    assert price.cost(1_000_000, 0) == nano(Decimal("0.0375"))
    assert price.cost(1, 0) == 38
    assert price.cost(1_000, 10, 400) == 600 * 37.5 + 400 * 10 + 10 * 300
    assert price.cost(10, 0, 400) == 10 * 10
    assert FREE.cost(10**9, 10**9) == 0


def test_long_prompts_cost_what_long_prompts_cost() -> None:
    price = shipped("openai:gpt-5.5")
    assert price is not None

    assert price.cost(272_000, 1_000) == nano(Decimal("1.36") + Decimal("0.03"))
    assert price.cost(272_001, 1_000) == nano(Decimal("2.72001") + Decimal("0.045"))


def test_every_shipped_price_is_sane() -> None:
    for model_id in (*PLAIN, *TIERED):
        price = shipped(model_id)
        assert price is not None
        assert 0 < price.cached <= price.input <= price.output <= 100 * NANO
        if price.long is not None:
            assert price.long.input >= price.input
            assert price.long.output >= price.output


def test_the_settings_price_goes_over_the_shipped_and_local_models_are_free() -> None:
    said = Prices({"openai:gpt-5": FREE}, free={"local"})

    assert said.of(SPEC) == FREE
    assert said.of(ModelSpec(id="local:x")) == FREE
    assert said.of(ModelSpec(id="openai:gpt-4o")) == shipped("openai:gpt-4o")
    assert said.of(ModelSpec(id="ollama:x")) is None


@given(prices, tokens, st.integers(0, 10**15))
def test_what_an_amount_allows_never_costs_more(price: Price, sent: int, amount: int) -> None:
    paid = price.answer(amount, sent)

    if paid is None:
        assert price.cost(sent, 10**9) <= amount
    elif paid >= 0:
        assert price.cost(sent, paid) <= amount < price.cost(sent, paid + 1) + 1
    else:
        assert price.cost(sent, 0) > amount


@given(st.text(), st.text(), st.text())
def test_a_prompt_has_no_more_tokens_than_its_bound(system: str, question: str, before: str) -> None:
    messages = [
        Message(id="1", conversation_id="c", role="user", parts=(TextPart(text=before),), created_at=0),
        Message(id="2", conversation_id="c", role="user", parts=(TextPart(text=question),), created_at=0),
    ]
    found = bound(ChatRequest(model="m", messages=messages, system=system), ModelSpec(id="x:m"), None)

    assert found.input_tokens >= len((system + question + before).encode())


def test_a_bound_is_no_larger_than_the_window_and_knows_files() -> None:
    file = FilePart(name="x", media_type="image/png", sha256="0", size=100)
    document = FilePart(name="x", media_type="application/pdf", sha256="0", size=80_000)
    parts = (file, document, TextPart(text="x" * 100))
    message = Message(id="1", conversation_id="c", role="user", parts=parts, created_at=0)
    request = ChatRequest(model="m", messages=[message])

    assert bound(request, SPEC, None) == Bound(spec=SPEC, price=None, input_tokens=130_180, longest=128_000)
    small = bound(request, ModelSpec(id="x:m", context=8_000), None)
    assert (small.input_tokens, small.longest) == (8_000, 2_000)
    assert bound(request, ModelSpec(id="x:m"), None).longest == 8_000
    assert bound(ChatRequest(model="m", messages=[message], sampling=Sampling(max_tokens=7)), SPEC, None).longest == 7


def test_options_that_may_cost_more_are_not_known_to_be_safe() -> None:
    for name in ("n", "max_completion_tokens", "service_tier", "model", "messages", "web_search_options", "tools"):
        with pytest.raises(InvalidRequestError, match=f"the option {name} cannot"):
            check_options(ChatRequest(model="m", messages=[], sampling=Sampling(extra={name: 1})))
    check_options(ChatRequest(model="m", messages=[], sampling=Sampling(extra={"seed": 1, "reasoning_effort": "low"})))


def test_an_answer_that_keeps_to_its_maximum_is_not_outgrown() -> None:
    assert not outgrown(1_000 * 8 + 1024, 1_000)
    assert outgrown(1_000 * 8 + 1025, 1_000)


@pytest.mark.parametrize(
    ("amount", "up", "down"),
    [
        (0, "$0.00", "$0.00"),
        (5 * NANO, "$5.00", "$5.00"),
        (NANO // 2, "$0.50", "$0.50"),
        (499_977_500, "$0.5000", "$0.4999"),
        (1_234_567_890, "$1.24", "$1.23"),
        (22_500, "$0.000023", "$0.000022"),
    ],
)
def test_money_is_shown_with_the_digits_it_needs(amount: int, up: str, down: str) -> None:
    assert (shown(amount), shown(amount, down=True)) == (up, down)


def test_money_in_json_is_exact() -> None:
    assert [dollars(n) for n in (0, 1, 22_500, NANO, 10 * NANO)] == ["0", "0.000000001", "0.0000225", "1", "10"]


def test_periods_are_those_of_utc() -> None:
    new_year = 1_798_761_600_000  # 2027-01-01
    assert period("month", new_year - 1) == ("2026-12", new_year)
    assert period("month", new_year) == ("2027-01", new_year + 31 * 86_400_000)
    assert period("day", new_year - 1) == ("2026-12-31", new_year)
    budget = Budget(unit="money", amount=5 * NANO, period="month")
    assert counter("user", "ann", budget, new_year).key == "money/2027-01/user/ann"
    assert str(budget) == "$5.00 a month"


def test_terms_go_over_terms_and_through_json() -> None:
    terms = Terms(requests_per_minute=5, budget=Budget(unit="tokens", amount=7, period="day"))

    assert terms_from(terms_record(terms)) == terms
    assert terms.over(Terms(requests_per_minute=9, concurrent_turns=2)) == Terms(
        requests_per_minute=5, concurrent_turns=2, budget=terms.budget
    )
