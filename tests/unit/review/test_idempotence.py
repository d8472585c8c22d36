"""Whatever comes twice, or in another order, or in other batches leaves the same log."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from handraise.events import ClosedBecause, ControlState, Customer, DecisionResult, OutcomeKind, Sender, Verdict
from tests.support.logged import (
    Event,
    a_closing,
    a_control,
    a_decision,
    a_message,
    an_empty_log,
    an_escalation,
    an_outcome,
)

MINUTES = st.integers(0, 300)


@st.composite
def conversations(draw: st.DrawFn) -> list[Event]:
    """What the topics could hold of a few conversations; events of one id are equal."""
    found: list[Event] = []
    for number in range(draw(st.integers(1, 3))):
        here: dict[str, Any] = {"conversation_id": f"c{number}", "business_id": draw(st.sampled_from(["shop", "inn"]))}
        for minute in sorted(draw(st.sets(MINUTES, max_size=4))):
            customer = draw(st.sampled_from([None, Customer(id="k1"), Customer(id="k2")]))
            sender = draw(st.sampled_from([Sender.CUSTOMER, Sender.HUMAN]))
            found.append(a_message(minute, customer=customer, sender=sender, **here))
            result = draw(st.sampled_from(DecisionResult))
            found.append(a_decision(minute, result=result, escalation_id=None, **here))
        if draw(st.booleans()):
            found += draw(escalations(f"e{number}", here))
    return found


@st.composite
def escalations(draw: st.DrawFn, escalation_id: str, here: dict[str, Any]) -> list[Event]:
    here = here | {"escalation_id": escalation_id}
    minutes = sorted(draw(st.lists(MINUTES, min_size=1, max_size=4)))
    found: list[Event] = [
        an_escalation(
            minute,
            revision,
            owner=draw(st.sampled_from(["Rosa", "Tom"])),
            due=draw(st.sampled_from([120, 180])),
            trigger=draw(st.sampled_from(["complaint", "human_request"])),
            **here,
        )
        for revision, minute in enumerate(minutes)
    ]
    if draw(st.booleans()):
        found.append(a_closing(minutes[-1] + 1, len(minutes), draw(st.sampled_from(ClosedBecause)), **here))
    for minute in draw(st.sets(MINUTES, max_size=3)):
        # What erases is left out: it is to take effect where it stands.
        kind = draw(st.sampled_from([kind for kind in OutcomeKind if kind is not OutcomeKind.ERASED]))
        verdict = draw(st.sampled_from(Verdict)) if kind is OutcomeKind.VERDICT else None
        named = draw(st.sampled_from([escalation_id, None]))
        found.append(an_outcome(minute, kind, verdict=verdict, **{**here, "escalation_id": named}))
    held = draw(st.dictionaries(MINUTES, st.sampled_from(ControlState), max_size=2))
    return found + [a_control(minute, state, **here) for minute, state in held.items()]


@given(conversations(), st.data())
@settings(deadline=None, max_examples=60)
def test_any_order_any_repetition_and_any_batches_give_the_same_tables(
    stream: list[Event], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(stream), max_size=10)) if stream else []
    shuffled = data.draw(st.permutations([*stream, *again]))
    size = data.draw(st.integers(1, len(shuffled) + 1))
    with an_empty_log() as straight, an_empty_log() as other:
        straight.add(*stream)
        for begin in range(0, len(shuffled), size):
            other.add(*shuffled[begin : begin + size])
        assert other.dump() == straight.dump()


@given(conversations())
@settings(deadline=None, max_examples=20)
def test_a_stream_that_is_read_a_second_time_changes_nothing(stream: list[Event]) -> None:
    with an_empty_log() as log:
        log.add(*stream)
        before = log.dump()
        log.add(*stream)
        assert log.dump() == before
