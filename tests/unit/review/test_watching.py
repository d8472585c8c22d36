"""What the console asks of the log besides what everybody asks."""

from __future__ import annotations

from handraise.events import ClosedBecause, DecisionResult, OutcomeKind
from handraise.review import queries
from handraise.review.queries import Scope
from handraise.review.queries.watching import OpenCounts, has_outcome, open_counts, pulse
from tests.support.logged import a_closing, a_decision, an_empty_log, an_escalation, an_outcome, at

EVERYTHING = Scope(since=at(-1_000), until=at(1_000))


def test_the_open_ones_are_counted_by_what_they_wait_for() -> None:
    with an_empty_log() as log:
        log.add(
            an_escalation(escalation_id="late", conversation_id="c1", due=10),
            an_escalation(escalation_id="claimed", conversation_id="c2", due=10),
            an_outcome(5, OutcomeKind.ACCEPTED, escalation_id="claimed", conversation_id="c2"),
            an_escalation(escalation_id="waits", conversation_id="c3", due=90, business_id="cafe"),
            an_escalation(escalation_id="over", conversation_id="c4", due=10),
            a_closing(8, 1, ClosedBecause.RESOLVED, escalation_id="over", conversation_id="c4"),
        )
        with log.database.reading() as session:
            assert open_counts(session, business=None, now=at(20)) == OpenCounts(open=3, unclaimed=2, late=1)
            assert open_counts(session, business="cafe", now=at(20)) == OpenCounts(open=1, unclaimed=1, late=0)
            unclaimed = queries.open_escalations(session, claimed=False)
            assert [row.escalation_id for row in unclaimed] == ["late", "waits"]


def test_what_was_taken_and_could_not_be_after_all_is_late_again() -> None:
    with an_empty_log() as log:
        log.add(an_escalation(due=10), an_outcome(5, OutcomeKind.ACCEPTED), an_outcome(6, OutcomeKind.FAILED))
        with log.database.reading() as session:
            assert open_counts(session, business=None, now=at(20)) == OpenCounts(open=1, unclaimed=1, late=1)


def test_the_pulse_changes_with_whatever_is_read() -> None:
    with an_empty_log() as log:
        seen = []
        for event in (a_decision(), an_escalation(), an_outcome(1, OutcomeKind.ACCEPTED)):
            with log.database.reading() as session:
                seen.append(pulse(session))
            log.add(event)
        assert len(set(seen)) == 3


def test_an_outcome_is_there_once_it_was_read() -> None:
    with an_empty_log() as log:
        for told in (False, True):
            with log.database.reading() as session:
                assert has_outcome(session, "shop", "c1", "o1-accepted") is told
            log.add(an_outcome(1, OutcomeKind.ACCEPTED))


def test_the_histograms_of_all_triggers_are_those_of_each() -> None:
    with an_empty_log() as log:
        log.add(
            a_decision(1, score=0.3, threshold=0.4, result=DecisionResult.NEAR),
            a_decision(2, score=0.9, threshold=0.6),
            a_decision(3, score=0.9, threshold=0.4, result=DecisionResult.SUPPRESSED),
            a_decision(4, score=0.7, trigger="vip"),
        )
        with log.database.reading() as session:
            every = queries.score_histograms(session, EVERYTHING)
            assert every == {name: queries.score_histogram(session, EVERYTHING, name) for name in ("complaint", "vip")}
            assert every["complaint"].thresholds == [0.4, 0.6]
            assert queries.score_histogram(session, EVERYTHING, "none").thresholds == []
