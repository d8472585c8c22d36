"""A real browser for the tests of the console: Debian's Chromium, without a screen, driven by Playwright."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.support.tools import tool

SECONDS: Final = 60.0
"""On a machine that is busy with other things, a page takes ten."""
DESK: Final = ViewportSize(width=1280, height=860)
PHONE: Final = ViewportSize(width=390, height=844)
_SWITCHES: Final = (
    # It asks for nothing of its own, and a container gives it no sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SERIOUS: Final = frozenset({"serious", "critical"})


expect.set_options(timeout=SECONDS * 1_000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; the test is skipped where there is none, or fails where every tool is required."""
    path = tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_SWITCHES))
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Somebody at the console, and what their browser complains of."""

    def __init__(self, browser: Browser, origin: str, **options: Any) -> None:  # noqa: ANN401 - what a context takes
        chosen: dict[str, Any] = {"viewport": DESK, "timezone_id": "Europe/Lisbon", **options}
        self.origin = origin
        self.context: BrowserContext = browser.new_context(**chosen)
        self.context.set_default_timeout(SECONDS * 1_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        """Addresses beyond the console that a page asked for."""
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._note)

    def sign_in(self, token: str, name: str = "Rosa") -> Page:
        """Sign in as a person does, by the address that the terminal prints."""
        self.page.goto(f"{self.origin}/sign-in?token={token}")
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.origin}/now")
        return self.page

    def open(self, path: str) -> Page:
        """Go to a page."""
        self.page.goto(self.origin + path)
        return self.page

    def barriers(self) -> list[str]:
        """What keeps people with a disability from using the page, as axe finds it: serious and critical only."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {node['html']} {node.get('failureSummary', '')}"
            for one in found
            if one["impact"] in _SERIOUS
            for node in one["nodes"]
        ]

    def sideways(self) -> int:
        """By how many pixels the page is wider than the screen."""
        width = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return int(width)

    def close(self) -> None:
        """Leave."""
        self.context.close()

    def _note(self, request: Any) -> None:  # noqa: ANN401 - Playwright's request
        if not request.url.startswith((f"{self.origin}/", "data:")):
            self.strangers.append(request.url)
