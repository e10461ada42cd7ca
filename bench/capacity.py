"""The capacity model of docs/scale.md: `python bench/capacity.py` reads its inputs and prints what follows.

Figures that are assumed stand in one table, those that were measured in the other; a test holds the third to this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import ceil
from pathlib import Path

SCALE = Path(__file__).parents[1] / "docs" / "scale.md"
DAY, YEAR, KIB, MIB, GIB, TIB = 86_400, 365, 2**10, 2**20, 2**30, 2**40
ROOM = 0.6
"""How full a core may be on average in the busy hour."""


def inputs(text: str) -> dict[str, float]:
    """The numbers of the rows `| name | 1,000 unit |`, by name."""
    rows = re.findall(r"^\| ([a-z][^|]*?) \| ([\d,.]+)(?: [^|]*)? \|", text, re.MULTILINE)
    return {name: float(number.replace(",", "")) for name, number in rows}


def results(given: Mapping[str, float]) -> dict[str, str]:
    """What the inputs ask for, in the busy hour and in a year."""
    turns_a_day = given["people"] * given["active in a day"] / 100 * given["turns of one who is active"]
    turns = turns_a_day / DAY * given["busy hour to mean"]
    seconds = given["answer"] / given["tokens a second"]
    streams = turns * seconds * given["readers of a stream"]
    elsewhere = given["a token read elsewhere"] * given["turns read on another server"] / 100
    token = given["a streamed token here"] + given["a token's copy to Redis"] + elsewhere
    token_cores = turns * given["answer"] * token / 1e6
    turn_cores = turns * given["a turn's own work here"] / 1e3
    mongod_cores = turns * given["a turn's work in mongod"] / 1e3
    servers = max(ceil((token_cores + turn_cores) / ROOM), ceil(streams / given["streams of a process"]), 2)
    memory = servers * given["an empty process"] / KIB + streams * given["an open stream"] / MIB
    text = turns_a_day * YEAR * (given["a turn's documents"] + given["a turn's indexes"]) * KIB
    files = turns_a_day * YEAR * given["turns with a file"] / 100 * given["a file"] * KIB
    by_disk = ceil((text + files) / (given["disk of a member"] * TIB))
    shards = max(by_disk, ceil(mongod_cores / ROOM / given["cores of a member"]))
    out = streams * given["tokens a second"] * given["a token on the wire"] / MIB
    return {
        "turns a second, busy hour": f"{turns:,.0f}",
        "answers at once": f"{turns * seconds:,.0f}",
        "open streams": f"{streams:,.0f}",
        "cores of chatops": f"{token_cores + turn_cores:,.1f}",
        "processes, each of one core": f"{servers:,}",
        "memory of them": f"{memory:,.1f} GiB",
        "MongoDB, statements a second": f"{turns * given['statements a turn']:,.0f}",
        "MongoDB, cores": f"{mongod_cores:,.1f}",
        "MongoDB, text and indexes a year": f"{text / TIB:,.1f} TiB a member",
        "MongoDB, attachments a year": f"{files / TIB:,.1f} TiB a member",
        "shards after a year, by disk and by cores": f"{shards:,}",
        "ledger, of what its one chain carries": f"{turns / given['ledger rows a second'] * 100:,.0f} %",
        "Redis, events a second": f"{turns * seconds * given['events of a stream through Redis']:,.0f}",
        "network, to people": f"{out:,.1f} MiB/s",
    }


def table(found: Mapping[str, str]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in found.items())])


if __name__ == "__main__":
    print(table(results(inputs(SCALE.read_text()))))
