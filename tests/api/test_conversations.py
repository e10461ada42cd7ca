"""Conversations over HTTP: pages, search, changes, forks."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from fakes import answer
from server import Server, open_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server, None]:
    async with open_server(tmp_path / "db", answer("a"), answer("b"), answer("c")) as server:
        yield server


async def pages(server: Server, path: str, key: str, **query: Any) -> list[list[dict[str, Any]]]:
    found, cursor = [], None
    while True:
        asked = query | ({"cursor": cursor} if cursor else {})
        page = await server.json("GET", path, params=asked)
        found.append(page[key])
        cursor = page.get("next_cursor")
        if cursor is None:
            return found


async def make(server: Server, count: int) -> list[str]:
    for n in range(count):
        server.rig.clock.advance(1000)
        await server.ask(f"question {n}", id=f"c{n}")
    return [f"c{n}" for n in range(count)]


async def test_pages_of_conversations_hold_each_once_whatever_is_added_meanwhile(server: Server) -> None:
    made = await make(server, 7)

    first = await server.json("GET", "/api/conversations", params={"limit": 3})
    server.rig.clock.advance(1000)
    await server.ask("another", id="new")
    second = await server.json("GET", "/api/conversations", params={"limit": 3, "cursor": first["next_cursor"]})
    third = await server.json("GET", "/api/conversations", params={"limit": 3, "cursor": second["next_cursor"]})

    seen = [one["id"] for page in (first, second, third) for one in page["conversations"]]
    assert seen == made[::-1]
    assert "next_cursor" not in third
    assert first["conversations"][0]["title"] == "question 6"


async def test_a_search_finds_conversations_with_the_words_that_matched(server: Server) -> None:
    await make(server, 3)

    found = (await server.json("GET", "/api/conversations", params={"q": "question 1"}))["conversations"]

    assert [one["id"] for one in found] == ["c1"]
    assert found[0]["match"]["text"] == "question 1"


async def test_what_matched_is_shown_though_it_stands_far_down(server: Server) -> None:
    await server.ask("a long beginning " * 100 + "and then a zebra crosses", id="far")

    (found,) = (await server.json("GET", "/api/conversations", params={"q": "Zebra"}))["conversations"]

    assert found["match"]["text"].startswith("…")
    assert found["match"]["text"].endswith("and then a zebra crosses")


async def test_a_conversation_is_renamed_tagged_put_away_and_deleted(server: Server) -> None:
    await make(server, 2)
    change = {"title": "Better", "tags": ["Work", "x"], "archived": True}

    changed = await server.json("PATCH", "/api/conversations/c0", json=change)

    assert (changed["title"], changed["archived"]) == ("Better", True)
    assert sorted(changed["tags"]) == ["work", "x"]
    assert changed == await server.json("GET", "/api/conversations/c0")
    listed = (await server.json("GET", "/api/conversations"))["conversations"]
    put_away = (await server.json("GET", "/api/conversations?archived=true&tag=WORK"))["conversations"]
    every = (await server.json("GET", "/api/conversations?archived=any"))["conversations"]
    assert [[one["id"] for one in page] for page in (listed, put_away, every)] == [["c1"], ["c0"], ["c1", "c0"]]

    assert await server.json("DELETE", "/api/conversations/c0", 204) is None
    for method in ("GET", "DELETE"):
        await server.error(method, "/api/conversations/c0", 404)
    await server.error("PATCH", "/api/conversations/c0", 404, json={})


async def test_messages_come_in_pages_from_the_end_of_the_branch(server: Server) -> None:
    for n in range(3):
        await server.ask(f"q{n}", id="c")

    found = await pages(server, "/api/conversations/c/messages", "messages", limit=4)

    assert [[message["text"] for message in page] for page in found] == [["q1", "b", "q2", "c"], ["q0", "a"]]


async def test_all_branches_come_in_pages_and_one_is_switched_to(server: Server) -> None:
    await server.ask("q0", id="c")
    first = (await server.json("GET", "/api/conversations/c/messages"))["messages"]
    await server.ask(id="c", message=None, trigger="regenerate-message")

    tree = await pages(server, "/api/conversations/c/messages", "messages", limit=2, branch="all")
    assert [[message["text"] for message in page] for page in tree] == [["q0", "a"], ["b"]]

    await server.json("PATCH", "/api/conversations/c", json={"leaf_id": first[-1]["id"]})
    active = (await server.json("GET", "/api/conversations/c/messages"))["messages"]
    assert [message["text"] for message in active] == ["q0", "a"]
    other = await server.json("GET", "/api/conversations/c/messages", params={"leaf_id": tree[1][0]["id"]})
    assert [message["text"] for message in other["messages"]] == ["q0", "b"]


async def test_a_fork_is_a_copy_of_its_own(server: Server) -> None:
    await server.ask("q0", id="c")

    copy = await server.json("POST", "/api/conversations/c/fork", 201, json={})

    assert copy["id"] != "c"
    messages = (await server.json("GET", f"/api/conversations/{copy['id']}/messages"))["messages"]
    assert [message["text"] for message in messages] == ["q0", "a"]
    await server.error("POST", "/api/conversations/c/fork", 404, json={"leaf_id": "nobody"})


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "cursor=!!", "cursor=WzFd", "cursor=WzEsMl0", "nonsense=1", "limit=1&limit=2"],
)
async def test_a_query_that_makes_no_sense_is_told(server: Server, query: str) -> None:
    error = await server.error("GET", f"/api/conversations?{query}", 422)

    assert error["code"] == "invalid_request"


async def test_models_are_those_that_the_providers_offer(server: Server) -> None:
    told = await server.json("GET", "/api/models")

    assert [model["id"] for model in told["models"]] == ["fake:m", "fake:one", "other:one"]
    assert told["default"] == "fake:m"
    assert told["models"][0] == {"id": "fake:m", "provider": "fake", "context": 1000, "max_output": 100}


async def test_readiness_tells_what_is_missing(server: Server) -> None:
    ready = await server.json("GET", "/readyz")
    assert ready == {"status": "ready", "checks": {"turns": "ok", "store": "ok", "provider": "ok"}}

    await server.rig.engine.drain()
    assert (await server.json("GET", "/readyz", 503))["checks"]["turns"] == "shutting down"
    error = await server.error("POST", "/api/chat", 503, json={"message": "hi"})
    assert (error["code"], error["retry_after"]) == ("shutdown", 5)

    await server.rig.store.aclose()
    assert (await server.json("GET", "/readyz", 503))["checks"]["store"] == "store_unavailable"
    await server.json("GET", "/livez")
