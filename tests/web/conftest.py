"""One server for all tests of this worker, one browser for those of a file; each test has a profile of its own."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, sync_playwright

from web.site import Person, Site, chromium, serving


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """Playwright's synchronous face keeps an event loop running, beside which no asyncio test can have its own: it ends
    with the file, and no file here has both.
    """
    with sync_playwright() as playwright, chromium(playwright) as launched:
        yield launched


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    """A server for one person, without login."""
    with serving(tmp_path_factory.mktemp("site"), "--no-login") as running:
        yield running


@pytest.fixture
def person(browser: Browser, site: Site) -> Generator[Person]:
    """At the page of `site`; in the end no script may have failed, and nothing have been against the policy."""
    yield from at(browser, site)


def at(browser: Browser, site: Site, **options: object) -> Generator[Person]:
    context = browser.new_context(locale="en-US", **options)  # type: ignore[arg-type]  # Playwright's own names
    somebody = Person(context, site.url)
    yield somebody
    assert somebody.errors == []
    assert somebody.violations() == []
    context.close()
