"""What a model says cannot call people, hide a link, or have something fetched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.bots.safety import BREAK, for_discord, for_slack, mrkdwn

MENTIONS = ["@everyone", "@here", "<@123>", "<@!123>", "<@&9>", "<#55>"]
SLACK = ["<!channel>", "<!here>", "<!everyone>", "<@U123>", "<!subteam^S1>", "<#C0123>", "<!date^1^{date}|x>"]


@pytest.mark.parametrize("text", MENTIONS)
def test_discord_mentions_are_text(text: str) -> None:
    assert text not in for_discord(f"hey {text}!")
    assert for_discord(f"hey {text}!").replace(BREAK, "") == f"hey {text}!"
    assert for_discord(f"`{text}`") == f"`{text}`"


@pytest.mark.parametrize("text", SLACK)
def test_slack_commands_are_text_in_code_as_well(text: str) -> None:
    for answer in (f"hey {text}!", f"`{text}`", f"```\n{text}\n```"):
        assert text not in for_slack(answer)
        assert for_slack(answer).replace(BREAK, "") == answer


def test_a_link_shows_where_it_leads() -> None:
    assert for_slack("see [your bank](https://evil.example/x) now") == "see your bank (https://evil.example/x) now"
    assert for_discord("[a](https://e.example)") == "a (<https://e.example>)"
    assert for_discord("[https://e.example](https://e.example)") == "<https://e.example>"
    assert for_slack("[wiki](https://e.org/A_(b) 'title')") == "wiki (https://e.org/A_(b))"


def test_an_image_is_not_fetched() -> None:
    assert for_slack("![x](https://evil.example/?q=secret)") == "x (https://evil.example/?q=secret)"
    assert for_discord("![](https://evil.example/?q=secret)") == "<https://evil.example/?q=secret>"


def test_slacks_own_labelled_link_shows_where_it_leads() -> None:
    assert for_slack("<https://evil.example|your bank>") == "your bank (https://evil.example)"


def test_a_reference_link_is_no_definition() -> None:
    assert for_slack("[bank][1]\n\n[1]: https://evil.example") == f"[bank][1]\n\n\\[1{BREAK}]: https://evil.example"


def test_code_is_left_alone() -> None:
    code = "```md\n[a](https://e.example) @everyone\n```\nand `[b](https://e.example)`"
    assert for_discord(code) == code


@given(st.text(alphabet=st.sampled_from("abc `~\n[]()<>!@#*|https://x.yeverone"), max_size=300))
def test_plain_prose_is_never_lost(text: str) -> None:
    letters = [c for c in text if c.isalnum()]
    assert [c for c in for_discord(text) if c.isalnum()] == letters or "](" in text
    assert [c for c in for_slack(text) if c.isalnum()] == letters or "](" in text


def test_older_slack_fields_get_no_commands() -> None:
    assert mrkdwn("<!channel> & <b>") == "&lt;!channel&gt; &amp; &lt;b&gt;"
