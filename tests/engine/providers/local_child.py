"""A process that uses the embedded model, run by the tests: CACHE PROMPT [return|exit|interrupt|reload].

With a third argument it ends in that way while the answer, or the reading of the prompt, goes on; `reload` loads and
closes again and again, and asks nothing.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from chatops.engine.errors import ChatopsError
from chatops.engine.events import TextDelta
from chatops.engine.messages import Message, TextPart
from chatops.engine.ports import ChatRequest
from chatops.engine.providers.local import LocalProvider


async def main(cache: str, prompt: str, way: str = "") -> None:
    provider = LocalProvider(cache_dir=Path(cache), slots=1)
    message = Message(id="m", conversation_id="c", role="user", parts=(TextPart(text=prompt),), created_at=0)
    answer = provider.stream(ChatRequest(model=provider.model, messages=[message]))
    if not way:
        async for event in answer:
            sys.stdout.write(event.text if isinstance(event, TextDelta) else "")
        return
    if way == "reload":
        for _ in range(5):
            await provider.load()
            await provider.aclose()
        return
    await provider.load()
    reading = asyncio.ensure_future(anext(answer))
    await asyncio.wait([reading], timeout=0.5)
    if way == "exit":
        sys.exit(3)
    if way == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)


try:
    asyncio.run(main(*sys.argv[1:]))
except ChatopsError as error:
    sys.stdout.write(f"{error.code}: {error}")
