from __future__ import annotations

import math
from typing import Any

from handraise.conversation import Processor
from handraise.detection import detection
from handraise.events import (
    BuiltinTriggers,
    ChatMessage,
    DecisionResult,
    HighValuePolicy,
    OutcomeKind,
    Policy,
    Sender,
    Verdict,
)
from handraise.intervals import share
from handraise.policy import PolicyBook
from handraise.review.advice import Advice, Kind, advise
from handraise.review.queries import Scope, figures
from tests.support.logged import Log, a_decision, a_message, an_empty_log, an_escalation, an_outcome, at

WEEK = Scope(since=at(-60), until=at(7 * 1_440 - 60))


def advice(log: Log, scope: Scope = WEEK) -> list[Advice]:
    with log.database.reading() as session:
        return advise(session, figures(session, scope, now=scope.until))


def judged(log: Log, number: int, verdict: Verdict, score: float = 0.7, trigger: str = "complaint") -> None:
    named: dict[str, Any] = {"conversation_id": f"c{number}", "escalation_id": f"e{number}"}
    log.add(
        a_message(0, conversation_id=f"c{number}"),
        an_escalation(0, trigger=trigger, **named),
        a_decision(0, score=score, trigger=trigger, **named),
        an_outcome(9, OutcomeKind.VERDICT, verdict=verdict, **named),
        an_outcome(5, OutcomeKind.REPLIED, **named),
    )


def came_near(log: Log, number: int, score: float, *, missed: bool) -> None:
    here: dict[str, Any] = {"conversation_id": f"n{number}", "escalation_id": None}
    log.add(a_decision(0, result=DecisionResult.NEAR, score=score, **here))
    if missed:
        log.add(a_decision(4, result=DecisionResult.MISSED, score=score, trigger="human_request", **here))


def large(log: Log, number: int, quantity: int, verdict: Verdict) -> None:
    """An enquiry, folded by the very code of the worker, and judged."""
    book = PolicyBook(
        [Policy(business_id="shop", owner="Rosa", triggers=BuiltinTriggers(high_value=HighValuePolicy()))]
    )
    message = ChatMessage(
        message_id=f"q{number}",
        conversation_id=f"q{number}",
        business_id="shop",
        sender=Sender.CUSTOMER,
        sent_at=at(0),
        text=f"Could you send us an offer for {quantity} kettles, please?",
    )
    (done,) = Processor(book.__getitem__, *detection(fast=True)).process([message], lambda _: None)
    (escalation,) = done.effects.escalations
    named: dict[str, Any] = {"conversation_id": f"q{number}", "escalation_id": escalation.escalation_id}
    told = [an_outcome(5, OutcomeKind.REPLIED, **named), an_outcome(9, OutcomeKind.VERDICT, verdict=verdict, **named)]
    log.add(message, *done.effects.escalations, *done.effects.decisions, *told)


def test_needless_quantities_suggest_a_higher_floor() -> None:
    with an_empty_log() as log:
        for number in range(12):
            large(log, number, 22 + number, Verdict.UNNECESSARY)
        for number in range(12, 15):
            large(log, number, 80, Verdict.APPROPRIATE)
        (piece,) = advice(log)
    assert piece.text == "12 of 15 judged unnecessary this week, all on quantity: raise the floor from 20 to 30?"
    assert (piece.setting, piece.now, piece.proposed) == ("triggers.high_value.quantity", 20, 30)


def test_needless_and_needed_quantities_of_one_size_suggest_no_floor() -> None:
    with an_empty_log() as log:
        for number in range(12):
            large(log, number, 30 + number, Verdict.UNNECESSARY)
        for number in range(12, 15):
            large(log, number, 25, Verdict.APPROPRIATE)
        assert Kind.RAISE_FLOOR not in {piece.kind for piece in advice(log)}


def test_needless_escalations_with_low_scores_suggest_a_higher_threshold() -> None:
    with an_empty_log() as log:
        for number in range(12):
            judged(log, number, Verdict.UNNECESSARY, 0.62)
        for number in range(12, 15):
            judged(log, number, Verdict.APPROPRIATE, 0.85)
        (piece,) = advice(log)
    assert (piece.kind, piece.now, piece.proposed) == (Kind.RAISE_THRESHOLD, 0.6, 0.85)
    assert "12 of 15 judged unnecessary this week, 12 of them below every one that was needed" in piece.text


def test_needless_escalations_that_scores_do_not_tell_apart_suggest_something_else() -> None:
    with an_empty_log() as log:
        for number in range(12):
            judged(log, number, Verdict.UNNECESSARY, 0.9)
        for number in range(12, 15):
            judged(log, number, Verdict.APPROPRIATE, 0.65)
        (piece,) = advice(log)
    assert piece.kind is Kind.NARROW
    assert piece.proposed is None


def test_a_few_verdicts_suggest_nothing() -> None:
    with an_empty_log() as log:
        for number in range(3):
            judged(log, number, Verdict.UNNECESSARY, 0.62)
        assert advice(log) == []


def test_half_of_many_suggests_nothing_either() -> None:
    with an_empty_log() as log:
        for number in range(20):
            judged(log, number, Verdict.UNNECESSARY if number % 2 else Verdict.APPROPRIATE)
        assert advice(log) == []


def test_conversations_that_came_near_and_were_missed_suggest_a_lower_threshold() -> None:
    with an_empty_log() as log:
        for number in range(41):
            came_near(log, number, 0.5, missed=number < 6)
        (piece,) = [piece for piece in advice(log) if piece.kind is Kind.LOWER_THRESHOLD]
    assert piece.text == (
        "never fired this week; of 41 conversations that came near, 6 were probably missed: lower the threshold from"
        " 0.6 to 0.5, which would have caught 6?"
    )


def test_near_misses_of_which_few_were_missed_suggest_nothing() -> None:
    with an_empty_log() as log:
        for number in range(41):
            came_near(log, number, 0.5, missed=number < 3)
        assert advice(log) == []


def test_the_wrong_owner_and_lateness_are_told() -> None:
    with an_empty_log() as log:
        for number in range(12):
            judged(log, number, Verdict.WRONG_OWNER if number < 8 else Verdict.APPROPRIATE)
        (piece,) = advice(log)
    assert piece.text == "8 of 12 judged with the wrong owner this week: name another owner?"


def test_promises_that_are_broken_too_often_are_told() -> None:
    with an_empty_log() as log:
        for number in range(20):
            named: dict[str, Any] = {"conversation_id": f"c{number}", "escalation_id": f"e{number}"}
            log.add(an_escalation(0, **named), an_outcome(60 if number < 5 else 500, OutcomeKind.REPLIED, **named))
        kinds = {piece.kind: piece.text for piece in advice(log, Scope(since=WEEK.since, until=at(30 * 1_440 - 60)))}
    assert kinds[Kind.PROMISE_LONGER].startswith("5 of 20 promises kept in 30 days:")
    assert kinds[Kind.JUDGE_SOME].startswith("20 escalations in 30 days and 0 judged")


def test_an_interval_is_wilson_s() -> None:
    found = share(12, 15)
    assert found is not None
    assert math.isclose(found.low, 0.5481, abs_tol=1e-4)
    assert math.isclose(found.high, 0.9295, abs_tol=1e-4)
    none, every = share(0, 10), share(10, 10)
    assert none is not None
    assert every is not None
    assert none.low == 0.0 < none.high < 0.3
    assert 0.7 < every.low < every.high == 1.0
    assert share(0, 0) is None
