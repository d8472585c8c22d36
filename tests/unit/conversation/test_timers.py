from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from handraise.conversation import Effects, Fact
from handraise.detection.signals import Intent
from handraise.events import (
    Action,
    BuiltinTriggers,
    ControlState,
    DecisionResult,
    EscalationType,
    OutcomeKind,
    Priority,
    TriggerPolicy,
)
from tests.support.chats import ASKS, HOUR, MINUTE, START, said
from tests.support.shops import SHOP, facts, pass_time, shop

WANTS_HUMAN = said(Intent.REQUEST_HUMAN, human_request=0.95)
ASKS_ELSE = said(Intent.QUESTION, question=True, fingerprint=(7, 8, 9))
COMPLAINS = said(Intent.COMPLAINT, sentiment=-0.6, complaint=0.95)
CRISIS = said(sentiment=-0.9, crisis=0.95, distress=0.95)


def test_an_escalation_that_nobody_takes_goes_to_the_fallback_owner_when_its_time_has_passed() -> None:
    chat = shop()
    (raised,) = chat.customer(WANTS_HUMAN).escalations
    effects = pass_time(chat, 121)
    (update,) = effects.escalations
    assert (update.type, update.owner, update.revision) == (EscalationType.UPDATED, "Ben", 1)
    assert update.caused_by == "timer:promise"
    assert update.occurred_at == raised.due_at
    assert update.due_at > raised.due_at
    assert update.reason == "Nobody has taken it in the time that was promised; it goes to Ben."
    assert (Fact.PROMISE_MISSED, "human_request") in facts(effects)


def priorities(effects: Effects, fact: Fact) -> list[Priority]:
    return [note.priority for note in effects.notes if note.fact is fact]


def test_a_promise_counts_with_the_priority_that_it_was_made_with() -> None:
    chat = shop()
    chat.customer(CRISIS)
    assert priorities(pass_time(chat, 121), Fact.PROMISE_MISSED) == [Priority.CRITICAL]
    asks = shop()
    asks.customer(ASKS)
    asks.ai(said(admission=0.9), answered=False)
    assert priorities(pass_time(asks, 121), Fact.PROMISE_MISSED) == [Priority.NORMAL]
    kept = shop()
    kept.customer(CRISIS)
    assert priorities(kept.human(), Fact.PROMISE_KEPT) == [Priority.CRITICAL]


def test_the_customer_is_told_the_truth_when_a_promise_has_passed() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    (control,) = pass_time(chat, 121).controls
    assert control.reply is not None
    assert control.state is ControlState.ESCALATED
    assert "nobody has got back to you" in control.reply.text
    assert "Ben" in control.reply.text


def test_waiting_makes_an_escalation_more_urgent_but_never_critical() -> None:
    chat = shop()
    chat.customer(ASKS)
    (raised,) = chat.ai(said(admission=0.9), answered=False).escalations
    assert raised.priority is Priority.NORMAL
    (update,) = pass_time(chat, 121).escalations
    assert update.priority is Priority.HIGH


def test_a_promise_passes_once() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    pass_time(chat, 121)
    assert not pass_time(chat, 10 * 60).escalations


def test_who_took_it_and_does_not_answer_keeps_it_and_is_pressed() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.ACCEPTED)
    effects = pass_time(chat, 121)
    (update,) = effects.escalations
    assert update.owner == "Rosa"
    assert update.reason == "Rosa took it, and has not answered the customer in time."
    assert update.reply is not None


@pytest.mark.parametrize("kind", [None, OutcomeKind.REPLIED, OutcomeKind.RESOLVED])
def test_a_promise_is_kept_by_whoever_answers_in_time(kind: OutcomeKind | None) -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.wait(60)
    effects = chat.human() if kind is None else chat.outcome(kind)
    assert (Fact.PROMISE_KEPT, "human_request") in facts(effects)
    assert not pass_time(chat, 120).escalations


def test_an_answer_after_the_due_time_keeps_nothing() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.wait(180)
    told = [fact for fact, _ in facts(chat.human())]
    assert Fact.PROMISE_MISSED in told
    assert Fact.PROMISE_KEPT not in told


def test_timers_that_are_due_fire_before_the_next_event_as_of_their_own_time() -> None:
    chat = shop()
    (raised,) = chat.customer(WANTS_HUMAN).escalations
    chat.wait(180)
    (update,) = chat.customer(said()).escalations
    assert update.occurred_at == raised.due_at
    assert update.caused_by == "timer:promise"


def test_a_customer_whom_a_human_leaves_waiting_is_counted_and_the_owner_pressed_once() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.customer(ASKS_ELSE)
    effects = pass_time(chat, 121)
    assert (Fact.CUSTOMER_UNANSWERED, "") in facts(effects)
    (update,) = effects.escalations
    assert update.reason == "The customer has written again, and nobody has answered since."
    assert update.reply is None
    assert not pass_time(chat, 180).escalations


def test_who_takes_over_unasked_and_leaves_the_customer_waiting_has_the_owner_told() -> None:
    chat = shop()
    chat.customer(ASKS)
    chat.human()
    chat.customer(ASKS_ELSE)
    assert not chat.escalations
    effects = pass_time(chat, 121)
    (raised,) = effects.escalations
    assert (raised.type, raised.trigger, raised.action) == (EscalationType.RAISED, "human_request", Action.NOTIFY)
    assert (raised.owner, raised.reply, raised.caused_by) == ("Rosa", None, "timer:unanswered")
    assert raised.reason == "The customer has written again, and nobody has answered since."
    assert "nobody has answered in time" in raised.summary
    assert "asks for a person" not in raised.summary
    (decision,) = effects.decisions
    assert (decision.trigger, decision.result) == ("human_request", DecisionResult.FIRED)
    (passed_on,) = pass_time(chat, 125).escalations
    assert (passed_on.owner, passed_on.priority) == ("Ben", Priority.HIGH)
    chat.human()
    chat.customer(ASKS)
    assert chat.controls[-1].state is ControlState.HUMAN


def test_who_accepts_without_an_escalation_and_never_speaks_has_the_owner_told() -> None:
    chat = shop()
    chat.customer(ASKS)
    chat.outcome(OutcomeKind.ACCEPTED)
    (raised,) = pass_time(chat, 121).escalations
    assert (raised.trigger, raised.action) == ("human_request", Action.NOTIFY)


def test_who_takes_over_from_an_ai_that_was_silent_has_their_own_time() -> None:
    """The customer has waited for longer than a promise lasts when somebody notices."""
    chat = shop(replace(SHOP, ai_answers_within=None))
    chat.customer(ASKS)
    chat.wait(150)
    chat.outcome(OutcomeKind.ACCEPTED)
    assert not pass_time(chat, 119).escalations
    (told,) = pass_time(chat, 1).escalations
    assert (told.action, told.caused_by) == (Action.NOTIFY, "timer:unanswered")


@pytest.mark.parametrize("setting", [TriggerPolicy(enabled=False), TriggerPolicy(action=Action.SHADOW)])
def test_nobody_is_told_of_a_wait_where_the_policy_wants_no_requests(setting: TriggerPolicy) -> None:
    chat = shop(replace(SHOP, triggers=BuiltinTriggers(human_request=setting)))
    chat.customer(ASKS)
    chat.human()
    chat.customer(ASKS_ELSE)
    effects = pass_time(chat, 121)
    assert (Fact.CUSTOMER_UNANSWERED, "") in facts(effects)
    assert not effects.escalations


def test_a_customer_who_writes_after_a_promise_has_passed_is_a_new_wait_and_told_once_more() -> None:
    chat = shop()
    chat.customer(ASKS)
    chat.customer(WANTS_HUMAN)
    pass_time(chat, 150)
    written = chat.minute
    chat.customer(ASKS_ELSE)
    chat.customer(ASKS)
    effects = pass_time(chat, 125)
    assert (Fact.CUSTOMER_UNANSWERED, "") in facts(effects)
    (update,) = effects.escalations
    assert (update.owner, update.caused_by) == ("Ben", "timer:unanswered")
    assert update.occurred_at.timestamp() * 1000 == START + (written + 120) * MINUTE
    assert update.reply is not None
    assert not pass_time(chat, 10 * 60).escalations


def test_a_wait_after_a_missed_promise_lasts_as_long_as_the_one_that_was_given_instead() -> None:
    """Also where the policy has come to promise an answer sooner."""
    chat = shop(replace(SHOP, triggers=BuiltinTriggers(complaint=TriggerPolicy(within="4 hours"))))
    chat.customer(COMPLAINS)
    (update,) = pass_time(chat, 4 * 60).escalations
    chat.policy = shop().policy
    chat.customer(ASKS_ELSE)
    assert chat.state is not None
    (at,) = [at for name, at in chat.state.timers if name == "unanswered"]
    assert at >= update.due_at.timestamp() * 1000


def test_each_promise_after_a_missed_one_is_watched_for_whoever_writes_after_it() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    pass_time(chat, 125)
    for _ in range(2):
        chat.customer(ASKS_ELSE)
        (pressed,) = pass_time(chat, 16 * 60 + 120).escalations
        assert pressed.caused_by == "timer:unanswered"


def test_who_accepts_after_a_promise_has_passed_and_never_speaks_is_pressed() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    pass_time(chat, 125)
    chat.customer(ASKS_ELSE)
    chat.outcome(OutcomeKind.ACCEPTED)
    assert chat.controls[-1].state is ControlState.HUMAN
    (pressed,) = pass_time(chat, 125).escalations
    assert pressed.caused_by == "timer:unanswered"


def test_who_accepted_and_let_the_promise_pass_is_pressed_again_when_the_customer_writes() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.ACCEPTED)
    pass_time(chat, 125)
    chat.customer(ASKS_ELSE)
    (pressed,) = pass_time(chat, 125).escalations
    assert (pressed.owner, pressed.caused_by) == ("Rosa", "timer:unanswered")


@pytest.mark.parametrize("kind", [None, OutcomeKind.REPLIED])
def test_who_answers_after_a_missed_promise_is_not_pressed(kind: OutcomeKind | None) -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    pass_time(chat, 125)
    chat.customer(ASKS_ELSE)
    chat.wait(60)
    assert not (chat.human() if kind is None else chat.outcome(kind)).escalations
    assert not pass_time(chat, 180).escalations


def test_a_notice_whose_promise_has_passed_leaves_the_wait_for_the_ai_as_it_is() -> None:
    notifies = BuiltinTriggers(complaint=TriggerPolicy(action=Action.NOTIFY))
    chat = shop(replace(SHOP, ai_answers_within="3 hours", triggers=notifies))
    chat.customer(ASKS)
    chat.customer(COMPLAINS)
    assert [one.caused_by for one in pass_time(chat, 125).escalations] == ["timer:promise"]
    assert [one.message_id for one in pass_time(chat, 60).decisions] == ["timer:ai_silent"]


def test_an_update_makes_a_new_promise_where_the_first_has_passed_and_watches_it() -> None:
    chat = shop()
    chat.customer(COMPLAINS)
    pass_time(chat, 121)
    pass_time(chat, 130)
    now = chat.minute
    (update,) = chat.customer(WANTS_HUMAN).escalations
    assert update.due_at.timestamp() * 1000 > START + now * MINUTE
    assert (update.owner, update.priority) == ("Ben", Priority.HIGH)
    assert update.reply is not None
    (pressed,) = pass_time(chat, 125).escalations
    assert pressed.caused_by == "timer:promise"


def test_an_update_keeps_to_a_promise_that_still_stands() -> None:
    chat = shop()
    (first,) = chat.customer(COMPLAINS).escalations
    chat.wait(60)
    (update,) = chat.customer(WANTS_HUMAN).escalations
    assert update.due_at == first.due_at


def test_an_update_goes_to_an_owner_of_its_own_though_another_was_passed_over() -> None:
    own = BuiltinTriggers(human_request=TriggerPolicy(owner="Vera"))
    chat = shop(replace(SHOP, triggers=own))
    chat.customer(COMPLAINS)
    pass_time(chat, 121)
    (update,) = chat.customer(WANTS_HUMAN).escalations
    assert update.owner == "Vera"


def test_a_crisis_while_a_human_holds_is_a_promise_of_its_own() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.wait(240)
    now = chat.minute
    (update,) = chat.customer(CRISIS).escalations
    assert (update.priority, update.due_at.timestamp() * 1000 > START + now * MINUTE) == (Priority.CRITICAL, True)
    (pressed,) = pass_time(chat, 121).escalations
    assert pressed.caused_by == "timer:promise"


def test_who_took_it_and_failed_has_not_taken_it() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.ACCEPTED)
    chat.outcome(OutcomeKind.FAILED)
    assert [control.state for control in chat.controls[-2:]] == [ControlState.HUMAN, ControlState.ESCALATED]
    (pressed,) = pass_time(chat, 121).escalations
    assert pressed.reason.startswith("Nobody has taken it")


def test_who_gets_it_from_one_who_has_answered_is_not_late_from_the_start() -> None:
    """The first owner spoke in time, and goes home in the afternoon."""
    chat = shop()
    (raised,) = chat.customer(WANTS_HUMAN).escalations
    chat.human()
    chat.wait(4 * 60)
    (passed_on,) = chat.outcome(OutcomeKind.FAILED).escalations
    assert (passed_on.owner, passed_on.due_at) == ("Ben", passed_on.occurred_at + timedelta(hours=2))
    assert passed_on.due_at > raised.due_at


def test_who_gets_it_from_one_who_has_answered_is_not_pressed_before_their_time_has_passed() -> None:
    """The customer has written once more, an hour before the first owner goes home."""
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.wait(60)
    chat.customer(ASKS)
    chat.wait(60)
    (passed_on,) = chat.outcome(OutcomeKind.FAILED).escalations
    (pressed,) = pass_time(chat, 121).escalations
    assert (pressed.occurred_at, pressed.caused_by) == (passed_on.due_at, "timer:unanswered")


def test_who_gets_it_after_a_wait_that_was_told_keeps_the_promise_that_was_made_then() -> None:
    """Whoever is in danger has read by when."""
    chat = shop()
    chat.customer(CRISIS)
    chat.human()
    chat.wait(20)
    chat.customer(ASKS)
    (pressed,) = pass_time(chat, 121).escalations
    assert pressed.reply is not None
    chat.wait(30)
    (passed_on,) = chat.outcome(OutcomeKind.FAILED).escalations
    assert (passed_on.owner, passed_on.due_at) == ("Ben", pressed.due_at)
    chat.human()
    (passed_on,) = chat.outcome(OutcomeKind.FAILED).escalations
    assert passed_on.due_at == passed_on.occurred_at + timedelta(hours=2)


def test_who_gets_it_from_one_who_has_not_answered_keeps_the_promise_that_was_made() -> None:
    chat = shop()
    (raised,) = chat.customer(WANTS_HUMAN).escalations
    chat.wait(60)
    (passed_on,) = chat.outcome(OutcomeKind.FAILED).escalations
    assert passed_on.due_at == raised.due_at


def test_an_open_escalation_is_not_ended_for_want_of_words_before_its_promise_has_passed() -> None:
    friday_evening = shop()
    friday_evening.wait(4 * 24 * 60 + 9 * 60)
    (raised,) = friday_evening.customer(WANTS_HUMAN).escalations
    assert raised.due_at.strftime("%a %H:%M") == "Mon 11:00"
    effects = pass_time(friday_evening, 2 * 24 * 60)
    assert not effects.escalations
    effects = pass_time(friday_evening, 24 * 60)
    assert [one.owner for one in effects.escalations] == ["Ben"]


@pytest.mark.parametrize("asked_for", [True, False])
def test_a_customer_whom_a_human_leaves_waiting_over_the_weekend_is_not_ended_before_the_owner_is_told(
    *, asked_for: bool
) -> None:
    chat = shop()
    chat.wait(4 * 24 * 60 + 7 * 60)
    chat.customer(WANTS_HUMAN if asked_for else ASKS)
    chat.human()
    chat.customer(ASKS_ELSE)
    assert not pass_time(chat, 2 * 24 * 60).escalations
    (told,) = pass_time(chat, 19 * 60).escalations
    assert (told.owner, told.caused_by) == ("Rosa", "timer:unanswered")
    assert told.occurred_at.strftime("%a %H:%M") == "Mon 10:01"
    assert chat.state is not None


def test_hours_are_those_of_the_business() -> None:
    """A promise that was made at night waits until the morning, and so does its timer."""
    chat = shop()
    chat.wait(14 * 60)
    (raised,) = chat.customer(WANTS_HUMAN).escalations
    assert int(raised.due_at.timestamp() * 1000) == START + 26 * HOUR
    assert not pass_time(chat, 11 * 60).escalations
    assert pass_time(chat, 2 * 60).escalations


def test_what_a_customer_writes_after_the_owner_was_told_of_a_wait_is_a_new_wait() -> None:
    """Whoever answered once, and never again, is told of once for each; the customer asks for days."""
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.human()
    chat.customer(ASKS_ELSE)
    pass_time(chat, 121)
    for _ in range(2):
        assert not pass_time(chat, 10).escalations
        chat.customer(ASKS)
        chat.customer(ASKS_ELSE)
        effects = pass_time(chat, 20 * 60)
        (pressed,) = effects.escalations
        assert pressed.caused_by == "timer:unanswered"
        assert facts(effects) == [(Fact.CUSTOMER_UNANSWERED, "")]
