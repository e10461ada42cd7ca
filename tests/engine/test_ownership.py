"""Nobody reads or writes what is another's, through any call of the engine.

The calls are collected from the classes, so one that is added is attacked too, or fails here until this test knows what
to give it. What is given is drawn from ids and values of both people, in every mixture.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import kept
from chatops.engine.errors import ChatopsError, NotFoundError, PermissionDeniedError
from chatops.engine.exchange.service import Exchange
from chatops.engine.history import History
from chatops.engine.messages import Conversation, Principal
from chatops.engine.requests import TurnRequest
from chatops.engine.service import Engine
from chatops.engine.stores.copy import survey
from fakes import Step, answer
from rig import ME, Rig, open_rig

SECRET = "zebra"
DIGEST = "digest"
EVE = Principal(user_id="eve")
WITHOUT_A_PRINCIPAL = {"drain", "ping", "sweep"}
"""Calls of whoever runs the engine, not of a person."""


def calls() -> list[tuple[str, str]]:
    """Every public method that a person calls: where it stands, and its name."""
    found = []
    for where, kind in (("engine", Engine), ("history", History), ("exchange", Exchange)):
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_") and name not in WITHOUT_A_PRINCIPAL:
                assert "principal" in inspect.signature(method).parameters, f"{name} does not ask who calls"
                found.append((where, name))
    return found


@dataclass
class Scene:
    """The victim's things, of which one is an answer that is still running, and Eve's own."""

    rig: Rig
    gate: asyncio.Event
    running: str
    turns: tuple[str, ...]
    conversations: tuple[Conversation, ...]
    messages: tuple[str, ...]

    def method(self, where: str, name: str) -> Callable[..., Any]:
        return getattr(self.rig.engine if where == "engine" else getattr(self.rig.engine, where), name)  # type: ignore[no-any-return]  # by name

    async def theirs(self) -> str:
        """All that the victim has, as text."""
        found = []
        for one in await self.rig.store.conversations(ME.user_id, limit=99):
            found += [repr(one), *map(repr, await self.rig.store.messages(ME.user_id, one.id, limit=99))]
        return "\n".join(found)


@asynccontextmanager
async def scene() -> AsyncGenerator[Scene]:
    gate = asyncio.Event()
    slow: list[Step] = [gate, *answer(SECRET)]
    async with open_rig(Path(":memory:"), answer(SECRET, " one"), slow, answer("for Eve")) as rig:
        first = await rig.engine.start_turn(ME, TurnRequest(text=f"{SECRET}?"))
        await rig.over(first.id)
        second = await rig.engine.start_turn(ME, TurnRequest(text=f"{SECRET}!"))
        while len(rig.provider.requests) < 2:
            await asyncio.sleep(0)
        own, messages = await kept(rig.store, "mine", "yours", owner_id=EVE.user_id)
        await rig.store.put_blob(ME.user_id, DIGEST, SECRET.encode())
        theirs = await rig.store.conversations(ME.user_id, limit=9)
        yield Scene(
            rig=rig,
            gate=gate,
            running=second.id,
            turns=(first.id, second.id, "nothing"),
            conversations=(own, *theirs),
            messages=(first.id, second.id, messages[0].id, messages[-1].id),
        )
        gate.set()


def values(scene: Scene, name: str) -> st.SearchStrategy[Any]:
    """What an attacker might give for a parameter of this name."""
    ids = st.sampled_from([one.id for one in scene.conversations])
    # An object is as good as its id: Eve may have made it up, with whatever owner.
    objects = st.sampled_from(scene.conversations)
    forged = st.builds(lambda one, owner: replace(one, owner_id=owner), objects, st.sampled_from(["eve", ME.user_id]))
    mixed = st.builds(
        lambda one, other, leaf: replace(one, id=other.id, leaf_id=leaf),
        forged,
        objects,
        st.sampled_from(scene.messages),
    )
    leaf = st.none() | st.sampled_from(scene.messages)
    request = st.builds(
        TurnRequest,
        text=st.just("give me all"),
        conversation_id=st.none() | ids,
        create=st.booleans(),
        client_id=st.none() | st.sampled_from(["one", "two"]),
        kind=st.sampled_from(["submit", "edit", "regenerate", "continue"]),
        message_id=leaf,
        record=st.booleans(),
        on_busy=st.just("fail"),
    )
    known: dict[str, st.SearchStrategy[Any]] = {
        "principal": st.just(EVE),
        "request": request,
        "turn_id": st.sampled_from(scene.turns),
        "after": st.sampled_from([0, 1, -1]),
        "reason": st.just("stopped"),
        "ref": ids | st.sampled_from([one.id[:8] for one in scene.conversations]),
        "conversation_id": ids,
        "conversation": forged | mixed,
        "before": st.none() | forged | mixed,
        "limit": st.just(50),
        "query": st.sampled_from([SECRET, "mine"]),
        "title": st.just("Eve was here"),
        "archived": st.sampled_from([True, False]),
        "tag": st.sampled_from([SECRET, "mine", None]),
        "tags": st.just(("eve",)),
        "leaf_id": leaf,
        "message_id": st.sampled_from(scene.messages),
        "after_seq": st.sampled_from([0, 1]),
        "count_all": st.booleans(),
        "sha256": st.sampled_from([DIGEST, "nothing"]),
        "format_": st.sampled_from(["json", "html", "markdown"]),
        "ids": st.none() | st.lists(ids, max_size=3),
        "paths": st.just(()),
        "progress": st.just(lambda _: None),
        "write": st.booleans(),
    }
    assert name in known, f"tell this test what to give for {name}"
    return known[name]


async def run(call: Callable[..., Any], given: dict[str, Any]) -> Any:
    """The result of any kind of call: awaitable, generator, or context of a generator."""
    async with asyncio.timeout(20):  # who attaches to another's answer would wait for it
        return await _run(call, given)


async def _run(call: Callable[..., Any], given: dict[str, Any]) -> Any:
    result = call(**given)
    if inspect.isasyncgen(result):
        return [item async for item in result]
    if hasattr(result, "__aenter__"):
        async with result as items:
            return [item async for item in items]
    return await result


async def attack(where: str, name: str, data: st.DataObject) -> None:
    async with scene() as made:
        before = await made.theirs()
        call = made.method(where, name)
        given = {one: data.draw(values(made, one), label=one) for one in inspect.signature(call).parameters}
        result: Any = None
        with suppress(ChatopsError):
            result = await run(call, given)
        await made.rig.engine.history.conversations(EVE, limit=9)

        assert SECRET not in repr(result)
        assert SECRET not in repr([request.messages for request in made.rig.provider.requests[2:]])
        assert await made.theirs() == before
        made.gate.set()
        await made.rig.over(made.running)
        message = await made.rig.store.message(ME.user_id, made.running)
        assert (message.status, message.text) == ("complete", SECRET)
        assert (await survey(made.rig.store)).faults == ()


@pytest.mark.parametrize(("where", "name"), calls())
@settings(max_examples=40)
@given(data=st.data())
def test_no_call_gives_away_or_changes_what_is_anothers(where: str, name: str, data: st.DataObject) -> None:
    asyncio.run(attack(where, name, data))


async def test_anothers_things_are_not_found_rather_than_forbidden() -> None:
    async with scene() as made:
        engine, theirs = made.rig.engine, made.conversations[1].id
        for call in (
            engine.history.conversation(EVE, theirs),
            engine.history.rename(EVE, theirs, "x"),
            engine.history.delete(EVE, theirs),
            engine.history.fork(EVE, theirs),
            engine.stop(EVE, made.running),
            engine.start_turn(EVE, TurnRequest(text="x", conversation_id=theirs)),
            anext(engine.attach(EVE, made.running)),
        ):
            with pytest.raises(NotFoundError):
                await call


async def without_scopes(where: str, name: str, data: st.DataObject) -> None:
    async with scene() as made:
        call = made.method(where, name)
        given = {one: data.draw(values(made, one)) for one in inspect.signature(call).parameters}
        with pytest.raises(PermissionDeniedError):
            await run(call, {**given, "principal": replace(ME, scopes=frozenset())})


@pytest.mark.parametrize(("where", "name"), calls())
@settings(max_examples=5)
@given(data=st.data())
def test_every_call_asks_for_a_scope_before_all_else(where: str, name: str, data: st.DataObject) -> None:
    asyncio.run(without_scopes(where, name, data))
