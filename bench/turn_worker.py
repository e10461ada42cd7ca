"""One of several processes that use a database at once: `turn_worker.py NAME TURNS`.

Says `ready`, waits for a line, asks `NAME-0`, `NAME-1`, ..., each in a new conversation, says `done`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from chatops.bootstrap import open_engine
from chatops.engine.messages import LOCAL_OWNER, Principal
from chatops.engine.requests import TurnRequest
from chatops.settings import load

ME = Principal(user_id=LOCAL_OWNER)


async def main(name: str, turns: int) -> None:
    async with open_engine(load(os.environ, Path())) as engine:
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(turns):
            async with engine.turn(ME, TurnRequest(text=f"{name}-{number}")) as events:
                async for _ in events:
                    pass
        print("done", flush=True)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
