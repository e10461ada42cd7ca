"""Shows one growing answer on one surface, until its final form stands there.

One call at a time, each in its bucket's turn and rendered when the turn comes: an answer that gained forty words while
it waited costs one call. The first message that does not look as it should is the next to be posted or edited.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from chatops.bots.answer import Answer
from chatops.bots.gates import Gates, Lane
from chatops.bots.markup import Limit, Part, split
from chatops.bots.ports import Surface, View
from chatops.bots.surfaces import (
    BrokenError,
    ClosedError,
    LimitedError,
    MissingError,
    StoppedError,
    SurfaceError,
    TooLongError,
)

GIVE_UP = 600.0
"""Seconds after an answer's end that its final form is tried; then it is left to the next sweep of the outbox."""
WAITS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before a failed call is tried again; a random half of it is taken off."""
SMALLER = 0.75
ANY = 1_000_000
LEAST = 200
"""Characters: a part is not made smaller."""
GOES_ON = "… it goes on; all of it comes as a file at the end"
REST = "… the rest is in the file below, with all before it"

log = logging.getLogger(__name__)
Saved = Callable[[Surface, Sequence[str]], Awaitable[None]]


@dataclass(slots=True)
class _Shown:
    """A message on the platform. `view` is how it looks; None: not known, it was made by an earlier process."""

    ref: str
    view: View | None


@dataclass(frozen=True, slots=True)
class _Step:
    """The next call: `view` None takes a message away."""

    number: int
    ref: str | None
    view: View | None
    lane: Lane


def views(answer: Answer, limit: Limit, clean: Callable[[str], str], *, most: int = ANY, aside: str = "") -> list[View]:
    """The messages that an answer should be now; `clean` takes out what must not be shown, `most` and `aside` are a
    surface's.
    """
    parts = split(clean(answer.text), limit) or [Part("")]
    has_file = len(parts) > most
    cut = (REST if answer.over else GOES_ON) if has_file else ""
    del parts[most:]
    said = "\n\n".join(filter(None, [cut, clean(answer.note), aside]))
    note = f"\n\n{said}" if said else ""
    if note and limit.measure(parts[-1].text + note) > limit.size:
        parts.append(Part(""))
    last = len(parts) - 1
    made = [View(turn_id=answer.turn_id, number=number, part=part) for number, part in enumerate(parts)]
    made[last] = replace(
        made[last],
        note=note if parts[last].body else note.lstrip(),
        controls="none" if not answer.pressable else "again" if answer.over else "stop",
        open=not answer.over,
    )
    if has_file and answer.over:
        file = View(turn_id=answer.turn_id, number=last + 1, part=Part(""), note="The whole answer", file=answer.text)
        made.append(file)
    return made


class Reply:
    """One answer, one surface.

    Args:
        refs: The messages that an earlier process posted already.
        resumed: Whether there was an earlier process: it may have posted one more.
        saved: Told the surface and all references, each time a message was posted.
        stop: Ends the turn; called when the platform says that its reader wants no more.
    """

    def __init__(
        self,
        answer: Answer,
        surface: Surface,
        gates: Gates,
        *,
        clean: Callable[[str], str],
        saved: Saved,
        stop: Callable[[], Awaitable[object]],
        refs: Sequence[str] = (),
        resumed: bool = False,
    ) -> None:
        self._answer = answer
        self._surface = surface
        self._gates = gates
        self._clean = clean
        self._saved = saved
        self._stop = stop
        self._shown = [_Shown(ref, None) for ref in refs]
        self._limit = surface.limit
        self._most = surface.most
        self._failures = 0
        self._doubtful = resumed
        """Whether the next post may turn out to have happened before, with an older text."""
        answer.ended.append(lambda: gates.hurry(answer.turn_id))

    async def run(self) -> bool:
        """Returns True when the final form stands; False when it could not be brought there within `GIVE_UP`."""
        loop = asyncio.get_running_loop()
        deadline: float | None = None
        while True:
            version = self._answer.version
            if self._answer.over and deadline is None:
                deadline = loop.time() + GIVE_UP
            step = self._next()
            if step is not None:
                if deadline is not None and loop.time() > deadline:
                    return False
                await self._in_turn(step)
            elif self._answer.over:
                return True
            else:
                await self._answer.changed(version)

    def _next(self) -> _Step | None:
        answer, surface = self._answer, self._surface
        if surface.waits_for_text and not self._shown and not answer.over and not answer.text.strip():
            return None
        wanted = views(answer, self._limit, self._clean, most=self._most, aside=surface.aside)
        for number, view in enumerate(wanted):
            if number >= len(self._shown):
                return _Step(number, None, view, surface.lane(None, view))
            shown = self._shown[number]
            if shown.view != view:
                return _Step(number, shown.ref, view, surface.lane(shown.ref, view))
        if answer.over and len(self._shown) > len(wanted):
            extra = self._shown[-1]
            return _Step(len(self._shown) - 1, extra.ref, None, surface.lane(extra.ref, wanted[-1]))
        return None

    async def _in_turn(self, planned: _Step) -> None:
        """Waits for the bucket's turn, then makes the call that is due by then."""
        gate = self._gates[planned.lane]
        async with gate.slot(self._answer.turn_id, urgent=self._answer.over or planned.ref is None):
            step = self._next()
        if step is None or step.lane != planned.lane:
            return
        try:
            await self._call(step)
        except LimitedError as error:
            gate.refused(error.retry_after)
        except SurfaceError as error:
            log.info("turn %s: %s: %s", self._answer.turn_id, type(error).__name__, error)
            await self._mend(step, error)
        else:
            self._failures = 0
            gate.passed()

    async def _call(self, step: _Step) -> None:
        if step.view is None:
            await self._surface.delete(step.ref or "")
            del self._shown[step.number]
        elif step.ref is None:
            ref = await self._surface.post(step.view)
            self._shown.append(_Shown(ref, None if self._doubtful else step.view))
            self._doubtful = False
            await self._saved(self._surface, [shown.ref for shown in self._shown])
        else:
            await self._surface.edit(step.ref, step.view)
            self._shown[step.number].view = step.view

    async def _mend(self, step: _Step, error: SurfaceError) -> None:
        self._doubtful = self._doubtful or (step.ref is None and isinstance(error, BrokenError))
        match error:
            case StoppedError():
                await self._stop()
            case ClosedError() | TooLongError() | MissingError() if step.view is not None and step.view.file:
                self._most = ANY  # no files here: the rest becomes messages
            case MissingError() if step.ref is not None:
                await self._post_anew(step)
            case TooLongError() if self._limit.size * SMALLER >= LEAST:
                self._limit = Limit(int(self._limit.size * SMALLER), self._limit.unit)
            case ClosedError() if (fallback := self._surface.fallback()) is not None:
                self._surface, self._shown, self._limit, self._most = fallback, [], fallback.limit, fallback.most
            case MissingError() | TooLongError() | ClosedError() | BrokenError():
                await self._rest()

    async def _post_anew(self, step: _Step) -> None:
        """The message is gone: what it showed and all after it is posted anew, so that the order stays."""
        del self._shown[step.number :]
        if step.view is None:
            return
        await self._saved(self._surface, [shown.ref for shown in self._shown])

    async def _rest(self) -> None:
        wait = WAITS[min(self._failures, len(WAITS) - 1)]
        self._failures += 1
        await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, no secret
