"""`chatops db`, in a process of its own."""

import json
import stat
from pathlib import Path

import pytest

from program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    program = Program(home, cwd=tmp_path, CHATOPS_MODEL="echo:plain")
    program.run("ask", "one")
    program.run("ask", "-c", "two")
    return program


def test_a_backup_is_a_database_of_its_own_that_only_its_owner_may_read(program: Program) -> None:
    done = program.run("db", "backup", "saved.db", "--json")
    saved = program.cwd / "saved.db"

    assert done.code == 0
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert json.loads(done.out) == json.loads(program.run("db", "check", "saved.db", "--json").out)
    program.env["CHATOPS_DATABASE"] = f"sqlite:///{saved}"
    assert json.loads(program.run("history", "ls", "--json").out)[0]["title"] == "one"
    assert program.run("ask", "-c", "three").out == "three\n"


def test_a_backup_never_overwrites(program: Program) -> None:
    program.run("db", "backup", "saved.db")
    done = program.run("db", "backup", "saved.db")

    assert done.code == 2
    assert "saved.db exists" in done.err


def test_a_copy_can_be_told_by_addresses_and_run_again(program: Program) -> None:
    source, target = f"sqlite:///{program.home / 'chatops.db'}", f"sqlite:///{program.cwd / 'copy.db'}"
    first = program.run("db", "copy", source, target)
    second = program.run("db", "copy", source, target)

    assert first.code == second.code == 0
    assert first.out == second.out
    assert first.out.startswith("copied: 1 conversations, 4 messages, sha256 ")


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("check", "nowhere.db"), "there is no database nowhere.db"),
        (("copy", "nowhere.db", "x.db"), "there is no database nowhere.db"),
        (("copy", "home/chatops.db", "home/../home/chatops.db"), "the same database"),
        (("copy", "home/chatops.db", "ftp://host/x"), "begins with ftp://"),
    ],
)
def test_a_slip_is_refused_and_makes_no_file(program: Program, args: tuple[str, ...], complaint: str) -> None:
    before = sorted(program.cwd.rglob("*.db"))
    done = program.run("db", *args)

    assert done.code in {2, 3}
    assert complaint in done.err
    assert sorted(program.cwd.rglob("*.db")) == before


def test_a_check_of_a_damaged_database_is_exit_7_and_names_the_damage(program: Program) -> None:
    import sqlite3

    database = sqlite3.connect(program.home / "chatops.db")
    with database:
        database.execute("UPDATE conversations SET leaf_id = 'nowhere'")
    database.close()
    done = program.run("db", "check")

    assert done.code == 7
    assert "ends in a message that is not there" in done.err


def test_migrate_says_that_nothing_is_left_to_do(program: Program) -> None:
    done = program.run("db", "migrate")

    assert (done.code, done.err) == (0, "the database is up to date\n")


def test_progress_is_shown_on_a_terminal_and_taken_off_it(program: Program) -> None:
    screen = program.run_on_terminal("db", "check").out

    shown, cleared, after = screen.rpartition("\x1b[2K")
    assert "reading" in shown
    assert "4/4" in shown
    assert cleared
    assert after.startswith("read: 1 conversations, 4 messages, sha256 ")


def test_a_backup_has_the_accounts_too(program: Program) -> None:
    program.run("users", "add", "ann@example.com", stdin="correct horse\n")
    program.run("db", "backup", "saved.db")
    there = program.run("users", "ls", "--json").out
    program.env["CHATOPS_DATABASE"] = f"sqlite:///{program.cwd / 'saved.db'}"

    assert program.run("users", "ls", "--json").out == there
    assert "ann@example.com" in there


def test_a_copy_takes_the_ledger_along_and_a_check_reads_it_over(program: Program) -> None:
    import sqlite3

    program.run("db", "backup", "saved.db")
    assert program.run("db", "check", "saved.db").code == 0
    database = sqlite3.connect(program.cwd / "saved.db")
    with database:
        assert database.execute("SELECT count(*) FROM ledger").fetchone() == (2,)
        database.execute("UPDATE ledger SET output_tokens = 0 WHERE n = 1")
    database.close()
    done = program.run("db", "check", "saved.db")

    assert done.code == 7
    assert "usage ledger: row 1 was altered" in done.err
