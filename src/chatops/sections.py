"""What the tables of a settings file hold, a dataclass each. `settings` fills them in, `schema` checks their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from chatops.engine.errors import SettingsError
from chatops.keys import KeyFile

if TYPE_CHECKING:
    from chatops.engine.limits.price import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """How to reach a provider. The key itself is never kept: `api_key` looks it up when it is needed.

    Attributes:
        keys: The keys that the person stored.
    """

    name: str
    kind: Literal["openai", "anthropic", "local", "echo"]
    base_url: str | None = field(default=None, repr=False)
    api_key_env: str | None = None
    api_key_cmd: str | None = field(default=None, repr=False)
    keys: KeyFile | None = field(default=None, repr=False)

    def has_key(self, env: Mapping[str, str]) -> bool:
        """Whether a place for the key is filled; runs no command, and wakes no keyring."""
        return self.key_source(env) is not None

    def key_source(self, env: Mapping[str, str]) -> str | None:
        """Where the key comes from: `environment NAME`, `api_key_cmd`, `keyring`, `file`; None: there is none.

        Raises:
            SettingsError: The file of stored keys is wanted and cannot be used.
        """
        if self.api_key_env and env.get(self.api_key_env, "").strip():
            return f"environment {self.api_key_env}"
        if self.api_key_cmd:
            return "api_key_cmd"
        return self.keys.places().get(self.name) if self.keys and self.kind in {"openai", "anthropic"} else None

    def api_key(self, env: Mapping[str, str], *, patience: float = 10.0) -> str | None:
        """The key: the environment's, else the first line that `api_key_cmd` prints within `patience` seconds, else the
        stored one.

        Returns:
            None when there is no key.

        Raises:
            SettingsError: The command failed, or what is there cannot be a key.
        """
        key = env.get(self.api_key_env, "").strip() if self.api_key_env else ""
        if not key and self.api_key_cmd:
            key = self._run(self.api_key_cmd, env, patience)
        if not key and self.keys:
            key = self.keys.find(self.name) or ""
        return usable_key(key, self.name) if key else None

    def _run(self, command: str, env: Mapping[str, str], patience: float) -> str:
        import shlex
        import subprocess

        try:
            done = subprocess.run(  # noqa: S603 - the user's own command, from the user's own file, without a shell
                shlex.split(command),
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=patience,
                check=True,
            )
        except subprocess.TimeoutExpired:
            why = f"did not end within {patience:g} s"
        except subprocess.CalledProcessError as error:
            why = f"ended with exit code {error.returncode}"
        except OSError as error:
            why = f"cannot be run: {error.strerror}"
        else:
            key = done.stdout.partition(b"\n")[0].decode("utf-8", "replace").strip()
            if key:
                return key
            why = "printed nothing"
        # `from None`: the cause holds the output.
        raise SettingsError(f"api_key_cmd of provider {self.name} {why}; run it by hand to see why") from None


def usable_key(key: str, provider: str) -> str:
    """The key. Raises `SettingsError` for what no header can carry: an HTTP library would quote it in its complaint."""
    if key.isascii() and key.isprintable() and " " not in key:
        return key
    raise SettingsError(f"the key of provider {provider} holds a space or a character outside ASCII")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """What the user says of a model; sizes in tokens. `images`: it takes images and PDFs."""

    context: int | None = None
    max_output: int | None = None
    fallbacks: tuple[str, ...] = ()
    price: Price | None = None
    images: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A system prompt, a model and its parameters under a name.

    Attributes:
        prompt: What goes around the person's prompt, which takes the place of `{{input}}` or follows it.
        options: Parameters for the model, by name.
        variables: Values for `{{name}}` in `system` and `prompt` where the person gives none.
    """

    system: str | None = None
    prompt: str | None = None
    model: str | None = None
    max_tokens: int | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotRules:
    """Who may use a bot and where, by the platform's own ids; `chatops.bots.policy` says how they are read."""

    allow_users: tuple[str, ...] = ()
    deny_users: tuple[str, ...] = ()
    allow_roles: tuple[str, ...] = ()
    deny_roles: tuple[str, ...] = ()
    allow_channels: tuple[str, ...] = ()
    deny_channels: tuple[str, ...] = ()
    allow_teams: tuple[str, ...] = ()
    deny_teams: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    direct: bool = True
    guests: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSettings(BotRules):
    """The Discord bot; its token is in the environment (DISCORD_TOKEN) or here.

    Attributes:
        threads: A mention in a channel is answered in a thread of its own; else by a reply.
        pace: Seconds between two edits in a channel.
        shards: None: one connection, right up to 2,500 servers.
    """

    token: str | None = field(default=None, repr=False)
    api_base: str = "https://discord.com/api/v10"
    gateway: str | None = None
    threads: bool = True
    pace: float = 1.05
    shards: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings(BotRules):
    """The Slack bot; its secrets are in the environment (SLACK_BOT_TOKEN ...) or here.

    Attributes:
        native: Where Slack's own streaming is used: in direct messages, also in channels (where only the asker sees
            the text grow), or nowhere.
        pace: Seconds between two edits in a workspace.
        encryption_key: Encrypts the tokens of workspaces that installed the app (OAuth).
    """

    bot_token: str | None = field(default=None, repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    encryption_key: str | None = field(default=None, repr=False)
    api_base: str = "https://slack.com/api/"
    native: Literal["direct", "everywhere", "off"] = "direct"
    pace: float = 1.25
