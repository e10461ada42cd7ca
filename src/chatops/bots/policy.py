"""Who may use a bot, and where. Deny wins; an empty list of allowed ones allows all; admins pass but for denials."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from chatops.bots.ports import Person, Place
from chatops.engine.errors import ChatopsError, PermissionDeniedError
from chatops.sections import BotRules

_NOT_YOU = "you may not use this bot; ask who runs it"
_NOT_HERE = "this bot does not answer here"
LOOK_SECONDS = 2.0
"""How long a change of the settings may take to be seen."""

log = logging.getLogger(__name__)


def check(rules: BotRules, person: Person, place: Place) -> None:
    """Raises `PermissionDeniedError` that says what is not allowed."""
    user = _names(person)
    if _meet(user, rules.deny_users) or _meet(person.roles, rules.deny_roles):
        raise PermissionDeniedError(_NOT_YOU)
    if place.team in rules.deny_teams or _meet(place.channels, rules.deny_channels):
        raise PermissionDeniedError(_NOT_HERE)
    if is_admin(rules, person):
        return
    people = rules.allow_users or rules.allow_roles
    if people and not (_meet(user, rules.allow_users) or _meet(person.roles, rules.allow_roles)):
        raise PermissionDeniedError(_NOT_YOU)
    if place.is_direct and not rules.direct:
        raise PermissionDeniedError("this bot does not answer direct messages; mention it in a channel")
    if rules.allow_teams and place.team and place.team not in rules.allow_teams:
        raise PermissionDeniedError(_NOT_HERE)
    if rules.allow_channels and not place.is_direct and not _meet(place.channels, rules.allow_channels):
        raise PermissionDeniedError(_NOT_HERE)


def is_admin(rules: BotRules, person: Person) -> bool:
    return _meet(_names(person), rules.admins)


def _names(person: Person) -> tuple[str, ...]:
    """Slack's people may be named with their workspace (`T1:U1`) or without."""
    return (person.id, person.id.rpartition(":")[2])


def _meet(these: Iterable[str], those: Iterable[str]) -> bool:
    return not set(these).isdisjoint(those)


class Policy:
    """The rules in effect: read again when the settings file changed; a file with a mistake changes nothing.

    Args:
        load: Reads the rules from the settings as they are now.
        file: The settings file; None never reads again.
    """

    def __init__(
        self, load: Callable[[], BotRules], file: Path | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._file = file
        self._clock = clock
        self._rules = load()
        self._stamp = self._stat()
        self._looked = clock()

    def check(self, person: Person, place: Place) -> None:
        """Raises `PermissionDeniedError` that says what is not allowed."""
        check(self.rules, person, place)

    def is_admin(self, person: Person) -> bool:
        return is_admin(self.rules, person)

    @property
    def rules(self) -> BotRules:
        now = self._clock()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._reload()
        return self._rules

    def _reload(self) -> None:
        stamp = self._stat()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._rules = self._load()
        except ChatopsError as error:
            log.warning("the rules stay as they were: %s", error)
        else:
            log.info("the rules were read again")

    def _stat(self) -> tuple[int, int] | None:
        if self._file is None:
            return None
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
