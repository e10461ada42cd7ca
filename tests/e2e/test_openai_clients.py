"""Programs that speak to OpenAI, pointed at `chatops serve` and otherwise as they are."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from program import Program
from serving import serving


async def test_pypis_llm_streams_through_the_server(tmp_path: Path) -> None:
    program = Program(tmp_path, CHATOPS_MODEL="echo:plain", CHATOPS_LOG_LEVEL="warning")
    home = tmp_path / "llm"
    home.mkdir()
    async with serving(program, "--no-login") as server:
        model = f"- model_id: ours\n  model_name: echo:plain\n  api_base: {server.url}/v1\n"
        (home / "extra-openai-models.yaml").write_text(model)
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "llm", "-m", "ours", "--key", "any", "all of these words"],
            env={"PATH": os.environ["PATH"], "HOME": str(home), "LLM_USER_PATH": str(home)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert (done.returncode, done.stdout) == (0, "all of these words\n"), done.stderr
