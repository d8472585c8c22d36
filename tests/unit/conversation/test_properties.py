"""What must hold for every conversation, whatever is said in it and by whom."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from handraise.conversation import Conversation, Effects, Processor, advance, decode_state, encode_state, fold
from handraise.conversation.fold import UnknownConversationError
from handraise.detection.signals import Intent, Signals, Span
from handraise.events import (
    Assistant,
    ChatMessage,
    ControlState,
    Customer,
    Decision,
    DecisionResult,
    EscalationType,
    Holder,
    Outcome,
    OutcomeKind,
    OwnTrigger,
    Policy,
    Sender,
    encode,
)
from handraise.policy import CompiledPolicy
from handraise.policy.check_looking_back import memory_problems
from tests.support.chats import MINUTE, START

OWN = {
    "sour": {"when": {"count": {"of": {"sentiment": {"at_most": -0.2}}, "in_a_row": 2}}, "action": "notify"},
    "turned": {"when": {"sequence": [{"sentiment": {"at_most": -0.5}}, {"sentiment": {"at_least": 0.2}}]}},
    "recalled": {
        "when": {"signals": {"thanks": 0.3}, "earlier": {"of": {"sender": "human"}, "within": "20 minutes"}},
        "action": "shadow",
    },
    "waits": {"when": {"silence": {"for": "8 minutes"}}, "priority": "low"},
    "left": {"when": {"silence": {"for": "3 hours", "from": "customer", "in_hours": True}}, "action": "notify"},
}
"""Triggers that look back, and that wait for a silence."""
POLICY = CompiledPolicy(
    Policy(
        business_id="shop",
        owner="Rosa",
        within="30 minutes",
        ai_answers_within="6 minutes",
        own_triggers=msgspec.convert(OWN, dict[str, OwnTrigger]),
    )
)
Event = tuple[ChatMessage | Outcome, Signals]
SCORE = st.sampled_from([0.0, 0.0, 0.0, 0.3, 0.45, 0.7, 0.95])


@st.composite
def signals(draw: st.DrawFn, text: str) -> Signals:
    fields: dict[str, Any] = {
        name: draw(SCORE)
        for name in ("human_request", "complaint", "high_value", "distress", "admission", "promise", "affirm", "thanks")
    }
    crisis = draw(st.sampled_from([0.0] * 9 + [0.9]))
    return Signals(
        language=draw(st.sampled_from(["en", "es", "und"])),
        sentiment=draw(st.sampled_from([-0.8, -0.3, 0.0, 0.5])),
        intent=draw(st.sampled_from(Intent)),
        crisis=crisis,
        question=draw(st.booleans()),
        gibberish=draw(st.booleans()),
        deferral=draw(st.booleans()),
        asks_detail=draw(st.booleans()),
        offers_human=draw(st.booleans()),
        corrects=draw(st.booleans()),
        spans=(Span("complaint", 0, min(3, len(text)), 0.5),),
        fingerprint=draw(st.sampled_from([(), (1, 2, 3, 4), (1, 2, 3, 5), (6, 7, 8, 9, 10)])),
        **fields,
    )


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    found: list[Event] = []
    at = START
    for number in range(draw(st.integers(1, 25))):
        at += draw(st.sampled_from([0, 1, 30_000, 5 * MINUTE, 11 * MINUTE, -2 * MINUTE, 25 * 60 * MINUTE]))
        name = f"e{draw(st.integers(0, number))}" if draw(st.integers(0, 9)) == 0 else f"e{number}"
        if number and draw(st.integers(0, 4)) == 0:
            kind = draw(st.sampled_from(OutcomeKind))
            outcome = Outcome(outcome_id=name, conversation_id="c", business_id="shop", kind=kind, at=at)
            found.append((outcome, Signals(language="und", sentiment=0.0, intent=Intent.OTHER)))
            continue
        text = draw(st.text(max_size=40))
        message = ChatMessage(
            message_id=name,
            conversation_id="c",
            business_id="shop",
            sender=draw(st.sampled_from(Sender)),
            sent_at=at,
            text=text,
            assistant=draw(
                st.sampled_from([None, Assistant(answered=False), Assistant(confidence=0.2), Assistant(error="x")])
            ),
        )
        found.append((message, draw(signals(text))))
    return found


def run(batch: list[Event]) -> tuple[Conversation | None, list[Effects], list[Conversation | None]]:
    state: Conversation | None = None
    effects, states = [], []
    for event, seen in batch:
        states.append(state)
        try:
            state, effect = fold(state, event, seen, POLICY, "test")
        except UnknownConversationError:
            effect = Effects()
        effects.append(effect)
    return state, effects, states


def published(effects: list[Effects]) -> list[bytes]:
    return [encode(event) for each in effects for event in (*each.escalations, *each.controls, *each.decisions)]


@given(events(), st.integers(0, 25))
@settings(deadline=None)
def test_folding_any_prefix_twice_gives_the_same_bytes(batch: list[Event], end: int) -> None:
    once, twice = run(batch[:end]), run(batch[:end])
    assert published(once[1]) == published(twice[1])
    if once[0] is not None and twice[0] is not None:
        assert encode_state(once[0]) == encode_state(twice[0])


@given(events())
@settings(deadline=None)
def test_a_state_that_was_stored_and_read_again_goes_on_the_same(batch: list[Event]) -> None:
    state: Conversation | None = None
    stored: bytes | None = None
    for event, seen in batch:
        try:
            state, straight = fold(state, event, seen, POLICY, "test")
            after, through = fold(decode_state(stored) if stored else None, event, seen, POLICY, "test")
        except UnknownConversationError:
            continue
        stored = encode_state(after) if after else None
        assert published([straight]) == published([through])
        assert stored == (encode_state(state) if state else None)


@given(events())
@settings(deadline=None)
def test_the_state_that_is_handed_in_stays_as_it_was(batch: list[Event]) -> None:
    state: Conversation | None = None
    for event, seen in batch:
        before = encode_state(state) if state is not None else None
        handed_in = state
        try:
            state, _ = fold(state, event, seen, POLICY, "test")
        except UnknownConversationError:
            continue
        assert handed_in is None or encode_state(handed_in) == before


@given(events(), st.data())
@settings(deadline=None)
def test_duplicates_change_nothing(batch: list[Event], data: st.DataObject) -> None:
    steady = [(event, seen) for event, seen in batch if _at(event) < START + 20 * 60 * MINUTE]
    doubled = []
    for event in steady:
        doubled.append(event)
        if data.draw(st.booleans()):
            doubled.append(event)
    once, twice = run(steady), run(doubled)
    assert published(once[1]) == published(twice[1])
    assert (once[0] is None) == (twice[0] is None)
    if once[0] is not None and twice[0] is not None:
        assert encode_state(once[0]) == encode_state(twice[0])


@given(events())
@settings(deadline=None)
def test_there_is_one_open_escalation_at_most_and_its_revisions_have_no_gap(batch: list[Event]) -> None:
    revisions: dict[str, int] = {}
    current: str | None = None
    for effect in run(batch)[1]:
        for escalation in effect.escalations:
            if escalation.type is EscalationType.RAISED:
                assert current is None
                assert escalation.escalation_id not in revisions
                assert escalation.revision == 0
                current = escalation.escalation_id
            else:
                assert escalation.escalation_id == current
                assert escalation.revision == revisions[escalation.escalation_id] + 1
            if escalation.type is EscalationType.CLOSED:
                current = None
            revisions[escalation.escalation_id] = escalation.revision


@given(events())
@settings(deadline=None)
def test_while_a_human_holds_messages_raise_nothing_but_a_crisis(batch: list[Event]) -> None:
    _, effects, states = run(batch)
    for (event, _), effect, state in zip(batch, effects, states, strict=True):
        if isinstance(event, Outcome) or state is None or state.control is not ControlState.HUMAN:
            continue
        if event.sender is Sender.ASSISTANT or _at(event) - state.last_at >= POLICY.idle_after_ms:
            continue
        # A promise that passes meanwhile is told of by a timer, whoever holds.
        raised = [one for one in effect.escalations if not one.caused_by.startswith("timer:")]
        assert all(escalation.trigger_class == "crisis" for escalation in raised)


@given(events())
@settings(deadline=None)
def test_a_request_for_a_person_is_held_up_only_by_an_open_escalation_or_a_human(batch: list[Event]) -> None:
    for effect in run(batch)[1]:
        suppressed = [decision for decision in effect.decisions if decision.result is DecisionResult.SUPPRESSED]
        for decision in suppressed:
            if decision.trigger == "human_request":
                assert _is_allowed(decision)


def _is_allowed(decision: Decision) -> bool:
    return decision.because in (
        "a human holds the conversation",
        "an escalation for human_request is open",
        "an escalation for distress is open",
        "distress fired on the same message",
    )


def _at(event: ChatMessage | Outcome) -> int:
    at = event.at if isinstance(event, Outcome) else event.sent_at
    assert isinstance(at, int)
    return at


_EVERY_TURN = {
    f"t{number}": {"when": {"count": {"of": {"patterns": [f"𐍈{{{number + 1}}}"]}, "at_least": 5}}}
    for number in range(20)
}
_EVERY_WAIT = {f"w{number}": {"when": {"sender": "customer", "silence": {"for": "90 days"}}} for number in range(12)}
FORGETS_NOTHING = CompiledPolicy(
    Policy(
        business_id="shop", owner="Rosa", own_triggers=msgspec.convert(_EVERY_TURN | _EVERY_WAIT, dict[str, OwnTrigger])
    )
)
"""Remembers as much as a policy may."""


def test_that_policy_remembers_as_much_as_one_may() -> None:
    kept = Policy(
        business_id="a", owner="A", own_triggers=msgspec.convert(_EVERY_TURN | _EVERY_WAIT, dict[str, OwnTrigger])
    )
    assert list(memory_problems(kept)) == []
    more = {**_EVERY_TURN, "more": {"when": {"earlier": {"of": {"keywords": ["refund"]}}}}}
    assert list(
        memory_problems(msgspec.structs.replace(kept, own_triggers=msgspec.convert(more, dict[str, OwnTrigger])))
    )


@given(st.lists(st.text(max_size=3_000), min_size=1, max_size=80))
@settings(deadline=None, max_examples=40)
def test_no_stream_makes_a_state_of_more_than_sixteen_kilobytes(texts: list[str]) -> None:
    state: Conversation | None = None
    for number, text in enumerate(texts):
        message = ChatMessage(
            message_id=f"{number:04}" + "𐍈" * 196,
            conversation_id="𐍈" * 200,
            business_id="𐍈" * 200,
            sender=(Sender.CUSTOMER, Sender.ASSISTANT, Sender.SYSTEM)[number % 3],
            sent_at=START + number * 20 * 60 * MINUTE,
            text=text + "𐍈" * 600,
            customer=Customer(id="𐍈" * 200, name="𐍈" * 200, segment="𐍈" * 200),
            channel="𐍈" * 64,
        )
        seen = Signals(
            language="en",
            sentiment=-0.5,
            intent=Intent.QUESTION,
            complaint=0.95,
            fingerprint=tuple(range(number * 40, number * 40 + 32)),
        )
        state, _ = fold(state, message, seen, FORGETS_NOTHING, "test")
        assert state is not None
        assert len(encode_state(state)) <= 16_384


@given(events(), st.data())
@settings(deadline=None)
def test_a_sweep_brings_about_what_the_next_event_would_have(batch: list[Event], data: st.DataObject) -> None:
    """However often time is looked at between events, and whenever."""
    state, effects, _ = run(batch)
    swept: Conversation | None = None
    found: list[Effects] = []
    for event, seen in batch:
        since = swept.seen_at if swept else 0
        for until in sorted(data.draw(st.lists(st.integers(since, max(since, _at(event))), max_size=3))):
            if swept is not None and until <= _at(event) and not swept.seen(event):
                swept, effect = advance(swept, until, POLICY, "test")
                found.append(effect)
        try:
            swept, effect = fold(swept, event, seen, POLICY, "test")
        except UnknownConversationError:
            continue
        found.append(effect)
    for topic in ("escalations", "controls", "decisions"):
        assert _all(found, topic) == _all(effects, topic)
    assert (swept and encode_state(swept)) == (state and encode_state(state))


def _all(effects: list[Effects], topic: str) -> list[bytes]:
    return [encode(event) for effect in effects for event in getattr(effect, topic)]


@given(events(), events(), st.data())
@settings(deadline=None, max_examples=50)
def test_conversations_of_the_same_ids_with_two_businesses_do_not_touch(
    one: list[Event], other: list[Event], data: st.DataObject
) -> None:
    """In whatever order their events come, in batches of any size, and though a worker begins anew between."""
    of_other = [(msgspec.structs.replace(event, business_id="stall"), seen) for event, seen in other]
    turns = data.draw(st.permutations(["shop"] * len(one) + ["stall"] * len(of_other)))
    rest = {"shop": iter(one), "stall": iter(of_other)}
    mixed = [next(rest[business]) for business in turns]
    found: dict[str, list[Effects]] = {"shop": [], "stall": []}
    kept: dict[bytes, bytes] = {}
    processor = Processor(lambda _: POLICY, detector_version="test")
    while mixed:
        size = data.draw(st.integers(1, 6))
        batch, mixed = mixed[:size], mixed[size:]
        if data.draw(st.booleans()):
            processor = Processor(lambda _: POLICY, detector_version="test")
        signals = [seen for event, seen in batch if isinstance(event, ChatMessage)]
        done = processor.fold([event for event, _ in batch], signals, kept.get)
        for (event, _), result in zip(batch, done, strict=True):
            found[event.business_id].append(result.effects)
            if result.state is not None:
                kept[result.key] = result.state
            elif result.forgotten:
                kept.pop(result.key, None)
    for business, alone in (("shop", one), ("stall", of_other)):
        state, effects, _ = run(alone)
        assert published(found[business]) == published(effects)
        assert kept.get(f"{business}/c".encode()) == (encode_state(state) if state else None)


@given(events(), st.data())
@settings(deadline=None)
def test_nobody_waits_for_a_human_for_longer_than_a_promise_and_is_not_told_of(
    batch: list[Event], data: st.DataObject
) -> None:
    """Whatever went before, and however often the same customer was left waiting."""
    asks = Signals(language="en", sentiment=0.0, intent=Intent.QUESTION, question=True, fingerprint=(11, 12, 13))
    state: Conversation | None = None
    for event, seen in batch:
        try:
            state, _ = fold(state, event, seen, POLICY, "test")
        except UnknownConversationError:
            continue
        if state is not None and data.draw(st.booleans()):
            state, _ = advance(state, state.seen_at + 40 * MINUTE, POLICY, "test")
        if state is None:
            continue
        now = state.seen_at
        message = ChatMessage(
            message_id="asks",
            conversation_id="c",
            business_id="shop",
            sender=Sender.CUSTOMER,
            sent_at=now,
            text="Any news of my order?",
        )
        waits, effect = fold(state, message, asks, POLICY, "test")
        if waits is not None and waits.holder is Holder.HUMAN and not effect.escalations:
            by = POLICY.due_at(POLICY.rule("human_request"), now)
            _, later = advance(waits, by, POLICY, "test")
            assert later.escalations
            assert later.escalations[0].type is not EscalationType.CLOSED
