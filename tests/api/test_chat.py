"""Turns over HTTP: start, read along, come back, stop."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chatops.engine.errors import ProviderUnavailableError
from chatops.engine.events import ReasoningDelta, TextDelta
from chatops.engine.messages import Principal
from chatops.engine.models import ModelSpec
from fakes import Step, answer
from rig import ME
from server import Server, events, open_server, text_of


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server, None]:
    async with open_server(tmp_path / "db", answer("Hel", "lo", tokens=2)) as server:
        yield server


async def test_a_turn_streams_in_the_ui_message_dialect(server: Server) -> None:
    async with server.http.post("/api/chat", json={"message": {"text": "hi"}}) as response:
        stream = await response.read()

    assert response.status == 200
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["x-vercel-ai-ui-message-stream"] == "v1"
    turn_id = response.headers["X-Turn-Id"]
    sent = events(stream)
    assert [f"{turn_id}:{n}" for n in range(1, len(sent) + 1)] == [event.id for event in sent]
    assert sent[-1].data == "[DONE]"
    types = [event.data["type"] for event in sent[:-1]]
    assert types == [
        "start",
        "data-conversation",
        "text-start",
        "text-delta",
        "text-delta",
        "data-usage",
        "text-end",
        "finish",
    ]
    assert text_of(stream) == "Hello"
    assert sent[1].data["data"]["id"] == response.headers["X-Conversation-Id"]
    assert await server.rig.texts() == ["hi", "Hello"]


@pytest.mark.parametrize(
    "body",
    [
        {"message": "hi"},
        {"message": {"text": "hi"}},
        {"message": {"role": "user", "content": "hi"}},
        {"message": {"id": "m1", "role": "user", "parts": [{"type": "text", "text": "hi"}]}},
        {
            "id": "Chat_1",
            "messages": [
                {"id": "m0", "role": "user", "parts": [{"type": "text", "text": "before"}]},
                {"id": "a0", "role": "assistant", "parts": [{"type": "step-start"}, {"type": "text", "text": "so"}]},
                {"id": "m1", "role": "user", "parts": [{"type": "text", "text": "hi"}]},
            ],
            "trigger": "submit-message",
            "extra": {"of": "the client"},
        },
    ],
)
async def test_a_message_may_come_in_every_form_that_clients_have(server: Server, body: object) -> None:
    async with server.http.post("/api/chat", json=body) as response:
        assert text_of(await response.read()) == "Hello"

    assert await server.rig.texts() == ["hi", "Hello"]


@pytest.mark.parametrize("data", ["text=hi", "message=hi&model=", '{"message": {"text": "hi"}}'])
async def test_plain_curl_is_understood(server: Server, data: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with server.http.post("/api/chat", data=data, headers=form) as response:
        assert text_of(await response.read()) == "Hello"

    assert await server.rig.texts() == ["hi", "Hello"]


async def test_a_file_comes_as_a_data_url(tmp_path: Path) -> None:
    async with open_server(tmp_path / "db", spec=ModelSpec(id="fake:m")) as server:
        await _send_files(server)


async def _send_files(server: Server) -> None:
    part = {"type": "file", "mediaType": "image/png", "filename": "a.png", "url": "data:image/png;base64,iVBORw0KGgo="}
    message = {"parts": [{"type": "text", "text": "what is it?"}, part]}
    async with server.http.post("/api/chat", json={"message": message}) as response:
        assert response.status == 200

    (request,) = server.rig.provider.requests
    (file,) = request.messages[-1].files
    assert (file.name, file.media_type, file.size) == ("a.png", "image/png", 8)

    part["url"] = "https://example.org/a.png"
    error = await server.error("POST", "/api/chat", 422, json={"message": message})
    assert "data: URL" in error["message"]


async def test_the_same_client_id_gives_the_same_turn_at_once_and_later(server: Server) -> None:
    streams = await asyncio.gather(*(server.ask("hi", client_id="one") for _ in range(10)))
    later = await server.ask("hi", client_id="one")

    assert {streams[0]} == {*streams, later}
    assert len(server.rig.provider.requests) == 1
    assert await server.rig.texts() == ["hi", "Hello"]


async def test_a_turn_asked_for_again_long_after_comes_in_one_piece(server: Server) -> None:
    first = await server.ask("hi", client_id="one")
    log = server.rig.engine._log
    log._forget(*next(iter(log._finished.items())))  # type: ignore[attr-defined]  # its time is over

    again = await server.ask("hi", client_id="one")

    assert text_of(first) == text_of(again) == "Hello"
    assert [event.id for event in events(again)] == [""] * len(events(again))
    assert len(server.rig.provider.requests) == 1


async def test_a_ui_messages_own_id_makes_a_retry_safe_and_an_edit_another_turn(server: Server) -> None:
    message = {"id": "m1", "role": "user", "parts": [{"type": "text", "text": "hi"}]}
    for _ in range(2):
        async with server.http.post("/api/chat", json={"id": "c1", "messages": [message]}) as response:
            await response.read()
    assert len(server.rig.provider.requests) == 1

    message["parts"] = [{"type": "text", "text": "hello"}]
    async with server.http.post("/api/chat", json={"id": "c1", "messages": [message], "messageId": "m1"}) as response:
        assert response.status == 200
        await response.read()
    assert await server.rig.texts() == ["hello", "Hello"]

    again = {"id": "c1", "messages": [message], "trigger": "regenerate-message"}
    for _ in range(2):
        async with server.http.post("/api/chat", json=again) as response:
            await response.read()
    assert len(server.rig.provider.requests) == 4


async def test_closing_the_page_does_not_stop_the_turn_and_coming_back_gives_the_whole_of_it(tmp_path: Path) -> None:
    go = asyncio.Event()
    async with open_server(tmp_path / "db", [TextDelta("Hel"), go, *answer("lo")]) as server:
        async with server.http.post("/api/chat", json={"id": "c1", "message": "hi"}) as response:
            first = await response.content.readuntil(b'"Hel"}\n\n')
        while server.app_streams.readers:
            await asyncio.sleep(0.001)

        reading = [asyncio.create_task(read(server, "c1")) for _ in range(3)]
        while server.app_streams.readers < 3:
            await asyncio.sleep(0.001)
        go.set()
        streams = await asyncio.gather(*reading)
        late = await read(server, "c1")

        assert {late} == set(streams)
        assert late.startswith(first)
        assert text_of(late) == "Hello"


async def read(server: Server, conversation_id: str, last: str = "") -> bytes:
    headers = {"Last-Event-ID": last} if last else {}
    async with server.http.get(f"/api/chat/{conversation_id}/stream", headers=headers) as response:
        assert response.status in {200, 204}
        return await response.read()


async def test_cut_anywhere_and_resumed_a_stream_is_the_same_to_the_byte(tmp_path: Path) -> None:
    script: list[Step] = [ReasoningDelta("hm"), *answer("Grüß", " ", "dich\n\n", "🙂", tokens=4)]
    async with open_server(tmp_path / "db", script) as server:
        whole = await server.ask("hi", id="c1")
        blocks = [block + b"\n\n" for block in whole.split(b"\n\n")[:-1]]
        ids = [event.id for event in events(whole)]

        for cut in range(len(blocks) + 1):
            had = b"".join(blocks[:cut])
            resumed = await read(server, "c1", ids[cut - 1] if cut else "")
            assert had + resumed == whole, f"cut after {cut}"
        assert await read(server, "c1", "another-turn:3") == whole
        assert await read(server, "c1", "nonsense") == whole


async def test_nothing_to_read_is_204_and_anothers_conversation_404(server: Server) -> None:
    await server.ask("hi", id="c1")
    log = server.rig.engine._log
    log._forget(*next(iter(log._finished.items())))  # type: ignore[attr-defined]  # its time is over

    async with server.http.get("/api/chat/c1/stream") as response:
        assert (response.status, await response.read()) == (204, b"")
    error = await server.error("GET", "/api/chat/nobody/stream", 404)
    assert error["code"] == "not_found"


async def test_stop_keeps_the_partial_and_tells_the_readers(tmp_path: Path) -> None:
    never = asyncio.Event()
    async with open_server(tmp_path / "db", [TextDelta("Hel"), never]) as server:
        asking = asyncio.create_task(server.ask("hi", id="c1"))
        while not server.rig.provider.requests:
            await asyncio.sleep(0.001)

        stopped = await server.json("POST", "/api/chat/c1/stop")
        stream = await asking
        again = await server.json("POST", "/api/chat/c1/stop")

        assert (stopped["stopped"], again["stopped"]) == (True, False)
        assert [event.data["type"] for event in events(stream)[-3:-1]] == ["data-error", "abort"]
        assert await server.rig.texts() == ["hi", "Hel"]
        assert (await server.rig.store.message(ME.user_id, stopped["turn_id"])).status == "interrupted"


async def test_an_interrupted_answer_goes_on(tmp_path: Path) -> None:
    failed: list[Step] = [TextDelta("Hel"), ProviderUnavailableError("gone", provider="fake")]
    async with open_server(tmp_path / "db", failed, answer("lo")) as server:
        first = await server.ask("hi", id="c1")
        assert events(first)[-2].data == {"type": "error", "errorText": "gone"}

        async with server.http.post("/api/chat", json={"id": "c1", "trigger": "continue-message"}) as response:
            assert text_of(await response.read()) == "Hello"


async def test_a_second_turn_in_a_running_conversation_is_a_conflict(tmp_path: Path) -> None:
    never = asyncio.Event()
    async with open_server(tmp_path / "db", [never]) as server:
        response = await server.http.post("/api/chat", json={"id": "c1", "message": "hi"})
        error = await server.error("POST", "/api/chat", 409, json={"id": "c1", "message": "and?"})
        assert error["code"] == "conflict"
        assert error["request_id"]
        await server.json("POST", "/api/chat/c1/stop")
        assert events(await response.read())[-1].data == "[DONE]"


async def test_another_owners_conversation_id_is_not_found(server: Server) -> None:
    stranger = Principal(user_id="stranger")
    from chatops.engine.requests import TurnRequest

    turn = await server.rig.engine.start_turn(stranger, TurnRequest(text="x", conversation_id="c1", create=True))
    await server.rig.over(turn.id)

    for method, path, body in (
        ("POST", "/api/chat", {"id": "c1", "message": "hi"}),
        ("GET", "/api/chat/c1/stream", None),
        ("POST", "/api/chat/c1/stop", None),
    ):
        error = await server.error(method, path, 404, json=body)
        assert error["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "there is no message"),
        ({"message": " "}, "prompt is empty"),
        ({"message": 5}, "message"),
        ({"message": {"parts": [{"type": "hologram"}]}}, "message.parts.0"),
        ({"messages": [{"role": "user", "parts": [{"type": "text"}]}]}, "parts.0.text.text"),
        ({"message": "hi", "id": "a/b"}, "conversation's id"),
        ({"message": "hi", "trigger": "explode"}, "trigger"),
        ({"message": "hi", "model": "nobody:x"}, "no model"),
        ({"trigger": "regenerate-message"}, "needs a conversation"),
        ({"message": "a\0b"}, "NUL"),
    ],
)
async def test_a_bad_body_is_told_what_is_wrong_with_it(server: Server, body: object, said: str) -> None:
    error = await server.error("POST", "/api/chat", 422, json=body)

    assert error["code"] == "invalid_request"
    assert said in error["message"]


async def test_more_streams_than_may_be_open_are_refused(tmp_path: Path) -> None:
    never = asyncio.Event()
    async with open_server(tmp_path / "db", [never], streams=2) as server:
        responses = [await server.http.post("/api/chat", json={"message": "hi"}) for _ in range(2)]
        async with server.http.post("/api/chat", json={"message": "hi"}) as response:
            assert response.status == 503
            assert int(response.headers["Retry-After"]) > 0
            assert json.loads(await response.text())["error"]["code"] == "overloaded"
        for one in responses:
            one.close()


async def test_a_turn_takes_every_parameter_that_a_terminal_has(server: Server) -> None:
    await server.ask(
        "hi",
        stop="END",
        options={"seed": 7},
        fallbacks=["other:one"],
        max_tokens=5,
        timeout=7.5,
    )

    (request,) = server.rig.provider.requests
    assert (request.sampling.stop, request.sampling.extra, request.sampling.max_tokens) == (("END",), {"seed": 7}, 5)
    assert request.silence == 7.5


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"options": {"n": 5}}, "n cannot be set"),
        ({"options": {"model": "x"}}, "model cannot be set"),
        ({"timeout": 0}, "time-out"),
        ({"timeout": 1e9}, "time-out"),
        ({"max_cost": "-1"}, "maximum cost"),
        ({"max_cost": "NaN"}, "max_cost"),
        ({"max_cost": "0.5"}, "price"),
        ({"fallbacks": ["other:one"] * 9}, "fallbacks"),
        ({"fallbacks": ["nobody:x"]}, "no model"),
    ],
)
async def test_a_parameter_that_cannot_be_had_is_refused_by_name(
    server: Server, more: dict[str, object], said: str
) -> None:
    error = await server.error("POST", "/api/chat", 422, json={"message": "hi", **more})

    assert said in error["message"]
    assert server.rig.provider.requests == []


async def test_what_is_not_stored_leaves_nothing_and_ends_with_its_client(tmp_path: Path) -> None:
    never = asyncio.Event()
    async with open_server(tmp_path / "db", answer("Hello"), [TextDelta("Hel"), never]) as server:
        assert text_of(await server.ask("hi", id="c1", store=False)) == "Hello"
        await server.error("GET", "/api/conversations/c1", 404)

        body = {"id": "c1", "message": "hi", "store": False}
        async with server.http.post("/api/chat", json=body) as response:
            await response.content.readuntil(b"text-delta")
        while server.rig.engine._runs:
            await asyncio.sleep(0.001)
        assert [row.status for row in await server.rig.ledger()] == ["complete", "interrupted"]


async def test_a_turn_is_stopped_by_the_name_that_its_client_gave_it(tmp_path: Path) -> None:
    never = asyncio.Event()
    async with open_server(tmp_path / "db", [TextDelta("Hel"), never]) as server:
        asking = asyncio.create_task(server.ask("hi", id="c1", client_id="mine"))
        while not server.rig.provider.requests:
            await asyncio.sleep(0.001)

        other = await server.json("POST", "/api/chat/c1/stop", json={"client_id": "another"})
        assert other["stopped"] is False
        assert not asking.done()
        stopped = await server.json("POST", "/api/chat/c1/stop", json={"client_id": "mine"})
        assert stopped["stopped"] is True
        assert events(await asking)[-2].data == {"type": "abort"}


async def test_a_turn_that_is_being_started_is_stopped_once_it_has_begun(tmp_path: Path) -> None:
    never, slow = asyncio.Event(), asyncio.Event()
    async with open_server(tmp_path / "db", [never]) as server:
        server.rig.store.beginning = slow
        asking = asyncio.create_task(server.ask("hi", id="c1", client_id="mine"))
        while not server.rig.engine._once._starting:
            await asyncio.sleep(0.001)
        stopping = asyncio.create_task(server.json("POST", "/api/chat/c1/stop", json={"client_id": "mine"}))
        await asyncio.sleep(0.02)
        assert not stopping.done()
        slow.set()

        assert (await stopping)["stopped"] is True
        assert events(await asking)[-2].data == {"type": "abort"}
