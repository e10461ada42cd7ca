from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from replica_rig import Replica, open_replica


@pytest.fixture
async def other(tmp_path: Path, redis_url: str) -> AsyncGenerator[Replica]:
    """A replica that runs no turn by itself."""
    async with open_replica(tmp_path / "chatops.db", redis_url) as replica:
        yield replica
