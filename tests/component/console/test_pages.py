"""What the pages say, of logs of all kinds: empty, usual, hostile, gone."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handraise.events import (
    ClosedBecause,
    DecisionResult,
    Evidence,
    OutcomeKind,
    Sender,
    Transcript,
    Turn,
    Verdict,
    milliseconds,
)
from handraise.review.database import LogDatabase
from tests.support.console import HTMX, Reader, served
from tests.support.logged import (
    Event,
    a_closing,
    a_decision,
    a_message,
    an_empty_log,
    an_escalation,
    an_outcome,
)
from tests.support.records import FakeRecord
from tests.support.stored import stored
from tests.support.usual import publish

NOW = datetime.now(UTC).replace(microsecond=0)


@contextmanager
def reading(*events: Event, **settings: Any) -> Iterator[Reader]:  # noqa: ANN401 - any setting
    """Somebody who has signed in, over a log that has read these events."""
    with an_empty_log() as log:
        log.add(*events)
        with served(log.database, **settings) as reader:
            yield reader.sign_in()


def words(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"</?mark[^>]*>", "", page))).split())


def rows(page: str) -> list[str]:
    """The escalations of the list, in order."""
    return re.findall(r'id="row-([^"]+)"', page)


def open_one(name: str, due: timedelta, **fields: Any) -> Event:  # noqa: ANN401 - any field of the event
    """An escalation that is open now."""
    return an_escalation(
        escalation_id=name,
        **{
            "conversation_id": f"c-{name}",
            "occurred_at": NOW - timedelta(minutes=5),
            "due_at": NOW + due,
            **fields,
        },
    )


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/now", "Nobody needs a person"),
        ("/log", "Nothing was handed over yet"),
        ("/log/decisions", "Nothing was decided yet"),
        ("/triggers", "No trigger has done anything yet"),
        ("/try", "No business yet"),
    ],
)
def test_an_empty_log_says_so(path: str, told: str) -> None:
    with reading() as reader:
        assert told in words(reader.page(path))


def test_the_open_ones_come_by_when_they_are_due_the_late_ones_first() -> None:
    with reading(
        open_one("later", timedelta(hours=5)),
        open_one("soon", timedelta(minutes=20)),
        open_one("late", -timedelta(minutes=20)),
        open_one("latest", -timedelta(hours=30), business_id="cafe"),
        open_one("over", -timedelta(hours=2)),
        a_closing(0, 1, ClosedBecause.RESOLVED, escalation_id="over", conversation_id="c-over", occurred_at=NOW),
    ) as reader:
        page = reader.page("/now")
        assert rows(page) == ["latest", "late", "soon", "later"]
        text = words(page)
        assert "4 open · 2 late · 4 unclaimed" in text
        assert text.index("Late 2") < text.index("Within the hour 1") < text.index("Later 1")
        assert rows(reader.page("/now?business=cafe")) == ["latest"]
        part = reader.page("/now/list?business=cafe&shown=latest", headers=HTMX)
        assert rows(part) == ["latest"]
        assert 'aria-current="true"' in part
        assert "<title>(1) Now" in part


def test_one_that_somebody_has_is_late_no_more() -> None:
    with reading(
        open_one("mine", -timedelta(minutes=20)),
        an_outcome(0, OutcomeKind.ACCEPTED, escalation_id="mine", conversation_id="c-mine", at=NOW, by="Marco"),
        open_one("late", -timedelta(minutes=20)),
    ) as reader:
        text = words(reader.page("/now"))
        assert "2 open · 1 late · 1 unclaimed" in text
        assert "Marco has it" in text
        assert rows(reader.page("/now?unclaimed=1")) == ["late"]


def test_an_escalation_has_all_that_a_person_needs() -> None:
    said = "Hallo 🫖, my kettle is broken"
    with reading(
        open_one(
            "e1",
            timedelta(minutes=40),
            evidence=[Evidence(message_id="m0", start=22, end=28, text="broken", signal="complaint", score=0.8)],
            transcript=Transcript(
                turns=[Turn(message_id="m0", sender=Sender.CUSTOMER, sent_at=NOW, text=said)], omitted=3
            ),
            caused_by="m0",
        ),
        an_outcome(0, OutcomeKind.ACCEPTED, escalation_id="e1", conversation_id="c-e1", at=NOW, by="Marco"),
        an_outcome(
            1,
            OutcomeKind.VERDICT,
            escalation_id="e1",
            conversation_id="c-e1",
            at=NOW,
            verdict=Verdict.TOO_LATE,
            note="An hour ago.",
        ),
    ) as reader:
        for path in ("/now/e1", "/escalations/e1"):
            page = reader.page(path)
            text = words(page)
            for told in (
                "Complaint",
                "Ana · shop · web",
                "Rosa · support",
                "Marco has it",
                "The customer complains: “The kettle is broken.”",
                "Wants: a kettle that works.",
                "Rosa will write to you.",
                "3 earlier turns are not kept here.",
                "Marco claimed it.",
                "Rosa judged it: too late. An hour ago.",
            ):
                assert told in text
            assert 'my kettle is <mark title="complaint">broken</mark>' in page
            assert re.search(r'value="too_late"[^>]* aria-pressed="true"', page)


def test_htmx_gets_the_part_that_it_asks_for_and_nothing_where_nothing_has_changed() -> None:
    with reading(open_one("e1", timedelta(minutes=40))) as reader:
        part = reader.page("/now/e1", headers=HTMX)
        assert "<html" not in part
        (seen,) = re.findall(r"/escalations/e1\?seen=([\d.]+)", part)
        again = reader.client.get(f"/escalations/e1?seen={seen}", headers=HTMX)
        assert (again.status_code, again.text) == (204, "")
        assert "<html" in reader.page("/now/e1", headers=HTMX | {"HX-History-Restore-Request": "true"})


def test_what_customers_write_is_text_and_never_markup() -> None:
    said = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    with reading(
        open_one(
            "e1",
            timedelta(minutes=40),
            reason=said,
            summary=said,
            owner=said,
            business_id=said.replace("/", ""),
            transcript=Transcript(turns=[Turn(message_id="m0", sender=Sender.CUSTOMER, sent_at=NOW, text=said)]),
            evidence=[Evidence(message_id="m0", start=3, end=30, text=said[3:30], signal=said, score=0.8)],
        ),
        a_decision(because=said, trigger=said, business_id=said.replace("/", "")),
    ) as reader:
        for path in ("/now/e1", "/escalations/e1", "/log", "/log/decisions", "/triggers", f"/log?text={said}"):
            page = reader.page(path)
            assert "<script>alert" not in page
            assert "<img src" not in page


def test_the_log_is_filtered_and_goes_on_where_it_stopped() -> None:
    events = [
        open_one(f"e{number:03}", timedelta(hours=1), occurred_at=NOW - timedelta(minutes=number), owner=owner)
        for number in range(120)
        for owner in (["Rosa", "Marco"][number % 2],)
    ]
    with reading(*events) as reader:
        path, seen = "/log?owner=Marco", []
        while path:
            page = reader.page(path, headers=HTMX)
            seen += re.findall(r'href="/escalations/(e\d+)"', page)
            older = re.search(r'hx-get="([^"]+after=[^"]+)"', page)
            path = html.unescape(older[1]) if older else ""
        assert seen == [f"e{number:03}" for number in range(1, 120, 2)]
        assert "Nothing fits" in words(reader.page("/log?owner=Marco&verdict=judged"))
        assert reader.page("/log?owner=Marco").count('<option value="Marco" selected>Marco') == 1
        assert "this is no place in the list" in words(reader.page("/log?after=x", 400)).lower()


def test_every_decision_leads_to_its_conversation_turn_by_turn() -> None:
    with reading(
        open_one("e1", timedelta(hours=1), conversation_id="c/1", caused_by="m0"),
        a_decision(0, conversation_id="c/1", occurred_at=NOW, message_id="m0"),
        a_decision(
            1, conversation_id="c/1", occurred_at=NOW, message_id="m1", result=DecisionResult.NEAR, trigger="distress",
            because="0.4 is near the threshold 0.5", score=0.4, threshold=0.5,
        ),
        a_decision(2, conversation_id="c2", occurred_at=NOW, message_id="m2", result=DecisionResult.MISSED),
    ) as reader:  # fmt: skip
        near = reader.page("/log/decisions?result=near", headers=HTMX)
        (address,) = re.findall(r'href="(/conversations/[^"#]+)', near)
        text = words(reader.page(address))
        assert "The kettle is broken." in text
        assert "Nearly fired In distress 0.40 of 0.50 by its words" in text
        assert "→ Raised: Complaint, for Rosa." in text
        assert "(its text is not kept in the log)" in text
        missed = reader.page("/log/decisions?result=missed", headers=HTMX)
        assert missed.count("/conversations/") == 1


def test_a_conversation_that_was_erased_shows_no_message_from_before_though_kafka_still_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    messages = [
        a_message(message_id=f"m{number}", sent_at=NOW - timedelta(minutes=9 - number), text=text, conversation_id="c1")
        for number, text in enumerate(["My name is Ada.", "The kettle is broken.", "Hello?"])
    ]
    kept = stored(*((milliseconds(one.sent_at), one) for one in messages))
    monkeypatch.setattr("handraise.console.pages.conversation.Clients", lambda _: kept)
    decided = a_decision(2, conversation_id="c1", occurred_at=messages[2].sent_at, message_id="m2")
    with reading(decided) as reader:
        text = words(reader.page("/conversations/shop/whole/c1"))
        assert "My name is Ada." in text
        assert "Hello?" in text
    erased = an_outcome(
        1, OutcomeKind.ERASED, conversation_id="c1", escalation_id=None, at=messages[1].sent_at, outcome_id="erased"
    )
    with reading(erased, decided) as reader:
        text = words(reader.page("/conversations/shop/whole/c1"))
        assert "Hello?" in text
        assert "Ada" not in text
        assert "kettle" not in text


def test_a_conversation_that_is_not_read_to_its_end_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    first = a_message(message_id="m0", sent_at=NOW - timedelta(hours=2), conversation_id="c1", text="Hello?")
    others = [a_message(sent_at=NOW, conversation_id="c2") for _ in range(1_000)]
    decided = a_decision(0, conversation_id="c1", occurred_at=first.sent_at, message_id="m0")
    cut = "There is more in Kafka than is read at a time: what was said last may be missing."
    for messages, told in (([first, *others], True), ([first, *others[1:]], False)):
        kept = stored(*((milliseconds(one.sent_at), one) for one in messages))
        monkeypatch.setattr("handraise.console.pages.conversation.Clients", lambda _, kept=kept: kept)
        with reading(decided, console_trial_messages=1_000) as reader:
            text = words(reader.page("/conversations/shop/whole/c1"))
            assert "Hello?" in text
            assert (cut in text) == told
            assert "no more" not in text


def test_each_trigger_has_its_figures() -> None:
    judged = [
        an_outcome(
            number, OutcomeKind.VERDICT, escalation_id=f"e{number}", conversation_id=f"c-e{number}", at=NOW,
            verdict=Verdict.UNNECESSARY if number else Verdict.APPROPRIATE,
        )
        for number in range(3)
    ]  # fmt: skip
    raised = [open_one(f"e{number}", timedelta(hours=1)) for number in range(3)]
    met = [a_message(conversation_id=f"c-e{number}", sent_at=NOW) for number in range(6)]
    with reading(
        *met,
        *raised,
        *judged,
        a_decision(occurred_at=NOW),
        a_decision(1, occurred_at=NOW, result=DecisionResult.NEAR),
        a_decision(2, occurred_at=NOW, trigger="broken_promise"),
    ) as reader:
        text = words(reader.page("/triggers"))
        assert "Conversations 6 Handed over 50% 3 times" in text
        assert "AI spoke over a person 0 times AI promised a person, told nobody 1 time " in text
        assert "Complaint 3 handovers in 50% of conversations" in text
        assert "33% 1 of 3 judged" in text
        assert "Probably between 6% and 79%." in text
        assert "Nearly fired 1" in text
        assert 'aria-label="Scores from 0 to 1: 1 fired, 1 nearly fired, threshold 0.6"' in reader.page("/triggers")
        assert "No trigger has done anything" in words(reader.page("/triggers?business=cafe"))


def test_no_figure_goes_further_back_than_decisions_are_kept_and_the_page_says_so() -> None:
    before = open_one("e2", timedelta(hours=1), occurred_at=NOW - timedelta(days=20))
    with reading(open_one("e1", timedelta(hours=1)), before, log_decision_days=10) as reader:
        month, week = (words(reader.page(f"/triggers?days={days}")) for days in (30, 7))
        assert "Complaint 1 handover" in month
        assert "Decisions are kept for 10 days" in month
        assert "Decisions are kept" not in week
    with reading(open_one("e1", timedelta(hours=1)), before) as reader:
        month = words(reader.page("/triggers?days=30"))
        assert "Complaint 2 handovers" in month
        assert "Decisions are kept" not in month


def test_what_is_not_there_is_said_kindly() -> None:
    with reading() as reader:
        for path in ("/now/none", "/escalations/none", "/conversations/shop/none", "/nothing", "/try/shop?version=no"):
            assert "That did not work" in words(reader.page(path, 404))


def test_a_log_that_is_missing_is_no_defect(tmp_path: Path) -> None:
    with LogDatabase(f"sqlite:///{tmp_path / 'none.sqlite3'}") as missing, served(missing) as reader:
        reader.sign_in()
        for path in ("/now", "/log", "/triggers", "/try", "/escalations/e1"):
            text = words(reader.page(path, 503))
            assert "The log cannot be read" in text
            assert "Conversations are still watched and handed over" in text
        assert not (tmp_path / "none.sqlite3").exists()


def test_advice_stands_beside_the_figures_that_it_is_drawn_from() -> None:
    events: list[Event] = []
    for number in range(12):
        name = f"e{number}"
        events += [
            open_one(name, timedelta(hours=1)),
            a_decision(number, conversation_id=f"c-{name}", escalation_id=name, occurred_at=NOW, score=0.62),
            an_outcome(
                number, OutcomeKind.VERDICT, escalation_id=name, conversation_id=f"c-{name}", at=NOW,
                verdict=Verdict.UNNECESSARY,
            ),
        ]  # fmt: skip
    with reading(*events) as reader:
        assert 'hx-get="/triggers/advice?business=shop&amp;days=30"' in reader.page("/triggers?business=shop")
        part = reader.page("/triggers/advice?business=shop", headers=HTMX)
        text = words(part)
        assert "Complaint 12 of 12 judged unnecessary in 30 days" in text
        assert "raise the threshold from 0.6 to 0.63? Try it" in text
        assert 'href="/try/shop"' in part
        assert "The figures suggest no change." in words(reader.page("/triggers/advice?business=cafe", headers=HTMX))


def test_a_page_is_called_not_found_only_if_it_is() -> None:
    with reading() as reader:
        assert "<title>Not found" in reader.page("/nothing", 404)
        assert "<title>That did not work" in reader.page("/log?after=zzz", 400)


def test_who_goes_back_to_the_workers_file_after_somebody_else_did_is_told_of_that(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("business_id: shop\nowner: Marco\n")
    with an_empty_log() as log, served(log.database, policy_path=file) as reader:
        publish(log, "shop", "business_id: shop\nowner: Tom\n", "Tom is back")
        form = {"csrf": reader.sign_in().csrf, "against": ""}
        form["against"] = re.findall(r'name="against" value="([^"]+)"', reader.page("/try/shop"))[0]
        later = milliseconds(datetime.now(UTC)) + 1_000
        log.add_records([FakeRecord(b"", topic="chat.policies", offset=1, timestamp=later, key=b"shop")])
        answer = reader.client.post("/try/shop/withdraw", data=form, headers=HTMX)
    assert answer.status_code == 409
    assert "Somebody has changed this policy meanwhile." in answer.text
