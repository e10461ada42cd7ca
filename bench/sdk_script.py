"""The least that streams an answer through the official SDK, as its README does: `sdk_script.py MODEL PROMPT`."""

import asyncio
import sys

from openai import AsyncOpenAI


async def main(model: str, prompt: str) -> None:
    stream = await AsyncOpenAI().chat.completions.create(
        model=model, messages=[{"role": "user", "content": prompt}], stream=True
    )
    async for chunk in stream:
        if chunk.choices:
            print(chunk.choices[0].delta.content or "", end="", flush=True)
    print()


asyncio.run(main(sys.argv[1], sys.argv[2]))
