"""Faults under load, and what must hold after them. `python -m chaos` is the long form (`make chaos`)."""
