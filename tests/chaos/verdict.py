"""What must hold after all of it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

from aiohttp import ClientSession
from pymongo import MongoClient

from chaos.clients import Asked
from chaos.cluster import PACE, ROOMY, TIGHT, WORDS, Cluster

BATCH_WORDS = 250 // PACE + 30
"""Words that a dead process may have shown and not stored: 250 ms, and some for a machine that is busy with dying."""
LEASE_SECONDS = 40
FIRST = "person0"


@dataclass
class Verdict:
    turns: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    cuts: int = 0
    read_along: int = 0
    wrong: list[str] = field(default_factory=list)


def answer_to(question: str) -> str:
    """What the echo provider says to it, whole."""
    return " ".join(islice(cycle(question.split()), WORDS))


async def judge(cluster: Cluster, asked: Iterable[Asked]) -> Verdict:
    """Looks at what is stored of every question that was acknowledged, and at the ledger."""
    verdict = Verdict()
    for one in asked:
        verdict.refused += bool(one.refused)
        verdict.cuts += one.cuts
        if one.turn_id:
            await _judge_turn(cluster, one, verdict)
        elif not one.refused:
            verdict.wrong.append(f"{one.client_id}: neither taken nor refused in all its tries, at last: {one.last}")
    await _judge_ledger(cluster, verdict)
    return verdict


async def _judge_turn(cluster: Cluster, one: Asked, verdict: Verdict) -> None:
    stored = await _settled(cluster, one)
    whole = answer_to(one.question)
    verdict.turns += 1
    verdict.read_along += len(one.readers)
    if [message["role"] for message in stored] != ["user", "assistant"] or stored[0]["text"] != one.question:
        verdict.wrong.append(f"{one.client_id}: stored is {json.dumps(stored)[:300]}")
        return
    answer = stored[1]
    verdict.statuses[answer["status"]] += 1
    verdict.wrong += [f"{one.client_id}: {what}" for what in faults_of(answer, one, whole)]


def faults_of(answer: dict[str, Any], one: Asked, whole: str) -> Iterable[str]:
    """What is wrong with a stored answer, beside what its reader saw."""
    text, status = answer["text"], answer["status"]
    if answer["id"] != one.turn_id:
        yield f"another answer than the one that was acknowledged: {answer['id']}, {one.turn_id}"
    if status == "streaming":
        yield "still streaming when every lease is over"
    if status == "complete" and text != whole:
        yield f"complete, and not whole: {len(text)} of {len(whole)}"
    if not whole.startswith(text):
        yield f"stored is {text!r}"
    if not whole.startswith(one.seen):
        yield f"seen was {one.seen!r}"
    if one.end == "finish" and (status, one.seen) != ("complete", whole):
        yield f"its reader was told that it is complete; it is {status}, {len(one.seen)} of {len(whole)} were seen"
    if len(one.seen.split()) - len(text.split()) > BATCH_WORDS:
        yield f"{len(one.seen.split())} words were seen, {len(text.split())} are stored"
    if any(reader != whole for reader in one.readers):
        yield "somebody who read along got another text"


async def _settled(cluster: Cluster, one: Asked) -> list[dict[str, Any]]:
    """The conversation's messages, once no lease can be open."""
    async with ClientSession(cluster.nginx.url, headers={"Authorization": f"Bearer {one.token}"}) as http:
        found: list[dict[str, Any]] = []
        for _ in range(LEASE_SECONDS):
            async with http.get(f"/api/conversations/{one.conversation_id}/messages") as response:
                found = (await response.json()).get("messages", [])
                if response.status == 200 and found[-1]["status"] != "streaming":
                    break
            await asyncio.sleep(1)
        return found


def _still_held(cluster: Cluster) -> int:
    """Turns whose process died before it settled them: whoever meets them after a minute writes their rows."""
    with MongoClient[dict[str, Any]](cluster.mongo.uri("chaos")) as client:
        return client["chaos"]["open_turns"].count_documents({})


async def _judge_ledger(cluster: Cluster, verdict: Verdict) -> None:
    """No budget is passed, and no row was lost or altered."""
    program = cluster.programs[0]
    rows = json.loads((await asyncio.to_thread(program.run, "usage", "--by", "user", "--json")).out)
    for row in rows:
        used = row["input_tokens"] + row["output_tokens"]
        budget = TIGHT if row["name"] == FIRST else ROOMY
        if used > budget:
            verdict.wrong.append(f"a budget of {budget} tokens was passed: {row}")
    settled, held = sum(row["turns"] for row in rows), await asyncio.to_thread(_still_held, cluster)
    if settled + held < verdict.statuses["complete"]:
        verdict.wrong.append(f"{settled} rows in the ledger and {held} turns to settle: {verdict.statuses}")
    checked = await asyncio.to_thread(program.run, "usage", "verify")
    if checked.code:
        verdict.wrong.append(f"usage verify: {checked.out}{checked.err}")
