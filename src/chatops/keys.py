"""Providers' keys that a person stored: in the system's keyring where there is one, else in a file for them alone.

The file names every stored key, also those in the keyring, so that looking whether there is one never wakes a keyring
(which takes 0.1 s and may ask for its password).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chatops.engine.errors import SettingsError

SERVICE = "chatops"
Place = Literal["keyring", "file"]


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The stored keys; the file need not exist."""

    path: Path

    def places(self) -> dict[str, Place]:
        """Where each provider's key lies, by the provider's name. Raises `SettingsError` as `find` does."""
        return {name: "file" if "key" in entry else "keyring" for name, entry in self._read().items()}

    def find(self, provider: str) -> str | None:
        """A provider's stored key.

        Raises:
            SettingsError: The file cannot be read, is damaged or may be read by others, or the keyring fails.
        """
        entry = self._read().get(provider)
        if entry is None:
            return None
        return str(entry["key"]) if "key" in entry else _from_keyring(provider)

    def store(self, provider: str, key: str, place: Place | None = None) -> Place:
        """Stores a key and returns where: `place`, or where there is room for it, the keyring first.

        Raises:
            SettingsError: It cannot be stored there.
        """
        entries = self._read()
        in_keyring = place != "file" and _to_keyring(provider, key, required=place == "keyring")
        if not in_keyring and entries.get(provider) == {"keyring": True}:
            _forget(provider)
        entries[provider] = {"keyring": True} if in_keyring else {"key": key}
        self._write(entries)
        return "keyring" if in_keyring else "file"

    def remove(self, provider: str) -> bool:
        """Forgets a key. False when there is none. Raises what `find` raises."""
        entries = self._read()
        entry = entries.pop(provider, None)
        if entry is None:
            return False
        if "key" not in entry:
            _forget(provider)
        self._write(entries)
        return True

    def _read(self) -> dict[str, dict[str, Any]]:
        import json

        try:
            with self.path.open("rb") as file:
                if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                    raise SettingsError(f"others may read {self.path}, which holds keys: chmod 600 {self.path}")
                entries = json.load(file)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SettingsError(f"cannot read {self.path}: {error.strerror}") from None
        except ValueError:
            entries = None
        if not isinstance(entries, dict) or not all(_is_entry(entry) for entry in entries.values()):
            # `from None` above and no value here: the text holds keys.
            raise SettingsError(f"{self.path} is damaged: remove it, and set your keys again (chatops keys set)")
        return entries

    def _write(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        import json

        from chatops import paths
        from chatops.files import replacing

        paths.create(self.path.parent)
        try:
            with replacing(self.path, mode=0o600) as file:
                file.write(json.dumps(entries, indent=2).encode() + b"\n")
        except OSError as error:
            raise SettingsError(f"cannot write {self.path}: {error.strerror}") from None


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and (isinstance(entry.get("key"), str) or entry.get("keyring") is True)


def _from_keyring(provider: str) -> str | None:
    try:
        import keyring
    except ImportError:
        raise SettingsError(
            f"the key of {provider} is in the keyring, and keyring is not installed: pip install 'chatops[keyring]'"
        ) from None
    try:
        return keyring.get_password(SERVICE, provider)
    except Exception as error:  # noqa: BLE001 - each backend has errors of its own
        raise SettingsError(f"the keyring does not give the key of {provider} ({type(error).__name__})") from None


def _to_keyring(provider: str, key: str, *, required: bool) -> bool:
    """Stores a key in the keyring; False when there is none that can, unless it is required."""
    why = "keyring is not installed: pip install 'chatops[keyring]'"
    try:
        import keyring

        why = "there is no keyring on this system"
        if keyring.get_keyring().priority >= 1:
            keyring.set_password(SERVICE, provider, key)
            return True
    except ImportError:
        pass
    except Exception as error:  # noqa: BLE001 - as above; a locked keyring is no reason to lose the key
        why = f"the keyring does not take it ({type(error).__name__})"
    if required:
        raise SettingsError(f"the key was not stored: {why}")
    return False


def _forget(provider: str) -> None:
    from contextlib import suppress

    with suppress(Exception):  # it is gone already, or so is the keyring
        import keyring

        keyring.delete_password(SERVICE, provider)
