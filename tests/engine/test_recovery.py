"""Answers that the store would not take."""

import json
import stat
from pathlib import Path

import pytest

from chatops.engine.errors import ChatopsError
from chatops.engine.recovery import Recovery
from chatops.engine.requests import TurnRequest
from rig import ME, Rig, open_rig


@pytest.fixture
def recovery(tmp_path: Path) -> Recovery:
    return Recovery(tmp_path / "recovery", "sqlite:///here")


async def lose_an_answer(rig: Rig, recovery: Recovery) -> tuple[str, ChatopsError]:
    rig.engine._salvage = recovery.keep
    rig.store.failures = 1000
    turn = await rig.engine.start_turn(ME, TurnRequest(text="x"))
    with pytest.raises(ChatopsError) as caught:
        await rig.records(turn.id)
    rig.store.failures = 0
    return turn.id, caught.value


async def test_an_answer_that_cannot_be_stored_is_kept_and_told_and_stored_at_the_next_start(
    tmp_path: Path, recovery: Recovery
) -> None:
    async with open_rig(tmp_path / "db") as rig:
        answer_id, error = await lose_an_answer(rig, recovery)
        (file,) = (tmp_path / "recovery").iterdir()
        assert error.code == "store_unavailable"
        assert str(file) in error.message
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

        assert await recovery.replay(rig.store) == 1
        message = await rig.store.message(ME.user_id, answer_id)
        assert (message.text, message.status, message.finish_reason) == ("Hello", "complete", "stop")
        assert list((tmp_path / "recovery").iterdir()) == []
        assert await recovery.replay(rig.store) == 0


async def test_a_store_that_is_still_away_leaves_the_file(tmp_path: Path, recovery: Recovery) -> None:
    async with open_rig(tmp_path / "db") as rig:
        await lose_an_answer(rig, recovery)
        rig.store.failures = 1

        assert await recovery.replay(rig.store) == 0
        assert await recovery.replay(rig.store) == 1


async def test_answers_of_another_database_and_files_that_are_none_stay_where_they_are(
    tmp_path: Path, recovery: Recovery
) -> None:
    async with open_rig(tmp_path / "db") as rig:
        await lose_an_answer(rig, recovery)
        folder = tmp_path / "recovery"
        (folder / "garbage.json").write_text("{")
        (folder / "shape.json").write_text(json.dumps({"database": "sqlite:///here", "message": {"id": 1}}))

        assert await Recovery(folder, "sqlite:///there").replay(rig.store) == 0
        assert len(list(folder.iterdir())) == 3
        assert await recovery.replay(rig.store) == 1
        assert len(list(folder.iterdir())) == 2


async def test_the_answer_of_a_deleted_conversation_is_dropped(tmp_path: Path, recovery: Recovery) -> None:
    async with open_rig(tmp_path / "db") as rig:
        await lose_an_answer(rig, recovery)
        await rig.engine.history.delete(ME, (await rig.last()).id)

        assert await recovery.replay(rig.store) == 0
        assert list((tmp_path / "recovery").iterdir()) == []


async def test_a_folder_that_cannot_be_made_leaves_the_stores_own_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    async with open_rig(tmp_path / "db") as rig:
        _id, error = await lose_an_answer(rig, Recovery(tmp_path / "file" / "recovery", "x"))

        assert error.message == "the disk is on fire"
