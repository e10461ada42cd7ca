"""A platform's user and their account, from the first question to one history, one budget and one ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatops.bootstrap import open_engine
from chatops.engine.errors import BudgetExceededError, NotFoundError, RateLimitError
from chatops.engine.limits.price import NANO
from chatops.engine.messages import Principal, local_principal
from chatops.engine.requests import Turn, TurnRequest
from chatops.engine.service import Engine
from chatops.settings import load

MODEL = "echo:plain-d5"
SETTINGS = f"""
model = "{MODEL}"
titles = false

[models."{MODEL}"]
price = {{ input = 1_000_000, output = 1_000_000 }}
max_output = 60

[limits]
budget = {{ cost = 700, period = "month" }}
requests_per_minute = 6
"""
"""A dollar a token."""
SHORT, LONG = "one two three", " ".join(["word"] * 50)


@pytest.fixture(params=["sqlite", "mongo"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config.toml").write_text(SETTINGS)
    env = {"CHATOPS_HOME": str(tmp_path)}
    return env if request.param == "sqlite" else {**env, "CHATOPS_DATABASE": request.getfixturevalue("mongo_uri")}


async def on_slack(engine: Engine) -> Principal:
    assert engine.accounts is not None
    return await engine.accounts.principal_for("slack", "T1:U1", display_name="Ann on Slack")


async def ann(engine: Engine) -> Principal:
    """Registered after the owner, and signed in."""
    assert engine.accounts is not None
    admin, owner, password = engine.accounts.admin, local_principal(), "correct horse"
    await admin.add(owner, email="owner@example.com", name="Owner", password=password)
    account = await admin.add(owner, email="ann@example.com", name="Ann", password=password)
    signed = await engine.accounts.sign_in(account)
    return await engine.accounts.principal(signed.access_token, source="web")


async def ask(engine: Engine, who: Principal, text: str, **more: str) -> Turn:
    return await engine.start_turn(who, TurnRequest(text=text, on_busy="queue", **more))  # type: ignore[arg-type]  # shorthand


async def over(engine: Engine, who: Principal, turn: Turn) -> str:
    async for _ in engine.attach(who, turn.id):
        pass
    return turn.conversation.id


async def test_what_was_asked_on_slack_is_the_accounts_with_its_limits_budget_and_ledger(
    environment: dict[str, str], tmp_path: Path
) -> None:
    settings = load(environment, tmp_path)
    async with open_engine(settings, env=environment) as engine:
        assert engine.accounts is not None
        shadow, account = await on_slack(engine), await ann(engine)
        asked = await over(engine, shadow, await ask(engine, shadow, SHORT))
        running = await ask(engine, shadow, LONG)
        code = await engine.accounts.link_code(shadow)
        assert (await engine.accounts.describe_link(account, code)).shadow.name == "Ann on Slack"
        await engine.accounts.link(account, code)
        (budget,) = await engine.limits.remaining(account)
        held = (budget.spent + budget.held) // NANO
        with pytest.raises(BudgetExceededError):  # what runs on Slack is in it
            await ask(engine, account, "x" * 400)
        await over(engine, shadow, running)

        linked = await on_slack(engine)
        assert (linked.user_id, linked.source) == (account.user_id, "slack")
        await over(engine, account, await ask(engine, account, SHORT, conversation_id=asked))
        await over(engine, linked, await ask(engine, linked, SHORT, conversation_id=asked))
    async with open_engine(settings, env=environment) as engine:
        conversations = await engine.history.conversations(account, limit=9)
        branch = [message.text async for message in engine.history.branch(account, conversations[0])]
        lines = await engine.limits.usage(account, by="user")
        surfaces = {line.key: line.turns for line in await engine.limits.usage(account, by="surface")}
        (budget,) = await engine.limits.remaining(account)
        with pytest.raises(NotFoundError):
            await engine.history.conversation(shadow, asked)
        assert (await engine.limits.verify(local_principal())).fault is None

        assert {one.id for one in conversations} == {asked, running.conversation.id}
        assert branch == [SHORT] * 6
        assert {line.name: line.turns for line in lines} == {"Ann": 2, "Ann on Slack": 2}
        assert surfaces == {"slack": 3, "web": 1}
        spent = sum(line.cost for line in lines)
        assert (budget.spent, budget.held) == (spent, 0)
        assert spent // NANO == 6 + 12 + 18 + 100 < held  # echo counts what was said before, too
        for _ in range(3):
            await over(engine, linked, await ask(engine, linked, SHORT, conversation_id=asked))
        with pytest.raises(RateLimitError):  # the limits are one person's, wherever they ask
            await ask(engine, account, SHORT, conversation_id=asked)
