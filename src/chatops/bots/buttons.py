"""The buttons below an answer. Their ids carry the turn, so they work after a restart and on any replica."""

from __future__ import annotations

import re

from chatops.bots import sentences
from chatops.bots.desk import Desk
from chatops.bots.memory import Delivery
from chatops.bots.ports import Person, Place
from chatops.engine.errors import ChatopsError, NotFoundError, PermissionDeniedError

# `rate` is a row of both thumbs (Slack): what was pressed in it comes beside the id.
PATTERN = re.compile(r"co:(?P<action>stop|again|up|down|rate):(?P<turn>[0-9a-f-]{36})")
LABELS = {"stop": "Stop", "again": "Regenerate", "up": "👍", "down": "👎"}


def button_id(action: str, turn_id: str) -> str:
    return f"co:{action}:{turn_id}"


class Buttons:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def press(self, action: str, turn_id: str, person: Person, place: Place) -> str:
        """Does what a button says; returns a sentence for the one who pressed it, empty when what happens is seen."""
        try:
            self._desk.policy.check(person, place)
            delivery = await self._desk.memory.delivery(turn_id)
            if delivery is None:
                raise NotFoundError("this answer is too old for its buttons; ask again")
            return await self._act(action, delivery, person)
        except ChatopsError as error:
            return f"⚠ {sentences.of_error(error)}"

    async def _act(self, action: str, delivery: Delivery, person: Person) -> str:
        if action in {"up", "down"}:
            await self._desk.memory.rate(delivery.turn, person.id, action)
            return "Thank you, noted."
        if person.id not in {delivery.asker, delivery.person} and not self._desk.policy.is_admin(person):
            raise PermissionDeniedError(f"only who asked may press {LABELS[action]}")
        if action == "again":
            return await self._again(delivery, person)
        if await self._desk.stop(delivery.turn):
            return ""
        principal = await self._desk.principal(delivery.person, delivery.name)
        message = await self._desk.engine.history.message(principal, delivery.turn)
        if message.status != "streaming":
            return "This answer is over."
        await self._desk.memory.want_stop(delivery.turn)
        return "Another process writes this answer; it ends within seconds."

    async def _again(self, delivery: Delivery, person: Person) -> str:
        try:
            await self._desk.again(delivery, person)
        except NotFoundError:
            raise NotFoundError(
                "this conversation is no longer yours here: it was deleted, or this chat was linked or unlinked since;"
                " ask anew"
            ) from None
        return ""
