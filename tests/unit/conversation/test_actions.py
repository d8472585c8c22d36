from __future__ import annotations

from datetime import timedelta

import pytest

from handraise.conversation import Fact
from handraise.detection.signals import Signals
from handraise.events import Action, ControlState, DecisionResult, EscalationType, Holder, OutcomeKind, Priority
from handraise.policy import compile_policy, parse
from tests.support.chats import ASKS, NEUTRAL, Chat, said

HIGH_VALUE = said(high_value=0.9)
COMPLAINS = said(complaint=0.95)
YES = said(affirm=0.95)


def chat_with(trigger: str, action: str, **more: str) -> Chat:
    fields = "".join(f', "{name}": "{value}"' for name, value in more.items())
    text = f'{{"business_id": "shop", "owner": "Rosa", "triggers": {{"{trigger}": {{"action": "{action}"{fields}}}}}}}'
    return Chat(policy=compile_policy(parse(text.encode())))


def test_a_notice_tells_a_human_and_leaves_the_conversation_with_the_ai() -> None:
    chat = chat_with("complaint", "notify")
    (escalation,) = chat.customer(COMPLAINS).escalations
    assert escalation.action is Action.NOTIFY
    assert chat.controls[-1].holder is Holder.AI


def test_a_notice_becomes_a_handover_when_a_more_urgent_trigger_hands_over() -> None:
    chat = chat_with("complaint", "notify")
    chat.customer(COMPLAINS)
    (update,) = chat.customer(said(human_request=0.9)).escalations
    assert (update.type, update.action) == (EscalationType.UPDATED, Action.ESCALATE)
    assert chat.controls[-1].holder is Holder.HUMAN


def test_a_notice_becomes_a_handover_when_a_less_urgent_trigger_hands_over() -> None:
    chat = chat_with("human_request", "notify")
    (notice,) = chat.customer(said(human_request=0.9)).escalations
    (update,) = chat.customer(COMPLAINS).escalations
    assert (update.type, update.trigger, update.action) == (EscalationType.UPDATED, "complaint", Action.ESCALATE)
    assert (update.escalation_id, update.also) == (notice.escalation_id, ["human_request"])
    assert chat.controls[-1].holder is Holder.HUMAN
    assert not chat.customer(said(human_request=0.9)).escalations


def test_a_notice_that_was_acknowledged_is_taken_by_nobody_once_it_hands_over() -> None:
    chat = chat_with("human_request", "notify")
    chat.customer(said(human_request=0.9))
    chat.outcome(OutcomeKind.ACCEPTED)
    chat.customer(COMPLAINS)
    assert chat.state is not None
    assert chat.state.episode is not None
    assert not chat.state.episode.claimed


def test_the_ai_is_told_which_escalation_is_open_and_when_none_is() -> None:
    """A notice changes nobody's hold, neither when it is raised beside a human nor when it is ticked off."""
    chat = chat_with("complaint", "notify")
    chat.customer(COMPLAINS)
    (control,) = chat.outcome(OutcomeKind.RESOLVED).controls
    assert (control.state, control.escalation_id, control.reply) == (ControlState.AI, None, None)
    chat.human()
    effects = chat.customer(said(crisis=0.95))
    (control,) = effects.controls
    assert (control.state, control.escalation_id) == (ControlState.HUMAN, effects.escalations[0].escalation_id)


def test_who_accepts_a_notice_does_not_take_the_conversation() -> None:
    chat = chat_with("complaint", "notify")
    chat.customer(COMPLAINS)
    chat.outcome(OutcomeKind.ACCEPTED)
    assert chat.controls[-1].holder is Holder.AI


def test_an_offer_asks_first_and_a_yes_escalates() -> None:
    chat = chat_with("high_value", "offer")
    effects = chat.customer(HIGH_VALUE)
    assert not effects.escalations
    assert effects.controls[0].state is ControlState.OFFERED
    assert effects.controls[0].reply is not None
    chat.ai(NEUTRAL, effects.controls[0].reply.text)
    (escalation,) = chat.customer(YES).escalations
    assert (escalation.trigger, escalation.action) == ("high_value", Action.ESCALATE)
    assert chat.controls[-1].state is ControlState.ESCALATED


def test_who_reads_of_an_accepted_offer_reads_what_it_was_made_for() -> None:
    """And not that the customer complains: “yes please”."""
    chat = chat_with("complaint", "offer")
    chat.customer(COMPLAINS, "The lamp came broken.")
    chat.customer(ASKS, "do you open on Sunday?")
    (escalation,) = chat.customer(YES, "yes please").escalations
    assert escalation.reason == ("The customer complains: “The lamp came broken.” (the customer said yes to a person).")
    (evidence,) = escalation.evidence
    assert (evidence.signal, evidence.text, evidence.score) == ("affirm", "yes please", 0.95)


@pytest.mark.parametrize(
    "text",
    [
        "No thanks, no person",
        "no",
        "no gracias",
        "Não, obrigado",
        "non merci",
        "Nein.",
        "ji nahi",
        "नहीं, धन्यवाद",
        "لا شكرا",
    ],
)
def test_a_no_ends_the_offer(text: str) -> None:
    """The next "ok" is said to something else."""
    chat = chat_with("complaint", "offer")
    chat.customer(COMPLAINS)
    effects = chat.customer(NEUTRAL, text)
    assert Fact.OFFER_LAPSED in [note.fact for note in effects.notes]
    assert chat.controls[-1].state is ControlState.AI
    chat.ai(text="All right.")
    assert not chat.customer(YES, "ok").escalations


@pytest.mark.parametrize(
    ("signals", "text"),
    [
        (NEUTRAL, "no funciona"),
        (NEUTRAL, "لا يعمل"),
        (NEUTRAL, "not sure"),
        (COMPLAINS, "No, it is still broken"),
        (ASKS, "No, when did I say that?"),
    ],
)
def test_not_all_that_begins_with_a_no_says_no_to_the_offer(signals: Signals, text: str) -> None:
    chat = chat_with("complaint", "offer")
    chat.customer(COMPLAINS)
    chat.customer(signals, text)
    assert chat.customer(YES).escalations


def test_a_no_to_what_the_ai_has_said_since_the_offer_leaves_it_standing() -> None:
    chat = chat_with("complaint", "offer")
    chat.customer(COMPLAINS)
    chat.ai(said(question=True), "Did you get our mail?")
    chat.customer(NEUTRAL, "no")
    chat.ai(text="It is on its way.")
    chat.customer(NEUTRAL, "no")
    assert chat.controls[-1].state is ControlState.OFFERED


def test_an_offer_lapses_after_three_customer_turns() -> None:
    chat = chat_with("high_value", "offer")
    chat.customer(HIGH_VALUE)
    facts = [note.fact for _ in range(3) for note in chat.customer(NEUTRAL).notes]
    assert facts.count(Fact.OFFER_LAPSED) == 1
    assert chat.controls[-1].state is ControlState.AI
    assert not chat.customer(YES).escalations


def test_an_accepted_offer_is_not_answered_with_the_question_again() -> None:
    question = "Shall I ask ${owner} to get back to you?"
    chat = chat_with("high_value", "offer", reply=question)
    (offered,) = chat.customer(HIGH_VALUE).controls
    assert offered.reply is not None
    assert offered.reply.text == "Shall I ask Rosa to get back to you?"
    (escalation,) = chat.customer(YES).escalations
    assert escalation.reply is not None
    assert "?" not in escalation.reply.text
    assert "Rosa" in escalation.reply.text


def test_a_yes_hands_over_though_the_policy_has_dropped_what_was_offered_for() -> None:
    """The customer was asked, and would be left with an offer that nobody knows of."""
    own = '{"wedding": {"when": {"keywords": ["wedding"]}, "action": "offer"}}'
    text = f'{{"business_id": "shop", "owner": "Rosa", "own_triggers": {own}}}'
    chat = Chat(policy=compile_policy(parse(text.encode())))
    assert chat.customer(NEUTRAL, "we plan a wedding").controls[0].state is ControlState.OFFERED
    chat.policy = Chat().policy
    effects = chat.customer(YES)
    (escalation,) = effects.escalations
    assert (escalation.trigger, escalation.action) == ("human_request", Action.ESCALATE)
    assert escalation.reply is not None
    assert chat.controls[-1].state is ControlState.ESCALATED
    assert Fact.OFFER_ACCEPTED in [note.fact for note in effects.notes]


def test_a_yes_to_what_the_ai_has_asked_since_the_offer_takes_nobody_up_on_it() -> None:
    chat = chat_with("high_value", "offer")
    chat.customer(HIGH_VALUE)
    chat.customer(NEUTRAL)
    chat.ai(said(question=True))
    assert not chat.customer(YES).escalations


def test_a_yes_is_one_to_the_offer_though_the_ai_had_asked_something_before() -> None:
    chat = chat_with("knowledge_gap", "offer")
    chat.ai(said(question=True))
    chat.customer(ASKS)
    assert chat.ai(said(question=True), answered=False).controls[0].state is ControlState.OFFERED
    assert chat.customer(YES).escalations
    chat = chat_with("high_value", "offer")
    chat.customer(ASKS)
    chat.ai(said(question=True))
    chat.customer(HIGH_VALUE)
    assert chat.customer(YES).escalations


def test_who_takes_the_conversation_keeps_it_when_an_offer_would_have_lapsed() -> None:
    chat = chat_with("high_value", "offer")
    chat.customer(HIGH_VALUE)
    chat.outcome(OutcomeKind.ACCEPTED)
    for _ in range(4):
        chat.customer(NEUTRAL)
    assert chat.controls[-1].state is ControlState.HUMAN


def test_a_yes_in_the_third_turn_still_counts() -> None:
    chat = chat_with("high_value", "offer")
    chat.customer(HIGH_VALUE)
    chat.customer(NEUTRAL)
    chat.customer(NEUTRAL)
    assert chat.customer(YES).escalations


def test_a_lapsed_offer_is_not_made_again_within_its_cooldown_and_holds_up_nothing_else() -> None:
    chat = chat_with("high_value", "offer")
    chat.customer(HIGH_VALUE)
    for _ in range(3):
        chat.customer(NEUTRAL)
    assert not chat.customer(HIGH_VALUE).controls
    assert chat.customer(COMPLAINS).escalations


def test_a_request_for_a_person_needs_no_yes() -> None:
    chat = chat_with("high_value", "offer")
    chat.customer(HIGH_VALUE)
    (escalation,) = chat.customer(said(human_request=0.9)).escalations
    assert escalation.trigger == "human_request"


def test_an_offer_stands_when_a_notice_is_raised_meanwhile() -> None:
    text = b"""{"business_id": "shop", "owner": "Rosa",
        "triggers": {"high_value": {"action": "offer"}, "complaint": {"action": "notify"}}}"""
    chat = Chat(policy=compile_policy(parse(text)))
    chat.customer(HIGH_VALUE)
    chat.customer(COMPLAINS)
    (update,) = chat.customer(YES).escalations
    assert (update.type, update.trigger, update.action) == (EscalationType.UPDATED, "high_value", Action.ESCALATE)


OFFERS_A_PERSON = b"""{"business_id": "shop", "owner": "Rosa",
    "triggers": {"high_value": {"action": "offer"}, "complaint": {"action": "%s"}},
    "own_triggers": {"allergy": {"when": {"keywords": ["allerg*"]}, "action": "%s", "priority": "critical",
        "within": "15 minutes", "owner": "Kitchen"}}}"""
ALLERGY = "yes please, my son has an allergy"


def chat_that_offers(*, complaint: str = "escalate", allergy: str = "escalate") -> Chat:
    chat = Chat(policy=compile_policy(parse(OFFERS_A_PERSON % (complaint.encode(), allergy.encode()))))
    chat.customer(HIGH_VALUE)
    return chat


@pytest.mark.parametrize("action", ["escalate", "notify"])
def test_what_is_more_urgent_than_the_offer_takes_its_place_with_the_yes(action: str) -> None:
    """Once, and with one reply; what was offered is named, and logged as what another trigger went before."""
    effects = chat_that_offers(allergy=action).customer(YES, ALLERGY)
    (escalation,) = effects.escalations
    assert (escalation.type, escalation.trigger, escalation.also) == (EscalationType.RAISED, "allergy", ["high_value"])
    assert (escalation.priority, escalation.owner) == (Priority.CRITICAL, "Kitchen")
    assert escalation.due_at - escalation.occurred_at == timedelta(minutes=15)
    (control,) = effects.controls
    assert (control.state, control.reply) == (ControlState.ESCALATED, escalation.reply)
    assert [(decision.trigger, decision.result) for decision in effects.decisions] == [
        ("allergy", DecisionResult.FIRED),
        ("high_value", DecisionResult.SUPPRESSED),
    ]
    assert Fact.OFFER_ACCEPTED in [note.fact for note in effects.notes]


def test_what_is_less_urgent_than_the_offer_is_logged_with_the_yes() -> None:
    chat = chat_with("complaint", "offer")
    chat.customer(COMPLAINS)
    effects = chat.customer(said(affirm=0.95, high_value=0.9))
    (escalation,) = effects.escalations
    assert (escalation.trigger, escalation.also) == ("complaint", ["high_value"])
    assert [(decision.trigger, decision.result) for decision in effects.decisions] == [
        ("complaint", DecisionResult.FIRED),
        ("high_value", DecisionResult.SUPPRESSED),
    ]


def test_a_yes_that_names_again_what_was_offered_raises_that() -> None:
    (escalation,) = chat_that_offers().customer(said(affirm=0.95, high_value=0.9)).escalations
    assert (escalation.trigger, escalation.action, escalation.also) == ("high_value", Action.ESCALATE, [])


def test_a_yes_that_asks_for_a_person_is_a_request_for_one() -> None:
    (escalation,) = chat_that_offers().customer(said(affirm=0.95, human_request=0.9)).escalations
    assert (escalation.trigger, escalation.also) == ("human_request", [])


def test_a_request_that_is_heard_in_the_yes_alone_hands_over_for_what_was_offered() -> None:
    """Models that read the offer before a yes hear somebody asked for."""
    (escalation,) = chat_that_offers().customer(said(affirm=0.95, human_request=0.7), "yes please").escalations
    assert escalation.trigger == "high_value"


def test_behind_another_question_of_the_ai_it_is_a_request_still() -> None:
    chat = chat_that_offers()
    chat.ai(said(question=True), "Is it the blue one?")
    (escalation,) = chat.customer(said(affirm=0.7, human_request=0.85), "yes, and let me talk to somebody").escalations
    assert escalation.trigger == "human_request"


def test_a_yes_to_an_offer_that_the_ai_has_put_in_its_own_words_is_one_to_the_offer() -> None:
    chat = chat_that_offers()
    chat.ai(said(offers_human=True, question=True))
    (escalation,) = chat.customer(YES).escalations
    assert escalation.trigger == "high_value"


def test_what_is_more_urgent_than_the_offer_updates_with_the_yes_the_notice_that_is_open() -> None:
    chat = chat_that_offers(complaint="notify")
    chat.customer(COMPLAINS)
    (update,) = chat.customer(YES, ALLERGY).escalations
    assert (update.type, update.trigger, update.action) == (EscalationType.UPDATED, "allergy", Action.ESCALATE)
    assert update.also == ["complaint", "high_value"]
    assert chat.controls[-1].state is ControlState.ESCALATED


def test_a_shadow_takes_no_offers_place() -> None:
    (escalation,) = chat_that_offers(allergy="shadow").customer(YES, ALLERGY).escalations
    assert (escalation.trigger, escalation.also) == ("high_value", [])


def test_a_shadow_is_logged_and_publishes_nothing() -> None:
    chat = chat_with("complaint", "shadow")
    effects = chat.customer(COMPLAINS)
    assert not effects.escalations
    assert not effects.controls
    assert [(decision.result, decision.action) for decision in effects.decisions] == [
        (DecisionResult.FIRED, Action.SHADOW)
    ]


def test_a_shadow_holds_up_no_other_trigger() -> None:
    chat = chat_with("complaint", "shadow")
    (escalation,) = chat.customer(said(complaint=0.95, high_value=0.9)).escalations
    assert escalation.trigger == "high_value"
    assert escalation.also == []


def test_a_score_from_seven_tenths_of_its_threshold_is_logged_as_near() -> None:
    near = Chat().customer(said(complaint=0.72))
    far = Chat().customer(said(complaint=0.7))
    assert [decision.result for decision in near.decisions] == [DecisionResult.NEAR]
    assert not far.decisions
