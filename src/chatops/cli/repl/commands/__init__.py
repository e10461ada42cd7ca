"""The slash commands, in the groups that `/help` shows."""

from __future__ import annotations

from chatops.cli.repl.commands import answers, conversations, files, labels, models, screen, tree
from chatops.cli.repl.registry import Registry

REGISTRY = Registry(
    ("Conversations", (*conversations.COMMANDS, *labels.COMMANDS)),
    ("Branches", tree.COMMANDS),
    ("Models", models.COMMANDS),
    ("Answers", answers.COMMANDS),
    ("Files", files.COMMANDS),
    ("Screen", screen.COMMANDS),
)
