"""`CHATOPS_LOG_FORMAT=json`: every line of a server or bot is an object, with ids and without what was said."""

import asyncio
import json
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from peers import slack_api
from peers.journal import until
from peers.slack_api import FakeSlack
from program import Program
from serving import serving

SECRET = "pumpernickel"


def lines_of(told: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.splitlines()]


async def test_a_servers_lines_join_a_request_its_turn_and_its_person(tmp_path: Path) -> None:
    program = Program(tmp_path, CHATOPS_MODEL="echo:plain", CHATOPS_LOG_FORMAT="json")
    async with serving(program, "--no-login") as server:
        async with ClientSession(server.url) as http:
            headers = {"X-Request-Id": "r1"}
            await (await http.post("/api/chat", json={"message": SECRET}, headers=headers)).read()
        server.process.terminate()
        told = await server.rest()
    lines = {line["message"]: line for line in lines_of(told)}

    assert SECRET not in told
    assert lines["turn"]["request_id"] == lines["request"]["request_id"] == "r1"
    assert lines["turn"]["principal_id"] == lines["request"]["principal_id"]
    assert lines["turn"]["turn_id"]
    assert lines["request"]["client"] == "127.0.0.1"


async def test_a_bots_lines_name_the_platform_the_question_and_its_turn(tmp_path: Path) -> None:
    async with FakeSlack().running() as fake:
        (tmp_path / "config.toml").write_text(f'model = "echo:plain"\n[slack]\napi_base = "{fake.api_base}"\n')
        program = Program(
            tmp_path,
            CHATOPS_LOG_FORMAT="json",
            SLACK_BOT_TOKEN=slack_api.TOKEN,
            SLACK_APP_TOKEN=slack_api.APP_TOKEN,
        )
        process = await asyncio.create_subprocess_exec(
            *program.command("bot", "slack"), env=program.env, stderr=asyncio.subprocess.PIPE
        )
        assert process.stderr is not None
        first = await process.stderr.readline()
        await fake.events.say(f"<@UBOT> {SECRET}")
        await until(lambda: any(SECRET in message["text"] for message in fake.peek("C1")), 30)
        process.terminate()
        told = first + await process.stderr.read()
        await process.wait()
    (turn,) = [line for line in lines_of(told.decode()) if line["message"] == "turn"]

    assert SECRET not in told.decode()
    assert (turn["platform"], turn["surface"], turn["status"]) == ("slack", "slack", "complete")
    assert turn["question_id"]
    assert turn["turn_id"]
