"""The real server in a process of its own, and a browser that uses its page like a person."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page, Playwright, expect

from program import Program

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",  # it runs as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE_MS = 20_000
expect.set_options(timeout=_PATIENCE_MS)  # a busy machine is no defect
_SETTINGS = """
model = "echo:plain"

[providers.echo]
kind = "echo"

[presets.reviewer]
model = "echo:plain"
system = "You review code."
"""
PASSWORD = "correct horse battery"


class Site:
    """`chatops serve` with a database of its own; the model says back what it is told, at the speed its name asks."""

    def __init__(self, home: Path, *options: str, settings: str = "") -> None:
        home.mkdir(exist_ok=True)
        (home / "config.toml").write_text(_SETTINGS + settings, encoding="utf-8")
        self.program = Program(home)
        self._options = options
        self._port = "0"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        """Starts it, again on the port that it had, and waits until it listens."""
        log = self.program.home / "serve.log"  # no pipe: a log that nobody reads would fill it, and stop the server
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                self.program.command("serve", "--port", self._port, *self._options),
                env=self.program.env,
                cwd=self.program.cwd,
                stdout=subprocess.DEVNULL,
                stderr=file,
            )
        while (found := re.search(r"http://127\.0\.0\.1:([0-9]+)", log.read_text(encoding="utf-8"))) is None:
            assert self._process.poll() is None, f"it did not start: {log.read_text(encoding='utf-8')}"
            time.sleep(0.02)
        self.url, self._port = found[0], found[1]

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def close(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(60)


@contextmanager
def serving(home: Path, *options: str, settings: str = "") -> Generator[Site]:
    """`settings`: TOML beside what all tests have."""
    site = Site(home, *options, settings=settings)
    try:
        site.start()
        yield site
    finally:
        site.close()


@contextmanager
def chromium(playwright: Playwright) -> Generator[Browser]:
    """Debian's browser: none is fetched from elsewhere. Raises `AssertionError` when there is none."""
    paths = [found for name in _CHROMIUM if (found := shutil.which(name))]
    assert paths, "there is no chromium: deploy/debian-packages.sh test installs it"
    browser = playwright.chromium.launch(executable_path=paths[0], args=_FLAGS, env=dict(os.environ))
    try:
        yield browser
    finally:
        browser.close()


_WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


class Person:
    """Somebody at the page, in the words that the page shows.

    Attributes:
        errors: What scripts on the page have thrown.
    """

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(_PATIENCE_MS)
        self.page.add_init_script(_WATCH)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.url = url

    def open(self, path: str = "/") -> Person:
        self.page.goto(self.url + path)
        return self

    def arrive(self) -> Person:
        """Opens the page where nobody needs to sign in."""
        self.open()
        expect(self.box).to_be_visible()
        return self

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def messages(self) -> Locator:
        return self.page.get_by_role("article")

    @property
    def answer(self) -> Locator:
        """The newest message."""
        return self.messages.last

    def choose(self, model: str) -> None:
        self.page.get_by_role("button", name="Model:").click()
        self.page.get_by_role("combobox", name="Find a model").fill(model)
        self.page.keyboard.press("Enter")

    def send(self, text: str) -> None:
        self.box.fill(text)
        self.page.keyboard.press("Enter")

    def attach(self, name: str, media_type: str, data: bytes) -> None:
        payload: FilePayload = {"name": name, "mimeType": media_type, "buffer": data}
        self.page.locator("input[type=file]").set_input_files(payload)

    def ask(self, text: str) -> None:
        """Sends and waits for the whole answer."""
        before = self.answer.get_attribute("data-message") if self.messages.count() else None
        self.send(text)
        if before:
            expect(self.answer).not_to_have_attribute("data-message", before)
        self.over()

    def over(self) -> None:
        """Waits until no turn runs, and what is stored is shown."""
        expect(self.button("Send")).to_be_visible()
        expect(self.answer.get_by_role("button", name="Answer again")).to_be_visible()

    def settings(self, tab: str) -> Locator:
        """Opens the settings at a tab; returns its panel."""
        self.button("Settings").click()
        self.page.get_by_role("tab", name=tab).click()
        return self.page.get_by_role("tabpanel")

    def violations(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.violations")
        return found

    def register(self, name: str = "Ada") -> None:
        self.page.get_by_label("Name").fill(name)
        self.sign_in("Create account")

    def sign_in(self, button: str = "Sign in", password: str = PASSWORD, email: str = "ada@example.com") -> None:
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.button(button).click()

    def conversation(self, title: str) -> Locator:
        return self.page.get_by_role("navigation").get_by_role("link", name=title)

    def act_on(self, title: str, action: str) -> None:
        """Chooses an action of a conversation in the list."""
        self.page.get_by_role("button", name=f"Options for {title}").click()
        self.page.get_by_role("menuitem", name=action).click()
