"""What is counted as a probable miss."""

from __future__ import annotations

import pytest

from handraise.detection.signals import Intent
from handraise.events import (
    Action,
    DecisionResult,
    OutcomeKind,
)
from tests.support.chats import ASKS, said
from tests.support.shops import shop

WANTS_HUMAN = said(Intent.REQUEST_HUMAN, human_request=0.95)
ASKS_ELSE = said(Intent.QUESTION, question=True, fingerprint=(7, 8, 9))


def test_a_takeover_that_nobody_asked_for_is_a_probable_miss_of_what_came_nearest() -> None:
    chat = shop()
    chat.customer(said(Intent.COMPLAINT, sentiment=-0.3, complaint=0.6))
    chat.state = None
    chat.customer(said(Intent.QUESTION, question=True, complaint=0.45))
    (decision,) = [one for one in chat.human().decisions if one.result is DecisionResult.MISSED]
    assert (decision.trigger, decision.because) == (
        "complaint",
        "a human took over, and nobody had asked for one",
    )
    assert 0.2 <= decision.score < decision.threshold
    assert decision.action is Action.ESCALATE


def test_a_customer_who_asks_again_is_a_probable_miss_once() -> None:
    chat = shop()
    missed = []
    for _ in range(3):
        missed += [one for one in chat.customer(ASKS).decisions if one.result is DecisionResult.MISSED]
        chat.ai(said(fingerprint=(chat.count, 50, 60)))
    (decision,) = missed
    assert decision.trigger == "knowledge_gap"


def test_a_customer_who_comes_back_soon_after_the_end_is_a_probable_miss_of_what_was_ended() -> None:
    chat = shop()
    chat.customer(said(Intent.COMPLAINT, sentiment=-0.6, complaint=0.95))
    chat.outcome(OutcomeKind.RESOLVED)
    chat.wait(20)
    (decision,) = [one for one in chat.customer(ASKS_ELSE).decisions if one.result is DecisionResult.MISSED]
    assert (decision.trigger, decision.because) == ("complaint", "the customer came back soon after it was resolved")


@pytest.mark.parametrize("minutes", [90, 24 * 60 - 1])
def test_a_customer_who_comes_back_later_has_a_new_concern(minutes: int) -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.RESOLVED)
    chat.wait(minutes)
    assert all(one.result is not DecisionResult.MISSED for one in chat.customer(ASKS_ELSE).decisions)


def test_what_a_customer_wrote_before_the_end_that_overtook_it_is_no_coming_back() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.RESOLVED)
    chat.wait(-5)
    assert all(one.result is not DecisionResult.MISSED for one in chat.customer(ASKS_ELSE).decisions)
