"""The embedded model for tests: its weights, and its own HTTP server as a peer that speaks both real protocols."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatops import paths
from chatops.engine.providers import llama
from chatops.engine.providers.weights import SMOLLM2, fetch, find

# Read before any test sets another home: 94 MB are fetched once a machine, not once a run.
CACHE = paths.find(os.environ).models


def weights() -> Path:
    """The real weights, fetched when they are missing. Fails, and does not skip, when they cannot be had."""
    return find(CACHE) or asyncio.run(fetch(CACHE, lambda _here, _all: None))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelServer:
    """llama.cpp's HTTP server: Chat Completions below `openai_url`, Messages below `anthropic_url`."""

    openai_url: str
    anthropic_url: str
    key: str
    model: str


@contextmanager
def model_server(path: Path, *, context: int = 2048) -> Iterator[ModelServer]:
    """Serves the model on loopback, two answers at a time, `context` tokens each, until the block ends."""
    key = "made-up-key-of-the-peer"
    server = llama.load(path, slots=2, context=context, threads=1, key=key)
    address = server.listening_address
    yield ModelServer(openai_url=f"{address}/v1", anthropic_url=address, key=key, model=SMOLLM2.model)
    del server
