"""`/chatops ...`: what a person sets and asks about the bot, the same on both platforms. Answers are for them alone."""

from __future__ import annotations

from difflib import get_close_matches

from chatops.bots import sentences
from chatops.bots.desk import Desk
from chatops.bots.forgetting import forget_person
from chatops.bots.ports import Person, Place
from chatops.engine.errors import ChatopsError, InvalidRequestError
from chatops.engine.ids import now_ms
from chatops.engine.limits.money import shown
from chatops.engine.requests import check_text

USAGE_MS = 30 * 86_400_000
HELP = """Mention me, write to me, or use `/ask`; in a thread that I answer in, just go on writing.
`/chatops model [NAME]`  the model that answers you; without a name: which one, and which there are
`/chatops system [TEXT|off]`  your system prompt
`/chatops new`  the next question here begins a new conversation
`/chatops usage`  what you used
`/chatops link`  join this chat to your chatops account; `unlink` parts them
`/chatops forget`  delete your conversations with me, and what you chose
Stop, Regenerate, 👍 and 👎 are below each answer."""
_COMMANDS = ("model", "system", "new", "usage", "link", "unlink", "forget", "help")
MOST_MODELS = 20


class Commands:
    """`run` answers one command."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self, text: str, person: Person, place: Place) -> str:
        """The answer to `/chatops TEXT`, also when something is wrong. Never raises for that."""
        name, _, rest = text.strip().partition(" ")
        try:
            self._desk.policy.check(person, place)
            return await self._run(name.lower() or "help", rest.strip(), person, place)
        except ChatopsError as error:
            return f"⚠ {sentences.of_error(error)}"

    async def _run(self, name: str, rest: str, person: Person, place: Place) -> str:  # noqa: PLR0911 - one each
        match name:
            case "model":
                return await self._model(rest, person)
            case "system":
                return await self._system(rest, person)
            case "new":
                held = await self._desk.memory.let_go(place.key)
                return "The next question here begins a new conversation." if held else "No conversation is held here."
            case "usage":
                return await self._used(person)
            case "link":
                return await self._link(person)
            case "unlink":
                await self._desk.accounts.unlink(self._desk.platform, person.id)
                return "Unlinked: what you ask here from now on is no longer in your account."
            case "forget":
                return await self._forget(rest, person)
            case "help":
                return HELP
        close = get_close_matches(name, _COMMANDS, n=1)
        raise InvalidRequestError(
            f"there is no command {name[:40]}; " + (f"did you mean {close[0]}?" if close else "try help")
        )

    async def _model(self, name: str, person: Person) -> str:
        catalog = self._desk.engine.catalog
        if not name:
            chosen = (await self._desk.memory.choices(person.id)).model
            current = catalog.resolve(chosen).id
            others = ", ".join(sorted(spec for spec in catalog.known if spec != current)[:MOST_MODELS])
            return f"`{current}` answers you." + (f" Others: {others}." if others else "")
        if name.lower() in {"off", "default"}:
            await self._desk.memory.choose(person.id, model=None)
            return f"`{catalog.resolve(None).id}` answers you again."
        spec = catalog.resolve(name)
        await self._desk.memory.choose(person.id, model=spec.id)
        return f"From now on `{spec.id}` answers you."

    async def _system(self, text: str, person: Person) -> str:
        if not text:
            system = (await self._desk.memory.choices(person.id)).system
            return f"Your system prompt: {system}" if system else "You have no system prompt of your own."
        if text.lower() == "off":
            # An empty text, not None: it takes the prompt away from conversations that have it.
            await self._desk.memory.choose(person.id, system="")
            return "Your system prompt is gone."
        check_text(text, "the system prompt")
        await self._desk.memory.choose(person.id, system=text)
        return "From now on your questions have this system prompt."

    async def _used(self, person: Person) -> str:
        principal, limits = await self._desk.principal(person.id, person.name), self._desk.engine.limits
        lines = await limits.usage(principal, since=now_ms() - USAGE_MS, by="model")
        told = [f"{line.key}: {line.turns:,} answers, {shown(line.cost)}" for line in lines]
        standing = [str(one) for one in await limits.remaining(principal)]
        return "\n".join(["In the last 30 days:", *(told or ["nothing"]), *standing])

    async def _link(self, person: Person) -> str:
        principal = await self._desk.principal(person.id, person.name)
        account = await self._desk.accounts.me(principal)
        if not account.is_shadow:
            return f"This chat is linked with the account of {account.name} already; `/chatops unlink` parts them."
        code = await self._desk.accounts.link_code(principal)
        return (
            f"Your code: `{code}`. Within a few minutes run `chatops link {code}` where you are logged in, or enter it"
            " on the web page. Tell it to nobody: it joins this chat to the account that enters it."
        )

    async def _forget(self, rest: str, person: Person) -> str:
        if rest.lower() != "yes":
            return "This deletes your conversations with me, also in your account. To do it: `/chatops forget yes`"
        count = await forget_person(self._desk, person)
        return (
            f"Forgotten: {count} conversation{'' if count == 1 else 's'}, your choices and your thumbs."
            " What you used stays counted."
        )
