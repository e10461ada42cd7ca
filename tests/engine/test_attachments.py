"""Files of a prompt: what they are is told by their bytes, and models that cannot read them say so before the call."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatops.engine.errors import InvalidRequestError
from chatops.engine.models import ModelSpec
from chatops.engine.requests import Attachment
from chatops.engine.sniffing import media_type
from chatops.engine.window import count_tokens
from fakes import answer
from rig import open_rig

PNG = b"\x89PNG\r\n\x1a\n" + bytes(9)
IMAGE = Attachment(name="cat.png", media_type="image/png", data=PNG)
NOTES = Attachment(name="notes.md", media_type="text/plain", data=b"x" * 3000)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        ("Grüße".encode(), "text/plain"),
        (b"", "text/plain"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"\xff\xfe", None),
        (b"a\0b", None),
    ],
)
def test_what_a_file_is_is_told_by_its_bytes(data: bytes, found: str | None) -> None:
    assert media_type(data) == found


async def test_a_model_without_eyes_refuses_before_anything_is_stored_or_sent(tmp_path: Path) -> None:
    async with open_rig(tmp_path / "db", spec=ModelSpec(id="fake:m", images=False)) as rig:
        with pytest.raises(
            InvalidRequestError, match=r"fake:m takes no images and no PDFs, so it cannot read cat\.png"
        ):
            await rig.ask("?", attachments=(IMAGE,))

        assert rig.provider.requests == []
        assert await rig.store.conversations("local", limit=1) == []


async def test_a_fallback_without_eyes_is_refused_too(tmp_path: Path) -> None:
    async with open_rig(tmp_path / "db") as rig:
        rig.engine.catalog.known["other:b"] = ModelSpec(id="other:b", images=False)
        with pytest.raises(InvalidRequestError, match="other:b takes no images"):
            await rig.ask("?", attachments=(IMAGE,), fallbacks=("other:b",))


async def test_a_text_file_goes_to_every_model_and_counts_as_the_text_it_is(tmp_path: Path) -> None:
    async with open_rig(tmp_path / "db", spec=ModelSpec(id="fake:m", context=8000, images=False)) as rig:
        await rig.ask("?", attachments=(NOTES,))

        (request,) = rig.provider.requests
        (file,) = request.messages[-1].files
        assert request.blobs == {file.sha256: NOTES.data}
        assert count_tokens(request.messages[-1].parts) == 4 + 1000 + 1


async def test_images_of_earlier_turns_stay_away_from_a_model_without_eyes(tmp_path: Path) -> None:
    spec = ModelSpec(id="fake:m", context=8000)
    async with open_rig(tmp_path / "db", answer("a"), spec=spec) as rig:
        await rig.ask("?", attachments=(IMAGE, NOTES))
        rig.engine.catalog.known["fake:b"] = ModelSpec(id="fake:b", context=8000, images=False)
        await rig.ask("and?", model="fake:b", conversation_id=(await rig.last()).id)

        request = rig.provider.requests[-1]
        image, notes = request.messages[0].files
        assert list(request.blobs) == [notes.sha256]
        assert image.name == "cat.png"
