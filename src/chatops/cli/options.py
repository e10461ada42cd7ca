"""The options of `chatops ask` and `chatops chat`: a field each says its flags and help (see `flagtable`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatops.cli.flagtable import (
    Table,
    dollars,
    duration,
    flag,
    named_texts,
    named_values,
    option,
    positive_int,
    render_choice,
    seconds,
)

if TYPE_CHECKING:
    from decimal import Decimal

A_WHILE = "1d"
"""How long a temporary conversation stays when nobody says: one can go on with it the same day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOptions:
    """How to ask, for both. None: not said, so the settings decide."""

    model: str | None = option("-m", "--model", metavar="MODEL", help="Model: provider:model, an alias, or a name.")
    system: str | None = option("-s", "--system", metavar="TEXT", help="System prompt.")
    preset: str | None = option("-p", "--preset", metavar="PRESET", help="Preset of the settings.")
    variables: dict[str, str] = option(  # noqa: RUF009 - it makes a dataclass field
        "-V", "--var", metavar="NAME=TEXT", help="Variable of the preset, repeatable.", default={}, convert=named_texts
    )
    options: dict[str, object] = option(  # noqa: RUF009 - it makes a dataclass field
        "-o",
        "--option",
        metavar="NAME=VALUE",
        help="Option of the model; repeatable.",
        default={},
        convert=named_values,
    )
    continue_last: bool = flag("-c", "--continue", help="Go on with the newest conversation.")
    conversation: str | None = option("--cid", metavar="ID", help="Go on with this conversation (4 characters do).")
    fork: bool = flag("--fork", help="Go on in a copy, with -c or --cid.")
    temporary: int | None = option(
        "--temporary",
        metavar="[=DURATION]",
        help=f"Begin a conversation that is deleted by itself, after {A_WHILE} or 2h, 7d ...",
        convert=duration,
        bare=A_WHILE,
    )
    files: tuple[str, ...] = option(
        "-f", "--file", metavar="PATH", help="Put a text file before the prompt (- is standard input).", default=()
    )
    attachments: tuple[str, ...] = option(
        "-a", "--attach", metavar="PATH", help="Attach an image, a PDF or a text file.", default=()
    )
    render: str | None = option(
        "--render", metavar="auto|always|never", help="Render Markdown; auto: on a terminal.", convert=render_choice
    )
    hide_reasoning: bool = flag("-R", "--hide-reasoning", help="Do not show the model's reasoning.")
    max_tokens: int | None = option("--max-tokens", metavar="N", help="Longest answer.", convert=positive_int)
    timeout: float | None = option(
        "--timeout", metavar="SECONDS", help="Silence of the provider after which to give up.", convert=seconds
    )
    fallbacks: tuple[str, ...] = option(
        "--fallback", metavar="MODEL", help="Model to ask when the first cannot answer; repeatable.", default=()
    )
    key_file: str | None = option(
        "--key-file", metavar="PATH", help="Take the key of the model's provider from this file, before any other."
    )
    server: str | None = option(
        "--server", metavar="URL", help="Ask this chatops server; `local`: none, in spite of a sign-in."
    )
    quiet: bool = flag("-q", "--quiet", help="No notices on standard error.")
    verbose: bool = flag("-v", "--verbose", help="More notices on standard error.")
    debug: bool = flag("--debug", help="Show the traceback of an error.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOptions(TurnOptions):
    """What `chatops ask` was told."""

    prompt: tuple[str, ...] = option(
        help="What to ask; standard input, when piped, stands before it. `-` means standard input alone.",
        default=(),
        metavar="PROMPT",
    )
    json: bool = flag("--json", help="Print the stored message as one JSON object.")
    jsonl: bool = flag("--jsonl", help="Print the events as they come, one JSON object a line.")
    extract: bool = flag("-x", "--extract", help="Print the first code block of the answer alone.")
    out: str | None = option("--out", metavar="FILE", help="Write the answer to a file.")
    no_stream: bool = flag("--no-stream", help="Print the answer when it is whole.")
    usage: bool = flag("-u", "--usage", help="Print the tokens used, on standard error.")
    no_log: bool = flag("-n", "--no-log", help="Store nothing.")
    edit: bool = flag("-e", "--edit", help="Write the prompt in $VISUAL or $EDITOR.")
    max_cost: Decimal | None = option(  # noqa: RUF009 - it makes a dataclass field
        "--max-cost", metavar="DOLLARS", help="Most that this answer may cost; it ends there.", convert=dollars
    )
    dry_run: bool = flag("--dry-run", help="Print the request instead of sending it; no key is shown.")
    no_input: bool = flag("--no-input", help="Never ask anything.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOptions(TurnOptions):
    """What `chatops chat` was told."""

    name: tuple[str, ...] = option(
        help="Go on with the conversation of this title or id, or begin one.", default=(), metavar="NAME"
    )
    vi: bool = flag("--vi", help="Edit with the keys of vi.")


_OF_TWO = (
    ("continue_last", "conversation"),
    ("quiet", "verbose"),
    ("temporary", "continue_last"),
    ("temporary", "conversation"),
)
ASK = Table(
    AskOptions,
    exclusive=(*_OF_TWO, ("temporary", "no_log"), ("json", "jsonl"), ("json", "extract"), ("jsonl", "extract")),
    needs=[("fork", ("continue_last", "conversation"))],
)
CHAT = Table(
    ChatOptions,
    exclusive=(*_OF_TWO, ("continue_last", "name"), ("conversation", "name")),
    needs=[("fork", ("continue_last", "conversation"))],
)
