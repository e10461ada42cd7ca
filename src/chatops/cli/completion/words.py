"""What fits where the cursor is. Pure: the table and the words in, words and what is to be looked up out."""

from __future__ import annotations

from dataclasses import dataclass

from chatops.cli.completion.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What may stand in the word under the cursor.

    Attributes:
        words: Words with their explanation.
        kind: The list that the rest comes from: model, preset, provider, setting, conversation, tag, file; or none.
        prefix: What of the word under the cursor stays as it is: `--model=`.
        start: What the fitting words begin with.
    """

    words: dict[str, str]
    kind: str = ""
    prefix: str = ""
    start: str = ""


def wanted(table: Table, words: list[str]) -> Wanted:
    """What may come.

    Args:
        table: What can be typed.
        words: The words after the program's name, up to and with that under the cursor, which may be empty.
    """
    *before, word = words or [""]
    at, place, value_of, only_words = table, 0, None, False
    for one in before:
        if value_of is not None:
            value_of = None
        elif one == "--":
            only_words = True
        elif one.startswith("-") and one != "-" and not only_words:
            value_of = _takes_value(at, one)
        elif one in at["commands"]:
            at, place = at["commands"][one], 0
        else:
            place += 1
    if value_of is not None:
        return _value(at, value_of, word)
    flag, equals, value = word.partition("=")
    if equals and _takes_value(at, flag):
        return _value(at, flag, value, prefix=f"{flag}=")
    if word.startswith("-") and not only_words:
        return Wanted(words={flag: said for flag, (_, said) in at["options"].items()}, start=word)
    if at["commands"]:
        return Wanted(words={name: inner["help"] for name, inner in at["commands"].items()}, start=word)
    return _of_kind(_argument(at, place), word)


def _takes_value(at: Table, flag: str) -> str | None:
    """The option whose value comes in the next word: `--model`, `-m`, also the last of a cluster as `-qm`."""
    if flag in at["options"]:
        return flag if at["options"][flag][0] is not None else None
    if flag.startswith("--"):
        return None
    for letter in flag[1:]:
        option = at["options"].get(f"-{letter}")
        if option is None or option[0] is not None:
            return f"-{letter}" if option is not None and flag.endswith(letter) else None
    return None


def _value(at: Table, flag: str, word: str, prefix: str = "") -> Wanted:
    return _of_kind(at["options"][flag][0] or "", word, prefix)


def _argument(at: Table, place: int) -> str:
    kinds = at["arguments"]
    if place < len(kinds):
        return kinds[place] or ""
    return (kinds[-1] or "") if kinds and at["endless"] else ""


def _of_kind(kind: str, word: str, prefix: str = "") -> Wanted:
    if "|" in kind:
        return Wanted(words=dict.fromkeys(kind.split("|"), ""), start=word, prefix=prefix)
    return Wanted(words={}, kind=kind, start=word, prefix=prefix)
