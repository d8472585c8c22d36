"""How the console says things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handraise.console import words
from handraise.events import Action, ClosedBecause, DecisionResult, OutcomeKind, Priority, Sender, Verdict
from handraise.policy.model import BUILTIN_TRIGGERS, CRISIS

NOW = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


def test_everything_on_the_wire_has_a_name() -> None:
    assert set(words.TRIGGERS) == {*BUILTIN_TRIGGERS, CRISIS}
    for names, kind in (
        (words.VERDICTS, Verdict),
        (words.ACTIONS, Action),
        (words.RESULTS, DecisionResult),
        (words.PRIORITIES, Priority),
        (words.SENDERS, Sender),
        (words.OUTCOMES, OutcomeKind),
        (words.CLOSINGS, ClosedBecause),
    ):
        assert list(names) == list(kind)


def test_a_trigger_has_a_name_for_people() -> None:
    assert words.trigger("complaint") == "Complaint"
    assert words.trigger("distress") == "In distress"
    assert words.trigger("distress", "crisis") == "In danger"
    assert words.trigger("lost_property") == "Lost property"
    assert words.trigger("_") == "_"


@pytest.mark.parametrize(
    ("because", "said"),
    [
        ("0.984 reaches the threshold 0.5", "by its words"),
        (
            "0.8 reaches the threshold 0.5: the AI's confidence is at or below 0.35",
            "the AI's confidence is at or below 0.35",
        ),
        ("0.353 is near the threshold 0.5", "by its words"),
        ("an escalation for human_request is open", "an escalation for “Asks for a person” is open"),
        ("a human holds the conversation", "a human holds the conversation"),
    ],
)
def test_a_reason_has_no_figures_that_stand_beside_it(because: str, said: str) -> None:
    assert words.because(because) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h"), (5_400, "1 h 30 min"), (11_000, "3 h"),
     (100_000, "27 h"), (172_800, "2 d"), (-90, "1 min")],
)  # fmt: skip
def test_a_length_of_time_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    assert words.span(seconds) == said


def test_when_somebody_is_due() -> None:
    zone = ZoneInfo("Europe/Madrid")
    assert words.due(NOW + timedelta(minutes=25), zone, NOW) == "in 25 min"
    assert words.due(NOW - timedelta(minutes=25), zone, NOW) == "25 min late"
    assert words.due(NOW + timedelta(hours=5), zone, NOW) == "16:15"
    assert words.due(NOW + timedelta(days=1), zone, NOW) == "tomorrow 11:15"


def test_a_time_has_as_much_of_the_date_as_it_takes() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    late = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    assert words.moment(late, UTC, NOW) == "16:00"
    assert words.moment(late, tokyo, NOW) == "tomorrow 01:00"
    assert words.moment(NOW - timedelta(days=1), UTC, NOW) == "yesterday 10:15"
    assert words.moment(NOW - timedelta(days=9), UTC, NOW) == "Sat 21 Feb 10:15"
    assert words.moment(NOW - timedelta(days=90), UTC, NOW) == "Tue 2 Dec 2025 10:15"


def test_counts_and_shares() -> None:
    assert words.count(1, "message") == "1 message"
    assert words.count(1_204, "message") == "1,204 messages"
    assert [words.percent(share) for share in (0.0, 0.004, 0.07, 1.0)] == ["0%", "0.4%", "7%", "100%"]
