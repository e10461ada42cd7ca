"""A chatops server as if its engine were here: what `ask`, `chat`, `history` and `usage` call, over the HTTP API."""
