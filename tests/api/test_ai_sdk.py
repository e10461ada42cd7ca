"""The AI SDK's own transport and reader (npm `ai`) over our streams: it checks every part, and refuses what it does not
know. It is installed by npm on first use, from the lock file beside its script.
"""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

from chatops.engine.events import ReasoningDelta
from fakes import answer
from server import open_server

JS = Path(__file__).parents[1] / "js"


def installed() -> Path:
    """Node.js, with the packages of `tests/js`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node is not None, "this test needs Node.js 20 or newer: deploy/debian-packages.sh test"
    assert npm is not None
    if not (JS / "node_modules" / "ai").exists():
        subprocess.run([npm, "ci", "--silent", "--no-audit", "--no-fund"], cwd=JS, check=True, timeout=300)
    return Path(node)


async def test_the_ai_sdk_reads_a_turn_a_resumed_turn_and_another_answer(tmp_path: Path) -> None:
    node = await asyncio.to_thread(installed)
    first = [ReasoningDelta("hm"), *answer("Hel", "lo", tokens=2)]
    async with open_server(tmp_path / "db", first, answer("Hi!")) as server:
        process = await asyncio.create_subprocess_exec(
            node, JS / "read_stream.js", server.url, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        told = json.loads(out)

        assert told["asked"] == told["resumed"]
        message = told["asked"]["message"]
        said = {part["type"]: part.get("text") for part in message["parts"]}
        assert (message["role"], said["reasoning"], said["text"]) == ("assistant", "hm", "Hello")
        assert message["metadata"]["usage"]["output_tokens"] == 2
        assert message["id"] != told["regenerated"]["message"]["id"]
        assert await server.rig.texts() == ["hi", "Hi!"]
