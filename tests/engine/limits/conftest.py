"""Databases that several processes share."""

from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "mongo"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty one of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'chatops.db'}"
    address: str = request.getfixturevalue("mongo_uri")
    return address
