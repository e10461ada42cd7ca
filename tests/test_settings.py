"""Settings: who wins, what is refused, and that secrets stay where they are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops import schema
from chatops.engine.auth.nouns import AuthPolicy
from chatops.engine.errors import SettingsError
from chatops.sections import Preset, ProviderSettings
from chatops.settings import Settings, load

SECRET = "sk-very-secret-123"


class Machine:
    """A home folder and a project folder to load settings from."""

    def __init__(self, folder: Path) -> None:
        self.home, self.project = folder / "home", folder / "project"
        self.home.mkdir()
        self.project.mkdir()
        self.env = {"CHATOPS_HOME": str(self.home), "PATH": "/usr/bin:/bin"}

    def user(self, text: str) -> None:
        (self.home / "config.toml").write_text(text)

    def load(self, **env: str) -> Settings:
        return load({**self.env, **env}, self.project)

    def refusal(self, text: str, **env: str) -> str:
        """What loading says of a user file."""
        self.user(text)
        with pytest.raises(SettingsError) as caught:
            self.load(**env)
        return caught.value.message


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_defaults_work_without_any_file(machine: Machine) -> None:
    settings = machine.load()

    assert settings.database == f"sqlite:///{machine.home}/chatops.db"
    assert settings.sqlite_path == machine.home / "chatops.db"
    assert settings.model is None
    assert (settings.render, settings.timeout) == ("auto", 300.0)
    assert set(settings.providers) == {"openai", "anthropic", "local", "echo"}
    assert settings.providers["anthropic"].api_key_env == "ANTHROPIC_API_KEY"


def test_environment_beats_project_beats_user_beats_default(machine: Machine) -> None:
    machine.user('model = "openai:user"\nsystem = "user"\nrender = "never"\ntimeout = 30')
    (machine.project / "chatops.toml").write_text('model = "openai:project"\nsystem = "project"')

    settings = machine.load(CHATOPS_MODEL="openai:env")

    assert (settings.model, settings.system, settings.render) == ("openai:env", "project", "never")
    assert settings.timeout == 30.0
    assert settings.origins["model",] == ("openai:env", "environment CHATOPS_MODEL")
    assert settings.origins["system",] == ("project", str(machine.project / "chatops.toml"))
    assert settings.origins["render",] == ("never", str(machine.home / "config.toml"))
    assert settings.origins["providers", "openai", "kind"] == ("openai", "default")


def test_an_empty_variable_counts_as_unset(machine: Machine) -> None:
    machine.user('model = "openai:user"')

    assert machine.load(CHATOPS_MODEL="", OPENAI_BASE_URL="").model == "openai:user"


def test_a_key_of_a_table_can_be_set_without_repeating_the_others(machine: Machine) -> None:
    machine.user('[providers.openai]\nbase_url = "https://proxy.test/v1"')

    openai = machine.load().providers["openai"]

    assert (openai.kind, openai.base_url, openai.api_key_env) == ("openai", "https://proxy.test/v1", "OPENAI_API_KEY")
    assert machine.load(OPENAI_BASE_URL="http://127.0.0.1:1").providers["openai"].base_url == "http://127.0.0.1:1"


def test_everything_a_user_file_can_say(machine: Machine) -> None:
    machine.user(
        """
        model = "fast"
        preset = "review"
        database = "sqlite:///~/chat.db"
        local_model = "~/model.gguf"
        [aliases]
        fast = "groq:llama"
        [providers.groq]
        kind = "openai"
        base_url = "https://groq.test/v1"
        api_key_env = "GROQ_API_KEY"
        [models."groq:llama"]
        context = 131072
        max_output = 8192
        fallbacks = ["openai:gpt-5"]
        [presets.review]
        system = "Review."
        model = "fast"
        max_tokens = 500
        options = { temperature = 0.2, stop = ["END"] }
        """
    )

    settings = machine.load(HOME="/home/u")

    assert settings.sqlite_path == Path("/home/u/chat.db")
    assert settings.local_model == Path("/home/u/model.gguf")
    assert settings.aliases == {"fast": "groq:llama"}
    assert settings.providers["groq"].name == "groq"
    assert settings.models["groq:llama"].fallbacks == ("openai:gpt-5",)
    assert settings.presets["review"] == Preset(
        system="Review.", model="fast", max_tokens=500, options={"temperature": 0.2, "stop": ["END"]}
    )


def test_a_file_named_by_the_environment_replaces_the_default_one(machine: Machine, tmp_path: Path) -> None:
    machine.user('model = "openai:default-file"')
    (tmp_path / "other.toml").write_text('model = "openai:other-file"')

    assert machine.load(CHATOPS_CONFIG=str(tmp_path / "other.toml")).model == "openai:other-file"


def test_a_named_file_that_is_missing_is_an_error(machine: Machine) -> None:
    with pytest.raises(SettingsError, match=r"CHATOPS_CONFIG names /no/such\.toml, which does not exist"):
        machine.load(CHATOPS_CONFIG="/no/such.toml")


def test_a_file_that_cannot_be_read_is_an_error(machine: Machine) -> None:
    (machine.home / "config.toml").mkdir()

    with pytest.raises(SettingsError, match=r"cannot read .*config\.toml: Is a directory"):
        machine.load()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('modle = "x"', "unknown key modle; did you mean model?"),
        ('[providers.groq]\nkind = "openai"\nbase_ulr = "x"', "providers.groq.base_ulr; did you mean providers.groq."),
        ('[models."a:b"]\ncontxt = 1', 'unknown key models."a:b".contxt; did you mean models."a:b".context?'),
        (
            "[presets.p]\nqqq = 1",
            "unknown key presets.p.qqq; known here: system, prompt, model, max_tokens, options, variables",
        ),
        ("model = 5", "model must be a text that is not empty"),
        ('model = " "', "model must be a text"),
        ('render = "sometimes"', "render must be one of auto, always, never"),
        ('render = ["auto"]', "render must be one of auto, always, never"),
        ("timeout = 0", "timeout must be a number of seconds above 0"),
        ("timeout = true", "timeout must be a number of seconds above 0"),
        ("timeout = nan", "timeout must be a number of seconds above 0"),
        ('database = "chat.db"', "database must be a text that begins with sqlite:/// or mongodb:// or"),
        ('database = "sqlite:///"', "database must be a text that begins with sqlite:/// or mongodb:// or"),
        ("[models.'a:b']\ncontext = 0.5", 'models."a:b".context must be a whole number above 0'),
        ("[models.'a:b']\ncontext = true", "must be a whole number above 0"),
        ("[models.'a:b']\nfallbacks = 'x:y'", "must be a list of texts"),
        ("[models.plain]\ncontext = 1", "models.plain: this name must have the form provider:model"),
        ("[providers.'a:b']\nkind = 'openai'", 'providers."a:b": this name must have no colon'),
        ("[aliases]\n'a:b' = 'x:y'", 'aliases."a:b": this name must have no colon'),
        ("[providers]\nopenai = 5", "providers.openai must be a table that is not empty"),
        ("[providers.groq]", "providers.groq must be a table that is not empty"),
        ("[[providers]]\nkind = 'openai'", "providers must be a table"),
        ("[providers.groq]\nbase_url = 'https://x'", "providers.groq needs a kind: openai, anthropic, local or echo"),
        ("[providers.groq]\nkind = 'openai'\nbase_url = 'x.test'", "must be a text that begins with http:// or https"),
        ('[providers.groq]\napi_key_cmd = "pass \'x"', "providers.groq.api_key_cmd must be a command line"),
        ("[presets.p]\noptions = { since = 2026-01-01 }", "presets.p.options must be a table of texts, numbers"),
        ("[presets.p]\noptions = { a = inf }", "presets.p.options must be a table of texts, numbers"),
        ("model = 'a'\nmodel = # none", "(at line 2, column 9)"),
        ("model = 'a'\n[aliases", "(at line 2, the last)"),
        ('a = "\\q"', "(at line 1, column 8)"),
    ],
)
def test_a_wrong_file_is_refused_by_file_and_key(machine: Machine, text: str, said: str) -> None:
    refusal = machine.refusal(text)

    assert refusal.startswith(f"{machine.home}/config.toml: ")
    assert said in refusal


def test_a_file_that_is_not_utf8_is_refused_with_its_line(machine: Machine) -> None:
    (machine.home / "config.toml").write_bytes(b"# fine\nsystem = '\xe9'\n")

    with pytest.raises(SettingsError, match=r"config\.toml: not UTF-8 \(at line 2\)"):
        machine.load()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CHATOPS_TIMEOUT", "soon", "environment CHATOPS_TIMEOUT: timeout must be a number of seconds above 0"),
        ("CHATOPS_RENDER", "sometimes", "environment CHATOPS_RENDER: render must be one of"),
        ("OPENAI_BASE_URL", "proxy", "environment OPENAI_BASE_URL: providers.openai.base_url must be a text that"),
    ],
)
def test_a_wrong_variable_is_refused_by_its_name(machine: Machine, name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        machine.load(**{name: value})

    assert said in caught.value.message


def test_a_number_from_the_environment_is_a_number(machine: Machine) -> None:
    assert machine.load(CHATOPS_TIMEOUT="2.5").timeout == 2.5


@pytest.mark.parametrize("key", sorted(schema.KEYS.keys() - schema.PROJECT_KEYS))
def test_a_project_file_may_not_set_anything_that_needs_trust(machine: Machine, key: str) -> None:
    text = f"[{key}.x]\n" if isinstance(schema.KEYS[key], dict) else f"{key} = '{SECRET}'\n"
    (machine.project / "chatops.toml").write_text(text)

    with pytest.raises(SettingsError) as caught:
        machine.load()

    message = caught.value.message
    assert message.startswith(f"{machine.project}/chatops.toml: {key} may not be set here: ")
    assert "somebody's repository" in message
    assert "may set only model, preset, render, system" in message
    assert SECRET not in message


def test_an_unknown_key_of_a_project_file_is_refused_too(machine: Machine) -> None:
    (machine.project / "chatops.toml").write_text('modle = "x"')

    with pytest.raises(SettingsError, match=r"chatops\.toml: unknown key modle; did you mean model\?"):
        machine.load()


def test_a_mistaken_secret_in_a_file_is_not_repeated(machine: Machine) -> None:
    assert SECRET not in machine.refusal(f'[providers.openai]\napi_key = "{SECRET}"')
    assert SECRET not in machine.refusal(f'[providers.openai]\napi_key_env = "{SECRET}"')
    assert SECRET not in machine.refusal(f'[providers.openai]\nbase_url = "{SECRET}"')


def test_a_key_comes_from_its_variable_before_its_command(machine: Machine) -> None:
    machine.user("[providers.openai]\napi_key_cmd = 'echo from-command'")
    openai = machine.load().providers["openai"]

    assert openai.api_key({**machine.env, "OPENAI_API_KEY": " from-env\n"}) == "from-env"
    assert openai.api_key(machine.env) == "from-command"
    assert openai.has_key(machine.env)


def test_no_key_is_none_and_not_an_error(machine: Machine) -> None:
    openai = machine.load().providers["openai"]

    assert openai.api_key({"OPENAI_API_KEY": " "}) is None
    assert not openai.has_key({"OPENAI_API_KEY": " "})


def _command(code: str) -> ProviderSettings:
    return ProviderSettings(name="p", kind="openai", api_key_cmd=f'"{sys.executable}" -c "{code}"')


def test_a_key_command_runs_without_a_shell_and_gives_its_first_line() -> None:
    assert _command("print('first; exit 1'[:5]); print('second')").api_key({}) == "first"
    echo = ProviderSettings(name="p", kind="openai", api_key_cmd="echo a;b$HOME")
    assert echo.api_key({"PATH": "/usr/bin:/bin", "HOME": "/h"}) == "a;b$HOME"


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (_command(f"print('{SECRET}'); raise SystemExit(3)"), "ended with exit code 3"),
        (_command("print(); print('late')"), "printed nothing"),
        (ProviderSettings(name="p", kind="openai", api_key_cmd="/no/such/program"), "cannot be run: No such file"),
    ],
)
def test_a_key_command_that_fails_is_an_error_without_its_output(provider: ProviderSettings, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        provider.api_key({"PATH": "/usr/bin:/bin"})

    assert caught.value.message.startswith(f"api_key_cmd of provider p {said}")
    assert SECRET not in caught.value.message
    assert caught.value.__cause__ is None


def test_a_key_command_that_hangs_is_given_up() -> None:
    provider = ProviderSettings(name="p", kind="openai", api_key_cmd="sleep 60")

    with pytest.raises(SettingsError, match=r"api_key_cmd of provider p did not end within 0\.02 s"):
        provider.api_key({"PATH": "/usr/bin:/bin"}, patience=0.02)


@pytest.mark.parametrize("key", ["sk-\u00e9", "two words", "sk-\x1b[0m"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(machine: Machine, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        machine.load().providers["openai"].api_key({"OPENAI_API_KEY": key})

    assert "the key of provider openai" in caught.value.message
    assert key not in caught.value.message


def test_secrets_are_not_in_the_repr(machine: Machine) -> None:
    machine.user(
        f"[providers.openai]\nbase_url = 'https://me:{SECRET}@proxy.test'\napi_key_cmd = 'echo {SECRET}'\n"
        f"[providers.other]\nkind = 'openai'\napi_key_env = 'OTHER_KEY'"
    )

    settings = machine.load(OPENAI_API_KEY=SECRET, OTHER_KEY=SECRET)

    assert SECRET not in repr(settings)
    assert "OTHER_KEY" in repr(settings)


_values = st.recursive(
    st.text() | st.integers() | st.floats() | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
_names = st.sampled_from([*schema.KEYS, "kind", "base_url", "context", "options"]) | st.text(max_size=5)


@given(st.dictionaries(_names, _values | st.dictionaries(_names, _values, max_size=2), max_size=3))
def test_any_data_is_either_taken_or_refused_by_name(data: dict[str, object]) -> None:
    taken, refusal = {}, ""
    try:
        taken = dict(schema.leaves(data, "FILE"))
    except SettingsError as error:
        refusal = error.message

    wanted = {name for name, value in data.items() if value != {}}
    assert refusal.startswith("FILE: ") if refusal else {key[0] for key in taken} == wanted


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_shown_key_reads_back_as_toml(key: list[str]) -> None:
    import tomllib

    data: object = tomllib.loads(f"{schema.shown(tuple(key))} = 1")
    for part in key:
        assert isinstance(data, dict)
        data = data[part]
    assert data == 1


def test_who_may_register_and_what_a_hash_costs_can_be_set(machine: Machine) -> None:
    assert machine.load().auth == AuthPolicy(registration="closed")
    machine.user('[auth]\nregistration = "invite"\nargon2_time_cost = 4')

    assert machine.load().auth == AuthPolicy(registration="invite", argon2_time_cost=4)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('registration = "everybody"', "auth.registration must be one of open, invite, closed"),
        ("argon2_time_cost = 1", "auth.argon2_time_cost must be a whole number from 2 to 100"),
        ("argon2_memory_kib = 1024", "auth.argon2_memory_kib must be a whole number from 19,456 to"),
        ("argon2_parallelism = true", "auth.argon2_parallelism must be a whole number from 1 to 64"),
    ],
)
def test_a_weak_policy_is_refused(machine: Machine, line: str, says: str) -> None:
    assert says in machine.refusal(f"[auth]\n{line}")


def test_a_project_does_not_open_registration(machine: Machine) -> None:
    (machine.project / "chatops.toml").write_text('[auth]\nregistration = "open"')

    with pytest.raises(SettingsError, match="auth may not be set here"):
        machine.load()
