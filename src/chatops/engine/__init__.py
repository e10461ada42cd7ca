"""The engine: conversations, turns, providers and stores. It knows no front end, framework or configuration file."""
