"""`[limits]` and prices in a settings file."""

from decimal import Decimal
from pathlib import Path

import pytest

from chatops import bootstrap
from chatops.engine.errors import SettingsError
from chatops.engine.limits.policy import Budget, Policy, Terms
from chatops.engine.limits.price import NANO, Price
from chatops.settings import Settings, load


def loaded(home: Path, text: str) -> Settings:
    (home / "config.toml").write_text(text)
    return load({"CHATOPS_HOME": str(home)}, home)


def test_nothing_is_limited_without_the_table(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").limits is None
    assert Policy().terms("member") == Terms()


def test_the_table_is_read_with_roles_surfaces_and_tokens(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        """
        [limits]
        requests_per_minute = 40
        concurrent_turns = 3
        http_requests_per_minute = 600
        budget = { cost = 5.1, period = "month" }
        [limits.roles.member]
        budget = { tokens = 200000, period = "day" }
        [limits.surfaces.slack]
        budget = { cost = 0.1, period = "day" }
        [limits.tokens]
        budget = { cost = 1, period = "month" }
        """,
    ).limits

    assert found is not None
    assert found.user == Terms(
        requests_per_minute=40, concurrent_turns=3, budget=Budget(unit="money", amount=51 * NANO // 10, period="month")
    )
    assert found.terms("admin") == found.user
    assert found.terms("member") == Terms(
        requests_per_minute=40, concurrent_turns=3, budget=Budget(unit="tokens", amount=200_000, period="day")
    )
    assert found.surfaces == {"slack": Budget(unit="money", amount=NANO // 10, period="day")}
    assert found.token == Budget(unit="money", amount=NANO, period="month")
    assert (found.http_requests_per_minute, found.address_requests_per_minute) == (600, None)


@pytest.mark.parametrize(
    "line",
    [
        "budget = { cost = 5 }",
        'budget = { cost = 5, tokens = 5, period = "day" }',
        'budget = { cost = -1, period = "day" }',
        'budget = { cost = nan, period = "day" }',
        'budget = { cost = 1e30, period = "day" }',
        'budget = { cost = true, period = "day" }',
        'budget = { tokens = 1.5, period = "day" }',
        'budget = { tokens = 0, period = "day" }',
        'budget = { cost = 5, period = "week" }',
        'budget = "5/month"',
    ],
)
def test_a_budget_of_the_wrong_form_is_refused_by_name(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=r"limits\.budget must be \{ cost = dollars, period"):
        loaded(tmp_path, f"[limits]\n{line}")


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    for text in ("[limits]\nbudgets = 1", "[limits.surfaces.fax]", "[limits.roles.guest]\nconcurrent_turns = 1"):
        with pytest.raises(SettingsError, match="unknown key"):
            loaded(tmp_path, text)


def test_a_projects_file_cannot_set_limits(tmp_path: Path) -> None:
    (tmp_path / "chatops.toml").write_text("[limits]\nconcurrent_turns = 1")
    with pytest.raises(SettingsError, match="limits may not be set here"):
        load({"CHATOPS_HOME": str(tmp_path)}, tmp_path)


def test_prices_are_read_exactly(tmp_path: Path) -> None:
    models = loaded(
        tmp_path,
        """
        [models."groq:a"]
        price = { input = 0.0375, output = 0.3 }
        [models."groq:b"]
        price = { input = 1, output = 2, cached = 0.1, long = { above = 1000, input = 2, output = 4, cached = 0.2 } }
        """,
    ).models

    assert models["groq:a"].price == Price.of(Decimal("0.0375"), Decimal("0.3"))
    long = models["groq:b"].price
    assert long is not None
    assert long.cost(1000, 10) == 1000 * 1000 + 10 * 2000
    assert long.cost(1001, 10) == 1001 * 2000 + 10 * 4000


@pytest.mark.parametrize(
    "price",
    [
        "{ input = 1 }",
        "{ input = 1, output = -2 }",
        "{ input = 1, output = 2, cached = 3 }",
        "{ input = 1, output = 2, extra = 3 }",
        "5",
        "{ input = 1, output = 2, long = { input = 2, output = 4 } }",
        "{ input = 1, output = 2, long = { above = 9, input = 0.5, output = 4 } }",
    ],
)
def test_a_price_of_the_wrong_form_is_refused(tmp_path: Path, price: str) -> None:
    with pytest.raises(SettingsError, match=r'models\."x:y"\.price must'):
        loaded(tmp_path, f'[models."x:y"]\nprice = {price}')


async def test_the_composition_root_knows_what_is_free_and_what_the_settings_say(tmp_path: Path) -> None:
    chosen = loaded(tmp_path, '[models."openai:gpt-5"]\nprice = { input = 7, output = 8 }')
    async with bootstrap.open_engine(chosen, env={}) as engine:
        prices, resolve = engine.limits.prices, engine.catalog.resolve

        assert prices.of(resolve("openai:gpt-5")) == Price.of(Decimal(7), Decimal(8))
        assert prices.of(resolve("openai:gpt-4o")) == Price.of(Decimal("2.5"), Decimal(10), Decimal("1.25"))
        free = prices.of(resolve("echo:plain"))
        assert free is not None
        assert free.cost(1000, 1000) == 0
        assert prices.of(resolve("openai:gpt-unheard-of")) is None
