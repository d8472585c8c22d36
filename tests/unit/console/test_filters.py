"""What the address of the log's pages says, and what it is worth."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from handraise.console.filters import Filter, filter_of
from handraise.events import Action, DecisionResult, Verdict
from handraise.review.queries.escalations import Judged

FULL = Filter(
    business="casa lua",
    trigger="complaint",
    owner="Inês",
    verdict=Verdict.TOO_LATE,
    action=Action.NOTIFY,
    result=DecisionResult.NEAR,
    text="50 % & more",
    since=date(2026, 3, 1),
    until=date(2026, 3, 2),
)


def test_an_address_says_the_filter_and_the_filter_says_the_address() -> None:
    assert filter_of(QueryParams(FULL.query())) == FULL
    assert dict(parse_qsl(FULL.query(after="x", owner=None)))["after"] == "x"
    assert "owner" not in dict(parse_qsl(FULL.query(owner=None)))
    assert Filter().query() == ""


def test_a_name_keeps_its_spaces_and_words_do_not() -> None:
    chosen = filter_of(
        QueryParams({"owner": " Ana  Maria ", "trigger": "vip ", "business": " shop", "text": " kettle "})
    )
    assert (chosen.owner, chosen.trigger, chosen.business, chosen.text) == (" Ana  Maria ", "vip ", " shop", "kettle")
    assert filter_of(QueryParams({"text": "  "})).is_empty


def test_what_cannot_be_read_does_not_matter() -> None:
    strange = {"verdict": "x", "action": "fire", "result": "", "since": "yesterday", "until": "2026-02-30", "more": "x"}
    assert filter_of(QueryParams(strange)).is_empty
    assert filter_of(QueryParams({"verdict": "unjudged"})).verdict is Judged.NO


def test_days_are_those_of_the_reader_and_the_last_is_included() -> None:
    wanted = FULL.escalations(ZoneInfo("Europe/Madrid"))
    assert wanted.since == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert wanted.until == datetime(2026, 3, 2, 23, tzinfo=UTC)
    assert Filter(until=date.max).decisions(ZoneInfo("UTC")).until is None


def test_every_choice_counts_for_decisions_too() -> None:
    wanted = FULL.decisions(ZoneInfo("UTC"))
    assert (wanted.business, wanted.trigger, wanted.owner, wanted.verdict) == (
        "casa lua", "complaint", "Inês", Verdict.TOO_LATE,
    )  # fmt: skip
    assert (wanted.action, wanted.result, wanted.text) == (Action.NOTIFY, DecisionResult.NEAR, "50 % & more")
