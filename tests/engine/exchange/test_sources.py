"""Files to import: kinds, damage, bounds, and where in them something is wrong."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from chatops.engine.errors import InvalidRequestError
from chatops.engine.exchange import sources
from chatops.engine.exchange.importing import Report, import_files
from chatops.engine.exchange.service import Exchange
from chatops.engine.messages import Principal
from chatops.engine.stores.sqlite import SqliteStore
from exports import (
    PNG,
    Json,
    branched_chatgpt,
    chatgpt,
    chatgpt_message,
    claude,
    claude_message,
    librechat,
    librechat_message,
    said,
)

HI = claude(claude_message("1", "human", said("Hi")))
ANN = Principal(user_id="ann")


async def imported(*paths: Path, write: bool = True) -> tuple[Report, list[str]]:
    """The report, and the titles of what there is then, sorted."""
    store = await SqliteStore.open(":memory:")
    try:
        report = await import_files(store, "ann", paths, write=write)
        found = await store.conversations("ann", limit=99, archived=None)
        return report, sorted(one.title for one in found)
    finally:
        await store.aclose()


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_json", ".json").replace("_png", ".png"), data)
    return path


async def test_a_zip_of_chatgpt_is_read_and_its_other_files_are_no_faults(tmp_path: Path) -> None:
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file-abc"}
    message = chatgpt_message("user", content={"content_type": "multimodal_text", "parts": [picture, "?"]})
    record = [chatgpt(("q", None, message))]
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("user.json", "{}")
        archive.writestr("conversations-000.json", json.dumps(record))
        archive.writestr("file-abc-cat.png", PNG)
    store = await SqliteStore.open(":memory:")

    report = await import_files(store, "ann", [file])

    (found,) = await store.conversations("ann", limit=9)
    (question,) = await store.messages("ann", found.id, limit=9)
    assert report.faults == []
    assert await store.blob("ann", question.files[0].sha256) == PNG
    await store.aclose()


async def test_a_folder_is_read_as_a_zip_is(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "conversations.json").write_text(json.dumps([HI]))
    (tmp_path / "x" / "users.json").write_text("[]")

    assert await imported(tmp_path) == (Report(new=1, messages=1), ["Anchovies"])


async def test_the_export_of_one_conversation_is_an_object_over_several_lines(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    one = librechat(librechat_message("q", None, "Tell", by_user=True))
    file.write_text("\ufeff" + json.dumps(one, indent=2))

    assert await imported(file) == (Report(new=1, messages=1), ["Stories"])


async def test_a_bad_record_is_named_with_its_place_and_the_rest_imported(tmp_path: Path) -> None:
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps([HI, {"title": "Corrupted entry"}, 5, branched_chatgpt()]))

    report, titles = await imported(file)

    assert titles == ["Anchovies", "Rolling back"]
    assert (report.new, report.faulty) == (2, 2)
    assert report.faults[0].startswith("conversations.json, record 2: it is no conversation of ChatGPT")
    assert report.faults[1] == "conversations.json, record 3: it is no JSON object"


async def test_a_file_that_breaks_off_gives_what_is_before_the_break(tmp_path: Path) -> None:
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps([HI, branched_chatgpt()])[:-40])

    report, titles = await imported(file)

    assert titles == ["Anchovies"]
    assert report.faults == ["conversations.json: is damaged after record 1: parse error: premature EOF"]


async def test_a_bad_line_of_json_lines_is_named_and_the_others_imported(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(f"{json.dumps(HI)}\n\n{{broken\n{json.dumps(branched_chatgpt())}\n")

    report, titles = await imported(file)

    assert titles == ["Anchovies", "Rolling back"]
    assert report.faults == ["x.jsonl, line 3: is no JSON"]


async def test_librechats_collections_are_put_together_from_two_files(tmp_path: Path) -> None:
    """As `mongoexport` writes them: a document a line, in any order, times in extended JSON."""
    at = {"$date": "2024-05-28T18:08:55.014Z"}
    conversation = {
        "_id": {"$oid": "1"},
        "conversationId": "l-1",
        "title": "Stories",
        "user": "u",
        "endpoint": "openAI",
    }
    messages = [
        librechat_message("aa", "q", "Once", by_user=False, createdAt=at),
        librechat_message("q", None, "Tell", by_user=True, createdAt=at),
        librechat_message("z", None, "Alone", by_user=True, createdAt=at, conversationId="l-2"),
    ]
    files = [tmp_path / "messages.json", tmp_path / "conversations.json"]
    files[0].write_text("".join(f"{json.dumps(message)}\n" for message in messages))
    files[1].write_text(json.dumps([{**conversation, "createdAt": at, "messages": [{"$oid": "2"}]}]))

    assert await imported(*files) == (Report(new=2, messages=3), ["Alone", "Stories"])


async def test_a_conversation_without_messages_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(json.dumps([claude(), HI]))

    assert await imported(file) == (Report(new=1, empty=1, messages=1), ["Anchovies"])


async def test_a_dry_run_stores_nothing(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(json.dumps([HI]))

    assert await imported(file, write=False) == (Report(new=1, messages=1), [])


@pytest.mark.parametrize(
    ("content", "said_of_it"),
    [
        (b"", "is empty"),
        (b"hello", "is no JSON: it must begin with [ or {"),
        (b'["\xff"]', "is damaged from its beginning"),
    ],
)
async def test_a_file_that_holds_no_json_is_named(tmp_path: Path, content: bytes, said_of_it: str) -> None:
    (tmp_path / "x.json").write_bytes(content)

    report, _ = await imported(tmp_path / "x.json")

    assert report.faults[0].startswith(f"x.json: {said_of_it}")


async def test_a_missing_file_and_a_damaged_zip_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04nonsense")

    with pytest.raises(InvalidRequestError, match=r"cannot read .*gone.json: No such file"):
        await imported(tmp_path / "gone.json")
    with pytest.raises(InvalidRequestError, match=r"x.zip is a damaged zip file"):
        await imported(tmp_path / "x.zip")


async def test_a_damaged_member_of_a_zip_is_named(tmp_path: Path) -> None:
    file = zipped(tmp_path / "x.zip", a_json=json.dumps([HI] * 50).encode(), b_json=json.dumps([HI]).encode())
    data = bytearray(file.read_bytes())
    data[60] ^= 0xFF
    file.write_bytes(data)

    report, titles = await imported(file)

    assert titles == ["Anchovies"]
    assert report.faults[0].startswith("a.json: is damaged")


async def test_a_record_larger_than_the_bound_is_not_read_into_memory(tmp_path: Path) -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            Endless.taken += size
            return b'["' if Endless.taken == size else b"x" * size

    class Files:
        def namelist(self) -> list[str]:
            return ["x.json"]

        def open(self, name: str) -> io.RawIOBase:
            Endless.taken = 0
            return Endless()

    ((place, fault),) = list(sources.records(Files()))  # type: ignore[arg-type]  # a RawIOBase reads bytes too

    assert (place, str(fault)) == ("x.json", "holds a record of more than 67,108,864 bytes")
    assert Endless.taken < 2 * sources.MAX_RECORD_BYTES


async def archive_of(*records: Json) -> bytes:
    store = await SqliteStore.open(":memory:")
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "conversations.json"
        path.write_text(json.dumps(records))
        await import_files(store, "ann", [path])
    pieces = [piece async for piece in Exchange(store).export(ANN, "archive")]
    await store.aclose()
    return b"".join(pieces)


def changed(archive: bytes, change: dict[int, bytes]) -> bytes:
    """The archive with other lines in `conversations.jsonl`."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(sink, "w") as new:
        for name in old.namelist():
            lines = old.read(name).splitlines()
            if name == "conversations.jsonl":
                lines = [change.get(n, line) for n, line in enumerate(lines)]
            new.writestr(name, b"".join(line + b"\n" for line in lines))
    return sink.getvalue()


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b'{"message": 1}',
        b'{"message": {"id": "x"}}',
        b'{"message": {"parts": [{"type": "file", "name": "a", "sha256": "../../etc", "media_type": "", "size": 1}]}}',
    ],
)
async def test_a_bad_line_of_an_archive_is_named_and_its_answers_kept(tmp_path: Path, line: bytes) -> None:
    archive = await archive_of(branched_chatgpt())
    (tmp_path / "a.zip").write_bytes(changed(archive, {1: line}))

    report, titles = await imported(tmp_path / "a.zip")

    assert (titles, report.messages) == (["Rolling back"], 4)
    assert report.faults[0] == "conversations.jsonl, line 2: it is no record of a message of this conversation"
    assert "its parent" in report.faults[1]


async def test_a_bad_head_of_an_archive_loses_that_conversation_alone(tmp_path: Path) -> None:
    archive = await archive_of(branched_chatgpt(), HI)
    (tmp_path / "a.zip").write_bytes(changed(archive, {0: b'{"conversation": {"id": 5}}'}))

    report, titles = await imported(tmp_path / "a.zip")

    assert len(titles) == 1
    assert report.faults == ["conversations.jsonl, line 1: it is no record of a conversation"]


async def test_an_archive_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("manifest.json", '{"format": "chatops-archive", "version": 2}')
        archive.writestr("conversations.jsonl", "")

    with pytest.raises(InvalidRequestError, match="of version 2, this program reads 1: update chatops"):
        await imported(tmp_path / "a.zip")
