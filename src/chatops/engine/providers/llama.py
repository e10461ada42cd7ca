"""llama.cpp in this process, through xllamacpp: loading a model, and one answer as a stream of chunks."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

from chatops.engine.errors import SettingsError
from chatops.engine.providers.wire import Json

BATCH: Final = 64
"""Tokens of a prompt that are read in one go (0.3 s on a slow core): how long a stop, or another answer, waits."""

_WAYS_OUT: Final = (
    "Ways out: set a key such as OPENAI_API_KEY or ANTHROPIC_API_KEY; set the base_url of an OpenAI-compatible server; "
    "or make xllamacpp work here: install libgomp1 (Debian: apt-get install libgomp1) and a wheel for this platform "
    "(pip install xllamacpp)."
)


def load(path: Path, *, slots: int, context: int, threads: int, key: str | None = None) -> Any:
    """Loads a model; 0.2 s for the small one, in which no other Python thread runs.

    Args:
        path: A GGUF file.
        slots: Answers that can be made at once.
        context: Tokens that each of them may take, prompt included.
        threads: Cores to use. More than one pays only where no other program wants them: the threads of llama.cpp
            wait for each other in a busy loop (one: 71-130 tokens/s, two on two shared cores: 3-14).
        key: Lets its HTTP listener be used, by who knows the key. It is on loopback and cannot be switched off.

    Returns:
        An `xllamacpp.Server`.

    Raises:
        SettingsError: No xllamacpp for this machine, or the file is no model.
    """
    try:
        import xllamacpp
    except ImportError as error:
        raise SettingsError(f"The built-in model cannot run on this machine ({error}). {_WAYS_OUT}") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel, params.n_ctx = slots, slots * context
    params.n_batch = params.n_ubatch = BATCH
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = 64
    # Fitting the model to the memory takes longer than loading it.
    params.fit_params = False
    params.verbosity = -1
    params.api_keys = [key or os.urandom(24).hex()]
    params.cors_credentials = params.ui = params.endpoint_slots = False
    params.endpoint_metrics = True
    if key is None:
        params.n_threads_http = 1
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        raise SettingsError(
            f"The model file {path} cannot be loaded: it is damaged, or no GGUF file. "
            "`chatops models pull` brings the built-in one again if it is damaged."
        ) from error
    # Its threads must have begun to work: a server that goes away before that waits for them for ever.
    server.handle_metrics()
    return server


class Call:
    """One answer being made, in a thread of its own.

    The thread is no daemon: one that is inside llama.cpp when the interpreter goes away takes the process down with
    SIGABRT. After `stop`, or when the event loop is closed, it ends with the next token or batch of the prompt.
    """

    def __init__(self, server: Any, body: Json) -> None:
        """`server`: what `load` gave. `body`: a Chat Completions request that streams."""
        self._loop = asyncio.get_running_loop()
        self._chunks: asyncio.Queue[Json | None] = asyncio.Queue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(server, body), name="chatops-model")

    def stop(self) -> None:
        self._stopped.set()

    async def batches(self, silence: float) -> AsyncGenerator[list[Json], None]:
        """Yields all chunks that came since the last time. Closing it stops the call.

        Raises:
            TimeoutError: Nothing came for `silence` seconds.
        """
        self._thread.start()
        try:
            while True:
                async with asyncio.timeout(silence):
                    batch = [await self._chunks.get()]
                while not self._chunks.empty():
                    batch.append(self._chunks.get_nowait())
                yield [chunk for chunk in batch if chunk is not None]
                if batch[-1] is None:
                    return
        finally:
            self.stop()

    def _run(self, server: Any, body: Json) -> None:
        try:
            server.handle_chat_completions(body, self._take)
        except (RuntimeError, ValueError) as error:
            self._put({"error": {"type": "invalid_request_error", "message": str(error)}})
        finally:
            self._put(None)

    def _take(self, chunk: Json) -> bool:
        """llama.cpp's callback; true ends the answer."""
        self._put(chunk)
        return self._stopped.is_set()

    def _put(self, chunk: Json | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._chunks.put_nowait, chunk)
        except RuntimeError:
            # The event loop is closed: nobody listens any more.
            self.stop()
