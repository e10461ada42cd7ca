"""Conversations as one web page that needs nothing else: no script, no address to fetch, images inside it.

All of it comes from people and models, so it is hostile: every text is escaped, Markdown's own HTML and images stay
text, links are those that markdown-it takes for harmless, and the page's policy forbids whatever might slip through.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from html import escape
from typing import TYPE_CHECKING, Any

from chatops.engine.branches import from_root
from chatops.engine.errors import NotFoundError
from chatops.engine.exchange.pages import about, described_files, heading, one_line
from chatops.engine.messages import Conversation, FilePart, Message
from chatops.engine.ports import Store
from chatops.engine.sniffing import media_type

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
header p, h2, details, .file, .error { color: #777; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; border-top: 1px solid #8884; padding-top: 1rem; }
.user .said { background: #8881; border-radius: .5rem; padding: .1rem 1rem; }
pre { overflow-x: auto; background: #8882; border-radius: .5rem; padding: .75rem; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
table { border-collapse: collapse; } td, th { border: 1px solid #8886; padding: .2rem .6rem; }
img { max-width: 100%; }
@media print { body { max-width: none; margin: 0; } pre { white-space: pre-wrap; } article { break-before: page; }
  article:first-of-type { break-before: auto; } details > * { display: block; } }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"

Conversations = Callable[[], AsyncIterable[Conversation]]
"""The conversations, anew at each call: they are gone through twice, for the list and for the text."""


async def html(store: Store, conversations: Conversations) -> AsyncGenerator[str, None]:
    """The page, in pieces: a list of the conversations if there are several, then each one's active branch."""
    digest = b2a_base64(hashlib.sha256(_STYLE.encode()).digest(), newline=False).decode()
    entries = [entry async for entry in _entries(conversations())]
    title = entries[0][1] if len(entries) == 1 else "Conversations"
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY.format(digest))}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    )
    if len(entries) > 1:
        links = "".join(f'<li><a href="#{id_}" dir="auto">{title}</a></li>\n' for id_, title in entries)
        yield f"<nav>\n<h1>Conversations</h1>\n<ol>\n{links}</ol>\n</nav>\n"
    parser = _parser()
    async for conversation in conversations():
        yield (
            f'<article id="{escape(conversation.id)}">\n<header>\n<h1 dir="auto">{_line(conversation.title)}</h1>\n'
            f"<p>{_line(about(conversation))}</p>\n</header>\n"
        )
        if conversation.system:
            yield f'<section class="system"><h2>system</h2>\n{_rendered(parser, conversation.system)}</section>\n'
        async for message in from_root(store, conversation):
            yield await _section(store, conversation.owner_id, message, parser)
        yield "</article>\n"
    yield "</body>\n</html>\n"


async def _entries(conversations: AsyncIterable[Conversation]) -> AsyncGenerator[tuple[str, str], None]:
    async for conversation in conversations:
        yield escape(conversation.id), _line(conversation.title)


def _line(text: str) -> str:
    return escape(one_line(text))


def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # here: no other format needs it

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _rendered(parser: MarkdownIt, text: str) -> str:
    rendered: Any = parser.render(text)
    return f'<div class="said" dir="auto">\n{rendered}</div>\n'


async def _section(store: Store, owner_id: str, message: Message, parser: MarkdownIt) -> str:
    pieces = [f'<section class="{message.role}">\n<h2>{_line(heading(message))}</h2>\n']
    for file, described in zip(message.files, described_files(message), strict=True):
        pieces.append(await _file(store, owner_id, file, described))
    if message.reasoning.strip():
        pieces.append(f"<details><summary>Reasoning</summary>\n{_rendered(parser, message.reasoning)}</details>\n")
    pieces.append(_rendered(parser, message.text))
    if message.error:
        pieces.append(f'<p class="error">{_line(message.error.message)}</p>\n')
    return "".join([*pieces, "</section>\n"])


async def _file(store: Store, owner_id: str, file: FilePart, described: str) -> str:
    """An image itself, where it is one by its bytes; anything else by its name."""
    kind, data = None, b""
    if file.media_type.startswith("image/"):
        try:
            data = await store.blob(owner_id, file.sha256)
            kind = media_type(data)
        except NotFoundError:
            kind = None
    if kind is None or not kind.startswith("image/"):
        return f'<p class="file" dir="auto">[{escape(described)}]</p>\n'
    encoded = b2a_base64(data, newline=False).decode()
    return f'<p class="file"><img alt="{_line(file.name)}" src="data:{kind};base64,{encoded}"></p>\n'
