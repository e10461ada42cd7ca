from pathlib import Path

import pytest

from chatops import secretfiles
from chatops.engine.errors import SettingsError
from program import Program


def test_a_variable_is_the_first_line_of_the_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-1\r\nnever this\n")
    env = {"OPENAI_API_KEY_FILE": str(tmp_path / "key"), "EDITOR_FILE": "/none"}
    secretfiles.fill(env)

    assert env["OPENAI_API_KEY"] == "sk-1"


@pytest.mark.parametrize(
    ("content", "more", "told"),
    [
        (None, {}, "cannot be read: No such file or directory"),
        (b"\n", {}, "first line is empty"),
        (b"\xff", {}, "cannot be read: not UTF-8"),
        (b"sk-secret", {"DISCORD_TOKEN": "other-secret"}, "both set"),
    ],
)
def test_what_is_wrong_is_told_without_the_secret(
    tmp_path: Path, content: bytes | None, more: dict[str, str], told: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=told) as raised:
        secretfiles.fill({"DISCORD_TOKEN_FILE": str(file), **more})

    assert "DISCORD_TOKEN_FILE" in raised.value.message
    assert "secret" not in raised.value.message


def test_the_program_takes_its_database_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "address").write_text(f"sqlite:///{tmp_path}/elsewhere.db\n")
    program = Program(tmp_path, CHATOPS_DATABASE_FILE=str(tmp_path / "address"))
    refused = Program(tmp_path, CHATOPS_DATABASE_FILE=str(tmp_path / "none")).run("history", "path")

    assert program.run("history", "path").out.strip() == f"{tmp_path}/elsewhere.db"
    assert (refused.code, "CHATOPS_DATABASE_FILE names" in refused.err) == (3, True)
