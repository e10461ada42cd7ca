"""chatops: AI conversations for small teams, in terminal, Slack, Discord and on the web."""

__version__ = "0.1.0"
