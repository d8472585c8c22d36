"""Events as the demo meets them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from handraise.events import (
    Action,
    ChatMessage,
    ClosedBecause,
    Control,
    ControlState,
    Customer,
    Escalation,
    EscalationType,
    Holder,
    IntentState,
    Priority,
    Reply,
    Sender,
    SentimentState,
    Transcript,
    Trend,
)

AT: Final = datetime(2026, 3, 3, 9, 5, tzinfo=UTC)
REPLY: Final = Reply(reply_id="r1", text="Rosa will reach out to you by 11:05.", language="en", valid_until=AT)


def message(conversation: str, *, business: str = "bakery", text: str = "Where is my cake?") -> ChatMessage:
    """A customer's message."""
    return ChatMessage(
        message_id="m1",
        conversation_id=conversation,
        business_id=business,
        sender=Sender.CUSTOMER,
        sent_at=AT,
        text=text,
    )


def escalation(
    conversation: str,
    *,
    trigger: str = "complaint",
    kind: EscalationType = EscalationType.RAISED,
    reason: str = "The customer complains.",
) -> Escalation:
    """An escalation event."""
    return Escalation(
        type=kind,
        escalation_id=f"e-{conversation}",
        revision=0,
        conversation_id=conversation,
        business_id="bakery",
        trigger=trigger,
        trigger_class=None,
        also=[],
        action=Action.ESCALATE,
        priority=Priority.HIGH,
        owner="Rosa",
        queue="support",
        due_at=AT.replace(hour=11),
        reply=REPLY,
        reason=reason,
        evidence=[],
        summary="Wants a cake.",
        transcript=Transcript(turns=[]),
        sentiment=SentimentState(now=0.0, trend=Trend.STEADY, lowest=0.0, streak=0),
        intent=IntentState(name="order", asked_again=0),
        attempts=[],
        customer=Customer(name="Della"),
        channel=None,
        policy_version="1",
        detector_version="1",
        caused_by="m1",
        occurred_at=AT,
        emitted_at=AT,
        closed_because=ClosedBecause.RESOLVED if kind is EscalationType.CLOSED else None,
    )


def control(conversation: str, holder: Holder, state: ControlState) -> Control:
    """Who holds a conversation."""
    return Control(
        business_id="bakery",
        conversation_id=conversation,
        holder=holder,
        state=state,
        escalation_id=None,
        reply=None,
        since=AT,
    )
