"""What a session at the prompt knows: its conversation, how to ask, what waits to be sent, what was spent.

It reaches the rest of the world through the engine's face (`Engine`, `History`) and its terminal, and nothing else.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from chatops.cli.ask import sampling_of
from chatops.cli.showing import ME
from chatops.cli.terminal import Terminal, sanitize, worded
from chatops.engine.errors import ChatopsError, InvalidRequestError
from chatops.engine.messages import Conversation, Message, Principal
from chatops.engine.requests import MAX_ATTACHMENTS, Attachment, TurnRequest
from chatops.engine.window import DEFAULT_CONTEXT
from chatops.settings import Settings

if TYPE_CHECKING:
    from chatops.engine.inspection import ContextView
    from chatops.engine.service import Engine

Render = Literal["auto", "always", "never"]


@dataclass(slots=True, kw_only=True)
class Pending:
    """What goes with the next prompt: quoted text files and attachments, under the names they were given by."""

    texts: dict[str, str] = field(default_factory=dict)
    attachments: dict[str, Attachment] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [*self.texts, *self.attachments]

    def clear(self) -> None:
        self.texts.clear()
        self.attachments.clear()


@dataclass(slots=True, kw_only=True)
class Asking:
    """How to ask. `system` goes with the next prompt, None keeps the conversation's; `first_system` begins new ones."""

    model: str
    system: str | None = None
    first_system: str | None = None
    options: dict[str, object] = field(default_factory=dict)
    max_tokens: int | None = None
    fallbacks: tuple[str, ...] | None = None
    silence: float = 300.0


@dataclass(slots=True, kw_only=True)
class Look:
    """How things are shown and typed."""

    render: Render = "auto"
    vi: bool = False
    multiline: bool = False
    reasoning: bool = True
    quiet: bool = False


@dataclass(slots=True, kw_only=True)
class Spent:
    """Tokens of this session, by `(model, kind)`, and of its last turn; what it cost, by model, in nano-dollars.

    `unpriced`: turns of which nobody knows what they cost.
    """

    tokens: Counter[tuple[str, str]] = field(default_factory=Counter)
    turns: Counter[str] = field(default_factory=Counter)
    cost: Counter[str] = field(default_factory=Counter)
    unpriced: Counter[str] = field(default_factory=Counter)
    last: tuple[int, int] | None = None

    def add(self, message: Message) -> None:
        model = f"{message.provider}:{message.model}"
        self.turns[model] += 1
        self.last = None
        if message.usage is None or message.usage.cost is None:
            self.unpriced[model] += 1
        else:
            self.cost[model] += message.usage.cost
        if message.usage is not None:
            self.tokens[model, "in"] += message.usage.input_tokens
            self.tokens[model, "out"] += message.usage.output_tokens
            self.last = message.usage.input_tokens, message.usage.output_tokens


class Session:
    """One person's session.

    Attributes:
        conversation: None until the first prompt is sent.
        interactive: A person is there.
        has_keyboard: ... whose keys we read ourselves, so that a text can be put before them.
        expires_in: Seconds after which conversations that begin here are deleted; None: never.
        title: What the conversation that the next prompt begins is to be called.
        emptied: The conversation's first question, when everything was undone: the next prompt takes its place.
        undone: Ends of branches that `/redo` goes back to, the last one first to go back to.
        listed: Ids that a listing showed by number, so that a number may be said for them.
        context: Tokens in use and the size of the window.
    """

    me: Principal = ME

    def __init__(
        self, engine: Engine, settings: Settings, terminal: Terminal, *, asking: Asking, look: Look, interactive: bool
    ) -> None:
        self.engine = engine
        self.settings = settings
        self.terminal = terminal
        self.asking = asking
        self.look = look
        self.interactive = interactive
        self.pending = Pending()
        self.spent = Spent()
        self.conversation: Conversation | None = None
        self.emptied: str | None = None
        self.undone: list[str] = []
        self.listed: list[str] = []
        self.context: tuple[int, int] = (0, self.window)
        self.title: str | None = None
        self.expires_in: int | None = None
        self.has_keyboard = interactive
        self.debug = False

    @property
    def window(self) -> int:
        return self.engine.catalog.resolve(self.asking.model).context or DEFAULT_CONTEXT

    @property
    def is_temporary(self) -> bool:
        """Whether what is said next is deleted by itself."""
        return (self.conversation.expires_at if self.conversation else self.expires_in) is not None

    @property
    def note_width(self) -> int:
        """Columns for a line on standard error; endless where nobody looks."""
        return self.terminal.width if self.interactive and self.terminal.stderr_is_tty else sys.maxsize

    def note(self, text: str) -> None:
        """A remark on standard error."""
        if not self.look.quiet:
            self.terminal.note(f"{worded(text, self.note_width)}\n")

    def show(self, text: str) -> None:
        """The result of a command, on standard output; stripped of control characters, whoever wrote it."""
        self.terminal.write(f"{sanitize(text)}\n")

    def row(self, text: str) -> None:
        """A result on one line; on a terminal, as much of it as fits."""
        line = sanitize(" ".join(text.replace("\t", " ").splitlines())).rstrip()
        if self.terminal.stdout_is_tty:
            from chatops.cli.repl.toolbar import cut

            line = cut(line, self.terminal.width)
        self.show(line)

    async def current(self) -> Conversation:
        """The conversation as it is now: another front end may have changed it.

        Raises:
            InvalidRequestError: There is none yet.
        """
        if self.conversation is None:
            raise InvalidRequestError("there is no conversation yet: say something first, or /resume one")
        self.conversation = await self.engine.history.conversation(self.me, self.conversation.id)
        return self.conversation

    async def recent(self, limit: int) -> list[Message]:
        """The last messages of the active branch, oldest first; none when everything was undone."""
        if self.emptied is not None:
            return []
        return await self.engine.history.recent(self.me, await self.current(), limit=limit)

    async def last_answer(self) -> Message:
        """Raises `InvalidRequestError` when there is none."""
        found = [message for message in await self.recent(2) if message.role == "assistant"]
        if not found:
            raise InvalidRequestError("there is no answer yet")
        return found[-1]

    async def question(self, back: int) -> Message:
        """The question that was asked `back` questions ago; 1 is the last one.

        Raises:
            InvalidRequestError: There are not so many.
        """
        found = [message for message in await self.recent(4 * back) if message.role == "user"]
        if len(found) < back:
            raise InvalidRequestError(f"there are {len(found)} questions, and {back} were to be gone back")
        return found[-back]

    async def enter(self, conversation: Conversation | None) -> None:
        """Goes on in a conversation, or (None) begins a new one with the next prompt."""
        self.conversation = conversation
        self.emptied = self.title = None
        self.undone.clear()
        self.asking.system = self.asking.first_system if conversation is None else None
        await self.measure()

    async def moved(self, conversation: Conversation) -> None:
        """Another branch of the same conversation is active now."""
        self.conversation = conversation
        self.emptied = None
        await self.measure()

    def request(self, text: str, *, editing: str | None = None) -> TurnRequest:
        """The turn that a prompt asks for, with everything that waits for it; `editing`: the question it replaces."""
        if len(self.pending.attachments) > MAX_ATTACHMENTS:
            raise InvalidRequestError(f"{len(self.pending.attachments)} attachments, {MAX_ATTACHMENTS} at most")
        replaced = editing or self.emptied
        return replace(
            self._blank(),
            text="\n\n".join([*self.pending.texts.values(), text]),
            attachments=tuple(self.pending.attachments.values()),
            kind="edit" if replaced else "submit",
            message_id=replaced,
        )

    def repeated(self, kind: Literal["regenerate", "continue"], *, model: str | None = None) -> TurnRequest:
        """The turn that answers the last question again, or goes on with its answer."""
        return replace(self._blank(), kind=kind, model=model or self.asking.model)

    def _blank(self) -> TurnRequest:
        asking = self.asking
        return TurnRequest(
            conversation_id=self.conversation.id if self.conversation else None,
            model=asking.model,
            system=asking.system,
            sampling=sampling_of(asking.options, asking.max_tokens),
            fallbacks=asking.fallbacks,
            silence=asking.silence,
            expires_in=self.expires_in if self.conversation is None else None,
        )

    async def finished(self, message: Message, *, summary: bool = False) -> None:
        """Takes note of a turn that is over; `summary`: its answer stands for all before it from now on."""
        self.spent.add(message)
        self.undone.clear()
        usage = message.usage
        if usage is not None and message.status == "complete" and not summary:
            self.context = usage.input_tokens + usage.output_tokens, self.window
        else:
            await self.measure()

    async def measure(self) -> None:
        """Counts anew what of the window is in use, as the engine estimates it."""
        try:
            view = await self.view()
        except ChatopsError:  # it is told when it is asked for, or with the next prompt
            self.context = 0, self.window
        else:
            self.context = view.used, view.window

    async def view(self, *, count_all: bool = False) -> ContextView:
        """What the next call would be sent."""
        request = self._blank()
        if self.emptied and self.conversation:
            system = request.system if request.system is not None else self.conversation.system
            request = replace(request, conversation_id=None, system=system)
        return await self.engine.context(self.me, request, count_all=count_all)
