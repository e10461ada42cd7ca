"""What a bot deletes when a person, or a whole workspace, no longer wants it to know them."""

from __future__ import annotations

from chatops.bots.desk import Desk
from chatops.bots.memory import Owned
from chatops.bots.ports import Person
from chatops.engine.errors import NotFoundError
from chatops.engine.messages import Principal

PAGE = 200


async def forget_person(desk: Desk, person: Person) -> int:
    """Deletes a person's conversations with the bot, also those that are in the account they linked, and all that is
    kept of them but what they spent. Returns how many conversations that were. Raises `StoreError`.
    """
    count = 0
    # With the slash: U1 is no prefix of U12.
    while page := await desk.memory.owned(f"{person.id}/"):
        for owned in page:
            principal = await desk.principal(owned.person, person.name)
            count += await _delete(desk, principal, owned)
    await desk.memory.forget_choices(f"{person.id}/")
    await desk.memory.forget_choices(person.id)
    return count


async def forget_team(desk: Desk, team: str) -> int:
    """Deletes a workspace's conversations and what its people chose. What somebody has in an account that they linked
    is that account's, and stays. Returns how many conversations were deleted. Raises `StoreError`.
    """
    count = 0
    while places := await desk.memory.held_in(f"{team}:"):
        for place, held in places:
            owned = Owned(person=held.person, place=place, conversation=held.conversation)
            count += await _delete_unlinked(desk, owned)
    while page := await desk.memory.owned(f"{team}:"):
        for owned in page:
            count += await _delete_unlinked(desk, owned)
    await desk.memory.forget_choices(f"{team}:")
    return count


async def _delete_unlinked(desk: Desk, owned: Owned) -> int:
    principal = await desk.principal(owned.person, owned.person)
    if (await desk.accounts.me(principal)).is_shadow:
        return await _delete(desk, principal, owned)
    await desk.memory.disown(owned)
    return 0


async def _delete(desk: Desk, principal: Principal, owned: Owned) -> int:
    """Deletes one conversation and what is kept of its answers; 0 when it was deleted elsewhere."""
    history = desk.engine.history
    try:
        conversation = await history.named(principal, owned.conversation)
        seq = 0
        while page := await history.every_message(principal, conversation, after_seq=seq, limit=PAGE):
            for message in page:
                await desk.memory.drop_delivery(message.id)
            seq = page[-1].seq
        await history.delete(principal, owned.conversation)
        count = 1
    except NotFoundError:
        count = 0
    await desk.memory.disown(owned)
    return count
