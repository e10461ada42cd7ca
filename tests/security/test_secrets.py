"""No secret is in the repository: every file that git has, with detect-secrets' patterns."""

import base64
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector

ROOT = Path(__file__).parents[2]
BUILT = ("src/chatops/api/static/", "deploy/requirements.lock", "package-lock.json")
"""Made by programs from what is scanned, and large."""
GUESSES = frozenset({"KeywordDetector", "BasicAuthDetector", "IPPublicDetector"})
"""By names and places, not by form: they find our tests' made-up ones. (Guesses by entropy have no patterns at all.)"""


def patterns() -> list[re.Pattern[str]]:
    """Those of detect-secrets that know a secret by its form."""
    classes: Iterable[type] = get_mapping_from_secret_type_to_class().values()
    known = [one for one in classes if issubclass(one, RegexBasedDetector) and one.__name__ not in GUESSES]
    return [pattern for one in known for pattern in one().denylist]


def found(*files: Path) -> list[str]:
    """Where something is that looks like a secret."""
    looked_for = patterns()
    return [
        f"{file}:{text.count(chr(10), 0, match.start()) + 1}"
        for file in files
        for text in [file.read_text(encoding="utf-8", errors="replace")]
        for pattern in looked_for
        for match in pattern.finditer(text)
    ]


def test_no_file_of_the_repository_holds_a_secret() -> None:
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if name and not any(part in name for part in BUILT)]
    files = [ROOT / name for name in names if (ROOT / name).is_file()]

    assert len(files) > 500
    assert len(patterns()) > 20
    assert found(*files) == []


def planted() -> dict[str, str]:
    """Secrets of nobody, put together here so that this file holds none."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    header, body = (
        base64.urlsafe_b64encode(text).decode().rstrip("=") for text in (b'{"alg":"HS256"}', b'{"sub":"ann"}')
    )
    return {
        "OpenAI": "sk-" + letters[:20] + "T3Blbk" + "FJ" + letters[20:40],
        "Slack": "xoxb-" + "1" * 12 + "-" + letters[:24],
        "GitHub": "gh" + "p_" + letters[:36],
        "AWS": "AKI" + "A" + "IOSFODNN7" + "EXAMPLX",
        "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
        "a signed token": f"{header}.{body}.{letters[:43]}",
    }


@pytest.mark.parametrize("kind", planted())
def test_a_planted_secret_is_found(tmp_path: Path, kind: str) -> None:
    (tmp_path / "settings.py").write_text(f'key = "{planted()[kind]}"\n')

    assert found(tmp_path / "settings.py")
