"""What a session at a prompt asks: branches, the window, every hit, conversations by the beginning of an id."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chatops.engine.messages import Principal
from chatops.engine.requests import TurnRequest
from fakes import answer
from server import Server, open_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server, None]:
    async with open_server(tmp_path / "db", answer("a"), answer("b"), answer("c")) as server:
        yield server


async def test_branches_are_listed_newest_end_first_with_where_they_part(server: Server) -> None:
    await server.ask("q0", id="c")
    await server.ask("q1", id="c")
    await server.ask(id="c", message=None, trigger="regenerate-message")

    found = (await server.json("GET", "/api/conversations/c/branches"))["branches"]

    assert [(one["start"]["text"], one["end"]["text"], one["length"]) for one in found] == [
        ("c", "c", 4),
        ("b", "b", 4),
    ]
    one = await server.json("GET", "/api/conversations/c")
    assert one["leaf_id"] == found[0]["end"]["id"]
    assert len((await server.json("GET", "/api/conversations/c/branches?limit=1"))["branches"]) == 1
    await server.error("GET", "/api/conversations/nobody/branches", 404)


async def test_the_window_is_told_part_by_part(server: Server) -> None:
    await server.ask("q0", id="c")

    view = await server.json("POST", "/api/context", json={"id": "c", "system": "be brief", "count_all": True})

    assert [(one["role"], one["text"]) for one in view["messages"]] == [("user", "q0"), ("assistant", "a")]
    assert (view["model"], view["window"], view["is_known"], view["is_cut"]) == ("fake:m", 1000, True, False)
    assert view["used"] == view["system"] + sum(one["tokens"] for one in view["messages"])
    assert view["used"] + view["left"] + view["reserve"] == view["window"]
    assert view["passed_over"] == {"messages": 0, "tokens": 0}
    blank = await server.json("POST", "/api/context", json={})
    assert (blank["messages"], blank["used"]) == ([], 0)
    await server.error("POST", "/api/context", 404, json={"id": "nobody"})
    await server.error("POST", "/api/context", 422, json={"id": "c", "model": "nobody:x"})


async def test_a_search_finds_every_message_with_its_conversation(server: Server) -> None:
    await server.ask("blue sky", id="c")
    server.rig.clock.advance(1000)
    await server.ask("blue sea", id="c")

    hits = (await server.json("GET", "/api/search?q=blue"))["hits"]

    assert [(hit["message"]["text"], hit["conversation"]["id"]) for hit in hits] == [
        ("blue sea", "c"),
        ("blue sky", "c"),
    ]
    assert len((await server.json("GET", "/api/search?q=blue&limit=1"))["hits"]) == 1
    await server.error("GET", "/api/search", 422)


async def test_the_beginning_of_an_id_finds_the_one_that_it_fits(server: Server) -> None:
    for id_ in ("abcd-one", "abcd-two", "Efgh-one"):
        await server.ask("q", id=id_)

    assert (await server.json("GET", "/api/find/abcd-o"))["id"] == "abcd-one"
    assert (await server.json("GET", "/api/find/Efgh"))["id"] == "Efgh-one"
    assert "fits several" in (await server.error("GET", "/api/find/abcd", 422))["message"]
    assert "too short" in (await server.error("GET", "/api/find/abc", 422))["message"]
    await server.error("GET", "/api/find/nobody", 404)
    await server.error("GET", "/api/find/a%2Fb..", 404)


async def test_another_owners_conversations_are_not_there(server: Server) -> None:
    stranger = Principal(user_id="stranger")
    request = TurnRequest(text="secret words", conversation_id="theirs", create=True)
    turn = await server.rig.engine.start_turn(stranger, request)
    await server.rig.over(turn.id)

    for path in ("/api/conversations/theirs/branches", "/api/find/theirs", "/api/export?ids=theirs"):
        assert (await server.error("GET", path, 404))["code"] == "not_found"
    await server.error("POST", "/api/context", 404, json={"id": "theirs"})
    assert (await server.json("GET", "/api/search?q=secret"))["hits"] == []
