"""No method of a store shows or changes what belongs to another owner."""

import inspect
from collections.abc import Awaitable, Callable

import pytest

from builders import conversation, message, thread, turn
from chatops.engine.errors import NotFoundError
from chatops.engine.messages import Conversation, Message
from chatops.engine.ports import Store

Call = Callable[[Store, Conversation, Message], Awaitable[object]]

REFUSED: dict[str, Call] = {
    "conversation": lambda store, made, _: store.conversation("bob", made.id),
    "update_conversation": lambda store, made, _: store.update_conversation("bob", made.id, title="bob was here"),
    "delete_conversation": lambda store, made, _: store.delete_conversation("bob", made.id),
    "add_messages": lambda store, made, _: store.add_messages("bob", [message(made.id, "from bob", seq=9)]),
    "message": lambda store, _, own: store.message("bob", own.id),
    "tail": lambda store, made, own: store.tail("bob", made.id, own.id, limit=9),
    "begin_turn": lambda store, made, _: store.begin_turn("bob", made, turn(made.id), lease_expires_at=2**41),
    "blob": lambda store, _made, _own: store.blob("bob", "ann's"),
}
EMPTY: dict[str, Call] = {
    "conversations": lambda store, _made, _own: store.conversations("bob", limit=9),
    "conversation_ids": lambda store, made, _: store.conversation_ids("bob", made.id, limit=9),
    "messages": lambda store, made, _: store.messages("bob", made.id, limit=9),
    "search": lambda store, _made, _own: store.search("bob", "secret", limit=9),
    "put_blob": lambda store, _made, _own: store.put_blob("bob", "bob's", b""),
}


def test_every_method_that_names_an_owner_is_tried_by_another_one() -> None:
    methods = {name for name, method in vars(Store).items() if inspect.isfunction(method)}
    owned = {name for name in methods if "owner_id" in inspect.signature(vars(Store)[name]).parameters}

    assert owned == REFUSED.keys() | EMPTY.keys()


@pytest.mark.parametrize("method", [*REFUSED, *EMPTY])
async def test_another_owner_finds_nothing_and_changes_nothing(store: Store, method: str) -> None:
    made = conversation("ann")
    messages = thread(made.id, "a secret", "told")
    await store.add_conversation(made)
    await store.add_messages("ann", messages)
    await store.put_blob("ann", "ann's", b"bytes")

    if method in REFUSED:
        with pytest.raises(NotFoundError):
            await REFUSED[method](store, made, messages[0])
    else:
        assert not await EMPTY[method](store, made, messages[0])
    assert await store.conversation("ann", made.id) == made
    assert await store.messages("ann", made.id, limit=9) == messages
    assert await store.blob("ann", "ann's") == b"bytes"
