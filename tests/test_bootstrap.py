"""The composition root: what it chooses, and what it opens."""

from pathlib import Path

import pytest

from chatops import bootstrap
from chatops.catalog import catalog
from chatops.engine.errors import SettingsError
from chatops.engine.messages import LOCAL_OWNER, Principal
from chatops.engine.requests import TurnRequest
from chatops.settings import Settings, load


def settings(home: Path, **env: str) -> Settings:
    return load({"CHATOPS_HOME": str(home), **env}, home)


@pytest.mark.parametrize(
    ("env", "model"),
    [
        ({}, "local:smollm2-135m-instruct"),
        ({"ANTHROPIC_API_KEY": "x"}, "anthropic:claude-sonnet-5-5"),
        ({"ANTHROPIC_API_KEY": "x", "OPENAI_API_KEY": "y"}, "openai:gpt-6.1-sol"),
        ({"OPENAI_API_KEY": " ", "CHATOPS_MODEL": "echo"}, "echo:plain"),
    ],
)
def test_the_default_model_is_the_first_with_a_key_or_the_embedded_one(
    tmp_path: Path, env: dict[str, str], model: str
) -> None:
    assert catalog(settings(tmp_path, **env), env).resolve(None).id == model


@pytest.mark.parametrize(
    ("transport", "kind"), [("direct", "DirectProvider"), ("sdk", "OpenAIProvider"), ("sdk", "AnthropicProvider")]
)
def test_each_transport_has_its_adapter(
    tmp_path: Path, transport: bootstrap.Transport, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    providers = bootstrap.Providers(settings(tmp_path), {"OPENAI_API_KEY": "x"}, transport)
    name = "anthropic" if kind.startswith("Anthropic") else "openai"

    assert type(providers[name]).__name__ == kind
    assert providers[name] is providers[name]
    assert set(providers) == {"openai", "anthropic", "local", "echo"}
    assert len(providers) == 4


async def test_an_engine_runs_a_turn_on_what_the_settings_name(tmp_path: Path) -> None:
    chosen = settings(tmp_path, CHATOPS_MODEL="echo")
    me = Principal(user_id=LOCAL_OWNER)
    async with bootstrap.open_engine(chosen, env={}) as engine:
        turn = await engine.start_turn(me, TurnRequest(text="hello"))
    async with bootstrap.open_engine(chosen, env={}) as engine:
        stored = await engine.history.conversation(me, turn.conversation.id)
        texts = [message.text async for message in engine.history.branch(me, stored)]

    assert texts[0] == "hello"
    assert (tmp_path / "chatops.db").exists()


async def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(SettingsError, match="begins with ftp://"):
        await bootstrap.open_store("ftp://host/x")
