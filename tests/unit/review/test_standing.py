from __future__ import annotations

import pytest
from sqlalchemy import select

from handraise.events import Action, ClosedBecause, ControlState, OutcomeKind, Sender, Verdict
from handraise.review.tables import EscalationRow, PromiseRow
from tests.support.logged import (
    Event,
    a_closing,
    a_control,
    a_message,
    an_empty_log,
    an_escalation,
    an_outcome,
    at,
)


def stands(*events: Event) -> EscalationRow:
    with an_empty_log() as log:
        log.add(*events)
        with log.database.reading() as session:
            return session.scalars(select(EscalationRow)).one()


def promises(*events: Event) -> list[PromiseRow]:
    with an_empty_log() as log:
        log.add(*events)
        with log.database.reading() as session:
            return list(session.scalars(select(PromiseRow).order_by(PromiseRow.revision)))


def test_an_escalation_stands_as_its_newest_revision_says() -> None:
    row = stands(an_escalation(0), an_escalation(5, 1, trigger="human_request", evidence=[]))
    assert (row.revision, row.trigger, row.first_trigger) == (1, "human_request", "complaint")
    assert (row.raised_at, row.due_at, row.score) == (at(0), at(120), 0.8)
    assert row.closed_at is None
    assert row.claimed_at is None


def test_a_closing_keeps_the_reason_for_which_it_was_raised() -> None:
    row = stands(an_escalation(0), a_closing(30, 1, ClosedBecause.IDLE))
    assert row.reason.startswith("The customer complains")
    assert (row.closed_at, row.closed_because, row.claimed_at) == (at(30), "idle", None)


def test_the_first_person_who_acts_claims_it() -> None:
    row = stands(
        an_escalation(0),
        an_outcome(20, OutcomeKind.REPLIED, by="Tom"),
        an_outcome(15, OutcomeKind.ACCEPTED, by="Rosa"),
        an_outcome(10, OutcomeKind.FAILED, by="Ines"),
        an_outcome(5, OutcomeKind.VERDICT, verdict=Verdict.APPROPRIATE, by="Ines"),
    )
    assert (row.claimed_at, row.claimed_by) == (at(15), "Rosa")


def test_who_could_not_take_it_after_all_has_not_claimed_it() -> None:
    accepted, held = an_outcome(10, OutcomeKind.ACCEPTED, by="Tom"), a_control(10, ControlState.HUMAN)
    failed = an_outcome(20, OutcomeKind.FAILED, by="Tom")
    row = stands(an_escalation(0), accepted, held, failed)
    assert (row.claimed_at, row.claimed_by) == (None, None)
    assert stands(an_escalation(0), failed, accepted, an_outcome(20, OutcomeKind.ACCEPTED)).claimed_at is None
    row = stands(an_escalation(0), accepted, failed, an_outcome(30, OutcomeKind.ACCEPTED, by="Rosa"))
    assert (row.claimed_at, row.claimed_by) == (at(30), "Rosa")


def test_a_failure_takes_back_no_answer_and_no_claim_of_another_escalation() -> None:
    accepted, failed = an_outcome(10, OutcomeKind.ACCEPTED), an_outcome(20, OutcomeKind.FAILED)
    replied = an_outcome(15, OutcomeKind.REPLIED, by="Tom")
    row = stands(an_escalation(0), accepted, replied, failed)
    assert (row.claimed_at, row.claimed_by, row.answered_at) == (at(15), "Tom", at(15))
    elsewhere = an_outcome(20, OutcomeKind.FAILED, escalation_id="another")
    assert stands(an_escalation(0), accepted, elsewhere).claimed_at == at(10)
    unnamed = an_outcome(20, OutcomeKind.FAILED, escalation_id=None)
    assert stands(an_escalation(0), accepted, unnamed).claimed_at is None
    assert stands(an_escalation(0), accepted, a_closing(15, 1, ClosedBecause.IDLE), failed).claimed_at == at(10)


def test_an_outcome_that_names_no_escalation_is_about_the_one_that_is_open() -> None:
    during = an_outcome(15, OutcomeKind.ACCEPTED, escalation_id=None)
    after = an_outcome(50, OutcomeKind.ACCEPTED, escalation_id=None)
    closing = a_closing(40, 1, ClosedBecause.IDLE)
    assert stands(an_escalation(0), closing, during).claimed_at == at(15)
    assert stands(an_escalation(0), closing, after).claimed_at is None


def test_a_person_who_speaks_claims_it_without_saying_so() -> None:
    assert stands(an_escalation(0), a_control(12, ControlState.HUMAN)).claimed_at == at(12)
    assert stands(an_escalation(0), a_control(12, ControlState.ESCALATED)).claimed_at is None
    assert stands(an_escalation(0), a_closing(30, 1, ClosedBecause.RELEASED)).claimed_at == at(30)


@pytest.mark.parametrize("before", [None, "another"])
def test_a_person_who_held_the_conversation_before_has_not_claimed_what_is_raised_beside_them(
    before: str | None,
) -> None:
    """The control topic names it, and somebody is told because the one who holds says nothing."""
    held = a_control(0, ControlState.HUMAN, escalation_id=before)
    named = a_control(0, ControlState.HUMAN)
    notice = an_escalation(30, action=Action.NOTIFY)
    assert stands(held, notice, named).claimed_at is None
    assert stands(held, notice, named, an_outcome(40, OutcomeKind.ACCEPTED)).claimed_at == at(40)
    assert stands(held, notice, named, a_message(45, sender=Sender.HUMAN)).claimed_at == at(45)


def test_an_escalation_that_ended_because_the_ai_spoke_was_not_answered_by_that() -> None:
    closing = a_closing(30, 1, ClosedBecause.HANDED_BACK)
    row = stands(an_escalation(0), closing)
    assert (row.claimed_at, row.answered_at, row.closed_at) == (None, None, at(30))
    (promise,) = promises(an_escalation(0), closing)
    assert (promise.kept, promise.answered_at) == (False, None)
    (answered,) = promises(an_escalation(0), a_message(20, sender=Sender.HUMAN), closing)
    assert (answered.kept, answered.answered_at) == (True, at(20))


def test_a_notice_about_a_conversation_that_a_human_holds_is_claimed_at_once() -> None:
    assert stands(an_escalation(10), a_control(0, ControlState.HUMAN)).claimed_at == at(10)


def test_the_newest_verdict_counts() -> None:
    row = stands(
        an_escalation(0),
        an_outcome(90, OutcomeKind.VERDICT, verdict=Verdict.UNNECESSARY, by="Tom", note="he only thanked us"),
        an_outcome(60, OutcomeKind.VERDICT, verdict=Verdict.APPROPRIATE),
    )
    assert (row.verdict, row.verdict_by, row.verdict_note) == ("unnecessary", "Tom", "he only thanked us")


def test_a_promise_is_kept_by_who_answers_until_the_very_moment_it_is_due() -> None:
    (in_time,) = promises(an_escalation(0), an_outcome(120, OutcomeKind.REPLIED))
    (late,) = promises(an_escalation(0), an_outcome(120.1, OutcomeKind.REPLIED))
    (spoken,) = promises(an_escalation(0), a_message(90, sender=Sender.HUMAN))
    (settled,) = promises(an_escalation(0), an_outcome(30, OutcomeKind.RESOLVED))
    assert (in_time.owner, in_time.trigger, in_time.due_at, in_time.kept) == ("Rosa", "complaint", at(120), True)
    assert (late.kept, late.answered_at) == (False, at(120.1))
    assert (spoken.kept, settled.kept) == (True, True)


def test_who_takes_it_on_has_not_answered_yet() -> None:
    (promise,) = promises(an_escalation(0), an_outcome(30, OutcomeKind.ACCEPTED), a_control(30))
    row = stands(an_escalation(0), an_outcome(30, OutcomeKind.ACCEPTED), a_message(200, sender=Sender.HUMAN))
    assert (promise.kept, promise.answered_at) == (None, None)
    assert (row.claimed_at, row.claimed_by, row.answered_at) == (at(30), "Rosa", at(200))


def test_a_person_who_wrote_before_or_after_the_escalation_has_not_answered_it() -> None:
    early, late = a_message(-5, sender=Sender.HUMAN), a_message(50, sender=Sender.HUMAN)
    assert stands(an_escalation(0), a_closing(40, 1, ClosedBecause.IDLE), early, late).answered_at is None


def test_a_promise_that_nobody_answered_is_broken_when_the_escalation_ends() -> None:
    (standing,) = promises(an_escalation(0))
    (ended,) = promises(an_escalation(0), a_closing(1_440, 1, ClosedBecause.IDLE))
    assert (standing.kept, ended.kept) == (None, False)


def test_a_revision_with_the_same_owner_and_time_promises_nothing_new() -> None:
    assert len(promises(an_escalation(0), an_escalation(5, 1, trigger="human_request"))) == 1


def test_an_owner_who_could_not_take_it_is_not_measured_by_it() -> None:
    first, second = promises(
        an_escalation(0), an_escalation(30, 1, owner="Tom"), an_outcome(100, OutcomeKind.REPLIED, by="Tom")
    )
    assert (first.owner, first.kept, first.replaced_at) == ("Rosa", None, at(30))
    assert (second.owner, second.kept) == ("Tom", True)


def test_a_promise_that_ran_out_before_another_took_over_is_broken() -> None:
    first, second = promises(
        an_escalation(0), an_escalation(120, 1, owner="Tom", due=180), an_outcome(150, OutcomeKind.REPLIED, by="Tom")
    )
    assert (first.owner, first.kept) == ("Rosa", False)
    assert (second.owner, second.kept) == ("Tom", True)


def test_a_promise_that_was_made_after_an_answer_wants_an_answer_of_its_own() -> None:
    first, second = promises(an_escalation(0), a_message(60, sender=Sender.HUMAN), an_escalation(200, 1, due=300))
    assert (first.kept, first.answered_at) == (True, at(60))
    assert (second.kept, second.answered_at) == (None, None)
