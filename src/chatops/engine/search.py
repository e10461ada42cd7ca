"""What a word is, for every store alike: stores index `terms(text)` and look up `query_terms(query)`.

One definition outside the databases makes SQLite and MongoDB find the same messages. Words are runs of letters and
digits, case-folded, without accents. Chinese, Japanese and Korean are written without spaces, so there every
character and every pair of neighbours is a term (the common bigram method of CJK search).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

_WORD = re.compile(r"[^\W_]+")
MAX_TERM = 64
"""Characters of a term that count; longer ones are cut (base64, hashes)."""
_BEFORE = 30
"""Characters of an excerpt that stand before the word."""


@cache
def _cjk() -> re.Pattern[str]:
    """Compiled when it is first needed: at 1.3 ms it is a tenth of what a command's start may take."""
    return re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+")


def _is_cjk(piece: str) -> bool:
    return not piece.isascii() and _cjk().match(piece) is not None


def _fold(text: str) -> str:
    # Decomposed before too: what looks like a bold or raised capital has no lower case until it is a plain letter.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


def _split(word: str) -> list[str]:
    """A word, cut where the script changes between CJK and others."""
    if word.isascii():
        return [word]
    pieces: list[str] = []
    end = 0
    for match in _cjk().finditer(word):
        pieces += [word[end : match.start()], match.group()]
        end = match.end()
    return [piece for piece in [*pieces, word[end:]] if piece]


def terms(text: str) -> list[str]:
    """The terms to index for a text, each once, in order of appearance."""
    if text.isascii():  # the same as below, ten times faster
        return list(dict.fromkeys(word[:MAX_TERM] for word in _WORD.findall(text.lower())))
    found: dict[str, None] = {}
    for word in _WORD.findall(_fold(text)):
        for piece in _split(word):
            if _is_cjk(piece):
                found.update(dict.fromkeys(piece))
                found.update(dict.fromkeys(a + b for a, b in pairwise(piece)))
            else:
                found[piece[:MAX_TERM]] = None
    return list(found)


def query_terms(query: str) -> list[tuple[str, bool]]:
    """The terms a message must hold to match, each with whether the start of a term is enough.

    The last word matches as a prefix, so that a search helps while it is typed. A CJK run of two or more characters
    is looked up by its pairs.
    """
    found: dict[str, bool] = {}
    for word in _WORD.findall(_fold(query)):
        for piece in _split(word):
            if _is_cjk(piece):
                pairs = [a + b for a, b in pairwise(piece)] or [piece]
                found.update(dict.fromkeys(pairs, False))
            else:
                found[piece[:MAX_TERM]] = False
    wanted = list(found.items())
    if wanted and not _is_cjk(wanted[-1][0]) and query[-1:].isalnum():
        wanted[-1] = (wanted[-1][0], True)
    return wanted


def holds(text: str, wanted: Sequence[tuple[str, bool]]) -> bool:
    """Whether a message with this text is found by the terms of a query, as `query_terms` gives them."""
    found = dict.fromkeys(terms(text))
    return all(term in found or (prefix and any(one.startswith(term) for one in found)) for term, prefix in wanted)


def excerpt(text: str, query: str, chars: int) -> str:
    """The text, on one line, around the first word of the query that stands in it as it was typed."""
    flat = " ".join(text.split())
    places = [place for word in query.split() if (place := flat.casefold().find(word.casefold())) >= 0]
    start = max(min(places, default=0) - _BEFORE, 0)
    return ("…" if start else "") + flat[start : start + chars]
