"""What a person says of conversations: put away, tagged, temporary or kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatops.engine.errors import InvalidRequestError, NotFoundError, PermissionDeniedError
from chatops.engine.messages import Principal
from chatops.engine.requests import MAX_LIFE
from chatops.engine.tags import MAX_TAGS, normalised
from rig import ME, Rig, open_rig


async def test_a_conversation_is_put_away_and_brought_back(rig: Rig) -> None:
    await rig.ask("one")
    made = await rig.last()
    away = await rig.engine.history.archive(ME, made.id)

    assert away == replace(made, archived=True)
    assert await rig.engine.history.conversations(ME, limit=9) == []
    assert await rig.engine.history.conversations(ME, limit=9, archived=True) == [away]
    assert await rig.engine.history.archive(ME, made.id, archived=False) == made


async def test_tags_have_one_spelling_and_are_found_by_any(rig: Rig) -> None:
    await rig.ask("one")
    made = await rig.last()
    tagged = await rig.engine.history.set_tags(ME, made.id, ["#Work", "  two\n words ", "work", "Cafe\u0301"])

    assert tagged.tags == ("café", "two words", "work")
    assert await rig.engine.history.conversations(ME, limit=9, tag=" #WORK") == [tagged]
    assert (await rig.engine.history.set_tags(ME, made.id, [])).tags == ()


@pytest.mark.parametrize(
    "tags", [[""], [" "], ["#"], ["x" * 51], ["a\x00b"], ["\ud83d"], map(str, range(MAX_TAGS + 1))]
)
def test_what_is_no_tag_is_refused_in_words(tags: list[str]) -> None:
    with pytest.raises(InvalidRequestError, match="tag"):
        normalised(tags)


def test_a_tag_may_be_a_family() -> None:
    assert normalised(["👨\u200d👩\u200d👧"]) == ("👨\u200d👩\u200d👧",)


async def test_a_fork_of_what_is_put_away_is_not(rig: Rig) -> None:
    await rig.ask("one")
    made = await rig.last()
    await rig.engine.history.set_tags(ME, made.id, ["work"])
    await rig.engine.history.archive(ME, made.id)
    fork = await rig.engine.history.fork(ME, made.id)

    assert (fork.archived, fork.tags) == (False, ("work",))


async def test_a_temporary_conversation_goes_on_until_its_time_is_over(rig: Rig) -> None:
    first = await rig.ask("one", expires_in=60)
    made = await rig.last()
    assert made.expires_at == made.created_at + 60_000

    await rig.ask("two", conversation_id=made.id)
    assert (await rig.last()).expires_at == made.expires_at
    rig.clock.advance(60_000)
    with pytest.raises(NotFoundError):
        await rig.ask("three", conversation_id=made.id)
    assert await rig.engine.sweep() == 1
    assert await rig.engine.sweep() == 0
    with pytest.raises(NotFoundError):
        await rig.store.message(ME.user_id, first.id)


async def test_a_temporary_conversation_can_be_kept(rig: Rig) -> None:
    await rig.ask("one", expires_in=60)
    kept = await rig.engine.history.keep(ME, (await rig.last()).id)
    rig.clock.advance(60_000)

    assert kept.expires_at is None
    assert await rig.engine.history.conversations(ME, limit=9) == [kept]


@pytest.mark.parametrize("seconds", [0, -1, MAX_LIFE + 1])
async def test_a_life_that_is_none_is_refused(rig: Rig, seconds: int) -> None:
    with pytest.raises(InvalidRequestError, match="cannot expire in"):
        await rig.ask("one", expires_in=seconds)


async def test_only_a_new_conversation_can_be_temporary(rig: Rig) -> None:
    await rig.ask("one")
    with pytest.raises(InvalidRequestError, match="only a new conversation"):
        await rig.ask("two", conversation_id=(await rig.last()).id, expires_in=60)


async def test_a_reader_cannot_put_away_tag_or_keep(rig: Rig) -> None:
    await rig.ask("one")
    made = await rig.last()
    reader = Principal(user_id=ME.user_id, scopes=frozenset({"history:read"}))
    for call in (
        rig.engine.history.archive(reader, made.id),
        rig.engine.history.set_tags(reader, made.id, ["work"]),
        rig.engine.history.keep(reader, made.id),
    ):
        with pytest.raises(PermissionDeniedError):
            await call


async def test_opening_sweeps_what_is_over(tmp_path: Path) -> None:
    async with open_rig(tmp_path / "a.db") as rig:
        await rig.ask("one", expires_in=60)
        rig.clock.advance(60_000)
        again = await type(rig.store).open(tmp_path / "a.db", clock=rig.clock)
        assert await rig.engine.sweep() == 0
        await again.aclose()
