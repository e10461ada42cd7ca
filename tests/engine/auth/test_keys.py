"""Signing keys: made once, private, long enough, and rotated without signing anybody out."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chatops.engine.auth.keys import SigningKeys, key_file, load, rotate
from chatops.engine.errors import SettingsError

SECRET = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"


def test_the_file_is_made_at_first_use_for_its_owner_alone(tmp_path: Path) -> None:
    first = load({}, tmp_path / "data")
    file = key_file(tmp_path / "data")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first.by_id[first.current]) >= 32
    assert load({}, tmp_path / "data") == first
    assert load({}, tmp_path / "other").current != first.current
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def test_processes_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from chatops.engine.auth.keys import load;"
        "sys.stdin.readline(); print(load({}, Path(sys.argv[1])).current)"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, tmp_path / "data"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()

    assert len({process.communicate(timeout=60)[0] for process in running}) == 1


def test_the_environment_comes_first_and_makes_no_file(tmp_path: Path) -> None:
    found = load({"CHATOPS_JWT_SECRET": f"{SECRET}, {OTHER}"}, tmp_path)

    assert list(found.by_id.values()) == [SECRET.encode(), OTHER.encode()]
    assert found.by_id[found.current] == SECRET.encode()
    assert load({"CHATOPS_JWT_SECRET": OTHER}, tmp_path).current in found.by_id
    assert not key_file(tmp_path).exists()


@pytest.mark.parametrize("weak", ["short", "x" * 31, "ab" * 32, f"{SECRET},short"])
def test_a_secret_that_can_be_guessed_is_refused_and_not_shown(tmp_path: Path, weak: str) -> None:
    with pytest.raises(SettingsError, match=r"CHATOPS_JWT_SECRET holds a secret that can be guessed") as refused:
        load({"CHATOPS_JWT_SECRET": weak}, tmp_path)

    assert weak not in refused.value.message
    assert SECRET not in refused.value.message


def test_no_secret_shows_in_a_repr(tmp_path: Path) -> None:
    assert SECRET not in repr(load({"CHATOPS_JWT_SECRET": SECRET}, tmp_path))
    assert SECRET not in repr(SigningKeys("a", {"a": SECRET.encode()}))


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load({}, tmp_path)
    key_file(tmp_path).chmod(0o640)

    with pytest.raises(SettingsError, match=r"can be read by others: chmod 600"):
        load({}, tmp_path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    load({}, tmp_path)
    key_file(tmp_path).write_text("\n")

    with pytest.raises(SettingsError, match="holds no secret"):
        load({}, tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(SettingsError, match=r"cannot use the key file .*jwt-keys: .*; CHATOPS_JWT_SECRET"):
        load({}, tmp_path / "data")


def test_a_rotation_signs_anew_and_verifies_what_was_signed_before(tmp_path: Path) -> None:
    made = [load({}, tmp_path), *(rotate({}, tmp_path) for _ in range(4))]

    assert len({keys.current for keys in made}) == 5
    assert [keys.current for keys in made[:1:-1]] == list(made[-1].by_id)
    assert stat.S_IMODE(key_file(tmp_path).stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [key_file(tmp_path)]


def test_a_secret_in_the_environment_is_rotated_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="put a new one in front of it"):
        rotate({"CHATOPS_JWT_SECRET": SECRET}, tmp_path)
