"""`chatops history export|import`: conversations to files, and from the exports of other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatops.cli.exits import ExitCode, complain, with_engine
from chatops.cli.exporting import format_of, new_file
from chatops.cli.flags import Debug, Json, Yes
from chatops.cli.listing import json_text
from chatops.cli.progress import bar
from chatops.cli.terminal import Sanitizer, Terminal, open_terminal, sanitize

if TYPE_CHECKING:
    from chatops.engine.exchange.importing import Report
    from chatops.engine.service import Engine
    from chatops.settings import Settings

_SHOWN_FAULTS = 20
_STDIN = "-"
Write = Callable[[bytes], object]


def _owner() -> Any:
    from chatops.engine.messages import LOCAL_OWNER, Principal

    return Principal(user_id=LOCAL_OWNER, source="cli")


def export(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Conversations; first characters do.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every conversation, also those put away.")] = False,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="markdown|json|html|archive",
            help="archive: all branches and attachments, to be imported; the others: the active branch, to be read.",
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="Write to a file, which also says the format: .md, .zip ..."),
    ] = None,
    yes: Yes = False,
    debug: Debug = False,
) -> None:
    """Export conversations to standard output or a file: Markdown unless said otherwise."""
    terminal = open_terminal()

    async def body(engine: Engine, _: Settings) -> None:
        from chatops.engine.errors import InvalidRequestError

        if bool(ids) == every:
            raise InvalidRequestError("say which conversations: their ids, or --all")
        chosen = format_of(format_, out)
        if chosen == "archive" and out is None and terminal.stdout_is_tty:
            raise InvalidRequestError("an archive is no text for a terminal: name a file with --out")
        whole = None if every else [(await engine.history.conversation(_owner(), id_)).id for id_ in ids or ()]
        with _target(terminal, out, overwrite=yes) as write:
            async with aclosing(engine.exchange.export(_owner(), chosen, whole)) as pieces:
                async for piece in pieces:
                    write(piece)

    raise typer.Exit(with_engine(body, debug=debug, remote=True, warm=False))


@contextmanager
def _target(terminal: Terminal, out: str | None, *, overwrite: bool) -> Iterator[Write]:
    """Where the pieces go: a file that is there when it is whole, or standard output."""
    if out is None:
        yield _cleaned(terminal) if terminal.stdout_is_tty else terminal.write_bytes
        return
    with new_file(out, overwrite=None if overwrite else "name a new file, or replace it with --yes") as file:
        yield file.write


def _cleaned(terminal: Terminal) -> Write:
    """Writes UTF-8 to a terminal without what could steer it."""
    from codecs import getincrementaldecoder

    decode, sanitizer = getincrementaldecoder("utf-8")().decode, Sanitizer()
    return lambda piece: terminal.write(sanitizer.feed(decode(piece)))


def import_(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Exports of ChatGPT, Claude or LibreChat, archives of chatops: zips, folders, JSON files; "
            "- is standard input.",
        ),
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be imported, store nothing.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Import conversations with all their branches. Doing it again adds only what is new."""
    terminal = open_terminal()

    async def body(engine: Engine, _: Settings) -> ExitCode:
        with _files(terminal, paths) as files, bar(terminal, "importing", "messages") as show:
            report = await engine.exchange.import_files(
                _owner(),
                files,
                progress=lambda so_far: show(so_far.messages, None),
                write=not dry_run,
            )
        terminal.write(f"{json_text(terminal, _shape(report))}\n" if json else _summary(report, dry_run=dry_run))
        for fault in report.faults[: None if json else _SHOWN_FAULTS]:
            complain(f"chatops: warning: {sanitize(' '.join(fault.split()))}")
        if not json and report.faulty > _SHOWN_FAULTS:
            complain(f"... and {report.faulty - _SHOWN_FAULTS:,} more: --json prints them")
        return ExitCode.FORMAT if report.faulty else ExitCode.OK

    raise typer.Exit(with_engine(body, debug=debug, remote=True, warm=False))


@contextmanager
def _files(terminal: Terminal, paths: list[str]) -> Iterator[list[Path]]:
    """The files to import. What standard input holds is put down first: a zip's list of contents is at its end."""
    from chatops.engine.errors import InvalidRequestError

    if _STDIN not in paths:
        yield [Path(path).expanduser() for path in paths]
        return
    if terminal.stdin_is_tty:
        raise InvalidRequestError("nothing is piped into this command: name a file, or pipe one")
    import shutil
    import sys
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        put_down = Path(folder, "standard input")
        with put_down.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield [put_down if path == _STDIN else Path(path).expanduser() for path in dict.fromkeys(paths)]


def _shape(report: Report) -> dict[str, object]:
    return {
        "new": report.new,
        "grown": report.grown,
        "unchanged": report.unchanged,
        "empty": report.empty,
        "messages": report.messages,
        "faulty": report.faulty,
        "faults": report.faults,
    }


def _summary(report: Report, *, dry_run: bool) -> str:
    done = "would import" if dry_run else "imported"
    rest = "".join(
        f", {number:,} {what}"
        for number, what in (
            (report.grown, "that got new messages"),
            (report.unchanged, "there already"),
            (report.empty, "without messages left out"),
            (report.faulty, "faults"),
        )
        if number
    )
    return f"{done} {report.new:,} conversations{rest}; {report.messages:,} messages\n"
