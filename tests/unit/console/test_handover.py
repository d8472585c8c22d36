"""An escalation as the page shows it, where late events gave its revisions times that go back."""

from __future__ import annotations

from typing import Any

import pytest

from handraise.console.handover import handover
from handraise.console.pages.conversation import moments
from handraise.events import ClosedBecause, OutcomeKind, Sender, Transcript, Turn
from handraise.review.queries import History, escalation_history
from tests.support.logged import a_closing, an_empty_log, an_escalation, an_outcome, at

TURNS = [Turn(message_id="m0", sender=Sender.CUSTOMER, sent_at=at(0), text="The kettle is broken.")]
HAPPENED = [
    "Rosa claimed it.",
    "Raised: Complaint, for Rosa.",
    "More urgent now: Asks for a person, for Tom.",
    "Over: resolved.",
    "Rosa resolved it.",
]


@pytest.fixture
def history() -> History:
    later: dict[str, Any] = {
        "trigger": "human_request",
        "owner": "Tom",
        "transcript": Transcript(turns=TURNS, omitted=3),
    }
    with an_empty_log() as log:
        log.add(
            an_escalation(9),
            an_outcome(7, OutcomeKind.ACCEPTED),
            an_escalation(5, 1, **later),
            a_closing(6, 2, ClosedBecause.RESOLVED, **later),
            an_outcome(10, OutcomeKind.RESOLVED),
        )
        with log.database.reading() as session:
            found = escalation_history(session, "e1")
    assert found is not None
    return found


def test_no_revision_stands_before_an_earlier_one(history: History) -> None:
    events = handover(history, "e1").events
    assert [event.what for event in events] == HAPPENED
    assert [event.at for event in events] == [at(7), at(9), at(5), at(6), at(10)]


def test_what_is_shown_is_the_newest_revision_s(history: History) -> None:
    assert handover(history, "e1").omitted == 3


def test_what_followed_a_message_has_the_revisions_in_their_order_too(history: History) -> None:
    (moment,) = moments(history)
    assert [happening.what for happening in moment.then] == HAPPENED
