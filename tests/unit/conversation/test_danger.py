"""Whoever is in danger is told what to do at once, whoever holds the conversation."""

from __future__ import annotations

from typing import Final

import pytest

from handraise.conversation import advance
from handraise.events import (
    Action,
    BuiltinTriggers,
    ControlState,
    EscalationType,
    OutcomeKind,
    Policy,
    Reply,
    TriggerPolicy,
)
from handraise.policy import compile_policy
from tests.support.chats import ASKS, HOUR, MINUTE, NEUTRAL, START, Chat, said

DANGER: Final = said(crisis=0.95, distress=0.95)
ASKS_FOR_ONE: Final = said(human_request=0.95)
EMERGENCY: Final = "local emergency number"


def told(chat: Chat) -> Reply | None:
    """What a customer in danger is told."""
    effects = chat.customer(DANGER)
    (escalation,) = effects.escalations
    assert (escalation.trigger, escalation.trigger_class) == ("distress", "crisis")
    if escalation.reply is not None:
        (control,) = effects.controls
        assert control.reply == escalation.reply
    return escalation.reply


def held(*, spoken: bool) -> Chat:
    """A conversation that a human has taken, and has spoken in or not."""
    chat = Chat()
    chat.customer(ASKS_FOR_ONE)
    chat.outcome(OutcomeKind.ACCEPTED)
    if spoken:
        chat.human()
    assert chat.state is not None
    assert chat.state.control is ControlState.HUMAN
    return chat


def test_one_who_has_taken_the_conversation_and_not_spoken_is_of_no_help() -> None:
    chat = held(spoken=False)
    reply = told(chat)
    assert reply is not None
    assert EMERGENCY in reply.text
    assert chat.controls[-1].state is ControlState.HUMAN


@pytest.mark.parametrize(("minutes", "alone"), [(0, False), (14, False), (15, True), (600, True)])
def test_one_who_speaks_with_the_customer_is_not_talked_over(minutes: float, alone: bool) -> None:
    chat = held(spoken=True)
    chat.wait(minutes)
    reply = told(chat)
    assert (reply is not None) is alone


@pytest.mark.parametrize("replied", [False, True])
def test_one_who_has_left_is_no_reason_to_say_nothing(replied: bool) -> None:
    """Danger that is told again a good while after anybody has spoken is told to the human, and answered, again."""
    chat = held(spoken=True)
    if replied:
        chat.wait(10)
        chat.outcome(OutcomeKind.REPLIED)
    assert told(chat) is None
    chat.wait(10)
    assert not chat.customer(DANGER).escalations
    chat.wait(20)
    reply = told(chat)
    assert reply is not None
    assert EMERGENCY in reply.text
    assert not chat.customer(DANGER).escalations, "not with every line"
    chat.wait(20)
    assert told(chat) is not None


def test_danger_that_nobody_has_taken_is_told_again() -> None:
    """On a Friday night the AI pauses until Monday, and whoever writes again would hear nothing."""
    chat = Chat()
    chat.wait(4 * 24 * 60 + 14 * 60)
    first = told(chat)
    assert first is not None
    assert not chat.customer(DANGER).escalations, "not with every line"
    chat.wait(20)
    again = told(chat)
    assert again is not None
    assert EMERGENCY in again.text
    raised, updated = chat.escalations
    assert (updated.type, updated.escalation_id) == (EscalationType.UPDATED, raised.escalation_id)
    assert (updated.action, updated.due_at) == (Action.ESCALATE, raised.due_at)
    assert chat.controls[-1].state is ControlState.ESCALATED
    assert not chat.customer(DANGER).escalations


@pytest.mark.parametrize("ahead", [10, 30, 60])
@pytest.mark.parametrize("messages", [True, False])
def test_a_clock_that_is_ahead_is_no_reason_to_say_nothing(ahead: float, messages: bool) -> None:
    """The tool dates its `replied` so, and the channel has the right time."""
    chat = held(spoken=False)
    chat.wait(ahead)
    chat.outcome(OutcomeKind.REPLIED)
    chat.wait(-ahead)
    if messages:
        chat.human()
        assert told(chat) is None
        chat.wait(40)
    elif ahead == 10:
        chat.wait(40)
    assert told(chat) is not None


def test_a_promise_that_a_human_has_left_unkept_tells_what_to_do_in_danger() -> None:
    chat = held(spoken=True)
    assert told(chat) is None
    assert chat.state is not None
    _, effects = advance(chat.state, START + 48 * HOUR, chat.policy, "rules-test")
    (first, *_) = effects.escalations
    assert first.reply is not None
    assert EMERGENCY in first.reply.text


def test_nobody_is_offered_to_somebody_in_danger_while_a_human_holds() -> None:
    """A yes to that would lead nowhere."""
    offers = BuiltinTriggers(crisis=TriggerPolicy(action=Action.OFFER))
    chat = Chat(policy=compile_policy(Policy(business_id="shop", owner="Rosa", triggers=offers)))
    chat.customer(ASKS)
    chat.outcome(OutcomeKind.ACCEPTED)
    reply = told(chat)
    assert reply is not None
    assert EMERGENCY in reply.text


def test_who_is_in_danger_is_told_what_to_do_with_the_offer_of_a_person() -> None:
    """A yes may never come."""
    offers = BuiltinTriggers(crisis=TriggerPolicy(action=Action.OFFER))
    chat = Chat(policy=compile_policy(Policy(business_id="shop", owner="Rosa", triggers=offers)))
    (control,) = chat.customer(DANGER).controls
    assert control.state is ControlState.OFFERED
    assert control.reply is not None
    assert EMERGENCY in control.reply.text
    assert "?" in control.reply.text


def test_what_to_do_is_not_repeated_with_every_line_while_a_person_is_on_offer() -> None:
    """A yes is still taken, and whoever is in danger for longer is told again."""
    offers = BuiltinTriggers(crisis=TriggerPolicy(action=Action.OFFER))
    chat = Chat(policy=compile_policy(Policy(business_id="shop", owner="Rosa", triggers=offers)))
    assert chat.customer(DANGER).controls
    again = chat.customer(DANGER)
    assert not again.controls
    assert "a person is on offer already" in [decision.because for decision in again.decisions]
    chat.wait(20)
    assert chat.customer(DANGER).controls
    (escalation,) = chat.customer(said(affirm=0.95)).escalations
    assert (escalation.trigger_class, escalation.action) == ("crisis", Action.ESCALATE)


def test_danger_is_told_what_to_do_though_a_person_is_on_offer_for_something_else() -> None:
    triggers = BuiltinTriggers(crisis=TriggerPolicy(action=Action.OFFER), complaint=TriggerPolicy(action=Action.OFFER))
    chat = Chat(policy=compile_policy(Policy(business_id="shop", owner="Rosa", triggers=triggers)))
    assert chat.customer(said(complaint=0.95)).controls
    (control,) = chat.customer(DANGER).controls
    assert control.reply is not None
    assert EMERGENCY in control.reply.text


def test_other_replies_are_not_given_while_a_human_holds() -> None:
    chat = held(spoken=False)
    chat.wait(60)
    effects = chat.customer(said(distress=0.95))
    assert not [escalation for escalation in effects.escalations if escalation.reply]


def test_a_promise_that_has_passed_repeats_what_to_do_in_danger() -> None:
    chat = Chat()
    chat.customer(DANGER)
    chat.customer(NEUTRAL)
    assert chat.state is not None
    _, effects = advance(chat.state, START + 48 * HOUR, chat.policy, "rules-test")
    (first, *_) = effects.escalations
    assert (first.type, first.caused_by) == (EscalationType.UPDATED, "timer:promise")
    assert first.reply is not None
    assert first.reply.text.startswith("I'm sorry, nobody has got back to you")
    assert EMERGENCY in first.reply.text


def test_a_promise_that_was_kept_bounds_no_new_one() -> None:
    """The human who answered in time is told anew, by when somebody is promised to whoever is in danger."""
    crisis = TriggerPolicy(within="15 minutes")
    policy = Policy(business_id="shop", owner="Rosa", within="2 hours", triggers=BuiltinTriggers(crisis=crisis))
    chat = Chat(policy=compile_policy(policy))
    (raised,) = chat.customer(ASKS_FOR_ONE).escalations
    chat.human()
    chat.wait(110)
    (update,) = chat.customer(DANGER).escalations
    assert update.escalation_id == raised.escalation_id
    assert update.due_at > raised.due_at


def test_nobody_is_told_of_a_missed_promise_that_was_only_just_made() -> None:
    """The customer had waited for the human for an hour already when they told of danger: the hour begins with that."""
    policy = compile_policy(
        Policy(
            business_id="shop",
            owner="Rosa",
            triggers=BuiltinTriggers(crisis=TriggerPolicy(within="1 hour", around_the_clock=True)),
        )
    )
    chat = Chat(policy=policy)
    chat.human()
    chat.wait(20)
    chat.customer(ASKS)
    chat.wait(65)
    (notice,) = chat.customer(DANGER).escalations
    for minutes, late in ((1, False), (58, False), (2, True)):
        chat.wait(minutes)
        assert chat.state is not None
        at = int(START + chat.minute * MINUTE)
        chat.state, effects = advance(chat.state, at, policy, "test")
        assert bool(effects.escalations) is late
    assert effects.escalations[0].occurred_at >= notice.occurred_at
