"""Replicas as processes on one MongoDB and one Redis: any of them shows, stops and survives what another one runs."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError
from pymongo import MongoClient

from peers.fleet import Replica, fleet, read_all
from peers.redis import RedisServer
from server import events, text_of

pytestmark = pytest.mark.slow


async def test_any_replica_shows_stops_and_survives_what_another_one_runs(
    tmp_path: Path, mongo_uri: str, redis_url: str, redis_server: RedisServer
) -> None:
    model = {"CHATOPS_MODEL": "echo:plain-d20-n80"}
    async with fleet(tmp_path, 2, database=mongo_uri, redis=redis_url, **model) as made:  # they take seconds to start
        home, other = made.replicas
        await every_replica_sends_the_same_bytes_and_goes_on_where_another_was_left(home, other)
        await any_replica_stops_a_turn(home, other)
        await a_redis_that_is_killed_and_started_again_costs_no_reader_a_word(home, other, redis_server)
        await a_killed_replicas_turn_ends_for_those_who_read_it_elsewhere(home, other, mongo_uri)


async def ask(replica: Replica, conversation: str, **body: str) -> bytes:
    """Starts a turn and reads it to its end, or to that of its server."""
    seen = b""
    with contextlib.suppress(ClientError):
        async with replica.http.post(
            "/api/chat", json={"id": conversation, "message": "one two three", **body}
        ) as response:
            assert response.status == 200, await response.text()
            async for piece in response.content.iter_any():
                seen += piece
    return seen.replace(b": ping\n\n", b"")


async def last(replica: Replica, conversation: str) -> dict[str, object]:
    async with replica.http.get(f"/api/conversations/{conversation}/messages") as response:
        if response.status != 200:
            return {}
        message: dict[str, object] = (await response.json())["messages"][-1]
        return message


async def running(replica: Replica, conversation: str) -> None:
    """Waits until a turn of that conversation has words."""
    while len(str((await last(replica, conversation)).get("text", ""))) < 20:
        await asyncio.sleep(0.02)


async def every_replica_sends_the_same_bytes_and_goes_on_where_another_was_left(home: Replica, other: Replica) -> None:
    asking = asyncio.create_task(ask(home, "c1", client_id="q1"))
    await running(other, "c1")
    again = asyncio.create_task(ask(other, "c1", client_id="q1"))
    along = await asyncio.gather(*(read_all(other, "c1") for _ in range(3)))
    whole = await asking

    assert along == [whole] * 3
    assert await again == whole
    assert await read_all(other, "c1") == whole
    frames = whole.split(b"\n\n")
    for had in (1, len(frames) // 2, len(frames) - 3):
        last_id = frames[had - 1].partition(b"\n")[0].removeprefix(b"id: ").decode()
        assert await read_all(other, "c1", last_id=last_id) == b"\n\n".join(frames[had:])


async def any_replica_stops_a_turn(home: Replica, other: Replica) -> None:
    asking = asyncio.create_task(ask(home, "c2"))
    await running(other, "c2")
    async with other.http.post("/api/chat/c2/stop") as response:
        assert (await response.json())["stopped"] is True
    kept = await last(other, "c2")

    assert (kept["status"], kept["text"]) == ("interrupted", text_of(await asking))
    async with other.http.post("/api/chat/c2/stop") as response:
        assert (await response.json())["stopped"] is False


async def a_killed_replicas_turn_ends_for_those_who_read_it_elsewhere(
    home: Replica, other: Replica, mongo_uri: str
) -> None:
    asking = asyncio.create_task(ask(home, "c4"))
    await running(other, "c4")
    reading = asyncio.create_task(read_all(other, "c4"))
    await asyncio.sleep(0.05)
    home.kill()
    here = await asking
    with MongoClient[dict[str, Any]](mongo_uri) as client:  # the lease runs out
        client.get_default_database().messages.update_many({"status": "streaming"}, {"$set": {"lease_expires_at": 1}})
    there = await reading
    told = [event.data for event in events(there)]

    assert told[-1] == "[DONE]"
    assert told[-3]["data"]["code"] == "abandoned"
    assert there.startswith(here[: here.rfind(b"\n\n", 0, -200)])
    kept = await last(other, "c4")
    assert kept["status"] == "interrupted"
    assert text_of(there).startswith(str(kept["text"]))
    going_on = {"id": "c4", "trigger": "continue-message", "model": "echo:plain"}
    async with other.http.post("/api/chat", json=going_on) as response:
        assert text_of(await response.read()).startswith(str(kept["text"]))


async def a_redis_that_is_killed_and_started_again_costs_no_reader_a_word(
    home: Replica, other: Replica, redis_server: RedisServer
) -> None:
    asking = asyncio.create_task(ask(home, "c3"))
    await running(other, "c3")
    reading = asyncio.create_task(read_all(other, "c3"))
    await asyncio.sleep(0.05)
    redis_server.kill()
    try:
        while True:
            async with other.http.get("/readyz") as response:
                told = await response.json()
            assert (response.status, told["status"]) == (200, "ready")
            if told["checks"]["redis"] == "unreachable":
                break
            await asyncio.sleep(0.01)
    finally:
        redis_server.start()

    assert await reading == await asking
    async with other.http.get("/readyz") as response:
        assert (await response.json())["checks"]["redis"] == "ok"
