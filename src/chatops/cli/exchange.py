"""`chatops history export|import`: conversations to files, and from the exports of other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatops.cli.exits import ExitCode, complain, with_engine
from chatops.cli.flags import Debug, Json, Yes
from chatops.cli.listing import json_text
from chatops.cli.progress import bar
from chatops.cli.terminal import Sanitizer, Terminal, open_terminal, sanitize

if TYPE_CHECKING:
    from chatops.engine.exchange.importing import Report
    from chatops.engine.exchange.service import Format
    from chatops.engine.service import Engine
    from chatops.settings import Settings

_BY_END: dict[str, Format] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
    ".zip": "archive",
}
_SHOWN_FAULTS = 20
Write = Callable[[bytes], object]


def _owner() -> Any:
    from chatops.engine.messages import LOCAL_OWNER, Principal

    return Principal(user_id=LOCAL_OWNER, source="cli")


def export(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID...]", help="Conversations; first characters do.")
    ] = None,
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
        chosen = _format(format_, out)
        if chosen == "archive" and out is None and terminal.stdout_is_tty:
            raise InvalidRequestError("an archive is no text for a terminal: name a file with --out")
        whole = None if every else [(await engine.history.conversation(_owner(), id_)).id for id_ in ids or ()]
        with _target(terminal, out, overwrite=yes) as write:
            async with aclosing(engine.exchange.export(_owner(), chosen, whole)) as pieces:
                async for piece in pieces:
                    write(piece)

    raise typer.Exit(with_engine(body, debug=debug, remote=True, warm=False))


def _format(said: str | None, out: str | None) -> Format:
    from chatops.engine.errors import InvalidRequestError
    from chatops.engine.exchange.service import FORMATS

    if said is None:
        return _BY_END.get(Path(out).suffix.lower(), "markdown") if out is not None else "markdown"
    for format_ in FORMATS:
        if said == format_:
            return format_
    raise InvalidRequestError(f"no format {said!r}: there are {', '.join(FORMATS)}")


@contextmanager
def _target(terminal: Terminal, out: str | None, *, overwrite: bool) -> Iterator[Write]:
    """Where the pieces go: a file that is there when it is whole, or standard output."""
    from chatops.engine.errors import InvalidRequestError
    from chatops.files import replacing

    if out is None:
        yield _cleaned(terminal) if terminal.stdout_is_tty else terminal.write_bytes
        return
    path = Path(out).expanduser()
    if path.exists() and not overwrite:
        raise InvalidRequestError(f"{out} exists: name a new file, or replace it with --yes")
    try:
        with replacing(path, mode=0o600) as file:
            yield file.write
    except OSError as error:
        raise InvalidRequestError(f"cannot write {out}: {error.strerror}") from None


def _cleaned(terminal: Terminal) -> Write:
    """Writes UTF-8 to a terminal without what could steer it."""
    from codecs import getincrementaldecoder

    decode, sanitizer = getincrementaldecoder("utf-8")().decode, Sanitizer()
    return lambda piece: terminal.write(sanitizer.feed(decode(piece)))


def import_(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Exports of ChatGPT, Claude or LibreChat, archives of chatops: zips, folders, JSON files.",
        ),
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be imported, store nothing.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Import conversations with all their branches. Doing it again adds only what is new."""
    terminal = open_terminal()
    files = [Path(path).expanduser() for path in paths]

    async def body(engine: Engine, _: Settings) -> ExitCode:
        with bar(terminal, "importing", "messages") as show:
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
