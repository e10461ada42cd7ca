"""One answer at a time in a conversation; who comes later waits, and not without end."""

import asyncio

import pytest

from chatops.bots.lines import LONGEST, Lines
from chatops.engine.errors import ConflictError


async def test_first_come_first_served_and_the_line_has_an_end() -> None:
    lines, served, gate = Lines(), list[int](), asyncio.Event()

    async def one(number: int) -> None:
        async with lines.place("k"):
            served.append(number)
            await gate.wait()

    tasks = [asyncio.ensure_future(one(number)) for number in range(LONGEST + 2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(ConflictError, match="waiting here already"):
        await tasks[-1]
    async with lines.place("other"):
        gate.set()
    await asyncio.gather(*tasks[:-1])

    assert served == list(range(LONGEST + 1))
    assert lines._locks == {}
