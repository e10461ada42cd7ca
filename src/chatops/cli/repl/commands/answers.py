"""What is done with an answer: showing, copying and keeping it, and what it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatops.cli.clipboard import copy
from chatops.cli.output import code_blocks
from chatops.cli.repl.commands.arguments import count, required
from chatops.cli.repl.commands.files import complete_paths, path_of
from chatops.cli.repl.commands.keeping import USAGE, complete_export, export, save_text
from chatops.cli.repl.registry import Command
from chatops.engine.errors import InvalidRequestError

if TYPE_CHECKING:
    from chatops.cli.repl.session import Session
    from chatops.engine.messages import Message

_SHOWN = 12
_EXCERPT = 200


async def last(session: Session, argument: str) -> None:
    del argument
    session.show((await session.last_answer()).text)


async def copy_answer(session: Session, argument: str) -> None:
    answer = await session.last_answer()
    text = answer.text if not argument else _block(answer, "" if argument == "code" else argument)
    session.note(copy(session.terminal, text))


async def code(session: Session, argument: str) -> None:
    """`/code`, `/code 2`, `/code FILE`, `/code 2 FILE`."""
    first, _, rest = argument.partition(" ")
    number, name = (first, rest.strip()) if first.isascii() and first.isdigit() else ("", argument)
    text = _block(await session.last_answer(), number)
    if name:
        session.note(save_text(path_of(name), text))
    else:
        session.show(text.removesuffix("\n"))


def _block(answer: Message, said: str) -> str:
    blocks = code_blocks(answer)
    number = count(said, "code block")
    if number > len(blocks):
        raise InvalidRequestError(f"the last answer holds {len(blocks) or 'no'} code blocks")
    return blocks[number - 1]


async def save(session: Session, argument: str) -> None:
    name = path_of(required(argument, "/save FILE"))
    text = (await session.last_answer()).text
    session.note(save_text(name, text if text.endswith("\n") else f"{text}\n"))


async def usage(session: Session, argument: str) -> None:
    del argument
    spent = session.spent
    for model, turns in spent.turns.items():
        asked, answered = spent.tokens[model, "in"], spent.tokens[model, "out"]
        said = f"{turns} turn{'s' if turns > 1 else ''}, {asked:,} tokens in, {answered:,} out"
        session.show(f"{model}  {said}{_cost(spent.cost[model], spent.unpriced[model])}")
    if not spent.turns:
        session.note("nothing was asked in this session yet")


def _cost(cost: int, unpriced: int) -> str:
    """Nothing where nothing is known to have cost something."""
    from chatops.engine.limits.money import shown

    return f", {shown(cost)}{f' and {unpriced} without a price' if unpriced else ''}" if cost else ""


async def context(session: Session, argument: str) -> None:
    del argument
    view = await session.view(count_all=True)
    share = f"{view.used * 100 // view.window} %"
    known = "" if view.is_known else " (assumed: the settings can say better)"
    session.show(f"{view.model}: about {view.used:,} of {view.window:,} tokens{known}, {share}")
    session.show(f"{view.system:9,}  system prompt")
    skipped, *_ = view.passed_over or (0, 0)
    if view.passed_over and skipped:
        why = "they do not fit any more" if view.is_cut else "a summary stands for them"
        session.show(f"{0:9}  {skipped} older messages of {view.passed_over[1]:,} tokens not sent: {why}")
    hidden = len(view.messages) - _SHOWN
    if hidden > 1:
        session.show(
            f"{sum(one.tokens for one in view.messages[:hidden]):9,}  {hidden} messages before those that follow"
        )
    for message in view.messages[hidden if hidden > 1 else 0 :]:
        session.row(f"{message.tokens:9,}  {_about(message)}")
    for name, text in session.pending.texts.items():
        session.show(f"{_estimate(text):9,}  {name}, with the next prompt")
    session.show(f"{view.reserve:9,}  kept free for the answer")
    session.show(f"{view.left:9,}  left for the next prompt")


def _about(message: Message) -> str:
    return " ".join([f"{message.role}:", *(f"[{file.name}]" for file in message.files), message.text[:_EXCERPT]])


def _estimate(text: str) -> int:
    from chatops.engine.window import estimate_tokens

    return estimate_tokens(text)


COMMANDS = (
    Command(name="last", run=last, needs="conversation", help="Print the last answer as the model wrote it."),
    Command(
        name="copy",
        run=copy_answer,
        argument="[code|N]",
        needs="conversation",
        help="Copy the last answer, or its Nth code block.",
    ),
    Command(
        name="code",
        run=code,
        argument="[N] [FILE]",
        needs="conversation",
        help="Print the Nth code block, or write it to a file.",
    ),
    Command(
        name="save",
        run=save,
        argument="FILE",
        needs="conversation",
        complete=complete_paths,
        help="Write the last answer to a new file.",
    ),
    Command(
        name="export",
        run=export,
        argument=USAGE,
        needs="conversation",
        complete=complete_export,
        help="Write the conversation: md, json, html, archive.",
    ),
    Command(name="usage", run=usage, aliases=("cost", "tokens"), help="Show the tokens and cost of this session."),
    Command(name="context", run=context, help="Show what the next prompt is sent with."),
)
