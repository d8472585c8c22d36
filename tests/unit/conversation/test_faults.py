"""An AI that says that something technical of its own fails has failed, whether its producer reports that or not."""

from __future__ import annotations

from typing import Any

import pytest

from handraise.conversation.weights import FAILURE_ERROR, WEAK, Sign
from handraise.detection import detect
from handraise.detection.signals import Signals
from handraise.events import BuiltinTriggers, Policy, Sender, TriggerPolicy
from handraise.policy import CompiledPolicy
from handraise.policy.wording import WORDINGS
from tests.support.chats import ASKS, NEUTRAL, Chat, said

FAULT = said(fault=True, fingerprint=(30, 31, 32, 33))
WENT_WRONG = "Da ist etwas schiefgelaufen. Bitte versuche es noch einmal."
SILENT_FAILURES = CompiledPolicy(
    Policy(business_id="shop", triggers=BuiltinTriggers(ai_failure=TriggerPolicy(enabled=False)))
)


def test_a_fault_that_the_ai_tells_of_is_its_failure() -> None:
    chat = Chat()
    chat.customer(ASKS, "can I move my appointment?")
    effects = chat.ai(FAULT, "Sorry, something went wrong.")
    (raised,) = effects.escalations
    assert raised.trigger == "ai_failure"
    assert Sign.FAULT in raised.reason
    (found,) = [one for one in effects.assessments if one.trigger == "ai_failure"]
    assert (found.score, found.signs) == (FAILURE_ERROR, (Sign.FAULT,))


@pytest.mark.parametrize("language", sorted(set(WORDINGS) - {"en"}))
def test_the_reason_says_so_in_the_language_of_the_owner(language: str) -> None:
    chat = Chat(policy=CompiledPolicy(Policy(business_id="shop", languages=[language])))
    chat.customer(ASKS)
    (raised,) = chat.ai(FAULT).escalations
    assert WORDINGS[language].texts.reason.signs["fault"] in raised.reason


def test_what_the_producer_reports_is_told_first() -> None:
    chat = Chat()
    chat.customer(ASKS)
    effects = chat.ai(FAULT, error="timeout")
    assert [one.signs for one in effects.assessments if one.trigger == "ai_failure"] == [(Sign.ERROR,)]


@pytest.mark.parametrize(
    ("signals", "fields"),
    [
        (said(fault=True, admission=0.95), {}),
        (said(fault=True), {"answered": False}),
        (said(fault=True), {"confidence": 0.1}),
        (said(fault=True, deferral=True), {"sources": [], "retrieval_score": 0.1}),
    ],
)
def test_a_fault_is_no_knowledge_gap(signals: Signals, fields: dict[str, Any]) -> None:
    chat = Chat()
    chat.customer(ASKS)
    assert [one.trigger for one in chat.ai(signals, **fields).assessments] == ["ai_failure"]


@pytest.mark.parametrize(
    ("signals", "fields"),
    [
        (said(fault=True, admission=0.8, deferral=True), {"sources": []}),
        (said(admission=0.8, deferral=True), {"sources": [], "retrieval_score": 0.1, "error": "timeout"}),
    ],
)
def test_a_failed_turn_leaves_no_signs_of_a_knowledge_gap(signals: Signals, fields: dict[str, Any]) -> None:
    """A customer who asks again after it asks for what failed, and not for what the AI does not know."""
    chat = Chat(policy=SILENT_FAILURES)
    chat.customer(ASKS)
    chat.ai(signals, **fields)
    assert chat.state is not None
    assert chat.state.gap_signs == ()
    assert "knowledge_gap" not in [one.trigger for one in chat.customer(ASKS).assessments]
    assert "knowledge_gap" not in [one.trigger for one in chat.ai(signals, **fields).assessments]


def test_a_fault_leaves_the_conversation_as_a_reported_error_does() -> None:
    told, reported = Chat(), Chat()
    for chat in (told, reported):
        chat.customer(ASKS)
    told.ai(said(fault=True))
    reported.ai(NEUTRAL, error="timeout")
    assert told.state is not None
    assert reported.state is not None
    assert told.state.failed
    for name in ("failed", "pending", "gap_signs", "put_off", "waiting_since", "left_to_ai", "open_questions"):
        assert getattr(told.state, name) == getattr(reported.state, name)


def test_a_fault_is_a_sign_for_weak_evidence_later() -> None:
    chat = Chat(policy=SILENT_FAILURES)
    chat.customer(ASKS)
    chat.ai(said(fault=True))
    (found,) = [one for one in chat.customer(said(human_request=0.7)).assessments if one.trigger == "human_request"]
    assert Sign.AI_FAILED in found.signs


def test_a_fault_with_a_promise_of_a_person_is_raised_by_urgency() -> None:
    chat = Chat()
    chat.customer(ASKS)
    effects = chat.ai(said(fault=True, promise=0.95))
    assert {one.trigger for one in effects.assessments} == {"ai_failure", "broken_promise"}
    (raised,) = effects.escalations
    assert raised.trigger == "broken_promise"


def test_errors_that_the_producer_reports_raise_no_knowledge_gap_beside() -> None:
    """As an AI has it that fails twice, with the words of its framework."""
    chat = Chat()
    (signals,) = detect([WENT_WRONG], senders=[Sender.ASSISTANT])
    found = []
    for _ in range(2):
        chat.customer(ASKS, "Kann ich meinen Termin verschieben?")
        found += chat.ai(signals, WENT_WRONG, error="timeout").assessments
    assert {one.trigger for one in found if one.score >= WEAK} == {"ai_failure"}
