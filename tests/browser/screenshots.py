"""Pictures of the console for the README, of what the demo really plays: `make screenshots`."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, ViewportSize, expect

from tests.support.browser import Visitor, chromium
from tests.support.demo import Demo

FOLDER: Final = Path(__file__).parents[2] / "ops" / "screenshots"
MOST_BYTES: Final = 300_000
SCREEN: Final = ViewportSize(width=1280, height=800)
SHOWN: Final = "could Ama ring me"
_VERDICTS: Final = ("Right", "Right", "Not needed", "Right", "Too late", "Right")


def main() -> int:
    """Play the demo, look at it, and write the pictures."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        demo = Demo(Path(folder), "--speed", "4", "--keep")
        try:
            demo.wait_for("Up until Ctrl-C")
            origin, token = re.findall(r"in a browser: (http://[^/]+)/sign-in\?token=(\S+)", demo.out)[0]
            _take(browser, origin, token)
        finally:
            demo.close()
    too_large = [file for file in FOLDER.glob("*.png") if file.stat().st_size > MOST_BYTES]
    sys.stdout.writelines(f"{file.name}: {file.stat().st_size:,} bytes\n" for file in sorted(FOLDER.glob("*.png")))
    return 1 if too_large else 0


def _take(browser: Browser, origin: str, token: str) -> None:
    visitor = Visitor(browser, origin, viewport=SCREEN)
    page = visitor.sign_in(token)
    visitor.open("/now")
    page.locator(".row", has_text=SHOWN).first.click()
    expect(page.locator(".handover")).to_contain_text(SHOWN)
    expect(page.locator(".row[aria-current]")).to_contain_text(SHOWN)
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=FOLDER / "now.png")
    for number, verdict in enumerate(_VERDICTS):
        visitor.open("/log?trigger=human_request")
        page.locator("a.entry").nth(number).click()
        page.get_by_role("button", name=verdict, exact=True).click()
        expect(page.get_by_role("button", name=verdict, exact=True, pressed=True)).to_be_visible()
    visitor.open("/triggers")
    expect(page.locator(".advice, .no-advice")).to_be_visible()
    page.screenshot(path=FOLDER / "triggers.png")
    visitor.close()


if __name__ == "__main__":
    sys.exit(main())
