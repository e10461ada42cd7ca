"""The sharding table of docs/scale.md against a real server's indexes, its results against its inputs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from chatops.engine.stores import mongo_schema
from chatops.engine.stores.mongo import MongoStore

ROOT = Path(__file__).parents[3]
SCALE = (ROOT / "docs" / "scale.md").read_text()
ROW = re.compile(r"^\| (`\w+`(?:, `\w+`)*) \| (?:`([^`]+)`|none)(?: \(hashed\))? \| (yes|no) \|", re.MULTILINE)


def plan() -> dict[str, tuple[list[str], bool]]:
    """By collection: its shard key, and whether its indexes allow it."""
    return {
        name: (key.split(", ") if key else [], allowed == "yes")
        for names, key, allowed in ROW.findall(SCALE)
        for name in re.findall(r"\w+", names)
    }


async def test_unique_indexes_begin_with_the_shard_key_where_the_plan_says_so(mongo_uri: str) -> None:
    await (await MongoStore.open(mongo_uri)).aclose()
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        db = client.get_default_database()
        for name, (key, allowed) in plan().items():
            unique = [
                [field for field, _ in index["key"]]
                for index in db[name].index_information().values()
                if index.get("unique")
            ]
            fits = not key or all(fields[: len(key)] == key for fields in unique)
            assert fits == allowed, (name, key, unique)


def test_the_plan_has_every_collection_that_grows() -> None:
    assert set(mongo_schema.COLLECTIONS) - set(plan()) == {"ledger_head"}


def test_what_follows_follows_from_the_inputs() -> None:
    sys.path.append(str(ROOT / "bench"))
    import capacity

    found = capacity.results(capacity.inputs(SCALE))

    assert capacity.table(found) in SCALE, "run `python bench/capacity.py` and put what it prints into docs/scale.md"
