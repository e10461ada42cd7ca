"""The renderer under asyncio: somebody has to draw when no text comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chatops.cli.render import INTERVAL, Renderer


@asynccontextmanager
async def drawing(renderer: Renderer) -> AsyncGenerator[Renderer, None]:
    """Draws what is pending while the body feeds the renderer; finishes it, or aborts it when the body raises."""
    ticker = asyncio.create_task(_tick(renderer))
    try:
        yield renderer
    except BaseException:
        renderer.abort()
        raise
    else:
        renderer.finish()
    finally:
        ticker.cancel()
        await asyncio.gather(ticker, return_exceptions=True)


async def _tick(renderer: Renderer) -> None:
    while True:
        wait = renderer.due()
        # Also when nothing is pending: the terminal may be resized.
        await asyncio.sleep(INTERVAL if wait is None else wait)
        renderer.tick()
