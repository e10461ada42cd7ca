"""`chatops config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from program import Done, Program

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


def test_set_keeps_comments_and_writes_what_toml_or_a_text_says(program: Program) -> None:
    file = program.home / "config.toml"
    file.write_text('# mine\nmodel = "a:b" # this one\n')
    file.chmod(0o640)

    for key, value in (
        ("model", "openai:gpt-5"),
        ("timeout", "20"),
        ('models."openai:gpt-5".context', "1000"),
        ('models."openai:gpt-5".fallbacks', '["local:x"]'),
        ("presets.x.options.temperature", "0.2"),
        ("system", "5"),
    ):
        assert program.run("config", "set", key, value) == Done(0, "")

    assert file.read_text() == (
        '# mine\nmodel = "openai:gpt-5" # this one\ntimeout = 20\nsystem = "5"\n\n'
        '[models."openai:gpt-5"]\ncontext = 1000\nfallbacks = ["local:x"]\n\n[presets.x.options]\ntemperature = 0.2\n'
    )
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_first_setting_makes_a_private_file_and_a_link_stays_one(program: Program) -> None:
    program.run("config", "set", "render", "never")
    assert (program.home / "config.toml").stat().st_mode & 0o777 == 0o600

    (program.home / "dotfiles").mkdir()
    (program.home / "config.toml").rename(program.home / "dotfiles" / "c.toml")
    (program.home / "config.toml").symlink_to("dotfiles/c.toml")
    program.run("config", "set", "render", "always")
    assert (program.home / "config.toml").is_symlink()
    assert (program.home / "dotfiles" / "c.toml").read_text() == 'render = "always"\n'


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("modle", "x", "unknown key modle; did you mean model?"),
        ("render", "sometimes", "render must be one of auto, always, never"),
        ("model.x", "1", "model is a value, not a table"),
        ("a = 1\nb", "1", "is no key: write it as TOML does"),
        ("", "1", "is no key"),
    ],
)
def test_what_is_not_valid_is_told_and_not_written(program: Program, key: str, value: str, complaint: str) -> None:
    (program.home / "config.toml").write_text('model = "a:b"\n')

    done = program.run("config", "set", "--", key, value)

    assert done.code in {2, 3}
    assert complaint in done.err
    assert (program.home / "config.toml").read_text() == 'model = "a:b"\n'


def test_a_value_may_come_from_standard_input(program: Program) -> None:
    program.run("config", "set", "database", "-", stdin="mongodb://me:pw@db.test/x\n")

    assert program.run("config", "get", "database").out == "mongodb://***@db.test/x\n"


def test_get_prints_a_value_a_table_or_a_part_of_one(program: Program) -> None:
    (program.home / "config.toml").write_text("[presets.x]\nsystem = 'Hi'\n[presets.x.options]\ntemperature = 0.2\n")

    assert program.run("config", "get", "render").out == "auto\n"
    assert program.run("config", "get", "render", "--json").out == '"auto"\n'
    assert json.loads(program.run("config", "get", "presets.x").out) == {
        "system": "Hi",
        "options": {"temperature": 0.2},
    }
    assert program.run("config", "get", "presets.x.options.temperature").out == "0.2\n"
    done = program.run("config", "get", "model")
    assert (done.code, done.out) == (2, "")
    assert "model is not set" in done.err


def test_unset_takes_out_a_setting_and_tables_that_are_empty_then(program: Program) -> None:
    (program.home / "config.toml").write_text("# mine\nrender = 'never'\n[presets.x]\nsystem = 'Hi'\n")

    assert program.run("config", "unset", "presets.x.system").code == 0
    assert (program.home / "config.toml").read_text().strip() == "# mine\nrender = 'never'"
    assert program.run("config", "unset", "presets.x.system").code == 2


def _editor(program: Program, *texts: str) -> Program:
    """The program with an editor that writes each text in turn."""
    for number, text in enumerate(texts):
        (program.home / f"text{number}").write_text(text)
    script = program.home / "editor.sh"
    script.write_text(
        f'#!/bin/sh\nn=$(cat {program.home}/n 2>/dev/null || echo 0)\ncat {program.home}/text$n > "$1"\n'
        f"echo $((n + 1)) > {program.home}/n\n"
    )
    script.chmod(0o700)
    return Program(program.home, EDITOR=str(script))


def test_edit_saves_what_is_valid(program: Program) -> None:
    assert _editor(program, 'model = "a:b" # new\n').run("config", "edit") == Done(0, "")
    assert (program.home / "config.toml").read_text() == 'model = "a:b" # new\n'


def test_edit_does_not_save_nonsense(program: Program) -> None:
    (program.home / "config.toml").write_text("render = 'auto'\n")

    done = _editor(program, "render = ").run("config", "edit")

    assert done.code == 3
    assert "config.toml" in done.err
    assert (program.home / "config.toml").read_text() == "render = 'auto'\n"


def test_edit_on_a_terminal_asks_and_goes_on_with_what_was_written(program: Program) -> None:
    done = _editor(program, "modle = 'x'\n", "model = 'a:b'\n").run_on_terminal("config", "edit", typed="\n")

    assert (done.code, "unknown key modle" in done.out) == (0, True)
    assert (program.home / "config.toml").read_text() == "model = 'a:b'\n"


def test_models_default_and_alias_are_kept_in_the_settings_file(program: Program) -> None:
    assert program.run("models", "default", "gpt-5").code == 0
    assert program.run("models", "default").out == "openai:gpt-5\n"
    assert program.run("models", "alias", "fast", "gpt-5-nano").code == 0
    assert program.run("models", "alias").out == "fast\topenai:gpt-5-nano\n"
    assert program.run("models", "alias", "fast").out == "openai:gpt-5-nano\n"
    assert program.run("models", "default", "nonsense").code == 2
    assert program.run("models", "alias", "--remove", "fast").code == 0
    assert program.run("models", "alias", "fast").code == 2
    assert (program.home / "config.toml").read_text().strip() == 'model = "openai:gpt-5"'
