"""What an AI owes that leaves a question unanswered, and from when on."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from handraise.detection.signals import Intent
from handraise.events import (
    Action,
    BuiltinTriggers,
    ControlState,
    DecisionResult,
    EscalationType,
    OutcomeKind,
    OwnTrigger,
    Sender,
    TriggerPolicy,
)
from tests.support.chats import ASKS, NEUTRAL, Chat, said
from tests.support.shops import SHOP, pass_time, shop

WANTS_HUMAN = said(Intent.REQUEST_HUMAN, human_request=0.95)
ASKS_ELSE = said(Intent.QUESTION, question=True, fingerprint=(7, 8, 9))
THANKS = said(Intent.PRAISE, thanks=0.95)


def test_an_ai_that_leaves_a_question_unanswered_has_failed() -> None:
    chat = shop()
    chat.customer(ASKS)
    effects = pass_time(chat, 11)
    (raised,) = effects.escalations
    assert (raised.trigger, raised.caused_by) == ("ai_failure", "timer:ai_silent")
    assert raised.reason == "The AI fails: the AI has not answered for 10 minutes."
    assert raised.evidence == []
    assert [(decision.message_id, decision.result) for decision in effects.decisions] == [
        ("timer:ai_silent", DecisionResult.FIRED)
    ]


def test_an_ai_that_is_silent_after_a_close_is_told_of_once_the_cooldown_is_over() -> None:
    policy = replace(SHOP, ai_answers_within="5 minutes")
    chat = shop(policy)
    chat.customer(WANTS_HUMAN)
    (closed,) = chat.outcome(OutcomeKind.RESOLVED).escalations
    chat.customer(ASKS)
    assert not pass_time(chat, 8).decisions
    (raised,) = pass_time(chat, 2).escalations
    assert (raised.trigger, raised.caused_by) == ("ai_failure", "timer:ai_silent")
    assert raised.occurred_at - closed.occurred_at == timedelta(minutes=10)
    assert not pass_time(chat, 60).decisions


def test_an_ai_that_answers_within_the_cooldown_after_a_close_has_not_been_silent() -> None:
    policy = replace(SHOP, ai_answers_within="5 minutes")
    chat = shop(policy)
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.RESOLVED)
    chat.customer(ASKS)
    chat.wait(6)
    chat.ai()
    assert not pass_time(chat, 60).decisions


def test_the_silence_of_an_ai_says_nothing_unless_the_policy_says_what_is_too_long() -> None:
    chat = Chat()
    chat.customer(ASKS)
    assert not pass_time(chat, 600).decisions


@pytest.mark.parametrize("signals", [THANKS, said(Intent.SMALLTALK)])
def test_an_ai_need_not_answer_what_asks_nothing(signals: object) -> None:
    chat = shop()
    chat.customer(signals)  # type: ignore[arg-type]  # pytest's parameters have no type of their own
    assert not pass_time(chat, 60).decisions


def test_an_ai_that_answers_in_time_has_not_failed() -> None:
    chat = shop()
    chat.customer(ASKS)
    chat.wait(5)
    chat.ai()
    assert not pass_time(chat, 60).decisions


def test_an_ai_is_not_silent_about_what_was_settled() -> None:
    chat = shop()
    chat.customer(ASKS)
    chat.wait(2)
    chat.outcome(OutcomeKind.RESOLVED)
    chat.wait(110)
    assert not chat.customer(ASKS_ELSE).escalations
    assert not chat.ai().escalations


def with_photo_notice(**more: object) -> Chat:
    """A shop that is told of pictures while the AI goes on; no cooldown hides what comes of the silence."""
    photo = {"when": {"message_type": "image"}, "action": "notify"}
    own = msgspec.convert({"photo": photo, **more}, dict[str, OwnTrigger])
    triggers = BuiltinTriggers(ai_failure=TriggerPolicy(cooldown="0 minutes"))
    return shop(replace(SHOP, triggers=triggers, own_triggers=own))


@pytest.mark.parametrize("kind", [OutcomeKind.RESOLVED, OutcomeKind.RELEASED])
def test_an_ai_owes_its_answer_though_a_notice_is_ticked_off(kind: OutcomeKind) -> None:
    chat = with_photo_notice()
    chat.customer(NEUTRAL, "", message_type="image")
    chat.ai()
    chat.customer(ASKS)
    (closed,) = chat.outcome(kind).escalations
    assert closed.type is EscalationType.CLOSED
    assert chat.state is not None
    assert chat.state.control is ControlState.AI
    assert not pass_time(chat, 8.5).escalations
    (raised,) = pass_time(chat, 0.5).escalations
    assert (raised.trigger, raised.caused_by) == ("ai_failure", "timer:ai_silent")


def test_an_own_silence_goes_on_though_a_notice_is_ticked_off() -> None:
    chat = with_photo_notice(waits={"when": {"silence": {"for": "5 minutes"}}, "cooldown": "0 minutes"})
    chat.customer(NEUTRAL, "", message_type="image")
    chat.ai()
    chat.customer(ASKS)
    chat.outcome(OutcomeKind.RESOLVED)
    (raised,) = pass_time(chat, 5).escalations
    assert (raised.trigger, raised.caused_by) == ("waits", "timer:silence")


def test_a_customer_who_goes_on_after_a_notice_is_ticked_off_has_not_come_back() -> None:
    chat = with_photo_notice()
    chat.customer(NEUTRAL, "", message_type="image")
    chat.ai()
    chat.outcome(OutcomeKind.RESOLVED)
    assert not chat.customer(ASKS).decisions


@pytest.mark.parametrize("asked_for", [True, False])
def test_an_ai_that_is_given_a_conversation_back_is_held_to_the_question_that_is_open(*, asked_for: bool) -> None:
    """Its time runs from when it could answer."""
    chat = shop()
    chat.customer(WANTS_HUMAN if asked_for else ASKS)
    chat.human()
    chat.customer(ASKS_ELSE)
    chat.wait(60)
    chat.outcome(OutcomeKind.RELEASED)
    chat.outcome(OutcomeKind.RELEASED)
    assert not pass_time(chat, 8.5).escalations
    (raised,) = pass_time(chat, 0.5).escalations
    assert (raised.trigger, raised.caused_by) == ("ai_failure", "timer:ai_silent")


def test_an_ai_that_is_given_a_conversation_back_owes_no_answer_to_what_was_answered() -> None:
    chat = shop()
    chat.customer(ASKS)
    chat.human()
    chat.customer(THANKS)
    chat.outcome(OutcomeKind.RELEASED)
    assert not pass_time(chat, 60).escalations


@pytest.mark.parametrize(("at", "owes"), [(0.5, False), (-0.5, True)])
def test_an_ai_owes_no_answer_to_what_a_human_answers_with_their_last_word(at: float, *, owes: bool) -> None:
    """They press the button first, and type then. What they said before it was no answer to what they left."""
    chat = shop()
    chat.customer(ASKS)
    chat.human()
    chat.customer(ASKS_ELSE)
    chat.outcome(OutcomeKind.RELEASED)
    chat.wait(at - 0.5)
    assert not chat.human().controls
    assert bool(pass_time(chat, 30).escalations) is owes


def test_an_ai_that_is_given_a_conversation_back_owes_no_answer_to_what_was_raised() -> None:
    """Who took it and did not write may have called."""
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.ACCEPTED)
    chat.outcome(OutcomeKind.RELEASED)
    assert not pass_time(chat, 60).escalations


def test_an_ai_may_be_given_longer_to_answer_than_a_conversation_lasts() -> None:
    chat = shop(replace(SHOP, ai_answers_within="2 days"))
    chat.customer(ASKS)
    (raised,) = pass_time(chat, 2 * 24 * 60).escalations
    assert (raised.trigger, raised.caused_by) == ("ai_failure", "timer:ai_silent")


def test_a_silence_of_the_ai_that_is_only_logged_waits_for_no_cooldown_after_a_close() -> None:
    """A shadow disturbs nobody, and shows what would have fired."""
    shadow = TriggerPolicy(action=Action.SHADOW, cooldown="1 hour")
    chat = shop(replace(SHOP, triggers=BuiltinTriggers(ai_failure=shadow)))
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.RELEASED)
    chat.customer(ASKS)
    (logged,) = pass_time(chat, 11).decisions
    assert (logged.trigger, logged.action, logged.result) == ("ai_failure", Action.SHADOW, DecisionResult.FIRED)


def test_each_offer_is_a_reply_of_its_own_though_nobody_has_written_between() -> None:
    """A reply is sent once for its id: the second question would never be asked."""
    offers = TriggerPolicy(action=Action.OFFER)
    chat = shop(replace(SHOP, triggers=BuiltinTriggers(complaint=offers, ai_failure=offers)))
    chat.customer(said(Intent.COMPLAINT, sentiment=-0.6, complaint=0.95))
    chat.outcome(OutcomeKind.ACCEPTED)
    chat.outcome(OutcomeKind.RELEASED)
    pass_time(chat, 11)
    first, second = (control.reply for control in chat.controls if control.state is ControlState.OFFERED)
    assert first is not None
    assert second is not None
    assert first.reply_id != second.reply_id


@pytest.mark.parametrize(("after", "taken"), [(0.0, False), (0.1, False), (0.6, False), (0.7, True)])
def test_a_yes_is_none_to_an_offer_that_the_silence_before_it_has_only_just_made(after: float, *, taken: bool) -> None:
    """It answers what the AI had asked: the offer has not gone out yet. It still stands for the next message.

    A worker waits for half a minute before it fires a timer for which no event has come.
    """
    chat = offers_after_silence()
    chat.ai(said(question=True), "Shall I book the table?")
    chat.wait(4.5 + after)
    effects = chat.customer(said(affirm=0.95), "yes, please")
    assert effects.controls[0].state is ControlState.OFFERED
    assert bool(effects.escalations) is taken
    if not taken:
        assert chat.customer(said(affirm=0.95), "yes, a person please").escalations


def offers_after_silence() -> Chat:
    quiet = {"quiet": {"when": {"silence": {"for": "5 minutes", "from": "customer"}}, "action": "offer"}}
    chat = shop(replace(SHOP, own_triggers=msgspec.convert(quiet, dict[str, OwnTrigger])))
    chat.customer(ASKS)
    return chat


def test_a_yes_is_one_to_an_offer_where_the_ai_had_asked_nothing_else() -> None:
    chat = offers_after_silence()
    chat.ai()
    chat.wait(4.7)
    assert chat.customer(said(affirm=0.95), "yes, please").escalations


@pytest.mark.parametrize("by", ["another's message", "its own turn"])
def test_a_yes_is_one_to_an_offer_that_another_event_has_brought_out_before(by: str) -> None:
    """The timer fires before it, and no worker waits any longer."""
    chat = offers_after_silence()
    chat.ai(said(question=True), "Shall I book the table?")
    chat.wait(4.55)
    if by == "another's message":
        chat.say(Sender.SYSTEM, said())
        chat.wait(-0.3)
    else:
        chat.say(Sender.SYSTEM, said())
        (offered,) = chat.controls
        assert offered.reply is not None
        chat.wait(-0.48)
        chat.say(Sender.ASSISTANT, said(), offered.reply.text, reply_id=offered.reply.reply_id)
        chat.wait(-0.42)
    assert chat.customer(said(affirm=0.95), "yes, please").escalations


def test_an_event_from_before_an_offer_has_not_brought_it_out() -> None:
    """It was overtaken: a worker has fired the timer by its clock, and then comes what was written before."""
    chat = offers_after_silence()
    chat.ai(said(question=True), "Shall I book the table?")
    assert pass_time(chat, 5).controls
    chat.wait(-1)
    chat.say(Sender.SYSTEM, said())
    chat.wait(0.1)
    assert not chat.customer(said(affirm=0.95), "yes, please").escalations


def test_who_still_waits_for_what_the_ai_put_off_is_waited_for_though_it_is_no_question() -> None:
    """The AI said nothing more, and nobody was told, as somebody is after "any luck?"."""
    off = BuiltinTriggers(knowledge_gap=TriggerPolicy(enabled=False))
    chat = shop(replace(SHOP, triggers=off))
    chat.customer(ASKS)
    chat.ai(said(deferral=True), "Let me look that up.")
    chat.customer(said(Intent.SMALLTALK, fingerprint=(9,)), "I'm still waiting")
    (raised,) = pass_time(chat, 11).escalations
    assert (raised.trigger, raised.caused_by) == ("ai_failure", "timer:ai_silent")
