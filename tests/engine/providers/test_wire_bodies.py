"""One set of conversations through every protocol: what exactly is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import message
from chatops.engine.errors import InvalidRequestError
from chatops.engine.messages import FilePart, Message, ReasoningPart, Role, Sampling, TextPart
from chatops.engine.ports import ChatRequest
from chatops.engine.providers import anthropic_wire, openai_wire

PNG, PDF, NOTES = b"\x89PNG", b"%PDF-1.7", "naïve".encode()
BLOBS = {"p": PNG, "d": PDF, "n": NOTES}


def said(role: Role, *parts: TextPart | ReasoningPart | FilePart) -> Message:
    return message("c", role=role, parts=parts)


def text(value: str) -> TextPart:
    return TextPart(text=value)


def file(sha256: str, name: str, media_type: str) -> FilePart:
    return FilePart(name=name, media_type=media_type, sha256=sha256, size=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request, and the parts of the bodies that differ from case to case."""

    request: ChatRequest
    openai: dict[str, Any]
    anthropic: dict[str, Any]


def asked(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(**{"model": "m", "messages": messages, "blobs": BLOBS, **fields})


HI = {"role": "user", "content": "hi"}
CASES = {
    "one message": Case(
        request=asked(said("user", text("hi"))),
        openai={"messages": [HI]},
        anthropic={"messages": [HI]},
    ),
    "a system prompt, history, and thoughts that stay here": Case(
        request=asked(
            said("user", text("a")),
            said("assistant", ReasoningPart(text="hm"), text("b "), text("c")),
            said("user", text("d")),
            system="Be brief.",
        ),
        openai={
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b c"},
                {"role": "user", "content": "d"},
            ]
        },
        anthropic={
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b c"},
                {"role": "user", "content": "d"},
            ],
        },
    ),
    "an answer that never came": Case(
        request=asked(said("user", text("a")), said("assistant", ReasoningPart(text="hm")), said("user", text("hi"))),
        openai={"messages": [{"role": "user", "content": "a"}, HI]},
        anthropic={"messages": [{"role": "user", "content": "a"}, HI]},
    ),
    "an assistant that speaks first, and a half answer to go on with": Case(
        request=asked(said("assistant", text("Welcome")), said("user", text("hi")), said("assistant", text("well, "))),
        openai={
            "messages": [{"role": "assistant", "content": "Welcome"}, HI, {"role": "assistant", "content": "well, "}]
        },
        anthropic={"messages": [HI, {"role": "assistant", "content": "well,"}]},
    ),
    "an image, a document, notes, and a file that is gone": Case(
        request=asked(
            said(
                "user",
                text("what is this?"),
                file("p", "a.png", "image/png"),
                file("d", "b.pdf", "application/pdf"),
                file("n", "c.md", "text/markdown; charset=utf-8"),
                file("?", "d.png", "image/png"),
            )
        ),
        openai={
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "what is this?"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
                        {
                            "type": "file",
                            "file": {"filename": "b.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjc="},
                        },
                        {"type": "text", "text": "File c.md:\n\nnaïve"},
                        {"type": "text", "text": "[file d.png]"},
                    ],
                }
            ]
        },
        anthropic={
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}},
                        {
                            "type": "document",
                            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjc="},
                        },
                        {"type": "text", "text": "File c.md:\n\nnaïve"},
                        {"type": "text", "text": "[file d.png]"},
                        {"type": "text", "text": "what is this?"},
                    ],
                }
            ]
        },
    ),
    "an image without a word, and a file of the assistant's own": Case(
        request=asked(
            said("user", text("draw")),
            said("assistant", file("p", "a.png", "image/png")),
            said("user", file("p", "a.png", "image/png")),
        ),
        openai={
            "messages": [
                {"role": "user", "content": "draw"},
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}],
                },
            ]
        },
        anthropic={
            "messages": [
                {"role": "user", "content": "draw"},
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}}
                    ],
                },
            ]
        },
    ),
    "sampling, and what only this server knows": Case(
        request=asked(
            said("user", text("hi")),
            sampling=Sampling(
                max_tokens=9, temperature=0.0, top_p=0.5, stop=("END",), extra={"seed": 1, "stream_options": None}
            ),
        ),
        openai={
            "messages": [HI],
            "max_tokens": 9,
            "temperature": 0.0,
            "top_p": 0.5,
            "stop": ["END"],
            "seed": 1,
            "stream_options": None,
        },
        anthropic={
            "messages": [HI],
            "max_tokens": 9,
            "temperature": 0.0,
            "top_p": 0.5,
            "stop_sequences": ["END"],
            "seed": 1,
            "stream_options": None,
        },
    ),
    "characters that no wire can carry": Case(
        request=asked(said("user", text("a\ud83d"), text("\ude00\ud800\0")), system="\udfff"),
        openai={"messages": [{"role": "system", "content": "\ufffd"}, {"role": "user", "content": "a😀\ufffd\ufffd"}]},
        anthropic={"system": "\ufffd", "messages": [{"role": "user", "content": "a😀\ufffd\ufffd"}]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_chat_completions_bodies(name: str) -> None:
    always = {"model": "m", "stream": True, "stream_options": {"include_usage": True}}

    assert openai_wire.body(CASES[name].request) == {**always, **CASES[name].openai}


@pytest.mark.parametrize("name", CASES)
def test_messages_bodies(name: str) -> None:
    always = {"model": "m", "stream": True, "max_tokens": 8192}

    assert anthropic_wire.body(CASES[name].request) == {**always, **CASES[name].anthropic}


@pytest.mark.parametrize("wire", [openai_wire, anthropic_wire])
def test_a_file_that_no_model_takes_is_refused_by_name(wire: Any) -> None:
    request = asked(said("user", file("p", "a.zip", "application/zip")))

    with pytest.raises(
        InvalidRequestError, match=r"a\.zip is application/zip; a model takes images, PDF and text files"
    ):
        wire.body(request)


@given(st.lists(st.text(st.characters() | st.characters(categories=["Cs"]))))
def test_every_text_can_be_sent(texts: list[str]) -> None:
    request = asked(*(said("user", text(value)) for value in texts), system="".join(texts))

    for wire in (openai_wire, anthropic_wire):
        json.dumps(wire.body(request), ensure_ascii=False).encode()
