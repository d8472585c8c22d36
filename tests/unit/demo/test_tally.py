"""What the demo counts and measures, and how it words it."""

from __future__ import annotations

import pytest

from handraise.demo import lines
from handraise.demo.tally import Tally
from handraise.events import ControlState, EscalationType, Holder
from tests.unit.demo.events import control, escalation, message


def test_a_conversation_without_an_escalation_needed_nobody() -> None:
    tally = Tally()
    for conversation in ("a", "b", "b", "c"):
        tally.produced(message(conversation))
    tally.escalated(escalation("b"), 0.1)
    assert (tally.messages, tally.conversations, tally.needed_nobody) == (4, 3, 2)
    assert "2 of 3 conversations (67%) needed nobody." in lines.summary(tally)


def test_conversations_of_two_businesses_with_one_id_are_two() -> None:
    tally = Tally()
    tally.produced(message("a"))
    tally.produced(message("a", business="other"))
    assert tally.conversations == 2


def test_the_rate_of_a_trigger_is_what_it_raised_per_conversation() -> None:
    tally = Tally()
    for conversation in "abcd":
        tally.produced(message(conversation))
    tally.escalated(escalation("a", trigger="complaint"), 0.1)
    tally.escalated(escalation("a", trigger="human_request", kind=EscalationType.UPDATED), 0.1)
    tally.escalated(escalation("b", trigger="complaint"), 0.1)
    assert tally.rates() == [("complaint", 2, 0, 0.5), ("human_request", 0, 1, 0.0)]
    assert lines.rates(tally) == "complaint 2 (50%)   human_request 0 (0%)"


def test_a_closing_is_no_escalation_of_its_own() -> None:
    tally = Tally()
    tally.produced(message("a"))
    tally.escalated(escalation("a", kind=EscalationType.CLOSED), 0.1)
    assert (tally.rates(), tally.needed_nobody) == ([], 1)


def test_a_human_holds_a_conversation_until_it_is_said_that_the_ai_does() -> None:
    tally = Tally()
    tally.controlled(control("a", Holder.HUMAN, ControlState.ESCALATED))
    assert tally.is_with_human(("bakery", "a"))
    assert tally.with_human == 1
    tally.controlled(control("a", Holder.AI, ControlState.CLOSED))
    assert tally.with_human == 0


def test_the_delay_is_of_the_escalations_whose_message_was_produced_here() -> None:
    tally = Tally()
    for number in range(101):
        tally.escalated(escalation("a"), number / 1_000)
    tally.escalated(escalation("a"), None)
    assert tally.delay() == pytest.approx((0.050, 0.095))
    assert Tally().delay() is None


def test_a_run_without_messages_has_a_summary_too() -> None:
    assert list(lines.summary(Tally())) == ["Summary: 0 messages in 0 conversations."]
