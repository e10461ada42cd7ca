"""Conversations in and out: exports of other programs, our own archive, pages to read."""
