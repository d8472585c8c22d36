"""A compiled policy: rules, defaults, due times, large enquiries."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from handraise.detection.signals import Amount, Intent, Quantity, Signals, Span
from handraise.events import (
    Action,
    BuiltinTriggers,
    Condition,
    HighValuePolicy,
    OwnTrigger,
    Policy,
    Priority,
    TriggerPolicy,
    milliseconds,
)
from handraise.policy import compile_policy, default_policy
from handraise.policy.compiled import UNLIKELY
from handraise.policy.model import BUILTIN_TRIGGERS, CRISIS, BusinessPolicy

DEFAULT = default_policy("shop")
FRIDAY_EVENING = milliseconds(datetime(2026, 11, 27, 20, tzinfo=UTC))


def test_the_default_is_what_the_documentation_says() -> None:
    """Our team, within one business day, Monday to Friday 09:00-17:00 UTC."""
    policy: BusinessPolicy = DEFAULT
    for trigger in BUILTIN_TRIGGERS:
        rule = policy.rule(trigger)
        assert (rule.trigger, rule.builtin, rule.enabled) == (trigger, True, True)
        assert (rule.owner, rule.queue, rule.action) == ("our team", "support", Action.ESCALATE)
        assert (rule.threshold, rule.cooldown_ms) == (0.5, 600_000)
    assert policy.fallback_owner == "our team"
    assert (policy.idle_after_ms, policy.reply_valid_ms) == (86_400_000, 600_000)
    due = policy.due_at(policy.rule("complaint"), FRIDAY_EVENING)
    assert due == milliseconds(datetime(2026, 11, 30, 17, tzinfo=UTC))


def test_the_order_of_urgency_is_that_of_the_design() -> None:
    """Crisis, then the built-in triggers in their order, own ones among them by priority."""
    own = {f"own_{priority}": OwnTrigger(when=Condition(keywords=["x"]), priority=priority) for priority in Priority}
    policy = compile_policy(Policy(business_id="b", owner="Rosa", own_triggers=own))
    rules = [policy.rule("distress", CRISIS), *map(policy.rule, (*BUILTIN_TRIGGERS, *own))]
    ordered = [rule.trigger for rule in sorted(rules, key=lambda rule: rule.urgency)]
    assert [name for name in ordered if not name.startswith("own_")] == ["distress", *BUILTIN_TRIGGERS]
    assert [name for name in ordered if name.startswith("own_")] == [f"own_{priority}" for priority in Priority]
    assert policy.rule("distress", CRISIS).urgency == 0
    assert policy.rule("distress", CRISIS).priority is Priority.CRITICAL
    assert policy.rule("own_high").urgency < policy.rule("complaint").urgency
    assert policy.rule("own_high").urgency > policy.rule("human_request").urgency
    assert not policy.rule("own_high").builtin


def test_two_own_triggers_of_one_priority_share_a_place() -> None:
    """Neither outranks the other."""
    own = {name: OwnTrigger(when=Condition(keywords=["x"])) for name in ("a", "b")}
    policy = compile_policy(Policy(business_id="b", owner="Rosa", own_triggers=own))
    assert policy.rule("a").urgency == policy.rule("b").urgency


def test_an_unknown_trigger_is_a_key_error() -> None:
    """A decision of an earlier policy may name a trigger that is gone."""
    with pytest.raises(KeyError):
        DEFAULT.rule("gone")


def test_a_trigger_takes_what_is_set_and_inherits_the_rest() -> None:
    """Owner, queue and promise come from the top of the policy."""
    triggers = BuiltinTriggers(complaint=TriggerPolicy(owner="Ana", cooldown="0 minutes", priority=Priority.LOW))
    policy = compile_policy(Policy(business_id="b", owner="Rosa", queue="desk", triggers=triggers))
    rule = policy.rule("complaint")
    assert (rule.owner, rule.queue, rule.cooldown_ms, rule.priority) == ("Ana", "desk", 0, Priority.LOW)
    assert policy.rule("distress").owner == policy.fallback_owner == "Rosa"


def test_only_the_trigger_that_says_so_is_promised_around_the_clock() -> None:
    """A crisis at night is answered at night only where the business says that somebody is there."""
    crisis = TriggerPolicy(within="30 minutes", around_the_clock=True)
    policy = compile_policy(Policy(business_id="b", owner="Rosa", triggers=BuiltinTriggers(crisis=crisis)))
    assert policy.due_at(policy.rule("distress", CRISIS), FRIDAY_EVENING) == FRIDAY_EVENING + 1_800_000
    assert policy.due_at(policy.rule("distress"), FRIDAY_EVENING) > FRIDAY_EVENING + 86_400_000
    assert DEFAULT.due_at(DEFAULT.rule("distress", CRISIS), FRIDAY_EVENING) > FRIDAY_EVENING + 86_400_000


def test_a_rule_with_another_owner_is_still_the_same_trigger() -> None:
    """After a failure the conversation names the fallback owner."""
    crisis = TriggerPolicy(within="30 minutes", around_the_clock=True)
    policy = compile_policy(Policy(business_id="b", owner="Rosa", triggers=BuiltinTriggers(crisis=crisis)))
    rule = msgspec.structs.replace(policy.rule("distress", CRISIS), owner="Marco")
    assert policy.due_at(rule, FRIDAY_EVENING) == FRIDAY_EVENING + 1_800_000


def enquiry(intent: Intent, *found: Amount | Quantity, high_value: float = UNLIKELY) -> Signals:
    """A message with numbers in it."""
    return Signals(
        language="en",
        sentiment=0.0,
        intent=intent,
        high_value=high_value,
        amounts=tuple(item for item in found if isinstance(item, Amount)),
        quantities=tuple(item for item in found if isinstance(item, Quantity)),
    )


@pytest.mark.parametrize(
    ("signals", "fires", "seen"),
    [
        (enquiry(Intent.ORDER, Quantity(20, "cakes", 0, 2)), True, True),
        (enquiry(Intent.QUESTION, Quantity(200, "mugs", 0, 3)), True, True),
        (enquiry(Intent.ORDER, Quantity(19, "cakes", 0, 2)), False, False),
        (enquiry(Intent.COMPLAINT, Quantity(200, "mugs", 0, 3)), False, True),
        (enquiry(Intent.CHANGE, Amount(3_000, "EUR", 0, 5)), False, True),
        (enquiry(Intent.ORDER, Amount(1_000, "EUR", 0, 5)), True, True),
        (enquiry(Intent.QUESTION, Amount(1_299, "EUR", 0, 5)), False, True),
        (enquiry(Intent.QUESTION, Amount(9_000, "EUR", 0, 5)), True, True),
        (enquiry(Intent.ORDER, Amount(5_000, "JPY", 0, 5)), False, False),
        (enquiry(Intent.ORDER, Amount(5_000_000, "XYZ", 0, 5)), False, False),
        (enquiry(Intent.OTHER, high_value=0.7), True, True),
    ],
)
def test_an_enquiry_is_large_by_number_and_by_what_it_is_for(signals: Signals, fires: bool, seen: bool) -> None:
    """A number in a complaint belongs to an order already made; it is weak evidence, not none."""
    score = DEFAULT.high_value_score(signals).score
    assert (score >= 0.5) is fires
    assert (score > UNLIKELY) is seen


def test_a_number_in_a_text_that_is_surely_no_enquiry_counts_for_nothing() -> None:
    """Who asks `wheres 77120 got to` names an order."""
    assert (
        DEFAULT.high_value_score(enquiry(Intent.QUESTION, Quantity(77_120, "got", 7, 12), high_value=0.01)).score
        == 0.01
    )


def test_it_is_told_why_a_number_above_the_floor_does_not_count() -> None:
    aside = DEFAULT.high_value_score(enquiry(Intent.OTHER, Quantity(77_120, "bees", 7, 12), high_value=0.01)).aside
    assert "a quantity of at least 20" in aside
    assert DEFAULT.high_value_score(enquiry(Intent.OTHER, Quantity(19, "bees", 7, 12), high_value=0.01)).aside == ""
    assert DEFAULT.high_value_score(enquiry(Intent.ORDER, Quantity(40, "cakes", 7, 9))).aside == ""


@pytest.mark.parametrize(
    ("intent", "found", "counts"),
    [
        (Intent.ORDER, Amount(5_000, "EUR", 0, 5), True),
        (Intent.ORDER, Amount(4_999, "EUR", 0, 5), False),
        (Intent.CHANGE, Amount(50_000, "EUR", 0, 5), False),
        (Intent.QUESTION, Amount(50_000, "EUR", 0, 5), False),
        (Intent.ORDER, Amount(50_000, "XYZ", 0, 5), False),
        (Intent.ORDER, Quantity(1_000, "cards", 0, 5), False),
    ],
)
def test_who_orders_for_far_more_than_the_floor_need_not_speak_like_a_buyer(
    intent: Intent, found: Amount | Quantity, *, counts: bool
) -> None:
    """Money that is moved or asked about is no order, and of pieces many may be ordinary."""
    assert (DEFAULT.high_value_score(enquiry(intent, found, high_value=0.01)).score >= 0.5) is counts


def test_a_large_floor_is_told_in_figures_that_can_be_read() -> None:
    floors = BuiltinTriggers(high_value=HighValuePolicy(quantity=1_000_000))
    policy = compile_policy(Policy(business_id="b", owner="Rosa", triggers=floors))
    found = policy.high_value_score(enquiry(Intent.ORDER, Quantity(2_000_000, "cakes", 0, 2)))
    assert found.because == "a quantity of at least 1,000,000"


def test_a_business_sets_its_own_floors() -> None:
    """Twelve rooms are many for a guest house, six hundred euros are much for a florist."""
    floors = BuiltinTriggers(high_value=HighValuePolicy(quantity=100, amounts={"EUR": 600, "XYZ": 5}))
    policy = compile_policy(Policy(business_id="b", owner="Rosa", triggers=floors))
    assert policy.high_value_score(enquiry(Intent.ORDER, Quantity(99, "cakes", 0, 2))).score == UNLIKELY
    assert policy.high_value_score(enquiry(Intent.ORDER, Amount(600, "EUR", 0, 3))).score >= 0.5
    assert policy.high_value_score(enquiry(Intent.ORDER, Amount(5, "XYZ", 0, 3))).score >= 0.5
    assert policy.high_value_score(enquiry(Intent.ORDER, Amount(1_000, "USD", 0, 3))).score >= 0.5


def test_the_evidence_of_a_large_enquiry_is_its_number() -> None:
    """Beside what the detector has found."""
    found = DEFAULT.high_value_score(enquiry(Intent.ORDER, Quantity(40, "cakes", 7, 9)))
    assert found.spans == (Span("high_value", 7, 9, found.score),)
    assert found.because == "a quantity of at least 20"
    assert DEFAULT.high_value_score(enquiry(Intent.ORDER, high_value=0.9)).because == ""
