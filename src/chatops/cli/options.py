"""The options of `chatops ask`: one table, read by two parsers.

`AskOptions` is the table: each field says its flags and help. `parse` reads valid command lines without any import
(Typer costs 60 ms, argparse 7, measured); whatever it does not accept goes to the Typer command that `typer_command`
builds from the same fields, for the help or the error message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any

Raw = dict[str, Any]
"""What a parser found, by field: True for a flag, a text, or a list of texts."""


class BadValueError(ValueError):
    """A value that an option cannot take; `flags` names the option as the help does."""

    def __init__(self, flags: str, message: str) -> None:
        super().__init__(message)
        self.flags = flags


def _positive_int(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:18]) > 0:
        return int(text[:18])
    raise ValueError("must be a whole number above 0")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if 0 < value < float("inf"):
        return value
    raise ValueError("must be a number of seconds above 0")


def _render(text: str) -> str:
    if text in {"auto", "always", "never"}:
        return text
    raise ValueError("must be auto, always or never")


def named_values(texts: Sequence[str]) -> dict[str, object]:
    """`k=v`, where v is JSON (a number, true, a list) or else a text."""
    import json

    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise ValueError("must be NAME=VALUE, for example temperature=0.2")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def named_texts(texts: Sequence[str]) -> dict[str, str]:
    """`name=text`, as it is."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name.isidentifier() or not equals:
            raise ValueError("must be NAME=TEXT, for example language=French")
        found[name] = value
    return found


def _option(
    *flags: str,
    help: str,  # noqa: A002 - it is Typer's word for it too
    default: object = None,
    metavar: str | None = None,
    convert: Callable[[Any], object] | None = None,
) -> Any:
    """A field of the table: a flag when `default` is False, repeatable when it is empty, else one value."""
    metadata = {"flags": flags, "help": help, "metavar": metavar, "convert": convert}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


def _flag(*flags: str, help: str) -> Any:  # noqa: A002 - as above
    return _option(*flags, help=help, default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOptions:
    """What `chatops ask` was told. None: not said, so the settings decide."""

    prompt: tuple[str, ...] = _option(
        help="What to ask; standard input, when piped, stands before it. `-` means standard input alone.",
        default=(),
        metavar="[PROMPT...|-]",
    )
    model: str | None = _option("-m", "--model", metavar="MODEL", help="Model: provider:model, an alias, or a name.")
    system: str | None = _option("-s", "--system", metavar="TEXT", help="System prompt.")
    preset: str | None = _option("-p", "--preset", metavar="PRESET", help="Preset of the settings.")
    variables: dict[str, str] = _option(  # noqa: RUF009 - it makes a dataclass field
        "-V", "--var", metavar="NAME=TEXT", help="Variable of the preset; repeatable.", default={}, convert=named_texts
    )
    options: dict[str, object] = _option(  # noqa: RUF009 - it makes a dataclass field
        "-o",
        "--option",
        metavar="NAME=VALUE",
        help="Option of the model; repeatable.",
        default={},
        convert=named_values,
    )
    continue_last: bool = _flag("-c", "--continue", help="Go on with the newest conversation.")
    conversation: str | None = _option("--cid", metavar="ID", help="Go on with this conversation (4 characters do).")
    fork: bool = _flag("--fork", help="Go on in a copy, with -c or --cid.")
    files: tuple[str, ...] = _option(
        "-f", "--file", metavar="PATH", help="Put a text file before the prompt (- is standard input).", default=()
    )
    attachments: tuple[str, ...] = _option(
        "-a", "--attach", metavar="PATH", help="Attach an image, a PDF or a text file.", default=()
    )
    json: bool = _flag("--json", help="Print the stored message as one JSON object.")
    jsonl: bool = _flag("--jsonl", help="Print the events as they come, one JSON object a line.")
    extract: bool = _flag("-x", "--extract", help="Print the first code block of the answer alone.")
    out: str | None = _option("--out", metavar="FILE", help="Write the answer to a file.")
    no_stream: bool = _flag("--no-stream", help="Print the answer when it is whole.")
    render: str | None = _option(
        "--render", metavar="auto|always|never", help="Render Markdown; auto: on a terminal.", convert=_render
    )
    usage: bool = _flag("-u", "--usage", help="Print the tokens used, on standard error.")
    hide_reasoning: bool = _flag("-R", "--hide-reasoning", help="Do not show the model's reasoning.")
    no_log: bool = _flag("-n", "--no-log", help="Store nothing.")
    edit: bool = _flag("-e", "--edit", help="Write the prompt in $VISUAL or $EDITOR.")
    max_tokens: int | None = _option("--max-tokens", metavar="N", help="Longest answer.", convert=_positive_int)
    timeout: float | None = _option(
        "--timeout", metavar="SECONDS", help="Silence of the provider after which to give up.", convert=_seconds
    )
    fallbacks: tuple[str, ...] = _option(
        "--fallback", metavar="MODEL", help="Model to ask when the first cannot answer; repeatable.", default=()
    )
    dry_run: bool = _flag("--dry-run", help="Print the request instead of sending it; no key is shown.")
    quiet: bool = _flag("-q", "--quiet", help="No notices on standard error.")
    verbose: bool = _flag("-v", "--verbose", help="More notices on standard error.")
    no_input: bool = _flag("--no-input", help="Never ask anything.")
    debug: bool = _flag("--debug", help="Show the traceback of an error.")


_FIELDS: dict[str, Field[Any]] = {spec.name: spec for spec in fields(AskOptions)}
_FLAGS: dict[str, Field[Any]] = {flag: spec for spec in fields(AskOptions) for flag in spec.metadata["flags"]}
_EXCLUSIVE = (
    ("continue_last", "conversation"),
    ("json", "jsonl"),
    ("json", "extract"),
    ("jsonl", "extract"),
    ("quiet", "verbose"),
)


def _is_flag(spec: Field[Any]) -> bool:
    return spec.default is False


def _is_list(spec: Field[Any]) -> bool:
    return not _is_flag(spec) and spec.default is not None


def _shown(name: str) -> str:
    """The flags of a field as error messages show them: '-m' / '--model'."""
    return " / ".join(f"'{flag}'" for flag in _FIELDS[name].metadata["flags"])


def build(raw: Raw) -> AskOptions:
    """The options from what a parser found; fields it did not meet may be missing, None, False or empty.

    Raises:
        BadValueError: A value is of the wrong form, or two options exclude each other.
    """
    values: Raw = {}
    for name, value in raw.items():
        if value is None or value is False or value == []:
            continue
        convert = _FIELDS[name].metadata["convert"] or (tuple if isinstance(value, list) else None)
        try:
            values[name] = convert(value) if convert else value
        except ValueError as error:
            raise BadValueError(_shown(name), str(error)) from error
    for one, other in _EXCLUSIVE:
        if one in values and other in values:
            raise BadValueError(_shown(other), f"cannot be combined with {_shown(one)}")
    if "fork" in values and not values.keys() & {"continue_last", "conversation"}:
        raise BadValueError(_shown("fork"), f"needs {_shown('continue_last')} or {_shown('conversation')}")
    return AskOptions(**values)


def parse(argv: Sequence[str]) -> AskOptions | None:
    """The options of a valid command line (without `chatops ask`); None for anything else: help, errors."""
    raw: Raw = {"prompt": []}
    rest = list(reversed(argv))
    while rest:
        word = rest.pop()
        if word == "--":
            raw["prompt"] += reversed(rest)
            break
        if word[:1] != "-" or word == "-":
            raw["prompt"].append(word)
        elif not (_take_long(word, rest, raw) if word[:2] == "--" else _take_short(word, rest, raw)):
            return None
    try:
        return build(raw)
    except BadValueError:
        return None


def _take_long(word: str, rest: list[str], raw: Raw) -> bool:
    """`--flag`, `--name value` or `--name=value`; False when it is none of ours."""
    flag, equals, value = word.partition("=")
    spec = _FLAGS.get(flag)
    if spec is None or (equals and _is_flag(spec)):
        return False
    if equals:
        rest.append(value)
    return _store(spec, rest, raw)


def _take_short(word: str, rest: list[str], raw: Raw) -> bool:
    """`-m value`, `-mvalue`, or a cluster of flags that may end with one that takes a value: `-cqm value`."""
    for place, letter in enumerate(word[1:], start=2):
        spec = _FLAGS.get(f"-{letter}")
        if spec is None:
            return False
        takes_rest = not _is_flag(spec) and place < len(word)
        if takes_rest:
            rest.append(word[place:])
        if not _store(spec, rest, raw):
            return False
        if takes_rest:
            break
    return True


def _store(spec: Field[Any], rest: list[str], raw: Raw) -> bool:
    if _is_flag(spec):
        raw[spec.name] = True
    elif not rest:
        return False
    elif _is_list(spec):
        raw.setdefault(spec.name, []).append(rest.pop())
    else:
        raw[spec.name] = rest.pop()
    return True


def typer_command(run: Callable[[AskOptions], int]) -> Callable[..., None]:
    """The Typer command over the same table; it ends the program with the exit code that `run` returns."""
    import inspect

    import typer

    def ask(**raw: Any) -> None:
        try:
            options = build(raw)
        except BadValueError as error:
            raise typer.BadParameter(str(error), param_hint=error.flags) from error
        raise typer.Exit(run(options))

    parameters = []
    for spec in fields(AskOptions):
        about = {key: spec.metadata[key] for key in ("help", "metavar")}
        annotation = bool if _is_flag(spec) else list[str] | None if _is_list(spec) else str | None
        info = (
            typer.Option(False if _is_flag(spec) else None, *spec.metadata["flags"], show_default=False, **about)
            if spec.metadata["flags"]
            else typer.Argument(None, show_default=False, **about)
        )
        parameters.append(
            inspect.Parameter(spec.name, inspect.Parameter.KEYWORD_ONLY, default=info, annotation=annotation)
        )
    ask.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what `inspect` and Typer read
    ask.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return ask
