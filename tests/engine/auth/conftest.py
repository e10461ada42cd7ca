"""An auth rig of its own for every test."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from auth_rig import AuthRig, open_auth


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncGenerator[AuthRig]:
    async with open_auth(tmp_path) as opened:
        yield opened
