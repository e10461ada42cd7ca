from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from rig import Rig, open_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncGenerator[Rig, None]:
    async with open_rig(tmp_path / "chatops.db") as opened:
        yield opened
