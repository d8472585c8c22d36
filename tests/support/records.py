"""Records as the consumer hands them over, for tests without a broker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from handraise.engine.topics import Topic
from handraise.events import ChatMessage, Outcome, OutcomeKind, Sender, encode


@dataclass(frozen=True)
class FakeRecord:
    """A record of a source topic."""

    value: bytes | None
    topic: str = Topic.MESSAGES.value
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    key: bytes | None = b"key"
    headers: Sequence[tuple[str, bytes]] = field(default_factory=tuple)


def message_record(offset: int, conversation: str = "c1", timestamp: int = 0) -> FakeRecord:
    """A customer's message at an offset."""
    sent = ChatMessage(
        message_id=f"m{offset}",
        conversation_id=conversation,
        business_id="acme",
        sender=Sender.CUSTOMER,
        sent_at=offset,
        text="hello",
    )
    return FakeRecord(encode(sent), offset=offset, timestamp=timestamp)


def outcome_record(offset: int, conversation: str = "c1", timestamp: int = 0) -> FakeRecord:
    """An outcome at an offset."""
    told = Outcome(
        outcome_id=f"o{offset}", conversation_id=conversation, business_id="acme", kind=OutcomeKind.RESOLVED, at=offset
    )
    return FakeRecord(encode(told), topic=Topic.OUTCOMES.value, offset=offset, timestamp=timestamp)
