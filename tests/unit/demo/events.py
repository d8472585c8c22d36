"""Events as the demo meets them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from handraise.events import (
    ChatMessage,
    ClosedBecause,
    Control,
    ControlState,
    Customer,
    Escalation,
    EscalationType,
    Holder,
    Priority,
    Reply,
    Sender,
)
from tests.support import made

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
    return made.an_escalation(
        type=kind,
        escalation_id=f"e-{conversation}",
        conversation_id=conversation,
        business_id="bakery",
        trigger=trigger,
        priority=Priority.HIGH,
        due_at=AT.replace(hour=11),
        reply=REPLY,
        reason=reason,
        summary="Wants a cake.",
        customer=Customer(name="Della"),
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
