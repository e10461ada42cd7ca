"""The settings: environment over project file over user file over defaults, each value with its origin.

Flags come above all of these; the command that has them applies them. Everything is checked before anything runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from chatops import limit_settings, paths, schema, server_settings
from chatops.engine.auth.nouns import AuthPolicy
from chatops.engine.errors import SettingsError
from chatops.keys import KeyFile
from chatops.schema import Key
from chatops.sections import DiscordSettings, ModelSettings, Preset, ProviderSettings, SlackSettings
from chatops.server_settings import ServerSettings

if TYPE_CHECKING:
    from chatops.engine.limits.policy import Policy

PROJECT_FILE = "chatops.toml"

_ENVIRONMENT: Mapping[str, Key] = {
    "CHATOPS_MODEL": ("model",),
    "CHATOPS_PRESET": ("preset",),
    "CHATOPS_SYSTEM": ("system",),
    "CHATOPS_RENDER": ("render",),
    "CHATOPS_TIMEOUT": ("timeout",),
    "CHATOPS_DATABASE": ("database",),
    "CHATOPS_MONGO_DRIVER": ("mongo_driver",),
    "CHATOPS_REDIS": ("redis",),
    "CHATOPS_LOCAL_MODEL": ("local_model",),
    "OPENAI_BASE_URL": ("providers", "openai", "base_url"),
    "ANTHROPIC_BASE_URL": ("providers", "anthropic", "base_url"),
    "SLACK_BOT_TOKEN": ("slack", "bot_token"),
    "SLACK_APP_TOKEN": ("slack", "app_token"),
    "SLACK_SIGNING_SECRET": ("slack", "signing_secret"),
    "SLACK_CLIENT_ID": ("slack", "client_id"),
    "SLACK_CLIENT_SECRET": ("slack", "client_secret"),
    "CHATOPS_SLACK_ENCRYPTION_KEY": ("slack", "encryption_key"),
    "DISCORD_TOKEN": ("discord", "token"),
}
_DEFAULTS: Mapping[Key, object] = {
    ("render",): "auto",
    ("timeout",): 300.0,
    ("titles",): True,
    ("mongo_driver",): "motor",
    ("providers", "openai", "kind"): "openai",
    ("providers", "openai", "api_key_env"): "OPENAI_API_KEY",
    ("providers", "anthropic", "kind"): "anthropic",
    ("providers", "anthropic", "api_key_env"): "ANTHROPIC_API_KEY",
    ("providers", "local", "kind"): "local",
    ("providers", "echo", "kind"): "echo",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The effective settings.

    Attributes:
        model: The default model; None: the first provider with a key, else the embedded model.
        mongo_driver: The client for a mongodb:// database.
        redis: What connects the processes on one database; None: they share the database alone.
        timeout: Seconds of silence from a provider after which it counts as gone.
        titles: A model names new conversations, where the front end lives long enough.
        title_model: The model for that; None: a cheap one of the conversation's provider.
        local_model: A GGUF file to use instead of the embedded model's own.
        models: By model id.
        auth: Who may register, and what a password's hash costs.
        keys: The keys that the person stored.
        origins: Every value that was set, with where it comes from.
    """

    paths: paths.Paths
    database: str = field(repr=False)
    mongo_driver: Literal["motor", "pymongo"] = "motor"
    redis: str | None = field(default=None, repr=False)
    model: str | None = None
    preset: str | None = None
    system: str | None = None
    render: Literal["auto", "always", "never"] = "auto"
    timeout: float = 300.0
    titles: bool = True
    title_model: str | None = None
    local_model: Path | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    models: Mapping[str, ModelSettings] = field(default_factory=dict)
    presets: Mapping[str, Preset] = field(default_factory=dict)
    server: ServerSettings = field(default_factory=ServerSettings)
    auth: AuthPolicy = field(default_factory=AuthPolicy)
    limits: Policy | None = None
    slack: SlackSettings = field(default_factory=SlackSettings)
    discord: DiscordSettings = field(default_factory=DiscordSettings)
    keys: KeyFile = field(default_factory=lambda: KeyFile(Path("keys.json")), repr=False)
    origins: Mapping[Key, tuple[object, str]] = field(default_factory=dict, repr=False)

    @property
    def sqlite_path(self) -> Path | None:
        """The database's file; None when the database is a server."""
        scheme, _, rest = self.database.partition(":///")
        return Path(rest) if scheme == "sqlite" else None


def config_file(env: Mapping[str, str]) -> Path:
    """The user's settings file, which need not exist."""
    named = env.get("CHATOPS_CONFIG")
    return paths.expand(named, env) if named else paths.find(env).config_file


def load(env: Mapping[str, str], cwd: Path, *, user_text: str | None = None) -> Settings:
    """The effective settings for this environment and working directory.

    Args:
        env: The environment.
        cwd: Where a project's file may be.
        user_text: What the user's file is to say, instead of what it says: to look at a change before it is made.

    Raises:
        SettingsError: A file cannot be read, is no TOML, or says what it may not; names file, place and key.
    """
    folders = paths.find(env)
    found: dict[Key, tuple[object, str]] = {key: (value, "default") for key, value in _DEFAULTS.items()}
    found["database",] = (f"sqlite:///{folders.database}", "default")
    user = config_file(env)
    for file, is_project in ((user, False), (cwd / PROJECT_FILE, True)):
        if file == user and user_text is not None:
            data = _parsed(user_text.encode(), file)
        else:
            data = _read(file, required=file == user and bool(env.get("CHATOPS_CONFIG")))
        if is_project:
            _refuse_untrusted(data, file)
        found |= {key: (value, str(file)) for key, value in schema.leaves(data, str(file))}
    found |= _environment(env)
    return _settings(folders, found, env)


def _read(file: Path, *, required: bool) -> dict[str, Any]:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        if required:
            raise SettingsError(f"CHATOPS_CONFIG names {file}, which does not exist") from None
        return {}
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from error
    return _parsed(content, file)


def _parsed(content: bytes, file: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{file}: not UTF-8 (at line {line})") from None
    except tomllib.TOMLDecodeError as error:
        last = content.rstrip().count(b"\n") + 1
        raise SettingsError(f"{file}: {str(error).replace('end of document', f'line {last}, the last')}") from None


def _refuse_untrusted(data: Mapping[str, object], file: Path) -> None:
    for name in data:
        if name in schema.KEYS and name not in schema.PROJECT_KEYS:
            allowed = ", ".join(sorted(schema.PROJECT_KEYS))
            raise SettingsError(
                f"{file}: {name} may not be set here: a project's file comes with somebody's repository, so it may "
                f"set only {allowed}; put {name} into your own settings file"
            )


def _environment(env: Mapping[str, str]) -> Iterator[tuple[Key, tuple[object, str]]]:
    for name, key in _ENVIRONMENT.items():
        text = env.get(name)
        if not text:
            continue
        origin = f"environment {name}"
        yield key, (schema.checked(key, _number(text) if key == ("timeout",) else text, origin), origin)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _settings(folders: paths.Paths, found: dict[Key, tuple[object, str]], env: Mapping[str, str]) -> Settings:
    values: dict[Key, Any] = {key: value for key, (value, _) in found.items()}
    plain = {key[0]: value for key, value in values.items() if len(key) == 1}
    database = plain["database"]
    if database.startswith("sqlite:///"):
        plain["database"] = f"sqlite:///{paths.expand(database.removeprefix('sqlite:///'), env)}"
    if "local_model" in plain:
        plain["local_model"] = paths.expand(plain["local_model"], env)
    for name, table in _tables(values, "providers").items():
        if "kind" not in table:
            kinds = "openai, anthropic, local or echo"
            origin = next(where for key, (_, where) in found.items() if key[:2] == ("providers", name))
            raise SettingsError(f"{origin}: {schema.shown(('providers', name))} needs a kind: {kinds}")
    keys = KeyFile(folders.keys)
    return Settings(
        paths=folders,
        aliases={key[1]: value for key, value in values.items() if key[0] == "aliases"},
        providers={
            name: ProviderSettings(name=name, keys=keys, **table)
            for name, table in _tables(values, "providers").items()
        },
        keys=keys,
        models={
            name: ModelSettings(**{**table, "price": limit_settings.price(table.get("price"))})
            for name, table in _tables(values, "models").items()
        },
        auth=AuthPolicy(**{key[1]: value for key, value in values.items() if key[0] == "auth"}),
        presets={name: Preset(**table) for name, table in _tables(values, "presets").items()},
        server=server_settings.server(values),
        limits=limit_settings.policy(values),
        slack=SlackSettings(**_section(values, "slack")),
        discord=DiscordSettings(**_section(values, "discord")),
        origins=found,
        **plain,
    )


def _tables(values: Mapping[Key, Any], head: str) -> dict[str, dict[str, Any]]:
    """The leaves below `head`, by name: {"groq": {"kind": "openai"}}."""
    tables: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        if key[0] == head:
            tables.setdefault(key[1], {})[key[2]] = value
    return tables


def _section(values: Mapping[Key, Any], head: str) -> dict[str, Any]:
    """The keys of one table: {"pace": 1.25}."""
    return {key[1]: value for key, value in values.items() if key[0] == head}
