"""What the tables of a settings file hold, a dataclass each. `settings` fills them in, `schema` checks their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from chatops.engine.errors import SettingsError

if TYPE_CHECKING:
    from chatops.engine.limits.price import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """How to reach a provider. The key itself is never kept: `api_key` looks it up when it is needed."""

    name: str
    kind: Literal["openai", "anthropic", "local", "echo"]
    base_url: str | None = field(default=None, repr=False)
    api_key_env: str | None = None
    api_key_cmd: str | None = field(default=None, repr=False)

    def has_key(self, env: Mapping[str, str]) -> bool:
        """Whether a place for the key is filled; runs no command."""
        return bool(self.api_key_cmd or (self.api_key_env and env.get(self.api_key_env, "").strip()))

    def api_key(self, env: Mapping[str, str], *, patience: float = 10.0) -> str | None:
        """The key: the environment's, else the first line that `api_key_cmd` prints within `patience` seconds.

        Returns:
            None when there is no key.

        Raises:
            SettingsError: The command failed, or what is there cannot be a key.
        """
        key = env.get(self.api_key_env, "").strip() if self.api_key_env else ""
        if not key and self.api_key_cmd:
            key = self._run(self.api_key_cmd, env, patience)
        # A header cannot carry anything else, and an HTTP library would quote the key in its complaint.
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise SettingsError(f"the key of provider {self.name} holds a space or a character outside ASCII")
        return key or None

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """What the user says of a model; sizes in tokens."""

    context: int | None = None
    max_output: int | None = None
    fallbacks: tuple[str, ...] = ()
    price: Price | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    system: str | None = None
    model: str | None = None
    max_tokens: int | None = None
    options: Mapping[str, object] = field(default_factory=dict)
