"""The numbered events of running turns."""
