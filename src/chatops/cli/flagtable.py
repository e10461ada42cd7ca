"""Command lines as tables: a frozen dataclass whose fields say their flags and help, read by two parsers.

`Table.parse` reads valid command lines without any import (Typer costs 60 ms, argparse 7, measured); whatever it does
not accept goes to the Typer command that `Table.typer_command` builds from the same fields, for help or the error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import Field, field, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from decimal import Decimal

Raw = dict[str, Any]
"""What a parser found, by field: True for a flag, a text, or a list of texts."""
T = TypeVar("T")


class BadValueError(ValueError):
    """A value that an option cannot take; `flags` names the option as the help does."""

    def __init__(self, flags: str, message: str) -> None:
        super().__init__(message)
        self.flags = flags


def positive_int(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:18]) > 0:
        return int(text[:18])
    raise ValueError("must be a whole number above 0")


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if 0 < value < float("inf"):
        return value
    raise ValueError("must be a number of seconds above 0")


def duration(text: str) -> int:
    from chatops.cli import durations
    from chatops.engine.errors import InvalidRequestError

    try:
        return durations.seconds(text)
    except InvalidRequestError as error:
        raise ValueError(error.message) from None


def dollars(text: str) -> Decimal:
    from decimal import Decimal, InvalidOperation

    try:
        value = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        value = Decimal(-1)
    if value.is_finite() and value > 0:
        return value
    raise ValueError("must be a number of dollars above 0, for example 0.05")


def render_choice(text: str) -> str:
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


def option(
    *flags: str,
    help: str,  # noqa: A002 - it is Typer's word for it too
    default: object = None,
    metavar: str | None = None,
    convert: Callable[[Any], object] | None = None,
    bare: str | None = None,
) -> Any:
    """A field of a table: a flag when `default` is False, repeatable when it is empty, else one value.

    Without flags it holds the words of the command line. `bare`: the value of the flag alone; another one comes after
    a `=`, never as the next word.
    """
    metadata = {"flags": flags, "help": help, "metavar": metavar, "convert": convert, "bare": bare}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


def flag(*flags: str, help: str) -> Any:  # noqa: A002 - as above
    return option(*flags, help=help, default=False)


def _is_flag(spec: Field[Any]) -> bool:
    return spec.default is False


def _is_list(spec: Field[Any]) -> bool:
    return not _is_flag(spec) and spec.default is not None


class Table(Generic[T]):
    """The options of one command.

    Args:
        options: The dataclass.
        exclusive: Pairs of fields that cannot be combined.
        needs: A field, and those of which it needs one.
    """

    def __init__(
        self,
        options: type[T],
        *,
        exclusive: Iterable[tuple[str, str]] = (),
        needs: Iterable[tuple[str, tuple[str, ...]]] = (),
    ) -> None:
        self._options = options
        specs: tuple[Field[Any], ...] = fields(options)  # type: ignore[arg-type]  # it is a dataclass
        self._fields = {spec.name: spec for spec in specs}
        self._flags = {flag: spec for spec in specs for flag in spec.metadata["flags"]}
        self._words = next(spec.name for spec in specs if not spec.metadata["flags"])
        self._exclusive = tuple(exclusive)
        self._needs = tuple(needs)

    def _shown(self, name: str) -> str:
        """The flags of a field as error messages show them: '-m' / '--model'."""
        metadata = self._fields[name].metadata
        return " / ".join(f"'{flag}'" for flag in metadata["flags"]) or f"'{metadata['metavar']}'"

    def build(self, raw: Raw) -> T:
        """The options from what a parser found; fields it did not meet may be missing, None, False or empty.

        Raises:
            BadValueError: A value is of the wrong form, or two options exclude each other.
        """
        values: Raw = {}
        for name, value in raw.items():
            if value is None or value is False or value == []:
                continue
            convert = self._fields[name].metadata["convert"] or (tuple if isinstance(value, list) else None)
            try:
                values[name] = convert(value) if convert else value
            except ValueError as error:
                raise BadValueError(self._shown(name), str(error)) from error
        for one, other in self._exclusive:
            if one in values and other in values:
                raise BadValueError(self._shown(other), f"cannot be combined with {self._shown(one)}")
        for one, others in self._needs:
            if one in values and not values.keys() & set(others):
                raise BadValueError(self._shown(one), f"needs {' or '.join(map(self._shown, others))}")
        return self._options(**values)

    def parse(self, argv: Sequence[str]) -> T | None:
        """The options of a valid command line (without the command); None for anything else: help, errors."""
        raw: Raw = {self._words: []}
        rest = list(reversed(argv))
        while rest:
            word = rest.pop()
            if word == "--":
                raw[self._words] += reversed(rest)
                break
            if word[:1] != "-" or word == "-":
                raw[self._words].append(word)
            elif not (self._take_long(word, rest, raw) if word[:2] == "--" else self._take_short(word, rest, raw)):
                return None
        try:
            return self.build(raw)
        except BadValueError:
            return None

    def _take_long(self, word: str, rest: list[str], raw: Raw) -> bool:
        """`--flag`, `--name value` or `--name=value`; False when it is none of ours."""
        flag, equals, value = word.partition("=")
        spec = self._flags.get(flag)
        if spec is None or (equals and _is_flag(spec)):
            return False
        if equals or spec.metadata.get("bare"):
            rest.append(value if equals else spec.metadata["bare"])
        return _store(spec, rest, raw)

    def _take_short(self, word: str, rest: list[str], raw: Raw) -> bool:
        """`-m value`, `-mvalue`, or a cluster of flags that may end with one that takes a value: `-cqm value`."""
        for place, letter in enumerate(word[1:], start=2):
            spec = self._flags.get(f"-{letter}")
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

    def explicit(self, argv: Sequence[str]) -> list[str]:
        """The same command line for Typer, which knows no flags whose value may be left out."""
        done: list[str] = []
        rest = list(reversed(argv))
        while rest:
            word = rest.pop()
            if word == "--":
                return [*done, word, *reversed(rest)]
            spec = self._flags.get(word)
            bare = spec.metadata["bare"] if spec else None
            before = list(rest)
            scratch: Raw = {self._words: []}
            if word[:1] == "-" and word != "-":
                (self._take_long if word[:2] == "--" else self._take_short)(word, rest, scratch)
            done += [f"{word}={bare}" if bare else word, *reversed(before[len(rest) :])]
        return done

    def typer_command(self, run: Callable[[T], int]) -> Callable[..., None]:
        """The Typer command over the same table; it ends the program with the exit code that `run` returns."""
        import inspect

        import typer

        def command(**raw: Any) -> None:
            try:
                options = self.build(raw)
            except BadValueError as error:
                raise typer.BadParameter(str(error), param_hint=error.flags) from error
            raise typer.Exit(run(options))

        parameters = []
        for spec in self._fields.values():
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
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return command


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
