"""How soon the web page shows what the server sends, and how soon a long conversation is open. In Debian's Chromium.

Both ends of a first token are read off the page's own clock: when the bytes of the first text came out of the
connection, and the first frame painted with it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import ROOT, Figure, rounds, show

sys.path.insert(0, str(ROOT / "tests"))

from playwright.sync_api import Browser, sync_playwright

from web.long import COUNT, fill
from web.site import Person, chromium, serving

_WATCH = """
window.came = window.shown = null;
const real = window.fetch;
window.fetch = async (...asked) => {
    const response = await real(...asked);
    if (!String(asked[0]).endsWith("/api/chat")) return response;
    const look = new TransformStream({transform(bytes, on) {
        const text = new TextDecoder().decode(bytes);
        if (window.came === null && text.includes("text-delta")) window.came = performance.now();
        on.enqueue(bytes);
    }});
    return new Response(response.body.pipeThrough(look), response);
};
new MutationObserver(() => {
    if (window.came === null || window.shown !== null) return;
    const said = [...document.querySelectorAll("article")].at(-1)?.querySelector(".prose-chat")?.textContent;
    if (said) requestAnimationFrame(() => setTimeout(() => (window.shown ??= performance.now())));
}).observe(document, {childList: true, characterData: true, subtree: true});
"""


def first_token(browser: Browser, url: str) -> float:
    """Milliseconds from the first text's arrival to the frame that shows it."""
    context = browser.new_context(locale="en-US")
    person = Person(context, url)
    person.page.add_init_script(_WATCH)
    person.arrive().choose("echo:plain-d20-n20")
    person.send("alpha beta")
    person.over()
    taken: float = person.page.evaluate("window.shown - window.came")
    context.close()
    return taken


def opening(browser: Browser, url: str, id_: str, last: str) -> float:
    """Milliseconds from the page's start to the conversation's newest message."""
    context = browser.new_context(locale="en-US")
    person = Person(context, url)
    person.open(f"/#/c/{id_}")
    person.page.get_by_text(last).wait_for()
    taken: float = person.page.evaluate("performance.now()")
    context.close()
    return taken


def main() -> None:
    count = rounds(10)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, chromium(playwright) as browser:
        fill(Path(folder))
        with serving(Path(folder), "--no-login") as site:
            first_token(browser, site.url)
            tokens = [first_token(browser, site.url) for _ in range(count)]
            long, short = [], []
            for _ in range(count):
                long.append(opening(browser, site.url, "long", f"number {COUNT - 1} "))
                short.append(opening(browser, site.url, "short", "number 1 "))
    show(
        f"The web page: {count} rounds",
        [
            Figure("first token: from its arrival to the frame that shows it", tokens, "ms", most=50),
            Figure(f"a conversation of {COUNT:,} messages, opened with the page", long, "ms", most=1000),
            Figure("the same / one of two messages", [a / b for a, b in zip(long, short, strict=True)]),
        ],
    )


if __name__ == "__main__":
    main()
