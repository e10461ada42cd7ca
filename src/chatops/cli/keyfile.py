"""`--key-file`: a provider's key for this run alone. A path, since arguments are seen by everybody on the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chatops.engine.errors import InvalidRequestError

if TYPE_CHECKING:
    from chatops.engine.models import ModelSpec
    from chatops.engine.service import Engine

_MOST = 16384


def take_key(engine: Engine, model: ModelSpec, path: str) -> None:
    """Gives the provider of `model` the key in the first line of a file, which may be a pipe: `<(pass show openai)`.

    Raises:
        InvalidRequestError: The file cannot be read or is empty, or that provider takes no key.
        SettingsError: What it holds cannot be a key.
    """
    from chatops.bootstrap import Providers

    if not isinstance(engine.providers, Providers):
        raise InvalidRequestError("not with a server: --key-file: the server has keys of its own")
    try:
        with Path(path).expanduser().open("rb") as file:
            key = file.readline(_MOST).decode("ascii", "replace").strip()
    except (OSError, ValueError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InvalidRequestError(f"cannot read the key in {path}: {why}") from None
    if not key:
        raise InvalidRequestError(f"the first line of {path} is empty: a key was to be there (--key-file)")
    engine.providers.use_key(model.provider, key)
