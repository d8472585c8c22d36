"""Every page as it is on a bad day: with nothing on it, with ten thousand escalations, and when something fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from handraise.review.database import LogDatabase
from tests.browser.conftest import Visit
from tests.support.browser import DESK, PHONE, Visitor
from tests.support.busy import fill_busy
from tests.support.console import WORD, Reader, served
from tests.support.logged import Log, a_decision, an_empty_log, an_escalation
from tests.support.usual import publish

PAGES: Final = ("/now", "/log", "/log/decisions", "/triggers", "/try")
VIEWS: Final = [pytest.param(DESK, "light", id="desk-light"), pytest.param(PHONE, "dark", id="phone-dark")]
"""Each screen and each scheme; every pair of them is tried on a usual day."""
_OF_THE_ANSWER: Final = ("Failed to load resource", "Response Status Error Code")
"""How Chromium and htmx tell of an answer that is no 200; that is what is tried here."""


@pytest.fixture(scope="module")
def busy() -> Iterator[Reader]:
    """A console over ten thousand open escalations."""
    with an_empty_log() as log:
        fill_busy(log)
        publish(log, "business-3", "business_id: business-3\nowner: Rosa\n", "Rosa is back")
        with served(log.database) as reader:
            yield reader


@pytest.fixture
def one() -> Iterator[tuple[Log, Reader]]:
    """A console over one escalation, and its log; Kafka is away."""
    with an_empty_log() as log:
        log.add(an_escalation(), a_decision())
        publish(log, "shop", "business_id: shop\nowner: Rosa\n", "Rosa is back")
        with served(log.database) as reader:
            yield log, reader


def looks_well(visitor: Visitor, path: str) -> None:
    """Nothing keeps anybody from using the page that is open, nothing is cut off, and the browser has no complaint."""
    assert visitor.sideways() == 0, path
    assert [said for said in visitor.complaints if not said.startswith(_OF_THE_ANSWER)] == [], path
    assert visitor.barriers() == [], path
    visitor.complaints.clear()  # axe puts styles of its own into the page, which the policy refuses


@pytest.mark.parametrize(("screen", "scheme"), VIEWS)
def test_every_page_with_ten_thousand_escalations(busy: Reader, visit: Visit, screen: object, scheme: str) -> None:
    visitor = visit(busy.origin, viewport=screen, color_scheme=scheme)
    page = visitor.sign_in(WORD)
    expect(page.locator(".list-head")).to_contain_text("10,000 open")
    shown = ("/now/e05000", "/escalations/e05000", "/conversations/business-0/c-e05000", "/try/business-3")
    for path in (*PAGES, "/now?rows=480", "/log?text=kettle", "/log/decisions?verdict=unnecessary", *shown):
        visitor.open(path)
        if path == "/triggers":
            expect(page.locator(".advice, .no-advice")).to_be_visible()
        if path.startswith("/conversations"):
            expect(page.get_by_role("status")).to_contain_text("Kafka does not answer")
        looks_well(visitor, path)
    assert visitor.strangers == []


def test_the_busy_list_goes_on_and_the_rest_is_counted(busy: Reader, visit: Visit) -> None:
    page = visit(busy.origin).sign_in(WORD)
    expect(page.locator(".row")).to_have_count(60)
    page.get_by_role("link", name="Show more").click()
    expect(page.locator(".row")).to_have_count(120)
    page.goto(f"{busy.origin}/log/decisions")
    expect(page.locator("a.entry")).to_have_count(50)
    page.get_by_role("link", name="Show older").click()
    expect(page.locator("a.entry")).to_have_count(100)


@pytest.mark.parametrize(("screen", "scheme"), VIEWS)
def test_every_page_while_the_log_is_away(tmp_path: Path, visit: Visit, screen: object, scheme: str) -> None:
    with LogDatabase(f"sqlite:///{tmp_path / 'none.sqlite3'}") as missing, served(missing) as reader:
        visitor = visit(reader.origin, viewport=screen, color_scheme=scheme)
        visitor.sign_in(WORD)
        for path in (*PAGES, "/try/shop", "/escalations/e1", "/conversations/shop/c1"):
            visitor.open(path)
            expect(visitor.page.get_by_role("heading", name="The log cannot be read")).to_be_visible()
            looks_well(visitor, path)


@pytest.mark.parametrize(("screen", "scheme"), VIEWS)
def test_what_is_not_there_and_what_fails_is_told_in_words(
    one: tuple[Log, Reader], visit: Visit, screen: object, scheme: str
) -> None:
    log, reader = one
    visitor = visit(reader.origin, viewport=screen, color_scheme=scheme)
    page = visitor.sign_in(WORD)
    for path in ("/nothing", "/escalations/none", "/conversations/shop/none", "/log?after=x"):
        visitor.open(path)
        expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
        looks_well(visitor, path)
    with log.database.writing() as connection:
        connection.execute(text("UPDATE escalation_revisions SET event = '{}'"))
    visitor.open("/escalations/e1")
    expect(page.get_by_role("heading", name="This page has failed")).to_be_visible()
    looks_well(visitor, "/escalations/e1")


@pytest.mark.parametrize(("screen", "scheme"), VIEWS)
def test_a_broker_that_is_away_is_told_where_one_clicked(
    one: tuple[Log, Reader], visit: Visit, screen: object, scheme: str
) -> None:
    visitor = visit(one[1].origin, viewport=screen, color_scheme=scheme)
    page = visitor.sign_in(WORD)
    visitor.open("/escalations/e1")
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("alert")).to_contain_text("Kafka does not answer")
    looks_well(visitor, "claim")
    visitor.open("/try/shop")
    written = page.get_by_label("Policy", exact=True)
    before = written.input_value()
    written.fill(f"{before}withn: 2 hours\n")
    expect(page.locator("#problems")).to_contain_text("Did you mean `within`?")
    looks_well(visitor, "problems")
    written.fill(f"{before}within: 2 hours\n")
    expect(page.locator("#problems")).to_contain_text("It would be version")
    written.fill(f"{before}triggers: {{crisis: {{around_the_clock: true}}}}\n")
    expect(page.locator("#problems")).to_contain_text("No problems")
    page.get_by_role("button", name="Try it on the past").click()
    expect(page.locator("#trial").get_by_role("alert")).to_contain_text("Kafka does not answer")
    looks_well(visitor, "trial")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#published").get_by_role("alert")).to_contain_text("Kafka does not answer")
    looks_well(visitor, "publish")


@pytest.mark.parametrize(("screen", "scheme"), VIEWS)
def test_what_is_refused_or_never_comes_is_told_beside_what_one_does(
    one: tuple[Log, Reader], visit: Visit, screen: object, scheme: str
) -> None:
    log, reader = one
    visitor = visit(reader.origin, viewport=screen, color_scheme=scheme)
    page = visitor.sign_in(WORD)
    visitor.open("/try/shop")
    written, told = page.get_by_label("Policy", exact=True), page.locator("#failure")
    with log.database.writing() as connection:
        connection.execute(text("ALTER TABLE policy_versions RENAME TO elsewhere"))
    written.fill(f"{written.input_value()}within: 2 hours\n")
    expect(told).to_contain_text("The log's database does not answer.")
    expect(page.locator("header.top")).to_have_count(1)
    looks_well(visitor, "the log is away")
    with log.database.writing() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO policy_versions"))
    written.fill(f"{written.input_value()}\n")
    expect(page.locator("#problems")).to_contain_text("It would be version")
    expect(told).to_be_hidden()
    visitor.open("/escalations/e1")
    page.context.set_offline(True)
    page.get_by_role("button", name="Claim").click()
    expect(told).to_contain_text("The console does not answer")
    page.context.set_offline(False)
    with log.database.writing() as connection:
        connection.execute(text("DELETE FROM escalation_revisions"))
        connection.execute(text("DELETE FROM escalations"))
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("alert")).to_contain_text("The log has no such escalation")


def test_what_is_told_goes_once_something_else_is_in_its_place(one: tuple[Log, Reader], visit: Visit) -> None:
    log, reader = one
    log.add(*(an_escalation(escalation_id=f"f{number}", conversation_id=f"d{number}") for number in range(60)))
    visitor = visit(reader.origin)
    page, told = visitor.sign_in(WORD), visitor.page.locator("#failure")
    rows = page.locator(".row")
    page.route(f"**{rows.first.get_attribute('href')}", lambda route: route.abort())
    # The list may have been sent anew before the answer comes.
    visitor.open("/now")
    page.evaluate("const row = document.querySelector('.row'); row.click(); row.replaceWith(row.cloneNode(true));")
    expect(told).to_contain_text("The console does not answer")
    rows.nth(7).click()
    page.wait_for_url(f"**{rows.nth(7).get_attribute('href')}")
    expect(page.locator("#what")).to_be_visible()
    expect(told).to_be_hidden()
    visitor.open("/log")
    page.route("**/log?after=*", lambda route: route.abort())
    page.get_by_role("link", name="Show older").click()
    expect(told).to_contain_text("The console does not answer")
    page.unroute("**/log?after=*")
    page.get_by_role("link", name="Show older").click()
    expect(page.locator("a.entry")).to_have_count(61)
    expect(told).to_be_hidden()


@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        (502, "text/html", "<html><head><title>502 Bad Gateway</title></head></html>", "The console does not answer"),
        (503, "text/html; charset=utf-8", "<html><body><h1>503</h1></body></html>", "The console does not answer"),
        (503, "text/plain", "no healthy upstream", "no healthy upstream"),
        (413, "text/html", "<html><body><h1>413</h1></body></html>", "That did not work."),
    ],
)
def test_what_a_proxy_answers_is_told_and_put_into_no_part(
    one: tuple[Log, Reader], visit: Visit, status: int, kind: str, body: str, expected: str
) -> None:
    visitor = visit(one[1].origin)
    page = visitor.sign_in(WORD)
    visitor.open("/try/shop")
    written, problems = page.get_by_label("Policy", exact=True), page.locator("#problems")
    before = problems.inner_text()
    page.route("**/check", lambda route: route.fulfill(status=status, body=body, content_type=kind))
    written.fill(f"{written.input_value()}within: 2 hours\n")
    expect(page.locator("#failure")).to_have_text(re.compile(f"^{expected}"))
    assert problems.inner_text() == before
