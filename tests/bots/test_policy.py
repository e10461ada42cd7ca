"""Who may use a bot, and where; and that a change of the settings is seen."""

from pathlib import Path

import pytest

from chatops.bots.policy import LOOK_SECONDS, Policy, check
from chatops.bots.ports import Person, Place
from chatops.engine.errors import PermissionDeniedError, SettingsError
from chatops.sections import BotRules

ANN = Person(id="T1:U1", name="Ann", roles=["r1"])
CHANNEL = Place(key="k", team="T1", channels=["C1", "parent"])
DIRECT = Place(key="k", team="T1", channels=["D1"], is_direct=True)


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        (BotRules(), CHANNEL),
        (BotRules(allow_users=("U1",)), CHANNEL),
        (BotRules(allow_users=("T1:U1",)), CHANNEL),
        (BotRules(allow_roles=("r1",), allow_users=("U9",)), CHANNEL),
        (BotRules(allow_channels=("parent",)), CHANNEL),
        (BotRules(allow_channels=("C9",)), DIRECT),
        (BotRules(allow_channels=("C9",), admins=("U1",)), CHANNEL),
        (BotRules(direct=False, admins=("U1",)), DIRECT),
    ],
)
def test_allowed(rules: BotRules, place: Place) -> None:
    check(rules, ANN, place)


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        (BotRules(deny_users=("U1",), allow_users=("U1",), admins=("U1",)), CHANNEL),
        (BotRules(deny_roles=("r1",), allow_roles=("r1",)), CHANNEL),
        (BotRules(deny_channels=("parent",), allow_channels=("C1",)), CHANNEL),
        (BotRules(deny_teams=("T1",)), DIRECT),
        (BotRules(allow_users=("U9",)), DIRECT),
        (BotRules(allow_teams=("T9",)), CHANNEL),
        (BotRules(allow_channels=("C9",)), CHANNEL),
        (BotRules(direct=False), DIRECT),
    ],
)
def test_denied(rules: BotRules, place: Place) -> None:
    with pytest.raises(PermissionDeniedError):
        check(rules, ANN, place)


def test_a_change_is_seen_without_a_restart_and_a_mistake_changes_nothing(tmp_path: Path) -> None:
    file, now = tmp_path / "config.toml", [0.0]
    file.write_text("U9")

    def load() -> BotRules:
        text = file.read_text()
        if text == "broken":
            raise SettingsError("broken")
        return BotRules(deny_users=(text,))

    policy = Policy(load, file, clock=lambda: now[0])
    policy.check(ANN, CHANNEL)
    file.write_text("U1 ")
    file.write_text("U1")
    now[0] += LOOK_SECONDS
    with pytest.raises(PermissionDeniedError):
        policy.check(ANN, CHANNEL)
    file.write_text("broken")
    now[0] += LOOK_SECONDS
    with pytest.raises(PermissionDeniedError):
        policy.check(ANN, CHANNEL)
    assert policy.rules.deny_users == ("U1",)
