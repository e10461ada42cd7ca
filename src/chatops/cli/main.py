"""The Typer app: help, usage errors, and every command but a well-formed `ask`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from chatops import __version__
from chatops.cli import bot, config, db, doctor, history, keys, models, presets, tokens, usage, users
from chatops.cli import login as signing
from chatops.cli import serve as serving
from chatops.cli.examples import add_examples
from chatops.cli.flagtable import Table
from chatops.cli.options import ASK, CHAT, AskOptions, ChatOptions
from chatops.cli.terminal import sanitize

_HELP = """AI conversations in the terminal, never lost; with any model, or with none but the built-in one.

\b
chatops                                     # talk
chatops ask "why is the sky blue?"          # one answer
git diff | chatops ask "review this"        # piped text is context
chatops ask -c "and in one sentence?"       # go on with the last conversation
chatops history search sky                  # find it again
"""
_ASK_HELP = """Ask once: the answer goes to standard output, everything else to standard error.

\b
chatops ask "why is the sky blue?"
chatops ask -m anthropic:claude-sonnet-5-5 -f notes.md "summarise"
chatops ask -x "a shell line that counts files" > count.sh
"""
_CHAT_HELP = """Talk: a session that goes on until it is left. On a terminal also by `chatops` alone.

\b
chatops chat                                # a new conversation
chatops chat -c                             # go on with the last one
chatops chat "holiday plans"                # go on with this one, or begin it
chatops chat < prompts.txt                  # a script: one prompt a line
"""


_ORDER = (
    *("ask", "chat", "history", "models", "presets", "keys", "usage", "config", "doctor", "completion"),
    *("serve", "bot", "users", "tokens", "link", "db", "login", "whoami", "logout"),
)
"""How the help lists the commands: what one person needs, then what a team does."""


class _Commands(TyperGroup):
    """Knows that a prompt without `ask` is the likeliest slip."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=lambda name: _ORDER.index(name) if name in _ORDER else 99)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands and not args[0].startswith("-"):
            from difflib import get_close_matches

            visible = [name for name, command in self.commands.items() if not command.hidden]
            close = get_close_matches(args[0], visible, n=1)
            instead = [*close, *args[1:]] if close else ["ask", *args]
            ctx.fail(f"No such command {args[0]!r}. Did you mean: chatops {sanitize(shlex.join(instead))}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    help=_HELP,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:  # noqa: FBT001 - the form that Typer calls
    if asked:
        typer.echo(f"chatops {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None: ...


def _ask(options: AskOptions) -> int:
    from chatops.cli.ask import run

    return run(options)


def _chat(options: ChatOptions) -> int:
    from chatops.cli.repl import run

    return run(options)


app.command("ask", help=_ASK_HELP)(ASK.typer_command(_ask))
app.command("chat", help=_CHAT_HELP)(CHAT.typer_command(_chat))
app.add_typer(history.app, name="history", help="Conversations that were stored (alias: logs).")
app.add_typer(history.app, name="logs", help="Alias of history.", hidden=True)
app.add_typer(models.app, name="models", help="Models that can be asked.")
app.add_typer(keys.app, name="keys", help="The providers' keys.")
app.add_typer(presets.app, name="presets", help="System prompts, models and parameters under a name.")
app.add_typer(usage.app, name="usage", help="What was used: turns, tokens, cost.")
app.add_typer(db.app, name="db", help="Copy, check, back up and migrate the database.")
app.add_typer(config.app, name="config", help="Settings: those in effect, and changes to your file.")
app.add_typer(users.app, name="users", help="Accounts: add, list, invite, disable, delete.")
app.add_typer(tokens.app, name="tokens", help="Tokens for the HTTP API.")
app.command("link")(tokens.link)
app.add_typer(bot.app, name="bot", help="Answer on Slack or Discord.")
app.command("login")(signing.login)
app.command("logout")(signing.logout)
app.command("whoami")(signing.whoami)
app.command("doctor")(doctor.doctor)
app.command("serve")(serving.serve)


@app.command()
def completion(shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="The shell.")]) -> None:
    """Print the script that makes a shell complete commands, options, models, presets and conversations."""
    from chatops.cli.completion.shells import SCRIPTS

    if shell not in SCRIPTS:
        raise typer.BadParameter(f"no {shell!r}: there are bash, zsh and fish")
    typer.echo(SCRIPTS[shell], nl=False)


add_examples(app)


def run_typer(argv: Sequence[str]) -> int:
    """Runs the app and returns its exit code."""
    command, *rest = argv or [""]
    tables: dict[str, Table[Any]] = {"ask": ASK, "chat": CHAT}
    try:
        app([command, *tables[command].explicit(rest)] if command in tables else list(argv), prog_name="chatops")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0
