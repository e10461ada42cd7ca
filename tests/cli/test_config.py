"""`chatops config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from program import Program

SECRET = "sk-very-secret-123"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def _shown(program: Program) -> dict[str, tuple[object, str]]:
    done = program.run("config", "show", "--json")
    assert (done.code, done.err) == (0, "")
    return {item["key"]: (item["value"], item["origin"]) for item in json.loads(done.out)}


def test_each_value_is_shown_with_its_origin(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "chatops.toml").write_text('system = "Be brief."')
    (tmp_path / "config.toml").write_text('model = "openai:gpt-5"\n[models."openai:gpt-5"]\ncontext = 1000')
    program = Program(tmp_path, cwd=project, CHATOPS_RENDER="never")

    shown = _shown(program)

    assert shown["model"] == ("openai:gpt-5", str(tmp_path / "config.toml"))
    assert shown["system"] == ("Be brief.", "chatops.toml")
    assert shown["render"] == ("never", "environment CHATOPS_RENDER")
    assert shown["timeout"] == (300.0, "default")
    assert shown['models."openai:gpt-5".context'] == (1000, str(tmp_path / "config.toml"))


def test_plain_output_has_one_tab_separated_line_a_setting(program: Program) -> None:
    lines = program.run("config", "show").out.splitlines()

    assert 'render\tdefault\t"auto"' in lines
    assert len(lines) == len(_shown(program))


def test_secrets_are_hidden(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        f"[providers.openai]\nbase_url = 'https://me:{SECRET}/@proxy.test/v1'\napi_key_cmd = 'echo {SECRET}'"
    )
    program = Program(tmp_path, OPENAI_API_KEY=SECRET)

    shown = _shown(program)

    assert shown["providers.openai.base_url"][0] == "https://***@proxy.test/v1"
    assert shown["providers.openai.api_key_cmd"][0] == "echo ***"
    for args in (
        ("config", "show"),
        ("config", "show", "--json"),
        ("doctor",),
        ("doctor", "--json"),
        ("models", "show"),
    ):
        assert SECRET not in str(program.run(*args))


def test_wrong_settings_are_exit_code_3_in_one_line(program: Program) -> None:
    (program.home / "config.toml").write_text("modle = 'x'")

    done = program.run("config", "show")

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(f"chatops: error: {program.home}/config.toml: unknown key modle; did you mean model?\n")
    assert "Traceback" not in done.err


def test_debug_shows_the_traceback(program: Program) -> None:
    (program.home / "config.toml").write_text("modle = 'x'")

    assert "Traceback" in program.run("config", "show", "--debug").err


def test_the_path_is_printed_whether_the_file_exists_or_not(program: Program) -> None:
    assert program.run("config", "path").out == f"{program.home}/config.toml\n"
    assert Program(program.home, CHATOPS_CONFIG="/etc/x.toml").run("config", "path").out == "/etc/x.toml\n"


def test_control_characters_of_a_project_file_do_not_reach_the_terminal(program: Program) -> None:
    (program.home / "chatops.toml").write_text('system = "a\\u001b]0;owned\\u0007\\u009b31mb"', encoding="utf-8")

    done = program.run_on_terminal("config", "show")

    assert done.code == 0
    assert not {"\x1b", "\x07", "\x9b"} & set(done.out)
    assert "SETTING" in done.out
