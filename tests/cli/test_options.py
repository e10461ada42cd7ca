"""The options of `ask`: the fast parser and Typer's accept the same command lines and read them alike."""

from __future__ import annotations

import contextlib
import io
import shlex
from dataclasses import fields

import pytest
import typer
import typer.main
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatops.cli.options import ASK, AskOptions

_read: list[AskOptions] = []
_app = typer.Typer(
    add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
)


@_app.callback()
def _root() -> None:
    """Makes `ask` a subcommand, as it is in the program."""


def _keep(options: AskOptions) -> int:
    _read.append(options)
    return 0


_app.command("ask")(ASK.typer_command(_keep))
_command = typer.main.get_command(_app)


def typer_reads(argv: list[str]) -> AskOptions | None:
    """What Typer makes of a command line; None for help and errors."""
    _read.clear()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(typer.TyperException, typer.Exit):
        _command.main(["ask", *ASK.explicit(argv)], standalone_mode=False)
    return _read[0] if _read else None


_flags = [flag for spec in fields(AskOptions) for flag in spec.metadata["flags"]]
_letters = [flag[1] for flag in _flags if not flag.startswith("--")]
_values = st.sampled_from(
    ["", "-", "--", "a=1", "=", "a", "3", "0", "-1", "1e3", "nan", "auto", "{}", "-m", "x y", "é"]
)
_words = st.one_of(
    st.sampled_from([*_flags, "-h", "--help", "--no-such", "-", "--", "hello", "", "--server"]),
    _values,
    st.builds("{}={}".format, st.sampled_from([*_flags, "--no-such", "--"]), _values),
    st.builds("-{}{}".format, st.text(st.sampled_from([*_letters, "h", "Z", "="]), min_size=1, max_size=4), _values),
    st.text(max_size=3),
)


@settings(max_examples=600, deadline=None)
@given(st.lists(_words, max_size=6))
@example(["-mfoo", "--model=bar", "-cq", "--", "-x", "--"])
@example(["-m=foo"])
@example(["--system="])
@example(["-s", ""])
@example(["-o", "a={}", "-oa=b", "--option=c==d"])
@example(["-c", "--", "-", "--cid"])
@example(["one", "-u", "two", "-", "--", "three"])
@example(["-m", "--"])
@example(["-qmx", "-vq"])
@example(["--max-tokens", "-1"])
@example(["--no-stream=yes"])
@example(["--temporary", "2h"])
@example(["--temporary=2h", "x"])
@example(["--temporary="])
@example(["-s", "--temporary", "--temporary", "--", "--temporary"])
@example(["-qs", "--temporary", "-s--temporary", "--system=--temporary"])
def test_both_parsers_read_every_command_line_alike(argv: list[str]) -> None:
    assert ASK.parse(argv) == typer_reads(argv)


@pytest.mark.parametrize(
    "argv",
    [
        ["-h"],
        ["--help"],
        ["-m"],
        ["--no-such"],
        ["--servers", "x"],
        ["--max-costs", "1"],
        ["--max-cost", "0"],
        ["--max-cost", "nan"],
        ["-Z"],
        ["--mod", "x"],
        ["--render", "maybe"],
        ["--max-tokens", "0"],
        ["--timeout", "inf"],
        ["--temporary=soon"],
        ["--temporary", "-c"],
        ["--temporary", "-n"],
        ["-o", "novalue"],
        ["--fork"],
        ["-c", "--cid", "0199"],
        ["--json", "--jsonl"],
        ["--json", "-x"],
        ["-q", "-v"],
    ],
)
def test_the_fast_parser_leaves_help_and_errors_to_typer(argv: list[str]) -> None:
    assert ASK.parse(argv) is None
    assert typer_reads(argv) is None


def test_every_option_arrives_in_its_field() -> None:
    argv = shlex.split(
        "-m a:b -s be -p pre -o temperature=0.2 -o name=x -o on=true --cid 0199 --fork -f one -f two -a pic.png "
        "--jsonl --out file --no-stream --render never -u -R -n -e --max-tokens 7 --timeout 2.5 --fallback c:d "
        "--fallback e:f --dry-run -q --no-input --debug why -"
    )

    assert ASK.parse(argv) == AskOptions(
        prompt=("why", "-"),
        model="a:b",
        system="be",
        preset="pre",
        options={"temperature": 0.2, "name": "x", "on": True},
        conversation="0199",
        fork=True,
        files=("one", "two"),
        attachments=("pic.png",),
        jsonl=True,
        out="file",
        no_stream=True,
        render="never",
        usage=True,
        hide_reasoning=True,
        no_log=True,
        edit=True,
        max_tokens=7,
        timeout=2.5,
        fallbacks=("c:d", "e:f"),
        dry_run=True,
        quiet=True,
        no_input=True,
        debug=True,
    )
    assert ASK.parse(["-c", "--json", "-v"]) == AskOptions(continue_last=True, json=True, verbose=True)
    assert ASK.parse(["-x"]) == AskOptions(extract=True)
    assert ASK.parse(["--temporary", "2h"]) == AskOptions(temporary=86_400, prompt=("2h",))
    assert ASK.parse(["--temporary=2h", "--key-file", "k"]) == AskOptions(temporary=7200, key_file="k")


def test_the_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.suppress(typer.Exit):
        _command.main(["ask", "--help"], standalone_mode=False)
    shown = capsys.readouterr().out

    assert [flag for flag in _flags if flag not in shown] == []
