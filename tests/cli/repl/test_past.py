"""What was typed before: one file, many sessions."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chatops.cli.repl.past import MOST_BYTES, MOST_CHARS, Past


def loaded(file: Path) -> list[str]:
    return list(Past(file).load_history_strings())


def test_entries_come_back_newest_first_with_their_lines(tmp_path: Path) -> None:
    past = Past(tmp_path / "deep" / "prompts")
    for text in ("one", "two\nlines\n+more", "\u2028 odd é"):
        past.append_string(text)

    assert loaded(tmp_path / "deep" / "prompts") == ["\u2028 odd é", "two\nlines\n+more", "one"]
    assert stat.S_IMODE((tmp_path / "deep" / "prompts").stat().st_mode) == 0o600


def test_a_space_before_it_keeps_an_entry_out_and_a_repeated_one_is_kept_once(tmp_path: Path) -> None:
    past = Past(tmp_path / "prompts")
    for text in (" secret", "one", "one", "x" * (MOST_CHARS + 1)):
        past.append_string(text)

    assert loaded(tmp_path / "prompts") == ["one"]
    assert " secret" not in past.get_strings()


def test_pastes_are_kept_as_they_were_sent(tmp_path: Path) -> None:
    Past(tmp_path / "prompts", lambda text: text.replace("[pasted 2 lines]", "a\nb")).append_string("[pasted 2 lines]!")

    assert loaded(tmp_path / "prompts") == ["a\nb!"]


WRITE = """
import sys
from pathlib import Path
from chatops.cli.repl.past import Past
past = Past(Path(sys.argv[1]))
for n in range(20):
    past.append_string(f"{sys.argv[2]} {n}\\n{'x' * 5000}")
"""


def test_sessions_that_write_at_once_do_not_mix_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "prompts"
    writers = [subprocess.Popen([sys.executable, "-c", WRITE, str(file), str(who)]) for who in range(3)]

    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert sorted(loaded(file)) == sorted(f"{who} {n}\n{'x' * 5000}" for who in range(3) for n in range(20))


def test_a_large_file_is_cut_to_its_newer_half(tmp_path: Path) -> None:
    file = tmp_path / "prompts"
    past = Past(file)
    for n in range(120):
        past.append_string(f"{n} {'x' * 10_000}")
    assert file.stat().st_size > MOST_BYTES
    kept = loaded(file)

    assert file.stat().st_size < MOST_BYTES
    assert [text.split()[0] for text in kept[:2]] == ["119", "118"]
    assert kept == loaded(file)
    assert 40 < len(kept) < 60


@pytest.mark.parametrize("damage", [b"", b"no entries", b"\xff\xfe\n+half\xff\n\n# x\n+ok\n"])
def test_a_damaged_file_gives_what_can_be_read(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "prompts").write_bytes(damage)

    assert loaded(tmp_path / "prompts")[:1] in ([], ["ok"])


def test_what_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    past = Past(tmp_path / "folder")
    past.append_string("one")

    assert past.get_strings() == ["one"]
    assert loaded(tmp_path / "folder") == []
