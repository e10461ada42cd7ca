"""Hears Redis for this process: the events of other replicas' turns that are read here, and the turns that are to end.

One connection waits for all of it. Whoever wants to read one more turn rings the process' bell, a stream that is waited
for too, so that the waiting begins anew with that turn in it. Streams lose nothing while the connection is away: it
goes on from the last entry that came.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from uuid import uuid4

from chatops.engine.errors import ChatopsError, NotFoundError, StoreError
from chatops.engine.ports import Store
from chatops.engine.replicas import keys
from chatops.engine.replicas.entries import unpacked
from chatops.engine.replicas.feed import Feed
from chatops.engine.replicas.link import Argument, Link
from chatops.engine.replicas.outbox import WAITS
from chatops.engine.replicas.timing import Timing

WAIT_MS = 1_000
"""How long one look waits for something to come."""
LINGER_SECONDS = 5.0
"""How long a turn is followed that nobody reads here any more: readers come back, and one look is often two."""
BELL_SECONDS = 60
_ENTRIES = 500
"""Of one stream in one answer."""

Entry = tuple[bytes, list[bytes]]

log = logging.getLogger(__name__)


class Inbox:
    """Feeds of remote turns, and stops. `run` and `watch` are its tasks.

    Args:
        store: Says how a turn ended whose process does not tell any more.
        stopped: Told each turn that is to end.
    """

    def __init__(self, link: Link, store: Store, stopped: Callable[[str], None], timing: Timing) -> None:
        self._link = link
        self._store = store
        self._stopped = stopped
        self._timing = timing
        self._feeds: dict[str, Feed] = {}
        self._bell = keys.bell(uuid4().hex)
        self._positions = {self._bell: "0-0", keys.STOPS: "0-0"}
        self._suspects: set[str] = set()

    async def open(self, turn_id: str, *, wait: float = 0.0) -> Feed:
        """The feed of a turn, from its first event.

        Args:
            turn_id: Which.
            wait: Seconds to wait for the first event of a turn that has just begun elsewhere.

        Raises:
            NotFoundError: Redis has no such turn (any more).
            StoreError: Redis cannot be used.
        """
        feed = self._feeds.get(turn_id)
        if feed is None or feed.failed:
            feed = self._feeds[turn_id] = Feed(turn_id)
        with feed.used():
            if not feed.events:
                await self._begin(feed)
            if not feed.events and wait:
                await feed.changed(wait)
        if feed.started is None:
            self._forget(feed)
            raise NotFoundError("this turn is over and no longer kept: read the conversation instead")
        return feed

    async def _begin(self, feed: Feed) -> None:
        """What is there already; from now on the waiting includes it."""
        ring = ("XADD", self._bell, "MAXLEN", 1, "*", "r", "")
        there, *_ = await self._link.together(
            [("XRANGE", keys.turn(feed.turn_id), "-", "+"), ring, ("EXPIRE", self._bell, BELL_SECONDS)]
        )
        if isinstance(there, str):
            raise StoreError(there)
        self._take(feed, there)

    def _forget(self, feed: Feed) -> None:
        if not feed.readers and self._feeds.get(feed.turn_id) is feed:
            del self._feeds[feed.turn_id]

    async def run(self) -> None:
        """Hears until cancelled."""
        failures = 0
        while True:
            try:
                await self._hear()
            except StoreError:  # the link has told it
                await asyncio.sleep(WAITS[min(failures, len(WAITS) - 1)])
                failures += 1
            else:
                failures = 0

    async def _hear(self) -> None:
        followed = {keys.turn(feed.turn_id): feed for feed in self._feeds.values() if not feed.over}
        since = {**self._positions, **{key: f"{len(feed.events)}-0" for key, feed in followed.items()}}
        command: list[Argument] = ["XREAD", "COUNT", _ENTRIES, "BLOCK", WAIT_MS, "STREAMS", *since, *since.values()]
        found: dict[bytes, list[Entry]] = await self._link.run(*command) or {}
        for key, entries in found.items():
            name = key.decode()
            if name in followed:
                self._take(followed[name], entries)
            else:
                self._positions[name] = entries[-1][0].decode()
        for _, fields in found.get(keys.STOPS.encode(), ()):
            self._stopped(fields[1].decode())

    def _take(self, feed: Feed, entries: list[Entry]) -> None:
        try:
            for entry, fields in entries:
                feed.take(int(entry.partition(b"-")[0]), unpacked(fields[1]))
        except (ChatopsError, ValueError) as error:
            known = error if isinstance(error, ChatopsError) else StoreError("Redis holds what is no event of a turn")
            feed.fail(known)

    async def watch(self) -> None:
        """Looks after the feeds until cancelled: ends those whose process is gone, drops those that nobody reads."""
        while True:
            await asyncio.sleep(self._timing.look)
            now = asyncio.get_running_loop().time()
            for feed in list(self._feeds.values()):
                if now - feed.left_at > LINGER_SECONDS:
                    self._forget(feed)
            silent = [
                feed for feed in self._feeds.values() if not feed.over and now - feed.heard_at > self._timing.silence
            ]
            await asyncio.gather(*(self._ask_store(feed) for feed in silent))
            self._suspects &= {feed.turn_id for feed in silent}

    async def _ask_store(self, feed: Feed) -> None:
        """Ends the feed of a turn that is over. On the second look: its end may be on its way at the first."""
        if feed.started is None:
            return
        heard = feed.heard_at
        try:
            message = await self._store.message(feed.started.conversation.owner_id, feed.turn_id)
        except NotFoundError:
            feed.fail(NotFoundError("the conversation was deleted while it was answered"))
            return
        except ChatopsError as error:
            log.warning("turn %s: %s", feed.turn_id, error.message)
            return
        if message.status == "streaming" or feed.heard_at != heard:
            self._suspects.discard(feed.turn_id)
        elif feed.turn_id in self._suspects:
            feed.end(message)
        else:
            self._suspects.add(feed.turn_id)
