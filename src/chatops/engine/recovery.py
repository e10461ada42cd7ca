"""Answers that the database would not take, kept in files until it does: one small file each, for its owner alone."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

from chatops.engine.codec import message_from, message_record
from chatops.engine.errors import ChatopsError
from chatops.engine.messages import Message
from chatops.engine.ports import Store

log = logging.getLogger(__name__)


class Recovery:
    """A folder of answers on their way into one database.

    Args:
        folder: Made when it is first needed.
        database: Tells whose answers they are; must hold no password.
    """

    def __init__(self, folder: Path, database: str) -> None:
        self._folder = folder
        self._database = database

    def keep(self, message: Message) -> str:
        """A `Salvage`: writes the message to disk, whole or not at all.

        Returns:
            The file's path.

        Raises:
            OSError: It cannot be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{message.id}.json"
        draft = path.with_suffix(".part")
        text = json.dumps({"database": self._database, "message": message_record(message)})
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        return str(path)

    async def replay(self, store: Store) -> int:
        """Stores what is kept for this database and removes its files; what fails stays for the next time.

        Returns:
            How many answers were stored.
        """
        try:
            names = sorted(os.listdir(self._folder))  # noqa: PTH208 - at every start, mostly of no folder at all
        except OSError:
            return 0
        stored = 0
        for name in names:
            if name.endswith(".json"):
                stored += await self._restore(store, self._folder / name)
        return stored

    async def _restore(self, store: Store, path: Path) -> bool:
        try:
            message = self._message(path)
            kept = message is not None and await store.finish_turn(message)
        except (OSError, ValueError, KeyError, TypeError, ChatopsError) as error:
            log.warning("the answer in %s is not in the database yet: %s", path, error)
            return False
        if message is not None:
            os.unlink(path)  # noqa: PTH108 - stored, or its conversation was deleted
        return kept

    def _message(self, path: Path) -> Message | None:
        """What a file keeps; None when it is for another database."""
        record = json.loads(path.read_text())
        return message_from(record["message"]) if record["database"] == self._database else None
