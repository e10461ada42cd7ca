import pytest

from chatops.engine import requests
from chatops.engine.errors import InvalidRequestError
from chatops.engine.messages import Sampling
from chatops.engine.requests import Attachment, TurnRequest, check, title_of

PNG = Attachment(name="a.png", media_type="image/png", data=b"123")


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (TurnRequest(text=" \n"), "empty"),
        (TurnRequest(text="a\0b"), "position 1"),
        (TurnRequest(text="ok \udcff"), "not valid UTF-8 at position 3"),
        (TurnRequest(text="x", system="\0"), "system prompt"),
        (TurnRequest(text="x" * (requests.MAX_TEXT_BYTES + 1)), "at most"),
        (TurnRequest(text="x", sampling=Sampling(max_tokens=0)), "max_tokens is 0"),
        (TurnRequest(text="x", silence=0), "time-out"),
        (TurnRequest(text="x", attachments=(PNG,) * 11), "10 at most"),
        (TurnRequest(attachments=(Attachment(name="a.doc", media_type="application/msword", data=b""),)), "msword"),
        (
            TurnRequest(
                attachments=(
                    Attachment(name="b.png", media_type="image/png", data=bytes(requests.MAX_ATTACHMENT_BYTES + 1)),
                )
            ),
            "b.png is 10,485,761 bytes",
        ),
    ],
)
def test_what_cannot_be_kept_or_sent_is_refused_with_its_place(request_: TurnRequest, complaint: str) -> None:
    with pytest.raises(InvalidRequestError, match=complaint):
        check(request_)


@pytest.mark.parametrize(
    "request_", [TurnRequest(text="hi"), TurnRequest(attachments=(PNG,)), TurnRequest(kind="continue")]
)
def test_good_requests_pass(request_: TurnRequest) -> None:
    check(request_)


def test_a_title_is_the_first_words_on_one_line() -> None:
    assert title_of("  What\nis   this? ") == "What is this?"
    assert title_of(" ") == "(no text)"
    long = title_of("word " * 40)
    assert len(long) <= requests.TITLE_CHARS
    assert long.endswith("word…")


def test_attached_bytes_do_not_show_in_a_repr() -> None:
    assert "123" not in repr(PNG)
