"""The Slack and Discord bots."""
