"""Own triggers in a conversation: what they remember, what they wait for, and when it is forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from handraise.conversation import Conversation, Effects, advance, decode_state, encode_state
from handraise.conversation.decide import MAX_COOLED
from handraise.detection.signals import Intent, Signals
from handraise.events import (
    Action,
    BuiltinTriggers,
    ControlState,
    DecisionResult,
    EscalationType,
    OutcomeKind,
    Override,
    OwnTrigger,
    Policy,
    Sender,
    TriggerOverride,
)
from handraise.policy import CompiledPolicy
from tests.support.chats import MINUTE, NEUTRAL, START, Chat, said

SAD = said(sentiment=-0.7)
ASKS = said(Intent.QUESTION, question=True)


def shop(**own: dict[str, Any]) -> Chat:
    """A chat with a business that has these triggers."""
    return Chat(
        policy=CompiledPolicy(
            Policy(business_id="shop", owner="Rosa", own_triggers=msgspec.convert(own, dict[str, OwnTrigger]))
        )
    )


def pass_time(chat: Chat, minutes: float) -> Effects:
    """What the sweep does when nothing happens for so long."""
    assert chat.state is not None
    chat.minute += minutes
    chat.state, effects = advance(chat.state, int(START + chat.minute * MINUTE), chat.policy, "rules-test")
    return effects


def decided(effects: Effects) -> list[tuple[str, DecisionResult]]:
    return [(decision.trigger, decision.result) for decision in effects.decisions]


IN_A_ROW = {"when": {"count": {"of": {"sentiment": {"at_most": -0.2}}, "in_a_row": 2}}, "cooldown": "0 minutes"}
PRICEY = {"when": {"sequence": [{"keywords": ["price"]}, {"keywords": ["too expensive"]}]}}
WAITS = {"when": {"silence": {"for": "10 minutes"}}}


def test_a_count_raises_with_the_words_of_the_last_message() -> None:
    chat = shop(sour=IN_A_ROW)
    assert chat.customer(SAD).escalations == []
    (escalation,) = chat.customer(SAD, "still nothing").escalations
    assert (escalation.trigger, escalation.reason) == (
        "sour",
        "The trigger “sour” holds: 2 in a row: sentiment of the message.",
    )
    assert escalation.evidence[0].text == "still nothing"


@pytest.mark.parametrize("when", [IN_A_ROW["when"], {"negative_streak": 2}])
def test_what_was_said_before_the_close_counts_for_nothing(when: object) -> None:
    """One more negative message after it is the first one."""
    chat = shop(sour={"when": when, "cooldown": "0 minutes"})
    chat.customer(SAD)
    chat.customer(SAD)
    chat.outcome(OutcomeKind.RESOLVED)
    assert chat.customer(SAD).escalations == []
    assert [escalation.type for escalation in chat.customer(SAD).escalations] == [EscalationType.RAISED]


def test_a_sequence_goes_through_the_answers_between() -> None:
    chat = shop(pricey=PRICEY)
    chat.customer(ASKS, "what is the price?")
    chat.ai(text="500 euros")
    (escalation,) = chat.customer(NEUTRAL, "too expensive!").escalations
    assert escalation.evidence[0].text == "too expensive"


def test_a_silence_raises_when_it_has_lasted_with_the_timer_as_its_cause() -> None:
    chat = shop(waits=WAITS)
    chat.customer(ASKS, "where is my order?")
    assert pass_time(chat, 9).escalations == []
    effects = pass_time(chat, 1)
    (escalation,) = effects.escalations
    assert (escalation.trigger, escalation.caused_by) == ("waits", "timer:silence")
    assert escalation.reason == "The trigger “waits” holds: no answer for 10 minutes."
    assert escalation.occurred_at.minute == 10
    assert decided(effects) == [("waits", DecisionResult.FIRED)]
    assert pass_time(chat, 60).decisions == []


def test_a_silence_that_the_next_event_ends_too_late_fires_before_it() -> None:
    """The same comes out, whether the worker looked in between or not."""
    late, swept = shop(waits=WAITS), shop(waits=WAITS)
    for chat in (late, swept):
        chat.customer(ASKS, "where is my order?")
    fired = pass_time(swept, 20)
    late.wait(20)
    both = late.ai(text="here it is")
    after = swept.ai(text="here it is")
    assert both.escalations == fired.escalations + after.escalations
    assert late.state is not None
    assert swept.state is not None
    assert encode_state(late.state) == encode_state(swept.state)


def test_an_answer_in_time_ends_the_wait() -> None:
    chat = shop(waits=WAITS)
    chat.customer(ASKS)
    chat.wait(8)
    chat.ai()
    assert pass_time(chat, 60).decisions == []


@pytest.mark.parametrize("waited_for", [{}, {"from": "human"}])
def test_a_human_who_replied_elsewhere_ends_the_wait(waited_for: dict[str, str]) -> None:
    """As one who speaks in the conversation does."""
    chat = shop(waits={"when": {"silence": {"for": "10 minutes", **waited_for}}})
    chat.customer(ASKS)
    chat.wait(2)
    chat.outcome(OutcomeKind.REPLIED)
    assert pass_time(chat, 60).decisions == []


def test_the_reply_that_handraise_gave_is_an_answer() -> None:
    chat = shop(waits=WAITS | {"action": "notify"}, pricey={"when": {"keywords": ["price"]}, "action": "offer"})
    (control,) = chat.customer(ASKS, "what is the price?").controls
    assert control.reply is not None
    chat.ai(text=control.reply.text)
    assert pass_time(chat, 60).decisions == []


def test_a_silence_while_an_escalation_is_open_is_logged_as_suppressed() -> None:
    chat = shop(waits=WAITS)
    chat.customer(said(Intent.REQUEST_HUMAN, human_request=0.95, question=True))
    assert decided(pass_time(chat, 11)) == [("waits", DecisionResult.SUPPRESSED)]


SOON = {"when": {"silence": {"for": "5 minutes"}}}


def test_a_silence_that_has_lasted_after_a_close_is_told_once_the_cooldown_is_over() -> None:
    chat = shop(waits=SOON)
    chat.customer(said(Intent.REQUEST_HUMAN, human_request=0.95))
    (closed,) = chat.outcome(OutcomeKind.RESOLVED).escalations
    chat.customer(ASKS)
    assert pass_time(chat, 8).decisions == []
    effects = pass_time(chat, 2)
    assert decided(effects) == [("waits", DecisionResult.FIRED)]
    assert effects.escalations[0].occurred_at - closed.occurred_at == timedelta(minutes=10)
    assert pass_time(chat, 60).escalations == []


def test_an_answer_within_the_cooldown_ends_a_silence_that_waits_for_it() -> None:
    chat = shop(waits=SOON)
    chat.customer(said(Intent.REQUEST_HUMAN, human_request=0.95))
    chat.outcome(OutcomeKind.RESOLVED)
    chat.customer(ASKS)
    chat.wait(6)
    chat.ai()
    assert pass_time(chat, 60).decisions == []


def test_of_two_silences_after_a_close_the_one_that_goes_further_waits_for_no_cooldown() -> None:
    chat = shop(waits=SOON, hurry=SOON | {"priority": "critical"})
    chat.customer(said(Intent.REQUEST_HUMAN, human_request=0.95))
    chat.outcome(OutcomeKind.RESOLVED)
    chat.customer(ASKS)
    assert decided(pass_time(chat, 8)) == [("hurry", DecisionResult.FIRED)]
    assert decided(pass_time(chat, 60)) == [("waits", DecisionResult.SUPPRESSED)]


def test_what_two_timers_raise_between_the_same_messages_are_two_escalations() -> None:
    """Whoever drops what has an id that it has seen would lose the second, which hands over."""
    slow = {"when": {"silence": {"for": "10 minutes"}}, "action": "notify"}
    chat = shop(slow=slow, very_slow={"when": {"silence": {"for": "30 minutes"}}, "cooldown": "0 minutes"})
    chat.customer(ASKS, "where is my order?")
    (told,) = pass_time(chat, 11).escalations
    chat.outcome(OutcomeKind.RESOLVED)
    (handed_over,) = pass_time(chat, 60).escalations
    assert (told.trigger, handed_over.trigger) == ("slow", "very_slow")
    assert told.escalation_id != handed_over.escalation_id
    assert handed_over.reply is not None


def test_a_silence_that_is_waited_for_keeps_the_conversation_from_ending() -> None:
    """From Friday's last minutes until Monday morning, though a day ends a conversation."""
    waits = {"when": {"silence": {"for": "10 minutes", "in_hours": True}}}
    chat = shop(waits=waits)
    chat.wait(4 * 24 * 60 + 7 * 60 + 55)
    chat.customer(ASKS)
    assert pass_time(chat, 60 * 60).decisions == []
    assert decided(pass_time(chat, 4 * 60 + 15)) == [("waits", DecisionResult.FIRED)]


def test_a_trigger_that_the_policy_no_longer_has_waits_for_nothing() -> None:
    chat = shop(waits=WAITS)
    chat.customer(ASKS)
    chat.policy = shop(pricey=PRICEY).policy
    assert pass_time(chat, 60).decisions == []
    assert chat.state is not None
    assert chat.state.memory is not None
    assert chat.state.memory.silences == {}


def test_a_state_from_before_conditions_looked_back_can_be_read() -> None:
    """It has fewer fields, and remembers nothing."""
    chat = shop(sour=IN_A_ROW)
    chat.customer(SAD)
    assert chat.state is not None
    fields = msgspec.msgpack.decode(encode_state(chat.state))
    place = Conversation.__struct_fields__.index("memory")
    assert fields[place] is not None
    old = decode_state(msgspec.msgpack.encode(fields[:place]))
    assert old.memory is None
    chat.state = old
    assert chat.customer(SAD).escalations == []
    assert len(chat.customer(SAD).escalations) == 1


# --- shadow ---

BUILTIN = {
    "human_request": said(Intent.REQUEST_HUMAN, human_request=0.95),
    "distress": said(Intent.COMPLAINT, distress=0.95),
    "crisis": said(Intent.OTHER, distress=0.95, crisis=0.9),
    "complaint": said(Intent.COMPLAINT, complaint=0.95),
    "high_value": said(Intent.HIGH_VALUE, high_value=0.9),
}


def _shadowed(name: str, *, by_override: bool) -> Chat:
    if by_override:
        change = Override(segments=["test"], triggers={name: TriggerOverride(action=Action.SHADOW)})
        policy = Policy(business_id="shop", owner="Rosa", overrides=[change])
    else:
        triggers = msgspec.convert({name: {"action": "shadow"}}, BuiltinTriggers)
        policy = Policy(business_id="shop", owner="Rosa", triggers=triggers)
    return Chat(policy=CompiledPolicy(policy))


def _is_only_logged(effects: Effects, trigger: str) -> None:
    (decision,) = [one for one in effects.decisions if one.result is DecisionResult.FIRED]
    assert (decision.trigger, decision.action) == (trigger, Action.SHADOW)
    assert effects.escalations == []
    assert effects.controls == []


@pytest.mark.parametrize("by_override", [False, True])
@pytest.mark.parametrize("name", ["human_request", "distress", "complaint", "high_value"])
def test_any_trigger_of_the_customer_s_can_be_in_shadow(name: str, by_override: bool) -> None:
    """It is logged and counted, and nothing is published; after its cooldown again."""
    chat = _shadowed(name, by_override=by_override)
    _is_only_logged(chat.customer(BUILTIN[name], segment="test"), name)
    assert decided(chat.customer(BUILTIN[name])) == [(name, DecisionResult.SUPPRESSED)]
    chat.wait(11)
    _is_only_logged(chat.customer(BUILTIN[name]), name)


@pytest.mark.parametrize("by_override", [False, True])
@pytest.mark.parametrize(
    ("name", "signals", "assistant"),
    [
        ("broken_promise", said(promise=0.9), {}),
        ("knowledge_gap", said(), {"answered": False}),
        ("ai_failure", said(), {"error": "timeout"}),
    ],
)
def test_any_trigger_that_watches_the_ai_can_be_in_shadow(
    name: str, signals: Signals, assistant: dict[str, Any], by_override: bool
) -> None:
    chat = _shadowed(name, by_override=by_override)
    chat.customer(ASKS, segment="test")
    _is_only_logged(chat.ai(signals, **assistant), name)


def test_an_own_trigger_can_be_in_shadow_and_so_can_a_silence() -> None:
    chat = shop(pricey=PRICEY | {"action": "shadow"}, waits=WAITS | {"action": "shadow"})
    chat.customer(ASKS, "what is the price?")
    chat.ai()
    _is_only_logged(chat.customer(ASKS, "too expensive?"), "pricey")
    _is_only_logged(pass_time(chat, 11), "waits")


def test_what_cools_in_shadow_is_bounded_however_many_triggers_there_are() -> None:
    names = [f"word{number}" for number in range(MAX_COOLED + 5)]
    chat = shop(**{name: {"when": {"keywords": [name]}, "action": "shadow"} for name in names})
    for name in names:
        chat.customer(ASKS, name)
    assert chat.state is not None
    assert list(chat.state.cooled) == names[-MAX_COOLED:]


@pytest.mark.parametrize("by_override", [False, True])
def test_a_crisis_in_shadow_leaves_the_distress_in_it_to_be_acted_on(by_override: bool) -> None:
    """Who tries out `crisis` must not lose the customer who is desperate."""
    chat = _shadowed("crisis", by_override=by_override)
    effects = chat.customer(BUILTIN["crisis"], segment="test")
    assert [(one.trigger, one.action) for one in effects.decisions] == [
        ("distress", Action.SHADOW),
        ("distress", Action.ESCALATE),
    ]
    (escalation,) = effects.escalations
    assert (escalation.trigger, escalation.trigger_class) == ("distress", None)


def test_a_shadow_trigger_stands_in_nobody_s_way() -> None:
    """The other trigger on the same message acts, and does not name it."""
    chat = _shadowed("distress", by_override=False)
    (escalation,) = chat.customer(said(Intent.COMPLAINT, distress=0.95, complaint=0.95)).escalations
    assert (escalation.trigger, escalation.also) == ("complaint", [])


def test_what_the_human_who_holds_says_is_told_to_whom_the_policy_names() -> None:
    chat = shop(refund_promised={"when": {"sender": "human", "keywords": ["refund"]}, "action": "notify"})
    chat.customer(ASKS)
    (raised,) = chat.say(Sender.HUMAN, NEUTRAL, "I have approved your refund.").escalations
    assert (raised.trigger, raised.action) == ("refund_promised", Action.NOTIFY)
    assert chat.controls[-1].state is ControlState.HUMAN


def test_nobody_is_offered_for_what_the_human_who_holds_says() -> None:
    chat = shop(refund_promised={"when": {"sender": "human", "keywords": ["refund"]}, "action": "offer"})
    chat.customer(ASKS)
    effects = chat.say(Sender.HUMAN, NEUTRAL, "I have approved your refund.")
    assert not effects.escalations
    assert ("refund_promised", DecisionResult.SUPPRESSED) in decided(effects)


def test_what_the_customer_says_to_the_human_who_holds_is_told_to_nobody() -> None:
    chat = shop(refund_asked={"when": {"keywords": ["refund"]}, "action": "notify"})
    chat.customer(ASKS)
    chat.human()
    assert not chat.customer(NEUTRAL, "and my refund?").escalations


def test_a_silence_of_the_human_who_holds_is_told() -> None:
    chat = shop(no_answer={"when": {"silence": {"from": "human", "for": "10 minutes"}}})
    chat.customer(ASKS)
    chat.human()
    chat.customer(ASKS)
    (raised,) = pass_time(chat, 11).escalations
    assert (raised.trigger, raised.action) == ("no_answer", Action.NOTIFY)


def test_what_the_human_who_holds_says_again_updates_no_notice_twice() -> None:
    chat = shop(refund_promised={"when": {"sender": "human", "keywords": ["refund"]}})
    chat.customer(ASKS)
    told = [chat.say(Sender.HUMAN, NEUTRAL, "I have approved your refund.").escalations for _ in range(3)]
    assert [len(events) for events in told] == [1, 0, 0]


def test_the_segment_that_an_earlier_message_named_is_still_the_customer_s() -> None:
    """A message that tells of the customer without it says less, and nothing else."""
    chat = _shadowed("complaint", by_override=True)
    chat.customer(ASKS, segment="test")
    _is_only_logged(chat.customer(BUILTIN["complaint"], segment=None), "complaint")


def test_an_own_trigger_goes_by_the_channel_that_an_earlier_message_named() -> None:
    chat = shop(allergy={"when": {"keywords": ["allergy"]}, "channels": ["whatsapp"]})
    chat.customer(ASKS, "which rooms face the garden?", channel="whatsapp")
    chat.ai(text="rooms 1 to 4")
    (escalation,) = chat.customer(ASKS, "my son has a nut allergy").escalations
    assert escalation.trigger == "allergy"


def test_a_picture_is_in_the_language_that_its_customer_speaks() -> None:
    chat = shop(foto={"when": {"message_type": "image"}, "languages": ["es"]})
    unheard = said(language="und")
    assert not chat.customer(unheard, "", message_type="image").escalations
    chat.customer(said(Intent.QUESTION, question=True, language="es"), "¿puedo enviar una foto?")
    (escalation,) = chat.customer(unheard, "", message_type="image").escalations
    assert escalation.trigger == "foto"


def test_a_look_back_in_scope_counts_what_the_conversation_is_in() -> None:
    twice = {"count": {"of": {"message_type": "image"}, "at_least": 2}}
    chat = shop(fotos={"when": twice, "channels": ["whatsapp"], "languages": ["es"]})
    chat.customer(said(language="es"), "hola, ya llegamos", channel="whatsapp")
    unheard = said(language="und")
    assert not chat.customer(unheard, "", message_type="image").escalations
    assert chat.customer(unheard, "", message_type="image").escalations
