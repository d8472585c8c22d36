"""The console in a real browser: readable by everybody, on every screen, live, and within its own four walls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import expect

from handraise.events import ClosedBecause, Escalation, OutcomeKind, Verdict
from handraise.review.database import LogDatabase
from tests.browser.conftest import Visit
from tests.support.browser import DESK, PHONE
from tests.support.console import WORD, Reader, served
from tests.support.logged import Log, a_closing, a_decision, an_empty_log, an_escalation, an_outcome
from tests.support.usual import fill, publish

SELECTED: Final = (
    "(({value, selectionStart, selectionEnd}) => value.slice(selectionStart, selectionEnd))(document.activeElement)"
)
"""What is selected in the field that has the focus."""
FIELDS_ON_ONE_ANOTHER: Final = """
() => {
  const fields = [...document.querySelectorAll(".field > :last-child")].map((field) => field.getBoundingClientRect());
  return fields.some((one, at) => fields.slice(at + 1).some((other) =>
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom));
}
"""
"""Whether a field of the log's form lies on another."""
PAGES: Final = ["/now", "/log", "/log/decisions", "/triggers", "/try", "/try/hotel-seven-lamps"]


@pytest.fixture(scope="module")
def usual() -> Iterator[Reader]:
    """A console over a log of some days."""
    with an_empty_log() as log:
        fill(log)
        with served(log.database) as reader:
            yield reader


@pytest.fixture
def empty() -> Iterator[tuple[Log, Reader]]:
    """A console over a log with nothing in it, and that log."""
    with an_empty_log() as log, served(log.database) as reader:
        yield log, reader


def raised(name: str, **fields: Any) -> Escalation:  # noqa: ANN401 - any field of the event
    """An escalation that is open now."""
    now = datetime.now(UTC)
    return an_escalation(
        escalation_id=name,
        **{"conversation_id": f"c-{name}", "occurred_at": now, "due_at": now + timedelta(hours=1), **fields},
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_every_page_is_for_everybody_on_every_screen(usual: Reader, visit: Visit, screen: str, scheme: str) -> None:
    visitor = visit(usual.origin, viewport=DESK if screen == "desk" else PHONE, color_scheme=scheme)
    page = visitor.open("/sign-in")
    assert visitor.barriers() == []
    visitor.sign_in(WORD)
    escalation = page.locator(".row").first.get_attribute("href") or ""
    conversation = re.findall(r'href="(/conversations/[^"#]+)', usual.sign_in().page("/log/decisions"))[0]
    for path in (*PAGES, escalation, escalation.replace("/now/", "/escalations/"), conversation, "/escalations/none"):
        visitor.open(path)
        assert visitor.sideways() == 0, path
        assert [one for one in visitor.complaints if "404" not in one] == [], path
        assert visitor.barriers() == [], path
        visitor.complaints.clear()  # axe puts styles of its own into the page, which the policy refuses
    assert visitor.strangers == []


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_pages_with_nothing_on_them_are_for_everybody_too(
    empty: tuple[Log, Reader], visit: Visit, screen: str, tmp_path: Path
) -> None:
    visitor = visit(empty[1].origin, viewport=DESK if screen == "desk" else PHONE)
    visitor.sign_in(WORD)
    for path in PAGES:
        visitor.open(path)
        assert visitor.sideways() == 0, path
        assert visitor.barriers() == [], path
    with LogDatabase(f"sqlite:///{tmp_path / 'none.sqlite3'}") as missing, served(missing) as reader:
        visitor = visit(reader.origin, viewport=DESK if screen == "desk" else PHONE)
        visitor.sign_in(WORD)
        expect(visitor.page.get_by_role("heading", name="The log cannot be read")).to_be_visible()
        assert visitor.barriers() == []


def test_escalations_arrive_and_leave_by_themselves(empty: tuple[Log, Reader], visit: Visit) -> None:
    log, reader = empty
    visitor = visit(reader.origin)
    page = visitor.sign_in(WORD)
    expect(page.get_by_text("Nothing is open")).to_be_visible()
    log.add(raised("e1"), raised("e2", due_at=datetime.now(UTC) - timedelta(minutes=3)))
    expect(page.locator(".row")).to_have_count(2)
    expect(page).to_have_title("(1) Now · Handraise")
    expect(page.locator(".row").first).to_contain_text("3 min late")
    page.locator("#row-e1").click()
    expect(page).to_have_url(f"{reader.origin}/now/e1")
    expect(page.locator("#row-e1")).to_have_attribute("aria-current", "true")
    log.add(
        a_closing(
            0, 1, ClosedBecause.RESOLVED, escalation_id="e1", conversation_id="c-e1", occurred_at=datetime.now(UTC)
        )
    )
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".facts")).to_contain_text("Resolved")
    assert visitor.complaints == []


def test_a_note_and_the_focus_outlive_what_comes_in_meanwhile(empty: tuple[Log, Reader], visit: Visit) -> None:
    log, reader = empty
    log.add(raised("e1"))
    page = visit(reader.origin).sign_in(WORD)
    note = page.get_by_label("Note")
    note.fill("half a sent")
    log.add(an_escalation(0, 1, escalation_id="e1", conversation_id="c-e1", reason="More urgent now."), raised("e2"))
    expect(page.locator(".row")).to_have_count(2)
    expect(page.locator(".handover")).to_contain_text("More urgent now.")
    expect(note).to_have_value("half a sent")
    expect(note).to_be_focused()


def test_the_keyboard_is_enough(empty: tuple[Log, Reader], visit: Visit) -> None:
    log, reader = empty
    log.add(*(raised(f"e{number}") for number in range(3)))
    page = visit(reader.origin).sign_in(WORD)
    page.keyboard.press("Tab")
    expect(page.get_by_text("To the content")).to_be_focused()
    page.keyboard.press("j")
    expect(page).to_have_url(f"{reader.origin}/now/e1")
    expect(page.locator("#row-e1")).to_be_focused()
    page.keyboard.press("j")
    expect(page).to_have_url(f"{reader.origin}/now/e2")
    page.keyboard.press("k")
    expect(page).to_have_url(f"{reader.origin}/now/e1")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "claim":
            break
    expect(page.get_by_role("button", name="Claim")).to_be_focused()
    page.get_by_label("Note").focus()
    page.keyboard.press("k")
    expect(page.get_by_label("Note")).to_have_value("k")
    expect(page).to_have_url(f"{reader.origin}/now/e1")


def test_on_a_phone_one_escalation_takes_the_place_of_the_list(empty: tuple[Log, Reader], visit: Visit) -> None:
    log, reader = empty
    log.add(raised("e1"), raised("e2"))
    page = visit(reader.origin, viewport=PHONE).sign_in(WORD)
    expect(page.locator(".detail")).to_be_hidden()
    page.locator("#row-e2").click()
    expect(page.locator(".detail")).to_be_visible()
    expect(page.locator(".list")).to_be_hidden()
    page.get_by_role("link", name="← Now").click()
    expect(page.locator("#row-e2")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_broker_that_is_away_is_said_where_one_clicked(
    empty: tuple[Log, Reader], visit: Visit, scripts: bool
) -> None:
    log, reader = empty
    log.add(raised("e1"))
    page = visit(reader.origin, java_script_enabled=scripts).sign_in(WORD)
    page.get_by_label("Note").fill("I take it")
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("alert")).to_contain_text("Kafka does not answer")
    expect(page.get_by_label("Note")).to_have_value("I take it")
    expect(page.get_by_role("button", name="Claim")).to_be_enabled()


def test_the_log_is_filtered_as_one_chooses(usual: Reader, visit: Visit) -> None:
    visitor = visit(usual.origin)
    visitor.sign_in(WORD)
    page = visitor.open("/log")
    page.get_by_label("Trigger").select_option("complaint")
    expect(page).to_have_url(re.compile("trigger=complaint"))
    expect(page.locator(".entry strong", has_text="In distress")).to_have_count(0)
    shown = page.locator("a.entry").count()
    assert shown
    page.get_by_label("Words").fill("no such words anywhere")
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    page.go_back()
    expect(page.locator("a.entry")).to_have_count(shown)
    page.get_by_role("link", name="Every decision").click()
    expect(page.get_by_label("Trigger")).to_have_value("complaint")
    assert visitor.complaints == []


def test_what_is_chosen_in_the_log_holds_for_its_other_list_too(usual: Reader, visit: Visit) -> None:
    visitor = visit(usual.origin)
    visitor.sign_in(WORD)
    page = visitor.open("/log/decisions")
    page.get_by_label("Trigger").select_option("complaint")
    page.get_by_label("What became of it").select_option("fired")
    expect(page).to_have_url(re.compile("trigger=complaint.*result=fired"))
    page.get_by_role("link", name="Handed over").click()
    expect(page).to_have_url(f"{usual.origin}/log?trigger=complaint")
    page.get_by_label("Words").fill("kettle")
    expect(page).to_have_url(re.compile("text=kettle"))
    page.get_by_role("link", name="Every decision").click()
    expect(page.get_by_label("Trigger")).to_have_value("complaint")
    expect(page.get_by_label("Words")).to_have_value("kettle")
    assert visitor.complaints == []


@pytest.mark.parametrize("name", ["Every decision", "The kettle leaks."])
def test_a_slow_click_after_words_were_typed_is_one(empty: tuple[Log, Reader], visit: Visit, name: str) -> None:
    log, reader = empty
    log.add(raised("e1", reason="The kettle leaks."))
    visitor = visit(reader.origin)
    visitor.sign_in(WORD)
    page = visitor.open("/log")
    page.get_by_label("Words").press_sequentially("kettle")
    expect(page).to_have_url(re.compile("text=kettle"))
    page.get_by_role("link", name=name).click(delay=500)
    expect(page).to_have_url(re.compile(r"/log/decisions\?text=kettle|/escalations/e1"))
    assert visitor.complaints == []


def test_a_policy_is_checked_as_it_is_written(usual: Reader, visit: Visit) -> None:
    visitor = visit(usual.origin)
    visitor.sign_in(WORD)
    page = visitor.open("/try/hotel-seven-lamps")
    expect(page.locator("#problems")).to_contain_text("The same as what holds now.")
    text = page.get_by_label("Policy", exact=True)
    written = f"{text.input_value()}triggers: {{crisis: {{around_the_clock: true}}}}\n"
    text.fill(f"{written}withn: 2 hours\n")
    expect(page.locator("#problems")).to_contain_text("Did you mean `within`?")
    line = len(written.splitlines()) + 1
    expect(page.locator(".gutter b")).to_have_text(str(line))
    page.get_by_role("button", name=f"Line {line}").click()
    expect(text).to_be_focused()
    assert page.evaluate(SELECTED) == "withn: 2 hours"
    text.fill(f"{written}within: 2 hours\n")
    expect(page.locator("#problems")).to_contain_text("No problems. It would be version")
    assert visitor.complaints == []
    assert visitor.barriers() == []


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_whatever_is_long_and_has_no_space_stays_within_the_screen(
    empty: tuple[Log, Reader], visit: Visit, screen: str
) -> None:
    log, reader = empty
    name, note = "n" * 200, f"https://tickets.example.com/{'t' * 400}"
    whose: dict[str, Any] = {"business_id": name, "conversation_id": f"c-{'o' * 150}"}
    log.add(
        raised("e1", **whose, owner=name, queue=name, trigger="w" * 64, reason=note, summary=note, channel="h" * 64),
        a_decision(escalation_id="e1", **whose, trigger="w" * 64, because=note),
        an_outcome(0, OutcomeKind.VERDICT, **whose, escalation_id="e1", verdict=Verdict.TOO_LATE, by=name, note=note),
    )
    publish(log, name, f"business_id: {name}\nowner: {name}\n", note)
    visitor = visit(reader.origin, viewport=DESK if screen == "desk" else PHONE)
    visitor.sign_in(WORD, "p" * 80)
    conversation = f"/conversations/{name}/{whose['conversation_id']}"
    for path in (*PAGES[:5], "/now/e1", "/escalations/e1", conversation, f"/try/{name}", "/log?text=nothing"):
        visitor.open(path)
        assert visitor.sideways() == 0, path


@pytest.mark.parametrize("width", [390, 641, 800, 861, 1040])
def test_no_word_of_the_log_is_squeezed_to_a_letter_a_line(empty: tuple[Log, Reader], visit: Visit, width: int) -> None:
    log, reader = empty
    log.add(raised("e1", owner="n" * 200, queue="q"), a_decision(escalation_id="e1", because="rule:its own words"))
    visitor = visit(reader.origin, viewport={**DESK, "width": width})
    page = visitor.sign_in(WORD)
    for path, what in (("/log", ".entry-who .soft"), ("/log/decisions", ".entry-because .soft")):
        visitor.open(path)
        short = page.locator(f"a.entry {what}")
        expect(short).to_be_visible()
        height = short.evaluate("element => element.getBoundingClientRect().height")
        assert height < 30, path
        assert visitor.sideways() == 0, path


def test_every_page_fits_a_small_phone(usual: Reader, visit: Visit) -> None:
    visitor = visit(usual.origin, viewport={**PHONE, "width": 320})
    escalation = visitor.sign_in(WORD).locator(".row").first.get_attribute("href") or ""
    for path in (*PAGES, escalation, escalation.replace("/now/", "/escalations/")):
        visitor.open(path)
        assert visitor.sideways() == 0, path


@pytest.mark.parametrize("width", [340, 800, 1280])
def test_no_field_of_the_log_lies_on_another_or_beyond_the_screen(usual: Reader, visit: Visit, width: int) -> None:
    visitor = visit(usual.origin, viewport={**DESK, "width": width})
    page = visitor.sign_in(WORD)
    for path in ("/log", "/log/decisions"):
        visitor.open(path)
        if (folded := page.get_by_text("Filter", exact=True)).is_visible():
            folded.click()
        expect(page.get_by_label("To", exact=True)).to_be_visible()
        assert not page.evaluate(FIELDS_ON_ONE_ANOTHER), path
        assert visitor.sideways() == 0, path


def test_an_owner_with_two_spaces_in_the_name_can_be_chosen(empty: tuple[Log, Reader], visit: Visit) -> None:
    log, reader = empty
    log.add(raised("e1", owner="Ana  Maria "), raised("e2"))
    visitor = visit(reader.origin)
    visitor.sign_in(WORD)
    page = visitor.open("/log")
    expect(page.locator("a.entry")).to_have_count(2)
    page.get_by_label("Owner").select_option("Ana  Maria ")
    expect(page.locator("a.entry")).to_have_count(1)
    page.reload()
    expect(page.locator("a.entry")).to_have_count(1)


def test_a_policy_that_begins_with_an_empty_line_keeps_it(empty: tuple[Log, Reader], visit: Visit) -> None:
    log, reader = empty
    publish(log, "shop", "\n\nbusiness_id: shop\nowner: Rosa\nwithin: 3 hours\n", "With air above it")
    visitor = visit(reader.origin)
    visitor.sign_in(WORD)
    page = visitor.open("/try/shop")
    text = page.get_by_label("Policy", exact=True)
    expect(text).to_have_value("\n\nbusiness_id: shop\nowner: Rosa\nwithin: 3 hours\n")
    page.get_by_role("button", name="Line 3").click()
    assert page.evaluate(SELECTED) == "business_id: shop"
