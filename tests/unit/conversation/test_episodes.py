from __future__ import annotations

import pytest

from handraise.conversation import Fact
from handraise.conversation.state import ID_BYTES, id_mark
from handraise.detection.signals import Intent, Signals
from handraise.events import (
    Action,
    ChatMessage,
    ClosedBecause,
    ControlState,
    DecisionResult,
    EscalationType,
    Holder,
    OutcomeKind,
    Priority,
    Sender,
)
from handraise.policy import compile_policy, parse
from tests.support.chats import ASKS, HOUR, MINUTE, NEUTRAL, START, Chat, said

WANTS_HUMAN = said(Intent.REQUEST_HUMAN, human_request=0.95)
THANKS = said(Intent.PRAISE, thanks=0.95)
COMPLAINS = said(Intent.COMPLAINT, sentiment=-0.6, complaint=0.95)
CRISIS = said(sentiment=-0.9, crisis=0.95, distress=0.95)


def test_a_request_for_a_person_is_raised_with_reply_owner_and_due_time() -> None:
    chat = Chat()
    effects = chat.customer(WANTS_HUMAN, "can I talk to someone?")
    (escalation,) = effects.escalations
    assert (escalation.type, escalation.trigger, escalation.revision) == (EscalationType.RAISED, "human_request", 0)
    assert escalation.reply is not None
    assert escalation.reply.text
    assert escalation.due_at.timestamp() * 1000 > START
    assert "can I talk to someone?" in escalation.reason
    (control,) = effects.controls
    assert (control.holder, control.state) == (Holder.HUMAN, ControlState.ESCALATED)
    assert control.reply == escalation.reply
    assert [decision.result for decision in effects.decisions] == [DecisionResult.FIRED]


def test_a_request_that_is_repeated_raises_nothing_twice() -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    effects = chat.customer(WANTS_HUMAN)
    assert not effects.escalations
    assert [decision.result for decision in effects.decisions] == [DecisionResult.SUPPRESSED]


def test_a_more_urgent_trigger_updates_the_open_escalation() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    (update,) = chat.customer(WANTS_HUMAN).escalations
    assert (update.type, update.trigger, update.revision) == (EscalationType.UPDATED, "human_request", 1)
    assert update.also == ["complaint"]
    assert update.escalation_id == chat.escalations[0].escalation_id


def test_a_less_urgent_trigger_is_suppressed_while_an_escalation_is_open() -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    effects = chat.customer(COMPLAINS)
    assert not effects.escalations
    assert effects.decisions[0].because == "an escalation for human_request is open"


def test_of_several_triggers_the_most_urgent_acts_and_the_others_are_named() -> None:
    chat = Chat()
    (escalation,) = chat.customer(said(complaint=0.95, human_request=0.8)).escalations
    assert (escalation.trigger, escalation.also) == ("human_request", ["complaint"])


def test_a_crisis_is_critical_and_goes_before_a_request_for_a_person() -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    (update,) = chat.customer(CRISIS).escalations
    assert (update.trigger, update.trigger_class, update.priority) == ("distress", "crisis", Priority.CRITICAL)


@pytest.mark.parametrize(
    ("kind", "because", "state"),
    [
        (OutcomeKind.RESOLVED, ClosedBecause.RESOLVED, ControlState.CLOSED),
        (OutcomeKind.RELEASED, ClosedBecause.RELEASED, ControlState.AI),
    ],
)
def test_an_outcome_closes_the_escalation(kind: OutcomeKind, because: ClosedBecause, state: ControlState) -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    (closed,) = chat.outcome(kind, escalation_id=chat.escalations[0].escalation_id).escalations
    assert (closed.type, closed.revision, closed.closed_because) == (EscalationType.CLOSED, 1, because)
    assert (chat.controls[-1].state, chat.controls[-1].holder) == (state, Holder.AI)


def test_an_outcome_for_an_escalation_that_is_over_changes_nothing() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    effects = chat.outcome(OutcomeKind.RESOLVED, escalation_id="another")
    assert not effects.escalations
    assert not effects.controls


def test_a_verdict_moves_nothing() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    effects = chat.outcome(OutcomeKind.VERDICT, escalation_id=chat.escalations[0].escalation_id)
    assert not effects.escalations
    assert not effects.controls


def test_a_failed_escalation_goes_to_the_fallback_owner() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    (update,) = chat.outcome(OutcomeKind.FAILED, escalation_id=chat.escalations[0].escalation_id).escalations
    assert (update.type, update.owner) == (EscalationType.UPDATED, chat.policy.fallback_owner)


def test_whoever_has_answered_and_passes_it_on_is_known_to_have_taken_it() -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.outcome(OutcomeKind.FAILED)
    assert chat.state is not None
    assert chat.state.episode is not None
    assert (chat.state.episode.claimed, chat.state.episode.answered) == (True, True)


def test_a_notice_that_its_owner_cannot_take_changes_nothing_about_who_holds() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.outcome(OutcomeKind.ACCEPTED)
    (notice,) = chat.customer(CRISIS).escalations
    assert notice.action is Action.NOTIFY
    chat.outcome(OutcomeKind.FAILED)
    assert chat.controls[-1].state is ControlState.HUMAN


def test_a_cooldown_follows_the_close_and_ends() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.outcome(OutcomeKind.RESOLVED)
    assert not chat.customer(COMPLAINS).escalations
    chat.wait(10)
    (raised,) = chat.customer(COMPLAINS).escalations
    assert raised.escalation_id != chat.escalations[0].escalation_id


@pytest.mark.parametrize("again", [COMPLAINS, said(complaint=0.9, thanks=0.6)])
@pytest.mark.parametrize("thanks_first", [True, False])
def test_who_has_thanked_is_heard_anew_when_they_complain(again: Signals, *, thanks_first: bool) -> None:
    """The cake came, and then the refund that the human had promised did not. The close may come before the thanks."""
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.human()
    for step in (THANKS, None) if thanks_first else (None, THANKS):
        chat.customer(step) if step else chat.outcome(OutcomeKind.RESOLVED)
    chat.customer(ASKS)
    (raised,) = chat.customer(again).escalations
    assert (raised.type, raised.trigger) == (EscalationType.RAISED, "complaint")
    chat.outcome(OutcomeKind.RESOLVED)
    assert not chat.customer(COMPLAINS).escalations


def test_who_thanks_and_complains_in_one_breath_has_not_been_content() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.customer(said(thanks=0.9, complaint=0.9))
    chat.outcome(OutcomeKind.RESOLVED)
    assert not chat.customer(COMPLAINS).escalations


def test_who_has_complained_in_several_weak_messages_since_the_thanks_is_not_heard_anew() -> None:
    """Together they were a complaint, which the close has settled."""
    weak = said(complaint=0.48, sentiment=-0.5)
    chat = Chat()
    chat.customer(THANKS)
    chat.ai()
    for _ in range(2):
        chat.customer(weak)
        chat.ai()
    assert [one.trigger for one in chat.escalations] == ["complaint"]
    chat.human()
    chat.outcome(OutcomeKind.RESOLVED)
    for _ in range(2):
        assert not chat.customer(weak).escalations
        chat.ai()


def test_who_has_said_yes_to_a_person_since_the_thanks_is_not_heard_anew() -> None:
    chat = Chat()
    chat.customer(THANKS)
    chat.ai(said(offers_human=True, question=True))
    (raised,) = chat.customer(said(affirm=0.9)).escalations
    assert raised.trigger == "human_request"
    chat.outcome(OutcomeKind.RESOLVED)
    assert not chat.customer(COMPLAINS).escalations


def test_what_is_no_complaint_after_a_few_turns_leaves_the_customer_content() -> None:
    """The thanks came, then "one candle was missing", and only then that the refund is not there."""
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.outcome(OutcomeKind.RESOLVED)
    chat.customer(THANKS)
    assert not chat.customer(said(complaint=0.6)).escalations
    assert chat.customer(COMPLAINS).escalations


@pytest.mark.parametrize("signals", [WANTS_HUMAN, CRISIS])
def test_a_request_and_a_crisis_ignore_the_cooldown(signals: Signals) -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.outcome(OutcomeKind.RESOLVED)
    assert chat.customer(signals).escalations


def test_the_cooldown_holds_up_nothing_that_is_more_urgent_than_what_was_closed() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.outcome(OutcomeKind.RELEASED)
    effects = chat.customer(said(high_value=0.9))
    assert [decision.result for decision in effects.decisions] == [DecisionResult.SUPPRESSED]
    (raised,) = chat.customer(said(sentiment=-0.8, distress=0.95)).escalations
    assert (raised.type, raised.trigger) == (EscalationType.RAISED, "distress")


def test_an_escalation_that_became_more_urgent_holds_up_what_it_was_raised_for() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.RESOLVED)
    assert not chat.customer(COMPLAINS).escalations


def test_a_notice_that_is_ticked_off_holds_up_no_handover_and_no_second_time_itself() -> None:
    """Also one that is less urgent than the notice was."""
    text = b"""{"business_id": "shop", "owner": "Rosa", "triggers": {"complaint": {"action": "notify"}}}"""
    chat = Chat(policy=compile_policy(parse(text)))
    chat.customer(COMPLAINS)
    chat.outcome(OutcomeKind.RESOLVED)
    assert not chat.customer(COMPLAINS).escalations
    (raised,) = chat.customer(said(high_value=0.9)).escalations
    assert (raised.type, raised.trigger, raised.action) == (EscalationType.RAISED, "high_value", Action.ESCALATE)


def test_an_escalation_ends_when_its_conversation_is_idle_for_a_day_after_it_was_due() -> None:
    """Its first promise passes after a day, and the new one at the end of the next."""
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.wait(72 * HOUR / MINUTE)
    *_, closed, raised = chat.customer(COMPLAINS).escalations
    assert (closed.type, closed.closed_because) == (EscalationType.CLOSED, ClosedBecause.IDLE)
    assert closed.occurred_at.timestamp() * 1000 == START + 56 * HOUR
    assert raised.type is EscalationType.RAISED


@pytest.mark.parametrize("released", [True, False])
@pytest.mark.parametrize("put_off", [True, False])
@pytest.mark.parametrize("minutes", [0, -1])
def test_a_question_that_the_human_left_to_the_ai_is_not_settled(released: bool, put_off: bool, minutes: float) -> None:
    """The close holds up what it settled, and the customer asked that after the human last spoke.

    Also where the AI first says that it will look, and where the clocks of two producers differ.
    """
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.customer(ASKS, "And when is the new invoice due?")
    chat.wait(minutes)
    if released:
        chat.outcome(OutcomeKind.RELEASED)
    if put_off:
        chat.ai(said(deferral=True), "Let me check.")
    *_, raised = chat.ai(said(admission=0.95), answered=False).escalations
    assert (raised.type, raised.trigger) == (EscalationType.RAISED, "knowledge_gap")
    assert "And when is the new invoice due?" in raised.reason


OF_ANSWERS: dict[str, tuple[Signals, dict[str, object]]] = {
    "knowledge_gap": (said(admission=0.95), {"answered": False}),
    "broken_promise": (said(promise=0.95), {}),
    "ai_failure": (NEUTRAL, {"error": "timeout"}),
}


@pytest.mark.parametrize("trigger", OF_ANSWERS)
@pytest.mark.parametrize("resolved", [True, False])
def test_no_cooldown_holds_up_what_the_ai_says_once_a_human_has_dealt_with_what_was_raised(
    trigger: str, *, resolved: bool
) -> None:
    """The human answered what was raised and left; of what the AI cannot answer afterwards nobody has heard."""
    signals, told = OF_ANSWERS[trigger]
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.human()
    if resolved:
        chat.outcome(OutcomeKind.RESOLVED)
    chat.ai()
    chat.customer(ASKS)
    chat.ai()
    chat.customer(said(Intent.QUESTION, question=True, fingerprint=(7, 8, 9)))
    (raised,) = chat.ai(signals, "an answer", **told).escalations
    assert (raised.type, raised.trigger) == (EscalationType.RAISED, trigger)


@pytest.mark.parametrize("trigger", OF_ANSWERS)
def test_where_nobody_has_spoken_to_the_customer_the_cooldown_holds_that_up(trigger: str) -> None:
    """Who ends an escalation without a word says that nobody was needed."""
    signals, told = OF_ANSWERS[trigger]
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.RESOLVED)
    chat.customer(ASKS)
    effects = chat.ai(signals, "an answer", **told)
    assert not effects.escalations
    assert [(one.trigger, one.result) for one in effects.decisions] == [(trigger, DecisionResult.SUPPRESSED)]


@pytest.mark.parametrize("new", [said(high_value=0.95), said(sentiment=-0.8, distress=0.95), COMPLAINS])
def test_no_cooldown_holds_up_what_was_no_part_of_what_a_human_has_dealt_with(new: Signals) -> None:
    """Who has been called back for a question about a bill, and then asks for 22 contracts, asks for something new."""
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.ai()
    (raised,) = chat.customer(new).escalations
    assert raised.type is EscalationType.RAISED


def test_what_held_besides_what_was_raised_was_dealt_with_as_well() -> None:
    chat = Chat()
    chat.customer(said(human_request=0.95, complaint=0.95))
    chat.human()
    chat.ai()
    assert not chat.customer(COMPLAINS).escalations


def test_of_a_close_that_an_older_version_wrote_it_is_not_known_what_it_settled() -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.ai()
    assert chat.state is not None
    chat.state.closed_for = ()
    assert not chat.customer(said(high_value=0.95)).escalations


def test_a_complaint_of_who_has_not_thanked_waits_for_the_cooldown_after_a_human_too() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    chat.human()
    chat.ai()
    assert not chat.customer(COMPLAINS).escalations


def test_once_the_ai_has_answered_what_it_was_left_the_cooldown_holds_up_the_next_question() -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.ACCEPTED)
    chat.customer(ASKS)
    chat.outcome(OutcomeKind.RELEASED)
    chat.ai()
    chat.customer(said(Intent.QUESTION, question=True, fingerprint=(7, 8, 9)))
    effects = chat.ai(answered=False)
    assert not effects.escalations
    assert [(one.trigger, one.result) for one in effects.decisions] == [("knowledge_gap", DecisionResult.SUPPRESSED)]


def test_a_question_that_was_told_to_be_without_an_answer_is_not_told_again() -> None:
    chat = Chat()
    chat.customer(ASKS)
    (raised,) = chat.ai(answered=False, sources=[]).escalations
    assert raised.trigger == "knowledge_gap"
    assert not chat.ai(answered=False, sources=[]).decisions


@pytest.mark.parametrize("asked_for", [True, False])
def test_a_question_that_a_human_has_answered_is_none_that_the_ai_left_open(asked_for: bool) -> None:
    """In "you're welcome!" there is no answer, whatever its producer says."""
    chat = Chat()
    chat.customer(ASKS, "Do you have the red chair in stock?")
    if asked_for:
        chat.customer(WANTS_HUMAN)
    chat.human()
    chat.customer(said(thanks=0.95), "thank you!")
    effects = chat.ai(NEUTRAL, "You're welcome!", answered=False)
    assert not [one for one in effects.escalations if one.type is EscalationType.RAISED]
    chat.wait(60)
    chat.customer(ASKS, "And in blue?")
    (raised,) = chat.ai(NEUTRAL, answered=False).escalations
    assert raised.trigger == "knowledge_gap"


def test_a_message_that_comes_twice_changes_nothing() -> None:
    chat = Chat()
    chat.customer(COMPLAINS, message_id="same")
    before = chat.state
    effects = chat.customer(WANTS_HUMAN, message_id="same")
    assert chat.state == before
    assert [note.fact for note in effects.notes] == [Fact.DUPLICATE]
    assert not effects.escalations


def test_the_reply_that_handraise_gave_is_not_analysed() -> None:
    chat = Chat()
    chat.customer(COMPLAINS)
    reply = chat.escalations[0].reply
    assert reply is not None
    chat.outcome(OutcomeKind.RELEASED)
    chat.wait(30)
    promise = said(promise=0.95)
    assert not chat.say(Sender.ASSISTANT, promise, "other words", reply_id=reply.reply_id).escalations
    assert not chat.say(Sender.ASSISTANT, promise, reply.text).escalations
    assert chat.say(Sender.ASSISTANT, promise, "a person will call you").escalations


@pytest.mark.parametrize("known", [True, False])
def test_a_verdict_on_a_conversation_that_is_over_is_taken_and_moves_nothing(known: bool) -> None:
    """People judge yesterday's escalations."""
    chat = Chat()
    if known:
        chat.customer(ASKS)
    chat.wait(3 * 24 * 60)
    effects = chat.outcome(OutcomeKind.VERDICT)
    assert chat.state is None
    assert not effects.came_too_late
    assert not effects.escalations


def test_a_message_and_an_outcome_may_have_the_same_id() -> None:
    """Each system numbers its own."""
    chat = Chat()
    chat.customer(WANTS_HUMAN, message_id="1")
    assert chat.outcome(OutcomeKind.ACCEPTED, outcome_id="1").controls[0].state is ControlState.HUMAN
    for again in (chat.outcome(OutcomeKind.RESOLVED, outcome_id="1"), chat.customer(WANTS_HUMAN, message_id="1")):
        assert [note.fact for note in again.notes] == [Fact.DUPLICATE]
    assert chat.outcome(OutcomeKind.RESOLVED, outcome_id="2").escalations
    assert chat.customer(ASKS, message_id="2").controls[0].state is ControlState.AI


@pytest.mark.parametrize("comes_later", [True, False])
def test_an_id_whose_mark_is_put_together_of_two_others_is_no_duplicate(*, comes_later: bool) -> None:
    message = ChatMessage(
        message_id="m9", conversation_id="c1", business_id="shop", sender=Sender.CUSTOMER, sent_at=START, text="hello"
    )
    mark = id_mark(message)
    half = ID_BYTES // 2
    chat = Chat()
    chat.customer(ASKS)
    assert chat.state is not None
    chat.state.recent_ids = b"." * half + mark + b"." * half + (mark if comes_later else b"")
    assert chat.state.seen(message) is comes_later


def test_a_late_event_is_counted_and_folded_where_it_stands() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.wait(-5)
    effects = chat.customer(WANTS_HUMAN)
    assert Fact.LATE in [note.fact for note in effects.notes]
    assert effects.escalations


def test_a_message_that_is_dated_days_back_does_not_end_a_conversation_that_goes_on() -> None:
    chat = Chat()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.wait(-3 * 24 * 60)
    chat.customer(ASKS)
    chat.wait(3 * 24 * 60)
    chat.customer(ASKS)
    assert [escalation.type for escalation in chat.escalations] == [EscalationType.RAISED]
    assert chat.controls[-1].state is ControlState.HUMAN


@pytest.mark.parametrize(
    ("text", "language"),
    [("mujhe kisi insaan se baat karni hai", "hi-Latn"), ("मुझे किसी इंसान से बात करनी है", "hi"), ("😡", "hi")],
)
def test_the_reply_is_in_the_letters_that_the_customer_writes(text: str, language: str) -> None:
    chat = Chat()
    (control,) = chat.customer(said(Intent.REQUEST_HUMAN, human_request=0.95, language="hi"), text).controls
    assert control.reply is not None
    assert control.reply.language == language
