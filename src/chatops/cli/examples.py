"""Examples for every command's `--help`, and the one line that lists show of it where its help is longer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer
    from typer.models import CommandInfo, TyperInfo

LINES = {
    "ask": "Ask once: the answer alone goes to standard output.",
    "chat": "Talk until you leave; also by `chatops` alone.",
    "link": "Join a Slack or Discord user with your account.",
    "login": "Sign in to a server, and work there from now on.",
    "whoami": "Print the server in use, and who you are there.",
    "doctor": "Check the installation, and say what to do.",
    "completion": "Print the completion script of a shell.",
    "history archive": "Put conversations away.",
    "history tag": "Put tags on a conversation, or take them off.",
    "history fork": "Copy a branch into a new conversation.",
    "history export": "Export to Markdown, JSON, a web page, an archive.",
    "history import": "Import from ChatGPT, Claude, LibreChat, archives.",
    "models pull": "Fetch the embedded model's weights (98 MB).",
    "models show": "Print what is known of a model.",
    "models alias": "Print, give or take away short names of models.",
    "keys set": "Store a key, asked for or from standard input.",
    "keys ls": "List where each provider's key comes from.",
    "keys test": "Ask providers for their models with their keys.",
    "presets edit": "Open a preset in your editor.",
    "presets import": "Import presets of LibreChat, templates of llm.",
    "usage verify": "Check that the usage ledger is as it was written.",
    "db copy": "Copy everything into another database, verified.",
    "db check": "Read the whole database: is all of it whole?",
    "db backup": "Copy the database into a new file, verified.",
    "db migrate": "Bring the database up to this version.",
    "config path": "Print the path of your settings file.",
    "config edit": "Open your settings file in your editor.",
    "config set": "Set one setting; comments stay.",
    "users limit": "Say what one person may use, or show it.",
    "users invite": "Print a code that somebody can register with.",
    "users add": "Add an account; the first is the owner's.",
    "users passwd": "Give somebody a new password.",
    "users rm": "Delete accounts with all their conversations.",
    "users disable": "Shut somebody out, everywhere within a minute.",
    "users ls": "List accounts, and platform users without one.",
    "users invitations": "List invitations that nobody used yet.",
    "tokens create": "Make a token for the HTTP API, and print it.",
    "tokens revoke": "End tokens.",
    "tokens rotate": "Make a new key that sign-ins are signed with.",
    "bot discord": "Answer on Discord. Needs DISCORD_TOKEN.",
    "bot slack": "Answer on Slack. Needs SLACK_BOT_TOKEN.",
}

EXAMPLES = {
    "ask": (
        'git diff | chatops ask "write a commit message"\n'
        'chatops ask -a chart.png "what does it show?"\n'
        'chatops ask -p translate -V language=French "Good morning"\n'
        'chatops ask --json "name three colours" | jq -r .text\n'
        'chatops ask --cid 019a --fork -m openai:gpt-5 "and you?"\n'
        'chatops ask --temporary=2h --key-file work.key -m openai:gpt-5 "between us"\n'
        "\n\b\n"
        "Exit codes: 0 a complete answer, 2 usage, 3 configuration or credentials,\n"
        "4 the provider refused or failed, 5 rate limit or budget, 6 network, time-out or\n"
        "an answer cut short, 7 the database, 8 no code block (-x), 130 Ctrl-C: what had\n"
        "come of the answer is printed and kept."
    ),
    "chat": (
        'chatops chat -m openai:gpt-5 -s "Be brief." --vi\n'
        "chatops chat --cid 019a --fork\n"
        "chatops chat --temporary -f notes.md\n"
        "\n\b\n"
        "/help in the session lists its commands and keys."
    ),
    "link": "chatops link K7QM-2WX9                     # after /chatops link on Slack or Discord",
    "login": "chatops login https://chat.example.org --email ada@example.org",
    "logout": "chatops logout",
    "whoami": "chatops whoami",
    "doctor": "chatops doctor\nchatops doctor --json | jq '.[] | select(.status != \"ok\")'",
    "serve": (
        "chatops serve --no-login                   # for you alone, at http://127.0.0.1:8787/\n"
        "chatops serve --socket ~/chatops.sock\n"
        "chatops serve --host 0.0.0.0 --port 8787 --with slack,discord"
    ),
    "completion": (
        "source <(chatops completion bash)          # in ~/.bashrc; likewise zsh\n"
        "chatops completion fish | source           # in config.fish"
    ),
    "history archive": "chatops history archive 019a 019b",
    "history unarchive": "chatops history unarchive 019a",
    "history keep": "chatops history keep 019a",
    "history tag": "chatops history tag 019a work\nchatops history tag -d 019a work\nchatops history ls --tag work",
    "history rename": "chatops history rename 019a Holiday plans",
    "history fork": 'chatops ask --cid $(chatops history fork 019a) "and in the other case?"',
    "history export": (
        "chatops history export 019a > talk.md\n"
        "chatops history export 019a --out talk.html\n"
        "chatops history export --all --out everything.zip    # lossless, to be imported again"
    ),
    "history import": (
        "chatops history import chatgpt-export.zip\n"
        "chatops history import --dry-run conversations.json\n"
        "ssh other chatops history export --all --format archive | chatops history import -"
    ),
    "history ls": "chatops history ls --limit 5\nchatops history ls --archived --json | jq -r '.[].title'",
    "history show": "chatops history show 019a | less\nchatops history show 019a --json | jq -r '.messages[-1].text'",
    "history search": "chatops history search capital france",
    "history rm": "chatops history rm 019a\nchatops history rm --yes 019a 019b",
    "history path": "sqlite3 $(chatops history path) 'select count(*) from messages'",
    "models ls": "chatops models ls\nchatops models ls --provider openai --json",
    "models show": "chatops models show openai:gpt-5",
    "models default": "chatops models default anthropic:claude-sonnet-5-5",
    "models alias": "chatops models alias quick openai:gpt-5-mini\nchatops models alias --remove quick",
    "models pull": "chatops models pull",
    "keys set": "chatops keys set openai\npass show openai | chatops keys set openai --file",
    "keys ls": "chatops keys ls",
    "keys rm": "chatops keys rm openai",
    "keys test": "chatops keys test\nchatops keys test openai --json",
    "presets ls": "chatops presets ls",
    "presets show": "chatops presets show reviewer",
    "presets save": (
        'chatops presets save reviewer -s "You review code. Be brief." -m openai:gpt-5\n'
        'chatops presets save translate --prompt "Translate into {{language}}: {{input}}" -V language=French\n'
        'chatops ask -p translate -V language=German "Good morning"'
    ),
    "presets edit": "chatops presets edit reviewer",
    "presets rm": "chatops presets rm reviewer",
    "presets import": "chatops presets import ~/.config/io.datasette.llm/templates/summary.yaml",
    "usage": "chatops usage --since 7d\nchatops usage --by day --json",
    "usage verify": "chatops usage verify",
    "db copy": "chatops db copy ~/.local/share/chatops/chatops.db mongodb://localhost/chatops",
    "db check": "chatops db check\nchatops db check backup.db",
    "db backup": 'chatops db backup "chatops-$(date +%F).db"',
    "db migrate": "chatops db migrate",
    "config show": "chatops config show\nchatops config show --json",
    "config path": 'cat "$(chatops config path)"',
    "config get": "chatops config get model",
    "config set": ("chatops config set render never\nchatops config set 'models.\"ollama:qwen3\".context' 32768"),
    "config unset": "chatops config unset render",
    "config edit": "chatops config edit",
    "users add": "chatops users add ada@example.org --name Ada",
    "users ls": "chatops users ls",
    "users rm": "chatops users rm bob@example.org",
    "users passwd": "chatops users passwd bob@example.org",
    "users role": "chatops users role bob@example.org admin",
    "users disable": "chatops users disable bob@example.org",
    "users enable": "chatops users enable bob@example.org",
    "users limit": "chatops users limit bob@example.org --budget 5/month --concurrent-turns 2",
    "users invite": "chatops users invite bob@example.org --expires 2d",
    "users invitations": "chatops users invitations",
    "users uninvite": "chatops users uninvite 019a",
    "tokens create": "chatops tokens create ci --scope chat --expires 90d",
    "tokens ls": "chatops tokens ls",
    "tokens revoke": "chatops tokens revoke 019a",
    "tokens rotate": "chatops tokens rotate",
    "bot slack": "SLACK_BOT_TOKEN=... SLACK_APP_TOKEN=... chatops bot slack",
    "bot discord": "DISCORD_TOKEN=... chatops bot discord",
}
"""By command. Tests read each as a command line."""


def add_examples(app: typer.Typer) -> None:
    """Puts lines and examples into the help of every command of the app."""
    for name, info in _commands(app, ""):
        if name in LINES:
            info.short_help = LINES[name]
        if name in EXAMPLES:
            info.epilog = f"Examples:\n\n\b\n{EXAMPLES[name]}"


def _commands(app: typer.Typer, above: str) -> Iterator[tuple[str, CommandInfo | TyperInfo]]:
    for command in app.registered_commands:
        said = command.name or getattr(command.callback, "__name__", "")
        yield f"{above}{said}", command
    for group in app.registered_groups:
        yield f"{above}{group.name}", group
        if group.typer_instance is not None:
            yield from _commands(group.typer_instance, f"{above}{group.name} ")
