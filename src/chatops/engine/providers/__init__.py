"""Model providers, one protocol each."""
