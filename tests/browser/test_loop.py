"""The owner's loop on a live demo: see, judge, learn, try, publish, and see the worker follow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.support.browser import Visitor
from tests.support.demo import Demo

pytestmark = pytest.mark.embedded

BUSINESS: Final = "wrenwire-telecom"
SECONDS: Final = 60_000
HINT: Final = "My last bill is not in the app."
"""A complaint, but not a sure one: it is the test's own, so that no mistake of the detector's is needed for it."""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Starts demos, and ends what they leave."""
    started: list[Demo] = []

    def start(*arguments: str) -> Demo:
        started.append(Demo(tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_the_loop_is_closed(demo: Callable[..., Demo], visit: Visit) -> None:
    run = demo("--speed", "3", "--keep")
    run.wait_for("in a browser: ")
    origin, token = re.findall(r"in a browser: (http://[^/]+)/sign-in\?token=(\S+)", run.out)[0]
    visitor = visit(origin)
    page = visitor.sign_in(token)
    see_escalations_arrive(page)
    run.wait_for("Up until Ctrl-C")
    run.publish(BUSINESS, "a-hint", HINT)
    judge_three_and_watch_precision_change(visitor)
    before, version = tighten_a_trigger(visitor)
    replay_it_and_read_the_difference(page)
    assert visitor.complaints == []
    assert visitor.barriers() == []
    visitor.complaints.clear()  # axe puts styles of its own into the page, which the policy refuses
    publish_it(page, version)
    see_the_worker_follow(visitor, run, version)
    go_back(visitor, before, version)
    assert visitor.complaints == []
    assert visitor.strangers == []


def see_escalations_arrive(page: Page) -> None:
    """They come by themselves."""
    expect(page.locator(".row").nth(4)).to_be_visible(timeout=SECONDS)
    expect(page.locator(".list-head")).to_contain_text(re.compile(r"\d+ open"))


def judge_three_and_watch_precision_change(visitor: Visitor) -> None:
    """Three of one trigger, one of them right."""
    page = visitor.open("/triggers")
    expect(page.locator("#distress")).to_contain_text("Nobody has judged one yet.")
    visitor.open("/log?trigger=distress")
    addresses = [row.get_attribute("href") or "" for row in page.locator("a.entry").all()[:3]]
    precise = {"Right": "100%", "Not needed": "50%", "Too late": "67%"}
    for address, (verdict, precision) in zip(addresses, precise.items(), strict=True):
        visitor.open(address)
        page.get_by_role("button", name=verdict, exact=True).click()
        expect(page.get_by_role("button", name=verdict, exact=True, pressed=True)).to_be_visible()
        visitor.open("/triggers")
        expect(page.locator("#distress .figure")).to_have_text(precision)
    expect(page.locator("#distress .precision")).to_contain_text("2 of 3 judged")
    expect(page.locator("#distress .precision")).to_contain_text("Probably between 21% and 94%.")


def tighten_a_trigger(visitor: Visitor) -> tuple[str, str]:
    """Of one business; what its policy was, and the version that it would be."""
    page = visitor.open("/try")
    page.get_by_role("link", name=BUSINESS).click()
    expect(page.locator("#follows")).to_contain_text("The workers follow it")
    text = page.get_by_label("Policy", exact=True)
    before = text.input_value()
    assert "triggers" not in before
    text.fill(f"{before}triggers:\n  complaint:\n    threshold: 0.9\n")
    expect(page.locator("#problems")).to_contain_text("No problems. It would be version")
    return before, re.findall(r"version (\w{8})", page.locator("#problems").inner_text())[0]


def replay_it_and_read_the_difference(page: Page) -> None:
    """Over what the demo has played."""
    page.get_by_role("button", name="Try it on the past").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator(".sums .dropped dd")).to_have_text(re.compile(r"[1-9]\d*"), timeout=SECONDS)
    expect(page.locator(".sums .added dd")).to_have_text("0")
    expect(page.locator(".examples.dropped li").first).to_contain_text(HINT)


def publish_it(page: Page, version: str) -> None:
    """With a reason."""
    page.get_by_placeholder("Why").fill("A hint is no complaint")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#published")).to_contain_text(f"Published as version {version}")
    expect(page.locator("#versions")).to_contain_text(f"{version} by Rosa")
    expect(page.locator("#versions")).to_contain_text("A hint is no complaint")


def see_the_worker_follow(visitor: Visitor, run: Demo, version: str) -> None:
    """The next decision is made under the new version."""
    page = visitor.page
    run.publish(BUSINESS, "after-it", "Can I talk to a human, please? This is the third time that I ask.")
    expect(page.locator("#follows")).to_contain_text("The workers follow it", timeout=SECONDS)
    visitor.open(f"/conversations/{BUSINESS}/after-it")
    page.get_by_role("link", name="Asks for a person").click()
    expect(page.locator(".ids")).to_contain_text(f"policy {version}")


def go_back(visitor: Visitor, before: str, version: str) -> None:
    """To what held at first, and by one click to the version in between."""
    page = visitor.open(f"/try/{BUSINESS}")
    page.get_by_label("Policy", exact=True).fill(before)
    page.get_by_role("button", name="Publish").click()
    versions = page.locator(".versions-list > li")
    expect(versions).to_have_count(3)  # the last is the workers' file
    versions.nth(1).get_by_role("button", name="Go back to it").click()
    expect(versions).to_have_count(4)
    expect(versions.first).to_contain_text(f"Back to {version}")
