from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from talk import Talk, open_talk


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncGenerator[Talk, None]:
    async with open_talk(tmp_path) as opened:
        yield opened
