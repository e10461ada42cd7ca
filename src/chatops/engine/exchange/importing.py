"""Puts trees into a store. Importing something again adds what is new in it and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from chatops.engine.errors import ConflictError, NotFoundError
from chatops.engine.exchange import formats, unarchive
from chatops.engine.exchange.gathering import Gathered
from chatops.engine.exchange.parts import absent
from chatops.engine.exchange.sources import assets, members, records
from chatops.engine.exchange.trees import BadRecordError, Tree, derived_id, plant
from chatops.engine.messages import Conversation, FilePart, Message, Part, TextPart
from chatops.engine.ports import Store
from chatops.engine.window import count_tokens

BATCH = 64
_PAGE = 200
_TRIES = 3
"""Looks at what is there when something was stored in between."""
MOST_FAULTS = 1000
"""Faults that are kept to be shown; all are counted."""


@dataclass(slots=True, kw_only=True)
class Report:
    """What an import did.

    Attributes:
        new: Conversations that were not there before.
        grown: Those that were there and got messages.
        unchanged: Those that were there whole.
        empty: Those without a message, which are left out.
        messages: Messages that were added.
        faults: Records that could not be read, with their places; at most `MOST_FAULTS`.
        faulty: How many there were.
    """

    new: int = 0
    grown: int = 0
    unchanged: int = 0
    empty: int = 0
    messages: int = 0
    faults: list[str] = field(default_factory=list)
    faulty: int = 0

    @property
    def conversations(self) -> int:
        return self.new + self.grown + self.unchanged

    def fault(self, text: str) -> None:
        self.faulty += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(text)


Progress = Callable[[Report], None]
"""Called after each conversation."""

_Item = tuple[str, Tree | BadRecordError]
_END = ("", BadRecordError("the end"))


async def import_files(
    store: Store, owner_id: str, paths: Sequence[Path], *, progress: Progress = lambda _: None, write: bool = True
) -> Report:
    """Imports every conversation in these files, whatever their format.

    Args:
        store: Where to.
        owner_id: Whose they become.
        paths: JSON files, JSON lines, zips or folders of them, archives of ours.
        progress: Told how far it is.
        write: False only reads and counts what is there, as if nothing had been stored before.

    Raises:
        InvalidRequestError: A file cannot be read at all.
        StoreError: The database cannot be used. What was imported stays; importing again goes on.
    """
    report = Report()
    items = _items(owner_id, paths)
    try:
        # Parsing takes its time: in a thread of its own, so that a server's other turns go on.
        while (item := await asyncio.to_thread(next, items, _END)) is not _END:
            place, tree = item
            if isinstance(tree, BadRecordError):
                report.fault(f"{place}: {tree.message}" if place else tree.message)
                continue
            try:
                await _Importer(store, owner_id, tree, report, write=write).run()
            except ConflictError as error:
                report.fault(error.message)
            for fault in tree.faults:
                report.fault(f"{place}: {fault}" if place else fault)
            progress(report)
    finally:
        items.close()
    return report


def _items(owner_id: str, paths: Sequence[Path]) -> Generator[_Item]:
    gathered = Gathered()
    try:
        for path in paths:
            with members(path) as files:
                if unarchive.is_archive(files):
                    yield from (("", tree) for tree in unarchive.read(files, owner_id))
                    continue
                find = assets(files)
                for place, record in records(files):
                    if not gathered.take(record):
                        yield place, _planted(owner_id, record, find)
        for id_, record in gathered.conversations():
            yield f"LibreChat's conversation {id_}", _planted(owner_id, record, lambda _: None)
    finally:
        gathered.close()


def _planted(owner_id: str, record: object, find: Callable[[str], bytes | None]) -> Tree | BadRecordError:
    if isinstance(record, BadRecordError):
        return record
    try:
        return plant(formats.read(record, find), owner_id)
    except BadRecordError as error:
        return error


class _Importer:
    """One conversation on its way into the store.

    Its row is stored last, so that nobody sees a conversation whose import broke off; the next import finds what is
    there of it by its messages.
    """

    def __init__(self, store: Store, owner_id: str, tree: Tree, report: Report, *, write: bool) -> None:
        self._store = store
        self._owner_id = owner_id
        self._tree = tree
        self._report = report
        self._write = write
        self._conversation = tree.conversation
        self._there: Conversation | None = None
        self._known: set[str] = set()
        self._met: set[str] = set()
        self._last = 0
        self._added = 0
        self._renamed = False

    async def run(self) -> None:
        """Raises `ConflictError` when its ids are somebody else's, which no format but our archive can bring about."""
        await self._look()
        batch: list[Message] = []
        for message in self._tree.messages:
            batch.append(message)
            if len(batch) == BATCH:
                await self._store_batch(batch)
                batch = []
        await self._store_batch(batch)
        if not self._met and not self._tree.native:
            self._report.empty += 1
            return
        await self._conclude()

    async def _look(self) -> None:
        """What is there of it already."""
        with suppress(NotFoundError):
            self._there = await self._store.conversation(self._owner_id, self._conversation.id)
        while page := await self._store.messages(
            self._owner_id, self._conversation.id, after_seq=self._last, limit=_PAGE
        ):
            self._known.update(message.id for message in page)
            self._last = page[-1].seq

    async def _store_batch(self, batch: Sequence[Message]) -> None:
        for _ in range(_TRIES):
            try:
                await self._add([self._ours(message) for message in batch])
            except (ConflictError, NotFoundError):
                await self._look()
                if not self._known:
                    await self._rename()
            else:
                return
        raise ConflictError(f"conversation {self._conversation.id}: its ids are taken by something else")

    async def _rename(self) -> None:
        """Somebody else's archive, whose ids are in use by its owner: ours are made of them, always the same."""
        if self._renamed or not self._tree.native:
            raise ConflictError(f"conversation {self._conversation.id}: its ids are taken by something else")
        self._renamed = True
        conversation = self._tree.conversation
        leaf_id = conversation.leaf_id and self._renamed_id(conversation.leaf_id)
        self._conversation = replace(conversation, id=self._renamed_id(conversation.id), leaf_id=leaf_id)
        await self._look()

    def _renamed_id(self, id_: str) -> str:
        return derived_id(int(id_.replace("-", "")[:12], 16), self._owner_id, "archive", id_)

    def _ours(self, message: Message) -> Message:
        if not self._renamed:
            return message
        parent_id = message.parent_id and self._renamed_id(message.parent_id)
        ours = self._renamed_id(message.id)
        return replace(message, id=ours, conversation_id=self._conversation.id, parent_id=parent_id)

    async def _add(self, messages: Sequence[Message]) -> None:
        new = [message for message in messages if message.id not in self._known]
        last = self._last
        for place, message in enumerate(new):
            last = max(message.seq, last + 1)
            new[place] = await self._with_files(replace(message, seq=last))
        if new and self._write:
            await self._store.add_messages(self._owner_id, new)
        self._met.update(message.id for message in messages)
        self._last = last
        self._added += len(new)

    async def _with_files(self, message: Message) -> Message:
        """Stores the files of a message. One that is not there becomes a note in its text."""
        parts: list[Part] = []
        for part in message.parts:
            if not isinstance(part, FilePart):
                parts.append(part)
                continue
            try:
                data = self._tree.blob(part.sha256)
            except NotFoundError:
                self._tree.faults.append(f"message {message.id}: its file {part.name!r} is missing or damaged")
                parts.append(TextPart(text=f"{absent(part.name)}\n"))
                continue
            parts.append(part)
            if self._write:
                await self._store.put_blob(self._owner_id, part.sha256, data)
        if tuple(parts) == message.parts:
            return message
        return replace(message, parts=tuple(parts), tokens=count_tokens(parts))

    async def _add_conversation(self) -> None:
        try:
            await self._store.add_conversation(self._conversation)
        except ConflictError:
            if self._met:
                raise
            await self._rename()  # nothing was in it that would have told
            if self._there is None:
                await self._store.add_conversation(self._conversation)

    async def _conclude(self) -> None:
        report = self._report
        report.messages += self._added
        if self._there is None and self._write:
            await self._add_conversation()
        if self._there is None:
            report.new += 1
        elif self._added:
            report.grown += 1
            if self._write and self._known <= self._met:  # the person has not gone on here
                await self._store.update_conversation(
                    self._owner_id,
                    self._conversation.id,
                    leaf_id=self._conversation.leaf_id,
                    updated_at=self._conversation.updated_at,
                )
        else:
            report.unchanged += 1
