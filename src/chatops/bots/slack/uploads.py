"""A whole answer as a file, where it is too long for messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatops.bots.ports import View

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

REF = "file:"
"""How a reference to a file begins; others are a message's `ts`."""


def file_name(view: View) -> str:
    """Tells the answer: by it a file is found that was uploaded although we got no answer."""
    return f"answer-{view.turn_id[-12:]}.md"


async def upload(client: AsyncWebClient, view: View, *, channel: str, thread: str) -> str:
    """Posts the file and returns a reference to it."""
    done = await client.files_upload_v2(
        content=view.file,
        filename=file_name(view),
        title="The whole answer",
        initial_comment=view.text,
        channel=channel,
        thread_ts=thread or None,
    )
    files: list[dict[str, Any]] = done.get("files") or []
    return f"{REF}{files[0]['id'] if files else ''}"


async def delete(client: AsyncWebClient, ref: str) -> None:
    await client.files_delete(file=ref.removeprefix(REF))
