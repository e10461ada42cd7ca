"""Slack and Discord: one reply machine, two platforms over it."""
