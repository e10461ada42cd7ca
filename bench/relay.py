"""The least a Python relay does: aiohttp hands the upstream's bytes on. `python bench/relay.py PORT UPSTREAM_PORT`."""

from __future__ import annotations

import gc
import sys

import uvloop
from aiohttp import ClientSession, TCPConnector, web

_UPSTREAM = web.AppKey("upstream", ClientSession)


async def relay(request: web.Request) -> web.StreamResponse:
    body = await request.read()
    headers = {"Content-Type": "application/json"}
    async with request.app[_UPSTREAM].post("/v1/chat/completions", data=body, headers=headers) as answer:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
        return response


async def made(upstream: int) -> web.Application:
    app = web.Application()
    app[_UPSTREAM] = ClientSession(f"http://127.0.0.1:{upstream}", connector=TCPConnector(limit=0))
    app.router.add_post("/v1/chat/completions", relay)
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    return app


if __name__ == "__main__":
    web.run_app(
        made(int(sys.argv[2])),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        print=None,
        access_log=None,
        loop=uvloop.new_event_loop(),
    )
