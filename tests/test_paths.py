"""Where files lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatops import paths
from chatops.engine.errors import SettingsError


def test_one_folder_holds_all_when_chatops_home_is_set(tmp_path: Path) -> None:
    found = paths.find({"CHATOPS_HOME": str(tmp_path), "XDG_DATA_HOME": "/elsewhere", "HOME": "/home/u"})

    assert found.config_file == tmp_path / "config.toml"
    assert found.database == tmp_path / "chatops.db"
    assert found.models == tmp_path / "cache" / "models"
    assert found.state == tmp_path / "state"


def test_xdg_folders_are_followed() -> None:
    env = {"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/x"}

    found = paths.find(env, platform="linux")

    assert found == paths.Paths(
        config=Path("/c/chatops"), data=Path("/d/chatops"), state=Path("/s/chatops"), cache=Path("/x/chatops")
    )


def test_relative_and_empty_xdg_values_are_ignored() -> None:
    found = paths.find({"HOME": "/home/u", "XDG_CONFIG_HOME": "relative", "XDG_DATA_HOME": ""}, platform="linux")

    assert found.config_file == Path("/home/u/.config/chatops/config.toml")
    assert found.database == Path("/home/u/.local/share/chatops/chatops.db")


@pytest.mark.parametrize("env", [{}, {"HOME": ""}])
def test_no_home_at_all_is_an_error_that_names_the_ways_out(env: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"HOME is not set.*CHATOPS_HOME"):
        paths.find(env, platform="linux")


def test_other_platforms_ask_platformdirs() -> None:
    found = paths.find({}, platform="darwin")

    assert all(folder.name == "chatops" for folder in (found.config, found.data, found.state, found.cache))


def test_a_tilde_is_the_home_folder_and_relative_paths_become_absolute() -> None:
    assert paths.expand("~/chat.db", {"HOME": "/home/u"}) == Path("/home/u/chat.db")
    assert paths.expand("~", {"HOME": "/home/u"}) == Path("/home/u")
    assert paths.expand("chat.db", {}) == Path.cwd() / "chat.db"


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = paths.create(tmp_path / "a" / "b")

    assert folder.stat().st_mode & 0o777 == 0o700
    assert paths.create(folder) == folder


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match=r"cannot create the folder .*file/sub: Not a directory; set CHATOPS_HOME"):
        paths.create(tmp_path / "file" / "sub")
