"""By keyboard alone: what one presses keeps its place, whatever becomes of the part around it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import TimeoutError as NotInTime
from playwright.sync_api import expect

from handraise.console.trial.trials import Trial
from handraise.events import ClosedBecause, Outcome
from handraise.settings import Settings
from tests.browser.conftest import Visit
from tests.support.console import WORD, Reader, served
from tests.support.logged import Log, a_closing, a_decision, an_empty_log, an_escalation
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


def test_the_focus_stays_where_one_claims_resolves_and_judges(one: tuple[Log, Reader], visit: Visit) -> None:
    log, reader = one
    visitor = visit(reader.origin)
    page = visitor.sign_in(WORD)
    visitor.open("/now/e1")

    def button(name: str) -> None:
        expect(page.get_by_role("button", name=name, exact=True)).to_be_focused()

    page.get_by_role("button", name="Claim").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".facts")).to_contain_text("Rosa has it")
    expect(page.locator("form.actions")).to_be_focused()
    page.keyboard.press("Tab")
    button("Resolve")
    log.add(an_escalation(0, 1, escalation_id="e1", conversation_id="c-e1", reason="More urgent now."))
    expect(page.locator(".handover")).to_contain_text("More urgent now.")
    button("Resolve")
    page.get_by_role("button", name="Not needed").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Not needed", pressed=True)).to_be_visible()
    button("Not needed")
    page.get_by_role("button", name="Resolve").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Rosa resolved it.")).to_be_visible()
    log.add(
        a_closing(
            0, 2, ClosedBecause.RESOLVED, escalation_id="e1", conversation_id="c-e1", occurred_at=datetime.now(UTC)
        )
    )
    expect(page.get_by_role("button", name="Resolve")).to_have_count(0)
    expect(page.locator("form.actions")).to_be_focused()
    page.keyboard.press("Tab")
    button("Right")
    assert visitor.complaints == []


def test_who_holds_enter_down_has_pressed_once(one: tuple[Log, Reader], visit: Visit) -> None:
    visitor = visit(one[1].origin)
    page = visitor.sign_in(WORD)
    visitor.open("/now/e1")
    page.get_by_role("button", name="Not needed").focus()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    for _ in range(5):
        page.keyboard.down("Enter")
        page.wait_for_timeout(200)
    page.keyboard.up("Enter")
    page.locator("body").evaluate("document.activeElement.blur()")
    for _ in range(5):
        page.keyboard.down("3")
        page.wait_for_timeout(200)
    assert len(sent) == 2


def test_a_choice_that_changes_the_list_keeps_the_focus(one: tuple[Log, Reader], visit: Visit) -> None:
    page = visit(one[1].origin).sign_in(WORD)
    choice = page.get_by_label("Unclaimed only")
    choice.focus()
    with page.expect_response("**/now/list?*unclaimed=1*"):
        page.keyboard.press("Space")
    page.wait_for_timeout(200)
    expect(choice).to_be_checked()
    expect(choice).to_be_focused()


def test_a_choice_that_loads_the_page_anew_keeps_the_focus(one: tuple[Log, Reader], visit: Visit) -> None:
    visitor = visit(one[1].origin)
    page = visitor.sign_in(WORD)
    visitor.open("/triggers")
    page.get_by_label("Period").focus()
    for days in ("7", "30", "90"):
        page.keyboard.press("Home" if days == "7" else "ArrowDown")
        page.wait_for_url(f"**/triggers?business=&days={days}")
        expect(page.get_by_label("Period")).to_be_focused()
    visitor.open("/triggers")
    expect(page.get_by_label("Period")).not_to_be_focused()


def test_older_entries_are_read_on_from_the_first_of_them(one: tuple[Log, Reader], visit: Visit) -> None:
    visitor = visit(one[1].origin)
    page = visitor.sign_in(WORD)
    visitor.open("/log")
    page.get_by_role("link", name="Show older").focus()
    page.keyboard.press("Enter")
    expect(page.locator("a.entry")).to_have_count(60)
    expect(page.locator("a.entry").nth(50)).to_be_focused()


def test_nobody_is_taken_back_to_what_was_pressed_and_scrolled_away(one: tuple[Log, Reader], visit: Visit) -> None:
    log, reader = one
    visitor = visit(reader.origin, viewport={"width": 1280, "height": 240})
    page = visitor.sign_in(WORD)
    visitor.open("/now/e1")
    page.get_by_role("button", name="Claim").click()
    expect(page.locator("form.actions")).to_be_focused()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator("form.actions")).not_to_be_in_viewport()
    log.add(an_escalation(0, 1, escalation_id="e1", conversation_id="c-e1", reason="More urgent now."))
    expect(page.locator(".handover")).to_contain_text("More urgent now.")
    page.wait_for_timeout(100)
    expect(page.locator("form.actions")).to_be_focused()
    expect(page.locator("form.actions")).not_to_be_in_viewport()


@pytest.mark.parametrize("name", ["Every decision", "Handed over"])
def test_a_list_of_the_log_that_one_is_on_stays_while_entries_come(
    one: tuple[Log, Reader], visit: Visit, name: str
) -> None:
    visitor = visit(one[1].origin)
    page = visitor.sign_in(WORD)
    visitor.open("/log")
    with page.expect_response("**/log?text=kettle*"):
        page.get_by_label("Words").fill("kettle")
        page.get_by_role("link", name=name).focus()
    page.wait_for_timeout(100)
    expect(page.get_by_role("link", name=name)).to_be_focused()


def test_publishing_keeps_the_focus_on_what_one_pressed(one: tuple[Log, Reader], visit: Visit) -> None:
    """Kafka is away."""
    log, reader = one
    publish(log, "shop", "business_id: shop\nowner: Rosa\n", "Rosa is back")
    visitor = visit(reader.origin)
    page = visitor.sign_in(WORD)
    visitor.open("/try/shop")
    page.get_by_role("button", name="Publish").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#published").get_by_role("alert")).to_contain_text("Kafka does not answer")
    expect(page.get_by_role("button", name="Publish")).to_be_focused()


def test_a_trial_that_tells_how_far_it_is_can_be_stopped(
    one: tuple[Log, Reader], visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = one[1]
    trial = Trial("Rosa", "shop", "", 7)
    monkeypatch.setattr(reader.services.trials, "get", lambda _: trial)
    visitor = visit(reader.origin)
    page = visitor.sign_in(WORD)
    visitor.open(f"/try/shop/trials/{trial.id}")
    page.get_by_role("button", name="Stop").focus()
    for _ in range(2):
        with page.expect_response(f"**/trials/{trial.id}"):
            pass
    page.wait_for_timeout(100)
    expect(page.get_by_role("button", name="Stop")).to_be_focused()


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
            try:  # a busy browser scrolls a moment after it has moved the focus
                page.wait_for_function(UNCOVERED, timeout=5_000)
            except NotInTime:
                pytest.fail(f"{path}: {page.evaluate('document.activeElement.outerHTML')}")
