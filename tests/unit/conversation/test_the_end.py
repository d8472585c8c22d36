"""What is left of a conversation that is over, idle or erased."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handraise.conversation import Processor, encode_state, state_key
from handraise.detection.signals import Intent
from handraise.events import (
    ClosedBecause,
    ControlState,
    EscalationType,
    Outcome,
    OutcomeKind,
)
from tests.support.chats import ASKS, MINUTE, START, said
from tests.support.shops import pass_time, shop

WANTS_HUMAN = said(Intent.REQUEST_HUMAN, human_request=0.95)
THANKS = said(Intent.PRAISE, thanks=0.95)


def test_a_conversation_that_is_over_is_forgotten_and_its_control_record_with_it() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.RELEASED)
    effects = pass_time(chat, 25 * 60)
    assert chat.state is None
    assert effects.forgets


def test_a_conversation_that_nobody_was_told_of_leaves_no_trace_in_control() -> None:
    chat = shop()
    chat.customer(THANKS)
    effects = pass_time(chat, 25 * 60)
    assert chat.state is None
    assert not effects.forgets
    assert not effects.controls


def test_the_control_record_of_a_conversation_goes_too_where_a_message_ends_it_and_begins_the_next() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.RELEASED)
    chat.wait(25 * 60)
    assert chat.customer(THANKS).forgets
    assert chat.state is not None
    chat.wait(25 * 60)
    again = chat.customer(WANTS_HUMAN)
    assert again.controls
    assert not again.forgets


def test_the_control_record_stays_where_the_message_that_ends_a_conversation_has_the_next_one_handed_over() -> None:
    """The one record of the key tells of the new conversation: a tombstone behind it would take that away."""
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.RELEASED)
    chat.wait(25 * 60)
    effects = chat.customer(WANTS_HUMAN)
    assert effects.controls[-1].state is ControlState.ESCALATED
    assert not effects.forgets


def test_an_idle_escalation_is_closed_as_of_when_it_became_so() -> None:
    chat = shop()
    (raised,) = chat.customer(WANTS_HUMAN).escalations
    effects = pass_time(chat, 5 * 24 * 60)
    update, closed = effects.escalations
    assert update.type is EscalationType.UPDATED
    assert closed.closed_because is ClosedBecause.IDLE
    assert closed.caused_by == "timer:idle"
    assert closed.occurred_at > raised.due_at
    assert effects.controls[-1].state is ControlState.CLOSED


def test_an_erased_conversation_leaves_no_words_behind() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN, "my name is Ada, get me a person")
    effects = chat.outcome(OutcomeKind.ERASED)
    assert chat.state is None
    assert effects.forgets
    (closed,) = effects.escalations
    assert closed.closed_because is ClosedBecause.ERASED
    assert closed.transcript.turns == []
    assert "Ada" not in f"{closed.summary}{closed.reason}"


def test_what_is_not_there_can_be_erased() -> None:
    chat = shop()
    assert chat.outcome(OutcomeKind.ERASED).forgets
    assert chat.state is None


def test_an_outcome_after_the_end_opens_nothing_and_what_the_end_brought_goes_out() -> None:
    """Whether the worker noticed the end before, or only now."""
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.wait(4 * 24 * 60)
    assert chat.state is not None
    late = Outcome(
        outcome_id="o9",
        conversation_id="c1",
        business_id="shop",
        kind=OutcomeKind.ACCEPTED,
        at=int(START + chat.minute * MINUTE),
    )
    processor = Processor(lambda _: chat.policy)
    key = state_key("shop", "c1")
    (found,) = processor.process([late], {key: encode_state(chat.state)}.get)
    assert found.rejected is not None
    assert (found.state, found.forgotten) == (None, True)
    assert [escalation.type for escalation in found.effects.escalations][-1] is EscalationType.CLOSED
    swept = processor.advance(key, encode_state(chat.state), int(START + chat.minute * MINUTE))
    assert swept.effects.escalations == found.effects.escalations
    assert swept.effects.forgets is found.effects.forgets is True


def test_an_erasure_lets_go_out_what_was_due_before_it() -> None:
    """As the sweep would have."""
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.wait(3 * 60)
    types = [escalation.type for escalation in chat.outcome(OutcomeKind.ERASED).escalations]
    assert types == [EscalationType.UPDATED, EscalationType.CLOSED]


@pytest.mark.parametrize("by", ["failed", "a wait"])
def test_what_somebody_has_until_monday_to_answer_again_does_not_end_on_saturday(by: str) -> None:
    """Passed on on a Friday evening, or told of since the customer waits: it was gone before anybody came back."""
    chat = shop()
    chat.wait(4 * 24 * 60)
    chat.customer(WANTS_HUMAN)
    chat.human()
    if by == "failed":
        chat.wait(7 * 60 + 50)
        (update,) = chat.outcome(OutcomeKind.FAILED).escalations
    else:
        chat.wait(5 * 60 + 50)
        chat.customer(ASKS)
        (update,) = pass_time(chat, 121).escalations
    assert update.due_at.strftime("%a") == "Mon"
    (closed,) = pass_time(chat, 6 * 24 * 60).escalations
    assert closed.occurred_at == update.due_at + timedelta(hours=24)


def test_an_escalation_that_is_passed_on_and_answered_ends_after_the_last_turn() -> None:
    chat = shop()
    chat.wait(4 * 24 * 60)
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.wait(7 * 60 + 50)
    chat.outcome(OutcomeKind.FAILED)
    chat.human()
    assert [one.closed_because for one in pass_time(chat, 24 * 60).escalations] == [ClosedBecause.IDLE]
