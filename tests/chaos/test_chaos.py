"""Three replicas behind nginx lose a replica, the primary and Redis in turn, under load: `make chaos` in small."""

from pathlib import Path
from typing import Any

import pytest

from chaos.clients import Asked
from chaos.run import chaos
from chaos.verdict import answer_to, faults_of

QUESTION = "mark p0-0 and more"
WHOLE = answer_to(QUESTION)


@pytest.mark.slow
async def test_no_acknowledged_message_is_lost_and_every_turn_ends_truthfully(tmp_path: Path) -> None:
    told: list[str] = []
    verdict = await chaos(tmp_path, people=3, clients=24, seconds=0, pause=2, tell=told.append)

    assert verdict.wrong == []
    assert verdict.turns > 24
    assert verdict.statuses["complete"] > 0
    assert verdict.cuts > 0, "nothing was cut: this was no chaos"
    assert verdict.read_along > 0, "nobody read a turn at another replica"


def test_a_turn_that_is_as_its_reader_saw_it_is_right() -> None:
    assert found({}, seen=WHOLE, end="finish") == []
    assert found({"text": WHOLE[:40], "status": "interrupted"}, seen=WHOLE[:60], end="error") == []


@pytest.mark.parametrize(
    ("answer", "seen", "end"),
    [
        ({"id": "another"}, WHOLE, "finish"),
        ({"status": "streaming", "text": WHOLE[:20]}, WHOLE[:20], ""),
        ({"text": WHOLE[:-1]}, WHOLE[:-1], ""),
        ({"text": "what nobody said", "status": "interrupted"}, "", ""),
        ({"status": "interrupted"}, WHOLE, "finish"),
        ({}, WHOLE[:-4], "finish"),
        ({}, WHOLE[:20] + WHOLE[10:], ""),
        ({"text": "", "status": "interrupted"}, WHOLE, ""),
    ],
    ids=["another", "streaming", "not whole", "altered", "told complete", "cut short", "twice", "lost"],
)
def test_the_verdict_finds_what_is_wrong(answer: dict[str, Any], seen: str, end: str) -> None:
    assert found(answer, seen=seen, end=end)


def test_the_verdict_finds_a_reader_who_got_another_text() -> None:
    assert found({}, seen=WHOLE, end="finish", readers=[WHOLE, WHOLE[1:]])


def found(answer: dict[str, Any], **seen: Any) -> list[str]:
    stored = {"id": "turn", "status": "complete", "text": WHOLE, **answer}
    return list(faults_of(stored, Asked("token", "p0-0", QUESTION, turn_id="turn", **seen), WHOLE))
