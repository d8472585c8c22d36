"""Events for tests, of one conversation with a shop: each is whole, and any of its fields can be given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import msgspec

from handraise.events import (
    Action,
    ChatMessage,
    ClosedBecause,
    Control,
    ControlState,
    Customer,
    Decision,
    DecisionResult,
    Escalation,
    EscalationType,
    Evidence,
    Holder,
    IntentState,
    Outcome,
    OutcomeKind,
    Priority,
    Reply,
    Sender,
    SentimentState,
    Transcript,
    Trend,
    Turn,
    utc,
)

START: Final = utc(1_772_445_600_000)
"""Monday, 2 March 2026, 10:00 UTC."""


def at(minutes: float) -> Any:  # noqa: ANN401 - a time, or what stands for one in a builder
    """So many minutes after the start."""
    return START + timedelta(minutes=minutes)


def a_message(minutes: float = 0, **fields: Any) -> ChatMessage:  # noqa: ANN401 - any field of the event
    """A customer's message."""
    made = ChatMessage(
        message_id=f"m{minutes:g}",
        conversation_id="c1",
        business_id="shop",
        sender=Sender.CUSTOMER,
        sent_at=at(minutes),
        text="The kettle is broken.",
    )
    return msgspec.structs.replace(made, **fields)


def a_decision(minutes: float = 0, **fields: Any) -> Decision:  # noqa: ANN401 - any field of the event
    """A complaint that fired."""
    made = Decision(
        conversation_id="c1",
        business_id="shop",
        message_id=f"m{minutes:g}",
        trigger="complaint",
        result=DecisionResult.FIRED,
        because="0.8 reaches the threshold 0.6",
        score=0.8,
        threshold=0.6,
        action=Action.ESCALATE,
        escalation_id="e1",
        policy_version="p1",
        detector_version="d1",
        occurred_at=at(minutes),
    )
    return msgspec.structs.replace(made, **fields)


def an_escalation(minutes: float = 0, revision: int = 0, due: float = 120, **fields: Any) -> Escalation:  # noqa: ANN401 - any field of the event
    """One event of an escalation for a complaint, due two hours after the start."""
    made = Escalation(
        type=EscalationType.UPDATED if revision else EscalationType.RAISED,
        escalation_id="e1",
        revision=revision,
        conversation_id="c1",
        business_id="shop",
        trigger="complaint",
        trigger_class=None,
        also=[],
        action=Action.ESCALATE,
        priority=Priority.NORMAL,
        owner="Rosa",
        queue="support",
        due_at=at(due),
        reply=Reply(reply_id="r1", text="Rosa will write to you.", language="en", valid_until=at(minutes + 10)),
        reason="The customer complains: “The kettle is broken.”",
        evidence=[Evidence(message_id="m0", start=11, end=17, text="broken", signal="complaint", score=0.8)],
        summary="Wants: a kettle that works.",
        transcript=Transcript(
            turns=[Turn(message_id="m0", sender=Sender.CUSTOMER, sent_at=at(0), text="The kettle is broken.")]
        ),
        sentiment=SentimentState(now=-0.4, trend=Trend.STEADY, lowest=-0.4, streak=1),
        intent=IntentState(name="complaint", asked_again=0),
        attempts=[],
        customer=Customer(id="k1", name="Ana"),
        channel="web",
        policy_version="p1",
        detector_version="d1",
        caused_by=f"m{minutes:g}",
        occurred_at=at(minutes),
        emitted_at=at(minutes),
    )
    return msgspec.structs.replace(made, **fields)


def a_closing(minutes: float, revision: int, because: ClosedBecause, **fields: Any) -> Escalation:  # noqa: ANN401 - any field of the event
    """The event that ends an escalation."""
    closing: dict[str, Any] = {
        "type": EscalationType.CLOSED,
        "closed_because": because,
        "reason": f"Closed: {because.value}.",
        "evidence": [],
        "reply": None,
    }
    return an_escalation(minutes, revision, **{**closing, **fields})


def a_control(minutes: float = 0, state: ControlState = ControlState.HUMAN, **fields: Any) -> Control:  # noqa: ANN401 - any field of the event
    """Who holds the conversation."""
    made = Control(
        business_id="shop",
        conversation_id="c1",
        holder=Holder.HUMAN if state in {ControlState.HUMAN, ControlState.ESCALATED} else Holder.AI,
        state=state,
        escalation_id="e1",
        reply=None,
        since=at(minutes),
    )
    return msgspec.structs.replace(made, **fields)


def an_outcome(minutes: float, kind: OutcomeKind, **fields: Any) -> Outcome:  # noqa: ANN401 - any field of the event
    """What a person did."""
    made = Outcome(
        outcome_id=f"o{minutes:g}-{kind.value}",
        conversation_id="c1",
        business_id="shop",
        kind=kind,
        at=at(minutes),
        escalation_id="e1",
        by="Rosa",
    )
    return msgspec.structs.replace(made, **fields)
