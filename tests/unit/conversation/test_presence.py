"""Whether a human is there: what takes a conversation over, what gives it back, and what changes neither."""

from __future__ import annotations

import pytest

from handraise.conversation import Fact
from handraise.detection.signals import Intent, Signals
from handraise.events import (
    Action,
    ClosedBecause,
    ControlState,
    OutcomeKind,
    Sender,
)
from tests.support.chats import ASKS, NEUTRAL, Chat, said

WANTS_HUMAN = said(Intent.REQUEST_HUMAN, human_request=0.95)
COMPLAINS = said(Intent.COMPLAINT, sentiment=-0.6, complaint=0.95)
CRISIS = said(sentiment=-0.9, crisis=0.95, distress=0.95)


def test_a_human_who_speaks_holds_until_the_ai_speaks_again() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.human()
    assert not chat.customer(WANTS_HUMAN).escalations
    (closed,) = chat.ai().escalations
    assert closed.closed_because is ClosedBecause.HANDED_BACK
    states = [control.state for control in chat.controls]
    assert states == [ControlState.ESCALATED, ControlState.HUMAN, ControlState.AI]


def test_a_takeover_that_nobody_asked_for_is_counted_once() -> None:
    chat = Chat()
    chat.customer(ASKS)
    facts = [note.fact for effects in (chat.human(), chat.human()) for note in effects.notes]
    assert facts.count(Fact.TAKEOVER_UNPROMPTED) == 1


def test_an_ai_that_talks_over_a_human_is_counted() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.human()
    chat.ai()
    assert Fact.AI_SPOKE_WHILE_HUMAN in [note.fact for note in chat.human().notes]


def test_while_a_human_holds_a_crisis_is_a_notice_without_a_reply() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.human()
    (raised,) = chat.customer(CRISIS).escalations
    assert (raised.action, raised.reply) == (Action.NOTIFY, None)
    assert chat.controls[-1].state is ControlState.HUMAN


def test_a_reply_that_is_sent_late_does_not_take_the_conversation_back_from_a_human() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    reply = chat.escalations[0].reply
    assert reply is not None
    chat.human()
    assert not chat.say(Sender.ASSISTANT, NEUTRAL, reply.text, reply_id=reply.reply_id).escalations
    assert chat.controls[-1].state is ControlState.HUMAN


@pytest.mark.parametrize(("told_by", "before"), [("message", 0.6), ("message", 20), ("outcome", 0.6)])
def test_an_answer_from_before_a_human_spoke_does_not_take_the_conversation_back(told_by: str, before: float) -> None:
    """It was on its way, and what the human said, or the tool that tells of it, has overtaken it."""
    chat = Chat()
    chat.wait(30)
    chat.customer(COMPLAINS)
    if told_by == "message":
        chat.human()
    else:
        chat.outcome(OutcomeKind.REPLIED)
    chat.wait(-before)
    assert not chat.ai().escalations
    assert chat.controls[-1].state is ControlState.HUMAN
    chat.wait(before + 1)
    (closed,) = chat.ai().escalations
    assert closed.closed_because is ClosedBecause.HANDED_BACK


def test_a_state_of_an_earlier_version_tells_by_its_transcript_when_a_human_spoke() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.human()
    assert chat.state is not None
    chat.state.human_spoke_at = 0
    chat.wait(-0.6)
    assert not chat.ai().escalations
    assert chat.controls[-1].state is ControlState.HUMAN
    chat.wait(1)
    assert chat.ai().escalations


def test_an_ai_that_speaks_takes_the_conversation_back_though_the_tool_s_clock_is_ahead() -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.wait(60)
    chat.outcome(OutcomeKind.REPLIED)
    chat.wait(-40)
    (closed,) = chat.ai().escalations
    assert closed.closed_because is ClosedBecause.HANDED_BACK


def test_a_human_s_message_that_was_overtaken_by_another_leaves_it_known_when_they_last_spoke() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.wait(5)
    chat.outcome(OutcomeKind.REPLIED)
    chat.wait(-3)
    chat.human()
    chat.ai()
    assert chat.controls[-1].state is ControlState.HUMAN


@pytest.mark.parametrize(
    ("asked", "kind", "state"),
    [
        (COMPLAINS, OutcomeKind.RESOLVED, ControlState.CLOSED),
        (COMPLAINS, OutcomeKind.RELEASED, ControlState.AI),
        (ASKS, OutcomeKind.RESOLVED, ControlState.CLOSED),
    ],
)
def test_a_human_turn_from_before_the_end_is_recorded_and_takes_nothing(
    asked: Signals, kind: OutcomeKind, state: ControlState
) -> None:
    """Their last words were overtaken by the outcome, which is in another topic."""
    chat = Chat()
    chat.customer(asked)
    chat.human()
    chat.wait(5)
    chat.outcome(kind)
    chat.wait(-1)
    effects = chat.human()
    assert not effects.controls
    assert not effects.decisions
    assert chat.state is not None
    assert (chat.state.control, len(chat.state.transcript)) == (state, 3)
    chat.wait(5)
    (control,) = chat.human().controls
    assert control.state is ControlState.HUMAN


@pytest.mark.parametrize(
    ("kind", "state"), [(OutcomeKind.RESOLVED, ControlState.CLOSED), (OutcomeKind.RELEASED, ControlState.AI)]
)
@pytest.mark.parametrize("after", [0.4, -0.2])
@pytest.mark.parametrize("told_by", ["message", "outcome", "both"])
def test_a_human_s_last_word_at_the_end_takes_nothing_back(
    kind: OutcomeKind, state: ControlState, after: float, told_by: str
) -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.outcome(kind)
    chat.wait(after - 0.5)
    told = [chat.human()] if told_by != "outcome" else []
    if told_by != "message":
        chat.wait(-0.5 * len(told))
        told.append(chat.outcome(OutcomeKind.REPLIED))
    for effects in told:
        assert (effects.controls, effects.decisions, effects.notes) == ([], [], [])
    assert chat.state is not None
    assert (chat.state.control, chat.state.human_spoke) == (state, False)
    assert len(chat.state.transcript) == (2 if told_by == "outcome" else 3)


@pytest.mark.parametrize("kind", [OutcomeKind.RESOLVED, OutcomeKind.RELEASED])
def test_a_goodbye_is_one_though_the_end_has_overtaken_what_the_customer_said_before_it(kind: OutcomeKind) -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.wait(1)
    chat.outcome(kind)
    chat.wait(-0.6)
    chat.customer(said(Intent.PRAISE, thanks=0.95))
    chat.wait(-0.3)
    effects = chat.human()
    assert (effects.controls, effects.decisions, effects.notes) == ([], [], [])
    assert chat.state is not None
    assert chat.state.control is ControlState.AI


def test_a_tool_that_reports_a_reply_well_after_the_end_takes_the_conversation() -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.REPLIED)
    chat.outcome(OutcomeKind.RELEASED)
    chat.wait(1)
    chat.outcome(OutcomeKind.REPLIED)
    assert chat.controls[-1].state is ControlState.HUMAN


@pytest.mark.parametrize("then", ["they wait", "the customer writes", "they accept"])
def test_a_human_who_goes_on_after_the_end_takes_the_conversation(then: str) -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.outcome(OutcomeKind.RELEASED)
    if then == "they wait":
        chat.wait(1)
    elif then == "the customer writes":
        chat.minute -= 0.3
        chat.customer(ASKS)
    else:
        chat.minute -= 0.3
        chat.outcome(OutcomeKind.ACCEPTED)
    chat.human()
    assert chat.controls[-1].state is ControlState.HUMAN
    assert chat.state is not None
    assert chat.state.human_spoke


@pytest.mark.parametrize("case", ["clock ahead", "held again", "never held", "customer overtakes"])
def test_a_human_who_says_no_goodbye_takes_the_conversation(case: str) -> None:
    chat = Chat()
    chat.customer(ASKS)
    if case == "clock ahead":
        chat.human()
        chat.wait(30)
        chat.outcome(OutcomeKind.RELEASED)
        chat.wait(-10)
    elif case == "held again":
        chat.human()
        chat.outcome(OutcomeKind.RELEASED)
        chat.wait(-0.4)
        chat.outcome(OutcomeKind.ACCEPTED)
        chat.wait(-0.4)
        chat.human()
        chat.wait(-0.4)
        chat.ai()
        chat.wait(-0.4)
    elif case == "never held":
        chat.ai()
        chat.outcome(OutcomeKind.RESOLVED)
        chat.wait(-0.4)
    else:
        chat.human()
        chat.wait(0.3)
        chat.customer(ASKS)
        chat.wait(-0.8)
        chat.outcome(OutcomeKind.RESOLVED)
    chat.human()
    assert chat.controls[-1].state is ControlState.HUMAN
    assert chat.state is not None
    assert chat.state.human_spoke


def test_a_last_word_that_the_end_has_overtaken_takes_nothing_back_where_nothing_was_raised() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.human()
    chat.outcome(OutcomeKind.RELEASED)
    chat.wait(-0.6)
    assert not chat.human().controls


def test_a_human_who_gives_back_what_the_ai_holds_and_writes_then_takes_the_conversation() -> None:
    """That was no goodbye."""
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.RELEASED)
    chat.wait(30)
    chat.outcome(OutcomeKind.RELEASED)
    chat.human()
    assert chat.controls[-1].state is ControlState.HUMAN


def test_a_human_who_was_talked_over_holds_though_their_words_were_overtaken() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.human()
    chat.ai()
    chat.wait(-0.6)
    assert Fact.AI_SPOKE_WHILE_HUMAN in [note.fact for note in chat.human().notes]
    assert chat.controls[-1].state is ControlState.HUMAN
