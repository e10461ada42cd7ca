"""The HTTP API and its wire formats."""
