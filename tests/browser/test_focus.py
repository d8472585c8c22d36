"""By keyboard alone: what one presses keeps its place, whatever becomes of the part around it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from handraise.events import Outcome
from handraise.settings import Settings
from tests.browser.conftest import Visit
from tests.support.console import WORD, Reader, served
from tests.support.logged import Log, a_decision, an_empty_log, an_escalation
from tests.support.usual import publish

UNCOVERED = """
() => {
  const {left, top, right, bottom} = document.activeElement.getBoundingClientRect();
  return document.activeElement.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
}
"""
"""Whether what has the focus can be seen."""


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Log, Reader]]:
    """A console over a few open escalations, and its log, which reads what is done at once."""
    now = datetime.now(UTC)
    with an_empty_log() as log, served(log.database) as reader:

        async def taken(_: Settings, outcome: Outcome) -> None:
            log.add(outcome)

        monkeypatch.setattr("handraise.console.pages.escalation.publish_outcome", taken)
        log.add(
            *(
                an_escalation(
                    escalation_id=f"e{number}",
                    conversation_id=f"c-e{number}",
                    occurred_at=now - timedelta(minutes=number),
                    due_at=now + timedelta(hours=1),
                )
                for number in range(60)
            )
        )
        yield log, reader


def test_on_a_phone_nothing_that_has_the_focus_lies_below_the_pages(one: tuple[Log, Reader], visit: Visit) -> None:
    log, reader = one
    publish(log, "shop", "business_id: shop\nowner: Rosa\n", "Rosa is back")
    log.add(a_decision())
    visitor = visit(reader.origin, viewport={"width": 340, "height": 800})
    page = visitor.sign_in(WORD)
    for path in ("/now", "/now/e1", "/log", "/log/decisions", "/triggers", "/try/shop"):
        visitor.open(path)
        if path == "/triggers":
            expect(page.locator(".advice, .no-advice")).to_be_visible()
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            assert page.evaluate(UNCOVERED), (path, page.evaluate("document.activeElement.outerHTML"))
