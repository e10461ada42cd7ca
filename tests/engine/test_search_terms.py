from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.search import MAX_TERM, query_terms, terms


def matches(text: str, query: str) -> bool:
    """What every store must do with the terms."""
    indexed = terms(text)
    return all(any(t.startswith(w) if prefix else t == w for t in indexed) for w, prefix in query_terms(query))


def test_words_are_folded_in_case_and_accents() -> None:
    assert terms("Der Übermut, Straße!") == ["der", "ubermut", "strasse"]
    assert matches("Crème brûlée", "creme BRULEE")


def test_each_term_stands_once() -> None:
    assert terms("a b A b, a") == ["a", "b"]


def test_the_last_word_of_a_query_is_a_prefix_until_it_is_closed() -> None:
    assert query_terms("capital fra") == [("capital", False), ("fra", True)]
    assert query_terms("capital fra ") == [("capital", False), ("fra", False)]


def test_chinese_is_found_by_one_two_or_more_characters() -> None:
    text = "東京タワーは高い。法国的首都是巴黎"

    assert matches(text, "京")
    assert matches(text, "首都")
    assert matches(text, "法国的首都")
    assert not matches(text, "都首")


def test_a_word_with_latin_and_chinese_is_cut_where_the_script_changes() -> None:
    assert terms("Python代码") == ["python", "代", "码", "代码"]


def test_a_query_without_words_has_no_terms() -> None:
    assert query_terms(" ?! \n") == []


def test_long_terms_are_cut_alike_in_text_and_query() -> None:
    blob = "a" * 500

    assert [blob[:MAX_TERM]] == terms(blob)
    assert matches(f"x {blob} y", blob)


@given(st.text())
def test_every_text_matches_itself(text: str) -> None:
    assert matches(text, text)
