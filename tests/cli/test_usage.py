"""`chatops usage`, `users limit` and `ask --max-cost`, run as programs."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatops.cli.limits import parse_budget
from chatops.engine.errors import InvalidRequestError
from chatops.engine.limits.policy import Budget
from chatops.engine.limits.price import NANO
from program import Program

SETTINGS = """
[models."echo:paid"]
price = { input = 1, output = 10 }
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    (tmp_path / "config.toml").write_text(SETTINGS)
    return Program(tmp_path, CHATOPS_MODEL="echo:paid")


def limit(program: Program, text: str) -> None:
    (program.home / "config.toml").write_text(f"{SETTINGS}\n[limits]\n{text}")


def test_usage_adds_up_what_was_asked_also_without_a_log(program: Program) -> None:
    assert program.run("ask", "-u", "one two").err == "echo:paid: 2 tokens in, 2 out, $0.000022\n"
    program.run("ask", "-n", "three")
    program.run("ask", "-m", "echo:plain", "four")

    done = program.run("usage", "--by", "model")
    assert done.out == "echo:paid\t2\t3\t0\t3\t$0.000033\necho:plain\t1\t1\t0\t1\t$0.00\n"
    (line,) = json.loads(program.run("usage", "--by", "surface", "--json", "--since", "1d").out)
    assert line == {"surface": "cli", "turns": 3, "input_tokens": 4, "output_tokens": 4, "cost": "0.000033"}
    assert json.loads(program.run("usage", "--since", "2999-01-01", "--json").out) == []
    assert program.run("usage", "verify").out == "all 3 rows are as they were written\n"


def test_sums_by_user_name_the_accounts(program: Program) -> None:
    program.run("ask", "one two")
    assert program.run("usage", "--by", "user").out == "local\t\t1\t2\t0\t2\t$0.000022\n"
    program.run("users", "add", "ann@example.com", "--name", "Ann", stdin="correct horse\n")

    assert program.run("usage", "--by", "user").out == "local\tAnn\t1\t2\t0\t2\t$0.000022\n"
    (line,) = json.loads(program.run("usage", "--by", "user", "--json").out)
    assert (line["user"], line["name"]) == ("local", "Ann")


def test_an_altered_ledger_is_told_with_its_row(program: Program) -> None:
    for text in ("one", "two"):
        program.run("ask", text)
    with closing(sqlite3.connect(program.home / "chatops.db")) as db, db:
        db.execute("UPDATE ledger SET cost = 0 WHERE n = 2")
    done = program.run("usage", "verify")

    assert (done.code, done.out) == (7, "")
    assert "not as it was written: row 2 was altered (turn " in done.err
    assert json.loads(program.run("usage", "verify", "--json").out)["rows"] == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--since", "soon"], "--since 'soon' is no time: write 12h, 7d"),
        (["--since", "99999999999d"], "is no time"),
        (["--by", "planet"], "--by 'planet' is not known: it is one of model, day, user, surface"),
    ],
)
def test_bad_options_are_named(program: Program, args: list[str], said: str) -> None:
    done = program.run("usage", *args)

    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_call_ends_at_its_maximum_cost(program: Program) -> None:
    done = program.run("ask", "--max-cost", "0.00016", "one two three four five six seven eight")

    assert done.code == 0
    assert done.out == "one two three four\n"
    assert "maximum length" in done.err
    refused = program.run("ask", "--max-cost", "0.00001", "one two")
    assert (refused.code, refused.out) == (5, "")
    assert "the prompt alone may cost $0.000087" in refused.err


def test_a_budget_that_is_used_up_is_exit_code_5_with_the_day_of_the_next(program: Program) -> None:
    limit(program, 'budget = { cost = 0.0028, period = "month" }')
    words = " ".join(["word"] * 40)
    first = program.run("ask", "--max-tokens", "40", words)
    assert first.code == 0
    second = program.run("ask", "--max-tokens", "255", words)

    assert (second.code, second.out) == (5, "")
    assert "this prompt and a short answer may need $0.0029, and your budget is $0.0028 a month" in second.err
    standing = program.run("usage").err
    assert standing.startswith("your budget ($0.0028 a month): $0.000440 used, $0.0023 left until ")


def test_turns_a_minute_are_exact_over_programs(program: Program) -> None:
    limit(program, "requests_per_minute = 2")
    codes = [program.run("ask", "hi").code for _ in range(3)]

    assert codes == [0, 0, 5]
    assert "more than 2 turns in 60 s: wait " in program.run("ask", "hi").err


def test_one_persons_limits_are_said_shown_and_taken_back(program: Program) -> None:
    def said(*args: str) -> str:
        done = program.run("users", "limit", *args)
        assert done.code == 0
        return done.out

    said("local", "--budget", "5/month", "--requests-per-minute", "7")
    program.run("ask", "hi")
    assert program.run("usage").err.startswith("your budget ($5.00 a month)")
    said("local", "--concurrent-turns", "2")
    limit(program, "requests_per_minute = 1")
    assert program.run("ask", "again").code == 0
    said("local", "--reset")
    assert program.run("usage").err == ""


def test_a_person_is_limited_by_their_address(program: Program) -> None:
    for who in ("ann@example.com", "bob@example.com"):
        program.run("users", "add", who, stdin="correct horse battery\n")
    done = program.run("users", "limit", "bob@example.com", "--budget", "0.50/day")

    assert done.out.endswith(": $0.50 a day\n")
    assert program.run("users", "limit", "eve@example.com", "--budget", "1/day").code == 2


def test_budgets_are_written_in_dollars_or_tokens() -> None:
    assert parse_budget("5/month") == Budget(unit="money", amount=5 * NANO, period="month")
    assert parse_budget(" $0.50 / day") == Budget(unit="money", amount=NANO // 2, period="day")
    assert parse_budget("200000 tokens/day") == Budget(unit="tokens", amount=200_000, period="day")
    for text in ("5", "5/week", "-5/day", "1.5 tokens/day", "0 tokens/day", "nan/day", "5€/day"):
        with pytest.raises(InvalidRequestError, match="is no budget"):
            parse_budget(text)
