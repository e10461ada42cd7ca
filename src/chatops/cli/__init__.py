"""The command line: one-shots, history, models, settings."""
