from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.events import Action, Decision, DecisionResult, OutcomeKind, Verdict
from handraise.review.calibration import Proposal, calibrate
from handraise.review.queries import Scope
from handraise.review.queries.labels import Label, Labelled, Scored, labelled
from tests.support.logged import Event, a_decision, an_empty_log, an_escalation, an_outcome, at

SCOPE = Scope(since=at(-60), until=at(600))


def found(counts: dict[tuple[float, Label], int], *, threshold: float = 0.6, escalated: int | None = None) -> Labelled:
    cells = Counter({Scored(round(1_000 * score), label): count for (score, label), count in counts.items()})
    judged = sum(count for cell, count in cells.items() if cell.label in {Label.NEEDED, Label.UNNECESSARY})
    return Labelled(
        trigger="complaint",
        threshold=threshold,
        lowest=0.42,
        counts=cells,
        escalated=judged if escalated is None else escalated,
        out_of_reach=0,
    )


def test_a_threshold_is_raised_above_what_was_unnecessary() -> None:
    low_ones = {(0.62, Label.UNNECESSARY): 20, (0.65, Label.UNNECESSARY): 20, (0.8, Label.NEEDED): 20}
    told = calibrate(found(low_ones), 10)
    assert told.proposal is Proposal.RAISE
    assert 0.65 < told.proposed <= 0.8
    assert told.low is not None
    assert told.low > 0.65
    assert told.saved == 1.0


def test_a_dear_miss_keeps_a_threshold_that_a_cheap_one_would_raise() -> None:
    mixed = {(0.62, Label.UNNECESSARY): 40, (0.63, Label.NEEDED): 4, (0.8, Label.NEEDED): 20}
    assert calibrate(found(mixed), 1).proposal is Proposal.RAISE
    assert calibrate(found(mixed), 100).proposed <= 0.63


def test_a_threshold_is_lowered_to_what_was_missed() -> None:
    missed = {(0.5, Label.MISSED): 25, (0.45, Label.UNPROVEN): 30, (0.8, Label.NEEDED): 20}
    told = calibrate(found(missed), 10)
    assert told.proposal is Proposal.LOWER
    assert 0.45 < told.proposed <= 0.5


def test_conversations_that_came_near_in_vain_hold_a_threshold_where_it_is() -> None:
    missed = {(0.5, Label.MISSED): 6, (0.5, Label.UNPROVEN): 400, (0.8, Label.NEEDED): 20}
    assert calibrate(found(missed), 10).proposal is Proposal.KEEP


@pytest.mark.parametrize(
    ("counts", "because"),
    [
        ({(0.7, Label.NEEDED): 6, (0.65, Label.UNNECESSARY): 4}, "10 judged and 0 missed: 20 are the least"),
        ({(0.5, Label.UNPROVEN): 5_000}, "0 judged and 0 missed"),
        ({(0.8, Label.NEEDED): 40, (0.5, Label.MISSED): 4}, "only 4 missed: to lower it, 5 are the least"),
        ({(0.8, Label.NEEDED): 400, (0.62, Label.UNNECESSARY): 4}, "only 4 unnecessary: to raise it, 5 are the least"),
    ],
)
def test_too_little_is_said_to_be_too_little(counts: dict[tuple[float, Label], int], because: str) -> None:
    told = calibrate(found(counts), 10)
    assert told.proposal is Proposal.TOO_LITTLE
    assert because in told.because
    assert told.proposed == told.threshold


def test_scores_that_are_all_alike_are_said_to_be() -> None:
    alike = {(1.0, Label.NEEDED): 30, (1.0, Label.UNNECESSARY): 30}
    assert calibrate(found(alike), 10).proposal is Proposal.ALIKE


def test_where_nothing_would_fire_any_more_it_says_so() -> None:
    told = calibrate(found({(0.7, Label.UNNECESSARY): 30, (0.65, Label.UNNECESSARY): 30}), 10)
    assert told.proposal is Proposal.RAISE
    assert "shadow" in told.because


def test_judged_escalations_stand_for_those_that_nobody_judged() -> None:
    """Half of one in five escalations were needed; the near ones are few against all that they stand for."""
    counts = {
        (0.62, Label.UNNECESSARY): 10,
        (0.62, Label.NEEDED): 10,
        (0.5, Label.MISSED): 10,
        (0.5, Label.UNPROVEN): 60,
    }
    few, many = calibrate(found(counts, escalated=20), 20), calibrate(found(counts, escalated=2_000), 20)
    assert few.escalated < many.escalated
    assert few.proposal is Proposal.LOWER
    assert many.saved is not None
    assert few.saved is not None
    assert many.saved < few.saved


@given(st.dictionaries(st.tuples(st.integers(42, 100), st.sampled_from(Label)), st.integers(1, 50)), st.integers(1, 50))
def test_a_proposal_lies_within_what_is_logged_and_its_own_interval(
    counts: dict[tuple[int, Label], int], price: int
) -> None:
    told = calibrate(found({(score / 100, label): count for (score, label), count in counts.items()}), price)
    assert 0.42 <= told.proposed <= 1
    assert calibrate(found({(score / 100, label): n for (score, label), n in counts.items()}), price) == told
    if told.proposal in {Proposal.RAISE, Proposal.LOWER}:
        assert told.low is not None
        assert told.high is not None
        assert not told.low <= told.threshold <= told.high
        assert (told.saved or 0) > 0


def read(events: Iterable[Event]) -> dict[str, Labelled]:
    with an_empty_log() as log:
        log.add(*events)
        with log.database.reading() as session:
            return {one.trigger: one for one in labelled(session, SCOPE)}


def decided(conversation: str, score: float, result: DecisionResult = DecisionResult.NEAR, **fields: Any) -> Decision:  # noqa: ANN401 - any field of the event
    here: dict[str, Any] = {"conversation_id": conversation, "escalation_id": None, **fields}
    return a_decision(score=score, result=result, **here)


def escalated(conversation: str, score: float, verdict: Verdict | None) -> list[Event]:
    named = {"conversation_id": conversation, "escalation_id": f"e-{conversation}"}
    events: list[Event] = [
        an_escalation(0, conversation_id=conversation, escalation_id=f"e-{conversation}"),
        decided(conversation, score, DecisionResult.FIRED, escalation_id=f"e-{conversation}"),
    ]
    if verdict is not None:
        events.append(an_outcome(9, OutcomeKind.VERDICT, verdict=verdict, **named))
    return events


def test_conversations_are_labelled_by_what_became_of_them() -> None:
    missed: dict[str, Any] = {"result": DecisionResult.MISSED, "score": 0.0}
    told = read(
        [
            *escalated("needed", 0.7, Verdict.TOO_LATE),
            decided("needed", 0.9, DecisionResult.SUPPRESSED),
            decided("needed", 0.5),
            *escalated("unnecessary", 0.65, Verdict.UNNECESSARY),
            *escalated("unjudged", 0.8, None),
            decided("near", 0.5),
            decided("missed", 0.55),
            a_decision(5, conversation_id="missed", escalation_id=None, trigger="human_request", **missed),
            a_decision(5, conversation_id="out of reach", escalation_id=None, **missed),
            decided("held by a human", 0.9, DecisionResult.SUPPRESSED),
            decided("in shadow", 0.7, DecisionResult.FIRED, action=Action.SHADOW),
        ]
    )["complaint"]
    assert told.counts == Counter(
        [
            Scored(900, Label.NEEDED),
            Scored(650, Label.UNNECESSARY),
            Scored(500, Label.UNPROVEN),
            Scored(550, Label.MISSED),
            Scored(700, Label.UNPROVEN),
        ]
    )
    assert (told.escalated, told.judged, told.times, told.out_of_reach) == (3, 2, 1.5, 1)
    assert (told.threshold, told.lowest) == (0.6, 0.42)


def test_a_miss_before_it_came_near_says_nothing_of_it() -> None:
    miss = a_decision(0, conversation_id="c", escalation_id=None, result=DecisionResult.MISSED, score=0.0)
    told = read([miss, a_decision(5, conversation_id="c", escalation_id=None, result=DecisionResult.NEAR, score=0.5)])
    assert told["complaint"].counts == Counter([Scored(500, Label.UNPROVEN)])
